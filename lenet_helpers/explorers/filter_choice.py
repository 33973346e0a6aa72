"""The choice of a filter, which the convolution's explorers share: a name, a size, or numbers."""

from contextlib import suppress

from lenet_helpers import filters, words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.number_grid import LARGEST_SIDE, NumberGrid, rounded

OWN, RANDOM = "own", "random"
# The controls that a filter has, in the order in which `chosen_weights` takes them.
NAMES = ("filter_name", "filter_rows", "filter_columns", "own")


def filter_controls(name, side, largest_side):
    """Return the controls for one filter, as a dict by their names.

    Parameters
    ----------
    name : str
        The filter to begin with: one of `filters.NAMED`, 'random' or 'own'.
    side, largest_side : int
        Its rows and columns to begin with and at the most, pixels.

    Returns
    -------
    dict
        'filter_name', 'filter_rows', 'filter_columns' and 'own', a grid of numbers.
    """
    names = {
        words.FILTER_RANDOM: RANDOM,
        words.FILTER_IDENTITY: "identity",
        words.FILTER_BLUR: "blur",
        words.FILTER_SHARPEN: "sharpen",
        words.FILTER_EDGES: "edges",
        words.FILTER_SOBEL_ROWS: "sobel_rows",
        words.FILTER_SOBEL_COLUMNS: "sobel_columns",
        words.FILTER_EMBOSS: "emboss",
        words.FILTER_OWN: OWN,
    }
    grid = NumberGrid(words.LABEL_OWN_FILTER, [[0.0] * 3] * 3)
    return {
        "filter_name": elements.choice(words.LABEL_FILTER, name, names),
        "filter_rows": elements.integer_slider(words.LABEL_FILTER_ROWS, side, 1, largest_side),
        "filter_columns": elements.integer_slider(
            words.LABEL_FILTER_COLUMNS, side, 1, largest_side
        ),
        "own": elements.alone(grid),
    }


def chosen_weights(filter_name, filter_rows, filter_columns, own):
    """Return the weights of a named filter, or the learner's own in the size that is asked for.

    Returns
    -------
    numpy.ndarray
        (rows, columns); own ones have at most 7 x 7.
    """
    if filter_name == OWN:
        sides = (min(side, LARGEST_SIDE) for side in (filter_rows, filter_columns))
        return filters.resized(own, *sides)
    return filters.named_filter(filter_name, filter_rows, filter_columns)


def follow_filter(weights_of, settings, largest_side):
    """Return what the choice of a filter changes in the grid and in the sliders for its size.

    Until the learner types a number the hidden grid follows the filter that is chosen, so that
    their own begins with the numbers of the last one, rounded, in a size that the grid can have.

    Parameters
    ----------
    weights_of : callable
        Called with the filter's name, rows, columns and the learner's own numbers; returns the
        weights, (rows, columns), or raises ValueError.
    settings : dict
        All settings of the explorer.
    largest_side : int
        Of filters with a name, pixels.

    Returns
    -------
    dict
        As an `Explorer` takes it from `follow`.
    """
    name, *sides, own = (settings[name] for name in NAMES)
    sides = [min(side, LARGEST_SIDE) for side in sides]
    if name == OWN:
        grid, largest = {"visible": True, "shape": sides}, min(largest_side, LARGEST_SIDE)
    else:
        grid, largest = {"visible": False}, largest_side
        # If it raises, drawing it will say why.
        with suppress(ValueError):
            grid["suggested"] = rounded(weights_of(name, *sides, own))
    return {"own": grid, "filter_rows": {"max": largest}, "filter_columns": {"max": largest}}
