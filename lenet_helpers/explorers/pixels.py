"""The start lesson: a picture is a grid of numbers."""

from lenet_helpers import figures, pictures, widgets, words


def draw_pixels(picture, side):
    """Return a PNG file of a picture made of side x side pixels, and a sentence on them.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1.
    side : int
        Rows and columns of the new picture, pixels.
    """
    small = pictures.shrink(picture, (side, side))
    sentence = words.PIXELS_STATE.format(side=side, n_pixels=side * side, n_numbers=small.size)
    title = words.TITLE_PIXELS.format(side=side)
    return figures.to_png(figures.image_row([small], [title])), sentence


def explore_pixels(picture):
    """Return a slider for the pixels of a picture, and the picture.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1.

    Returns
    -------
    ipywidgets.VBox
    """
    return widgets.explore(
        lambda side: draw_pixels(picture, side),
        side=widgets.integer_slider(words.LABEL_SIDE, 20, 2, 100),
    )
