"""Photographs of a digit on paper: uneven light is taken out before the ink is sought."""

from lenet_helpers import pictures

import numpy
from PIL import Image, ImageFilter

# The light is estimated on a small copy, in windows that hold more paper than ink.
SMALL_SIDE, WINDOW_SIDE = 96, 33
LARGEST_SIDE = 500


def read_digit(content, name):
    """Read a photographed digit from the bytes of a file, in the form of MNIST's images.

    Parameters
    ----------
    content : bytes
        Of any file that Pillow can read.
    name : str
        What to call the file in a message.

    Returns
    -------
    numpy.ndarray
        (28, 28), dtype float64, ink bright, pixels from 0 to 255/256.

    Raises
    ------
    ValueError
        If the file is no picture, is too large, or no stroke stands out from the paper.
    """
    return pictures.prepare_digit(even_light(pictures.decode_picture(content, name, LARGEST_SIDE)))


def even_light(picture):
    """Return a picture with its light evened: shadows on the paper become paper.

    Each pixel is compared with the paper around it, which is the median of a window of a third of
    the picture's longer side. Light multiplies what paper reflects, so the difference is divided
    by the brighter one of the two.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), pixels from 0 to 1.

    Returns
    -------
    numpy.ndarray
        (rows, columns), dtype float64, from 0 to 1: the paper 0.5, darker ink below it.
    """
    levels = (picture * pictures.PIXEL_LEVELS).clip(1, pictures.PIXEL_LEVELS - 1).astype("uint8")
    grey = Image.fromarray(levels).convert("L")
    small = grey.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    paper = small.filter(ImageFilter.MedianFilter(WINDOW_SIDE)).resize(grey.size)
    seen, paper = (numpy.asarray(image, dtype="float64") for image in (grey, paper))
    return 0.5 + 0.5 * (seen - paper) / numpy.maximum(seen, paper)
