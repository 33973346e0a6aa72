"""Pictures to look at through filters: photographs' stand-ins, test charts, and small grids."""

from functools import cache

from lenet_helpers import checks, pictures, words
from lenet_helpers.datasets import load_data

import numpy

SIDE = 500
DIGIT_ENLARGEMENT = 8


def large_picture(name):
    """Return a picture for filters of any size.

    Parameters
    ----------
    name : {'cat', 'rings', 'squares', 'digit'}
        The course's cat; rings that grow finer outwards, so that edges of every direction and
        width occur; coloured squares; a handwritten digit.

    Returns
    -------
    numpy.ndarray
        (rows, columns, 3), from 0 to 1, dtype float64.
    """
    return LARGE[checks.one_of(name, LARGE, words.NAME_PICTURE)]()


def small_picture(name):
    """Return a picture so small that its numbers can be read.

    Parameters
    ----------
    name : {'edge', 'cross', 'ring', 'ramp', 'dot'}
        What it shows.

    Returns
    -------
    numpy.ndarray
        (8, 8), whole numbers from 0 to 9, dtype float64.
    """
    return SMALL[checks.one_of(name, SMALL, words.NAME_PICTURE)]()


def _rings():
    # A zone plate: the phase grows with the square of the distance, by a quarter of a turn a pixel
    # at the ends of the axes.
    across = numpy.arange(SIDE) - (SIDE - 1) / 2
    squares = numpy.add.outer(across**2, across**2)
    grey = 0.5 + 0.5 * numpy.cos(numpy.pi * squares / (2 * SIDE))
    return numpy.stack([grey] * 3, axis=2) * ((pictures.PIXEL_LEVELS - 1) / pictures.PIXEL_LEVELS)


def _squares():
    tiles = numpy.arange(SIDE) // 50
    colours = numpy.array([[230, 159, 0], [0, 114, 178], [0, 158, 115], [240, 228, 66]])
    return colours[numpy.add.outer(tiles, 2 * tiles) % len(colours)] / pictures.PIXEL_LEVELS


@cache
def digit_map():
    """Return a handwritten digit, (28, 28), from 0 to 1, dtype float32."""
    return load_data("digits").test.images[0].reshape(28, 28)


def _digit():
    enlarged = numpy.kron(digit_map(), numpy.ones((DIGIT_ENLARGEMENT, DIGIT_ENLARGEMENT)))
    return numpy.stack([enlarged] * 3, axis=2)


def _edge():
    return numpy.tile(numpy.repeat([1.0, 8.0], 4), (8, 1))


def _cross():
    picture = numpy.zeros((8, 8))
    picture[3:5, 1:7] = picture[1:7, 3:5] = 9
    return picture


def _ring():
    across = numpy.arange(8) - 3.5
    distance = numpy.sqrt(numpy.add.outer(across**2, across**2))
    return numpy.where(abs(distance - 2.7) < 0.9, 9.0, 1.0)


def _ramp():
    return numpy.tile(numpy.arange(1.0, 9.0), (8, 1))


def _dot():
    picture = numpy.zeros((8, 8))
    picture[3, 4] = 9
    return picture


LARGE = {"cat": pictures.load_picture, "rings": _rings, "squares": _squares, "digit": _digit}
SMALL = {"edge": _edge, "cross": _cross, "ring": _ring, "ramp": _ramp, "dot": _dot}
