"""Pictures of a network at work: its hidden units, and which pixels mattered.

As everything in `drawing`, they take a few milliseconds: arrays in, the bytes of a PNG file out.
"""

from lenet_helpers import drawing, figures, sheets

import numpy
from PIL import Image, ImageColor

# Changes below this, as a fraction of the full colour, are not blown up to it.
LEAST_FULL_CHANGE = 0.05
FAINT_INK = 0.35


def grey_grid(values, enlarge, largest):
    """Draw values as cells of a grid, on the scale of greys that `sheets.tiles` has.

    Parameters
    ----------
    values : numpy.ndarray
        (rows, columns).
    enlarge : int
        Pixels to draw for each cell and side.
    largest : float
        As for `sheets.signed_levels`.

    Returns
    -------
    bytes
        A PNG file.
    """
    levels = sheets.signed_levels(values, largest).repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    return drawing.to_png(Image.fromarray(levels))


def changes_picture(image, changes, side, step, enlarge):
    """Draw an image in dark ink, and in colour how much each part of it changed a result.

    Parameters
    ----------
    image : numpy.ndarray
        (rows, columns), ink bright, from 0 to 1.
    changes : numpy.ndarray
        (places down, places across): red where it fell (positive), blue where it rose.
    side, step : int
        Of the patch that covered a part, and from one place to the next, pixels. The colour of a
        place covers `step` x `step` pixels in the patch's middle.
    enlarge : int
        Pixels to draw for each pixel and side.

    Returns
    -------
    bytes
        A PNG file.
    """
    whole = numpy.zeros(image.shape)
    blocks = changes.repeat(step, axis=0).repeat(step, axis=1)
    first = max(0, side - step) // 2
    rows, columns = (min(n, m - first) for n, m in zip(blocks.shape, image.shape, strict=True))
    whole[first : first + rows, first : first + columns] = blocks[:rows, :columns]
    strength = numpy.abs(whole) / max(numpy.abs(whole).max(), LEAST_FULL_CHANGE)
    red, blue = (numpy.array(ImageColor.getrgb(c)) / 256 for c in (figures.RED, figures.BLUE))
    colours = numpy.where((whole > 0)[..., None], red, blue)
    paper = 1 - FAINT_INK * image[..., None]
    return drawing.colour_picture(
        paper + strength[..., None] * (colours - paper), enlarge, has_edge=True
    )
