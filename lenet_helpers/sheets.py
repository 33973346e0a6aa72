"""Sheets of many small pictures, drawn in milliseconds: arrays in, the bytes of a PNG file out.

Every sheet is a grid of equal cells from edge to edge, so that a click tells which cell it met.
Nothing here knows Theano or widgets.
"""

from lenet_helpers import drawing, figures, words

import numpy
from PIL import Image, ImageDraw

# Grey levels: zero, and how far the largest value is from it.
ZERO_LEVEL, REACH = 128, 127
TILE_GAP, LABEL_HEIGHT = 3, 16
BAR_HEIGHT, BAR_LENGTH, NAME_WIDTH, NUMBER_WIDTH = 21, 160, 30, 68
COUNT_WIDTH, COUNT_HEIGHT = 40, 30
# The names of both axes and the digits stand in the matrix's first two rows and columns.
N_HEADS = 2
RIGHT, WRONG = "#CFE4F4", "#F3B77E"
HEAD = "#EEEEEE"
DIGIT_SCALE = 3


def signed_levels(values, largest):
    """Return values as grey levels: zero is 128, and both signs reach equally far.

    Parameters
    ----------
    values : numpy.ndarray
        Of any shape.
    largest : float
        The size of value that becomes white (255), or black (1) if it is negative.

    Returns
    -------
    numpy.ndarray
        Of the same shape, dtype uint8.
    """
    shares = numpy.clip(numpy.asarray(values, dtype="float64") / (largest or 1), -1, 1)
    return (ZERO_LEVEL + REACH * shares).round().astype("uint8")


def tiles(values, n_columns, enlarge, largest, chosen=None):
    """Draw small maps side by side, each with its number over it, all on one scale of greys.

    Parameters
    ----------
    values : numpy.ndarray
        (maps, rows, columns).
    n_columns : int
        Maps in a row.
    enlarge : int
        Pixels to draw for each cell and side.
    largest : float
        As for `signed_levels`.
    chosen : int, optional
        The map that gets a red frame.

    Returns
    -------
    bytes
        A PNG file.
    """
    levels = signed_levels(values, largest).repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    n_maps, height, width = levels.shape
    across, down = width + 2 * TILE_GAP, height + TILE_GAP + LABEL_HEIGHT
    image = Image.new("RGB", (n_columns * across, -(-n_maps // n_columns) * down), drawing.PAPER)
    for number, tile in enumerate(levels):
        left, top = number % n_columns * across, number // n_columns * down
        image.paste(Image.fromarray(tile), (left + TILE_GAP, top + LABEL_HEIGHT))
        image.paste(drawing.INK, (left, top), drawing.letters(str(number), across, LABEL_HEIGHT))
        if number == chosen:
            low = top + LABEL_HEIGHT - TILE_GAP
            corners = (left, low, left + across - 1, top + down - 1)
            ImageDraw.Draw(image).rectangle(corners, None, figures.RED, TILE_GAP)
    return drawing.to_png(image)


def bars(shares, label=None, in_per_cent=False):
    """Draw a share for each class as a bar with its number, the largest in blue.

    Parameters
    ----------
    shares : numpy.ndarray
        (classes,), from 0 to 1.
    label : int, optional
        The class whose line is shaded.
    in_per_cent : bool
        Whether the numbers are per cent, with one decimal, and not fractions with three.

    Returns
    -------
    bytes
        A PNG file.
    """
    width = NAME_WIDTH + BAR_LENGTH + NUMBER_WIDTH
    image = Image.new("RGB", (width, len(shares) * BAR_HEIGHT), drawing.PAPER)
    draw, largest = ImageDraw.Draw(image), int(numpy.argmax(shares))
    for number, share in enumerate(map(float, shares)):
        top = number * BAR_HEIGHT
        if number == label:
            draw.rectangle((0, top, width, top + BAR_HEIGHT - 1), figures.SAND)
            # A line above and one below: the shade alone is too pale a sign.
            for edge in (top, top + BAR_HEIGHT - 1):
                draw.line((0, edge, width, edge), drawing.INK)
        name = drawing.letters(str(number), NAME_WIDTH, BAR_HEIGHT)
        image.paste(drawing.INK, (0, top), name)
        end = NAME_WIDTH + round(share * BAR_LENGTH)
        colour = figures.BLUE if number == largest else figures.GREY
        draw.rectangle((NAME_WIDTH, top + 3, end, top + BAR_HEIGHT - 4), colour)
        text = f"{100 * share:.1f} %" if in_per_cent else f"{share:.3f}"
        number_letters = drawing.letters(text, NUMBER_WIDTH, BAR_HEIGHT)
        image.paste(drawing.INK, (width - NUMBER_WIDTH, top), number_letters)
    return drawing.to_png(image)


def confusion_matrix(counts, chosen=(None, None)):
    """Draw a confusion matrix with its axes named: right class in rows, answer in columns.

    Right answers are blue; wrong ones are the more orange the more there are.

    Parameters
    ----------
    counts : numpy.ndarray
        (classes, classes), whole numbers.
    chosen : tuple
        (right class, answer) to frame in red; None stands for all of them.

    Returns
    -------
    bytes
        A PNG file; a click is looked up in it by `matrix_cell`.
    """
    side = len(counts) + N_HEADS
    image = Image.new("RGB", (side * COUNT_WIDTH + 1, side * COUNT_HEIGHT + 1), drawing.PAPER)
    draw = ImageDraw.Draw(image)
    wrong = counts - numpy.diag(numpy.diag(counts))
    for (right, answer), count in numpy.ndenumerate(counts):
        # A root: a confusion that is rare beside the most frequent one can still be seen.
        share = numpy.sqrt(count / max(1, wrong.max()))
        fill = RIGHT if right == answer else _mixed(drawing.PAPER, WRONG, share)
        _cell(image, draw, right + N_HEADS, answer + N_HEADS, f"{count}" if count else "", fill)
    for number in range(len(counts)):
        _cell(image, draw, number + N_HEADS, 1, str(number), HEAD)
        _cell(image, draw, 1, number + N_HEADS, str(number), HEAD)
    answers = drawing.letters(words.AXIS_PREDICTED, len(counts) * COUNT_WIDTH, COUNT_HEIGHT)
    image.paste(drawing.INK, (N_HEADS * COUNT_WIDTH, 0), answers)
    rights = drawing.letters(words.AXIS_RIGHT, len(counts) * COUNT_HEIGHT, COUNT_WIDTH)
    turned = rights.transpose(Image.Transpose.ROTATE_90)
    image.paste(drawing.INK, (0, N_HEADS * COUNT_HEIGHT), turned)
    if chosen != (None, None):
        (top, bottom), (left, right) = (
            (0, len(counts)) if place is None else (place, place + 1) for place in chosen
        )
        corners = [
            (left + N_HEADS) * COUNT_WIDTH,
            (top + N_HEADS) * COUNT_HEIGHT,
            (right + N_HEADS) * COUNT_WIDTH,
            (bottom + N_HEADS) * COUNT_HEIGHT,
        ]
        draw.rectangle(corners, None, figures.RED, drawing.FRAME_WIDTH)
    return drawing.to_png(image)


def matrix_cell(n_classes, right, down):
    """Return which (right class, answer) of a `confusion_matrix` was clicked.

    Parameters
    ----------
    n_classes : int
        Classes.
    right, down : float
        Where, as fractions of the picture's width and height, from 0 to below 1.

    Returns
    -------
    tuple
        None stands for all classes: a click on a digit at the edge chooses its row or column.
    """
    places = [int(share * (n_classes + N_HEADS)) - N_HEADS for share in (down, right)]
    return tuple(place if place >= 0 else None for place in places)


def digit_sheet(images, titles, n_columns):
    """Draw small grey images in rows, ink dark on white, each with lines of text below it.

    Parameters
    ----------
    images : numpy.ndarray
        (n, rows, columns), from 0 to 1.
    titles : sequence of sequence of str
        The lines of each image; all have as many.
    n_columns : int
        Images in a row.

    Returns
    -------
    bytes
        A PNG file.
    """
    n_lines = max(map(len, titles))
    ink = numpy.asarray(images, dtype="float64").clip(0, 1)
    levels = (255 - 255 * ink).round().astype("uint8")
    levels = levels.repeat(DIGIT_SCALE, axis=1).repeat(DIGIT_SCALE, axis=2)
    height, width = levels.shape[1:]
    across, down = width + 2 * TILE_GAP, height + (n_lines + 0.5) * LABEL_HEIGHT
    down = int(down)
    shape = n_columns * across, -(-len(images) // n_columns) * down
    image = Image.new("RGB", shape, drawing.PAPER)
    draw = ImageDraw.Draw(image)
    for number, (tile, lines) in enumerate(zip(levels, titles, strict=True)):
        left, top = number % n_columns * across, number // n_columns * down
        image.paste(Image.fromarray(tile), (left + TILE_GAP, top + 1))
        edge = (left + TILE_GAP - 1, top, left + TILE_GAP + width, top + height + 1)
        draw.rectangle(edge, None, drawing.LINES)
        for line, text in enumerate(lines):
            mask = drawing.letters(text, across, LABEL_HEIGHT)
            image.paste(drawing.INK, (left, top + height + 2 + line * LABEL_HEIGHT), mask)
    return drawing.to_png(image)


def _cell(image, draw, row, column, text, fill):
    left, top = column * COUNT_WIDTH, row * COUNT_HEIGHT
    corners = (left, top, left + COUNT_WIDTH, top + COUNT_HEIGHT)
    draw.rectangle(corners, fill, drawing.LINES)
    if text:
        image.paste(drawing.INK, (left, top), drawing.letters(text, COUNT_WIDTH, COUNT_HEIGHT))


def _mixed(first, second, share):
    """Return a colour between two, given as '#RRGGBB'."""
    pairs = [(int(first[n : n + 2], 16), int(second[n : n + 2], 16)) for n in (1, 3, 5)]
    return tuple(round(low + share * (high - low)) for low, high in pairs)
