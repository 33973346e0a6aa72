"""What happens inside a LeNet: every layer's output, and which pixels an answer rests on.

Weights are inputs of the compiled function: one serves all networks of a design, and no network is
changed. Unlike a LeNet's own methods, these functions may be called from several threads at once.
"""

from functools import cache
from typing import NamedTuple

from lenet_helpers import checks, shapes, words
from lenet_helpers.lenet import LeNet, chunks
from lenet_helpers.turns import ONE_AT_A_TIME

import numpy
import theano


class Activations(NamedTuple):
    """Every layer's output for one image, in the order in which they are computed.

    Attributes
    ----------
    convolved : numpy.ndarray
        Layer 0's feature maps before pooling, (maps, rows, columns).
    layer0, layer1 : numpy.ndarray
        The outputs of both convolution-pooling layers, (maps, rows, columns), from -1 to 1.
    layer2 : numpy.ndarray
        The hidden units, (units,), from -1 to 1.
    probabilities : numpy.ndarray
        Of the classes, (classes,); their sum is 1.
    """

    convolved: numpy.ndarray
    layer0: numpy.ndarray
    layer1: numpy.ndarray
    layer2: numpy.ndarray
    probabilities: numpy.ndarray


def compile_layers(design):
    """Compile what this module needs for a design, so that no later call has to wait.

    Parameters
    ----------
    design : LeNetDesign
        One function serves all networks of the same design.
    """
    with ONE_AT_A_TIME:
        _layers(design)


def activations(network, image):
    """Return every layer's output for one image.

    Parameters
    ----------
    network : LeNet
        The network.
    image : array_like
        (rows, columns), as the network takes it, pixels from 0 to 1.

    Returns
    -------
    Activations
        Dtype float32.

    Raises
    ------
    ValueError
        If the image does not fit the network, or a pixel is no number from 0 to 1.
    """
    return Activations(*(output[0] for output in _run(network, _rows(network, [image]))))


def probabilities(network, images):
    """Return the probability of each class for any number of images.

    Parameters
    ----------
    network : LeNet
        The network.
    images : array_like
        As for `LeNet.probabilities`.

    Returns
    -------
    numpy.ndarray
        (batch, classes), every row's sum 1, dtype float32.

    Raises
    ------
    ValueError
        If the images do not fit the network, or a pixel is no number from 0 to 1.
    """
    parts = chunks(_rows(network, images))
    return numpy.concatenate([_run(network, part)[-1] for part in parts])


def occlusion(network, image, side=5, step=2):
    """Cover one part of an image after the other, and return how much surer that made the answer.

    Parameters
    ----------
    network : LeNet
        The network.
    image : array_like
        (rows, columns), as the network takes it, pixels from 0 to 1, paper 0.
    side : int
        Rows and columns of the patch of paper that covers a part, pixels.
    step : int
        Pixels from one place of the patch to the next.

    Returns
    -------
    numpy.ndarray
        (rows, columns) of the places, from the top left on: the probability of the most probable
        class without the patch, minus that with it there. From -1 to 1, dtype float32.

    Raises
    ------
    ValueError
        If the patch is larger than the image, or the image does not fit the network.

    Notes
    -----
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
    """
    side, step = (shapes.positive_integer(n, words.NAME_PATCH) for n in (side, step))
    image_shape = network.design.image_shape()
    image = _rows(network, [image])
    filter_shape = (1, image_shape[1], side, side)
    places = shapes.conv_output_shape(image_shape, filter_shape, subsample=(step, step))[2:]
    covered = numpy.repeat(image, 1 + places[0] * places[1], axis=0).reshape(-1, *image_shape[1:])
    for number, (row, column) in enumerate(numpy.ndindex(*places), 1):
        top, left = row * step, column * step
        covered[number, :, top : top + side, left : left + side] = 0
    # The first image stays uncovered.
    shares = _run(network, covered.reshape(len(covered), -1))[-1]
    right = shares[:, shares[0].argmax()]
    return (right[0] - right[1:]).reshape(places)


def _rows(network, images):
    return checks.image_rows(images, network.design.image_shape(), theano.config.floatX)


def _run(network, rows):
    parameters = [param.get_value(borrow=True) for param in network.params]
    with ONE_AT_A_TIME:
        return _layers(network.design)(rows, *parameters)


@cache
def _layers(design):
    """Return a function of images and of all parameters, so that each network can use it."""
    network = LeNet(design)
    parameters = [param.type() for param in network.params]
    outputs = [
        network.layer0.conv_out,
        *(layer.output for layer in (network.layer0, network.layer1, network.layer2)),
        network.layer3.p_y_given_x,
    ]
    givens = list(zip(network.params, parameters, strict=True))
    return theano.function([network.x, *parameters], outputs, givens=givens)
