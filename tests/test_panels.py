"""Hidden units and changes as pictures: every pixel where it belongs."""

import io

from lenet_helpers import figures, panels

import numpy
from PIL import Image, ImageColor


def pixels(png, mode="L"):
    return numpy.asarray(Image.open(io.BytesIO(png)).convert(mode), dtype=int)


def test_a_grid_of_greys():
    values = numpy.array([[-1, 0, 0.5], [1, 3, -0.25]])
    wanted = numpy.array([[1, 128, 191.5], [255, 255, 96.25]])
    found = pixels(panels.grey_grid(values, 3, 1))
    assert abs(found - numpy.kron(wanted, numpy.ones((3, 3)))).max() <= 0.5


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
