"""Pictures of a network at work: all maps of a layer, probabilities, and which pixels mattered.

As everything in `drawing`, they take a few milliseconds: arrays in, the bytes of a PNG file out.
"""

from lenet_helpers import drawing, figures

import numpy
from PIL import Image, ImageColor, ImageDraw

GAP = 4
BAR_HEIGHT, BAR_WIDTH, BAR_MARGIN, LABEL_WIDTH, SHARE_WIDTH = 14, 160, 3, 18, 68
# Changes below this, as a fraction of the full colour, are not blown up to it.
LEAST_FULL_CHANGE = 0.05
FAINT_INK = 0.35


def map_sheet(maps, columns, enlarge, low=-1.0, high=1.0):
    """Draw feature maps side by side, all on one scale of greys.

    Parameters
    ----------
    maps : numpy.ndarray
        (maps, rows, columns).
    columns : int
        Maps in a row of the sheet.
    enlarge : int
        Pixels to draw for each cell and side.
    low, high : float
        What is drawn black and white; values beyond them are drawn as these.

    Returns
    -------
    bytes
        A PNG file; maps lie in the order of reading, with 4 white pixels between them.
    """
    levels = (maps.astype("float64") - low) / ((high - low) or 1)
    levels = (levels.clip(0, 1) * 255).round().astype("uint8")
    levels = levels.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    n_maps, height, width = levels.shape
    down, across = height + GAP, width + GAP
    n_rows = -(-n_maps // columns)
    sheet = numpy.full((n_rows * down - GAP, columns * across - GAP), 255, dtype="uint8")
    for number, drawn in enumerate(levels):
        row, column = divmod(number, columns)
        top, left = row * down, column * across
        sheet[top : top + height, left : left + width] = drawn
    return drawing.to_png(Image.fromarray(sheet))


def bars(shares):
    """Draw a bar for each class, with its number and its share in per cent.

    Parameters
    ----------
    shares : sequence of float
        From 0 to 1; the largest has a colour of its own.

    Returns
    -------
    bytes
        A PNG file; one bar below the other, each 20 pixels high with its margins.
    """
    down = BAR_HEIGHT + 2 * BAR_MARGIN
    size = (LABEL_WIDTH + BAR_WIDTH + SHARE_WIDTH, down * len(shares))
    image = Image.new("RGB", size, drawing.PAPER)
    draw, font = ImageDraw.Draw(image), drawing.font(drawing.FONT_SIZE)
    largest = max(shares)
    draw.line((LABEL_WIDTH - 1, 0, LABEL_WIDTH - 1, size[1]), drawing.LINES)
    for number, share in enumerate(shares):
        top, middle = number * down + BAR_MARGIN, (number + 0.5) * down
        colour = figures.BLUE if share == largest else drawing.LINES
        length = round(float(share) * BAR_WIDTH)
        if length:
            corner = LABEL_WIDTH + length - 1, top + BAR_HEIGHT - 1
            draw.rectangle((LABEL_WIDTH, top, *corner), colour)
        draw.text((LABEL_WIDTH / 2, middle), str(number), drawing.INK, font, anchor="mm")
        text = f"{100 * share:.1f} %"
        draw.text((size[0] - BAR_MARGIN, middle), text, drawing.INK, font, anchor="rm")
    return drawing.to_png(image)


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
