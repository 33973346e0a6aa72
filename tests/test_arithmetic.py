"""Worked-out shape arithmetic: fractions say what a learner would get from what is written."""

import math
import re
from fractions import Fraction

from lenet_helpers import arithmetic, shapes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import oracles

lengths = st.integers(1, 1000)
sizes = st.integers(1, 40)
border_modes = st.sampled_from(["valid", "half", "full"])
WORKED_OUT = re.compile(r"(?P<sum>[^=]+) = (?P<shown>[\d.]+)(, rounded (?P<to>up|down): (\d+))?")


def last_number(text):
    return int(re.findall(r"\d+", text)[-1])


def assert_adds_up(text):
    """Work the text out with fractions: the sum, the decimals shown, the rounding, the cells."""
    found = WORKED_OUT.fullmatch(text)
    assert found, text
    # Only numbers, brackets and the four signs; "x" is the course's sign for times.
    assert re.fullmatch(r"[\d()+\-/x ]+", found["sum"]), text
    exact = eval(re.sub(r"(\d+)", r"Fraction(\1)", found["sum"].replace("x", "*")))
    if exact.denominator == 1:
        assert found["to"] is None, text
        assert int(found["shown"]) == exact, text
        return
    assert found["to"], text
    rounded = {"down": math.floor, "up": math.ceil}[found["to"]](exact)
    assert last_number(text) == rounded, text
    # A number that is shown to be rounded must not look whole, and be right as far as it is shown.
    shown, decimals = Fraction(found["shown"]), len(found["shown"].partition(".")[2])
    assert shown.denominator != 1, text
    assert abs(shown - exact) <= Fraction(1, 2 * 10**decimals), text
    assert decimals >= 1, text


@settings(max_examples=500, deadline=None)
@given(length=lengths, filter_length=sizes, border_mode=border_modes, step=sizes)
@example(length=500, filter_length=9, border_mode="valid", step=1)
@example(length=1, filter_length=1, border_mode="full", step=40)
@example(length=1000, filter_length=2, border_mode="valid", step=40)
def test_convolutions_add_up(length, filter_length, border_mode, step):
    if border_mode == "valid":
        filter_length = min(filter_length, length)
    numbers = length, filter_length, border_mode, step
    text = arithmetic.conv_arithmetic(*numbers)
    assert_adds_up(text)
    assert last_number(text) == shapes.conv_output_length(*numbers)
    # A learner finds his own numbers in it.
    assert re.match(rf"\(?{length}\b", text)
    assert re.search(rf" - {filter_length}\b", text)
    assert (f" / {step} + 1" in text) == (step > 1)


@settings(max_examples=500, deadline=None)
@given(
    length=lengths,
    window=sizes,
    ignore_border=st.booleans(),
    stride=st.one_of(st.none(), sizes),
)
@example(length=5, window=2, ignore_border=False, stride=None)
@example(length=5, window=2, ignore_border=False, stride=4)
@example(length=5, window=2, ignore_border=True, stride=4)
@example(length=5, window=3, ignore_border=False, stride=3)
@example(length=3, window=3, ignore_border=False, stride=40)
def test_poolings_add_up(length, window, ignore_border, stride):
    window = min(window, length)
    numbers = length, window, ignore_border, stride
    text = arithmetic.pool_arithmetic(*numbers)
    assert_adds_up(text)
    assert last_number(text) == shapes.pool_output_length(*numbers)
    assert re.match(rf"\(?{length}\b", text)
    assert re.search(rf" / {window if stride is None else stride}\b", text)


def test_the_docstrings_examples():
    conv, pool = arithmetic.conv_arithmetic, arithmetic.pool_arithmetic
    worked_out = {
        conv: [
            (conv(500, 9), "500 - 9 + 1 = 492"),
            (conv(500, 9, "half", 2), "(500 + 2 x 4 - 9) / 2 + 1 = 250.5, rounded down: 250"),
        ],
        pool: [
            (pool(5, 2, False), "5 / 2 = 2.5, rounded up: 3"),
            (pool(5, 3, True, 1), "(5 - 3) / 1 + 1 = 3"),
        ],
    }
    for function, examples in worked_out.items():
        for found, wanted in examples:
            assert found == wanted
            assert f"'{wanted}'" in function.__doc__


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (arithmetic.conv_arithmetic(28, 5, "full"), "28 + 2 x 4 - 5 + 1 = 32"),
        (arithmetic.conv_arithmetic(28, 1, "half"), "28 - 1 + 1 = 28"),
        (arithmetic.conv_arithmetic(9, 3, "valid", 2), "(9 - 3) / 2 + 1 = 4"),
        (arithmetic.pool_arithmetic(24, 2, True), "24 / 2 = 12"),
        (arithmetic.pool_arithmetic(5, 2, True), "5 / 2 = 2.5, rounded down: 2"),
        (arithmetic.pool_arithmetic(8, 3, False, 2), "(8 - 3) / 2 + 1 = 3.5, rounded up: 4"),
        (arithmetic.pool_arithmetic(8, 3, True, 5), "(8 - 3) / 5 + 1 = 2"),
        # Without dropping, a window starts at every fifth cell, however few of its own it finds.
        (arithmetic.pool_arithmetic(8, 3, False, 5), "8 / 5 = 1.6, rounded up: 2"),
        (arithmetic.pool_arithmetic(7, 3, False), "7 / 3 = 2.33, rounded up: 3"),
    ],
)
def test_other_cases_in_words(text, wanted):
    assert text == wanted


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("conv", (5, 6)),
        ("conv", (5, 0)),
        ("conv", (5, 3, "same")),
        ("conv", (5, 3, "valid", 0)),
        ("conv", (5.0, 3)),
        ("pool", (5, 6, True)),
        ("pool", (5, 0, True)),
        ("pool", (5, 2, None)),
        ("pool", (5, 2, True, 0)),
        ("pool", (5, 2, False, 1.5)),
    ],
)
def test_what_shapes_refuses_is_refused_in_the_same_words(function, arguments):
    with pytest.raises(ValueError, match=r".") as caught:
        getattr(arithmetic, f"{function}_arithmetic")(*arguments)
    with pytest.raises(ValueError, match=r".") as wanted:
        getattr(shapes, f"{function}_output_length")(*arguments)
    assert str(caught.value) == str(wanted.value)
    assert oracles.is_plain(str(caught.value))
