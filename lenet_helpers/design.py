"""The design of a LeNet: its layers' shapes, parameters, work and memory, in integers."""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from lenet_helpers import fitting, shapes, words

import numpy

FLOAT32_BYTES = 4


class Step(NamedTuple):
    """What happens once in a layer, and what it costs for one image.

    Attributes
    ----------
    name : str
        What happens, in the lessons' words, such as 'convolution'.
    output_shape : tuple of int
        The shape after it; the first entry, the batch, is None.
    window : tuple of int or None
        The (rows, columns) of the input that one cell of the output sees, where there are such.
    n_parameters : int
        Weights and biases.
    n_multiply_adds : int
        Products that are added up: for a convolution, cells of the output times weights of one
        filter; for a dense layer, inputs times units; otherwise 0.
    """

    name: str
    output_shape: tuple
    window: tuple | None = None
    n_parameters: int = 0
    n_multiply_adds: int = 0

    @property
    def n_bytes(self):
        """Memory for the output, float32: 4 bytes a number."""
        return FLOAT32_BYTES * prod(self.output_shape[1:])


@dataclass(frozen=True)
class LayerShape:
    """One layer's shapes.

    Attributes
    ----------
    name : str
        The layer's name in the lessons: 'layer0', 'layer1', 'layer2' or 'layer3'.
    steps : tuple of Step
        What happens, in order.
    weight_shape : tuple of int
        The shape of W.
    """

    name: str
    steps: tuple
    weight_shape: tuple

    @property
    def output_shape(self):
        """The shape of the layer's output, its first entry, the batch, None."""
        return self.steps[-1].output_shape

    @property
    def n_parameters(self):
        """The entries of W and b together."""
        return sum(step.n_parameters for step in self.steps)

    @property
    def n_multiply_adds(self):
        """Products that are added up for one image."""
        return sum(step.n_multiply_adds for step in self.steps)

    @property
    def n_bytes(self):
        """Memory for the outputs of all steps for one image, float32."""
        return sum(step.n_bytes for step in self.steps)


@dataclass(frozen=True)
class LeNetDesign:
    """The sizes of a LeNet with two convolution-pooling layers; the defaults are the course's.

    Lists and NumPy's numbers are taken, too, and kept as tuples, ints and bool.

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
        If a number is not a positive integer, `ignore_border` is not a bool, or a filter or a
        window does not fit. Then the message names the layer, the largest filter or window with
        which the whole network works, and the smallest images.
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
        if not isinstance(self.ignore_border, bool | numpy.bool_):
            raise ValueError(words.IGNORE_BORDER_NOT_BOOL.format(value=self.ignore_border))
        nkerns = _per_layer(self.nkerns, words.NAME_NKERNS, (20, 50))
        checked = {
            "nkerns": tuple(shapes.positive_integer(n, words.NAME_NKERNS) for n in nkerns),
            "filter_shapes": _pairs(self.filter_shapes, words.NAME_FILTER_SHAPE, (5, 5)),
            "poolsizes": _pairs(self.poolsizes, words.NAME_POOLSIZE, (2, 2)),
            "n_hidden": shapes.positive_integer(self.n_hidden, words.NAME_HIDDEN),
            "n_classes": shapes.positive_integer(self.n_classes, words.NAME_CLASSES),
            "image_size": shapes.pair(self.image_size, words.NAME_IMAGE_SIZE),
            "channels": shapes.positive_integer(self.channels, words.NAME_CHANNELS),
            "ignore_border": bool(self.ignore_border),
        }
        for name, value in checked.items():
            # Assignments to a frozen object go past it.
            object.__setattr__(self, name, value)
        self.layers()

    def layers(self):
        """Return the four layers' shapes, as a tuple of `LayerShape`."""
        layer0 = self._conv_pool_layer(0, self.image_shape())
        layer1 = self._conv_pool_layer(1, layer0.output_shape)
        n_flat = prod(layer1.output_shape[1:])
        flat = Step(words.STEP_FLATTEN, (None, n_flat))
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

    @property
    def n_multiply_adds(self):
        """Products that the network adds up for one image."""
        return sum(layer.n_multiply_adds for layer in self.layers())

    @property
    def n_bytes(self):
        """Memory for the outputs of all steps for one image, float32."""
        return sum(layer.n_bytes for layer in self.layers())

    def _conv_pool_layer(self, number, image_shape):
        filters, sides = self.nkerns[number], self.filter_shapes[number]
        window, filter_shape = self.poolsizes[number], (filters, image_shape[1], *sides)
        rows, columns = image_shape[2:]
        if sides[0] > rows or sides[1] > columns:
            self._refuse(
                words.FILTER_DOES_NOT_FIT.format(
                    filter_rows=sides[0], filter_columns=sides[1], rows=rows, columns=columns
                ),
                number,
                image_shape[2:],
                fitting.largest_filter,
            )
        maps = shapes.conv_output_shape(image_shape, filter_shape)
        rows, columns = maps[2:]
        if window[0] > rows or window[1] > columns:
            self._refuse(
                words.WINDOW_DOES_NOT_FIT.format(
                    pool_rows=window[0], pool_columns=window[1], rows=rows, columns=columns
                ),
                number,
                maps[2:],
                fitting.largest_window,
            )
        pooled = shapes.pool_output_shape(maps, window, self.ignore_border)
        n_multiply_adds = prod(maps[1:]) * prod(filter_shape[1:])
        n_parameters = prod(filter_shape) + filters
        steps = (
            Step(words.STEP_CONVOLUTION, maps, sides, n_parameters, n_multiply_adds),
            Step(words.STEP_POOLING, pooled, window),
        )
        return LayerShape(f"layer{number}", steps, filter_shape)

    def _refuse(self, problem, number, size, largest):
        """Raise the ValueError of a layer that can't work, with what would."""
        sides, windows = self.filter_shapes, self.poolsizes
        image_rows, image_columns = fitting.smallest_image_size(sides, windows, self.ignore_border)
        most = largest(size, sides[number:], windows[number:], self.ignore_border)
        if most is None:
            message = words.LARGER_IMAGES.format(
                problem=problem, image_rows=image_rows, image_columns=image_columns
            )
        else:
            message = words.SMALLER_OR_LARGER_IMAGES.format(
                problem=problem,
                rows=most[0],
                columns=most[1],
                image_rows=image_rows,
                image_columns=image_columns,
            )
        raise ValueError(words.IN_LAYER.format(layer=f"layer{number}", message=message))


def _dense_layer(name, steps_before, step, n_in, n_out):
    dense = Step(step, (None, n_out), None, n_in * n_out + n_out, n_in * n_out)
    return LayerShape(name, (*steps_before, dense), (n_in, n_out))


def _pairs(values, name, example):
    """Return (rows, columns) of layer 0 and layer 1 as integers, or raise ValueError."""
    checked = []
    for number, value in enumerate(_per_layer(values, name, (example, example))):
        try:
            checked.append(shapes.pair(value, name))
        except ValueError as error:
            raise ValueError(
                words.IN_LAYER.format(layer=f"layer{number}", message=error)
            ) from None
    return tuple(checked)


def _per_layer(values, name, example):
    """Return the entries for layer 0 and layer 1, or raise ValueError if there are not two."""
    entries = shapes.entries(values)
    if len(entries) != 2:
        raise ValueError(words.ONE_PER_LAYER.format(name=name, value=values, example=example))
    return entries


PRESETS = {
    "course": LeNetDesign(),
    # The sizes of LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document
    # recognition, 1998; words.NOTE_LENET5 tells what differs.
    "lenet5": LeNetDesign((6, 16), n_hidden=120, image_size=(32, 32)),
    "tiny": LeNetDesign((2, 4), n_hidden=16),
}
