"""Pictures that are drawn many times a second: arrays in, the bytes of a PNG file out.

Matplotlib's figures are for the page: one takes a tenth of a second. Explorers redraw at every
step of a slider, and Pillow needs a few milliseconds. Nothing here knows Theano or widgets.
"""

import io
import struct
import textwrap
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

from lenet_helpers import figures
from lenet_helpers.fast.threads import thread_count
from lenet_helpers.pictures import PIXEL_LEVELS

import matplotlib
import numpy
from isal import isal_zlib
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import putchunk

PNG_SIGNATURE, PNG_FILTER_UP = b"\x89PNG\r\n\x1a\n", 2
PNG_COLOURS = {"L": 0, "RGB": 2, "P": 3}
CELL_HEIGHT, CELL_WIDTH, DIGIT_WIDTH, LETTER_WIDTH, CELL_MARGIN = 34, 34, 8, 9, 12
FONT_SIZE, FRAME_WIDTH, HATCH = 13, 3, 8
LONGEST_WHOLE = 10**5
INK, LINES, STROKES, PAPER = "#000000", "#BBBBBB", "#888888", "#FFFFFF"
# What a cell of a grid can be; each has its colour. `LOST` is hatched besides, and those of
# `OUTLINED` have black edges: pale colours alone would be hard to tell from white.
PLAIN, WINNER, LOST, PADDING, MARKED = range(5)
FILLS = (PAPER, "#9ECAE9", figures.SAND, "#DDDDDD", "#FFE27A")
OUTLINED = (WINNER, MARKED)
SHEET_WIDTH, SHEET_MARGIN, SHEET_HEIGHT_OF_ROW, SHEET_LINE = 960, 12, 190, 19


def to_png(image):
    """Return a Pillow image, grey, RGB or with a palette, as the bytes of a PNG file.

    Pillow tries five ways to filter each row. Here all are filtered in one way: a row becomes its
    difference from the one above. ISA-L packs that three times as fast as zlib.
    """
    levels = numpy.asarray(image).reshape(image.height, -1)
    lines = numpy.empty((image.height, 1 + levels.shape[1]), "uint8")
    lines[:, 0] = PNG_FILTER_UP
    lines[:1, 1:] = levels[:1]
    numpy.subtract(levels[1:], levels[:-1], out=lines[1:, 1:])
    # 8 bits, and the only ways to compress and to filter that there are; not interlaced.
    head = image.width, image.height, 8, PNG_COLOURS[image.mode], 0, 0, 0
    buffer = io.BytesIO()
    buffer.write(PNG_SIGNATURE)
    putchunk(buffer, b"IHDR", struct.pack(">IIBBBBB", *head))
    if image.mode == "P":
        putchunk(buffer, b"PLTE", bytes(image.getpalette()))
    putchunk(buffer, b"IDAT", isal_zlib.compress(lines))
    putchunk(buffer, b"IEND")
    return buffer.getvalue()


def from_png(png):
    """Return the Pillow image that a PNG file holds."""
    return Image.open(io.BytesIO(png))


def colour_picture(picture, enlarge=1, has_edge=False):
    """Draw a picture, pixel by pixel.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1.
    enlarge : int
        Pixels to draw for each pixel and side.
    has_edge : bool
        Whether a grey line of one pixel goes round it.

    Returns
    -------
    bytes
        A PNG file.
    """
    levels = (picture * PIXEL_LEVELS).clip(0, PIXEL_LEVELS - 1).astype("uint8")
    levels = levels.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    if has_edge:
        levels = numpy.pad(levels, [(1, 1), (1, 1), (0, 0)], constant_values=PIXEL_LEVELS // 2)
    return to_png(Image.fromarray(levels))


def grey_levels(values):
    """Return values as grey levels, the smallest as 0 (black), the largest as 255 (white).

    Parameters
    ----------
    values : numpy.ndarray
        Of any shape.

    Returns
    -------
    numpy.ndarray
        Of the same shape, dtype uint8, rounded down; all 0 if the values are all equal.
    """
    # In place: new memory would take as long as the arithmetic.
    heights = values.astype("float64")
    heights -= heights.min()
    heights /= heights.max() or 1
    heights *= 255
    return heights.astype("uint8")


def grey_picture(values, shrink=1):
    """Draw a feature map from its smallest value (black) to its largest (white).

    Parameters
    ----------
    values : numpy.ndarray
        (rows, columns).
    shrink : int
        Of so many by so many cells the mean becomes one pixel.

    Returns
    -------
    bytes
        A PNG file.
    """
    image = Image.fromarray(grey_levels(values))
    if shrink > 1:
        image = image.reduce(shrink)
    return to_png(image)


def grey_pictures(maps, shrink=1):
    """Draw several feature maps as `grey_picture` does, at the same time.

    Parameters
    ----------
    maps : sequence of numpy.ndarray
        Each (rows, columns).
    shrink : int
        As for `grey_picture`.

    Returns
    -------
    list of bytes
        A PNG file for each.
    """
    # Compressing takes longest, and while it does so other threads can run.
    return list(_workers().map(lambda values: grey_picture(values, shrink), maps))


@cache
def _workers():
    return ThreadPoolExecutor(thread_count())


def marked_picture(values, marks, colour):
    """Draw a feature map in greys, and some of its cells in a colour.

    Parameters
    ----------
    values : numpy.ndarray
        (rows, columns), drawn as `grey_picture` does.
    marks : numpy.ndarray
        (rows, columns), bool.
    colour : tuple of int
        (red, green, blue), from 0 to 255.

    Returns
    -------
    bytes
        A PNG file with a palette, which takes half the time of one in RGB.
    """
    # The brightest grey gives its place in the palette to the colour.
    levels = numpy.where(marks, 255, numpy.minimum(grey_levels(values), 254)).astype("uint8")
    image = Image.fromarray(levels, "P")
    image.putpalette([level for level in range(255) for _ in range(3)] + list(colour))
    return to_png(image)


def number_grid(values, fills=None, frames=()):
    """Draw numbers into the cells of a grid.

    Parameters
    ----------
    values : numpy.ndarray
        (rows, columns); NaN leaves a cell without a number.
    fills : numpy.ndarray, optional
        (rows, columns) of PLAIN, WINNER, LOST, PADDING or MARKED.
    frames : sequence of tuple
        (top, left, rows, columns, colour) of rectangles around cells.

    Returns
    -------
    bytes
        A PNG file; every cell has the same size.
    """
    rows, columns = values.shape
    texts = [["" if numpy.isnan(value) else number(value) for value in row] for row in values]
    longest = max(len(text) for row in texts for text in row)
    across, down = max(CELL_WIDTH, DIGIT_WIDTH * longest + CELL_MARGIN), CELL_HEIGHT
    image = Image.new("RGB", (columns * across + 1, rows * down + 1), PAPER)
    draw = ImageDraw.Draw(image)
    for row in range(rows):
        for column in range(columns):
            left, top = column * across, row * down
            fill = PLAIN if fills is None else fills[row, column]
            draw.rectangle((left, top, left + across, top + down), FILLS[fill], LINES)
            if fill == LOST:
                _hatch(draw, left, top, across, down)
            if texts[row][column]:
                cell_letters = letters(texts[row][column], across, down)
                image.paste(INK, (left, top), cell_letters)
    # After all cells, which would draw over the edges of those before them.
    for row, column in numpy.argwhere(numpy.isin(PLAIN if fills is None else fills, OUTLINED)):
        left, top = column * across, row * down
        draw.rectangle((left, top, left + across, top + down), None, INK)
    for top, left, height, width, colour in frames:
        corners = (left * across, top * down, (left + width) * across, (top + height) * down)
        draw.rectangle(corners, None, colour, FRAME_WIDTH)
    return to_png(image)


def number(value):
    """Return a number as short as a cell needs it: whole, or with three digits."""
    if float(value).is_integer() and abs(value) < LONGEST_WHOLE:
        return str(int(value))
    return f"{value:.3g}"


def sheet(rows, highest=SHEET_HEIGHT_OF_ROW):
    """Lay pictures out on one sheet of paper, for pages on which no explorer runs.

    Parameters
    ----------
    rows : sequence of tuple
        (pictures, sentence): (caption, PNG bytes) pairs that stand side by side, and the text
        below them.
    highest : int
        Pixels; higher pictures are made smaller.

    Returns
    -------
    bytes
        A PNG file.
    """
    blocks = [_row_of_pictures(*row, highest) for row in rows]
    height = sum(block.height for block in blocks)
    paper = Image.new("RGB", (SHEET_WIDTH, height), PAPER)
    top = 0
    for block in blocks:
        paper.paste(block, (0, top))
        top += block.height
    # 256 colours are enough for a stand-in, and the file becomes half as large.
    return to_png(paper.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))


def _hatch(draw, left, top, across, down):
    """Draw slanting lines, as far apart in every cell, from edge to edge."""
    for start in range(HATCH, across + down, HATCH):
        begin, end = min(start, across), max(0, start - down)
        draw.line((left + begin, top + start - begin, left + end, top + start - end), STROKES)


def _row_of_pictures(pictures, sentence, highest):
    images = [from_png(png).convert("RGB") for _, png in pictures]
    free = SHEET_WIDTH - SHEET_MARGIN * (len(images) + 1)
    height = min(highest, max(image.height for image in images))
    scales = [min(1, height / image.height) for image in images]
    widths = sum(image.width * scale for image, scale in zip(images, scales, strict=True))
    scales = [scale * min(1, free / widths) for scale in scales]
    images = [
        image.resize([max(1, round(side * scale)) for side in image.size], Image.Resampling.BOX)
        if scale < 1
        else image
        for image, scale in zip(images, scales, strict=True)
    ]
    # A caption's longest word needs its room, as long as all pictures fit.
    spare = (free - sum(image.width for image in images)) // len(images)
    columns = [
        image.width + max(0, min(spare, LETTER_WIDTH * _longest_word(caption) - image.width))
        for (caption, _), image in zip(pictures, images, strict=True)
    ]
    captions = [
        textwrap.wrap(caption, max(1, column // LETTER_WIDTH), break_long_words=False)
        for (caption, _), column in zip(pictures, columns, strict=True)
    ]
    lines = [
        line
        for part in sentence.splitlines()
        for line in textwrap.wrap(part, (SHEET_WIDTH - 2 * SHEET_MARGIN) // LETTER_WIDTH)
    ]
    head = SHEET_MARGIN + SHEET_LINE * max(map(len, captions))
    body = head + max(image.height for image in images) + SHEET_MARGIN // 2
    paper = Image.new("RGB", (SHEET_WIDTH, body + SHEET_LINE * len(lines) + SHEET_MARGIN), PAPER)
    draw, left = ImageDraw.Draw(paper), SHEET_MARGIN
    for image, caption, column in zip(images, captions, columns, strict=True):
        draw.text((left, SHEET_MARGIN), "\n".join(caption), INK, font(FONT_SIZE))
        paper.paste(image, (left, head))
        left += column + SHEET_MARGIN
    draw.text((SHEET_MARGIN, body), "\n".join(lines), INK, font(FONT_SIZE))
    return paper


def _longest_word(text):
    return max(map(len, text.split()), default=0)


@lru_cache(maxsize=4096)
def letters(text, across, down):
    """Return letters in the middle of a cell, as a mask to paste; drawing anew takes far longer.

    Parameters
    ----------
    text : str
        One line.
    across, down : int
        The cell's width and height, pixels.

    Returns
    -------
    PIL.Image.Image
        Grey, white where the letters are.
    """
    mask = Image.new("L", (across, down))
    middle = (across / 2, down / 2)
    ImageDraw.Draw(mask).text(middle, text, 255, font(FONT_SIZE), anchor="mm")
    return mask


@lru_cache(maxsize=4096)
def line_of_letters(text, size, height):
    """Return a line of letters, as wide as it needs, as a mask to paste.

    Parameters
    ----------
    text : str
        One line.
    size, height : int
        Of the letters and of the mask, pixels.

    Returns
    -------
    PIL.Image.Image
        Grey, white where the letters are.
    """
    mask = Image.new("L", (round(font(size).getlength(text)) + 1, height))
    ImageDraw.Draw(mask).text((0, 0), text, 255, font(size))
    return mask


@cache
def font(size):
    """Return letters of so many pixels for Pillow, the same on every system."""
    # Matplotlib's own letters, so that grids and figures look alike, on every system.
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
