"""The start lesson: a picture is a grid of numbers."""

from lenet_helpers import drawing, pictures, words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View

# Drawn about this large, whatever the number of pixels.
DRAWN_SIDE = 300


def draw_pixels(picture, side):
    """Return the `View` of a picture made of side x side pixels.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1.
    side : int
        Rows and columns of the new picture, pixels.
    """
    small = pictures.shrink(picture, (side, side))
    png = drawing.colour_picture(small, DRAWN_SIDE // side)
    sentence = words.PIXELS_STATE.format(side=side, n_pixels=side * side, n_numbers=small.size)
    return View((Picture(words.CAPTION_PIXELS.format(side=side), png),), sentence)


def explore_pixels(picture):
    """Return a slider for the pixels of a picture, and the picture.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1.

    Returns
    -------
    Explorer
    """
    return Explorer(
        lambda side: draw_pixels(picture, side),
        {"side": elements.integer_slider(words.LABEL_SIDE, 20, 2, 100)},
        [{"side": 10}, {}, {"side": 60}],
    )
