"""The design of a LeNet: which layers it has, their shapes and their parameters, in integers."""

from dataclasses import dataclass
from math import prod

from lenet_helpers import shapes, words


@dataclass(frozen=True)
class LayerShape:
    """One layer's shapes.

    Attributes
    ----------
    name : str
        The layer's name in the lessons: 'layer0', 'layer1', 'layer2' or 'layer3'.
    steps : tuple of tuple
        (what happens, shape after it) in order; a shape's first entry, the batch, is None.
    weight_shape : tuple of int
        The shape of W.
    n_parameters : int
        The entries of W and b together.
    """

    name: str
    steps: tuple
    weight_shape: tuple
    n_parameters: int

    @property
    def output_shape(self):
        """The shape of the layer's output, its first entry, the batch, None."""
        return self.steps[-1][1]


@dataclass(frozen=True)
class LeNetDesign:
    """The sizes of a LeNet with two convolution-pooling layers; the defaults are the course's.

    Parameters
    ----------
    nkerns : tuple of int
        Filters in layer 0 and layer 1.
    filter_shapes : tuple of tuple of int
        (rows, columns) of the filters in layer 0 and layer 1, pixels.
    poolsizes : tuple of tuple of int
        (rows, columns) of the pooling windows in layer 0 and layer 1, cells.
    n_hidden : int
        Units of the hidden layer.
    n_classes : int
        Classes that the softmax tells apart.
    image_size : tuple of int
        (rows, columns) of the input images, pixels.
    channels : int
        Input maps: 1 for grey images, 3 for RGB.
    ignore_border : bool
        Whether pooling drops the cells that fill no whole window.

    Raises
    ------
    ValueError
        If a number is not a positive integer, or a filter or a window does not fit; the message
        names the layer.
    """

    nkerns: tuple = (20, 50)
    filter_shapes: tuple = ((5, 5), (5, 5))
    poolsizes: tuple = ((2, 2), (2, 2))
    n_hidden: int = 500
    n_classes: int = 10
    image_size: tuple = (28, 28)
    channels: int = 1
    ignore_border: bool = True

    def __post_init__(self):
        self.layers()

    def layers(self):
        """Return the four layers' shapes, as a tuple of `LayerShape`."""
        nkerns = [
            shapes.positive_integer(filters, words.NAME_NKERNS)
            for filters in _per_layer(self.nkerns, words.NAME_NKERNS, (20, 50))
        ]
        shapes.positive_integer(self.n_hidden, words.NAME_HIDDEN)
        shapes.positive_integer(self.n_classes, words.NAME_CLASSES)
        image_shape = (None, self.channels, *shapes.pair(self.image_size, words.NAME_IMAGE_SIZE))
        layer0 = self._conv_pool_layer("layer0", 0, nkerns[0], image_shape)
        layer1 = self._conv_pool_layer("layer1", 1, nkerns[1], layer0.output_shape)
        n_flat = prod(layer1.output_shape[1:])
        flat = (words.STEP_FLATTEN, (None, n_flat))
        layer2 = _dense_layer("layer2", (flat,), words.STEP_HIDDEN, n_flat, self.n_hidden)
        layer3 = _dense_layer("layer3", (), words.STEP_SOFTMAX, self.n_hidden, self.n_classes)
        return layer0, layer1, layer2, layer3

    def image_shape(self, layer=0):
        """Return the (batch, maps, rows, columns) that convolution layer 0 or 1 takes in."""
        if layer == 0:
            return (None, self.channels, *self.image_size)
        return self.layers()[0].output_shape

    @property
    def n_pixels(self):
        """Numbers in one image: channels x rows x columns."""
        return prod(self.image_shape()[1:])

    @property
    def n_parameters(self):
        """All weights and biases of the network."""
        return sum(layer.n_parameters for layer in self.layers())

    def _conv_pool_layer(self, name, number, filters, image_shape):
        sides = _per_layer(self.filter_shapes, words.NAME_FILTER_SHAPE, ((5, 5), (5, 5)))[number]
        poolsize = _per_layer(self.poolsizes, words.NAME_POOLSIZE, ((2, 2), (2, 2)))[number]
        try:
            filter_sides = shapes.pair(sides, words.NAME_FILTER_SHAPE)
            filter_shape = (filters, image_shape[1], *filter_sides)
            maps = shapes.conv_output_shape(image_shape, filter_shape)
            pooled = shapes.pool_output_shape(maps, poolsize, self.ignore_border)
        except ValueError as error:
            raise ValueError(words.IN_LAYER.format(layer=name, message=error)) from None
        steps = ((words.STEP_CONVOLUTION, maps), (words.STEP_POOLING, pooled))
        return LayerShape(name, steps, filter_shape, prod(filter_shape) + filters)


def _dense_layer(name, steps_before, step, n_in, n_out):
    steps = (*steps_before, (step, (None, n_out)))
    return LayerShape(name, steps, (n_in, n_out), n_in * n_out + n_out)


def _per_layer(values, name, example):
    """Return the entries for layer 0 and layer 1, or raise ValueError if there are not two."""
    entries = shapes.entries(values)
    if len(entries) != 2:
        raise ValueError(words.ONE_PER_LAYER.format(name=name, value=values, example=example))
    return entries
