"""A design's integers against arrays, loops, and the network that Theano really builds from it."""

import re
from dataclasses import astuple
from math import prod

from lenet_helpers import words
from lenet_helpers.design import PRESETS, LayerShape, LeNetDesign, Step
from lenet_helpers.fitting import smallest_image_size
from lenet_helpers.lenet import LeNet

import numpy
import pytest

from tests import oracles

DESIGNS = {
    "course": LeNetDesign(),
    "borders kept": LeNetDesign(
        nkerns=(3, 4),
        filter_shapes=((4, 3), (2, 5)),
        poolsizes=((2, 3), (3, 2)),
        n_hidden=7,
        n_classes=3,
        image_size=(23, 30),
        channels=3,
        ignore_border=False,
    ),
    "lists, borders dropped": LeNetDesign(
        nkerns=[2, 5],
        filter_shapes=[[5, 4], [2, 3]],
        poolsizes=[[3, 2], [2, 2]],
        n_hidden=6,
        n_classes=4,
        image_size=[21, 20],
        channels=2,
    ),
    "smallest": LeNetDesign((1, 1), ((1, 1), (1, 1)), ((1, 1), (1, 1)), 1, 1, (1, 1)),
}


def all_steps(design):
    return [step for layer in design.layers() for step in layer.steps]


def test_the_courses_parameters():
    design = LeNetDesign()
    counts = [layer.n_parameters for layer in design.layers()]
    assert counts == [520, 25_050, 400_500, 5_010]
    assert design.n_parameters == 431_080
    assert design.n_pixels == 784


def test_the_courses_work_and_memory():
    layers = LeNetDesign().layers()
    assert [layer.n_multiply_adds for layer in layers] == [288_000, 1_600_000, 400_000, 5_000]
    numbers = [[20 * 24 * 24, 20 * 12 * 12], [50 * 8 * 8, 800], [800, 500], [10]]
    assert [[step.n_bytes for step in layer.steps] for layer in layers] == [
        [4 * n for n in row] for row in numbers
    ]
    assert [layer.n_bytes for layer in layers] == [4 * sum(row) for row in numbers]
    assert (LeNetDesign().n_multiply_adds, LeNetDesign().n_bytes) == (2_293_000, 78_840)


def test_the_courses_shapes():
    layers = LeNetDesign().layers()
    assert [layer.name for layer in layers] == ["layer0", "layer1", "layer2", "layer3"]
    assert [(step.name, step.output_shape, step.window) for step in all_steps(LeNetDesign())] == [
        ("convolution", (None, 20, 24, 24), (5, 5)),
        ("pooling", (None, 20, 12, 12), (2, 2)),
        ("convolution", (None, 50, 8, 8), (5, 5)),
        ("pooling", (None, 50, 4, 4), (2, 2)),
        ("flatten", (None, 800), None),
        ("hidden", (None, 500), None),
        ("softmax", (None, 10), None),
    ]
    assert [layer.weight_shape for layer in layers] == [
        (20, 1, 5, 5),
        (50, 20, 5, 5),
        (800, 500),
        (500, 10),
    ]
    assert LeNetDesign().image_shape() == (None, 1, 28, 28)
    assert LeNetDesign().image_shape(layer=1) == (None, 20, 12, 12)


def test_a_layer_adds_up_its_steps():
    steps = (Step("one", (None, 2, 3, 5), (2, 2), 7, 11), Step("two", (None, 3), None, 13, 17))
    layer = LayerShape("layer0", steps, (2, 3))
    assert layer.output_shape == (None, 3)
    assert (layer.n_parameters, layer.n_multiply_adds, layer.n_bytes) == (20, 28, 4 * 33)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_shapes_are_those_that_theano_computes(design):
    network = LeNet(design)
    batch = 3
    images = numpy.random.RandomState(0).rand(batch, design.n_pixels)
    layer0, layer1, layer2, layer3 = design.layers()
    maps0, maps1 = network.feature_maps(images)
    assert maps0.shape == (batch, *layer0.output_shape[1:])
    assert maps1.shape == (batch, *layer1.output_shape[1:])
    assert network.probabilities(images).shape == (batch, *layer3.output_shape[1:])
    assert design.image_shape(layer=1)[1:] == maps0.shape[1:]
    # layer2 has no function of its own: its weights tell what it takes and gives.
    weights = [
        layer.W.get_value().shape
        for layer in (network.layer0, network.layer1, network.layer2, network.layer3)
    ]
    assert weights == [layer.weight_shape for layer in design.layers()]
    assert layer2.steps[0].output_shape == (None, prod(maps1.shape[1:]))


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_parameters_are_those_of_the_network(design):
    network = LeNet(design)
    layers = (network.layer0, network.layer1, network.layer2, network.layer3)
    counts = [sum(param.get_value().size for param in layer.params) for layer in layers]
    assert counts == [layer.n_parameters for layer in design.layers()]
    assert sum(value.size for value in network.get_values()) == design.n_parameters


# --- Against loops ---


class Counted:
    """A LeNet run by loops over arrays of zeros, which counts every product that it adds up."""

    def __init__(self, fields):
        nkerns, filters, windows, n_hidden, n_classes, size, channels, border = fields
        self.shapes, self.products, self.weights, self.refused = [], [], [], None
        maps = numpy.zeros((channels, *size))
        for layer in (0, 1):
            W = numpy.zeros((nkerns[layer], len(maps), *filters[layer]))
            maps = self.convolve(maps, W)
            if maps is None:
                self.refused = f"layer{layer}", "filter"
                return
            if numpy.greater(windows[layer], maps.shape[1:]).any():
                self.refused = f"layer{layer}", "window"
                return
            maps = oracles.max_pool(maps, windows[layer], border)
            self.add(maps, 0, 0)
        row = maps.ravel()
        self.add(row, 0, 0)
        for n_out in (n_hidden, n_classes):
            row, n_products = numpy.zeros(n_out), n_out * row.size
            self.add(row, n_products, n_products + n_out)

    def add(self, array, n_products, n_weights):
        self.shapes.append(array.shape)
        self.products.append(n_products)
        self.weights.append(n_weights)

    def convolve(self, maps, W):
        places = [
            [start for start in range(side) if start + length <= side]
            for side, length in zip(maps.shape[1:], W.shape[2:], strict=True)
        ]
        if not all(places):
            return None
        result, n_products = numpy.zeros((len(W), *map(len, places))), 0
        for _ in numpy.ndindex(result.shape):
            n_products += W[0].size
        self.add(result, n_products, W.size + len(W))
        return result


def random_fields(random, largest=24):
    """Draw the eight fields of a design, which may work or not."""

    def some(high, *shape):
        return random.randint(1, high + 1, shape).tolist()

    return (
        tuple(some(5, 2)),
        tuple(map(tuple, some(6, 2, 2))),
        tuple(map(tuple, some(4, 2, 2))),
        *some(12, 2),
        tuple(some(largest, 2)),
        *some(4, 1),
        bool(random.randint(2)),
    )


def designs_drawn(seed, n, works):
    """Draw designs that work, or that do not, as loops over arrays tell."""
    random, found = numpy.random.RandomState(seed), []
    while len(found) < n:
        fields = random_fields(random)
        counted = Counted(fields)
        if (counted.refused is None) == works:
            found.append((fields, counted))
    return found


@pytest.mark.parametrize(("fields", "counted"), designs_drawn(1, 40, works=True))
def test_every_number_against_loops(fields, counted):
    design = LeNetDesign(*fields)
    steps = all_steps(design)
    assert [step.output_shape[1:] for step in steps] == counted.shapes
    assert [step.n_multiply_adds for step in steps] == counted.products
    assert [step.n_parameters for step in steps] == counted.weights
    arrays = [numpy.zeros(shape, "float32") for shape in counted.shapes]
    assert [step.n_bytes for step in steps] == [array.nbytes for array in arrays]
    assert design.n_parameters == sum(counted.weights)
    assert design.n_multiply_adds == sum(counted.products)
    assert design.n_bytes == sum(array.nbytes for array in arrays)


# --- What is refused, and what would work ---

MOST = re.compile(r"Use at most (\d+) x (\d+), or ")
IMAGES = re.compile(r"images of at least (\d+) x (\d+) pixels\.$")


def with_part(pairs, number, value):
    return tuple(value if layer == number else pair for layer, pair in enumerate(pairs))


def works(*fields):
    try:
        LeNetDesign(*fields)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("fields", "counted"), designs_drawn(2, 150, works=False))
def test_what_does_not_fit_is_refused_with_what_would(fields, counted):
    with pytest.raises(ValueError, match=r".") as caught:
        LeNetDesign(*fields)
    message, (layer, part) = str(caught.value), counted.refused
    number = int(layer[-1])
    field = {"filter": 1, "window": 2}[part]
    sides = fields[field][number]
    assert oracles.is_plain(message, f"In {layer}: ", part, f"{sides[0]} x {sides[1]}")
    # The smallest images: with them it works, with one row or column less it does not.
    rows, columns = map(int, IMAGES.search(message).groups())
    for size, is_enough in (
        ((rows, columns), True),
        ((rows + 3, columns + 1), True),
        ((rows - 1, columns), False),
        ((rows, columns - 1), False),
    ):
        changed = (*fields[:5], size, *fields[6:])
        assert works(*changed) == is_enough == (min(size) > 0 and not Counted(changed).refused)
    # The largest filter or window, likewise; where none is named, even the smallest is too large.
    named = MOST.search(message)

    def changed(value):
        return (*fields[:field], with_part(fields[field], number, value), *fields[field + 1 :])

    if named is None:
        assert not works(*changed((1, 1)))
        assert "Use smaller filters and windows, or images" in message
        return
    rows, columns = map(int, named.groups())
    assert works(*changed((rows, columns)))
    assert works(*changed((min(rows, sides[0]), min(columns, sides[1]))))
    assert not works(*changed((rows + 1, columns)))
    assert not works(*changed((rows, columns + 1)))


def test_both_kinds_of_advice_are_tried():
    messages = []
    for fields, _ in designs_drawn(2, 150, works=False):
        with pytest.raises(ValueError, match=r".") as caught:
            LeNetDesign(*fields)
        messages.append(str(caught.value))
    for layer in ("layer0", "layer1"):
        for part in ("filter", "window"):
            of_both = [m for m in messages if layer in m and part in m]
            assert len(of_both) >= 3
    assert {bool(MOST.search(message)) for message in messages} == {True, False}


@pytest.mark.parametrize("border", [True, False])
def test_the_smallest_images_by_trying_all(border):
    random = numpy.random.RandomState(3)
    for _ in range(20):
        filters, windows = random.randint(1, 4, (2, 2, 2)).tolist()
        found = smallest_image_size(filters, windows, border)
        for axis, smallest in enumerate(found):
            sizes = [[40, 40] for _ in range(30)]
            for side, size in enumerate(sizes, 1):
                size[axis] = side
            enough = [
                size[axis]
                for size in sizes
                if not Counted(((1, 1), filters, windows, 1, 1, size, 1, border)).refused
            ]
            assert enough == list(range(smallest, 31))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"filter_shapes": ((29, 5), (5, 5))}, ("layer0", "29 x 5", "28 x 28", "17 x 17")),
        ({"filter_shapes": ((5, 5), (5, 13))}, ("layer1", "5 x 13", "12 x 12", "11 x 11")),
        ({"poolsizes": ((25, 2), (2, 2))}, ("layer0", "25 x 2", "24 x 24", "4 x 4")),
        ({"poolsizes": ((2, 2), (2, 9))}, ("layer1", "2 x 9", "8 x 8", "16 x 30")),
        ({"image_size": (13, 13)}, ("layer1", "5 x 5", "4 x 4", "3 x 3", "16 x 16")),
        ({"filter_shapes": ((5.0, 5), (5, 5))}, ("layer0", "5.0")),
        ({"filter_shapes": ((5, 5), 5)}, ("layer1", "5", "two whole numbers")),
        ({"poolsizes": (2, 2)}, ("layer0", "2", "two whole numbers")),
        ({"channels": 0}, ("channels", "0")),
        ({"channels": None}, ("channels", "None")),
        ({"channels": True}, ("channels", "True")),
        ({"ignore_border": None}, ("ignore_border", "None")),
        ({"ignore_border": 1}, ("ignore_border", "1")),
        ({"ignore_border": [True]}, ("ignore_border", "[True]")),
        ({"ignore_border": "yes"}, ("ignore_border", "'yes'")),
        ({"filter_shapes": ((5, 5),)}, ("layer0 and one for layer1", "((5, 5),)")),
        ({"poolsizes": None}, ("layer0 and one for layer1", "poolsize", "None")),
        ({"nkerns": (20, 0)}, ("nkerns", "0")),
        ({"nkerns": 20}, ("nkerns", "20")),
        ({"nkerns": "20"}, ("nkerns", "'2'")),
        ({"nkerns": (20, 50, 80)}, ("nkerns", "(20, 50, 80)")),
        ({"n_hidden": -1}, ("n_hidden", "-1")),
        ({"n_hidden": 500.0}, ("n_hidden", "500.0")),
        ({"n_classes": True}, ("n_classes", "True")),
        ({"image_size": 28}, ("image size", "28")),
        ({"image_size": (28.5, 28)}, ("image size", "28.5")),
    ],
)
def test_broken_designs(settings, said):
    with pytest.raises(ValueError, match=r".") as caught:
        LeNetDesign(**settings)
    assert oracles.is_plain(str(caught.value), *said)


def test_numpys_numbers_are_kept_as_pythons():
    whole = numpy.arange(1, 40)
    design = LeNetDesign(
        nkerns=whole[[5, 15]],
        filter_shapes=whole[[[4, 4], [4, 4]]],
        poolsizes=(whole[[1, 1]], [numpy.int8(2), numpy.uint16(2)]),
        n_hidden=numpy.int64(120),
        n_classes=numpy.uint8(10),
        image_size=whole[[31, 31]],
        channels=numpy.int32(1),
        ignore_border=numpy.bool_(True),
    )
    assert design == PRESETS["lenet5"]
    assert hash(design) == hash(PRESETS["lenet5"])

    def kinds(value):
        return set().union(*map(kinds, value)) if isinstance(value, tuple) else {type(value)}

    assert kinds(astuple(design)) == {int, bool}


# --- Known networks ---


def test_the_presets():
    assert PRESETS["course"] == LeNetDesign()
    lenet5 = PRESETS["lenet5"]
    assert (lenet5.nkerns, lenet5.n_hidden, lenet5.n_classes) == ((6, 16), 120, 10)
    assert (lenet5.image_size, lenet5.filter_shapes) == ((32, 32), ((5, 5), (5, 5)))
    tiny = PRESETS["tiny"]
    assert (tiny.nkerns, tiny.n_hidden, tiny.image_size) == ((2, 4), 16, (28, 28))
    assert tiny.n_parameters == 52 + 204 + 1040 + 170


def test_lenet5_of_1998_against_ours():
    # The paper's table I: which of S2's 6 maps each of C3's 16 maps sees.
    n_seen = [3] * 6 + [4] * 9 + [6]
    paper = {
        "C1": 6 * (5 * 5 + 1),
        "S2": 6 * 2,
        "C3": sum(n * 5 * 5 + 1 for n in n_seen),
        "S4": 16 * 2,
        "C5": 120 * (16 * 5 * 5 + 1),
        "F6": 84 * (120 + 1),
    }
    assert paper == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48_120, "F6": 10_164}
    assert sum(paper.values()) == 60_000
    layers = PRESETS["lenet5"].layers()
    ours = [layer.n_parameters for layer in layers]
    assert ours == [156, 2416, 48_120, 1210]
    assert sum(ours) == 51_902
    # Our pooled maps are S4's, 16 of 5 x 5, and C5's filters of 5 x 5 see all of them.
    assert layers[1].output_shape == (None, 16, 5, 5)
    said = re.findall(r"\d[\d,]*\d", words.NOTE_LENET5)
    for number in (*list(paper.values())[1:], 84 * 10, *ours[1:], 60_000, 51_902):
        assert f"{number:,}" in said
