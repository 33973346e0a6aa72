"""Convolution and pooling, computed by Theano, against loops, SciPy and printed figures."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

from lenet_helpers import operations
from lenet_helpers.fast.rewrites import stock_mode
from lenet_helpers.filters import random_filters

import numpy
import pytest
import theano
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d, correlate2d
from theano import tensor as T

from tests import oracles

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
BORDER_MODES = ["valid", "half", "full"]
ACTIVATIONS = {
    "none": lambda sums: sums,
    "sigmoid": oracles.sigmoid,
    "tanh": numpy.tanh,
    "relu": lambda sums: numpy.maximum(sums, 0),
}
# The results of RandomState(1).rand(3, 2, 5, 5) as the source prints them, window (2, 2):
# output[0, 0] with ignore_border=True, output[1, 0] with False.
PRINTED_BORDER_DROPPED = [[0.72032449, 0.39676747], [0.6852195, 0.87811744]]
PRINTED_BORDER_KEPT = [
    [0.67883553, 0.58930554, 0.69975836],
    [0.66379465, 0.94459476, 0.58655504],
    [0.90340192, 0.80739129, 0.39767684],
]

seeds = st.integers(0, 1000)


def whole_numbers(random, *shape):
    """Return small whole numbers, whose products and sums float32 holds exactly."""
    return random.randint(-4, 5, shape).astype("float64")


# --- Convolution ---


@settings(max_examples=150, deadline=None)
@given(
    seed=seeds,
    batch=st.integers(1, 3),
    channels=st.integers(1, 4),
    n_filters=st.integers(1, 5),
    sides=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    filter_sides=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    border_mode=st.sampled_from(BORDER_MODES),
    subsample=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    filter_flip=st.booleans(),
)
def test_convolve_is_the_oracles(
    seed, batch, channels, n_filters, sides, filter_sides, border_mode, subsample, filter_flip
):
    if border_mode == "valid":
        filter_sides = tuple(min(pair) for pair in zip(filter_sides, sides, strict=True))
    random = numpy.random.RandomState(seed)
    images = whole_numbers(random, batch, channels, *sides)
    filters = whole_numbers(random, n_filters, channels, *filter_sides)
    mode = {"border_mode": border_mode, "subsample": subsample, "filter_flip": filter_flip}
    found = operations.convolve(images, filters, **mode)
    assert found.dtype == "float32"
    assert numpy.array_equal(found, oracles.convolve(images, filters, **mode))


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


def op_names(function):
    return [type(node.op).__name__ for node in function.maker.fgraph.toposort()]


# Each of these is a module of its own for the C++ compiler, so there are only a few.
STOCK = [
    ("valid", (1, 1), True),
    ("valid", (2, 1), False),
    ("half", (1, 1), False),
    ("half", (2, 3), True),
    ("full", (1, 1), True),
    ("full", (3, 2), False),
]


def test_convolve_is_theanos_own_conv2d():
    variables = T.ftensor4(), T.ftensor4()
    stock = theano.function(
        variables,
        [
            T.nnet.conv2d(*variables, border_mode=mode, subsample=steps, filter_flip=flip)
            for mode, steps, flip in STOCK
        ],
        mode=stock_mode(),
    )
    assert op_names(stock).count("CorrMM") == len(STOCK)
    random = numpy.random.RandomState(0)
    for sides, filter_sides in [((9, 14), (3, 4)), ((40, 13), (6, 7)), ((5, 5), (5, 5))]:
        images = whole_numbers(random, 2, 3, *sides)
        filters = whole_numbers(random, 4, 3, *filter_sides)
        wanted = stock(images.astype("float32"), filters.astype("float32"))
        for maps, (mode, steps, flip) in zip(wanted, STOCK, strict=True):
            found = operations.convolve(images, filters, mode, steps, flip)
            assert (found.shape, found.dtype) == (maps.shape, maps.dtype)
            assert numpy.array_equal(found, maps), (mode, steps, flip)


@pytest.mark.parametrize("border_mode", BORDER_MODES)
def test_a_large_filter(border_mode):
    random = numpy.random.RandomState(0)
    images, filters = whole_numbers(random, 1, 3, 64, 80), whole_numbers(random, 2, 3, 31, 31)
    found = operations.convolve(images, filters, border_mode)
    for maps, weights in zip(found[0], filters, strict=True):
        whole = sum(map(convolve2d, images[0], weights))
        # Cut out of the full convolution, which is 30 cells longer than the picture.
        cut = {"valid": 30, "half": 15, "full": 0}[border_mode]
        assert numpy.array_equal(maps, whole[cut : 94 - cut, cut : 110 - cut])


VIEWS = {
    "every other column": lambda array: array[:, :, :, ::2],
    "upside down": lambda array: array[:, :, ::-1],
    "turned and reversed": lambda array: array.transpose(0, 1, 3, 2)[:, ::-1, ::-1, ::-1],
    "a part": lambda array: array[:, :, 1:-1, 2:],
    "channels last": lambda array: numpy.moveaxis(
        numpy.ascontiguousarray(numpy.moveaxis(array, 1, -1)), -1, 1
    ),
    "one row again and again": lambda array: numpy.broadcast_to(array[:, :, :1], array.shape),
    "columns first": numpy.asfortranarray,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_view_of_an_array_is_convolved(view):
    random = numpy.random.RandomState(0)
    # float32, which needs no copy on its way to the op.
    images = view(whole_numbers(random, 2, 3, 9, 10).astype("float32"))
    filters = view(whole_numbers(random, 2, 3, 5, 6).astype("float32"))
    before = images.copy(), filters.copy()
    found = operations.convolve(images, filters)
    assert numpy.array_equal(found, oracles.convolve(*before))
    assert numpy.array_equal(images, before[0])
    assert numpy.array_equal(filters, before[1])


def test_the_op_that_really_runs_is_our_own():
    names = op_names(operations._convolution())
    assert names.count("DirectConvolution") == 1
    assert not any("CorrMM" in name or "AbstractConv" in name for name in names)


def test_pooling_really_runs_our_own_op_too():
    assert op_names(operations._pooling()) == ["Pooling"]


def test_threads_do_not_get_each_others_answers(hasty_threads):
    random = numpy.random.RandomState(0)
    pictures = random.rand(4, 1, 2, 9, 9)
    filters, bias = random.randn(3, 2, 3, 3), random.randn(3)

    def ask(picture):
        maps = operations.feature_maps(picture, filters, bias, "tanh")
        return maps, operations.pool(maps, (2, 2), True)

    wanted = [ask(picture) for picture in pictures]
    together = threading.Barrier(len(pictures))

    def ask_often(picture):
        together.wait()
        return [ask(picture) for _ in range(300)]

    with ThreadPoolExecutor(len(pictures)) as threads:
        found = list(threads.map(ask_often, pictures))
    for answers, right in zip(found, wanted, strict=True):
        for answer in answers:
            assert all(map(numpy.array_equal, answer, right))


def walk_through_convolutions(random):
    """Compare one random setting of `feature_maps` with the oracle's."""
    border_mode = BORDER_MODES[random.randint(3)]
    sides, filter_sides = random.randint(1, 9, 2), random.randint(1, 6, 2)
    if border_mode == "valid":
        filter_sides = numpy.minimum(sides, filter_sides)
    channels, n_filters = random.randint(1, 4, 2)
    images = random.rand(random.randint(1, 3), channels, *sides)
    filters, bias = random.randn(n_filters, channels, *filter_sides) / 4, random.randn(n_filters)
    mode = {
        "border_mode": border_mode,
        "subsample": tuple(random.randint(1, 5, 2)),
        "filter_flip": bool(random.randint(2)),
    }
    name = sorted(ACTIVATIONS)[random.randint(len(ACTIVATIONS))]
    sums = oracles.convolve(images, filters, **mode) + bias.reshape(1, n_filters, 1, 1)
    found = operations.feature_maps(images, filters, bias, name, **mode)
    numpy.testing.assert_allclose(found, ACTIVATIONS[name](sums), **CLOSE)


def walk_through_poolings(random):
    """Compare one random setting of `pool` with the oracle's."""
    maps = random.randn(*random.randint(1, 4, random.randint(3)), *random.randint(1, 9, 2))
    window = [random.randint(1, side + 1) for side in maps.shape[-2:]]
    stride = None if random.randint(3) == 0 else random.randint(1, 9, 2).tolist()
    options = bool(random.randint(2)), stride, ["max", "average"][random.randint(2)]
    found = operations.pool(maps, window, *options)
    numpy.testing.assert_allclose(found, oracles.pool(maps, window, *options), rtol=1e-12)


def test_no_setting_is_compiled_later(monkeypatch):
    # What other tests have compiled must not help.
    for kept in (operations._convolution, operations._activation, operations._pooling):
        kept.cache_clear()
    operations.compile_feature_maps()
    operations.compile_pooling()

    def refuse(*_arguments, **_options):
        raise AssertionError("a function is compiled")

    monkeypatch.setattr(theano, "function", refuse)
    monkeypatch.setattr(theano.compile.function.types.FunctionMaker, "__init__", refuse)
    random = numpy.random.RandomState(0)
    for _ in range(500):
        walk_through_convolutions(random)
        walk_through_poolings(random)


# --- The demonstration: 500 x 500 pixels through two random filters ---


def test_the_demonstration_on_a_black_picture():
    maps = operations.feature_maps(numpy.zeros((1, 3, 500, 500)), *random_filters((2, 3, 9, 9)))
    assert maps.shape == (1, 2, 492, 492)
    for number, wanted in enumerate((0.40267237, 0.54194857)):
        assert numpy.ptp(maps[0, number]) == 0
        assert maps[0, number, 0, 0] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_numpys(activation):
    random = numpy.random.RandomState(0)
    images, filters, bias = random.randn(2, 3, 9, 8), random.randn(4, 3, 3, 2), random.randn(4)
    sums = oracles.convolve(images, filters) + bias.reshape(1, 4, 1, 1)
    assert sums.min() < -5
    assert sums.max() > 5
    found = operations.feature_maps(images, filters, bias, activation)
    assert found.dtype == "float32"
    numpy.testing.assert_allclose(found, ACTIVATIONS[activation](sums), **CLOSE)


def test_no_activation_is_the_convolution_and_sigmoid_is_the_default():
    random = numpy.random.RandomState(0)
    images, filters, bias = random.rand(1, 2, 6, 6), random.randn(2, 2, 3, 3), numpy.zeros(2)
    options = {"border_mode": "half", "subsample": (2, 1), "filter_flip": False}
    plain = operations.feature_maps(images, filters, bias, "none", **options)
    assert numpy.array_equal(plain, operations.convolve(images, filters, **options))
    by_default = operations.feature_maps(images, filters, bias)
    wanted = operations.feature_maps(images, filters, bias, "sigmoid")
    assert numpy.array_equal(by_default, wanted)


def test_very_large_sums_overflow_in_no_activation():
    images, filters = numpy.full((1, 1, 2, 2), 1e4), numpy.array([[[[1.0]]], [[[-1.0]]]])
    wanted = {"none": (1e4, -1e4), "sigmoid": (1, 0), "tanh": (1, -1), "relu": (1e4, 0)}
    for name, values in wanted.items():
        found = operations.feature_maps(images, filters, [0, 0], name)[0, :, 0, 0]
        assert found == pytest.approx(values, abs=1e-30)


def test_the_arrays_of_a_call_stay_as_they_were():
    random = numpy.random.RandomState(0)
    arrays = [
        part.astype("float32")
        for part in (random.rand(1, 2, 6, 6), random.randn(2, 2, 3, 3), random.randn(2))
    ]
    before = [array.copy() for array in arrays]
    for name in ACTIVATIONS:
        operations.feature_maps(*arrays, name)
    maps = random.randn(5, 6)
    kept = maps.copy()
    for mode in ("max", "average"):
        operations.pool(maps, (1, 1), True, mode=mode)[:] = 7
    assert all(map(numpy.array_equal, arrays, before))
    assert numpy.array_equal(maps, kept)


# --- Pooling ---


@settings(max_examples=200, deadline=None)
@given(
    seed=seeds,
    front=st.lists(st.integers(1, 3), max_size=3),
    sides=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.one_of(st.none(), st.tuples(st.integers(1, 12), st.integers(1, 12))),
    ignore_border=st.booleans(),
)
def test_pool_is_the_oracles(seed, front, sides, window, stride, ignore_border):
    window = tuple(min(pair) for pair in zip(window, sides, strict=True))
    # Below zero: a border padded with zeros would show.
    maps = numpy.random.RandomState(seed).rand(*front, *sides) - 2
    setting = window, ignore_border, stride
    found = operations.pool(maps, *setting)
    assert found.dtype == "float64"
    assert numpy.array_equal(found, oracles.pool(maps, *setting))
    average = operations.pool(maps, *setting, mode="average")
    assert average.dtype == "float64"
    wanted = oracles.pool(maps, *setting, mode="average")
    numpy.testing.assert_allclose(average, wanted, rtol=1e-12)


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("stride", [(1, 2), (3, 3), (5, 4), (12, 1)])
def test_strides_smaller_equal_and_larger_than_the_window(stride, ignore_border, mode):
    maps = numpy.random.RandomState(0).rand(2, 11, 13) - 2
    found = operations.pool(maps, (3, 3), ignore_border, stride, mode)
    wanted = oracles.pool(maps, (3, 3), ignore_border, stride, mode)
    numpy.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_windows_side_by_side_are_the_default():
    maps = numpy.random.RandomState(0).rand(7, 8)
    for ignore_border in (True, False):
        found = operations.pool(maps, (2, 3), ignore_border)
        assert numpy.array_equal(found, operations.pool(maps, (2, 3), ignore_border, (2, 3)))


def test_an_average_over_the_border_counts_only_real_cells():
    maps = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    found = operations.pool(maps, (2, 2), False, mode="average")
    assert found.tolist() == [[3, 4.5], [7.5, 9]]


def test_any_view_of_an_array_is_pooled():
    maps = numpy.random.RandomState(0).rand(2, 9, 10)[:, ::-1, ::2]
    assert numpy.array_equal(
        operations.pool(maps, (2, 3), False), oracles.pool(maps, (2, 3), False)
    )


def test_the_printed_pooling():
    maps = numpy.random.RandomState(1).rand(3, 2, 5, 5)
    assert maps[0, 0, 0, :2] == pytest.approx([0.417022005, 0.720324493], rel=1e-8)
    assert maps[1, 0, 0, :2] == pytest.approx([0.01936696, 0.67883553], rel=1e-6)
    dropped = operations.pool(maps, (2, 2), ignore_border=True)
    kept = operations.pool(maps, (2, 2), ignore_border=False)
    assert dropped.shape == (3, 2, 2, 2)
    assert kept.shape == (3, 2, 3, 3)
    numpy.testing.assert_allclose(dropped[0, 0], PRINTED_BORDER_DROPPED, atol=5e-9)
    numpy.testing.assert_allclose(kept[1, 0], PRINTED_BORDER_KEPT, atol=5e-9)
    assert numpy.array_equal(dropped, oracles.pool(maps, (2, 2), True))
    assert numpy.array_equal(kept, oracles.pool(maps, (2, 2), False))


def test_pooling_whole_numbers_and_lists():
    assert operations.pool([[1, 2], [3, 4]], [2, 2], True).tolist() == [[4]]


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
    refused(lambda: operations.feature_maps(images, FILTERS, [0, 0]), *said)


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
    refused(lambda: operations.feature_maps(IMAGES, filters, [0, 0]), *said)


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
    refused(lambda: operations.feature_maps(IMAGES, FILTERS, bias), *said)


@pytest.mark.parametrize("border_mode", ["same", "VALID", "", None, 1, (1, 1), ["valid"]])
def test_unknown_border_modes(border_mode):
    said = repr(border_mode), "'valid', 'half' or 'full'"
    refused(lambda: operations.convolve(IMAGES, FILTERS, border_mode), *said)
    refused(
        lambda: operations.feature_maps(IMAGES, FILTERS, [0, 0], border_mode=border_mode), *said
    )


@pytest.mark.parametrize("activation", ["softmax", "Sigmoid", "", None, 0])
def test_unknown_activations(activation):
    said = "activation", repr(activation), "none, sigmoid, tanh, relu"
    refused(lambda: operations.feature_maps(IMAGES, FILTERS, [0, 0], activation), *said)


@pytest.mark.parametrize("mode", ["mean", "MAX", "average_exc_pad", "", None, 0])
def test_unknown_modes_of_pooling(mode):
    said = "mode", repr(mode), "max, average"
    refused(lambda: operations.pool(IMAGES, (2, 2), True, mode=mode), *said)


@pytest.mark.parametrize("subsample", [0, 2, (1, 0), (0, 1), (-1, 1), (1, 2, 3), (1.5, 1), None])
def test_wrong_steps(subsample):
    refused(lambda: operations.convolve(IMAGES, FILTERS, subsample=subsample), "subsample")


@pytest.mark.parametrize("stride", [0, 2, (1, 0), (0, 1), (-1, 1), (1, 2, 3), (1.5, 1)])
def test_wrong_strides(stride):
    refused(lambda: operations.pool(IMAGES, (2, 2), True, stride), "stride")


@pytest.mark.parametrize("filter_sides", [(10, 1), (1, 10), (31, 31)])
def test_too_large_filters_are_refused_and_the_next_call_works(filter_sides):
    large = numpy.ones((1, 3, *filter_sides))
    for steps in [(1, 1), (3, 2)]:
        refused(
            lambda steps=steps: operations.convolve(IMAGES, large, "valid", steps),
            "{} x {}".format(*filter_sides),
            "9 x 9",
        )
        assert (operations.convolve(IMAGES, FILTERS) == 27).all()
    # With zeros around it, the picture is large enough.
    found = operations.convolve(IMAGES, large, "full")
    assert numpy.array_equal(found, oracles.convolve(IMAGES, large, "full"))


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
    refused(lambda: operations.pool(maps, poolsize, ignore_border), *said)
