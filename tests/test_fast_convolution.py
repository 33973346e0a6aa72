"""A learner's own conv2d: when it is computed directly, and that nothing else changes."""

from lenet_helpers.fast import rewrites
from lenet_helpers.fast.direct_convolution import Convolution

import numpy
import pytest
import theano
from theano import tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.nnet.corr import CorrMM, CorrMM_gradInputs, CorrMM_gradWeights

from tests import oracles

rewrites.register()
FAST = theano.compile.mode.Mode(linker="cvm", optimizer="fast_run")


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def compiled(expression, inputs, mode=FAST):
    return theano.function(inputs, expression, mode=mode)


def whole_numbers(*shape, seed=0):
    """Return small whole numbers, whose products and sums float32 holds exactly."""
    return numpy.random.RandomState(seed).randint(-4, 5, shape).astype("float32")


@pytest.mark.parametrize("subsample", [(1, 1), (2, 3)], ids=str)
@pytest.mark.parametrize("border_mode", ["valid", "half", "full", (2, 1), 3], ids=str)
@pytest.mark.parametrize("filter_flip", [True, False])
def test_every_plain_convolution_equals_the_definition(border_mode, subsample, filter_flip):
    images, filters = T.ftensor4(), T.ftensor4()
    maps = conv2d(
        images, filters, border_mode=border_mode, subsample=subsample, filter_flip=filter_flip
    )
    function = compiled(maps, [images, filters])
    assert ops(function).count(Convolution) == 1
    assert CorrMM not in ops(function)
    # Few filters are applied directly, many by Theano's way, and so are patches of one cell.
    shapes = [((2, 3, 20, 21), (2, 3, 5, 4)), ((3, 4, 12, 13), (60, 4, 4, 5))]
    shapes += [((1, 3, 9, 9), (2, 3, 1, 1)), ((0, 3, 9, 9), (2, 3, 5, 5))]
    for image_shape, filter_shape in shapes:
        arrays = whole_numbers(*image_shape), whole_numbers(*filter_shape, seed=1)
        padding = (border_mode,) * 2 if isinstance(border_mode, int) else border_mode
        if isinstance(padding, tuple):
            padded = numpy.pad(arrays[0], [(0, 0), (0, 0), *((n, n) for n in padding)])
            right = oracles.convolve(padded, arrays[1], "valid", subsample, filter_flip)
        else:
            right = oracles.convolve(*arrays, padding, subsample, filter_flip)
        found = function(*arrays)
        assert found.dtype == "float32"
        assert found.shape == right.shape
        assert numpy.array_equal(found, right)


@pytest.mark.parametrize(
    ("dtype", "options"),
    [
        ("float64", {}),
        ("float32", {"filter_dilation": (2, 1)}),
        ("float32", {"num_groups": 2}),
        ("float32", {"border_mode": ((1, 2), (0, 0))}),
    ],
    ids=str,
)
def test_other_convolutions_stay_theanos(dtype, options):
    tensor4 = T.TensorType(dtype, (False,) * 4)
    images, filters = tensor4(), tensor4()
    function = compiled(conv2d(images, filters, **options), [images, filters])
    assert CorrMM in ops(function)
    assert Convolution not in ops(function)


def test_the_stock_mode_leaves_theanos_op():
    images, filters = T.ftensor4(), T.ftensor4()
    maps = conv2d(images, filters)
    assert CorrMM in ops(compiled(maps, [images, filters], rewrites.stock_mode()))


def test_registering_twice_does_nothing():
    before = theano.compile.optdb.__db__.copy()
    rewrites.register()
    assert theano.compile.optdb.__db__ == before


def test_gradients_are_theanos():
    images, filters = T.ftensor4(), T.ftensor4()
    cost = T.sqr(conv2d(images, filters, border_mode="half", subsample=(1, 2))).sum()
    outputs = [cost, *T.grad(cost, [images, filters])]
    arrays = whole_numbers(2, 3, 9, 8), whole_numbers(2, 3, 3, 4)
    fast = compiled(outputs, [images, filters])
    assert {Convolution, CorrMM_gradInputs, CorrMM_gradWeights} <= set(ops(fast))
    stock = compiled(outputs, [images, filters], rewrites.stock_mode())
    for found, right in zip(fast(*arrays), stock(*arrays), strict=True):
        assert numpy.array_equal(found, right)


@pytest.mark.parametrize("steps", [(1, 1), (2, 3)], ids=str)
def test_nan_and_infinity_spread_as_in_theano(steps):
    images, filters = T.ftensor4(), T.ftensor4()
    maps = conv2d(images, filters, border_mode="full", subsample=steps)
    pixels = whole_numbers(2, 3, 30, 30)
    pixels[0, 1, 7, 9], pixels[1, 2, 20, 11] = numpy.nan, numpy.inf
    arrays = pixels, 1 + numpy.abs(whole_numbers(2, 3, 5, 5, seed=1))
    found = compiled(maps, [images, filters])(*arrays)
    right = compiled(maps, [images, filters], rewrites.stock_mode())(*arrays)
    assert numpy.array_equal(found, right, equal_nan=True)
    assert 0 < numpy.isfinite(found).mean() < 1


@pytest.mark.parametrize(
    ("image_shape", "filter_shape"),
    [((1, 3, 9, 9), (2, 4, 3, 3)), ((1, 3, 9, 9), (2, 3, 10, 3))],
    ids=str,
)
def test_what_does_not_fit_is_refused_in_theanos_words(image_shape, filter_shape):
    images, filters = T.ftensor4(), T.ftensor4()
    function = compiled(conv2d(images, filters), [images, filters])
    with pytest.raises(ValueError, match="CorrMM"):
        function(whole_numbers(*image_shape), whole_numbers(*filter_shape))


MEMORY = """
import resource
import lenet_helpers
from lenet_helpers.fast import rewrites
import numpy, theano
from theano import tensor as T
rewrites.register()
images, filters = T.ftensor4(), T.ftensor4()
run = theano.function([images, filters], T.nnet.conv2d(images, filters, border_mode="half"))
arrays = numpy.ones((1, 3, 500, 500), "float32"), numpy.ones((20, 3, 9, 9), "float32")
run(arrays[0][:, :, :30, :30], arrays[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
maps = run(*arrays)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024, arrays[0].nbytes + maps.nbytes)
"""


def test_no_copies_of_every_patch_of_a_large_picture(run_python):
    done = run_python(MEMORY)
    assert done.returncode == 0, done.stderr
    growth, arrays = map(int, done.stdout.split())
    assert growth < 3 * arrays
