"""The course's own pooling: to the bit Theano's, in its place in a learner's graph, and in C++."""

from lenet_helpers.fast import rewrites
from lenet_helpers.fast.pooling import Pooling, PoolingGradient, pooling

import numpy
import pytest
import theano
from theano import tensor as T
from theano.tensor.signal.pool import MaxPoolGrad, Pool, pool_2d

from tests import kernels, oracles

rewrites.register()
FAST = theano.compile.mode.Mode(linker="cvm", optimizer="fast_run")
SPECIAL = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0]
MODES = {"max": "max", "average_exc_pad": "average"}


def ops(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def tensor4(dtype="float32"):
    return T.TensorType(dtype, (False,) * 4)()


@pytest.fixture(scope="module")
def ours():
    """The op for float32 and float64, as functions of maps and six numbers."""
    functions = {}
    for dtype in ("float32", "float64"):
        maps, numbers = tensor4(dtype), T.lvector()
        functions[dtype] = theano.function([maps, numbers], pooling(maps, numbers))
    return functions


def random_maps(random, dtype):
    maps = random.randn(*random.randint(1, 4, 2), *random.randint(1, 40, 2)).astype(dtype)
    if random.randint(2):
        # Few different numbers, so that windows have ties.
        maps = maps.round()
        special = random.rand(*maps.shape) < 0.4
        maps[special] = random.choice(SPECIAL, special.sum())
    return maps


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_every_window_and_step_as_in_theano(ours, dtype, mode, ignore_border):
    maps, window, steps = tensor4(dtype), T.lvector(), T.lvector()
    pooled = pool_2d(maps, ws=window, stride=steps, ignore_border=ignore_border, mode=mode)
    stock = theano.function([maps, window, steps], pooled, mode=rewrites.stock_mode())
    random = numpy.random.RandomState(1)
    for number in range(300):
        array = random_maps(random, dtype)
        most = 45 if number % 10 == 0 else 9
        sides, strides = random.randint(1, most, 2), random.randint(1, most, 2)
        if number % 3 == 0:
            strides = sides
        right = stock(array, sides, strides)
        numbers = [*sides, *strides, ignore_border, mode != "max"]
        found = ours[dtype](array, numbers)
        assert (found.shape, found.dtype) == (right.shape, right.dtype)
        if mode == "max":
            assert found.tobytes() == right.tobytes()
        else:
            numpy.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_against_loops(ours, mode):
    random = numpy.random.RandomState(2)
    for _ in range(100):
        maps = random.randn(2, 2, *random.randint(1, 12, 2))
        window = [random.randint(1, side + 1) for side in maps.shape[-2:]]
        stride, ignore_border = random.randint(1, 9, 2).tolist(), bool(random.randint(2))
        right = oracles.pool(maps, window, ignore_border, stride, MODES[mode])
        found = ours["float64"](maps, [*window, *stride, ignore_border, mode != "max"])
        numpy.testing.assert_allclose(found, right, rtol=1e-12)


def test_views_any_number_of_axes_and_empty_arrays(ours):
    maps = numpy.random.RandomState(3).rand(3, 4, 9, 8)
    numbers = [2, 3, 2, 3, 0, 0]
    right = ours["float64"](maps.transpose(0, 1, 3, 2)[:, ::2, ::-1].copy(), numbers)
    view = maps.transpose(0, 1, 3, 2)[:, ::2, ::-1]
    assert numpy.array_equal(ours["float64"](view, numbers), right)
    for axes in (2, 3, 5):
        symbol = T.TensorType("float64", (False,) * axes)()
        function = theano.function([symbol], pooling(symbol, numpy.array(numbers)))
        shape = (1,) * (axes - 2) + (9, 8) if axes < 5 else (3, 2, 2, 9, 8)
        array = maps.ravel()[: numpy.prod(shape)].reshape(shape)
        stacked = ours["float64"](array.reshape(-1, 1, 9, 8), numbers)
        assert numpy.array_equal(function(array), stacked.reshape(*shape[:-2], 5, 3))
    for shape in ((0, 2, 9, 8), (1, 2, 0, 8), (1, 2, 9, 0), (1, 2, 1, 8)):
        assert ours["float64"](numpy.ones(shape), [2, 2, 2, 2, 1, 0]).size == 0


@pytest.mark.parametrize(
    "numbers",
    [[0, 1, 1, 1, 0, 0], [1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0], [1, 1, 1, -5, 0, 0], [1] * 5],
    ids=str,
)
def test_windows_and_steps_below_one_are_refused(ours, numbers):
    with pytest.raises(ValueError, match="must be positive"):
        ours["float32"](numpy.ones((1, 1, 5, 5), "float32"), numbers)


@pytest.mark.parametrize(
    ("maps", "numbers"),
    [(T.itensor4, T.lvector), (T.fvector, T.lvector), (T.ftensor4, T.ivector)],
)
def test_other_types_are_refused(maps, numbers):
    with pytest.raises(TypeError, match="TensorType"):
        pooling(maps(), numbers())


def test_without_a_compiler_the_op_refuses():
    with pytest.raises(NotImplementedError, match="Pooling"):
        pooling.perform(None, [], [])


REPEATED = """
import lenet_helpers
import hashlib, numpy
from lenet_helpers import operations
maps = numpy.random.default_rng(1).standard_normal((2, 300, 300))
for mode in ["max", "average"]:
    print(hashlib.sha256(operations.pool(maps, (9, 9), False, (1, 1), mode)).hexdigest())
"""


def test_the_same_bits_on_any_number_of_threads(run_python):
    printed = [run_python(REPEATED, OMP_NUM_THREADS=str(n)).stdout for n in (1, 2, 3)]
    assert len(printed[0].split()) == 2
    assert len(set(printed)) == 1


# --- In a learner's graph ---


@pytest.mark.parametrize("mode", [*MODES, "average_inc_pad"])
@pytest.mark.parametrize("ignore_border", [True, False])
def test_a_learners_pool_2d_is_replaced(mode, ignore_border):
    maps = tensor4()
    options = {"ws": (3, 2), "stride": (2, 2), "ignore_border": ignore_border, "mode": mode}
    pooled = pool_2d(maps, **options)
    fast = theano.function([maps], pooled, mode=FAST)
    stock = theano.function([maps], pooled, mode=rewrites.stock_mode())
    assert Pooling in ops(fast)
    assert Pool not in ops(fast)
    assert Pool in ops(stock)
    # Whole numbers, whose sums are exact.
    array = numpy.random.RandomState(4).randint(-9, 10, (2, 3, 11, 10)).astype("float32")
    assert numpy.array_equal(fast(array), stock(array))


@pytest.mark.parametrize(
    ("maps", "options"),
    [
        (tensor4(), {"ws": (2, 2), "pad": (1, 1)}),
        (tensor4(), {"ws": (2, 2), "mode": "sum"}),
        (tensor4("int64"), {"ws": (2, 2)}),
        (tensor4(), {"ws": T.lvector("window")}),
    ],
    ids=["padding", "sum", "int64", "symbolic"],
)
def test_other_poolings_stay_theanos(maps, options):
    pooled = pool_2d(maps, ignore_border=True, **options)
    inputs = [part for part in (maps, options["ws"]) if isinstance(part, T.TensorVariable)]
    assert Pool in ops(theano.function(inputs, pooled, mode=FAST))


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_of_a_whole_graph(mode):
    maps = tensor4()
    pooled = pool_2d(maps, ws=(3, 3), stride=(2, 2), ignore_border=False, mode=mode)
    gradient = T.grad(T.sqr(pooled).sum(), maps)
    fast = theano.function([maps], gradient, mode=FAST)
    stock = theano.function([maps], gradient, mode=rewrites.stock_mode())
    assert Pooling in ops(fast)
    assert (PoolingGradient in ops(fast)) == (mode == "max")
    assert MaxPoolGrad not in ops(fast)
    array = numpy.random.RandomState(5).randint(-3, 4, (2, 3, 9, 8)).astype("float32")
    numpy.testing.assert_allclose(fast(array), stock(array), rtol=1e-6)


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_are_theanos_to_the_bit(dtype, ignore_border):
    random = numpy.random.RandomState(6)
    maps, gradients = tensor4(dtype), tensor4(dtype)
    settings = [((2, 2), (2, 2)), ((3, 2), (1, 1)), ((5, 4), (2, 3)), ((2, 3), (4, 5))]
    for window, stride in [*settings, ((40, 3), (1, 2))]:
        pooled = pool_2d(maps, ws=window, stride=stride, ignore_border=ignore_border)
        gradient = T.grad(None, maps, known_grads={pooled: gradients})
        inputs = [maps, gradients]
        fast = theano.function(inputs, [pooled, gradient], mode=FAST)
        stock = theano.function(inputs, [pooled, gradient], mode=rewrites.stock_mode())
        assert ops(fast).count(PoolingGradient) == 1
        for _ in range(12):
            array = random_maps(random, dtype)
            shape = stock.maker.fgraph.outputs[0].owner.op.out_shape(
                array.shape, window, ignore_border, stride
            )
            if min(shape) < 1:
                continue
            passed = random.randn(*shape).astype(dtype)
            for found, right in zip(fast(array, passed), stock(array, passed), strict=True):
                assert found.tobytes() == right.tobytes()


def test_gradients_of_another_shape_are_refused():
    maps, gradients = tensor4(), tensor4()
    pooled = pool_2d(maps, ws=(2, 2), ignore_border=True)
    gradient = T.grad(None, maps, known_grads={pooled: gradients})
    function = theano.function([maps, gradients], gradient, mode=FAST)
    arrays = [numpy.ones((1, 1, *sides), "float32") for sides in [(6, 6), (3, 2)]]
    with pytest.raises(ValueError, match="shapes do not fit"):
        function(*arrays)


# --- The kernel alone, under the sanitizers of both compilers ---

HARNESS = r"""
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <algorithm>
#include <random>
#include <vector>
typedef long npy_intp;
#include "threads.h"
#include "pooling.cpp"

std::mt19937 generator(1);

npy_intp draw(npy_intp low, npy_intp high) {
    return low + npy_intp(generator() % (unsigned long)(high - low + 1));
}

// The definition, cell by cell; whole numbers, so that sums are exact.
template <typename Number>
Number cell(const PoolGeometry& g, const Number* map, npy_intp y, npy_intp x, bool average) {
    Number most = map[y * g.step_rows * g.columns + x * g.step_columns], sum = 0;
    npy_intp n = 0;
    for (npy_intp i = y * g.step_rows; i < std::min(g.rows, y * g.step_rows + g.window_rows); i++)
        for (npy_intp j = x * g.step_columns;
             j < std::min(g.columns, x * g.step_columns + g.window_columns); j++, n++) {
            most = std::max(most, map[i * g.columns + j]);
            sum += map[i * g.columns + j];
        }
    return average ? sum / n : most;
}

// The gradient, window by window.
template <typename Number>
bool spreads_right(const PoolGeometry& g, npy_intp n_maps, const std::vector<Number>& maps,
                   const std::vector<Number>& largest) {
    std::vector<Number> gradients(largest.size()), spread(maps.size(), 99), right(maps.size());
    for (Number& number : gradients) number = draw(-9, 9);
    spread_maps(g, n_maps, draw(1, 4), maps.data(), largest.data(), gradients.data(),
                spread.data());
    npy_intp at = 0;
    for (npy_intp m = 0; m < n_maps; m++)
        for (npy_intp y = 0; y < g.out_rows; y++)
            for (npy_intp x = 0; x < g.out_columns; x++, at++)
                for (npy_intp i = y * g.step_rows;
                     i < std::min(g.rows, y * g.step_rows + g.window_rows); i++)
                    for (npy_intp j = x * g.step_columns;
                         j < std::min(g.columns, x * g.step_columns + g.window_columns); j++) {
                        const npy_intp cell = (m * g.rows + i) * g.columns + j;
                        if (maps[cell] == largest[at]) right[cell] += gradients[at];
                    }
    return spread == right;
}

template <typename Number>
bool is_right(PoolGeometry g, npy_intp n_maps, bool ignore_border) {
    if (!g.complete(ignore_border)) return false;
    std::vector<Number> maps(n_maps * g.rows * g.columns);
    for (Number& number : maps) number = draw(-9, 9);
    for (int average = 0; average < 2; average++) {
        std::vector<Number> pooled(n_maps * g.out_rows * g.out_columns, 99);
        const npy_intp threads = std::min(draw(1, 4), pooling_threads(g, n_maps) + 3);
        if (average)
            pool_maps<Average<Number>>(g, n_maps, threads, maps.data(), pooled.data());
        else
            pool_maps<Largest<Number>>(g, n_maps, threads, maps.data(), pooled.data());
        npy_intp at = 0;
        for (npy_intp m = 0; m < n_maps; m++)
            for (npy_intp y = 0; y < g.out_rows; y++)
                for (npy_intp x = 0; x < g.out_columns; x++, at++)
                    if (pooled[at] !=
                        cell(g, maps.data() + m * g.rows * g.columns, y, x, average))
                        return false;
        if (at != npy_intp(pooled.size())) return false;
        if (!average && !spreads_right(g, n_maps, maps, pooled)) return false;
    }
    return true;
}

int main() {
    for (int n = 0; n < 3000; n++) {
        // Some have more than one band of rows.
        const npy_intp most = n % 10 ? 12 : 90;
        PoolGeometry g = {draw(0, most), draw(0, most), draw(1, 14), draw(1, 14), draw(1, 9),
                          draw(1, 9)};
        const npy_intp n_maps = draw(0, 3);
        const bool ignore_border = draw(0, 1);
        if (!is_right<float>(g, n_maps, ignore_border) ||
            !is_right<double>(g, n_maps, ignore_border)) {
            printf("wrong: %ld x %ld cells, windows %ld x %ld, steps %ld x %ld, border %d\n",
                   g.rows, g.columns, g.window_rows, g.window_columns, g.step_rows,
                   g.step_columns, ignore_border);
            return 1;
        }
    }
    printf("all right\n");
    return 0;
}
"""


@kernels.everywhere
def test_the_kernel_under_sanitizers(tmp_path, processor, compiler, options):
    printed = kernels.run_with_sanitizers(HARNESS, tmp_path, processor, compiler, options)
    assert printed == "all right\n"
