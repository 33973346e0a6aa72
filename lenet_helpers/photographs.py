"""Photographs of a digit on paper: uneven light is taken out before the ink is sought."""

from lenet_helpers import pictures

import numpy
from PIL import Image, ImageFilter
from scipy import ndimage

# Small enough to average out the grain of dark paper.
LARGEST_SIDE = 250
# The light is estimated on a smaller copy: first in windows that hold more paper than a thick
# pen's ink, then, from the paper alone, nearer by.
SMALL_SIDE, WINDOW_SIDE, NEARBY = 48, 47, 2


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

    Each pixel is compared with the paper around it. What differs from the median of a window
    nearly as long as the picture is ink; the rest is paper, and its average near a pixel,
    weighted by a Gaussian, is the light there. Light multiplies what paper reflects, so the
    difference is divided by the brighter one of the two.

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
    light = _light(small).resize(grey.size)
    return 0.5 + 0.5 * _contrast(grey, light)


def _light(small):
    """Return the paper's light as an image of the same size; under ink, from paper nearby."""
    contrast = abs(_contrast(small, small.filter(ImageFilter.MedianFilter(WINDOW_SIDE))))
    # The 99th percentile is the ink's contrast, safe from a few odd pixels.
    paper = (contrast <= numpy.percentile(contrast, 99) / 2).astype("float64")
    seen = numpy.asarray(small, dtype="float64")
    average = numpy.average(seen, weights=paper)
    # An average over paper only (normalised convolution); far from any paper, that of all.
    share = ndimage.gaussian_filter(paper, NEARBY)
    change = ndimage.gaussian_filter(paper * (seen - average), NEARBY) / (share + 1e-3)
    return Image.fromarray((average + change).astype("float32"))


def _contrast(seen, paper):
    """Return by how much an image is brighter than paper, as a share of the brighter one."""
    seen, paper = (numpy.asarray(image, dtype="float64").clip(1) for image in (seen, paper))
    return (seen - paper) / numpy.maximum(seen, paper)
