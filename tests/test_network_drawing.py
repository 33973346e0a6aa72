"""The picture of a network, pixel by pixel: how many maps, how large, which colours and words."""

from lenet_helpers import drawing, figures, network_drawing, words
from lenet_helpers.design import PRESETS, LeNetDesign

import numpy
import pytest
from PIL import Image, ImageColor, ImageDraw
from scipy import ndimage

DESIGNS = PRESETS | {
    "not square": LeNetDesign(
        (3, 9), ((1, 7), (2, 1)), ((2, 1), (1, 2)), 30, 2, (20, 60), 3, False
    ),
    "largest": LeNetDesign((64, 128), ((1, 1), (1, 1)), ((1, 1), (1, 1)), 1000, 100, (64, 64), 4),
    "smallest": LeNetDesign((1, 1), ((1, 1), (1, 1)), ((1, 1), (1, 1)), 1, 1, (1, 1)),
    "one row": LeNetDesign((8, 7), ((1, 3), (1, 3)), ((1, 2), (1, 2)), 5, 3, (1, 64)),
}
of_every_design = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
COLOURS = [figures.GREY] + 2 * [figures.BLUE] + 2 * [figures.GREEN] + 2 * [figures.ORANGE]
COLOURS += [figures.RED]


def drawn(design):
    png = network_drawing.network(design.layers(), design.image_shape())
    return numpy.asarray(drawing.from_png(png).convert("RGB")).astype(int)


def columns_of(design):
    """The steps with the part of the picture in which each must stand."""
    steps = [("image", design.image_shape(), 0)]
    steps += [
        (step.name, step.output_shape, step.n_parameters)
        for layer in design.layers()
        for step in layer.steps
    ]
    pixels, across = drawn(design), network_drawing.WIDTH // len(steps)
    return [
        (*step, colour, pixels[:, number * across : (number + 1) * across])
        for number, (step, colour) in enumerate(zip(steps, COLOURS, strict=True))
    ]


def maps_part(pixels):
    return pixels[network_drawing.MAPS_TOP - 4 : network_drawing.TEXTS_TOP]


def edges_of(pixels, colour):
    """Where the edges of maps or bars are; a window as large as its map is drawn over its edge."""
    part = maps_part(pixels)
    return (part == ImageColor.getrgb(colour)).all(axis=2) | (part == 0).all(axis=2)


def tinted(colour):
    """Whether pixels have the colour of maps or units: three tenths of the layer's, on white."""
    wanted = 255 - 0.3 * (255 - numpy.array(ImageColor.getrgb(colour)))
    return lambda pixels: (abs(pixels - wanted) <= 1).all(axis=2)


def extent(mask):
    """The (rows, columns) of the smallest box around what is true."""
    return tuple(int(numpy.ptp(numpy.nonzero(mask)[axis])) + 1 for axis in (0, 1))


@of_every_design
def test_a_stack_has_as_many_maps_as_there_are_up_to_eight(design):
    for _, shape, _, colour, pixels in columns_of(design):
        # On maps that are thinner than their shift, the window covers too much of the edges.
        if len(shape) == 4 and min(shape[2:]) * network_drawing.LARGEST_SIDE > 4 * max(shape[2:]):
            edges = edges_of(pixels, colour)
            # Each map begins a few pixels lower, and ends as many farther right.
            first = numpy.nonzero(edges)[0].min()
            rows = edges[first : first + 8 * network_drawing.MAP_OFFSET]
            rightmost = {int(numpy.nonzero(row)[0].max()) for row in rows if row.any()}
            ends = [max(rightmost) - n * network_drawing.MAP_OFFSET for n in range(9)]
            n_maps = min(shape[1], 8)
            assert [end in rightmost for end in ends] == [True] * n_maps + [False] * (9 - n_maps)


@of_every_design
def test_maps_are_in_proportion_to_their_rows_and_columns(design):
    scale = network_drawing.LARGEST_SIDE / max(design.image_size)
    for _, shape, _, colour, pixels in columns_of(design):
        if len(shape) == 4:
            edges = edges_of(pixels, colour)
            reach = (min(shape[1], 8) - 1) * network_drawing.MAP_OFFSET
            wanted = [max(network_drawing.SMALLEST_SIDE, side * scale) for side in shape[2:]]
            for found, side in zip(extent(edges), wanted, strict=True):
                assert abs(found - reach - 1 - side) <= 1, shape


@of_every_design
def test_bars_grow_with_the_square_root_of_their_units(design):
    bars = []
    for _, shape, _, colour, pixels in columns_of(design):
        if len(shape) == 2:
            edges = edges_of(pixels, colour)
            bars.append((shape[1], *extent(edges)))
    most = max(units for units, *_ in bars)
    for units, length, width in bars:
        wanted = max(
            network_drawing.SHORTEST_BAR, network_drawing.LONGEST_BAR * (units / most) ** 0.5
        )
        assert abs(length - 1 - wanted) <= 1
        assert width == network_drawing.BAR_WIDTH + 1


@of_every_design
def test_every_step_has_its_layers_colour(design):
    for _, shape, _, colour, pixels in columns_of(design):
        if len(shape) == 2 or min(shape[2:]) > 4:
            assert tinted(colour)(maps_part(pixels)).sum() > 20
        for other in set(COLOURS) - {colour}:
            assert not tinted(other)(maps_part(pixels)).any()


def luminance(colour):
    levels = numpy.array(colour) / 255
    linear = numpy.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", sorted(set(COLOURS)))
def test_the_window_stands_out_from_the_maps(colour):
    # WCAG's contrast of ink on a tinted map, and of a map on the paper's edge.
    tint = 255 - 0.3 * (255 - numpy.array(ImageColor.getrgb(colour)))
    assert (luminance(tint) + 0.05) / 0.05 > 7
    assert 1.05 / (luminance(ImageColor.getrgb(colour)) + 0.05) > 2


def written(text):
    """A line of text as a mask, as Pillow writes it."""
    font = drawing.font(network_drawing.LETTERS)
    mask = Image.new("L", (round(font.getlength(text)) + 1, network_drawing.LINE))
    ImageDraw.Draw(mask).text((0, 0), text, 255, font)
    return numpy.asarray(mask).astype(int)


def says(pixels, text):
    """Whether a text stands in a part of the picture, black on white."""
    letters = written(text)
    rows, columns = (numpy.nonzero(letters.any(axis=axis))[0] for axis in (1, 0))
    letters = letters[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    dark = 255 - pixels.min(axis=2)
    if letters.shape[0] > dark.shape[0] or letters.shape[1] > dark.shape[1]:
        return False
    windows = numpy.lib.stride_tricks.sliding_window_view(dark, letters.shape)
    # Only where the first row agrees is the rest looked at.
    for row, column in numpy.argwhere((abs(windows[:, :, 0] - letters[0]) <= 1).all(axis=2)):
        if (abs(windows[row, column] - letters) <= 1).all():
            return True
    return False


@of_every_design
def test_every_step_says_its_name_shape_and_parameters(design):
    for name, shape, n_parameters, _, pixels in columns_of(design):
        assert says(pixels[: network_drawing.MAPS_TOP], name)
        below = pixels[network_drawing.TEXTS_TOP :]
        if len(shape) == 4:
            assert says(below, "1 map," if shape[1] == 1 else f"{shape[1]} maps,")
            assert says(below, f"{shape[2]} x {shape[3]}")
        else:
            assert says(below, f"{shape[1]:,}")
            assert says(below, "unit" if shape[1] == 1 else "units")
        assert says(below, words.HEAD_PARAMETERS) == (n_parameters > 0)
        if n_parameters:
            assert says(below, f"{n_parameters:,}")


def test_no_other_numbers_are_said():
    parts = [part for *_, part in columns_of(PRESETS["course"])]
    below = parts[1][network_drawing.TEXTS_TOP :]
    assert says(below, "520")
    assert not says(below, "521")


@of_every_design
def test_layers_have_their_names_and_bands(design):
    pixels, across = drawn(design), network_drawing.WIDTH // 8
    ends = numpy.cumsum([1] + [len(layer.steps) for layer in design.layers()]) * across
    band = pixels[(network_drawing.BAND_TOP + network_drawing.BAND_BOTTOM) // 2]
    for layer, colour, left, right in zip(
        design.layers(), COLOURS[1::2], ends, ends[1:], strict=False
    ):
        assert says(pixels[: network_drawing.BAND_TOP, left:right], layer.name)
        assert (band[left + 8 : right - 8] == ImageColor.getrgb(colour)).all()
    assert (band[: across - 1] == 255).all()


@of_every_design
def test_texts_stay_apart(design):
    for *_, pixels in columns_of(design):
        below = pixels[network_drawing.TEXTS_TOP :]
        assert (below[:, :2] == 255).all()
        assert (below[:, -2:] == 255).all()


@pytest.mark.parametrize("name", ["course", "lenet5"])
def test_windows_are_in_proportion(name):
    design = PRESETS[name]
    part = maps_part(columns_of(design)[0][-1])
    labels, _ = ndimage.label((part == 0).all(axis=2))
    sizes = [extent(labels == n) for n in range(1, labels.max() + 1)]
    side = round(5 * network_drawing.LARGEST_SIDE / design.image_size[0])
    assert max(sizes) == (side + 1, side + 1)


@of_every_design
def test_it_fits_a_page_and_is_the_same_every_time(design):
    arguments = design.layers(), design.image_shape()
    png = network_drawing.network(*arguments)
    assert drawing.from_png(png).size == (936, network_drawing.HEIGHT)
    assert network_drawing.network(*arguments) == png
