"""The two operations of the course as functions from arrays to arrays, computed by Theano.

The lessons build each of them in plain Theano first; explorers and later lessons call them here.
Every combination of settings is compiled once.
"""

from functools import cache

from lenet_helpers import checks, shapes, words

import numpy
import theano
from theano import tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal.pool import pool_2d


def convolve(images, filters, border_mode="valid", subsample=(1, 1), filter_flip=True):
    """Convolve images with filters.

    Parameters
    ----------
    images : array_like
        (batch, input maps, rows, columns), finite numbers.
    filters : array_like
        (filters, input maps, filter rows, filter columns), finite numbers.
    border_mode : {'valid', 'half', 'full'}
        How far a filter may reach over the border.
    subsample : tuple of int
        Steps of the filter in (rows, columns), pixels.
    filter_flip : bool
        True turns the filter by 180 degrees, a true convolution; False is a correlation.

    Returns
    -------
    numpy.ndarray
        (batch, filters, output rows, output columns), dtype floatX.

    Raises
    ------
    ValueError
        If an array is not 4-D, holds NaN, or the filters do not fit the images.
    """
    filters = checks.images_4d(filters, None, theano.config.floatX, words.NAME_FILTERS)
    images = checks.images_4d(images, filters.shape[1], theano.config.floatX)
    shapes.conv_output_shape(images.shape, filters.shape, border_mode, subsample)
    steps = shapes.pair(subsample, words.NAME_SUBSAMPLE)
    return _convolution(border_mode, steps, bool(filter_flip))(images, filters)


def sigmoid_maps(images, filters, bias):
    """Return the feature maps sigmoid(convolution + bias).

    Parameters
    ----------
    images, filters : array_like
        As for `convolve`.
    bias : array_like
        (filters,), one number for each feature map.

    Returns
    -------
    numpy.ndarray
        (batch, filters, output rows, output columns), dtype floatX, values from 0 to 1.

    Raises
    ------
    ValueError
        As from `convolve`, or if `bias` has not one number for each filter.
    """
    filters = checks.images_4d(filters, None, theano.config.floatX, words.NAME_FILTERS)
    images = checks.images_4d(images, filters.shape[1], theano.config.floatX)
    bias = checks.float_array(bias, words.NAME_BIAS, theano.config.floatX)
    shapes.conv_output_shape(images.shape, filters.shape)
    if bias.shape != filters.shape[:1]:
        raise ValueError(words.BIAS_SHAPE.format(shape=bias.shape, n_filters=len(filters)))
    return _sigmoid_convolution()(images, filters, bias)


def max_pool(feature_maps, poolsize, ignore_border):
    """Take the largest value of every window.

    Parameters
    ----------
    feature_maps : array_like
        (..., rows, columns), at least two axes, finite numbers.
    poolsize : tuple of int
        The window's (rows, columns), cells.
    ignore_border : bool
        True drops the cells that fill no whole window; False pools them as well.

    Returns
    -------
    numpy.ndarray
        (..., pooled rows, pooled columns), dtype float64, the very values of the input.

    Raises
    ------
    ValueError
        If a window is larger than the map, or the maps hold NaN.
    """
    maps = checks.float_array(feature_maps, words.NAME_FEATURE_MAPS, "float64")
    shape = shapes.pool_output_shape(maps.shape, poolsize, ignore_border)
    window = numpy.asarray(shapes.pair(poolsize, words.NAME_POOLSIZE), dtype="int64")
    # One compiled function takes maps with any number of axes in front of rows and columns.
    stacked = maps.reshape(-1, 1, *maps.shape[-2:])
    return _max_pooling(ignore_border)(stacked, window).reshape(shape)


@cache
def _convolution(border_mode, subsample, filter_flip):
    images, filters = T.tensor4s("images", "filters")
    maps = conv2d(
        images, filters, border_mode=border_mode, subsample=subsample, filter_flip=filter_flip
    )
    return theano.function([images, filters], maps)


@cache
def _sigmoid_convolution():
    images, filters = T.tensor4s("images", "filters")
    bias = T.vector("bias")
    maps = T.nnet.sigmoid(conv2d(images, filters) + bias.dimshuffle("x", 0, "x", "x"))
    return theano.function([images, filters, bias], maps)


@cache
def _max_pooling(ignore_border):
    maps, window = T.dtensor4("maps"), T.lvector("window")
    return theano.function([maps, window], pool_2d(maps, ws=window, ignore_border=ignore_border))
