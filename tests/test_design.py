"""A design's integers against the network that Theano really builds from it."""

from math import prod

from lenet_helpers.design import LayerShape, LeNetDesign
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


def test_the_courses_parameters():
    design = LeNetDesign()
    counts = [layer.n_parameters for layer in design.layers()]
    assert counts == [520, 25_050, 400_500, 5_010]
    assert design.n_parameters == 431_080
    assert design.n_pixels == 784


def test_the_courses_shapes():
    layers = LeNetDesign().layers()
    assert [layer.name for layer in layers] == ["layer0", "layer1", "layer2", "layer3"]
    assert [shape for layer in layers for _, shape in layer.steps] == [
        (None, 20, 24, 24),
        (None, 20, 12, 12),
        (None, 50, 8, 8),
        (None, 50, 4, 4),
        (None, 800),
        (None, 500),
        (None, 10),
    ]
    assert [layer.weight_shape for layer in layers] == [
        (20, 1, 5, 5),
        (50, 20, 5, 5),
        (800, 500),
        (500, 10),
    ]
    assert LeNetDesign().image_shape() == (None, 1, 28, 28)
    assert LeNetDesign().image_shape(layer=1) == (None, 20, 12, 12)


def test_a_layers_output_is_its_last_step():
    layer = LayerShape("layer0", (("one", (None, 2)), ("two", (None, 3))), (2, 3), 9)
    assert layer.output_shape == (None, 3)


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
    assert layer2.steps[0][1] == (None, prod(maps1.shape[1:]))


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_parameters_are_those_of_the_network(design):
    network = LeNet(design)
    layers = (network.layer0, network.layer1, network.layer2, network.layer3)
    counts = [sum(param.get_value().size for param in layer.params) for layer in layers]
    assert counts == [layer.n_parameters for layer in design.layers()]
    assert sum(value.size for value in network.get_values()) == design.n_parameters


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"filter_shapes": ((29, 5), (5, 5))}, ("layer0", "29 x 5", "28 x 28")),
        ({"filter_shapes": ((5, 5), (5, 13))}, ("layer1", "5 x 13", "12 x 12")),
        ({"poolsizes": ((25, 2), (2, 2))}, ("layer0", "25 x 2", "24 x 24")),
        ({"poolsizes": ((2, 2), (2, 9))}, ("layer1", "2 x 9", "8 x 8")),
        ({"image_size": (13, 13)}, ("layer1", "5 x 5", "4 x 4")),
        ({"filter_shapes": ((5.0, 5), (5, 5))}, ("layer0", "5.0")),
        ({"filter_shapes": ((5, 5), 5)}, ("layer1", "5", "two whole numbers")),
        ({"poolsizes": (2, 2)}, ("layer0", "2", "two whole numbers")),
        ({"channels": 0}, ("layer0", "0")),
        ({"ignore_border": None}, ("layer0", "ignore_border", "None")),
        ({"filter_shapes": ((5, 5),)}, ("layer0 and one for layer1", "((5, 5),)")),
        ({"poolsizes": None}, ("layer0 and one for layer1", "poolsize", "None")),
        ({"nkerns": (20, 0)}, ("nkerns", "0")),
        ({"nkerns": 20}, ("nkerns", "20")),
        ({"nkerns": (20, 50, 80)}, ("nkerns", "(20, 50, 80)")),
        ({"n_hidden": -1}, ("n_hidden", "-1")),
        ({"n_classes": True}, ("n_classes", "True")),
        ({"image_size": 28}, ("image size", "28")),
        ({"image_size": (28.5, 28)}, ("image size", "28.5")),
    ],
)
def test_broken_designs(settings, said):
    with pytest.raises(ValueError, match=r".") as caught:
        LeNetDesign(**settings)
    assert oracles.is_plain(str(caught.value), *said)
