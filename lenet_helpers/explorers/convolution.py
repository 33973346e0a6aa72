"""Lesson 1: a picture seen through random filters of any shape."""

import math

from lenet_helpers import figures, operations, pictures, shapes, widgets, words

import numpy

SEED = 23455
LARGEST_SIDE = 15
# Theano's convolution copies every patch into one matrix: at 500 x 500 and 15 x 15 that would be
# 640 MB, at half the size 150 MB.
PICTURE_SIZE = (250, 250)


def random_filters(filter_shape, seed=SEED):
    """Draw the demonstration's random filters and biases.

    Parameters
    ----------
    filter_shape : tuple of int
        (filters, input maps, filter rows, filter columns).
    seed : int
        Seeds the generator; the weights are drawn first.

    Returns
    -------
    tuple of numpy.ndarray
        W of shape `filter_shape`, uniform in +-1/sqrt(input maps x rows x columns), and b of
        shape (filters,), uniform in +-0.5; dtype float64.
    """
    filter_shape = shapes.check_filter_shape(filter_shape)
    rng = numpy.random.RandomState(seed)
    bound = 1.0 / math.sqrt(math.prod(filter_shape[1:]))
    W = rng.uniform(low=-bound, high=bound, size=filter_shape)
    b = rng.uniform(low=-0.5, high=0.5, size=filter_shape[0])
    return W, b


def feature_maps(picture, filter_rows, filter_columns, n_filters=2):
    """Return the feature maps of a picture under random filters.

    Parameters
    ----------
    picture : array_like
        (rows, columns, 3), RGB.
    filter_rows, filter_columns : int
        The filters' size, pixels.
    n_filters : int
        How many filters.

    Returns
    -------
    numpy.ndarray
        (n_filters, output rows, output columns), values from 0 to 1.

    Raises
    ------
    ValueError
        If the picture is not RGB, or the filter does not fit it.
    """
    W, b = random_filters((n_filters, 3, filter_rows, filter_columns))
    return operations.sigmoid_maps(pictures.as_minibatch(picture), W, b)[0]


def draw_feature_maps(picture, filter_rows, filter_columns):
    """Return a PNG file of a picture and two feature maps, and the sentence that belongs to it."""
    maps = feature_maps(picture, filter_rows, filter_columns)
    sentence = words.CONVOLUTION_STATE.format(
        filter_rows=filter_rows,
        filter_columns=filter_columns,
        rows=len(picture),
        columns=len(picture[0]),
        map_rows=maps.shape[1],
        map_columns=maps.shape[2],
        weights=3 * filter_rows * filter_columns,
    )
    return figures.to_png(figures.picture_and_maps(picture, maps)), sentence


def explore_filter_shape(picture):
    """Return sliders for a filter's rows and columns, and what they do to a picture.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1; it is shrunk to 250 x 250 pixels.

    Returns
    -------
    ipywidgets.VBox
    """
    small = pictures.shrink(picture, PICTURE_SIZE)
    return widgets.explore(
        lambda rows, columns: draw_feature_maps(small, rows, columns),
        rows=widgets.integer_slider(words.LABEL_FILTER_ROWS, 9, 1, LARGEST_SIDE),
        columns=widgets.integer_slider(words.LABEL_FILTER_COLUMNS, 9, 1, LARGEST_SIDE),
    )
