"""Convolution and pooling, computed by Theano, against loops, SciPy and printed figures."""

import warnings

from lenet_helpers import operations
from lenet_helpers.explorers.convolution import random_filters

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d, correlate2d

from tests import oracles

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
# The results of RandomState(1).rand(3, 2, 5, 5) as the source prints them, window (2, 2):
# output[0, 0] with ignore_border=True, output[1, 0] with False.
PRINTED_BORDER_DROPPED = [[0.72032449, 0.39676747], [0.6852195, 0.87811744]]
PRINTED_BORDER_KEPT = [
    [0.67883553, 0.58930554, 0.69975836],
    [0.66379465, 0.94459476, 0.58655504],
    [0.90340192, 0.80739129, 0.39767684],
]

seeds = st.integers(0, 1000)


# --- Convolution ---


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    batch=st.integers(1, 3),
    channels=st.integers(1, 3),
    n_filters=st.integers(1, 3),
    sides=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    filter_sides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    border_mode=st.sampled_from(["valid", "half", "full"]),
    # Every pair of steps is one more function to compile.
    subsample=st.sampled_from([(1, 1), (2, 3)]),
    filter_flip=st.booleans(),
)
def test_convolve_is_the_oracles(
    seed, batch, channels, n_filters, sides, filter_sides, border_mode, subsample, filter_flip
):
    random = numpy.random.RandomState(seed)
    images = random.randn(batch, channels, *sides)
    filters = random.randn(n_filters, channels, *filter_sides)
    mode = {"border_mode": border_mode, "subsample": subsample, "filter_flip": filter_flip}
    found = operations.convolve(images, filters, **mode)
    assert found.dtype == "float32"
    numpy.testing.assert_allclose(found, oracles.convolve(images, filters, **mode), **CLOSE)


@pytest.mark.parametrize(("filter_flip", "scipys"), [(True, convolve2d), (False, correlate2d)])
@pytest.mark.parametrize(("border_mode", "mode"), [("valid", "valid"), ("full", "full")])
def test_convolve_is_scipys(border_mode, mode, filter_flip, scipys):
    random = numpy.random.RandomState(0)
    image, weights = random.randn(8, 9), random.randn(3, 4)
    found = operations.convolve([[image]], [[weights]], border_mode, filter_flip=filter_flip)
    numpy.testing.assert_allclose(found[0, 0], scipys(image, weights, mode=mode), **CLOSE)


def test_true_convolution_is_the_default():
    image = numpy.zeros((1, 1, 5, 5))
    image[0, 0, 2, 2] = 1
    weights = numpy.arange(9.0).reshape(1, 1, 3, 3)
    # Under a convolution a single bright pixel shows the filter itself, not turned round.
    assert numpy.array_equal(operations.convolve(image, weights)[0, 0], weights[0, 0])
    turned = operations.convolve(image, weights, filter_flip=False)[0, 0]
    assert numpy.array_equal(turned, weights[0, 0, ::-1, ::-1])


def test_the_op_that_really_runs_is_corrmm():
    for function in (
        operations._convolution("valid", (1, 1), True),
        operations._sigmoid_convolution(),
    ):
        ops = [type(node.op).__name__ for node in function.maker.fgraph.toposort()]
        assert ops.count("CorrMM") == 1
        assert not any("AbstractConv" in name for name in ops)


def test_functions_are_compiled_once():
    images, filters = numpy.ones((1, 1, 5, 5)), numpy.ones((1, 1, 3, 3))
    operations.convolve(images, filters)
    n_compiled = operations._convolution.cache_info().misses
    operations.convolve(images, filters, subsample=[1, 1])
    operations.convolve(numpy.ones((2, 3, 7, 6)), numpy.ones((4, 3, 2, 2)))
    assert operations._convolution.cache_info().misses == n_compiled


# --- The demonstration: 500 x 500 pixels through two random filters ---


def test_the_demonstrations_random_filters():
    W, b = random_filters((2, 3, 9, 9))
    rng = numpy.random.RandomState(23455)
    bound = 1 / numpy.sqrt(243)
    assert numpy.array_equal(W, rng.uniform(-bound, bound, (2, 3, 9, 9)))
    assert numpy.array_equal(b, rng.uniform(-0.5, 0.5, 2))
    assert W[0, 0, 0, :3] == pytest.approx([0.04297323, -0.0494174, 0.02168239], rel=1e-6)
    assert b == pytest.approx([-0.3943425, 0.16818965], rel=1e-6)


def test_the_demonstration_on_a_black_picture():
    maps = operations.sigmoid_maps(numpy.zeros((1, 3, 500, 500)), *random_filters((2, 3, 9, 9)))
    assert maps.shape == (1, 2, 492, 492)
    for number, wanted in enumerate((0.40267237, 0.54194857)):
        assert numpy.ptp(maps[0, number]) == 0
        assert maps[0, number, 0, 0] == pytest.approx(wanted, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, sides=st.tuples(st.integers(4, 9), st.integers(4, 9)))
def test_sigmoid_maps_are_the_oracles(seed, sides):
    random = numpy.random.RandomState(seed)
    images, filters, bias = random.rand(2, 3, *sides), random.randn(4, 3, 3, 2), random.randn(4)
    wanted = oracles.sigmoid(oracles.convolve(images, filters) + bias.reshape(1, 4, 1, 1))
    found = operations.sigmoid_maps(images, filters, bias)
    numpy.testing.assert_allclose(found, wanted, **CLOSE)


# --- Pooling ---


@settings(max_examples=100, deadline=None)
@given(
    seed=seeds,
    front=st.lists(st.integers(1, 3), max_size=3),
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    ignore_border=st.booleans(),
)
def test_max_pool_is_the_oracles(seed, front, sides, window, ignore_border):
    window = tuple(min(pair) for pair in zip(window, sides, strict=True))
    # Below zero: a border padded with zeros would show.
    maps = numpy.random.RandomState(seed).rand(*front, *sides) - 2
    found = operations.max_pool(maps, window, ignore_border)
    assert found.dtype == "float64"
    assert numpy.array_equal(found, oracles.max_pool(maps, window, ignore_border))


def test_the_printed_pooling():
    maps = numpy.random.RandomState(1).rand(3, 2, 5, 5)
    assert maps[0, 0, 0, :2] == pytest.approx([0.417022005, 0.720324493], rel=1e-8)
    assert maps[1, 0, 0, :2] == pytest.approx([0.01936696, 0.67883553], rel=1e-6)
    dropped = operations.max_pool(maps, (2, 2), ignore_border=True)
    kept = operations.max_pool(maps, (2, 2), ignore_border=False)
    assert dropped.shape == (3, 2, 2, 2)
    assert kept.shape == (3, 2, 3, 3)
    numpy.testing.assert_allclose(dropped[0, 0], PRINTED_BORDER_DROPPED, atol=5e-9)
    numpy.testing.assert_allclose(kept[1, 0], PRINTED_BORDER_KEPT, atol=5e-9)
    assert numpy.array_equal(dropped, oracles.max_pool(maps, (2, 2), True))
    assert numpy.array_equal(kept, oracles.max_pool(maps, (2, 2), False))


def test_pooling_whole_numbers_and_lists():
    assert operations.max_pool([[1, 2], [3, 4]], [2, 2], True).tolist() == [[4]]


# --- Wrong input ---

IMAGES, FILTERS = numpy.ones((1, 3, 9, 9)), numpy.ones((2, 3, 3, 3))
BROKEN = numpy.ones((1, 3, 9, 9))
BROKEN[0, 1, 2, 3] = numpy.nan
RAGGED = [[[[1, 2], [3]]]]

WRONG_IMAGES = [
    (BROKEN, ("the images", "1 of 243", "NaN")),
    (IMAGES * numpy.inf, ("the images", "243 of 243")),
    (numpy.ones((0, 3, 9, 9)), ("the images", "(0, 3, 9, 9)", "nothing")),
    (numpy.ones((1, 4, 9, 9)), ("the images", "4 channels", "made for 3")),
    (numpy.ones((9, 9)), ("the images", "(9, 9)", "four axes")),
    (numpy.ones((3, 9, 9)), ("the images", "(3, 9, 9)", "four axes")),
    (RAGGED, ("the images", "different lengths")),
    ("cat.jpg", ("the images", "<U7")),
    (IMAGES * 1j, ("the images", "complex128")),
    (numpy.ones((1, 3, 2, 9)), ("3 x 3", "2 x 9")),
]


def refused(call, *said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r".") as caught:
            call()
    assert oracles.is_plain(str(caught.value), *said)


@pytest.mark.parametrize(("images", "said"), WRONG_IMAGES)
def test_wrong_images(images, said):
    refused(lambda: operations.convolve(images, FILTERS), *said)
    refused(lambda: operations.sigmoid_maps(images, FILTERS, [0, 0]), *said)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (numpy.ones((2, 4, 3, 3)), ("3 channels", "made for 4")),
        (numpy.ones((3, 3)), ("the filters", "(3, 3)", "four axes")),
        (numpy.ones((2, 3, 10, 3)), ("10 x 3", "9 x 9")),
        (numpy.full((2, 3, 3, 3), numpy.nan), ("the filters", "54 of 54")),
        (numpy.ones((2, 3, 3, 0)), ("the filters", "(2, 3, 3, 0)")),
        (RAGGED, ("the filters", "different lengths")),
        ([["text"]], ("the filters", "<U4")),
        (FILTERS * 1j, ("the filters", "complex128")),
    ],
)
def test_wrong_filters(filters, said):
    refused(lambda: operations.convolve(IMAGES, filters), *said)
    refused(lambda: operations.sigmoid_maps(IMAGES, filters, [0, 0]), *said)


@pytest.mark.parametrize(
    ("bias", "said"),
    [
        ([0, 0, 0], ("(3,)", "(2,)")),
        (0, ("()", "(2,)")),
        ([[0, 0]], ("(1, 2)", "(2,)")),
        ([0, numpy.inf], ("the bias", "1 of 2")),
        (["a", "b"], ("the bias", "<U1")),
    ],
)
def test_wrong_bias(bias, said):
    refused(lambda: operations.sigmoid_maps(IMAGES, FILTERS, bias), *said)


def test_wrong_settings():
    refused(lambda: operations.convolve(IMAGES, FILTERS, "same"), "'same'")
    refused(lambda: operations.convolve(IMAGES, FILTERS, subsample=0), "subsample", "0")
    refused(lambda: operations.convolve(IMAGES, FILTERS, subsample=(1, 0)), "subsample", "0")


@pytest.mark.parametrize(
    ("maps", "poolsize", "ignore_border", "said"),
    [
        (BROKEN, (2, 2), True, ("the feature maps", "1 of 243")),
        (numpy.ones((0, 5)), (2, 2), True, ("the feature maps", "(0, 5)")),
        ([[1, 2], [3]], (2, 2), True, ("the feature maps", "different lengths")),
        ("text", (2, 2), True, ("the feature maps", "<U4")),
        (IMAGES * 1j, (2, 2), True, ("the feature maps", "complex128")),
        ([1, 2, 3], (2, 2), True, ("(3,)", "two axes")),
        (IMAGES, (10, 2), True, ("10 x 2", "9 x 9")),
        (IMAGES, (10, 2), False, ("10 x 2", "9 x 9")),
        (IMAGES, 2, True, ("poolsize", "2")),
        (IMAGES, (2, 0), True, ("poolsize", "0")),
        (IMAGES, (2, 2), None, ("ignore_border", "None")),
    ],
)
def test_wrong_pooling(maps, poolsize, ignore_border, said):
    refused(lambda: operations.max_pool(maps, poolsize, ignore_border), *said)
