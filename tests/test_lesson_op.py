"""Lesson 6's own op and rewrite, taken out of the notebook, on more than the lesson tries."""

import sys
from itertools import product
from pathlib import Path
from types import ModuleType

from lenet_helpers.fast.rewrites import stock_mode

import nbformat
import numpy
import pytest
import theano
from theano import tensor as T
from theano.tensor.signal.pool import MaxPoolGrad, pool_2d

LESSON = Path(__file__).resolve().parent.parent / "notebooks" / "06_how_it_was_made_fast.ipynb"
DEFINITIONS = (
    "def gradient_by_numpy",
    "ONE_ROW = ",
    "class PoolGradient",
    "def use_pool_gradient",
)
CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]
SHAPES = [(3, 2, 8, 6), (1, 1, 2, 2), (2, 3, 7, 6), (2, 3, 6, 9), (2, 1, 5, 33), (4, 0, 6, 6)]


@pytest.fixture(scope="module")
def lesson():
    """The names that the lesson's cells define, without what they measure."""
    cells = nbformat.read(LESSON, as_version=4).cells
    found = [c.source for c in cells if any(text in c.source for text in DEFINITIONS)]
    assert len(found) == len(DEFINITIONS)
    # Theano's cache keeps an op by the name of its module.
    module = ModuleType("lesson6")
    module.__dict__.update(numpy=numpy, T=T, MaxPoolGrad=MaxPoolGrad, stock_mode=stock_mode)
    sys.modules[module.__name__] = module
    for source in found:
        exec(source, module.__dict__)
    yield module.__dict__
    del sys.modules[module.__name__]


@pytest.fixture(scope="module")
def apply(lesson):
    variables = T.tensor4s("x", "maxima", "slopes")
    return theano.function(variables, lesson["PoolGradient"]()(*variables), mode=stock_mode())


def arrays(shape, seed=0):
    """Maps with many ties, their maxima, and slopes."""
    random = numpy.random.RandomState(seed)
    x = random.randint(0, 4, shape).astype("float32")
    n_rows, n_columns = shape[2] // 2, shape[3] // 2
    parts = [
        x[:, :, r : 2 * n_rows : 2, c : 2 * n_columns : 2] for r, c in product((0, 1), (0, 1))
    ]
    maxima = numpy.max(parts, axis=0)
    return x, maxima, random.rand(*maxima.shape).astype("float32") + 1


def gradient_by_loops(x, maxima, slopes):
    result = numpy.zeros_like(x)
    for image, map_, row, column in product(*map(range, maxima.shape)):
        for cell in product((2 * row, 2 * row + 1), (2 * column, 2 * column + 1)):
            if x[(image, map_, *cell)] == maxima[image, map_, row, column]:
                result[(image, map_, *cell)] = slopes[image, map_, row, column]
    return result


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_op_against_loops(apply, shape):
    given = arrays(shape)
    numpy.testing.assert_array_equal(apply(*given), gradient_by_loops(*given))


@pytest.mark.parametrize("shape", SHAPES[:2], ids=str)
def test_the_lessons_numpy_against_loops(lesson, shape):
    given = arrays(shape)
    wanted = gradient_by_loops(*given)
    numpy.testing.assert_array_equal(lesson["gradient_by_numpy"](*given), wanted)


def test_memory_that_is_used_again_holds_nothing_of_the_last_call(lesson):
    variables = T.tensor4s("x", "maxima", "slopes")
    result = lesson["PoolGradient"]()(*variables)
    # tanh may work in the very memory of the op's result.
    function = theano.function(variables, T.tanh(result + 5), mode=stock_mode())
    for seed, shape in enumerate([(2, 2, 7, 9), (2, 2, 7, 9), (2, 2, 6, 8), (2, 2, 7, 9)]):
        given = arrays(shape, seed)
        wanted = numpy.tanh(gradient_by_loops(*given) + 5)
        numpy.testing.assert_allclose(function(*given), wanted, rtol=1e-6)


def test_arrays_with_gaps_and_turned_axes(apply):
    x, maxima, slopes = arrays((3, 2, 8, 6))
    wide = numpy.repeat(x, 2, axis=3)[:, :, :, ::2]
    turned = [numpy.ascontiguousarray(a.transpose(3, 2, 1, 0)).T for a in (maxima, slopes)]
    numpy.testing.assert_array_equal(apply(wide, *turned), gradient_by_loops(x, maxima, slopes))


@pytest.mark.parametrize("cut", [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)], ids=str)
def test_arrays_that_do_not_fit_together(apply, cut):
    x, maxima, slopes = arrays((3, 2, 8, 6))
    part = tuple(slice(n, None) for n in cut)
    for wrong in ((x, maxima[part], slopes[part]), (x, maxima, slopes[part])):
        with pytest.raises(ValueError, match="one maximum and one slope"):
            apply(*wrong)


def ops_of(lesson, x, pooled):
    function = theano.function([x], T.grad(pooled.sum(), x), mode=lesson["mode"])
    return {type(node.op).__name__ for node in function.maker.fgraph.toposort()}


def test_what_the_rewrite_takes(lesson):
    x = T.ftensor4("x")
    assert "PoolGradient" in ops_of(lesson, x, pool_2d(x, (2, 2), ignore_border=True))


@pytest.mark.parametrize(
    ("variable", "options"),
    [
        (T.ftensor4("x"), {"ws": (3, 3), "ignore_border": True}),
        (T.ftensor4("x"), {"ws": (2, 3), "ignore_border": True}),
        (T.ftensor4("x"), {"ws": (2, 2), "ignore_border": False}),
        (T.ftensor4("x"), {"ws": (2, 2), "ignore_border": True, "stride": (1, 1)}),
        (T.ftensor4("x"), {"ws": (2, 2), "ignore_border": True, "pad": (1, 1)}),
        (T.dtensor4("x"), {"ws": (2, 2), "ignore_border": True}),
        (T.ftensor3("x"), {"ws": (2, 2), "ignore_border": True}),
    ],
)
def test_what_the_rewrite_leaves_alone(lesson, variable, options):
    found = ops_of(lesson, variable, pool_2d(variable, **options))
    assert "MaxPoolGrad" in found
    assert "PoolGradient" not in found


def test_the_rewrite_leaves_a_window_alone_that_is_known_only_at_run_time(lesson):
    x = T.ftensor4("x")
    found = ops_of(lesson, x, pool_2d(x, x.shape[:2], ignore_border=True))
    assert "MaxPoolGrad" in found
    assert "PoolGradient" not in found


def test_other_modes_know_nothing_of_the_rewrite(lesson):
    x = T.ftensor4("x")
    gradient = T.grad(pool_2d(x, (2, 2), ignore_border=True).sum(), x)
    function = theano.function([x], gradient, mode=stock_mode())
    assert not any(
        isinstance(node.op, lesson["PoolGradient"]) for node in function.maker.fgraph.toposort()
    )


def test_another_kernel_is_compiled_anew(lesson):
    # Without a version that tells the code, Theano would take the old one from its cache.
    variables, before = T.tensor4s("x", "maxima", "slopes"), lesson["ONE_ROW"]
    lesson["ONE_ROW"] = before.replace("slopes[i] : 0", "2 * slopes[i] : 0")
    assert lesson["ONE_ROW"] != before
    try:
        twice = theano.function(variables, lesson["PoolGradient"]()(*variables), mode=stock_mode())
    finally:
        lesson["ONE_ROW"] = before
    given = arrays((3, 2, 8, 6))
    numpy.testing.assert_array_equal(twice(*given), 2 * gradient_by_loops(*given))
