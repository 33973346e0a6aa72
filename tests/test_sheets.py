"""Sheets of many small pictures: every tile, bar and cell is where and what it must be."""

from lenet_helpers import drawing, figures, sheets

import numpy
import pytest
from PIL import ImageColor

from tests.test_drawing import pixels

RANDOM = numpy.random.RandomState(0)


def level(value, largest):
    share = min(max(value / largest, -1), 1)
    return round(128 + 127 * share)


def rgb(colour):
    return list(ImageColor.getrgb(colour))


# --- Greys around zero ---


@pytest.mark.parametrize("largest", [1, 0.25, 30.0])
def test_signed_levels(largest):
    values = RANDOM.uniform(-1.2 * largest, 1.2 * largest, (4, 5))
    found = sheets.signed_levels(values, largest)
    assert found.dtype == "uint8"
    for place, value in numpy.ndenumerate(values):
        assert found[place] == level(value, largest)


def test_zero_is_the_middle_grey():
    assert sheets.signed_levels(numpy.array([-2.0, 0, 2]), 2).tolist() == [1, 128, 255]
    assert sheets.signed_levels(numpy.zeros(3), 0).tolist() == [128] * 3


def tile_places(n_maps, rows, columns, n_columns, enlarge):
    """Yield the (top, left) of each tile."""
    across, down = columns * enlarge + 6, rows * enlarge + 19
    for number in range(n_maps):
        row, column = divmod(number, n_columns)
        yield row * down + 16, column * across + 3


@pytest.mark.parametrize(
    ("shape", "n_columns", "enlarge"), [((20, 5, 5), 5, 9), ((7, 4, 6), 3, 8), ((1, 2, 2), 4, 12)]
)
def test_tiles(shape, n_columns, enlarge):
    values = RANDOM.uniform(-1, 1, shape)
    found = pixels(sheets.tiles(values, n_columns, enlarge, 0.8))
    n_maps, rows, columns = shape
    n_rows = -(-n_maps // n_columns)
    assert found.shape[0] == n_rows * (rows * enlarge + 19)
    assert found.shape[1] == n_columns * (columns * enlarge + 6)
    for map_, (top, left) in zip(values, tile_places(*shape, n_columns, enlarge), strict=True):
        for (row, column), value in numpy.ndenumerate(map_):
            low, start = top + row * enlarge, left + column * enlarge
            cell = found[low : low + enlarge, start : start + enlarge]
            assert (cell == level(value, 0.8)).all()
        # Its number is over it.
        assert (found[top - 15 : top - 2, left : left + columns * enlarge] < 128).any()


def test_the_chosen_tile_has_a_frame():
    values = numpy.zeros((6, 5, 5))
    plain = pixels(sheets.tiles(values, 3, 9, 1))
    framed = pixels(sheets.tiles(values, 3, 9, 1, chosen=4))
    rows, columns = numpy.nonzero((plain != framed).any(axis=2))
    across, down = 5 * 9 + 6, 5 * 9 + 19
    assert (rows.min(), rows.max()) == (down + 13, 2 * down - 1)
    assert (columns.min(), columns.max()) == (across, 2 * across - 1)
    assert (framed[rows, columns] == rgb(figures.RED)).all()
    # The tile itself stays whole.
    top, left = list(tile_places(6, 5, 5, 3, 9))[4]
    assert (framed[top : top + 45, left : left + 45] == 128).all()


# --- Bars ---


def test_bars():
    shares = numpy.array([0.05, 0.0, 0.6, 0.35])
    found = pixels(sheets.bars(shares, 3))
    assert found.shape == (4 * 21, 30 + 160 + 68, 3)
    for number, share in enumerate(shares):
        line = found[number * 21 + 10]
        colour = figures.BLUE if number == 2 else figures.GREY
        inked = (line[30:190] == rgb(colour)).all(axis=1)
        # One pixel is there even for nothing: the line from which bars start.
        assert inked.sum() == min(round(share * 160) + 1, 160)
        assert inked[: inked.sum()].all()
        paper = figures.SAND if number == 3 else drawing.PAPER
        assert line[0].tolist() == rgb(paper)
        assert (found[number * 21 : number * 21 + 21, 190:].min(axis=2) < 100).any()


def test_bars_in_per_cent():
    # Letters as drawn elsewhere, at the right end of the first line.
    wanted = drawing.letters("98.2 %", sheets.NUMBER_WIDTH, sheets.BAR_HEIGHT)
    found = pixels(sheets.bars(numpy.array([0.982, 0.018]), in_per_cent=True))
    assert numpy.array_equal(255 - numpy.asarray(wanted), found[:21, -68:, 0])
    assert (found[:, 0] == 255).all()
    # The longest leaves a gap between itself and the longest bar.
    full = pixels(sheets.bars(numpy.array([1.0, 0.0]), in_per_cent=True))
    assert (full[:, 191:194] == 255).all()


# --- The confusion matrix ---

COUNTS = numpy.array([[5, 0, 1], [4, 1000, 0], [0, 2, 7]])


def corners(row, column):
    return (row + 2) * sheets.COUNT_HEIGHT + 3, (column + 2) * sheets.COUNT_WIDTH + 3


def test_the_confusion_matrix():
    found = pixels(sheets.confusion_matrix(COUNTS))
    assert found.shape == (5 * sheets.COUNT_HEIGHT + 1, 5 * sheets.COUNT_WIDTH + 1, 3)
    blue, warmth = rgb(sheets.RIGHT), {}
    for (row, column), count in numpy.ndenumerate(COUNTS):
        top, left = corners(row, column)
        colour = found[top, left].tolist()
        if row == column:
            assert colour == blue
        else:
            warmth.setdefault(count, colour[0] - colour[2])
            assert warmth[count] == colour[0] - colour[2]
        cell = found[top : top + sheets.COUNT_HEIGHT - 4, left : left + sheets.COUNT_WIDTH - 4]
        assert (cell.max(axis=2) < 90).any() == bool(count)
    # The more mistakes, the more orange; none is white.
    assert [warmth[n] for n in (0, 1, 2, 4)] == sorted(set(warmth.values()))
    assert warmth[0] == 0
    # Both axes have their names.
    assert (found[: sheets.COUNT_HEIGHT, 2 * sheets.COUNT_WIDTH :] < 90).any()
    assert (found[2 * sheets.COUNT_HEIGHT :, : sheets.COUNT_WIDTH] < 90).any()


@pytest.mark.parametrize(
    ("chosen", "box"),
    [
        ((1, 2), (1, 2, 2, 3)),
        ((1, None), (1, 0, 2, 3)),
        ((None, 0), (0, 0, 3, 1)),
    ],
)
def test_the_chosen_cells_have_a_frame(chosen, box):
    plain = pixels(sheets.confusion_matrix(COUNTS))
    framed = pixels(sheets.confusion_matrix(COUNTS, chosen))
    rows, columns = numpy.nonzero((plain != framed).any(axis=2))
    top, left, bottom, right = box
    assert (rows.min(), rows.max()) == (
        (top + 2) * sheets.COUNT_HEIGHT,
        (bottom + 2) * sheets.COUNT_HEIGHT,
    )
    assert (columns.min(), columns.max()) == (
        (left + 2) * sheets.COUNT_WIDTH,
        (right + 2) * sheets.COUNT_WIDTH,
    )


def test_a_click_meets_the_cell_that_is_drawn_there():
    height, width = 5 * sheets.COUNT_HEIGHT, 5 * sheets.COUNT_WIDTH
    for row in range(-2, 3):
        for column in range(-2, 3):
            top, left = corners(row, column)
            wanted = tuple(place if place >= 0 else None for place in (row, column))
            assert sheets.matrix_cell(3, left / width, top / height) == wanted
    assert sheets.matrix_cell(3, 0, 0) == (None, None)
    assert sheets.matrix_cell(3, 0.9999, 0.9999) == (2, 2)


# --- Digits with lines of text ---


def test_the_digit_sheet():
    images = RANDOM.rand(5, 4, 6)
    images[0, 0, :2] = 0, 255 / 256
    titles = [("1 → 2", "0.99"), ("", ""), ("3", ""), ("", "4"), ("5", "6")]
    found = pixels(sheets.digit_sheet(images, titles, 3))
    across, down = 6 * 3 + 6, 4 * 3 + 40
    assert found.shape == (2 * down, 3 * across, 3)
    for number, image in enumerate(images):
        top, left = number // 3 * down + 1, number % 3 * across + 3
        for (row, column), value in numpy.ndenumerate(image):
            cell = found[top + 3 * row : top + 3 * row + 3, left + 3 * column :][:, :3]
            assert (abs(cell - (255 - 255 * value)) <= 0.5).all()
        for line, text in enumerate(titles[number]):
            start = top + 13 + 16 * line
            strip = found[start : start + 16, left - 3 : left - 3 + across]
            assert (strip < 128).any() == bool(text)
