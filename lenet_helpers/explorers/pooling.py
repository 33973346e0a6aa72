"""Lesson 2: pooling windows on a feature map, and what `ignore_border` drops."""

from functools import cache
from itertools import product
from typing import NamedTuple

from lenet_helpers import (
    arithmetic,
    drawing,
    figures,
    filters,
    gallery,
    operations,
    shapes,
    words,
)
from lenet_helpers.explorers.convolution import feature_maps
from lenet_helpers.widgets import elements, number_grid
from lenet_helpers.widgets.explorer import Explorer, Picture, View, cell_at

import numpy

LARGEST_WINDOW = 10
LARGEST_SMALL_MAP = 10
# Lesson 2 prints [0, 0] of these maps with ignore_border=True, and [1, 0] with False.
LESSON_SEED, LESSON_SHAPE = 1, (3, 2, 5, 5)
LESSON_MAPS = {"first": (0, 0), "second": (1, 0)}
RANDOM, OWN = "random", "own"
# The controls of a random map and the learner's own, in the order in which `_map` takes them.
MAP_NAMES = ("map_rows", "map_columns", "seed", "own")
CAT_FILTER_SIDE, N_CAT_MAPS = 9, 2
# So many rows and columns of a large map are shown in numbers.
DETAIL = 10
LOST_COLOUR = (230, 159, 0)


def winners_and_lost(feature_map, poolsize, ignore_border, stride=None):
    """Tell which cells win a pooling window, and which lie in no window.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns).
    poolsize : tuple of int
        The window's (rows, columns), cells.
    ignore_border : bool
        Whether cells that fill no whole window are dropped.
    stride : tuple of int, optional
        Cells from one window to the next; without it, windows lie side by side.

    Returns
    -------
    tuple of numpy.ndarray
        (winners, lost), both (rows, columns), bool. A tie has several winners.
    """
    steps = poolsize if stride is None else stride
    pooled = operations.pool(feature_map, poolsize, ignore_border, steps)
    winners = numpy.zeros(feature_map.shape, dtype=bool)
    lost = numpy.ones(feature_map.shape, dtype=bool)
    # Cell (u, v) of all windows at once; a window that reaches over the border lacks some cells.
    for u, v in numpy.ndindex(*poolsize):
        cells = (
            slice(u, u + (pooled.shape[0] - 1) * steps[0] + 1, steps[0]),
            slice(v, v + (pooled.shape[1] - 1) * steps[1] + 1, steps[1]),
        )
        values = feature_map[cells]
        winners[cells] |= values == pooled[: values.shape[0], : values.shape[1]]
        lost[cells] = False
    return winners, lost


def explore_pooling():
    """Return the pooling explorer: a feature map, its windows, and both results side by side.

    Returns
    -------
    Explorer
        A click on a cell of a result shows its window.
    """
    operations.compile_pooling()
    names = {
        words.MAP_FIRST: "first",
        words.MAP_SECOND: "second",
        words.MAP_RANDOM: RANDOM,
        words.MAP_OWN: OWN,
        **{words.MAP_CAT.format(number=n): f"cat{n}" for n in range(N_CAT_MAPS)},
    }
    modes = {mode: mode for mode in operations.POOLING_MODES}
    slider = elements.integer_slider
    controls = {
        "source": elements.choice(words.LABEL_MAP, "first", names),
        "seed": elements.alone(elements.seed(1)),
        "map_rows": slider(words.LABEL_MAP_ROWS, 5, 1, LARGEST_SMALL_MAP),
        "map_columns": slider(words.LABEL_MAP_COLUMNS, 5, 1, LARGEST_SMALL_MAP),
        "own": elements.alone(number_grid.NumberGrid(words.LABEL_OWN_MAP, lesson_map("first"))),
        "pool_rows": slider(words.LABEL_POOL_ROWS, 2, 1, LARGEST_WINDOW),
        "pool_columns": slider(words.LABEL_POOL_COLUMNS, 2, 1, LARGEST_WINDOW),
        "stride_is_window": elements.checkbox(words.LABEL_STRIDE_IS_WINDOW, True),
        "stride_rows": slider(words.LABEL_STRIDE_ROWS, 2, 1, LARGEST_WINDOW),
        "stride_columns": slider(words.LABEL_STRIDE_COLUMNS, 2, 1, LARGEST_WINDOW),
        "mode": elements.choice(words.LABEL_MODE, "max", modes),
        "ignore_border": elements.checkbox(words.LABEL_IGNORE_BORDER, True),
        "position": elements.long_slider(words.LABEL_POOLED_CELL, 0, 3),
    }
    return Explorer(draw_pooling, controls, EXAMPLES, (), follow_choices, choose_window)


EXAMPLES = (
    {},
    {"source": "second", "ignore_border": False},
    {
        "pool_rows": 3,
        "pool_columns": 3,
        "stride_is_window": False,
        "stride_rows": 1,
        "stride_columns": 1,
    },
    {"source": "cat0", "pool_rows": 5, "pool_columns": 5, "position": 9603},
)


def draw_pooling(
    source,
    map_rows,
    map_columns,
    seed,
    pool_rows,
    pool_columns,
    stride_is_window,
    stride_rows,
    stride_columns,
    mode,
    ignore_border,
    position,
    own,
):
    """Return the `View` of a feature map and of both its pooled ones.

    Parameters
    ----------
    source : {'first', 'second', 'random', 'own', 'cat0', 'cat1'}
        One of the lesson's maps, a random one, the learner's own, or one of the cat's.
    map_rows, map_columns : int
        The size of a random map or the learner's own, cells.
    seed : int
        Seeds the random map.
    pool_rows, pool_columns, stride_rows, stride_columns : int
        Cells; the stride counts unless `stride_is_window`.
    mode, ignore_border
        As for `operations.pool`; both values of `ignore_border` are shown, and this one's windows.
    position : int
        Which pooled cell's window is framed, counted row by row from 0; a number beyond the last
        is the last.
    own : sequence of sequence of float
        The learner's own map, in rows.

    Raises
    ------
    ValueError
        If the settings do not work together.
    """
    feature_map = _map(source, map_rows, map_columns, seed, own)
    window = (pool_rows, pool_columns)
    stride = window if stride_is_window else (stride_rows, stride_columns)
    pooled = {
        border: operations.pool(feature_map, window, border, stride, mode)
        for border in (True, False)
    }
    winners, lost = winners_and_lost(feature_map, window, ignore_border, stride)
    if mode != "max":
        winners[:] = False
    position = min(position, pooled[ignore_border].size - 1)
    cell = divmod(position, pooled[ignore_border].shape[1])
    windows = _Windows(window, stride, pooled[ignore_border].shape, feature_map.shape)
    shown = [
        *_input_pictures(feature_map, winners, lost, windows, cell, ignore_border),
        *(
            _result_picture(result, border, cell if border == ignore_border else None)
            for border, result in pooled.items()
        ),
    ]
    of_rows, of_columns = (
        [arithmetic.pool_arithmetic(*numbers, border, step) for border in (True, False)]
        for *numbers, step in zip(feature_map.shape, window, stride, strict=True)
    )
    n_winners = words.POOLING_WINNERS.format(n_winners=int(winners.sum()))
    sentence = words.POOLING_STATE.format(
        rows_dropped=of_rows[0],
        rows_kept=of_rows[1],
        columns_dropped=of_columns[0],
        columns_kept=of_columns[1],
        ignore_border=ignore_border,
        n_lost=int(lost.sum()),
        n_cells=lost.size,
        winners=n_winners if mode == "max" else "",
        row=cell[0] + 1,
        column=cell[1] + 1,
        value=drawing.number(pooled[ignore_border][cell]),
    )
    return View(tuple(shown), sentence, {"position": {"max": pooled[ignore_border].size - 1}})


def follow_choices(source, stride_is_window, pool_rows, pool_columns, **settings):
    """Return what the choice of a map and of the stride changes in other controls.

    Parameters
    ----------
    source, stride_is_window, pool_rows, pool_columns, **settings
        As for `draw_pooling`.
    """
    has_size, largest_grid = source in (RANDOM, OWN), number_grid.LARGEST_SIDE
    of_size = {"disabled": not has_size}
    of_size["max"] = largest_grid if source == OWN else LARGEST_SMALL_MAP
    feature_map = _map(source, *(settings[name] for name in MAP_NAMES))
    if source == OWN:
        grid = {"visible": True, "shape": feature_map.shape}
    else:
        part = feature_map[:largest_grid, :largest_grid]
        grid = {"visible": False, "suggested": number_grid.rounded(part)}
    stride = {"disabled": stride_is_window}
    return {
        "map_rows": of_size,
        "map_columns": of_size,
        "seed": {"disabled": source != RANDOM},
        "own": grid,
        "stride_rows": stride | ({"value": pool_rows} if stride_is_window else {}),
        "stride_columns": stride | ({"value": pool_columns} if stride_is_window else {}),
    }


def choose_window(settings, number, right, down):
    """Return the new settings after a click on one of the pictures.

    Parameters
    ----------
    settings : dict
        As `draw_pooling` takes them.
    number : int
        Which picture; only the two results answer.
    right, down : float
        Where in it, as fractions.
    """
    shape = _map(settings["source"], *(settings[name] for name in MAP_NAMES)).shape
    borders = {1 + _is_large(shape): True, 2 + _is_large(shape): False}
    if number not in borders:
        return {}
    window = (settings["pool_rows"], settings["pool_columns"])
    stride = (settings["stride_rows"], settings["stride_columns"])
    stride = None if settings["stride_is_window"] else stride
    pooled_shape = shapes.pool_output_shape(shape, window, borders[number], stride)
    return {"ignore_border": borders[number], "position": cell_at(pooled_shape, right, down)}


def lesson_map(name):
    """Return one of the two maps that lesson 2 prints, (5, 5), dtype float64."""
    return numpy.random.RandomState(LESSON_SEED).rand(*LESSON_SHAPE)[LESSON_MAPS[name]]


def _map(source, map_rows, map_columns, seed, own):
    if source in LESSON_MAPS:
        return lesson_map(source)
    if source == RANDOM:
        return numpy.random.RandomState(seed).randint(0, 10, (map_rows, map_columns)) + 0.0
    if source == OWN:
        return filters.resized(
            own, *(min(side, number_grid.LARGEST_SIDE) for side in (map_rows, map_columns))
        )
    return cat_maps()[int(source.removeprefix("cat"))]


@cache
def cat_maps():
    """Return the cat's two feature maps of lesson 1, (2, 492, 492), dtype float32."""
    return feature_maps(gallery.large_picture("cat"), CAT_FILTER_SIDE, CAT_FILTER_SIDE, N_CAT_MAPS)


def _is_large(shape):
    return max(shape) > LARGEST_SMALL_MAP


def _input_pictures(feature_map, winners, lost, windows, cell, ignore_border):
    """Return pictures of a feature map: of a large one the whole, then a part in numbers."""
    caption = words.CAPTION_POOL_MAP.format(ignore_border=ignore_border)
    if not _is_large(feature_map.shape):
        return [Picture(caption, _numbers(feature_map, winners, lost, windows, cell))]
    top, left = (
        int(numpy.clip(number * step - DETAIL // 3, 0, length - DETAIL))
        for number, step, length in zip(cell, windows.stride, feature_map.shape, strict=True)
    )
    title = words.CAPTION_DETAIL.format(
        top=top + 1, bottom=top + DETAIL, left=left + 1, right=left + DETAIL
    )
    numbers = _numbers(feature_map, winners, lost, windows, cell, (top, left))
    whole = drawing.marked_picture(feature_map, lost, LOST_COLOUR)
    return [Picture(caption, whole, True), Picture(title, numbers)]


def _numbers(feature_map, winners, lost, windows, cell, corner=(0, 0)):
    """Draw the part of a map from `corner` on in numbers, with its windows; `cell`'s is orange."""
    part = tuple(slice(start, start + DETAIL) for start in corner)
    fills = numpy.where(winners, drawing.WINNER, drawing.PLAIN)
    fills[lost] = drawing.LOST
    sides = feature_map[part].shape
    frames = []
    # Overlapping windows would be a tangle of lines.
    if all(step >= side for step, side in zip(windows.stride, windows.size, strict=True)):
        near = (windows.near(axis, corner[axis], sides[axis]) for axis in (0, 1))
        frames = [windows.frame(place, corner, sides, figures.BLUE) for place in product(*near)]
    frames.append(windows.frame(cell, corner, sides, figures.RED))
    frames = [frame for frame in frames if min(frame[2:4]) > 0]  # the others are out of sight
    return drawing.number_grid(feature_map[part], fills[part], frames)


class _Windows(NamedTuple):
    """The windows on a map: their size, the steps between them, and how many there are."""

    size: tuple
    stride: tuple
    counts: tuple
    map_shape: tuple

    def near(self, axis, start, length):
        """Return the numbers of the windows that may reach into `length` cells from `start` on."""
        first = max(0, (start - self.size[axis]) // self.stride[axis])
        return range(first, min(self.counts[axis], (start + length) // self.stride[axis] + 1))

    def frame(self, place, corner, sides, colour):
        """Return a window's frame in a part of the map, as `drawing.number_grid` takes it."""
        starts, lengths = [], []
        for axis in (0, 1):
            start = place[axis] * self.stride[axis]
            end = min(start + self.size[axis], self.map_shape[axis])
            first = max(0, start - corner[axis])
            starts.append(first)
            lengths.append(min(end - corner[axis], sides[axis]) - first)
        return (*starts, *lengths, colour)


def _result_picture(result, border, cell):
    """Return the picture of a pooled map, as numbers or as greys; `cell` is marked in numbers."""
    caption = words.CAPTION_POOLED.format(
        ignore_border=border, rows=result.shape[0], columns=result.shape[1]
    )
    if _is_large(result.shape):
        return Picture(caption, drawing.grey_picture(result), True)
    fills = numpy.full(result.shape, drawing.PLAIN)
    if cell is not None:
        fills[cell] = drawing.MARKED
    return Picture(caption, drawing.number_grid(result, fills))
