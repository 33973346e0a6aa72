"""Lesson 1: the window that slides over a small picture, and the turn of the filter."""

from typing import NamedTuple

from lenet_helpers import (
    arithmetic,
    checks,
    drawing,
    figures,
    filters,
    gallery,
    operations,
    shapes,
    words,
)
from lenet_helpers.explorers import filter_choice
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View, cell_at
from lenet_helpers.widgets.player import Player

import numpy

LARGEST_FILTER_SIDE = 5
LARGEST_STEP = 3
# Longer sums are left out of the sentence.
MOST_TERMS = 9
# Of the sums that are shown: the digits behind them are float32's rounding.
DECIMALS = 4
# Which of the explorer's pictures is the feature map.
MAP_NUMBER = 1


class Step(NamedTuple):
    """What is computed while the window stands in one place.

    Attributes
    ----------
    padded : numpy.ndarray
        The picture with its border of zeros, (rows, columns).
    top, left : int
        The window's first row and column in it.
    patch, applied, products : numpy.ndarray
        What the window shows, the filter as it is laid on it (turned, if it is), and what their
        cells give multiplied, all (filter rows, filter columns).
    total : float
        The sum of the products.
    feature_map : numpy.ndarray
        All cells of the result, as Theano computes them.
    row, column : int
        The cell that this place of the window makes.
    """

    padded: numpy.ndarray
    top: int
    left: int
    patch: numpy.ndarray
    applied: numpy.ndarray
    products: numpy.ndarray
    total: float
    feature_map: numpy.ndarray
    row: int
    column: int


def window_step(
    picture, weights, position, border_mode="valid", subsample=(1, 1), filter_flip=True
):
    """Compute one step of a sliding window.

    Parameters
    ----------
    picture, weights : numpy.ndarray
        (rows, columns) each.
    position : int
        Which cell of the feature map, counted row by row from 0; a number beyond the last is the
        last.
    border_mode, subsample, filter_flip
        As for `operations.convolve`.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        If the filter does not fit into the picture.
    """
    feature_map = _convolved(picture, weights, border_mode, subsample, filter_flip)
    padding = [shapes.border_padding(side, border_mode) for side in weights.shape]
    padded = numpy.pad(picture, [(zeros, zeros) for zeros in padding])
    row, column = divmod(min(position, feature_map.size - 1), feature_map.shape[1])
    top, left = row * subsample[0], column * subsample[1]
    patch = padded[top : top + weights.shape[0], left : left + weights.shape[1]]
    applied = weights[::-1, ::-1] if filter_flip else weights
    products = patch * applied
    return Step(
        padded,
        top,
        left,
        patch,
        applied,
        products,
        products.sum().round(DECIMALS),
        feature_map,
        row,
        column,
    )


def explore_window(picture="cross"):
    """Return the sliding window: a small picture, a filter, and one cell after the other.

    Parameters
    ----------
    picture : {'cross', 'edge', 'ring', 'ramp', 'dot'}
        The picture to begin with.

    Returns
    -------
    Explorer
        A click on a cell of the feature map moves the window there.

    Raises
    ------
    ValueError
        If there is no such picture.
    """
    checks.one_of(picture, gallery.SMALL, words.NAME_PICTURE)
    operations.compile_feature_maps()
    modes = {mode: mode for mode in shapes.BORDER_MODES}
    # The first window of the cross that shows more than zeros and its edge.
    position = elements.long_slider(words.LABEL_POSITION, 7, 35)
    controls = {
        "picture": _picture_choice(picture),
        **filter_choice.filter_controls("sobel_columns", 3, LARGEST_FILTER_SIDE),
        "step_rows": elements.integer_slider(words.LABEL_STEP_ROWS, 1, 1, LARGEST_STEP),
        "step_columns": elements.integer_slider(words.LABEL_STEP_COLUMNS, 1, 1, LARGEST_STEP),
        "border_mode": elements.choice(words.LABEL_BORDER_MODE, "valid", modes),
        "filter_flip": elements.checkbox(words.LABEL_FILTER_FLIP, True),
        "position": position,
    }
    return Explorer(
        draw_window, controls, WINDOW_EXAMPLES, [Player(position)], follow_filter, move_window
    )


WINDOW_EXAMPLES = (
    {},
    {"position": 10, "filter_flip": False},
    {"picture": "dot", "filter_name": "emboss", "border_mode": "half", "position": 20},
)


def draw_window(
    picture,
    filter_name,
    filter_rows,
    filter_columns,
    border_mode,
    step_rows,
    step_columns,
    filter_flip,
    position,
    own,
):
    """Return the `View` of a sliding window.

    Parameters
    ----------
    picture : str
        As for `gallery.small_picture`.
    filter_name, filter_rows, filter_columns, own
        As for `filter_choice.chosen_weights`.
    border_mode, step_rows, step_columns, filter_flip
        As for `operations.convolve`.
    position : int
        As for `window_step`.

    Raises
    ------
    ValueError
        If the settings do not work together.
    """
    image = gallery.small_picture(picture)
    weights = _small_weights(filter_name, filter_rows, filter_columns, own)
    subsample = (step_rows, step_columns)
    step = window_step(image, weights, position, border_mode, subsample, filter_flip)
    fills = numpy.full(step.padded.shape, drawing.PADDING)
    top, left = (shapes.border_padding(side, border_mode) for side in weights.shape)
    fills[top : top + len(image), left : left + len(image[0])] = drawing.PLAIN
    frame = (step.top, step.left, *weights.shape, figures.RED)
    done = numpy.full(step.feature_map.shape, drawing.PLAIN)
    done[step.row, step.column] = drawing.MARKED
    turned = words.CAPTION_TURNED if filter_flip else words.CAPTION_NOT_TURNED
    shown = (
        Picture(words.CAPTION_WINDOW, drawing.number_grid(step.padded, fills, [frame])),
        Picture(words.CAPTION_CLICK_MAP, drawing.number_grid(step.feature_map, done)),
        Picture(words.CAPTION_PATCH, drawing.number_grid(step.patch)),
        Picture(turned, drawing.number_grid(step.applied)),
        Picture(words.CAPTION_PRODUCTS, drawing.number_grid(step.products)),
    )
    rows, columns = step.feature_map.shape
    sentence = words.WINDOW_STATE.format(
        row=step.row + 1,
        column=step.column + 1,
        rows=rows,
        columns=columns,
        terms=_terms(step),
        total=drawing.number(step.total),
        theanos=drawing.number(step.feature_map[step.row, step.column]),
        row_arithmetic=arithmetic.conv_arithmetic(
            len(image), weights.shape[0], border_mode, step_rows
        ),
        column_arithmetic=arithmetic.conv_arithmetic(
            len(image[0]), weights.shape[1], border_mode, step_columns
        ),
    )
    return View(shown, sentence, {"position": {"max": rows * columns - 1}})


def follow_filter(**settings):
    """Return what the choice of a filter changes in other controls.

    Parameters
    ----------
    **settings
        As for `draw_window` or `draw_filter_flip`.
    """
    return filter_choice.follow_filter(_small_weights, settings, LARGEST_FILTER_SIDE)


def move_window(settings, number, right, down):
    """Return the new settings after a click on one of the pictures.

    Parameters
    ----------
    settings : dict
        As `draw_window` takes them.
    number : int
        Which picture; only the feature map answers.
    right, down : float
        Where in it, as fractions.
    """
    if number != MAP_NUMBER:
        return {}
    weights = _small_weights(*(settings[name] for name in filter_choice.NAMES))
    shape = shapes.conv_output_shape(
        (1, 1, *gallery.small_picture(settings["picture"]).shape),
        (1, 1, *weights.shape),
        settings["border_mode"],
        (settings["step_rows"], settings["step_columns"]),
    )[2:]
    return {"position": cell_at(shape, right, down)}


def explore_filter_flip(picture="dot"):
    """Return an explorer that shows convolution and correlation side by side.

    Parameters
    ----------
    picture : {'dot', 'cross', 'edge', 'ring', 'ramp'}
        The picture to begin with.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there is no such picture.
    """
    checks.one_of(picture, gallery.SMALL, words.NAME_PICTURE)
    operations.compile_feature_maps()
    controls = {
        "picture": _picture_choice(picture),
        **filter_choice.filter_controls("emboss", 3, LARGEST_FILTER_SIDE),
    }
    return Explorer(draw_filter_flip, controls, FLIP_EXAMPLES, follow=follow_filter)


FLIP_EXAMPLES = ({}, {"picture": "edge", "filter_name": "sobel_columns"}, {"filter_name": "blur"})


def draw_filter_flip(picture, filter_name, filter_rows, filter_columns, own):
    """Return the `View` of one filter's convolution and correlation.

    Parameters
    ----------
    picture : str
        As for `gallery.small_picture`.
    filter_name, filter_rows, filter_columns, own
        As for `filter_choice.chosen_weights`.
    """
    image = gallery.small_picture(picture)
    weights = _small_weights(filter_name, filter_rows, filter_columns, own)
    convolution, correlation = (
        _convolved(image, weights, filter_flip=flip) for flip in (True, False)
    )
    # Sums in another order may differ in their last digits.
    differs = ~numpy.isclose(convolution, correlation, rtol=0, atol=2 * 10.0**-DECIMALS)
    fills = numpy.where(differs, drawing.MARKED, drawing.PLAIN)
    shown = (
        Picture(words.CAPTION_SMALL_PICTURE, drawing.number_grid(image)),
        Picture(words.CAPTION_NOT_TURNED, drawing.number_grid(weights)),
        Picture(words.CAPTION_TURNED, drawing.number_grid(weights[::-1, ::-1])),
        Picture(words.CAPTION_CONVOLUTION, drawing.number_grid(convolution, fills)),
        Picture(words.CAPTION_CORRELATION, drawing.number_grid(correlation, fills)),
    )
    is_symmetric = numpy.allclose(weights, weights[::-1, ::-1])
    why = words.FLIP_NOT_SYMMETRIC if differs.any() else words.FLIP_SAME_HERE
    if is_symmetric:
        why = words.FLIP_SYMMETRIC
    sentence = words.FLIP_STATE.format(
        n_different=int(differs.sum()),
        n_cells=differs.size,
        why=why,
    )
    return View(shown, sentence)


def _convolved(picture, weights, border_mode="valid", subsample=(1, 1), filter_flip=True):
    """Return Theano's feature map without the last digits of float32, which are noise."""
    maps = operations.convolve(
        picture[None, None], weights[None, None], border_mode, subsample, filter_flip
    )
    return maps[0, 0].astype("float64").round(DECIMALS)


def _picture_choice(picture):
    names = {
        words.PICTURE_DOT: "dot",
        words.PICTURE_CROSS: "cross",
        words.PICTURE_EDGE: "edge",
        words.PICTURE_RING: "ring",
        words.PICTURE_RAMP: "ramp",
    }
    return elements.choice(words.LABEL_PICTURE, picture, names)


def _small_weights(filter_name, filter_rows, filter_columns, own):
    if filter_name == filter_choice.RANDOM:
        # Whole numbers, so that the sums can be checked by hand.
        generator = numpy.random.RandomState(filters.SEED)
        return generator.randint(-2, 3, (filter_rows, filter_columns)).astype("float64")
    return filter_choice.chosen_weights(filter_name, filter_rows, filter_columns, own)


def _terms(step):
    """Return the sum written out, or how many products it has."""
    if step.products.size > MOST_TERMS:
        return words.MANY_PRODUCTS.format(n_products=step.products.size)
    pairs = zip(step.patch.ravel(), step.applied.ravel(), strict=True)
    return " + ".join(
        f"{drawing.number(pixel)} x {_in_brackets(weight)}" for pixel, weight in pairs
    )


def _in_brackets(weight):
    text = drawing.number(weight)
    return f"({text})" if weight < 0 else text
