"""LeNet's layer as one op, and its gradient as another: numbers, threads, sanitizers."""

from lenet_helpers.fast import conv_pool
from lenet_helpers.fast.rewrites import stock_mode

import numpy
import pytest
import theano
from hypothesis import given, settings
from hypothesis import strategies as st
from theano import tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal.pool import pool_2d

from tests import kernels, oracles

ACTIVATIONS = {
    "none": lambda sums: sums,
    "tanh": T.tanh,
    "sigmoid": T.nnet.sigmoid,
    "relu": T.nnet.relu,
}
DIFFERENTIABLE = ("none", "tanh", "sigmoid")
# One image and many, one pixel and odd sizes, filters as large as the image, one channel and many.
SHAPES = {
    "seed": st.integers(0, 10_000),
    "counts": st.tuples(st.integers(1, 40), st.integers(1, 22), st.integers(1, 12)),
    "sides": st.tuples(st.integers(1, 13), st.integers(1, 13)),
    "filter_sides": st.tuples(st.integers(1, 7), st.integers(1, 7)),
    "poolsize": st.tuples(st.integers(1, 16), st.integers(1, 16)).filter(
        lambda size: size[0] * size[1] <= conv_pool.MOST_POOLED
    ),
    "ignore_border": st.booleans(),
}


class Case:
    """Random arrays whose sums float32 holds exactly, so that ties are ties for everyone."""

    def __init__(self, seed, counts, sides, filter_sides, poolsize, ignore_border):
        batch, channels, n_filters = counts
        random = numpy.random.RandomState(seed)
        filter_sides = [min(pair) for pair in zip(filter_sides, sides, strict=True)]
        conv_sides = [a - b + 1 for a, b in zip(sides, filter_sides, strict=True)]
        # With the border ignored, a window larger than the map leaves nothing.
        self.poolsize = tuple(min(pair) for pair in zip(poolsize, conv_sides, strict=True))
        self.ignore_border = ignore_border
        self.images = random.randint(-3, 4, (batch, channels, *sides)).astype("float32")
        filters = random.randint(-3, 4, (n_filters, channels, *filter_sides))
        # Sums near 0, where tanh is not flat: 1 - y * y would lose its digits in any float32.
        self.filters = (filters / 256).astype("float32")
        self.bias = (random.randint(-9, 10, n_filters) / 16).astype("float32")
        self.gradient_seed = seed + 1

    def gradients(self, shape):
        """Random, but mostly positive: a sum of both signs could be 0 but for rounding."""
        random = numpy.random.RandomState(self.gradient_seed)
        return (1 + random.randn(*shape)).astype("float32")


@pytest.fixture(scope="module")
def stock():
    """Stock Theano in float64: a function from a case to maps and the three gradients."""
    images, filters = T.dtensor4(), T.dtensor4()
    bias, gradients, poolsize = T.dvector(), T.dtensor4(), T.lvector()
    functions = {}

    def compute(case, activation, with_gradients=True):
        key = activation, case.ignore_border, with_gradients
        if key not in functions:
            convolved = conv2d(images, filters, filter_flip=False)
            pooled = pool_2d(convolved, ws=poolsize, ignore_border=case.ignore_border)
            maps = ACTIVATIONS[activation](pooled + bias.dimshuffle("x", 0, "x", "x"))
            inputs, wanted = [images, filters, bias, poolsize], [maps]
            if with_gradients:
                inputs.append(gradients)
                wanted += T.grad(None, [filters, bias, images], known_grads={maps: gradients})
            functions[key] = theano.function(inputs, wanted, mode=stock_mode())
        arrays = [case.images, case.filters, case.bias, numpy.array(case.poolsize)]
        if with_gradients:
            shape = functions[activation, case.ignore_border, False](*arrays)[0].shape
            arrays.append(case.gradients(shape))
        return functions[key](*arrays)

    def both(case, activation, with_gradients=True):
        maps = compute(case, activation, with_gradients=False)
        return compute(case, activation) if with_gradients else maps

    return both


@pytest.fixture(scope="module")
def ours():
    """Our ops: a function from a case to maps, winners and the gradients."""
    images, filters, gradients = T.ftensor4(), T.ftensor4(), T.ftensor4()
    bias = T.fvector()
    functions = {}

    def compute(case, activation, of_images=True):
        key = activation, case.poolsize, case.ignore_border, of_images
        window = case.poolsize, case.ignore_border, activation
        if key not in functions:
            maps, winners = conv_pool.ConvPool(*window)(images, filters, bias)
            forward = theano.function([images, filters, bias], [maps, winners])
            op = conv_pool.ConvPoolGradient(*window, of_images)
            maps, winners = maps.type(), winners.type()
            inputs = [images, filters, maps, winners, gradients]
            functions[key] = forward, theano.function(inputs, op(*inputs))
        forward, backward = functions[key]
        maps, winners = forward(case.images, case.filters, case.bias)
        given = case.gradients(maps.shape)
        return maps, winners, *backward(case.images, case.filters, maps, winners, given)

    return compute


def relative_error(found, wanted):
    """Return the largest difference as a part of the largest number that was wanted."""
    assert found.shape == wanted.shape
    largest = abs(wanted).max(initial=0)
    return abs(found - wanted).max(initial=0) / (largest or 1)


# --- The numbers ---


@pytest.mark.parametrize("activation", DIFFERENTIABLE)
@settings(max_examples=80, deadline=None)
@given(**SHAPES)
def test_maps_and_gradients_are_those_of_stock_theano(stock, ours, activation, **shapes):
    case = Case(**shapes)
    wanted = stock(case, activation)
    maps, _, of_filters, of_bias, of_images = ours(case, activation)
    for found, right in zip([maps, of_filters, of_bias, of_images], wanted, strict=True):
        assert found.dtype == "float32"
        assert relative_error(found, right) < 1e-5


@settings(max_examples=60, deadline=None)
@given(**SHAPES)
def test_without_the_images_gradient_the_others_are_the_same(stock, ours, **shapes):
    case = Case(**shapes)
    _, of_filters, of_bias, _ = stock(case, "tanh")
    found = ours(case, "tanh", of_images=False)
    assert len(found) == 4
    assert relative_error(found[2], of_filters) < 1e-5
    assert relative_error(found[3], of_bias) < 1e-5


@settings(max_examples=60, deadline=None)
@given(**SHAPES)
def test_winners_are_all_the_cells_that_hold_the_maximum(ours, **shapes):
    case = Case(**shapes)
    maps, winners, *_ = ours(case, "none")
    convolved = oracles.convolve(case.images, case.filters, filter_flip=False)
    pooled = oracles.pool(convolved, case.poolsize, case.ignore_border)
    assert numpy.array_equal(maps, (pooled + case.bias.reshape(-1, 1, 1)).astype("float32"))
    rows, columns = case.poolsize
    for *image_and_map, i, j in numpy.ndindex(winners.shape):
        window = convolved[tuple(image_and_map)][
            i * rows : (i + 1) * rows, j * columns : (j + 1) * columns
        ]
        cells = numpy.argwhere(window == pooled[(*image_and_map, i, j)])
        assert winners[(*image_and_map, i, j)] == sum(1 << (a * columns + e) for a, e in cells)


def test_a_relu_is_theanos(stock):
    images, filters, bias = T.ftensor4(), T.ftensor4(), T.fvector()
    for ignore_border in (True, False):
        case = Case(3, (20, 2, 6), (9, 8), (3, 2), (2, 3), ignore_border)
        op = conv_pool.ConvPool(case.poolsize, ignore_border, "relu", winners=False)
        function = theano.function([images, filters, bias], op(images, filters, bias))
        found = function(case.images, case.filters, case.bias)
        (wanted,) = stock(case, "relu", with_gradients=False)
        assert relative_error(found, wanted) < 1e-6
        assert found.min() == 0 < found.max()


def test_all_cells_equal_get_the_gradient_all(ours):
    case = Case(0, (17, 1, 3), (6, 6), (3, 3), (2, 2), True)
    case.images[:] = 1
    _, winners, *_, of_images = ours(case, "none")
    assert (winners == 0b1111).all()
    assert abs(of_images).min() > 0


def test_nan_stays_where_a_filter_saw_it(ours):
    case = Case(1, (20, 2, 3), (8, 8), (3, 3), (2, 2), True)
    case.images[3, 0, 0, 0] = numpy.nan
    maps, *_ = ours(case, "tanh")
    assert set(map(tuple, numpy.argwhere(numpy.isnan(maps)))) == {(3, k, 0, 0) for k in range(3)}


def test_large_images_are_worked_on_in_bands(stock, ours):
    case = Case(2, (3, 5, 4), (150, 131), (5, 4), (3, 2), False)
    wanted = stock(case, "tanh")
    found = ours(case, "tanh")
    for one, right in zip([found[0], *found[2:]], wanted, strict=True):
        assert relative_error(one, right) < 1e-5
    without_images = ours(Case(2, (3, 3, 4), (150, 131), (5, 4), (3, 2), False), "tanh", False)
    wanted = stock(Case(2, (3, 3, 4), (150, 131), (5, 4), (3, 2), False), "tanh")
    assert relative_error(without_images[2], wanted[1]) < 1e-5


def test_no_images_and_no_filters(ours):
    for counts in [(0, 2, 3), (2, 2, 0), (2, 0, 3)]:
        case = Case(1, (1, 1, 1), (6, 6), (3, 3), (2, 2), True)
        case.images = numpy.zeros((counts[0], counts[1], 6, 6), "float32")
        case.filters = numpy.zeros((counts[2], counts[1], 3, 3), "float32")
        case.bias = numpy.ones(counts[2], "float32")
        maps, _, of_filters, of_bias, of_images = ours(case, "none")
        assert maps.shape == (counts[0], counts[2], 2, 2)
        assert (maps == 1).all()
        assert of_filters.tolist() == numpy.zeros_like(case.filters).tolist()
        assert of_images.tolist() == numpy.zeros_like(case.images).tolist()
        assert of_bias == pytest.approx(case.gradients(maps.shape).sum((0, 2, 3)), abs=1e-5)


def test_inputs_may_be_views(ours):
    case = Case(5, (20, 6, 8), (9, 8), (4, 3), (2, 2), True)
    contiguous = ours(case, "tanh")
    case.images = case.images.transpose(3, 2, 1, 0).copy().transpose(3, 2, 1, 0)
    case.filters = case.filters[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]
    assert not case.images.flags.c_contiguous
    assert not case.filters.flags.c_contiguous
    for one, other in zip(contiguous, ours(case, "tanh"), strict=True):
        assert numpy.array_equal(one, other)


@pytest.mark.parametrize(
    ("images", "filters", "bias", "window", "said"),
    [
        ((2, 3, 6, 6), (4, 2, 3, 3), 4, (2, 2), "have 3 input maps, but .* made for 2"),
        ((2, 3, 6, 6), (4, 3, 3, 3), 5, (2, 2), "has 5 numbers, but there are 4 filters"),
        ((2, 3, 6, 6), (4, 3, 7, 3), 4, (2, 2), "7 x 3 pixels .* images of 6 x 6"),
        ((2, 3, 6, 6), (4, 3, 3, 3), 4, (5, 1), "windows of 5 x 1 do not fit"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, filters, bias, window, said):
    variables = T.ftensor4(), T.ftensor4(), T.fvector()
    function = theano.function(variables, conv_pool.ConvPool(window, True, "tanh")(*variables))
    with pytest.raises(ValueError, match=said):
        function(*(numpy.zeros(shape, "float32") for shape in (images, filters, bias)))


def test_arrays_of_other_types_are_refused():
    right = [T.ftensor4(), T.ftensor4(), T.ftensor4(), T.tensor4(dtype="uint16"), T.ftensor4()]
    wrong = [T.dtensor4(), T.dtensor4(), T.dtensor4(), T.tensor4(dtype="uint8"), T.ftensor3()]
    op = conv_pool.ConvPoolGradient((2, 2), True, "tanh", True)
    op(*right)
    for number, variable in enumerate(wrong):
        with pytest.raises(TypeError, match="is needed"):
            op(*right[:number], variable, *right[number + 1 :])
    with pytest.raises(TypeError, match=r"float64.* float32 with 4 axes"):
        conv_pool.ConvPool((2, 2), True, "tanh")(T.dtensor4(), T.ftensor4(), T.fvector())
    with pytest.raises(ValueError, match="relu"):
        conv_pool.ConvPoolGradient((2, 2), True, "relu", True)


def test_shapes_are_known_without_computing():
    images, filters, bias = T.ftensor4(), T.ftensor4(), T.fvector()
    for ignore_border in (True, False):
        maps, winners = conv_pool.ConvPool((2, 3), ignore_border, "tanh")(images, filters, bias)
        wanted = [maps.shape, winners.shape]
        inputs = [images, filters, bias]
        function = theano.function(inputs, wanted, on_unused_input="ignore")
        assert not [node for node in function.maker.fgraph.toposort() if "Pool" in str(node.op)]
        shapes = function(
            numpy.zeros((7, 2, 10, 11), "f"), numpy.zeros((5, 2, 4, 3), "f"), numpy.zeros(5, "f")
        )
        wanted = (7, 5, 3, 3) if ignore_border else (7, 5, 4, 3)
        assert [tuple(shape) for shape in shapes] == [wanted] * 2


# --- Repeatable ---

ON_THREADS = """
import hashlib
import lenet_helpers
import numpy
import theano
from theano import tensor as T
from lenet_helpers.fast.conv_pool import ConvPool, ConvPoolGradient

window = (2, 2), True, "tanh"
images, filters, bias, gradients = T.ftensor4(), T.ftensor4(), T.fvector(), T.ftensor4()
maps, winners = ConvPool(*window)(images, filters, bias)
results = [maps]
for of_images in (True, False):
    results += ConvPoolGradient(*window, of_images)(images, filters, maps, winners, gradients)
function = theano.function([images, filters, bias, gradients], results)
for shape in [(150, 1, 28, 28), (150, 20, 12, 12)]:
    random = numpy.random.RandomState(0)
    side = (shape[2] - 4) // 2
    arrays = [random.randn(*s).astype("f")
              for s in [shape, (20, shape[1], 5, 5), (20,), (150, 20, side, side)]]
    for _ in range(3):
        bits = b"".join(result.tobytes() for result in function(*arrays))
        print(hashlib.sha256(bits).hexdigest())
"""


def test_results_are_the_same_bits_on_any_number_of_threads(run_python):
    outputs = set()
    for threads in ("1", "2", "3", "7"):
        done = run_python(ON_THREADS, OMP_NUM_THREADS=threads)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    (output,) = outputs
    first, second = output.split()[:3], output.split()[3:]
    assert len(set(first)) == len(set(second)) == 1


# --- The kernels alone, under sanitizers, for several processors, by both compilers ---

KERNELS = r"""
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <algorithm>
#include <random>
#include <vector>
typedef long npy_intp;
typedef int npy_int32;
typedef unsigned npy_uint32;
typedef unsigned short npy_uint16;
#include "lanes.h"
#include "threads.h"
#include "parts.h"
#include "transpose.h"
#include "activations.h"
#include "conv_pool.h"
#include "tiles.h"
#include "conv_pool_forward.cpp"
#include "conv_pool_forward_tiles.cpp"
#include "conv_pool_gradient_dense.cpp"
#include "conv_pool_gradient_sparse.cpp"

typedef std::vector<float> Numbers;
typedef void Forward(const Layer&, const float*, const float*, const float*, float*, npy_uint16*);

// All ways that this processor has.
template <bool WITH_WINNERS>
std::vector<Forward*> ways_forward() {
    std::vector<Forward*> ways = {forward_in_lanes<NoActivation, WITH_WINNERS>};
#ifdef HAS_TILES
    if (tiles_are_there()) ways.push_back(forward_in_tiles<NoActivation, WITH_WINNERS>);
#endif
    return ways;
}

// Calls work(pixel, tap) for each pixel that a filter sees from one cell.
template <class Work>
void visit(const Layer& g, npy_intp b, npy_intp k, npy_intp y, npy_intp x, Work work) {
    for (npy_intp c = 0; c < g.channels; c++)
        for (npy_intp u = 0; u < g.filter_rows; u++)
            for (npy_intp v = 0; v < g.filter_columns; v++)
                work(((b * g.channels + c) * g.rows + y + u) * g.columns + x + v,
                     ((k * g.channels + c) * g.filter_rows + u) * g.filter_columns + v);
}

std::mt19937 generator(1);
"""
# Arrays lie in memory of just their size, so that one number too far is noticed.
HARNESS = (
    KERNELS
    + r"""
npy_intp draw(npy_intp low, npy_intp high) {
    return low + npy_intp(generator() % (unsigned long)(high - low + 1));
}

// Whole numbers: their sums are exact in any order, and ties are common.
Numbers whole_numbers(npy_intp size) {
    Numbers numbers(size);
    for (float& number : numbers) number = draw(-2, 2);
    return numbers;
}

// The definition, number by number. The gradient goes to every cell that holds the maximum.
struct Loops {
    Numbers maps, of_filters, of_bias, of_images;
    std::vector<npy_uint16> winners;

    Loops(const Layer& g, const Numbers& images, const Numbers& filters, const Numbers& bias,
          const Numbers& gradients)
        : of_filters(filters.size()), of_bias(bias.size()), of_images(images.size()) {
        for (npy_intp b = 0; b < g.batch; b++)
            for (npy_intp k = 0; k < g.filters; k++)
                for (npy_intp i = 0; i < g.out_rows; i++)
                    for (npy_intp j = 0; j < g.out_columns; j++)
                        add_window(g, images, filters, bias[k], gradients, b, k, i, j);
    }

    void add_window(const Layer& g, const Numbers& images, const Numbers& filters, float bias,
                    const Numbers& gradients, npy_intp b, npy_intp k, npy_intp i, npy_intp j) {
        float sums[MOST_POOLED], most = -1e9f;
        for (npy_intp cell = 0; cell < g.pool_rows * g.pool_columns; cell++) {
            const npy_intp y = i * g.pool_rows + cell / g.pool_columns;
            const npy_intp x = j * g.pool_columns + cell % g.pool_columns;
            sums[cell] = -1e9f;
            if (y > g.rows - g.filter_rows || x > g.columns - g.filter_columns) continue;
            sums[cell] = 0;
            visit(g, b, k, y, x, [&](npy_intp pixel, npy_intp tap) {
                sums[cell] += images[pixel] * filters[tap];
            });
            most = std::max(most, sums[cell]);
        }
        const float gradient = gradients[maps.size()];
        npy_uint16 winner = 0;
        for (npy_intp cell = 0; cell < g.pool_rows * g.pool_columns; cell++)
            if (sums[cell] == most) {
                winner |= 1 << cell;
                visit(g, b, k, i * g.pool_rows + cell / g.pool_columns,
                      j * g.pool_columns + cell % g.pool_columns,
                      [&](npy_intp pixel, npy_intp tap) {
                          of_filters[tap] += gradient * images[pixel];
                          of_images[pixel] += gradient * filters[tap];
                      });
            }
        of_bias[k] += gradient;
        maps.push_back(most + bias);
        winners.push_back(winner);
    }
};

bool is_right(const Layer& g) {
    const Numbers images = whole_numbers(g.batch * g.image_size());
    const Numbers filters = whole_numbers(g.filters * g.filter_size());
    const Numbers bias = whole_numbers(g.filters);
    const npy_intp size = g.batch * g.filters * g.map_size();
    const Numbers gradients = whole_numbers(size);
    const Loops loops(g, images, filters, bias, gradients);
    Numbers maps(size), of_filters(filters.size()), of_bias(bias.size());
    Numbers of_images(images.size());
    std::vector<npy_uint16> winners(size);
    for (Forward* forward : ways_forward<false>()) {
        maps.assign(size, 1e9f);
        forward(g, images.data(), filters.data(), bias.data(), maps.data(), nullptr);
        if (maps != loops.maps) return false;
    }
    for (Forward* forward : ways_forward<true>()) {
        maps.assign(size, 1e9f), winners.assign(size, 0);
        forward(g, images.data(), filters.data(), bias.data(), maps.data(), winners.data());
        if (maps != loops.maps || winners != loops.winners) return false;
    }
    for (int way = 0; way < 3; way++) {
        std::fill(of_filters.begin(), of_filters.end(), 1e9f);
        if (way == 0)
            conv_pool_gradient_dense<NoActivation>(g, images.data(), maps.data(), winners.data(),
                                                   gradients.data(), of_filters.data(),
                                                   of_bias.data());
        else
            conv_pool_gradient_sparse<NoActivation>(
                g, images.data(), filters.data(), maps.data(), winners.data(), gradients.data(),
                of_filters.data(), of_bias.data(), way == 1 ? nullptr : of_images.data());
        if (of_filters != loops.of_filters || of_bias != loops.of_bias) return false;
    }
    return of_images == loops.of_images;
}

int main() {
    for (int n = 0; n < 300; n++) {
        Layer g = {};
        g.batch = draw(1, 20), g.channels = draw(1, n % 5 ? 5 : 37);
        g.filters = draw(1, n % 6 ? 7 : 70);
        g.rows = draw(1, 10), g.columns = draw(1, n % 7 ? 10 : 40);
        g.filter_rows = draw(1, std::min<npy_intp>(g.rows, 6));
        g.filter_columns = draw(1, std::min<npy_intp>(g.columns, 12));
        g.pool_rows = draw(1, 5), g.pool_columns = draw(1, 5), g.ignore_border = draw(0, 1);
        if (g.complete() && !is_right(g)) {
            printf("wrong: %ld images of %ld x %ld x %ld, %ld filters of %ld x %ld, windows of "
                   "%ld x %ld, border %d\n", g.batch, g.channels, g.rows, g.columns, g.filters,
                   g.filter_rows, g.filter_columns, g.pool_rows, g.pool_columns, g.ignore_border);
            return 1;
        }
    }
    printf("all right\n");
    return 0;
}
"""
)


@kernels.everywhere
def test_the_kernels_under_sanitizers(tmp_path, processor, compiler, options):
    printed = kernels.run_with_sanitizers(HARNESS, tmp_path, processor, compiler, options)
    assert printed == "all right\n"


# Numbers of any size, and sums that cancel out. One cell for each window, so that maps are sums.
EXACTNESS = (
    KERNELS
    + r"""
int main() {
    Layer g = {};
    g.batch = 20, g.channels = 19, g.filters = 45, g.rows = 9, g.columns = 11;
    g.filter_rows = 4, g.filter_columns = 5, g.pool_rows = g.pool_columns = 1;
    g.complete();
    std::normal_distribution<double> normal;
    Numbers images(g.batch * g.image_size()), filters(g.filters * g.filter_size());
    for (float& x : images) x = normal(generator) * exp(3 * normal(generator));
    for (float& x : filters) x = normal(generator) * exp(3 * normal(generator));
    const Numbers bias(g.filters);
    Numbers maps(g.batch * g.filters * g.map_size());
    for (Forward* forward : ways_forward<false>()) {
        forward(g, images.data(), filters.data(), bias.data(), maps.data(), nullptr);
        const float* map = maps.data();
        double worst = 0;
        for (npy_intp b = 0; b < g.batch; b++)
            for (npy_intp k = 0; k < g.filters; k++)
                for (npy_intp y = 0; y < g.out_rows; y++)
                    for (npy_intp x = 0; x < g.out_columns; x++) {
                        double sum = 0, sizes = 0;
                        visit(g, b, k, y, x, [&](npy_intp pixel, npy_intp tap) {
                            const double product = (double)images[pixel] * filters[tap];
                            sum += product, sizes += fabs(product);
                        });
                        worst = std::max(worst, fabs(*map++ - sum) / sizes);
                    }
        printf("%g\n", worst);
    }
    return 0;
}
"""
)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("processor", kernels.PROCESSORS)
def test_every_way_forward_is_as_exact_as_float32(tmp_path, compiler, processor):
    options = ["-O2", f"-march={processor}", "-Wno-unknown-pragmas"]
    printed = kernels.run_harness(EXACTNESS, tmp_path, compiler, *options)
    errors = [float(line) for line in printed.split()]
    # The first is that of float32's vectors. Each of 380 products and sums may lose half a digit.
    assert 0 < max(errors) <= errors[0] < 2 * 380 * 2.0**-24
    assert len(errors) == 1 + kernels.has_tiles(compiler, processor)


def test_nan_stays_where_a_filter_saw_it_in_layer_1(ours):
    case = Case(1, (20, 19, 45), (9, 11), (4, 5), (2, 2), True)
    case.images[3, 18, 0, 5] = numpy.nan
    maps, *_ = ours(case, "tanh")
    # A window keeps NaN in its first cell only: here the second window and the third.
    seen = {(3, k, 0, j) for k in range(45) for j in (1, 2)}
    assert set(map(tuple, numpy.argwhere(numpy.isnan(maps)))) == seen
