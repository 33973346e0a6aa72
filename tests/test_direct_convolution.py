"""The course's own Theano op: its types, its borders, its memory, and its C++ under sanitizers."""

import os
import shutil

from lenet_helpers.fast import direct_convolution as module
from lenet_helpers.fast import kernel

import numpy
import pytest
import theano
from hypothesis import given, settings
from hypothesis import strategies as st
from theano import tensor as T

from tests import kernels, oracles

direct_convolution = module.direct_convolution
PLAIN = (0, 0, 1, 1)  # no zeros around the image, and steps of 1


@pytest.fixture(scope="module")
def correlate():
    """A function that applies the op to float32 arrays and four numbers."""
    variables = T.ftensor4(), T.ftensor4(), T.lvector()
    return theano.function(variables, direct_convolution(*variables))


def whole_numbers(*shape, seed=0):
    """Return small whole numbers, whose products and sums float32 holds exactly."""
    return numpy.random.RandomState(seed).randint(-4, 5, shape).astype("float32")


def wanted(images, filters, geometry):
    """Return what the op must give, by the loops of the oracle."""
    pad_rows, pad_columns, *steps = geometry
    zeros = [(0, 0), (0, 0), (pad_rows,) * 2, (pad_columns,) * 2]
    return oracles.convolve(numpy.pad(images, zeros), filters, "valid", steps, filter_flip=False)


# --- The numbers ---


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1000),
    counts=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)),
    sides=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    filter_sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    padding=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    steps=st.tuples(st.integers(1, 15), st.integers(1, 15)),
)
def test_any_border_and_any_step(correlate, seed, counts, sides, filter_sides, padding, steps):
    batch, channels, n_filters = counts
    # Each side has its own number of zeros, more than any border mode asks for.
    filter_sides = [
        min(side, length + 2 * zeros)
        for side, length, zeros in zip(filter_sides, sides, padding, strict=True)
    ]
    images = whole_numbers(batch, channels, *sides, seed=seed)
    filters = whole_numbers(n_filters, channels, *filter_sides, seed=seed + 1)
    geometry = (*padding, *steps)
    found = correlate(images, filters, geometry)
    assert found.dtype == "float32"
    assert numpy.array_equal(found, wanted(images, filters, geometry))


def pixels_of_8_bits(*shape):
    return (numpy.random.RandomState(0).randint(0, 256, shape) / 256).astype("float32")


def test_a_large_filter_keeps_all_digits_of_its_weights(correlate):
    images, random = pixels_of_8_bits(1, 2, 60, 90), numpy.random.RandomState(1)
    for _ in range(60):
        filters = numpy.zeros((2, 2, 31, 23), dtype="float32")
        number, channel, row, column = place = [random.randint(side) for side in filters.shape]
        weight = filters[tuple(place)] = random.uniform(-1, 1)
        found = correlate(images, filters, PLAIN)
        seen = images[0, channel, row : row + 30, column : column + 68]
        assert numpy.array_equal(found[0, number], numpy.float32(weight) * seen)
        assert not found[0, 1 - number].any()


@pytest.mark.parametrize("sides", [(31, 31), (24, 70), (21, 20)], ids=str)
def test_a_large_filter_is_as_exact_on_pixels_of_8_bits_as_on_others(correlate, sides):
    pixels, random = pixels_of_8_bits(1, 2, 80, 120), numpy.random.RandomState(1)
    filters = random.uniform(-1, 1, (3, 2, *sides)).astype("float32")
    errors = []
    for images in (pixels, pixels + numpy.float32(1e-3)):
        right = wanted(images.astype("float64"), filters.astype("float64"), PLAIN)
        errors.append(numpy.sqrt(((correlate(images, filters, PLAIN) - right) ** 2).mean()))
    assert errors[0] < 1.1 * errors[1] < 1e-4


def test_a_weight_as_large_as_can_be(correlate):
    images, filters = pixels_of_8_bits(1, 1, 50, 60), numpy.zeros((2, 1, 31, 31), "float32")
    filters[0, 0, 4, 5] = largest = numpy.finfo("float32").max
    found = correlate(images, filters, PLAIN)
    assert numpy.array_equal(found[0, 0], largest * images[0, 0, 4:24, 5:35])


# One and two vectors of 4, 8 or 16 numbers, and the columns beside them.
@pytest.mark.parametrize("columns", [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65])
def test_sizes_around_the_edges_of_a_tile(correlate, columns):
    for rows in range(1, 10):
        for filter_rows, filter_columns in [(1, 1), (3, 2), (6, 5)]:
            images = whole_numbers(1, 2, rows + filter_rows - 1, columns + filter_columns - 1)
            filters = whole_numbers(2, 2, filter_rows, filter_columns, seed=1)
            found = correlate(images, filters, PLAIN)
            assert found.shape == (1, 2, rows, columns)
            assert numpy.array_equal(found, wanted(images, filters, PLAIN))


def test_nothing_in_gives_nothing_or_zeros(correlate):
    assert correlate(whole_numbers(0, 2, 5, 5), whole_numbers(3, 2, 3, 3), PLAIN).size == 0
    assert correlate(whole_numbers(1, 2, 5, 5), whole_numbers(0, 2, 3, 3), PLAIN).size == 0
    without_channels = correlate(whole_numbers(1, 0, 5, 5), whole_numbers(2, 0, 3, 3), PLAIN)
    assert without_channels.tolist() == numpy.zeros((1, 2, 3, 3)).tolist()
    only_border = correlate(whole_numbers(1, 2, 0, 5), whole_numbers(1, 2, 3, 3), (2, 0, 1, 1))
    assert only_border.tolist() == numpy.zeros((1, 1, 2, 3)).tolist()


def test_every_call_gives_the_same_bits(correlate):
    random = numpy.random.RandomState(0)
    filters = random.randn(3, 2, 5, 6).astype("float32")
    images = random.randn(2, 2, 30, 41).astype("float32")
    for geometry in [PLAIN, (2, 3, 2, 3)]:
        first = correlate(images, filters, geometry)
        for shift in range(16):
            # The same image at another address: no vector may start anywhere else.
            memory = numpy.empty(images.size + shift, dtype="float32")
            moved = memory[shift:].reshape(images.shape)
            moved[:] = images
            assert correlate(moved, filters, geometry).tobytes() == first.tobytes()


def test_inputs_may_be_views(correlate):
    images, filters = whole_numbers(2, 2, 9, 20)[:, ::-1, :, ::-2], whole_numbers(3, 2, 4, 3)
    filters = filters.transpose(0, 1, 3, 2)
    geometry = numpy.array([2, 9, 0, 9, 3, 9, 1, 9])[::2]
    assert numpy.array_equal(
        correlate(images, filters, geometry), wanted(images, filters, geometry)
    )


def test_a_batch_is_its_images_one_by_one(correlate):
    random = numpy.random.RandomState(0)
    filters = random.randn(3, 2, 5, 6).astype("float32")
    images = random.randn(5, 2, 20, 35).astype("float32")
    for geometry in [PLAIN, (4, 5, 1, 1), (1, 0, 3, 2)]:
        one_by_one = [correlate(images[n : n + 1], filters, geometry)[0] for n in range(5)]
        assert numpy.array_equal(correlate(images, filters, geometry), one_by_one)
    # Large filters take pixels of 8 bits otherwise than others.
    filters = random.randn(3, 2, 24, 25).astype("float32")
    images = pixels_of_8_bits(5, 2, 40, 70)
    images[[1, 2, 4], 0, 0, 0] = 1 / 3
    one_by_one = [correlate(images[n : n + 1], filters, PLAIN)[0] for n in range(5)]
    assert numpy.array_equal(correlate(images, filters, PLAIN), one_by_one)


@pytest.mark.parametrize("side", [3, 25])
@pytest.mark.parametrize("broken", [numpy.nan, numpy.inf])
def test_a_broken_pixel_shows_only_where_a_filter_sees_it(correlate, side, broken):
    # Cells are computed beside the map, and with zeros as weights: nothing may leak from there.
    images, filters = whole_numbers(2, 1, 40, 60), 1 + abs(whole_numbers(2, 1, side, side, seed=1))
    images[0, 0, 0, 0] = broken
    found = correlate(images, filters, PLAIN)
    assert numpy.argwhere(~numpy.isfinite(found)).tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]
    assert numpy.array_equal(found[0, :, 0, 0], [broken] * 2, equal_nan=True)
    assert numpy.isfinite(correlate(images[1:], filters, PLAIN)).all()


# --- The results belong to the caller ---


def test_a_result_is_not_overwritten_by_the_next_call(correlate):
    filters = whole_numbers(2, 2, 3, 3)
    results = []
    # The same shape again, a smaller, a larger, and the first once more.
    for number, sides in enumerate([(8, 9), (8, 9), (5, 5), (20, 30), (8, 9)]):
        images = whole_numbers(1, 2, *sides, seed=number)
        results.append((correlate(images, filters, PLAIN), wanted(images, filters, PLAIN)))
    for found, right in results:
        assert numpy.array_equal(found, right)


def test_memory_kept_inside_a_function_is_used_again_and_filled_anew():
    variables = T.ftensor4(), T.ftensor4(), T.lvector()
    maps = direct_convolution(*variables)
    # Without the collection of garbage an inner result stays, for the next call to write into.
    mode = theano.compile.get_default_mode().clone(linker=theano.link.vm.VMLinker(allow_gc=False))
    inner = theano.function(variables, T.tanh(maps / 64).sum(axis=0), mode=mode)
    filters = whole_numbers(2, 2, 3, 3)
    for number, sides in enumerate([(8, 9), (8, 9), (5, 5), (20, 30), (9, 8)]):
        images = whole_numbers(2, 2, *sides, seed=number)
        right = numpy.tanh(wanted(images, filters, PLAIN) / 64).sum(axis=0)
        numpy.testing.assert_allclose(inner(images, filters, PLAIN), right, atol=1e-5)


def test_two_of_them_in_one_function():
    images, filters, more, geometry = T.ftensor4(), T.ftensor4(), T.ftensor4(), T.lvector()
    once = direct_convolution(images, filters, geometry)
    function = theano.function(
        [images, filters, more, geometry], [once, direct_convolution(once, more, geometry)]
    )
    arrays = whole_numbers(1, 2, 9, 9), whole_numbers(3, 2, 3, 3), whole_numbers(2, 3, 2, 2)
    first, second = function(*arrays, PLAIN)
    right = wanted(arrays[0], arrays[1], PLAIN)
    assert numpy.array_equal(first, right)
    assert numpy.array_equal(second, wanted(right, arrays[2], PLAIN))


def test_the_inputs_stay_as_they_were(correlate):
    inputs = whole_numbers(2, 2, 9, 9), whole_numbers(2, 2, 4, 3), numpy.array([1, 2, 3, 1])
    before = [part.copy() for part in inputs]
    correlate(*inputs)
    assert all(map(numpy.array_equal, inputs, before))


# --- Wrong input ---


@pytest.mark.parametrize(
    ("images", "filters", "geometry"),
    [
        (T.dtensor4, T.ftensor4, T.lvector),
        (T.ftensor4, T.dtensor4, T.lvector),
        (T.itensor4, T.ftensor4, T.lvector),
        (T.ftensor3, T.ftensor4, T.lvector),
        (T.ftensor4, T.fmatrix, T.lvector),
        (T.ftensor4, T.ftensor4, T.ivector),
        (T.ftensor4, T.ftensor4, T.fvector),
        (T.ftensor4, T.ftensor4, T.lmatrix),
        (T.ftensor4, T.ftensor4, T.lscalar),
    ],
)
def test_other_types_are_refused_before_anything_is_compiled(images, filters, geometry):
    with pytest.raises(TypeError, match="TensorType"):
        direct_convolution(images(), filters(), geometry())


def test_arrays_may_stand_for_variables():
    maps = direct_convolution(whole_numbers(1, 2, 5, 5), whole_numbers(3, 2, 3, 3), PLAIN)
    assert (maps.dtype, maps.ndim) == ("float32", 4)


@pytest.mark.parametrize(
    ("image_shape", "filter_shape", "geometry"),
    [
        ((1, 3, 9, 9), (2, 4, 3, 3), PLAIN),
        ((1, 3, 9, 9), (2, 1, 3, 3), PLAIN),
        ((1, 3, 9, 9), (2, 3, 10, 3), PLAIN),
        ((1, 3, 9, 9), (2, 3, 3, 10), PLAIN),
        ((1, 3, 9, 9), (2, 3, 12, 3), (1, 9, 1, 1)),
        ((1, 3, 9, 9), (2, 3, 0, 3), PLAIN),
        ((1, 3, 9, 9), (2, 3, 3, 0), PLAIN),
        ((1, 3, 0, 9), (2, 3, 1, 1), PLAIN),
        ((1, 3, 9, 9), (2, 3, 3, 3), (-1, 0, 1, 1)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, -1, 1, 1)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, 0, 1)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, 1, 0)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, -1, 1)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, 1, -(2**62))),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, 1)),
        ((1, 3, 9, 9), (2, 3, 3, 3), (0, 0, 1, 1, 1)),
    ],
)
def test_what_does_not_fit_is_refused_and_the_next_call_works(
    correlate, image_shape, filter_shape, geometry
):
    with pytest.raises(ValueError, match="the shapes do not fit"):
        correlate(whole_numbers(*image_shape), whole_numbers(*filter_shape), geometry)
    images, filters = whole_numbers(1, 3, 9, 9), whole_numbers(2, 3, 3, 3, seed=1)
    assert numpy.array_equal(correlate(images, filters, PLAIN), wanted(images, filters, PLAIN))


# Planes for every cell of such a step would fill any memory. An exception of C++ would end the
# process, so this is a process of its own.
LARGE_STEPS = """
from lenet_helpers import operations
import numpy
images, filters = numpy.ones((1, 2, 5, 6)), numpy.ones((1, 2, 3, 3))
for steps in [(5, 7), (1000, 1), (10**6, 10**6), (1, 10**12), (2**62, 2**62)]:
    for border_mode in ["valid", "full"]:
        found = operations.convolve(images, filters, border_mode, steps)
        # Those at the places where a step of 1 finds them.
        right = operations.convolve(images, filters, border_mode)[:, :, :: steps[0], :: steps[1]]
        assert numpy.array_equal(found, right), steps
"""


def test_steps_far_larger_than_the_picture(run_python):
    done = run_python(LARGE_STEPS)
    assert done.returncode == 0, done.stderr


def test_without_a_compiler_the_op_refuses():
    with pytest.raises(NotImplementedError, match="DirectConvolution"):
        direct_convolution.perform(None, [], [])


# --- Memory ---

# Peak memory never falls, so it must first be reached, or what comes would hide below it.
MEMORY = """
import resource
from lenet_helpers import operations
import numpy
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
images = numpy.ones((1, 3, 500, 500), dtype="float32")
filters = numpy.ones((2, 3, 21, 21), dtype="float32")
run = operations._convolution()
run(images[:, :, :30, :30], filters, [0, 0, 1, 1])
ballast = numpy.ones(max(peak() - resident(), 0), dtype="uint8")
before = peak()
maps = run(images, filters, [10, 10, %d, %d])
print(peak() - before, images.nbytes + maps.nbytes)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="left out: no /proc here")
@pytest.mark.parametrize("steps", [(1, 1), (4, 7)])
def test_memory_grows_by_no_more_than_a_few_pictures(run_python, steps):
    done = run_python(MEMORY % steps)
    assert done.returncode == 0, done.stderr
    growth, arrays = map(int, done.stdout.split())
    # The patches that a CorrMM lays out would be 1,2 gigabytes.
    assert growth < 3 * arrays


# --- Compiling ---


def test_another_text_has_another_version_in_the_cache(monkeypatch, tmp_path):
    version = direct_convolution.c_code_cache_version()
    assert version
    assert hash(version) == hash(direct_convolution.c_code_cache_version())
    for name in direct_convolution.files:
        shutil.copy(kernel.FOLDER / name, tmp_path / name)
    with monkeypatch.context() as patched:
        patched.setattr(kernel, "FOLDER", tmp_path)
        assert direct_convolution.c_code_cache_version() == version
        for name in direct_convolution.files:
            copy = tmp_path / name
            copy.write_text(copy.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            assert direct_convolution.c_code_cache_version() != version
            version = direct_convolution.c_code_cache_version()


def test_equal_ops_are_one_for_theanos_cache():
    assert module.DirectConvolution() == direct_convolution
    assert hash(module.DirectConvolution()) == hash(direct_convolution)


VARIANT = """
import lenet_helpers
import numpy, theano
from tests.test_direct_convolution import direct_convolution, wanted, whole_numbers
from theano import tensor as T
from theano.link.c.cmodule import GCC_compiler
variables = T.ftensor4(), T.ftensor4(), T.lvector()
correlate = theano.function(variables, direct_convolution(*variables))
for geometry in [(0, 0, 1, 1), (2, 1, 1, 1), (0, 3, 2, 3)]:
    for rows, columns in [(5, 6), (9, 20), (14, 37), (6, 70)]:
        images, filters = whole_numbers(2, 3, rows, columns), whole_numbers(2, 3, 5, 6)
        found = correlate(images, filters, geometry)
        assert numpy.array_equal(found, wanted(images, filters, geometry))
print(*[option for option in GCC_compiler.compile_args() if "-march" in option])
"""


@pytest.mark.parametrize("cxx", ["g++", "clang++"])
@pytest.mark.parametrize("processor", kernels.PROCESSORS[:2])
def test_the_op_compiled_for_other_processors(run_python, tmp_path, processor, cxx):
    if not shutil.which(cxx):
        pytest.skip(f"left out: there is no {cxx}")
    # A cache of its own: the usual one holds the op for the very processor of this machine.
    flags = f"gcc__cxxflags=-march={processor},base_compiledir={tmp_path / 'theano'}"
    done = run_python(VARIANT, THEANO_FLAGS=flags, CXX=cxx)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"-march={processor}"


WITHOUT_OPENMP = """
from lenet_helpers.fast import openmp
openmp.compiler_flags = lambda: []
"""
LOADED = """
print("gomp" in open("/proc/self/maps").read())
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="left out: no /proc here")
def test_the_op_where_the_compiler_has_no_openmp(run_python, tmp_path):
    flags = f"gcc__cxxflags=-march=x86-64,base_compiledir={tmp_path / 'theano'}"
    done = run_python(WITHOUT_OPENMP + VARIANT + LOADED, THEANO_FLAGS=flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["-march=x86-64", "False"]
    assert run_python(VARIANT + LOADED).stdout.split()[-1] == "True"


REPEATED = """
import lenet_helpers
import hashlib, numpy, theano
from lenet_helpers import operations
random = numpy.random.default_rng(1)
images, filters = random.standard_normal((2, 3, 150, 130)), random.standard_normal((3, 3, 9, 9))
for steps in [(1, 1), (2, 3)]:
    print(hashlib.sha256(operations.convolve(images, filters, "half", steps)).hexdigest())
"""


def test_the_same_bits_on_any_number_of_threads(run_python):
    printed = [run_python(REPEATED, OMP_NUM_THREADS=str(n)).stdout for n in (1, 2, 3)]
    assert len(printed[0].split()) == 2
    assert len(set(printed)) == 1


# --- The kernel alone, under the sanitizers of both compilers ---

# The arrays lie in memory of just their size, so that one number too far is noticed; but not where
# tiles are loaded.
HARNESS = r"""
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <algorithm>
#include <random>
#include <vector>
typedef long npy_intp;
typedef int npy_int32;
typedef unsigned npy_uint32;
#include "lanes.h"
#include "threads.h"
#include "parts.h"
#include "tiles.h"
#include "direct_convolution.cpp"
#include "direct_convolution_tiles.cpp"

typedef std::vector<float> Numbers;
typedef void Way(const Geometry&, npy_intp, npy_intp, const float*, const float*, float*);
std::mt19937 generator(1);

npy_intp draw(npy_intp low, npy_intp high) {
    return low + npy_intp(generator() % (unsigned long)(high - low + 1));
}

Numbers whole_numbers(npy_intp size) {
    Numbers numbers(size);
    for (float& number : numbers) number = draw(-4, 4);
    return numbers;
}

// The definition, cell by cell.
float cell(const Geometry& g, const float* image, const float* filter, npy_intp y, npy_intp x) {
    float sum = 0;
    for (npy_intp c = 0; c < g.channels; c++)
        for (npy_intp u = 0; u < g.filter_rows; u++)
            for (npy_intp v = 0; v < g.filter_columns; v++) {
                const npy_intp i = y * g.step_rows + u - g.pad_rows;
                const npy_intp j = x * g.step_columns + v - g.pad_columns;
                if (i >= 0 && i < g.rows && j >= 0 && j < g.columns)
                    sum += image[(c * g.rows + i) * g.columns + j] *
                           filter[(c * g.filter_rows + u) * g.filter_columns + v];
            }
    return sum;
}

bool is_right(Way way, Geometry g, npy_intp batch) {
    const bool fits = g.rows + 2 * g.pad_rows >= g.filter_rows &&
                      g.columns + 2 * g.pad_columns >= g.filter_columns;
    if (g.complete() != fits) return false;
    if (!fits) return true;
    const npy_intp image = g.channels * g.rows * g.columns;
    const npy_intp filter = g.channels * g.filter_rows * g.filter_columns;
    const Numbers images = whole_numbers(batch * image);
    const Numbers filters = whole_numbers(g.filters * filter);
    Numbers maps(batch * g.filters * g.out_rows * g.out_columns, 1e9f);
    way(g, batch, draw(1, 4), images.data(), filters.data(), maps.data());
    npy_intp at = 0;
    for (npy_intp b = 0; b < batch; b++)
        for (npy_intp f = 0; f < g.filters; f++)
            for (npy_intp y = 0; y < g.out_rows; y++)
                for (npy_intp x = 0; x < g.out_columns; x++, at++)
                    if (maps[at] !=
                        cell(g, images.data() + b * image, filters.data() + f * filter, y, x))
                        return false;
    return at == npy_intp(maps.size());
}

// The same bits on any number of threads. The pixels have 8 bits.
bool repeats(Way way, Geometry g) {
    const npy_intp batch = 2;
    if (!g.complete()) return false;
    Numbers images(batch * g.channels * g.rows * g.columns);
    Numbers filters(g.filters * g.channels * g.filter_rows * g.filter_columns);
    for (float& pixel : images) pixel = draw(0, 255) / 256.f;
    for (float& weight : filters) weight = draw(-1000, 1000) / 999.f;
    const Numbers empty(batch * g.filters * g.out_rows * g.out_columns, 1e9f);
    Numbers alone = empty;
    way(g, batch, 1, images.data(), filters.data(), alone.data());
    for (npy_intp threads = 2; threads < 9; threads++) {
        Numbers maps = empty;
        way(g, batch, threads, images.data(), filters.data(), maps.data());
        if (memcmp(maps.data(), alone.data(), maps.size() * sizeof(float))) return false;
    }
    return true;
}

int report(const char* what, const Geometry& g) {
    printf("%s: %ld channels, %ld x %ld pixels, %ld filters, %ld x %ld, padding %ld %ld, "
           "steps %ld %ld\n", what, g.channels, g.rows, g.columns, g.filters, g.filter_rows,
           g.filter_columns, g.pad_rows, g.pad_columns, g.step_rows, g.step_columns);
    return 1;
}

int try_tiles() {
#ifdef HAS_TILES
    if (!tiles_are_there()) return 0;
    Way* const way = convolve_in_tiles;
    const Geometry large = {3, 150, 70, 3, 31, 37, 2, 1, 1, 1};
    if (!repeats(way, large)) return report("other bits on more threads", large);
    for (int n = 0; n < 500; n++) {
        // Sides of filters and maps around those of one and two tiles, and of one and two bands.
        const npy_intp filter_rows = draw(1, 35), filter_columns = draw(1, n % 5 ? 35 : 70);
        const Geometry g = {draw(0, 3), filter_rows + draw(0, n % 9 ? 18 : 70),
                            filter_columns + draw(0, n % 7 ? 36 : 70), draw(1, 4), filter_rows,
                            filter_columns, draw(0, 3), draw(0, 3), 1, 1};
        if (!is_right(way, g, draw(0, 2))) return report("wrong in tiles", g);
    }
    Geometry g = {1, 50, 60, 2, 31, 31, 0, 0, 1, 1};
    g.complete();
    for (int n = 0; n < 2 * 31 * 31; n++) {
        Numbers images(50 * 60, 255 / 256.f), filters(2 * 31 * 31, 1 / 3.f);
        if (!image_suits_tiles(g, images.data()) || !filters_suit_tiles(g, filters.data()))
            return report("not in tiles", g);
        const float others[] = {1 / 3.f, NAN, INFINITY, -INFINITY, -FLT_MAX};
        images[n % 2 ? n : 50 * 60 - 1 - n] = others[n % 5];
        filters[n] = others[1 + n % 4];
        if (image_suits_tiles(g, images.data()) || filters_suit_tiles(g, filters.data()))
            return report("in tiles", g);
    }
    printf("in tiles, too: ");
#endif
    return 0;
}

int main() {
    for (npy_intp step = 1; step < 4; step++) {
        const Geometry g = {3, 150, 70, 3, 5, 7, 2, 1, step, step};
        if (!repeats(direct_convolution, g)) return report("other bits on more threads", g);
    }
    for (int n = 0; n < 4000; n++) {
        // Some are wide, for more than one tile of the widest vectors, and some high, for
        // more than one band of rows.
        const npy_intp wide = n % 10 ? 12 : 80, high = n % 10 == 1 ? 80 : 12;
        const npy_intp batch = draw(0, 2);
        Geometry g = {draw(1, 3), draw(1, high), draw(1, wide), draw(1, 3), draw(1, 9), draw(1, 9),
                      draw(0, 8), draw(0, 8), draw(1, 6), draw(1, 6)};
        if (n % 3) g.step_rows = g.step_columns = 1;
        if (!is_right(direct_convolution, g, batch)) return report("wrong", g);
    }
    if (try_tiles()) return 1;
    printf("all right\n");
    return 0;
}
"""


@kernels.everywhere
def test_the_kernel_under_sanitizers(tmp_path, processor, compiler, options):
    printed = kernels.run_with_sanitizers(HARNESS, tmp_path, processor, compiler, options)
    tiles = "in tiles, too: " if kernels.has_tiles(compiler, processor) else ""
    assert printed == f"{tiles}all right\n"
