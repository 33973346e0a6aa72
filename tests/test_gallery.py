"""The gallery's pictures have the properties for which they were chosen."""

from lenet_helpers import gallery, paths

import numpy
import pytest
from PIL import Image

DIGITS = numpy.load(paths.DATA_FOLDER / "digits.npz")


@pytest.mark.parametrize("name", ["cat", "rings", "squares", "digit"])
def test_large_pictures_are_colour_pictures(name):
    picture = gallery.large_picture(name)
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.dtype == "float64"
    assert picture.min() >= 0
    assert picture.max() <= 255 / 256
    # More than a blank sheet, and large enough for filters of many sizes.
    assert picture.std() > 0.1
    assert min(picture.shape[:2]) >= 200


def test_the_cat_is_the_courses():
    wanted = numpy.asarray(Image.open(paths.DATA_FOLDER / "cat.jpg"), dtype="float64") / 256
    assert numpy.array_equal(gallery.large_picture("cat"), wanted)


def test_rings_are_round_and_grey():
    rings = gallery.large_picture("rings")
    grey = rings[:, :, 0]
    assert grey.shape == (500, 500)
    for channel in (1, 2):
        assert numpy.array_equal(rings[:, :, channel], grey)
    for other in (grey[::-1], grey[:, ::-1], grey.T):
        assert numpy.array_equal(other, grey)
    # Pixels at one distance from the centre are alike. It lies between pixels, which therefore
    # stand at odd numbers of half pixels from it.
    alike = [((1, 7), (5, 5)), ((1, 13), (7, 11)), ((5, 15), (9, 13)), ((35, 5), (25, 25))]
    for one, other in alike:
        assert numpy.hypot(*one) == numpy.hypot(*other)
        places = [((499 + down) // 2, (499 + across) // 2) for down, across in (one, other)]
        assert grey[places[0]] == pytest.approx(grey[places[1]])


def test_rings_grow_finer_outwards():
    row = gallery.large_picture("rings")[250, 250:, 0]
    is_bright = row > (row.min() + row.max()) / 2
    edges = numpy.flatnonzero(is_bright[1:] != is_bright[:-1])
    widths = numpy.diff(edges)
    assert len(widths) > 20
    # From ring to ring narrower, up to rounding, and never finer than pixels can show.
    assert (widths[1:] <= widths[:-1] + 1).all()
    assert widths[0] >= 5 * widths[-1]
    assert widths[-1] >= 1
    assert row.max() - row.min() > 0.9


def test_squares_are_plain_and_differ_from_their_neighbours():
    squares = gallery.large_picture("squares")
    assert squares.shape == (500, 500, 3)
    tiles = squares.reshape(10, 50, 10, 50, 3).swapaxes(1, 2)
    assert (tiles == tiles[:, :, :1, :1]).all()
    colours = numpy.round(tiles[:, :, 0, 0] * 256).astype(int)
    # Four of the colours by Okabe and Ito, which nobody confuses.
    assert set(map(tuple, colours.reshape(-1, 3))) == {
        (230, 159, 0),
        (0, 114, 178),
        (0, 158, 115),
        (240, 228, 66),
    }
    assert (colours[1:] != colours[:-1]).any(axis=2).all()
    assert (colours[:, 1:] != colours[:, :-1]).any(axis=2).all()


def test_the_digit_is_the_data_sets_first_test_image():
    image = DIGITS["test_images"][0] / 256
    found = gallery.digit_map()
    assert found.shape == (28, 28)
    assert found.dtype == "float32"
    assert numpy.array_equal(found, image)
    picture = gallery.large_picture("digit")
    times = len(picture) // 28
    assert picture.shape == (28 * times, 28 * times, 3)
    for row, column in numpy.ndindex(28, 28):
        block = picture[row * times : (row + 1) * times, column * times : (column + 1) * times]
        assert (block == image[row, column]).all()


SMALL = ["edge", "cross", "ring", "ramp", "dot"]


@pytest.mark.parametrize("name", SMALL)
def test_small_pictures_are_grids_of_digits(name):
    picture = gallery.small_picture(name)
    assert picture.shape == (8, 8)
    assert picture.dtype == "float64"
    assert set(picture.flat) <= set(range(10))
    assert len(set(picture.flat)) > 1


def test_small_pictures_can_be_changed_without_harm():
    for name in SMALL:
        wanted = gallery.small_picture(name).copy()
        gallery.small_picture(name)[:] = 5
        assert numpy.array_equal(gallery.small_picture(name), wanted)


def test_what_small_pictures_show():
    edge, cross, ring, ramp, dot = map(gallery.small_picture, SMALL)
    assert (edge == edge[0]).all()
    assert (numpy.diff(edge[0]) != 0).sum() == 1
    assert ((numpy.diff(ramp, axis=1) == 1).all(), (ramp == ramp[0]).all()) == (True, True)
    assert (dot != 0).sum() == 1
    # Off the middle and off the diagonal, so that a turned filter shows.
    row, column = numpy.argwhere(dot)[0]
    assert row != column
    for picture in (cross, ring):
        assert numpy.array_equal(picture, numpy.rot90(picture))
        assert numpy.array_equal(picture, picture.T)
    high = [picture == picture.max() for picture in (cross, ring)]
    assert high[0][3:5, 3:5].all()
    assert not high[1][3:5, 3:5].any()
    for is_high in high:
        assert not is_high[0, 0]
        assert is_high.any(axis=0)[1:7].all()


@pytest.mark.parametrize("get", [gallery.large_picture, gallery.small_picture])
def test_an_unknown_name_is_refused_by_name(get):
    with pytest.raises((KeyError, ValueError), match="unicorn"):
        get("unicorn")
