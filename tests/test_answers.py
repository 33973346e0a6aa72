"""Answers of every kind are read rightly, or refused in a sentence; none gets through unread."""

import datetime
import math
import re
import time
from decimal import Decimal
from fractions import Fraction

from lenet_helpers.exercises import answers
from lenet_helpers.exercises.answers import Unanswered, Wrong

import numpy
import pytest
import theano
import theano.tensor as T


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no words")


class Hostile:
    """Fails whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __array__(self, *_):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("not the same")

    def __repr__(self):
        raise RuntimeError("no words")

    def __len__(self):
        raise RuntimeError("no length")


class Leaving:
    def __repr__(self):
        raise ValueError


class Column:
    """As pandas has them: no array, but NumPy can read it."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None):
        return numpy.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, number):
        return self.values[number]


class Sleeper:
    def __array__(self, *_):
        time.sleep(1000)


class EndlessRepr:
    def __repr__(self):
        while True:
            pass


NUMBERS = [
    (3, 3.0),
    (2.5, 2.5),
    (Decimal("1.5"), 1.5),
    (Fraction(1, 4), 0.25),
    (numpy.float32(0.5), 0.5),
    (numpy.int8(-3), -3.0),
    (numpy.longdouble(2), 2.0),
    (numpy.array(7), 7.0),
    ([8], 8.0),
    (numpy.array([[9.0]]), 9.0),
    (numpy.ma.array([4.0]), 4.0),
    (Column([5]), 5.0),
    (theano.shared(6.0), 6.0),
    (T.constant(2.0) * 3, 6.0),
    ([T.constant(2.0)], 2.0),
    (-0.0, 0.0),
]


@pytest.mark.parametrize(("value", "right"), NUMBERS, ids=lambda value: repr(value)[:40])
def test_a_number_in_every_form(value, right):
    found = answers.number(value)
    assert type(found) is float
    assert found == right


SPOILT = [
    ("3", "text"),
    (b"3", "text"),
    (bytearray(b"3"), "text"),
    (None, "None"),
    (True, "True"),
    (numpy.True_, "True"),
    (1 + 2j, "(1+2j)"),
    (numpy.complex64(1), "can't be read"),
    (math.nan, "NaN"),
    (-math.inf, "infinity"),
    (10**400, "infinity"),
    (Decimal("NaN"), "NaN"),
    (datetime.date(2026, 11, 23), "2026"),
    (numpy.datetime64("2026-11-23", "ns"), "can't be read"),
    (numpy.array(["2026-11-23"], "M8[ns]"), "can't be read"),
    (numpy.timedelta64(3), "can't be read"),
    ([numpy.timedelta64(3)], "can't be read"),
    (numpy.array(["1"]), "'1'"),
    (["1"], "'1'"),
    ([[1, 2], [3]], "[[1, 2], [3]]"),
    ([[1, 2], 3], "[[1, 2], 3]"),
    ({1, 2}, "{1, 2}"),
    ({"rows": 2}, "rows"),
    ((n for n in [1]), "generator"),
    (len, "len"),
    (float, "float"),
    (numpy.zeros(1, dtype=[("rows", int)]), "can't be read"),
    (numpy.ma.array([1, 2], mask=[True, False]), "masked"),
    (numpy.ma.masked, "masked"),
    ([numpy.ma.masked, 1], "masked"),
    ([[numpy.ma.masked, 1]], "can't be read"),
    (T.scalar("x"), "inputs"),
    ([T.scalar("x")], "inputs"),
    (Unprintable(), "Unprintable"),
    ([Unprintable()], "can't be read"),
    (Hostile(), "Hostile"),
    ([Hostile()], "can't be read"),
    (Leaving(), "Leaving"),
    (numpy.broadcast_to(0.0, (10**6, 10**6)), "1,000,000,000,000 numbers"),
    ([[0] * 10**5] * 10**5, "10,000,000,000 numbers"),
    (range(10**12), "1,000,000,000,000 numbers"),
    ([numpy.broadcast_to(0.0, 10**9)] * 10, "10,000,000,000 numbers"),
]


@pytest.mark.parametrize(("value", "said"), SPOILT, ids=[type(v).__name__ for v, _ in SPOILT])
@pytest.mark.parametrize("read", [answers.number, answers.array, answers.whole_numbers])
def test_what_is_no_number_is_refused_in_one_sentence(read, value, said):
    with pytest.raises(Wrong) as caught:
        read(value)
    text = str(caught.value)
    assert said in text
    assert "\n" not in text
    assert len(text) < 200
    assert text.endswith(".")


def test_a_list_that_contains_itself_is_refused():
    nested = []
    nested.append(nested)
    with pytest.raises(Wrong, match="can't be read"):
        answers.array(nested)


@pytest.mark.parametrize("value", [..., [...], (1, ...), [[1, ...]], numpy.array([...])])
def test_dots_anywhere_are_no_answer_yet(value):
    for read in (answers.number, answers.array, answers.whole_number, answers.whole_numbers):
        with pytest.raises(Unanswered):
            read(value)


@pytest.mark.parametrize("read", [answers.text, answers.yes_or_no])
def test_dots_in_place_of_words_are_no_answer_yet(read):
    with pytest.raises(Unanswered):
        read(...)


def test_an_array_has_the_numbers_and_is_a_copy():
    for dtype in (float, "float32", "int8", "uint64", object):
        given = numpy.arange(6).reshape(2, 3).astype(dtype)
        found = answers.array(given, shape=(2, 3))
        assert found.dtype == float
        assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
        found[:] = 9
        assert given.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_another_shape_is_named():
    with pytest.raises(Wrong, match=re.escape("(3,); (2, 2) is")):
        answers.array([1, 2, 3], shape=(2, 2))
    with pytest.raises(Wrong, match=re.escape("(2,)")):
        answers.number([1, 2])


def test_empty_lists_are_arrays_but_no_numbers():
    assert answers.array([]).shape == (0,)
    assert answers.array([[], []]).shape == (2, 0)
    assert answers.whole_numbers(()) == ()
    with pytest.raises(Wrong, match=re.escape("(0,)")):
        answers.number([])


@pytest.mark.parametrize(
    ("value", "right"), [(3.0, 3), (0.1 * 30, 3), (-2, -2), (1e9 + 1, 10**9 + 1), ([4], 4)]
)
def test_a_whole_number(value, right):
    found = answers.whole_number(value)
    assert type(found) is int
    assert found == right


@pytest.mark.parametrize("value", [2.5, 3.0001, -0.5, 1e-6])
def test_a_fraction_is_no_whole_number_and_is_shown_as_it_is(value):
    with pytest.raises(Wrong, match=re.escape(f"yours is {value!r};")):
        answers.whole_number(value)


def test_a_shape_in_every_form():
    for value in [(2, 3), [2, 3], numpy.array([2, 3]), (2.0, 3.0), numpy.zeros((2, 3)).shape]:
        assert answers.whole_numbers(value, 2) == (2, 3)
    assert answers.whole_numbers(5) == (5,)
    with pytest.raises(Wrong, match="asked for: 2; yours: 3"):
        answers.whole_numbers((1, 2, 3), 2)


def test_a_text_is_read_without_spaces_and_capitals():
    assert answers.text("  MaX ") == "max"
    assert answers.text(numpy.str_("Mean"), known=(n for n in ["mean"])) == "mean"
    assert answers.text("ReLU", known=["ReLU", "tanh"]) == "relu"
    assert answers.text("") == ""


@pytest.mark.parametrize("make", [int, type(None), bytes, list, Hostile, lambda: numpy.array("x")])
def test_what_is_no_text_is_refused(make):
    value = make()
    for known in (None, ["max", "mean"]):
        with pytest.raises(Wrong) as caught:
            answers.text(value, known)
        assert ('"max", "mean"' if known else "quotation marks") in str(caught.value)


def test_an_unknown_text_is_named():
    with pytest.raises(Wrong, match=r"'sum' is none .*max.*mean"):
        answers.text("sum", ("max", "mean"))


@pytest.mark.parametrize("value", [True, numpy.True_, numpy.array(True), numpy.array([True])])
def test_yes_in_every_form(value):
    assert answers.yes_or_no(value) is True


def test_what_is_neither_yes_nor_no():
    for value in [1, "yes", None, numpy.array([True, False]), Hostile(), [True]]:
        refuse_as_bool(value)


def refuse_as_bool(value):
    with pytest.raises(Wrong, match="neither True nor False"):
        answers.yes_or_no(value)


def test_short_is_one_line_whatever_it_gets():
    values = [*(value for value, _ in NUMBERS + SPOILT), "long " * 999, "two\nlines", 10**9999]
    for value in values:
        written = answers.short(value)
        assert "\n" not in written
        assert len(written) < 200
    assert answers.short(numpy.zeros((3, 4))) == "<an array of shape (3, 4)>"
    assert answers.short(numpy.array([1, 2])) == "[1, 2]"


def test_what_never_ends_to_be_read_is_refused(run_there, monkeypatch):
    monkeypatch.setattr(answers.limited, "__kwdefaults__", {"seconds": 0.2})
    caught = []

    def read():
        try:
            answers.array(Sleeper())
        except Wrong as wrong:
            caught.append(str(wrong))
        caught.append(answers.short(EndlessRepr()))

    run_there(read)
    assert "took longer" in caught[0]
    assert caught[1] == "<a value of type EndlessRepr>"


def test_an_exception_in_a_line():
    assert answers.described(ValueError("no rows.\nno columns.")) == "ValueError: no rows"
    assert answers.described(SystemExit()) == "SystemExit"
    assert len(answers.described(ValueError("x" * 9999))) < 250

    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    assert answers.described(Silent()) == "Silent"
