"""The exercises and predictions of lesson 2, on max-pooling."""

import math

from lenet_helpers import gallery, shapes
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.explorers import shifts
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "Max-pooling", "02_max_pooling.ipynb"

# The page prints four decimals; who keeps two has understood as well.
ROUNDING = 0.0101
# One tie, and a last column that lies in no window of 2 x 2, although it has the largest numbers.
SLOPES_MAP = ((1, 6, 2, 2, 7), (0, 3, 5, 1, 4), (8, 8, 0, 1, 9), (4, 2, 3, 1, 5))
SLOPES = ((0.5, -1.0), (2.0, 3.0))
# The same as the lesson's cell writes it, row below row.
SLOPES_DATA = "\n".join(
    [
        "feature_map = numpy.array(",
        "    [",
        *(f"        {list(row)}," for row in SLOPES_MAP),
        "    ]",
        ")",
        f"slopes = numpy.array({[list(row) for row in SLOPES]})  # of the 2 x 2 pooled cells",
    ]
)


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


def _pool_slopes(feature_map, slopes):
    """The gradient of pooling by 2 x 2 with ignore_border=True; all that tie get it."""
    gradient = numpy.zeros(numpy.shape(feature_map))
    for i, j in numpy.ndindex(*numpy.shape(slopes)):
        window = (slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
        gradient[window] = (feature_map[window] == feature_map[window].max()) * slopes[i, j]
    return gradient


def _check_pool_by_hand(my_pooled):
    lesson_maps = numpy.random.RandomState(1).rand(3, 2, 5, 5)
    feature_map = lesson_maps[1, 0]
    right = _pooled(feature_map, (2, 2), True)
    found = answers.array(my_pooled)
    if found.shape == (3, 3):
        raise Wrong(
            "yours has 3 x 3 cells, as with ignore_border=False; with True, windows that are not "
            "whole are left out."
        )
    found = answers.array(my_pooled, shape=(2, 2))
    if (abs(found - _pooled(lesson_maps[0, 0], (2, 2), True)) <= ROUNDING).all():
        raise Wrong("you pooled invals[0, 0]; invals[1, 0] is the one printed below it.")
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
        # Who fills up with zeros should notice.
        yield numpy.array([[-1.0, -2.0, -3.0]]), (1, 2), False
        yield numpy.arange(15.0).reshape(3, 5), (2, 2), False
        yield numpy.arange(15.0).reshape(3, 5), (2, 2), True
        rng = numpy.random.RandomState(2)
        for _ in range(40):
            feature_map = rng.randint(-9, 3, size=rng.randint(3, 8, size=2)).astype(float)
            poolsize = tuple(int(n) for n in rng.randint(1, 4, size=2))
            yield feature_map, poolsize, bool(rng.randint(2))

    running.compare(my_max_pool, _pooled, maps())
    return "44 maps of many sizes, pooled as by loops."


def _check_slopes_by_hand(my_slopes):
    feature_map, slopes = numpy.array(SLOPES_MAP, dtype=float), numpy.array(SLOPES)
    right = _pool_slopes(feature_map, slopes)
    found = answers.array(my_slopes)
    if found.shape == slopes.shape:
        raise Wrong("yours are slopes of 2 x 2 pooled cells; each of the map's 4 x 5 needs one.")
    found = answers.array(found, shape=right.shape)
    for i, j in numpy.ndindex(*slopes.shape):
        rows, columns = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        slope, window, given = slopes[i, j], feature_map[rows, columns], found[rows, columns]
        if numpy.allclose(given, right[rows, columns]):
            continue
        wins = window == window.max()
        where = f"in the window {window.astype(int).tolist()} you have {given.tolist()}"
        if numpy.allclose(given, window * wins):
            raise Wrong(
                f"{where}: those are cells of the map; the pooled cell's slope is {slope}."
            )
        if given[~wins].any():
            raise Wrong(
                f"{where}. Does the maximum change if a cell that lost grows a little? If not, "
                "the cell's slope is 0."
            )
        if wins.sum() > 1:
            raise Wrong(f"{where}. Two cells tie; Theano gives the whole slope to each of them.")
        raise Wrong(f"{where}. The winner's slope is that of the pooled cell.")
    if found[:, 4].any():
        raise Wrong(
            f"your last column is {found[:, 4].tolist()}, but it lies in no window: nothing that "
            "happens there reaches the cost."
        )
    return (
        f"{numpy.count_nonzero(right)} of {right.size} cells have a slope: only they can "
        "change the cost."
    )


def _check_pool_slopes(my_pool_slopes):
    def maps():
        yield numpy.array([[1.0, 2.0], [4.0, 3.0]]), numpy.array([[0.5]])
        yield numpy.array([[1.0, 2.0], [2.0, 0.0]]), numpy.array([[0.5]])
        yield numpy.array([[1.0, 2.0, 5.0], [4.0, 3.0, 6.0]]), numpy.array([[-1.5]])
        rng = numpy.random.RandomState(3)
        for rows, columns in ((4, 4), (5, 6), (6, 5), (7, 3), (2, 8)):
            # Few different numbers make many ties.
            feature_map = rng.randint(-3, 2, size=(rows, columns)).astype(float)
            yield feature_map, rng.randint(-9, 9, size=(rows // 2, columns // 2)) / 2

    running.compare(my_pool_slopes, _pool_slopes, maps())
    return "8 maps, with ties and lost cells; Theano's MaxPoolGrad gives the same."


def _check_kept_shifts(my_kept_shifts):
    def kept(poolsize, cell):
        # In how many rows, and in how many columns, may the maximum be after a shift?
        rows, columns = (
            min(place + 1, side - 1) - max(place - 1, 0) + 1
            for place, side in zip(cell, poolsize, strict=True)
        )
        return rows * columns - 1

    windows = [(2, 2), (3, 3), (1, 1), (4, 4), (1, 3), (2, 5), (5, 3)]
    cases = [(window, cell) for window in windows for cell in numpy.ndindex(*window)]
    running.compare(my_kept_shifts, kept, cases)
    corner, edge, inside = (kept((4, 4), cell) for cell in ((0, 0), (0, 1), (1, 1)))
    share = sum(kept((4, 4), cell) for cell in numpy.ndindex(4, 4)) / (8 * 16)
    return (
        f"in a 4 x 4 window {corner} of 8 shifts keep a maximum in the corner, {edge} at the edge "
        f"and {inside} inside: {share:.4f} of all. Larger windows forgive more."
    )


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
        title="Write max-pooling",
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
    slopes_by_hand := Exercise(
        lesson=2,
        name="slopes_by_hand",
        title="Pass slopes back by hand",
        tests="derives the gradient of a pooled map, with a tie and lost cells",
        start=f"""\
{SLOPES_DATA}
my_slopes = ...""",
        solution=f"""\
{SLOPES_DATA}
my_slopes = [
    [0, 0.5, 0, 0, 0],
    [0, 0, -1, 0, 0],
    [2, 2, 0, 0, 0],
    [0, 0, 3, 0, 0],
]""",
        hints=(
            "Mark the four windows of 2 x 2, and in each the cells with its largest number. Which "
            "cells lie in no window?",
            "If the winner grows by a little, the pooled cell grows by as much: so both have the "
            "same slope. All others have the slope 0.",
            "The first window holds 1, 6, 0 and 3. Its pooled cell has the slope 0.5; so has the "
            "6, and the rest have 0. Where two cells win, both have the whole slope.",
        ),
        checker=_check_slopes_by_hand,
        mistakes="They share the slope among the cells of a tie, or give it to the lost column.",
    ),
    write_pool_slopes := Exercise(
        lesson=2,
        name="write_pool_slopes",
        title="The gradient of max-pooling",
        tests="writes the gradient of max-pooling in NumPy",
        start="""\
def my_pool_slopes(feature_map, slopes):
    return ...""",
        solution="""\
def my_pool_slopes(feature_map, slopes):
    result = numpy.zeros(feature_map.shape)
    for i in range(slopes.shape[0]):
        for j in range(slopes.shape[1]):
            window = feature_map[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            wins = window == window.max()
            result[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = wins * slopes[i, j]
    return result""",
        hints=(
            "Begin with zeros of the map's shape. Then go through the pooled cells, as max_pool "
            "does, and fill the window of each.",
            "`window == window.max()` is an array of True and False: True where a cell wins. "
            "Multiply it by the slope.",
            "For the pooled cell (i, j) the window is feature_map[2 * i : 2 * i + 2, 2 * j : "
            "2 * j + 2]; write (window == window.max()) * slopes[i, j] into this part of the "
            "result.",
        ),
        checker=_check_pool_slopes,
        mistakes="They use argmax, which finds only the first cell of a tie.",
    ),
    count_kept_shifts := Exercise(
        lesson=2,
        name="count_kept_shifts",
        title="Count the shifts that change nothing",
        tests="counts shifts that keep a maximum in its window, for any window",
        start="""\
def my_kept_shifts(poolsize, cell):
    return ...""",
        solution="""\
def my_kept_shifts(poolsize, cell):
    kept = 0
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = cell[0] + down, cell[1] + right
            stays = 0 <= row < poolsize[0] and 0 <= column < poolsize[1]
            if stays and (down, right) != (0, 0):
                kept += 1
    return kept""",
        hints=(
            "Two loops go through the shifts: down by -1, 0 or 1, and to the right by -1, 0 or 1. "
            "One of the nine is no shift.",
            "After a shift the maximum is at (cell[0] + down, cell[1] + right). It is in the "
            "window if its row is from 0 to poolsize[0] - 1, and its column likewise.",
            "Count the shifts with 0 <= cell[0] + down < poolsize[0] and 0 <= cell[1] + right < "
            "poolsize[1]; (0, 0) does not count.",
        ),
        checker=_check_kept_shifts,
        mistakes="They count the shift by nothing, too, or swap rows and columns.",
    ),
)


def predict_lost_cells():
    """Ask which square window loses the most cells of 5 x 5."""

    def answer():
        kept = {p: shapes.pool_output_length(5, p, True) * p for p in range(1, 6)}
        lost = {p: 25 - side**2 for p, side in kept.items()}
        worst = max(lost, key=lost.get)
        return (
            worst,
            f"It loses {lost[worst]} of 25, and {25 - lost[worst]} are left. "
            "One window fits in each direction, and what is left over is nearly as wide.",
        )

    return Prediction({f"{p} x {p}": p for p in range(1, 6)}, answer)


def predict_corner_shifts():
    """Ask how many of 8 shifts keep a maximum in the top left cell of a 2 x 2 window inside."""

    def answer():
        n_kept = int(shifts.unchanged_shifts((2, 2))[0, 0])
        return (
            n_kept,
            f"{n_kept} keep it: to the right, down, and both at once. The other {8 - n_kept} "
            "leave the window, upwards or to the left.",
        )

    return Prediction({f"{n} of 8": n for n in (1, 3, 4, 5, 8)}, answer)


def predict_digit_shifts():
    """Ask how many of 8 shifts leave a digit's pooled map as it was."""

    def answer():
        stays = shifts.stays_after_shifts(gallery.digit_map(), (2, 2))
        n_unchanged = int(stays.all(axis=(1, 2)).sum())
        return (
            n_unchanged,
            f"A stroke has a maximum in each of many windows, and "
            f"some of them always leave theirs; but {100 * stays.mean():.0f} % of the pooled "
            "cells stay.",
        )

    return Prediction({"all 8": 8, "5 of 8": 5, "3 of 8": 3, "none": 0}, answer)
