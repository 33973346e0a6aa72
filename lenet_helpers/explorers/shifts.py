"""Lesson 2: what pooling's output keeps when the picture moves."""

from fractions import Fraction
from functools import cache
from itertools import product

from lenet_helpers import drawing, figures, gallery, operations, shapes, words
from lenet_helpers.explorers import pooling
from lenet_helpers.pictures import PIXEL_LEVELS
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View

import numpy

DIRECTIONS = tuple(shift for shift in product((-1, 0, 1), repeat=2) if shift != (0, 0))
LARGEST_WINDOW = 5
LARGEST_SHIFT = 3
SPOT = "spot"
CAT_PART = (slice(100, 160), slice(120, 180))
DRAWN_SIDE = 240
CHANGED_COLOUR = numpy.array([255, 226, 122]) / PIXEL_LEVELS


def unchanged_shifts(poolsize):
    """Count the one-pixel shifts that leave max-pooling's output as it was.

    A map of zeros has a single 1 in its middle window. It is put into every cell of the window
    in turn, and shifted by one pixel in each of the 8 directions.

    Parameters
    ----------
    poolsize : tuple of int
        The window's (rows, columns), cells.

    Returns
    -------
    numpy.ndarray
        (rows, columns) of the window: of 8 shifts, how many change nothing.
    """
    poolsize = shapes.pair(poolsize, words.NAME_POOLSIZE)
    counts = numpy.zeros(poolsize, dtype=int)
    for cell in numpy.ndindex(*poolsize):
        stays = stays_after_shifts(spot_map(poolsize, cell), poolsize)
        counts[cell] = stays.all(axis=(1, 2)).sum()
    return counts


def stays_after_shifts(feature_map, poolsize, shifts=DIRECTIONS):
    """Tell which pooled cells keep their value when a map is shifted.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns).
    poolsize : tuple of int
        The window's (rows, columns), cells.
    shifts : sequence of tuple of int
        (down, right), pixels; without it, the 8 shifts by one pixel.

    Returns
    -------
    numpy.ndarray
        (shifts, pooled rows, pooled columns), bool.
    """
    shifted = numpy.stack([shift_map(feature_map, *shift) for shift in shifts])
    before = operations.pool(feature_map, poolsize, ignore_border=True)
    return operations.pool(shifted, poolsize, ignore_border=True) == before


def shift_map(feature_map, down, right):
    """Return a map moved by whole pixels; at the border it is as if its last cells went on.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns).
    down, right : int
        Pixels; negative numbers move it up and to the left.

    Returns
    -------
    numpy.ndarray
        Of the same shape and dtype.
    """
    rows, columns = (
        numpy.clip(numpy.arange(length) - by, 0, length - 1)
        for length, by in zip(feature_map.shape, (down, right), strict=True)
    )
    return feature_map[numpy.ix_(rows, columns)]


def spot_map(poolsize, cell):
    """Return a map of whole windows, zero but for a 1 in a cell of the middle one.

    Parameters
    ----------
    poolsize : tuple of int
        The window's (rows, columns), cells.
    cell : tuple of int
        The maximum's (row, column) in its window, from 0.

    Returns
    -------
    numpy.ndarray
        (rows, columns), dtype float64: in each direction as many windows as the largest shift of
        the explorer can need, at least 3.
    """
    around = [-(-LARGEST_SHIFT // side) for side in poolsize]
    feature_map = numpy.zeros(
        [(1 + 2 * n) * side for n, side in zip(around, poolsize, strict=True)]
    )
    place = (n * side + offset for n, side, offset in zip(around, poolsize, cell, strict=True))
    feature_map[tuple(place)] = 1
    return feature_map


def explore_shifts():
    """Return an explorer that moves a map and shows which pooled cells stay as they were.

    Returns
    -------
    Explorer
    """
    operations.compile_pooling()
    names = {
        words.SHIFT_SPOT: SPOT,
        words.PICTURE_DIGIT: "digit",
        words.MAP_CAT.format(number=0): "cat",
    }
    slider = elements.integer_slider
    controls = {
        "source": elements.choice(words.LABEL_MAP, SPOT, names),
        "pool_rows": slider(words.LABEL_POOL_ROWS, 2, 1, LARGEST_WINDOW),
        "pool_columns": slider(words.LABEL_POOL_COLUMNS, 2, 1, LARGEST_WINDOW),
        "spot_row": slider(words.LABEL_SPOT_ROW, 1, 1, 2),
        "spot_column": slider(words.LABEL_SPOT_COLUMN, 1, 1, 2),
        "down": slider(words.LABEL_SHIFT_DOWN, 0, -LARGEST_SHIFT, LARGEST_SHIFT),
        "right": slider(words.LABEL_SHIFT_RIGHT, 1, -LARGEST_SHIFT, LARGEST_SHIFT),
    }
    return Explorer(draw_shift, controls, EXAMPLES, follow=follow_choices)


EXAMPLES = ({}, {"right": -1}, {"source": "digit", "pool_rows": 3, "pool_columns": 3})


def draw_shift(source, pool_rows, pool_columns, spot_row, spot_column, down, right):
    """Return the `View` of a map before and after a shift, and of its pooled ones.

    Parameters
    ----------
    source : {'spot', 'digit', 'cat'}
        A single maximum, a handwritten digit, or a part of the cat's feature map.
    pool_rows, pool_columns : int
        Cells.
    spot_row, spot_column : int
        The single maximum's place in its window, from 1; beyond the last means the last.
    down, right : int
        Pixels.
    """
    poolsize = (pool_rows, pool_columns)
    is_spot = source == SPOT
    drawn = _in_numbers if is_spot else _in_greys
    if is_spot:
        place = (min(spot_row, pool_rows) - 1, min(spot_column, pool_columns) - 1)
        before = spot_map(poolsize, place)
    else:
        before = _picture_map(source)
    after = shift_map(before, down, right)
    pooled_before, pooled_after = operations.pool(numpy.stack([before, after]), poolsize, True)
    stays = pooled_after == pooled_before
    n_unchanged, n_shifts = _count_unchanged(poolsize)
    share = Fraction(n_unchanged, n_shifts)
    if is_spot:
        rest = words.SHIFT_SHARE_SPOT.format(
            pool_rows=pool_rows,
            pool_columns=pool_columns,
            n_unchanged=n_unchanged,
            n_shifts=n_shifts,
            share=share,
            decimal=float(share),
        )
    else:
        over_all = stays_after_shifts(before, poolsize)
        rest = words.SHIFT_SHARE_PICTURE.format(
            n_unchanged=int(over_all.all(axis=(1, 2)).sum()),
            share=share,
            percent=100 * over_all.mean(),
        )
    is_shifted = (down, right) != (0, 0)
    shift = words.SHIFT_BY.format(
        rows=abs(down),
        vertically=words.SHIFT_UP if down < 0 else words.SHIFT_DOWN,
        columns=abs(right),
        sideways=words.SHIFT_LEFT if right < 0 else words.SHIFT_RIGHT,
    )
    sentence = words.SHIFT_STATE.format(
        shift=shift if is_shifted else words.SHIFT_NONE,
        n_stay=int(stays.sum()),
        n_outputs=stays.size,
        share=rest,
    )
    shown = (
        Picture(words.CAPTION_BEFORE, drawn(before, windows=poolsize)),
        Picture(words.CAPTION_AFTER, drawn(after, windows=poolsize)),
        Picture(words.CAPTION_POOLED_BEFORE, drawn(pooled_before)),
        Picture(words.CAPTION_POOLED_AFTER, drawn(pooled_after, changed=~stays)),
    )
    return View(shown, sentence)


def follow_choices(source, pool_rows, pool_columns, **settings):
    """Return what the choice of a map and of the window changes in other controls.

    Parameters
    ----------
    source, pool_rows, pool_columns, **settings
        As for `draw_shift`.
    """
    is_spot = {"disabled": source != SPOT}
    return {
        "spot_row": is_spot | {"max": pool_rows},
        "spot_column": is_spot | {"max": pool_columns},
    }


@cache
def _count_unchanged(poolsize):
    counts = unchanged_shifts(poolsize)
    return int(counts.sum()), counts.size * len(DIRECTIONS)


@cache
def _picture_map(source):
    if source == "digit":
        return gallery.digit_map()
    return numpy.ascontiguousarray(pooling.cat_maps()[0][CAT_PART])


def _in_numbers(values, windows=None, changed=None):
    """Draw a small map in numbers, with its windows; cells that changed are yellow."""
    frames = []
    if windows:
        starts = (range(0, n, side) for n, side in zip(values.shape, windows, strict=True))
        frames = [(*start, *windows, figures.BLUE) for start in product(*starts)]
    fills = None if changed is None else numpy.where(changed, drawing.MARKED, drawing.PLAIN)
    return drawing.number_grid(values, fills, frames)


def _in_greys(values, windows=None, changed=None):
    """Draw a map in greys, without its many windows; cells that changed are tinted yellow."""
    colours = numpy.stack([drawing.grey_levels(values) / PIXEL_LEVELS] * 3, axis=2)
    if changed is not None:
        colours[changed] = (colours[changed] + CHANGED_COLOUR) / 2
    times = max(1, DRAWN_SIDE // max(values.shape))
    return drawing.colour_picture(colours, times)
