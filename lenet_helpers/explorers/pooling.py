"""Lesson 2: pooling windows on a small feature map, and what a shift by one pixel changes."""

from itertools import product

from lenet_helpers import figures, operations, shapes, widgets, words

import numpy

DIRECTIONS = tuple(shift for shift in product((-1, 0, 1), repeat=2) if shift != (0, 0))


def winners_and_lost(feature_map, poolsize, ignore_border):
    """Tell which cells win their pooling window, and which lie in no window.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns).
    poolsize : tuple of int
        The window's (rows, columns), cells.
    ignore_border : bool
        Whether cells that fill no whole window are dropped.

    Returns
    -------
    tuple of numpy.ndarray
        (winners, lost), both (rows, columns), bool. A tie has several winners.
    """
    pool_rows, pool_columns = poolsize
    pooled = operations.max_pool(feature_map, poolsize, ignore_border)
    window_row, window_column = numpy.indices(feature_map.shape)
    window_row //= pool_rows
    window_column //= pool_columns
    lost = (window_row >= pooled.shape[0]) | (window_column >= pooled.shape[1])
    largest = pooled[
        numpy.minimum(window_row, pooled.shape[0] - 1),
        numpy.minimum(window_column, pooled.shape[1] - 1),
    ]
    return (feature_map == largest) & ~lost, lost


def draw_pooling(feature_map, pool_rows, pool_columns, ignore_border):
    """Return a PNG file of a pooled feature map, and the sentence that belongs to it."""
    poolsize = (pool_rows, pool_columns)
    pooled = operations.max_pool(feature_map, poolsize, ignore_border)
    winners, lost = winners_and_lost(feature_map, poolsize, ignore_border)
    rows, columns = feature_map.shape
    sentence = words.POOLING_STATE.format(
        rounding=words.ROUND_DOWN if ignore_border else words.ROUND_UP,
        rows=rows,
        columns=columns,
        pool_rows=pool_rows,
        pool_columns=pool_columns,
        pooled_rows=pooled.shape[0],
        pooled_columns=pooled.shape[1],
        n_lost=int(lost.sum()),
        n_cells=lost.size,
    )
    figure = figures.pooling(feature_map, pooled, poolsize, winners, lost)
    return figures.to_png(figure), sentence


def explore_pooling(feature_map):
    """Return controls for the pooling window and `ignore_border`, and what they do to a map.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns), small enough to read its numbers.

    Returns
    -------
    ipywidgets.VBox
    """
    rows, columns = feature_map.shape
    return widgets.explore(
        lambda **settings: draw_pooling(feature_map, **settings),
        pool_rows=widgets.integer_slider(words.LABEL_POOL_ROWS, 2, 1, rows),
        pool_columns=widgets.integer_slider(words.LABEL_POOL_COLUMNS, 2, 1, columns),
        ignore_border=widgets.checkbox(words.LABEL_IGNORE_BORDER, True),
    )


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
    pool_rows, pool_columns = shapes.pair(poolsize, words.NAME_POOLSIZE)
    counts = numpy.zeros((pool_rows, pool_columns), dtype=int)
    for row, column in numpy.ndindex(pool_rows, pool_columns):
        feature_map = numpy.zeros((3 * pool_rows, 3 * pool_columns))
        feature_map[pool_rows + row, pool_columns + column] = 1
        shifted = numpy.stack([numpy.roll(feature_map, shift, (0, 1)) for shift in DIRECTIONS])
        before = operations.max_pool(feature_map, poolsize, ignore_border=True)
        after = operations.max_pool(shifted, poolsize, ignore_border=True)
        counts[row, column] = (after == before).all(axis=(1, 2)).sum()
    return counts
