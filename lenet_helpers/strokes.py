"""Strokes of a pen: cleaned at the boundary, and drawn as a picture of ink.

A drawing is a sequence of strokes, a stroke a sequence of points (x, y), whole numbers from 0 to
279, from the left and from the top. A stroke of one point is a dot.
"""

import math
from itertools import groupby, islice

from lenet_helpers.pictures import PIXEL_LEVELS, scale_and_centre

import numpy
from PIL import Image, ImageDraw

SIDE = 280
# As wide as MNIST's finer strokes once a large digit is made smaller, and no blot in a small one.
PEN_WIDTH = 18
# A digit takes some hundred points; an endless scribble ends here.
MOST_POINTS = 4000


def clean(strokes):
    """Return strokes as they should be, whatever has arrived: the rest is left out.

    Parameters
    ----------
    strokes : object
        Strokes, as lists or tuples. Points beyond the paper move to its edge; what is no point is
        dropped, and so are points that repeat their predecessor and all after the 4,000th.

    Returns
    -------
    tuple of tuple of tuple of int
        Strokes of at least one point (x, y), each from 0 to 279.
    """
    kept, left = [], MOST_POINTS
    for stroke in _sequence(strokes):
        points = (point for point in map(_point, _sequence(stroke)) if point)
        points = [point for point, _ in islice(groupby(points), left)]
        left -= len(points)
        if points:
            kept.append(tuple(points))
        if not left:
            break
    return tuple(kept)


def draw_ink(strokes, pen_width=PEN_WIDTH):
    """Draw strokes with a round pen, as the pad in the browser does.

    Parameters
    ----------
    strokes : sequence
        As `clean` returns them.
    pen_width : int
        In the units of the points, an even number.

    Returns
    -------
    numpy.ndarray
        (280 + pen_width, 280 + pen_width), dtype uint8, 0 for paper and 255 for ink: a margin of
        half the pen's width on each side, so that no stroke is cut off.
    """
    margin = pen_width // 2
    image = Image.new("L", (SIDE + 2 * margin, SIDE + 2 * margin))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(x + margin, y + margin) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, 255, pen_width)
        # Round ends, and round joints.
        for x, y in points:
            draw.ellipse((x - margin, y - margin, x + margin, y + margin), 255)
    return numpy.asarray(image)


def to_digit(strokes):
    """Return a drawing in the form of MNIST's images.

    Parameters
    ----------
    strokes : sequence
        As `clean` returns them; at least one.

    Returns
    -------
    numpy.ndarray
        (28, 28), dtype float64, ink bright, pixels from 0 to 255/256.

    Raises
    ------
    ValueError
        If there is no stroke.
    """
    return scale_and_centre(draw_ink(strokes)) / PIXEL_LEVELS


def _sequence(thing):
    return thing if isinstance(thing, list | tuple) else ()


def _point(thing):
    """Return a point (x, y) within the paper, or None."""
    if len(_sequence(thing)) != 2 or not all(map(_is_finite, thing)):
        return None
    return tuple(min(max(int(position), 0), SIDE - 1) for position in thing)


def _is_finite(thing):
    # `math.isfinite` raises where no float holds a whole number, and every one is finite.
    if isinstance(thing, int):
        return not isinstance(thing, bool)
    return isinstance(thing, float) and math.isfinite(thing)
