"""Shape arithmetic against Theano's own, and against the shapes that loops really give."""

import subprocess
import sys

from lenet_helpers import shapes

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from theano.tensor.nnet.abstract_conv import get_conv_output_shape
from theano.tensor.signal.pool import Pool

from tests import oracles

sides = st.integers(1, 30)
filter_sides = st.integers(1, 12)
steps = st.integers(1, 4)
border_modes = st.sampled_from(["valid", "half", "full"])

NOT_WHOLE = [0, -1, 2.0, 2.5, True, False, None, "5", "five", float("nan"), [5], 1j]
NOT_PAIRS = [5, None, (), (5,), (5, 5, 5), "5", 2.5]


@settings(max_examples=200, deadline=None)
@given(
    rows=sides,
    columns=sides,
    filter_rows=filter_sides,
    filter_columns=filter_sides,
    border_mode=border_modes,
    subsample=st.tuples(steps, steps),
    batch=st.one_of(st.none(), st.integers(1, 600)),
)
def test_conv_output_shape_is_theanos(
    rows, columns, filter_rows, filter_columns, border_mode, subsample, batch
):
    image_shape = (batch, 3, rows, columns)
    filter_shape = (7, 3, filter_rows, filter_columns)
    if border_mode == "valid" and (filter_rows > rows or filter_columns > columns):
        with pytest.raises(ValueError, match=f"{filter_rows} x {filter_columns} pixels"):
            shapes.conv_output_shape(image_shape, filter_shape, border_mode, subsample)
        return
    found = shapes.conv_output_shape(image_shape, filter_shape, border_mode, subsample)
    assert found == get_conv_output_shape(image_shape, filter_shape, border_mode, subsample)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    filter_rows=st.integers(1, 6),
    filter_columns=st.integers(1, 6),
    border_mode=border_modes,
    subsample=st.tuples(steps, steps),
)
def test_conv_output_shape_is_the_oracles(
    rows, columns, filter_rows, filter_columns, border_mode, subsample
):
    if border_mode == "valid":
        filter_rows, filter_columns = min(filter_rows, rows), min(filter_columns, columns)
    images = numpy.zeros((2, 1, rows, columns))
    filters = numpy.zeros((3, 1, filter_rows, filter_columns))
    wanted = oracles.convolve(images, filters, border_mode, subsample).shape
    found = shapes.conv_output_shape(images.shape, filters.shape, border_mode, subsample)
    assert found == wanted


@settings(max_examples=300, deadline=None)
@given(
    map_sides=st.tuples(sides, sides),
    window=st.tuples(filter_sides, filter_sides),
    stride=st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(1, 9))),
    ignore_border=st.booleans(),
)
def test_pool_output_shape_is_theanos_and_the_oracles(map_sides, window, stride, ignore_border):
    window = tuple(min(pair) for pair in zip(window, map_sides, strict=True))
    maps = numpy.zeros((2, 3, *map_sides))
    found = shapes.pool_output_shape(maps.shape, window, ignore_border, stride)
    theanos = Pool.out_shape(maps.shape, ws=window, ignore_border=ignore_border, stride=stride)
    assert found == tuple(theanos)
    assert found == oracles.max_pool(maps, window, ignore_border, stride).shape


@given(length=st.integers(1, 600), window=st.integers(1, 600))
def test_windows_side_by_side_give_floor_or_ceiling(length, window):
    window = min(length, window)
    assert shapes.pool_output_length(length, window, True) == length // window
    assert shapes.pool_output_length(length, window, False) == -(-length // window)


def test_the_demonstrations_figures():
    assert shapes.conv_output_shape((1, 3, 500, 500), (2, 3, 9, 9)) == (1, 2, 492, 492)
    assert shapes.conv_output_length(500, 9) == 492
    assert 1 / numpy.sqrt(3 * 9 * 9) == pytest.approx(0.06415002990995841, abs=1e-17)
    assert shapes.conv_fans((2, 3, 9, 9))[0] == 243


@pytest.mark.parametrize(
    ("length", "window", "dropped", "kept"),
    [(5, 2, 2, 3), (492, 5, 98, 99), (492, 2, 246, 246), (492, 3, 164, 164)],
)
def test_floor_and_ceiling(length, window, dropped, kept):
    assert shapes.pool_output_length(length, window, ignore_border=True) == dropped
    assert shapes.pool_output_length(length, window, ignore_border=False) == kept
    maps = (3, 2, length, length)
    assert shapes.pool_output_shape(maps, (window,) * 2, True) == (3, 2, dropped, dropped)
    assert shapes.pool_output_shape(maps, (window,) * 2, False) == (3, 2, kept, kept)


def test_lenets_shapes():
    shape = (500, 1, 28, 28)
    seen = [shape]
    for filter_shape in ((20, 1, 5, 5), (50, 20, 5, 5)):
        shape = shapes.conv_output_shape(shape, filter_shape)
        seen.append(shape)
        shape = shapes.pool_output_shape(shape, (2, 2), ignore_border=True)
        seen.append(shape)
    assert seen[1:] == [
        (500, 20, 24, 24),
        (500, 20, 12, 12),
        (500, 50, 8, 8),
        (500, 50, 4, 4),
    ]


@pytest.mark.parametrize(
    ("filter_shape", "fans", "bound"),
    [
        ((20, 1, 5, 5), (25, 125), 0.2),
        ((50, 20, 5, 5), (500, 312), 0.08596023825918792),
    ],
)
def test_fans_and_bounds(filter_shape, fans, bound):
    assert shapes.conv_fans(filter_shape, (2, 2)) == fans
    assert shapes.uniform_bound(*fans) == pytest.approx(bound, rel=1e-15)


def test_bound_of_the_hidden_layer():
    assert shapes.uniform_bound(800, 500) == pytest.approx(0.06793662204867575, rel=1e-15)


def test_axes_in_front_are_kept_and_batch_may_be_open():
    assert shapes.pool_output_shape((5, 5), (2, 2), True) == (2, 2)
    assert shapes.pool_output_shape((None, 9, 8, 5, 4), (2, 2), False) == (None, 9, 8, 3, 2)
    assert shapes.conv_output_shape((None, 1, 28, 28), (20, 1, 5, 5)) == (None, 20, 24, 24)


def test_numpy_integers_and_lists_are_taken_and_come_back_as_int():
    shape = shapes.conv_output_shape(numpy.array([2, 1, 9, 9]), [4, 1, 3, 3], "valid", [2, 2])
    assert shape == (2, 4, 4, 4)
    assert {type(number) for number in shape} == {int}


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda value: shapes.conv_output_length(value, 3),
        lambda value: shapes.conv_output_length(9, value),
        lambda value: shapes.conv_output_length(9, 3, "valid", value),
        lambda value: shapes.conv_output_shape((1, 1, value, 9), (1, 1, 3, 3)),
        lambda value: shapes.conv_output_shape((1, value, 9, 9), (1, 1, 3, 3)),
        lambda value: shapes.conv_output_shape((1, 1, 9, 9), (value, 1, 3, 3)),
        lambda value: shapes.conv_output_shape((1, 1, 9, 9), (1, 1, 3, 3), subsample=(1, value)),
        lambda value: shapes.pool_output_length(value, 2, True),
        lambda value: shapes.pool_output_length(5, value, True),
        lambda value: shapes.pool_output_shape((value, 5), (2, 2), True),
        lambda value: shapes.pool_output_shape((5, 5), (2, value), True),
        lambda value: shapes.pool_output_shape((5, 5), (2, 2), True, (value, 1)),
        lambda value: shapes.conv_fans((20, value, 5, 5)),
        lambda value: shapes.pair((value, 2), "pair"),
        lambda value: shapes.positive_integer(value, "number"),
    ],
)
def test_no_whole_number(call, value):
    with pytest.raises(ValueError, match="whole number") as caught:
        call(value)
    assert oracles.is_plain(str(caught.value), repr(value))


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "5"], ids=repr)
def test_bad_batch(value):
    with pytest.raises(ValueError, match="batch size") as caught:
        shapes.conv_output_shape((value, 1, 9, 9), (1, 1, 3, 3))
    assert oracles.is_plain(str(caught.value), repr(value))


@pytest.mark.parametrize("value", NOT_PAIRS, ids=repr)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("subsample", lambda v: shapes.conv_output_shape((1, 1, 9, 9), (1, 1, 3, 3), "half", v)),
        ("poolsize", lambda value: shapes.pool_output_shape((5, 5), value, True)),
        ("poolsize", lambda value: shapes.conv_fans((20, 1, 5, 5), value)),
        ("thing", lambda value: shapes.pair(value, "thing")),
    ],
)
def test_no_pair(name, call, value):
    with pytest.raises(ValueError, match=name) as caught:
        call(value)
    assert oracles.is_plain(str(caught.value), repr(value))


@pytest.mark.parametrize("value", [28, None, (), (28, 28), (1, 1, 1, 28, 28), "28"], ids=repr)
def test_no_four_entries(value):
    for call in (
        lambda: shapes.conv_output_shape(value, (1, 1, 3, 3)),
        lambda: shapes.conv_output_shape((1, 1, 9, 9), value),
        lambda: shapes.conv_fans(value),
    ):
        with pytest.raises(ValueError, match="four entries") as caught:
            call()
        assert oracles.is_plain(str(caught.value), repr(value))


@pytest.mark.parametrize("value", [5, None, (), (5,)], ids=repr)
def test_map_without_two_axes(value):
    with pytest.raises(ValueError, match="two axes") as caught:
        shapes.pool_output_shape(value, (2, 2), True)
    assert oracles.is_plain(str(caught.value), value)


@pytest.mark.parametrize("value", ["same", "", None, 1, (1, 1), ["valid"], "VALID"], ids=repr)
def test_unknown_border_mode(value):
    for call in (
        lambda: shapes.border_padding(3, value),
        lambda: shapes.conv_output_length(9, 3, value),
        lambda: shapes.conv_output_shape((1, 1, 9, 9), (1, 1, 3, 3), value),
    ):
        with pytest.raises(ValueError, match="border_mode") as caught:
            call()
        assert oracles.is_plain(str(caught.value), repr(value), "'valid', 'half' or 'full'")


@pytest.mark.parametrize("value", [None, 0, 1, "True", [True]], ids=repr)
def test_ignore_border_must_be_given_as_bool(value):
    with pytest.raises(ValueError, match="ignore_border") as caught:
        shapes.pool_output_shape((5, 5), (2, 2), value)
    assert oracles.is_plain(str(caught.value), repr(value))


def test_too_large():
    with pytest.raises(ValueError, match="29 x 5 pixels does not fit into 28 x 27") as caught:
        shapes.conv_output_shape((1, 1, 28, 27), (1, 1, 29, 5))
    assert oracles.is_plain(str(caught.value), "at most 28 x 27")
    with pytest.raises(ValueError, match="29 pixels does not fit into 28") as caught:
        shapes.conv_output_length(28, 29)
    assert oracles.is_plain(str(caught.value), "at most 28")
    with pytest.raises(ValueError, match=r"2 x 6 cells is larger than .* 5 x 5") as caught:
        shapes.pool_output_shape((1, 1, 5, 5), (2, 6), True)
    assert oracles.is_plain(str(caught.value), "at most 5 x 5")
    with pytest.raises(ValueError, match=r"6 cells is larger than .* 5") as caught:
        shapes.pool_output_length(5, 6, False)
    assert oracles.is_plain(str(caught.value), "at most 5")


def test_channels_differ():
    with pytest.raises(ValueError, match=r"4 input maps, .* for 3") as caught:
        shapes.conv_output_shape((1, 4, 28, 28), (2, 3, 9, 9))
    assert oracles.is_plain(str(caught.value))


@pytest.mark.parametrize("fans", [(0, 0), (-5, 2), (1.5, 2)])
def test_bound_of_no_fans(fans):
    with pytest.raises(ValueError, match="fan_in") as caught:
        shapes.uniform_bound(*fans)
    assert oracles.is_plain(str(caught.value), repr(sum(fans)))


@pytest.mark.parametrize("module", ["shapes", "design", "figures", "widgets", "words"])
def test_modules_that_know_nothing_of_theano(module):
    code = f"import lenet_helpers.{module}, sys; sys.exit('theano' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
