"""The exercises and predictions of lesson 2, on max-pooling."""

import math

from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "Max-pooling", "02_max_pooling.ipynb"

# The page prints four decimals; who rounds to two has understood as well.
ROUNDING = 0.006


def _pooled(feature_map, poolsize, ignore_border):
    """Max-pooling by plain loops, for the checkers."""
    rounded = math.floor if ignore_border else math.ceil
    p, q = poolsize
    rows, columns = (
        rounded(n / size) for n, size in zip(feature_map.shape, poolsize, strict=True)
    )
    return numpy.array(
        [
            [feature_map[i * p : (i + 1) * p, j * q : (j + 1) * q].max() for j in range(columns)]
            for i in range(rows)
        ]
    ).reshape(rows, columns)


def _check_pool_by_hand(my_pooled):
    feature_map = numpy.random.RandomState(1).rand(3, 2, 5, 5)[1, 0]
    right = _pooled(feature_map, (2, 2), True)
    found = answers.array(my_pooled)
    if found.shape == (3, 3):
        raise Wrong(
            "yours has 3 x 3 cells, as with ignore_border=False; with True, windows that are not "
            "whole are left out."
        )
    found = answers.array(my_pooled, shape=(2, 2))
    off = numpy.argwhere(abs(found - right) > ROUNDING)
    if len(off):
        row, column = off[0]
        window = feature_map[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        raise Wrong(
            f"your cell [{row}, {column}] is {found[row, column]:.4g}, but the largest number of "
            f"its window {window.round(4).tolist()} is another."
        )
    return "the last row and column stand in no whole window, so they are dropped."


def _check_max_pool(my_max_pool):
    def maps():
        yield numpy.arange(16.0).reshape(4, 4), (2, 2), True
        yield numpy.arange(15.0).reshape(3, 5), (2, 2), False
        yield numpy.arange(15.0).reshape(3, 5), (2, 2), True
        rng = numpy.random.RandomState(2)
        for _ in range(40):
            # Negative numbers, too: who fills up with zeros should notice.
            feature_map = rng.randint(-9, 3, size=rng.randint(3, 8, size=2)).astype(float)
            poolsize = tuple(int(n) for n in rng.randint(1, 4, size=2))
            yield feature_map, poolsize, bool(rng.randint(2))

    running.compare(my_max_pool, _pooled, maps())
    return "43 maps of many sizes, pooled as by loops."


EXERCISES = (
    pool_by_hand := Exercise(
        lesson=2,
        name="pool_by_hand",
        title="Pool by hand",
        tests="pools a map by hand with ignore_border=True",
        start="my_pooled = ...",
        solution="my_pooled = [[0.6790, 0.5888], [0.6638, 0.9445]]",
        hints=(
            "How many whole windows of 2 x 2 fit into 5 x 5 cells?",
            "The windows start in rows 0 and 2, and in columns 0 and 2. The last row and the last "
            "column belong to none.",
            "The first window holds invals[1, 0, :2, :2]. Its largest number is your cell [0, 0].",
        ),
        checker=_check_pool_by_hand,
        mistakes="They pool the cells at the border, too, as ignore_border=False does.",
    ),
    write_max_pool := Exercise(
        lesson=2,
        name="write_max_pool",
        title="Max-pooling without loops",
        tests="writes max-pooling in NumPy for both values of ignore_border",
        start="""\
def my_max_pool(feature_map, poolsize, ignore_border):
    return ...""",
        solution="""\
def my_max_pool(feature_map, poolsize, ignore_border):
    (rows, columns), (p, q) = feature_map.shape, poolsize
    if ignore_border:
        whole = feature_map[: rows // p * p, : columns // q * q]
    else:
        missing = ((0, -rows % p), (0, -columns % q))
        whole = numpy.pad(feature_map, missing, constant_values=-numpy.inf)
    windows = whole.reshape(len(whole) // p, p, whole.shape[1] // q, q)
    return windows.max(axis=(1, 3))""",
        hints=(
            "If all windows are whole, `reshape` can give each of them axes of its own: (rows of "
            "windows, p, columns of windows, q).",
            "Then the largest number along axes 1 and 3 is what you need. With ignore_border=True "
            "cut off what is left over before.",
            "With False fill up with numbers that never win: numpy.pad(feature_map, ((0, -rows % "
            "p), (0, -columns % q)), constant_values=-numpy.inf).",
        ),
        checker=_check_max_pool,
        mistakes="They fill up with zeros, which win over negative numbers.",
    ),
)


def predict_lost_cells():
    """Ask which square window loses the most cells of 5 x 5."""
    lost = {p: 25 - (5 // p * p) ** 2 for p in range(1, 6)}
    worst = max(lost, key=lost.get)

    def answer():
        return (
            worst,
            f"{worst} x {worst}: it loses {lost[worst]} of 25, and {25 - lost[worst]} are left.",
        )

    return Prediction({f"{p} x {p}": p for p in lost}, answer)
