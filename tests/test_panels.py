"""Pictures of a network's layers: every pixel where it belongs."""

import io
from itertools import product

from lenet_helpers import drawing, figures, panels

import numpy
import pytest
from PIL import Image, ImageColor


def pixels(png, mode="L"):
    return numpy.asarray(Image.open(io.BytesIO(png)).convert(mode), dtype=int)


@pytest.mark.parametrize(("n_maps", "columns", "enlarge"), [(5, 3, 2), (1, 1, 8), (4, 2, 1)])
def test_every_cell_of_every_map(n_maps, columns, enlarge):
    maps = numpy.random.RandomState(0).uniform(-1.3, 1.3, (n_maps, 3, 4))
    found = pixels(panels.map_sheet(maps, columns, enlarge))
    down, across = 3 * enlarge + 4, 4 * enlarge + 4
    assert found.shape == (-(-n_maps // columns) * down - 4, columns * across - 4)
    seen = numpy.zeros(found.shape, dtype=bool)
    for number, row, column in product(range(n_maps), range(3), range(4)):
        top = number // columns * down + row * enlarge
        left = number % columns * across + column * enlarge
        wanted = min(max(round((maps[number, row, column] + 1) / 2 * 255), 0), 255)
        block = slice(top, top + enlarge), slice(left, left + enlarge)
        assert (abs(found[block] - wanted) <= 1).all()
        seen[block] = True
    assert (found[~seen] == 255).all()


def test_a_scale_of_greys():
    maps = numpy.array([[[2.0, 3.0, 4.0]]])
    assert pixels(panels.map_sheet(maps, 1, 1, 2, 4)).tolist() == [[0, 128, 255]]
    assert pixels(panels.map_sheet(maps, 1, 1, 3, 3)).tolist() == [[0, 0, 255]]


def test_bars_are_as_long_as_their_shares():
    shares = numpy.array([0, 0.02, 0.5, 0.08, 0.1, 0, 0, 0, 0.3, 0])
    found = pixels(panels.bars(shares), "RGB")
    blue, grey = (numpy.array(ImageColor.getrgb(c)) for c in (figures.BLUE, drawing.LINES))
    assert len(found) == 200
    for number, share in enumerate(shares):
        # Through the upper part of the bar, above the letters.
        line = found[number * 20 + 4, panels.LABEL_WIDTH :][: panels.BAR_WIDTH]
        colour = blue if number == 2 else grey
        length = (line == colour).all(axis=1).sum()
        assert abs(length - share * panels.BAR_WIDTH) <= 0.5
        assert (line[length:] == 255).all()
        # A number and its per cent.
        row = found[number * 20 : number * 20 + 20]
        assert row[:, : panels.LABEL_WIDTH - 1].min() < 100
        assert row[:, panels.LABEL_WIDTH + panels.BAR_WIDTH :].min() < 100


def test_a_full_bar_ends_before_its_per_cent():
    found = pixels(panels.bars([1.0]), "RGB")
    beyond = found[:, panels.LABEL_WIDTH + panels.BAR_WIDTH :][:, :6]
    assert (beyond == 255).all()


def test_changes_are_red_and_blue_where_the_patch_stood():
    image = numpy.zeros((28, 28))
    image[20, 20] = 1
    changes = numpy.zeros((12, 12))
    changes[3, 4], changes[0, 11] = 0.8, -0.4
    found = pixels(panels.changes_picture(image, changes, 5, 2, 3), "RGB")[1:-1, 1:-1]
    assert found.shape == (84, 84, 3)
    cells = found[1::3, 1::3]
    red, blue = (numpy.array(ImageColor.getrgb(c)) for c in (figures.RED, figures.BLUE))
    # The patch of 5 x 5 at row 6, column 8 has its middle at row 8, column 10.
    assert abs(cells[7:9, 9:11] - red).max() <= 1
    half = 255 + 0.5 * (blue - 255)
    assert abs(cells[1:3, 23:25] - half).max() <= 2
    assert 150 < cells[20, 20].mean() < 180
    cells[7:9, 9:11] = cells[1:3, 23:25] = cells[20, 20] = 255
    assert cells.min() >= 254


def test_small_changes_stay_faint():
    changes = numpy.full((12, 12), 0.005)
    found = pixels(panels.changes_picture(numpy.zeros((28, 28)), changes, 5, 2, 1), "RGB")
    red = numpy.array(ImageColor.getrgb(figures.RED))
    assert abs(found[14, 14] - (255 + 0.1 * (red - 255))).max() <= 2
