"""Answers to lesson 2's exercises."""

import math
from functools import cache

from lenet_helpers.explorers.shifts import unchanged_shifts

import numpy
import theano
from theano import tensor as T
from theano.tensor.signal.pool import pool_2d


def _is_pooled(my_pooled):
    feature_map = numpy.random.RandomState(1).rand(3, 2, 5, 5)[1, 0]
    right = feature_map[:4, :4].reshape(2, 2, 2, 2).max(axis=(1, 3))
    return numpy.allclose(numpy.array(my_pooled, dtype=float), right, atol=0.01)


def _pools(my_max_pool):
    rng = numpy.random.RandomState(7)
    for _ in range(300):
        x = rng.randn(*rng.randint(2, 9, size=2))
        p, q = (int(n) for n in rng.randint(1, 5, size=2))
        for ignore_border in (True, False):
            rounded = math.floor if ignore_border else math.ceil
            rows, columns = rounded(len(x) / p), rounded(x.shape[1] / q)
            right = numpy.full((rows, columns), -numpy.inf)
            for i, j in numpy.ndindex(*x.shape):
                if i // p < rows and j // q < columns:
                    right[i // p, j // q] = max(right[i // p, j // q], x[i, j])
            found = numpy.asarray(my_max_pool(x.copy(), (p, q), ignore_border))
            if right.size == 0:
                continue  # arrays without cells come in many shapes
            if found.shape != right.shape or not numpy.allclose(found, right):
                return False
    return True


x, slopes = T.dmatrices("x", "slopes")
_pooled = pool_2d(x, ws=(2, 2), ignore_border=True)
_slopes_by_theano = theano.function([x, slopes], T.grad(T.sum(_pooled * slopes), x))


# The lines before the answer, as the exercise's cell has them.
SLOPES_DATA = """\
feature_map = numpy.array([[1, 6, 2, 2, 7], [0, 3, 5, 1, 4], [8, 8, 0, 1, 9], [4, 2, 3, 1, 5]])
slopes = numpy.array([[0.5, -1.0], [2.0, 3.0]])
"""


def _are_slopes(my_slopes):
    if hasattr(my_slopes, "eval"):
        my_slopes = my_slopes.eval()
    feature_map = [[1, 6, 2, 2, 7], [0, 3, 5, 1, 4], [8, 8, 0, 1, 9], [4, 2, 3, 1, 5]]
    right = _slopes_by_theano(feature_map, [[0.5, -1], [2, 3]])
    return numpy.array_equal(numpy.array(my_slopes, dtype=float), right)


def _finds_slopes(my_pool_slopes):
    rng = numpy.random.RandomState(8)
    for _ in range(100):
        rows, columns = (int(n) for n in rng.randint(2, 9, size=2))
        feature_map = rng.randint(-2, 3, size=(rows, columns)).astype(float)
        given = rng.randn(rows // 2, columns // 2)
        found = my_pool_slopes(feature_map.copy(), given.copy())
        if not numpy.allclose(found, _slopes_by_theano(feature_map, given)):
            return False
    return True


@cache
def _kept_shifts():
    """Return the shifts that change nothing, counted on maps, by the window's shape."""
    return {(p, q): unchanged_shifts((p, q)) for p in range(1, 6) for q in range(1, 6)}


def _counts_shifts(my_kept_shifts):
    return all(
        my_kept_shifts(window, cell) == counts[cell]
        for window, counts in _kept_shifts().items()
        for cell in numpy.ndindex(*window)
    )


IS_RIGHT = {
    "pool_by_hand": _is_pooled,
    "write_max_pool": _pools,
    "slopes_by_hand": _are_slopes,
    "write_pool_slopes": _finds_slopes,
    "count_kept_shifts": _counts_shifts,
}
RIGHT = {
    "pool_by_hand": [
        "my_pooled = numpy.array([[0.679, 0.589], [0.664, 0.945]])",
        "my_pooled = ((0.68, 0.59), (0.66, 0.94))",
        "my_pooled = pool_ignoring(invals)[1, 0]",
        "my_pooled = max_pool(invals[1, 0], (2, 2), True)",
    ],
    "write_max_pool": [
        "my_max_pool = max_pool",
        """\
def my_max_pool(feature_map, poolsize, ignore_border):
    p, q = poolsize
    cut = [n // s if ignore_border else -(-n // s) for n, s in zip(feature_map.shape, poolsize)]
    cells = [
        [max(v for row in feature_map[i * p : i * p + p] for v in row[j * q : j * q + q])
         for j in range(cut[1])]
        for i in range(cut[0])
    ]
    return numpy.array(cells).reshape(cut)""",
        "my_max_pool = lambda m, size, border: pool_2d(m, ws=size, ignore_border=border).eval()",
    ],
    "slopes_by_hand": [
        "my_slopes = numpy.array([[0, 0.5, 0, 0, 0], [0, 0, -1, 0, 0], [2, 2, 0, 0, 0], "
        "[0, 0, 3.0, 0, 0]], dtype=numpy.float32)",
        """\
my_slopes = numpy.zeros((4, 5))
my_slopes[0, 1], my_slopes[1, 2], my_slopes[2, :2], my_slopes[3, 2] = 0.5, -1, 2, 3""",
        f"""\
{SLOPES_DATA}
x = T.constant(feature_map, dtype="float64")
my_slopes = T.grad((pool_2d(x, ws=(2, 2), ignore_border=True) * slopes).sum(), x)""",
    ],
    "write_pool_slopes": [
        """\
def my_pool_slopes(feature_map, slopes):
    x = T.dmatrix("x")
    pooled = pool_2d(x, ws=(2, 2), ignore_border=True)
    return T.grad((pooled * slopes).sum(), x).eval({x: feature_map})""",
        """\
def my_pool_slopes(feature_map, slopes):
    rows, columns = slopes.shape
    whole = feature_map[: 2 * rows, : 2 * columns]
    largest = whole.reshape(rows, 2, columns, 2).max(axis=(1, 3))
    spread = numpy.ones((2, 2))
    wins = whole == numpy.kron(largest, spread)
    missing = [(0, n - 2 * m) for n, m in zip(feature_map.shape, slopes.shape)]
    return numpy.pad(wins * numpy.kron(slopes, spread), missing)""",
        """\
def my_pool_slopes(feature_map, slopes):
    result = [[0.0] * len(row) for row in feature_map]
    for i in range(len(slopes) * 2):
        for j in range(len(slopes[0]) * 2):
            a, b = i // 2 * 2, j // 2 * 2
            if feature_map[i, j] >= feature_map[a : a + 2, b : b + 2].max():
                result[i][j] = slopes[i // 2][j // 2]
    return result""",
    ],
    "count_kept_shifts": [
        """\
def my_kept_shifts(poolsize, cell):
    reach = [
        len({place - 1, place, place + 1} & set(range(side)))
        for place, side in zip(cell, poolsize)
    ]
    return reach[0] * reach[1] - 1""",
        "my_kept_shifts = lambda poolsize, cell: unchanged_shifts(poolsize)[cell]",
    ],
}
WRONG = {
    "pool_by_hand": [
        ("my_pooled = pool_keeping(invals)[1, 0]", "3 x 3"),
        ("my_pooled = invals[1, 0]", "(5, 5)"),
        ("my_pooled = pool_ignoring(invals)[0, 0]", "you pooled invals[0, 0]"),
        ("my_pooled = [[0.68, 0.59], [0.66, 0.81]]", "cell [1, 1] is 0.81"),
        ("my_pooled = 0.679", "()"),
        ('my_pooled = "0.679"', "text"),
        ("my_pooled = [[0.7, 0.6], [0.7]]", "can't be read"),
        ("my_pooled = [[numpy.nan, 1], [1, 1]]", "NaN"),
        ("my_pooled = max_pool", "can't be read"),
        ("my_pooled = None", "can't be read"),
    ],
    "write_max_pool": [
        ("my_max_pool = 3", "no function"),
        ("def my_max_pool(*_):\n    pass", "returned nothing"),
        ("def my_max_pool(*_):\n    while True:\n        pass", "never"),
        ("def my_max_pool(x, p, q, r):\n    return 1", "TypeError"),
        ("def my_max_pool(m, p, b):\n    return m[99]", "return m[99]"),
        ("def my_max_pool(m, p, b):\n    return 'big'", "text"),
        ("def my_max_pool(m, p, b):\n    raise SystemExit", "SystemExit"),
        ("my_max_pool = lambda m, p, b: max_pool(m, p, True)", "shape"),
        ("my_max_pool = lambda m, p, b: max_pool(m, p[::-1], b)", "shape"),
        ("my_max_pool = lambda m, p, b: max_pool(abs(m), p, b)", "would be right"),
        ("my_max_pool = lambda m, p, b: numpy.maximum(max_pool(m, p, b), 0)", "would be right"),
    ],
    "slopes_by_hand": [
        (SLOPES_DATA + "my_slopes = slopes", "each of the map's 4 x 5"),
        (SLOPES_DATA + "my_slopes = feature_map", "lost"),
        (SLOPES_DATA + "my_slopes = feature_map.T", "(5, 4)"),
        (
            "my_slopes = [[0, 6, 0, 0, 0], [0, 0, 5, 0, 0], [8, 8, 0, 0, 0], [0, 0, 3, 0, 0]]",
            "those are cells of the map",
        ),
        (
            "my_slopes = [[0, 0.5, 0, 0, 0], [0, 0, -1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 3, 0, 0]]",
            "you have [[1.0, 1.0], [0.0, 0.0]]. Two cells tie",
        ),
        (
            "my_slopes = [[0, 0.5, 0, 0, 0], [0, 0, -1, 0, 0], [2, 0, 0, 0, 0], [0, 0, 3, 0, 0]]",
            "Two cells tie",
        ),
        (
            "my_slopes = [[0, 0.5, 0, 0, 0], [0, 0, -1, 0, 0], [2, 2, 0, 0, 3], [0, 0, 3, 0, 0]]",
            "[0.0, 0.0, 3.0, 0.0], but it lies in no window",
        ),
        (
            "my_slopes = [[0, 0.5, 0, 0, 0], [0, 0, 1, 0, 0], [2, 2, 0, 0, 0], [0, 0, 3, 0, 0]]",
            "the window [[2, 2], [5, 1]] you have [[0.0, 0.0], [1.0, 0.0]]. The winner's",
        ),
        (SLOPES_DATA + "my_slopes = numpy.kron(slopes, numpy.ones((2, 2)))", "(4, 4)"),
        ('my_slopes = "0, 0.5"', "text"),
        ("my_slopes = None", "can't be read"),
    ],
    "write_pool_slopes": [
        ("my_pool_slopes = [[0, 0.5], [0, 0]]", "no function"),
        ("my_pool_slopes = lambda m, s: s", "would be right"),
        ("my_pool_slopes = lambda m, s: m * 0", "would be right"),
        ("my_pool_slopes = lambda m: m", "TypeError"),
        ("def my_pool_slopes(m, s):\n    m[0, 0] = 0", "returned nothing"),
        (
            """\
def my_pool_slopes(feature_map, slopes):
    result = numpy.zeros(feature_map.shape)
    for i, j in numpy.ndindex(*slopes.shape):
        window = feature_map[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        row, column = divmod(int(window.argmax()), 2)
        result[2 * i + row, 2 * j + column] = slopes[i, j]
    return result""",
            "gives [[0, 0.5], [0, 0]]; [[0, 0.5], [0.5, 0]] would be right",
        ),
        (
            "my_pool_slopes = lambda m, s: numpy.kron(s, numpy.ones((2, 2))) * (m == m.max())",
            "ValueError",
        ),
    ],
    "count_kept_shifts": [
        ("my_kept_shifts = 3", "no function"),
        (
            "my_kept_shifts = lambda poolsize, cell: 3",
            "((3, 3), (0, 1)) gives 3; 5 would be right",
        ),
        ("my_kept_shifts = lambda poolsize, cell: '3'", "text"),
        ("my_kept_shifts = lambda poolsize, cell: unchanged_shifts(poolsize)", "shape (2, 2)"),
        ("my_kept_shifts = lambda p, cell: unchanged_shifts(p)[cell] + 1", "gives 4; 3 would"),
        ("my_kept_shifts = lambda p, c: unchanged_shifts(p[::-1])[c]", "IndexError"),
    ],
}
