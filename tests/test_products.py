"""Matrix products on threads: which op runs, its numbers for any layout, and its C++ alone."""

from lenet_helpers.fast import products, rewrites

import numpy
import pytest
import theano
from hypothesis import given, settings
from hypothesis import strategies as st
from theano import tensor as T
from theano.tensor import blas

from tests.kernels import PROCESSORS, SANITIZERS, has_tiles, run_harness
from tests.test_direct_convolution import whole_numbers

rewrites.register()
THREADED = (products.ThreadedDot, products.ThreadedDotScalar, products.ThreadedGemm)
pytestmark = pytest.mark.skipif(not blas.ldflags(), reason="left out: there is no BLAS to link")


def ops(function):
    """Return the classes of a compiled function's products, threaded and Theano's own."""
    stock = (blas.Dot22, blas.Dot22Scalar, blas.Gemm)
    types = [type(node.op) for node in function.maker.fgraph.toposort()]
    return [kind for kind in types if issubclass(kind, stock)]


# --- Which op runs ---

x, y, z, a = T.fmatrix("x"), T.fmatrix("y"), T.fmatrix("z"), T.fscalar("a")
EXPRESSIONS = {
    products.ThreadedDot: T.tanh(T.dot(x, y)),
    products.ThreadedDotScalar: a * T.dot(x, y),
    products.ThreadedGemm: z - a * T.dot(x.T, y),
}


@pytest.mark.parametrize("kind", THREADED)
def test_a_threaded_op_takes_the_place_of_theanos(kind):
    function = theano.function([x, y, z, a], EXPRESSIONS[kind], on_unused_input="ignore")
    assert ops(function) == [kind]
    mode = rewrites.stock_mode()
    stock = theano.function([x, y, z, a], EXPRESSIONS[kind], mode=mode, on_unused_input="ignore")
    assert ops(stock) == [kind.__mro__[3]]
    arrays = [whole_numbers(6, 6, seed=seed) for seed in range(3)]
    assert numpy.array_equal(function(*arrays, 3), stock(*arrays, 3))


def test_other_types_stay_theanos():
    for kind in (T.dmatrix, T.imatrix):
        left, right = kind(), kind()
        function = theano.function([left, right], T.dot(left, right))
        assert not set(THREADED) & set(ops(function))


def test_without_a_blas_to_link_all_stays_theanos():
    node = blas.Dot22()(x, y).owner
    replaced = products.threaded_product.transform(None, node)
    assert isinstance(replaced[0].owner.op, products.ThreadedDot)
    for setting in ({"blas__ldflags": ""}, {"cxx": ""}):
        with theano.config.change_flags(**setting):
            assert not products.threaded_product.transform(None, node)


def test_a_learning_step_is_made_in_the_weights_own_memory():
    weights = theano.shared(whole_numbers(30, 20), borrow=True)
    before = weights.get_value(borrow=True)
    right = before - 2 * whole_numbers(7, 30, seed=1).T @ whole_numbers(7, 20, seed=2)
    update = theano.function([x, y], updates=[(weights, weights - 2 * T.dot(x.T, y))])
    (op,) = [node.op for node in update.maker.fgraph.toposort() if type(node.op) in THREADED]
    assert op.destroy_map == {0: [0]}
    update(whole_numbers(7, 30, seed=1), whole_numbers(7, 20, seed=2))
    assert weights.get_value(borrow=True) is before
    assert numpy.array_equal(before, right)


# --- The numbers ---


def reversed_in_memory(array):
    return array[::-1, ::-1].copy()[::-1, ::-1]


def inside_a_larger_one(array):
    larger = numpy.full((2 * array.shape[0] + 1, array.shape[1] + 3), numpy.nan, array.dtype)
    larger[1::2, 2:-1] = array
    return larger[1::2, 2:-1]


def with_gaps_everywhere(array):
    larger = numpy.full([3 * length + 1 for length in array.shape], numpy.nan, array.dtype)
    larger[1::3, 1::3] = array
    return larger[1::3, 1::3]


def one_row_for_all(array):
    """Not a layout of the same numbers: the first row stands in the place of every row."""
    return numpy.broadcast_to(array[:1], array.shape) if len(array) else array


LAYOUTS = [
    numpy.ascontiguousarray,
    numpy.asfortranarray,
    reversed_in_memory,
    inside_a_larger_one,
    lambda array: inside_a_larger_one(array.T).T,
    with_gaps_everywhere,
    one_row_for_all,
]


def product(left, right):
    """Return the product as sums of products in float64."""
    return (left.astype("f8")[:, :, None] * right.astype("f8")[None]).sum(axis=1)


@pytest.fixture(scope="module")
def dot():
    return theano.function([x, y], T.dot(x, y))


@pytest.fixture(scope="module")
def gemm():
    """A function of c, alpha, a, b and beta that may write into c."""
    beta = T.fscalar()
    result = products.ThreadedGemm(True)(z, a, x, y, beta)
    inputs = [theano.In(z, mutable=True), a, x, y, beta]
    return theano.function(inputs, result, accept_inplace=True)


SIDES = st.sampled_from([0, 1, 2, 3, 15, 16, 17, 40])


@settings(max_examples=300, deadline=None)
@given(rows=SIDES, depth=SIDES, columns=SIDES, layouts=st.tuples(*[st.sampled_from(LAYOUTS)] * 2))
def test_factors_of_any_shape_and_layout(dot, rows, depth, columns, layouts):
    left = layouts[0](whole_numbers(rows, depth))
    right = layouts[1](whole_numbers(depth, columns, seed=1))
    found = dot(left, right)
    assert found.dtype == "float32"
    assert numpy.array_equal(found, product(left, right))


@settings(max_examples=300, deadline=None)
@given(
    rows=SIDES,
    depth=SIDES,
    columns=SIDES,
    layouts=st.tuples(*[st.sampled_from(LAYOUTS[:-1])] * 3),
    alpha=st.integers(-2, 2),
    beta=st.integers(-2, 2),
)
def test_sums_of_any_shape_and_layout(gemm, rows, depth, columns, layouts, alpha, beta):
    c = layouts[0](whole_numbers(rows, columns, seed=2))
    left = layouts[1](whole_numbers(rows, depth))
    right = layouts[2](whole_numbers(depth, columns, seed=1))
    wanted = beta * c.astype("f8") + alpha * product(left, right)
    assert numpy.array_equal(gemm(c, alpha, left, right, beta), wanted)


def test_a_sum_that_may_not_overwrite_leaves_its_input():
    add = theano.function([x, y, z], z + T.dot(x, y))
    assert ops(add) == [products.ThreadedGemm]
    arrays = [whole_numbers(9, 9, seed=seed) for seed in range(3)]
    before = [array.copy() for array in arrays]
    first = add(*arrays)
    second = add(arrays[2], arrays[0], arrays[1])
    assert all(map(numpy.array_equal, arrays, before))
    assert numpy.array_equal(first, arrays[2] + product(*arrays[:2]))
    assert numpy.array_equal(second, arrays[1] + product(arrays[2], arrays[0]))


def test_a_result_is_not_overwritten_by_the_next_call(dot):
    pairs = [(whole_numbers(5, 6, seed=n), whole_numbers(6, 7, seed=n + 9)) for n in range(3)]
    results = [dot(*pair) for pair in pairs]
    for pair, found in zip(pairs, results, strict=True):
        assert numpy.array_equal(found, product(*pair))


def test_vectors_and_constants():
    vector = T.fvector()
    column = theano.function([x, vector], T.dot(x, vector.dimshuffle(0, "x")))
    row = theano.function([vector, x], T.dot(vector.dimshuffle("x", 0), x))
    matrix, numbers = whole_numbers(5, 5), whole_numbers(5, seed=1)
    assert numpy.array_equal(column(matrix, numbers), product(matrix, numbers[:, None]))
    assert numpy.array_equal(row(numbers, matrix), product(numbers[None], matrix))


@pytest.mark.parametrize("shapes", [((3, 4), (5, 6)), ((3, 0), (1, 6)), ((1, 4), (1, 4))])
def test_shapes_that_do_not_fit_are_refused_and_the_next_call_works(dot, gemm, shapes):
    left, right = (whole_numbers(*shape) for shape in shapes)
    with pytest.raises(ValueError, match="Shape mismatch"):
        dot(left, right)
    with pytest.raises(ValueError, match="Shape mismatch"):
        gemm(whole_numbers(2, 2), 1, whole_numbers(3, 2), whole_numbers(2, 2), 1)
    assert numpy.array_equal(dot(left, left.T), product(left, left.T))


def test_a_large_product_is_as_exact_as_float32s(dot):
    random = numpy.random.RandomState(0)
    left, right = (
        (random.randn(300, 300) * numpy.exp(3 * random.randn(300, 300))).astype("float32")
        for _ in range(2)
    )
    exact, sizes = product(left, right), product(abs(left), abs(right))
    errors = [(abs(found - exact) / sizes).max() for found in (dot(left, right), left @ right)]
    assert 0 < errors[0] <= 1.5 * errors[1]


def test_nan_and_infinity_stay_in_their_rows_and_columns(dot):
    left, right = whole_numbers(300, 290), whole_numbers(290, 310, seed=1)
    left[7, 289], left[40, 33], right[5, 309] = numpy.nan, numpy.inf, -numpy.nan
    # NumPy makes NaN of bytes that are all ones, too.
    left[11:12, 3].view("uint32")[:] = 0xFFFFFFFF
    not_finite = ~numpy.isfinite(dot(left, right))
    wanted = numpy.zeros((300, 310), bool)
    wanted[[7, 11, 40]] = wanted[:, 309] = True
    assert numpy.array_equal(not_finite, wanted)


# --- Threads ---

LARGE = """
import lenet_helpers
import hashlib
from lenet_helpers.fast import rewrites
import numpy, theano
from theano import tensor as T
from tests.test_products import product
rewrites.register()
x, y, z = T.fmatrices(3)
results = T.dot(x, y), T.dot(y.T, x.T), z + T.dot(x, y)
functions = [theano.function([x, y, z], part, on_unused_input="ignore") for part in results]
random = numpy.random.RandomState(0)
hashes = []
for rows, depth, columns in [(301, 300, 310), (17, 900, 1401), (2003, 1100, 10)]:
    shapes = (rows, depth), (depth, columns), (rows, columns)
    arrays = [random.randn(*shape).astype("float32") for shape in shapes]
    sums = arrays[0].astype("f8") @ arrays[1]
    for function, right in zip(functions, [sums, sums.T, sums + arrays[2]]):
        found = function(*arrays)
        numpy.testing.assert_allclose(found, right, atol=3e-5 * depth ** 0.5, rtol=0)
        assert all((function(*arrays) == found).all() for _ in range(3))
        hashes.append(hashlib.sha256(found.tobytes()).hexdigest())
print(*hashes)
"""


@pytest.mark.parametrize(("threads", "blas_threads"), ["11", "21", "22", "51"])
def test_large_products_on_several_threads(run_python, threads, blas_threads):
    variables = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": blas_threads}
    runs = [run_python(LARGE, **variables) for _ in range(2)]
    assert [done.returncode for done in runs] == [0, 0], runs[0].stderr
    assert runs[0].stdout == runs[1].stdout


def test_blas_keeps_its_own_number_of_threads(run_python):
    code = LARGE + (
        "from threadpoolctl import threadpool_info\n"
        "print({i['num_threads'] for i in threadpool_info() if 'scipy' in i['filepath']})\n"
    )
    done = run_python(code, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "{2}"


# --- The kernel alone: other compilers, without OpenMP, under sanitizers ---

# A sgemm in plain loops that is as strict as the reference, and arrays of just their size.
HARNESS = r"""
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <algorithm>
#include <vector>
typedef long npy_intp;
typedef int npy_int32;
typedef unsigned npy_uint32;
typedef unsigned short npy_uint16;
#include "lanes.h"
#include "threads.h"
#include "team.h"
#include "parts.h"
#include "matrix.h"
#include "transpose.h"
#include "tiles.h"
#include "products_tiles.cpp"
#include "products.cpp"

int calls = 0;

void sgemm_(char* order_a, char* order_b, const int* m, const int* n, const int* k,
            const float* alpha, const float* a, const int* step_a, const float* b,
            const int* step_b, const float* beta, float* c, const int* step_c) {
#pragma omp atomic
    calls++;
    const bool turn_a = *order_a == 'T', turn_b = *order_b == 'T';
    if (*step_a < std::max(1, turn_a ? *k : *m) || *step_b < std::max(1, turn_b ? *n : *k) ||
        *step_c < std::max(1, *m) || *m < 1 || *n < 1)
        printf("BLAS would refuse\n");
    for (long j = 0; j < *n; j++)
        for (long i = 0; i < *m; i++) {
            float sum = 0;
            for (long l = 0; l < *k; l++)
                sum += a[turn_a ? l + i * *step_a : i + l * *step_a] *
                       b[turn_b ? j + l * *step_b : l + j * *step_b];
            float& cell = c[i + j * *step_c];
            cell = *alpha * sum + (*beta == 0 ? 0 : *beta * cell);
        }
}

// Whole numbers in memory of just the size, by rows or by columns, with a gap between these.
struct Owner {
    std::vector<float> memory;
    Matrix matrix;
    Owner(npy_intp rows, npy_intp columns, bool by_rows, npy_intp gap, int seed) {
        const npy_intp lines = by_rows ? rows : columns, length = by_rows ? columns : rows;
        const npy_intp step = length + gap;
        memory.resize(lines && length ? (lines - 1) * step + length : 0);
        for (float& number : memory) number = (seed = seed * 1103515245u + 12345) / 65536 % 4;
        matrix = {memory.data(), rows, columns, by_rows ? step : 1, by_rows ? 1 : step};
        matrix = with_sound_steps(matrix);
    }
    float& at(npy_intp i, npy_intp j) {
        return matrix.data[i * matrix.row_step + j * matrix.column_step];
    }
};

typedef void Way(float, const Matrix&, const Matrix&, float, const Matrix&);

bool is_right(Way way, npy_intp rows, npy_intp depth, npy_intp columns, int layout, float beta) {
    Owner a(rows, depth, layout & 1, layout >> 3 & 3, 1), b(depth, columns, layout & 2, 0, 2);
    Owner c(rows, columns, layout & 4, layout >> 3 & 1, 3);
    Owner before = c;
    before.matrix.data = before.memory.data();
    if (!a.matrix.has_whole_lines() || !b.matrix.has_whole_lines() || !c.matrix.has_whole_lines())
        return false;
    if (c.matrix.has_whole_rows())
        way(2, a.matrix, b.matrix, beta, c.matrix);
    else
        way(2, b.matrix.transposed(), a.matrix.transposed(), beta, c.matrix.transposed());
    for (npy_intp i = 0; i < rows; i++)
        for (npy_intp j = 0; j < columns; j++) {
            float sum = 0;
            for (npy_intp l = 0; l < depth; l++) sum += a.at(i, l) * b.at(l, j);
            if (c.at(i, j) != 2 * sum + beta * before.at(i, j)) return false;
        }
    return true;
}

int count_wrong(Way way) {
    const npy_intp sides[] = {0, 1, 2, 17, 40};
    int wrong = 0;
    for (int layout = 0; layout < 32; layout++) {
        for (npy_intp rows : sides)
            for (npy_intp depth : sides)
                for (npy_intp columns : sides)
                    if (rows && columns)
                        wrong += !is_right(way, rows, depth, columns, layout, 1);
        if (layout % 5 == 0) wrong += !is_right(way, 301, 200, 340, layout, 0);
        if (layout % 7 == 0) wrong += !is_right(way, 5000, 300, 15, layout, -1);
        if (layout % 9 == 0) wrong += !is_right(way, 20, 5000, 30, layout, 1);
    }
    return wrong;
}

int main() {
    int wrong = count_wrong(multiply), panels_in_tiles = 0;
    for (int layout = 0; layout < 32; layout++)
        for (npy_intp side : {0, 3}) {
            wrong += !is_right(multiply, side, 3, 0, layout, 1);
            wrong += !is_right(multiply, 0, 3, side, layout, 1);
        }
#ifdef HAS_TILES
    if (tiles_are_there()) wrong += count_wrong(multiply_in_tiles), panels_in_tiles = 1;
#endif
    calls = 0;
    is_right(multiply, 301, 200, 340, 7, 0);
    printf("%d wrong, %d panels by BLAS, tiles: %d\n", wrong, calls, panels_in_tiles);
    return 0;
}
"""
SANITIZED = ["-O1", *SANITIZERS]


@pytest.mark.parametrize(
    "options", [["-fopenmp"], ["-Wno-unknown-pragmas"], [*SANITIZED, "-fopenmp"]], ids=str
)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("processor", PROCESSORS)
def test_the_kernel_alone(compiler, processor, tmp_path, options):
    options = [f"-march={processor}", *options]
    printed = run_harness(HARNESS, tmp_path, compiler, *options, OMP_NUM_THREADS="3")
    tiles = has_tiles(compiler, processor)
    panels = 0 if tiles else 3 if "-fopenmp" in options else 1
    assert printed == f"0 wrong, {panels} panels by BLAS, tiles: {tiles:d}\n"


# Every request for memory fails while the flag is set.
SHORT_OF_MEMORY = (
    HARNESS.replace("int main() {", "int count_all() {")
    + r"""
#include <stdlib.h>
#include <new>

bool memory_is_short = false;

void* operator new(size_t size) {
    if (memory_is_short) throw std::bad_alloc();
    return malloc(size);
}
void operator delete(void* memory) noexcept { free(memory); }

int main() {
    Owner a(301, 200, true, 0, 1), b(200, 340, true, 0, 2), c(301, 340, true, 0, 3);
    memory_is_short = true;
    try {
        multiply(1, a.matrix, b.matrix, 0, c.matrix);
    } catch (const std::bad_alloc&) {
        printf("told\n");
    }
    memory_is_short = false;
    return count_all();
}
"""
)


@pytest.mark.parametrize("options", [["-fopenmp"], ["-Wno-unknown-pragmas"]], ids=str)
def test_a_product_in_tiles_that_finds_no_memory_says_so(tmp_path, options):
    if not has_tiles("g++", "x86-64-v4"):
        pytest.skip("left out: products in tiles need AMX")
    options = ["-O2", "-march=x86-64-v4", *options]
    printed = run_harness(SHORT_OF_MEMORY, tmp_path, "g++", *options, OMP_NUM_THREADS="3")
    # And the products after that are right.
    assert printed == "told\n0 wrong, 0 panels by BLAS, tiles: 1\n"


TEAM_HARNESS = r"""
#include <stdio.h>
#include <algorithm>
typedef long npy_intp;
#include "threads.h"
#include "team.h"

int main() {
    Team team;
    // Whether each loop gained something by its threads, if it had several.
    const bool gains[] = {true, false, false, true, false, true};
    for (bool gained : gains) {
        int alone = 0;
        while (team.size() == 1) alone++;
        printf("%d ", alone);
        team.took(gained ? 1 : 2, 1.5);
    }
    for (int n = 0; n < 12; n++) {
        while (team.size() == 1) continue;
        team.took(1, 1);
    }
    int alone = 0;
    while (team.size() == 1) alone++;
    printf("%d %d\n", alone, team.size());
    return 0;
}
"""


def test_loops_that_gain_nothing_by_threads_get_one_for_a_while(tmp_path):
    # Twice as many each time, up to 512, and from 1 on again after a loop that gained.
    printed = run_harness(TEAM_HARNESS, tmp_path, "g++", "-fopenmp", OMP_NUM_THREADS="3")
    assert printed == "0 0 1 2 0 1 512 3\n"
