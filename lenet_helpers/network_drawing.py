"""The classic picture of a LeNet: stacks of feature maps and bars of units, drawn by Pillow."""

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

from lenet_helpers import drawing, figures, words

from PIL import Image, ImageColor, ImageDraw

WIDTH, LETTERS, LINE = 936, 15, 19
LAYER_TOP, BAND_TOP, BAND_BOTTOM, STEP_TOP = 0, 22, 26, 30
MAPS_TOP, MAPS_BOTTOM, TEXTS_TOP = 54, 166, 172
HEIGHT = TEXTS_TOP + 4 * LINE
LARGEST_SIDE, SMALLEST_SIDE, MOST_MAPS, MAP_OFFSET = 74, 3, 8, 4
BAR_WIDTH, LONGEST_BAR, SHORTEST_BAR = 16, 112, 5
LAYER_COLOURS = (figures.BLUE, figures.GREEN, figures.ORANGE, figures.RED)
# So much of a layer's colour goes into its maps, the rest is white.
TINT = 0.3
# Where in a map the window is drawn whose cell is joined with it, from 0 to 1.
WINDOW_PLACE, RAYS = 0.55, "#8A8A8A"


class _Box(NamedTuple):
    """A rectangle, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def network(layers, image_shape):
    """Draw a network, step by step, from the image on the left to the classes on the right.

    Parameters
    ----------
    layers : sequence of lenet_helpers.design.LayerShape
        The layers, in order.
    image_shape : tuple of int
        (None, channels, rows, columns) of the images.

    Returns
    -------
    bytes
        A PNG file. Feature maps stand in stacks of at most 8, with sides in proportion to their
        rows and columns. A bar's length grows with the square root of its units. Lines join the
        window that a cell sees with the cell.
    """
    columns = [(words.STEP_IMAGE, image_shape, None, 0, figures.GREY)]
    for layer, colour in zip(layers, LAYER_COLOURS, strict=True):
        columns += [
            (step.name, step.output_shape, step.window, step.n_parameters, colour)
            for step in layer.steps
        ]
    across, scale = WIDTH // len(columns), LARGEST_SIDE / max(image_shape[2:])
    most_units = max(shape[1] for _, shape, *_ in columns if len(shape) == 2)
    paper = Image.new("RGB", (WIDTH, HEIGHT), drawing.PAPER)
    draw, boxes = ImageDraw.Draw(paper), []
    for number, (name, shape, _, n_parameters, colour) in enumerate(columns):
        middle = number * across + across // 2
        if len(shape) == 4:
            boxes.append(_draw_maps(draw, middle, shape, scale, colour))
        else:
            boxes.append(_draw_bar(draw, middle, shape[1] / most_units, colour))
        _write(paper, middle, STEP_TOP, name)
        for line, text in enumerate(_texts(shape, n_parameters)):
            _write(paper, middle, TEXTS_TOP + line * LINE, text)
    for number, (_, shape, window, *_) in enumerate(columns[1:]):
        _join(draw, boxes[number], boxes[number + 1], columns[number][1], shape, window)
    number = 1
    for layer, colour in zip(layers, LAYER_COLOURS, strict=True):
        end = number + len(layer.steps)
        _write(paper, (number + end) * across // 2, LAYER_TOP, layer.name)
        draw.rectangle((number * across + 3, BAND_TOP, end * across - 4, BAND_BOTTOM), colour)
        number = end
    return drawing.to_png(paper)


def _texts(shape, n_parameters):
    """Return the lines below a step."""
    if len(shape) == 4:
        maps = words.DRAWN_MAP if shape[1] == 1 else words.DRAWN_MAPS.format(n=shape[1])
        lines = [maps, words.DRAWN_SIDES.format(rows=shape[2], columns=shape[3])]
    else:
        unit = words.DRAWN_UNIT if shape[1] == 1 else words.DRAWN_UNITS
        lines = [words.DRAWN_NUMBER.format(n=shape[1]), unit]
    if n_parameters:
        lines += [words.DRAWN_NUMBER.format(n=n_parameters), words.HEAD_PARAMETERS]
    return lines


def _draw_maps(draw, middle, shape, scale, colour):
    """Draw a stack of maps, and return the front one's box."""
    _, n_maps, rows, columns = shape
    height, width = (max(SMALLEST_SIDE, round(side * scale)) for side in (rows, columns))
    reach = (min(n_maps, MOST_MAPS) - 1) * MAP_OFFSET
    left = middle - (width + reach) // 2
    top = (MAPS_TOP + MAPS_BOTTOM - height - reach) // 2
    for shift in range(0, reach + 1, MAP_OFFSET):
        box = _Box(left + shift, top + shift, left + shift + width, top + shift + height)
        draw.rectangle(box, _tint(colour), colour)
    return box


def _draw_bar(draw, middle, share, colour):
    """Draw a bar of units, `share` of the most that there are, and return its box."""
    length = max(SHORTEST_BAR, round(LONGEST_BAR * sqrt(share)))
    left, top = middle - BAR_WIDTH // 2, (MAPS_TOP + MAPS_BOTTOM - length) // 2
    box = _Box(left, top, left + BAR_WIDTH, top + length)
    draw.rectangle(box, _tint(colour), colour)
    return box


def _join(draw, before, after, shape_before, shape, window):
    """Draw lines from what a cell or unit sees to the cell or unit."""
    if window is None:
        draw.line((before.right + 1, before.top, after.left - 1, after.top), RAYS)
        draw.line((before.right + 1, before.bottom, after.left - 1, after.bottom), RAYS)
        return
    height, width = before.bottom - before.top, before.right - before.left
    down, right = (
        max(1, round(part / side * length))
        for part, side, length in zip(window, shape_before[2:], (height, width), strict=True)
    )
    top = before.top + round(WINDOW_PLACE * (height - down))
    left = before.left + round(WINDOW_PLACE * (width - right))
    seen = _Box(left, top, left + right, top + down)
    cell = (
        after.left + round(WINDOW_PLACE * (after.right - after.left)),
        after.top + round(WINDOW_PLACE * (after.bottom - after.top)),
    )
    draw.line((seen.right, seen.top, *cell), RAYS)
    draw.line((seen.right, seen.bottom, *cell), RAYS)
    draw.rectangle(seen, None, drawing.INK)


@lru_cache(maxsize=16)
def _tint(colour):
    return tuple(round(255 - TINT * (255 - level)) for level in ImageColor.getrgb(colour))


def _write(paper, middle, top, text):
    letters = drawing.line_of_letters(text, LETTERS, LINE)
    paper.paste(drawing.INK, (middle - letters.width // 2, top), letters)
