"""What a network's operations compute and move, counted in integers; and what a machine can do.

An operation is one multiplication, addition, comparison or tanh. Bytes are those of every array
that must be read or written at least once, however clever the code. Work over bytes is
the arithmetic intensity of S. Williams, A. Waterman and D. Patterson, *Roofline: an insightful
visual performance model for multicore architectures*, 2009.
"""

from math import prod
from typing import NamedTuple

from lenet_helpers import shapes
from lenet_helpers.design import FLOAT32_BYTES, LeNetDesign


class Work(NamedTuple):
    """What something computes and moves.

    Attributes
    ----------
    operations : int
        How many numbers are multiplied, added, compared or bent; a multiply-add is two.
    n_bytes : int
        Bytes that are read or written.
    """

    operations: int
    n_bytes: int

    @property
    def intensity(self):
        """Operations for each byte."""
        return self.operations / self.n_bytes


class Machine(NamedTuple):
    """The two limits of a machine.

    Attributes
    ----------
    peak : float
        Operations a second, as a large matrix product reaches them.
    bandwidth : float
        Bytes a second that it reads and writes.
    """

    peak: float
    bandwidth: float

    @property
    def ridge(self):
        """The arithmetic intensity above which the peak is the limit, operations a byte."""
        return self.peak / self.bandwidth

    def attainable(self, intensity):
        """Return the operations a second that are possible at an arithmetic intensity."""
        return min(self.peak, intensity * self.bandwidth)

    def least_seconds(self, work):
        """Return the time below which no program does this `Work`."""
        return max(work.operations / self.peak, work.n_bytes / self.bandwidth)


def total(works):
    """Return several pieces of `Work` as one."""
    works = list(works)
    return Work(sum(work.operations for work in works), sum(work.n_bytes for work in works))


def convolution(image_shape, filter_shape):
    """Return the `Work` of a convolution with border mode 'valid', which ends in feature maps.

    Parameters
    ----------
    image_shape : tuple of int
        (batch, input maps, rows, columns).
    filter_shape : tuple of int
        (filters, input maps, filter rows, filter columns).

    Raises
    ------
    ValueError
        As from `shapes.conv_output_shape`.
    """
    maps = shapes.conv_output_shape(image_shape, filter_shape)
    operations = 2 * prod(maps) * prod(filter_shape[1:])
    return Work(operations, _bytes(image_shape, filter_shape, maps))


def max_pooling(map_shape, poolsize):
    """Return the `Work` of max-pooling: each cell that lies in a window is compared once."""
    pooled = _pooled(map_shape, poolsize)
    return Work(prod(pooled) * prod(poolsize), _bytes(map_shape, pooled))


def pool_gradient(map_shape, poolsize):
    """Return the `Work` of the gradient of max-pooling: each cell is compared with its maximum.

    It reads the feature maps, their maxima and the slopes there, and writes a slope for each cell
    of the maps.
    """
    pooled = _pooled(map_shape, poolsize)
    return Work(prod(pooled) * prod(poolsize), _bytes(map_shape, pooled, pooled, map_shape))


def bias_tanh(shape):
    """Return the `Work` of adding a bias to every cell and bending it by tanh."""
    return Work(2 * prod(shape), _bytes(shape, shape))


def conv_pool(image_shape, filter_shape, poolsize):
    """Return the `Work` of a layer whose convolution, pooling, bias and tanh are one operation.

    It computes what the three do one after the other, but reads only images and filters, and
    writes only the layer's output; the arguments are theirs.
    """
    maps = shapes.conv_output_shape(image_shape, filter_shape)
    pooled = _pooled(maps, poolsize)
    parts = convolution(image_shape, filter_shape), max_pooling(maps, poolsize), bias_tanh(pooled)
    return Work(total(parts).operations, _bytes(image_shape, filter_shape, pooled))


def lenet_convolutions(batch_size, design=None):
    """Return the `Work` of a LeNet's two convolutions, forward, as two operations."""
    layers = _convolution_pooling_layers(batch_size, design or LeNetDesign())
    return total(convolution(images, filters) for images, filters, _ in layers)


def lenet_layers(batch_size, design=None):
    """Return the `Work` of a LeNet's two convolution-pooling layers, forward, each in one."""
    layers = _convolution_pooling_layers(batch_size, design or LeNetDesign())
    return total(conv_pool(*layer) for layer in layers)


def lenet_pool_gradients(batch_size, design=None):
    """Return the `Work` of the gradients of a LeNet's two max-poolings, as two operations."""
    layers = _convolution_pooling_layers(batch_size, design or LeNetDesign())
    return total(
        pool_gradient(shapes.conv_output_shape(images, filters), poolsize)
        for images, filters, poolsize in layers
    )


def training_multiply_adds(design=None, winners_only=False):
    """Return the multiply-adds that one image takes in one training step, by Theano's ops.

    Each layer multiplies three times: forward, for the gradient of its weights, and (above layer
    0) for the gradient of its input. Theano calls the convolutions' CorrMM, CorrMM_gradWeights and
    CorrMM_gradInputs; those of dense layers are matrix products, Dot22 and, where the update of
    the weights is part of it, Gemm.

    Parameters
    ----------
    design : LeNetDesign, optional
        The network; without it, the course's.
    winners_only : bool
        Whether the gradients of convolutions pass over the cells that won no window of the
        pooling above: their slopes are zero.

    Returns
    -------
    dict
        {name of the op: multiply-adds, int}
    """
    layer0, layer1, *dense = (design or LeNetDesign()).layers()
    forward = [layer.n_multiply_adds for layer in (layer0, layer1)]
    back = [_of_winners(layer) for layer in (layer0, layer1)] if winners_only else forward
    products = sum(layer.n_multiply_adds for layer in dense)
    return {
        "CorrMM": sum(forward),
        "CorrMM_gradWeights": sum(back),
        "CorrMM_gradInputs": back[1],
        "Dot22": 2 * products,
        "Gemm": products,
    }


def _convolution_pooling_layers(batch_size, design):
    """Return (image shape, filter shape, pooling window) of both layers."""
    return [
        ((batch_size, *design.image_shape(number)[1:]), layer.weight_shape, layer.steps[1].window)
        for number, layer in enumerate(design.layers()[:2])
    ]


def _of_winners(layer):
    """Return the multiply-adds of a convolution if only one cell in each window counts."""
    convolved, pooled = layer.steps
    return (
        convolved.n_multiply_adds
        * prod(pooled.output_shape[1:])
        // prod(convolved.output_shape[1:])
    )


def _pooled(map_shape, poolsize):
    return shapes.pool_output_shape(map_shape, poolsize, ignore_border=True)


def _bytes(*array_shapes):
    return FLOAT32_BYTES * sum(map(prod, array_shapes))
