"""The two operations of the course as functions from arrays to arrays, computed by Theano.

The lessons build each of them in plain Theano first; explorers and later lessons call them here.
Whatever a control can change is an input of a compiled function, so that nothing is compiled while
a learner moves one: not the size of a filter or a window, not a step, not the border mode. All
functions here may be called from several threads at once.
"""

from functools import cache

from lenet_helpers import checks, shapes, words
from lenet_helpers.fast.direct_convolution import direct_convolution
from lenet_helpers.fast.pooling import pooling
from lenet_helpers.turns import ONE_AT_A_TIME

import theano
from theano import tensor as T

ACTIVATIONS = {
    "none": lambda maps: maps,
    "sigmoid": T.nnet.sigmoid,
    "tanh": T.tanh,
    "relu": T.nnet.relu,
}
POOLING_MODES = ("max", "average")


def convolve(images, filters, border_mode="valid", subsample=(1, 1), filter_flip=True):
    """Convolve images with filters; the result is that of ``theano.tensor.nnet.conv2d``.

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
        (batch, filters, output rows, output columns), dtype float32.

    Raises
    ------
    ValueError
        If an array is not 4-D, holds NaN, or the filters do not fit the images.
    """
    filters = checks.images_4d(filters, None, "float32", words.NAME_FILTERS)
    images = checks.images_4d(images, filters.shape[1], "float32")
    shapes.conv_output_shape(images.shape, filters.shape, border_mode, subsample)
    padding = (shapes.border_padding(side, border_mode) for side in filters.shape[2:])
    steps = _within_int64(shapes.pair(subsample, words.NAME_SUBSAMPLE))
    applied = filters[:, :, ::-1, ::-1] if filter_flip else filters
    with ONE_AT_A_TIME:
        return _convolution()(images, applied, [*padding, *steps])


def feature_maps(images, filters, bias, activation="sigmoid", **options):
    """Return the feature maps activation(convolution + bias).

    Parameters
    ----------
    images, filters : array_like
        As for `convolve`.
    bias : array_like
        (filters,), one number for each feature map.
    activation : {'none', 'sigmoid', 'tanh', 'relu'}
        What each sum is sent through.
    **options
        `border_mode`, `subsample` and `filter_flip`, as for `convolve`.

    Returns
    -------
    numpy.ndarray
        (batch, filters, output rows, output columns), dtype float32.

    Raises
    ------
    ValueError
        As from `convolve`, or if `bias` has not one number for each filter, or the activation is
        unknown.
    """
    filters = checks.images_4d(filters, None, "float32", words.NAME_FILTERS)
    bias = checks.float_array(bias, words.NAME_BIAS, "float32")
    if bias.shape != filters.shape[:1]:
        raise ValueError(words.BIAS_SHAPE.format(shape=bias.shape, n_filters=len(filters)))
    checks.one_of(activation, ACTIVATIONS, words.NAME_ACTIVATION)
    maps = convolve(images, filters, **options)
    with ONE_AT_A_TIME:
        return _activation(activation)(maps, bias)


def pool(feature_maps, poolsize, ignore_border, stride=None, mode="max"):
    """Take the largest value of every window, or the average.

    Parameters
    ----------
    feature_maps : array_like
        (..., rows, columns), at least two axes, finite numbers.
    poolsize : tuple of int
        The window's (rows, columns), cells.
    ignore_border : bool
        True drops the cells that fill no whole window; False pools them as well.
    stride : tuple of int, optional
        Cells from one window to the next, (rows, columns); without it, windows lie side by side.
    mode : {'max', 'average'}
        The average is that of the cells that a window really holds.

    Returns
    -------
    numpy.ndarray
        (..., pooled rows, pooled columns), dtype float64; with 'max' the very values of the input.

    Raises
    ------
    ValueError
        If a window is larger than the map, the maps hold NaN, or the mode is unknown.
    """
    maps = checks.float_array(feature_maps, words.NAME_FEATURE_MAPS, "float64")
    shape = shapes.pool_output_shape(maps.shape, poolsize, ignore_border, stride)
    checks.one_of(mode, POOLING_MODES, words.NAME_MODE)
    window = shapes.pair(poolsize, words.NAME_POOLSIZE)
    steps = window if stride is None else shapes.pair(stride, words.NAME_STRIDE)
    numbers = [*_within_int64(window), *_within_int64(steps), ignore_border, mode == "average"]
    # One compiled function takes maps with any number of axes in front of rows and columns.
    stacked = maps.reshape(-1, *maps.shape[-2:])
    with ONE_AT_A_TIME:
        return _pooling()(stacked, numbers).reshape(shape)


def compile_feature_maps():
    """Compile all that `feature_maps` may need, so that no later call has to wait."""
    with ONE_AT_A_TIME:
        _convolution()
        for name in ACTIVATIONS:
            _activation(name)


def compile_pooling():
    """Compile all that `pool` may need, so that no later call has to wait."""
    with ONE_AT_A_TIME:
        _pooling()


def _within_int64(lengths):
    # No array is as long as this; what is longer makes no difference, and Theano can't take it.
    return [min(length, 2**40) for length in lengths]


@cache
def _convolution():
    images, filters = T.ftensor4("images"), T.ftensor4("filters")
    geometry = T.lvector("geometry")
    return theano.function(
        [images, filters, geometry], direct_convolution(images, filters, geometry)
    )


@cache
def _activation(name):
    maps, bias = T.ftensor4("maps"), T.fvector("bias")
    return theano.function(
        [maps, bias], ACTIVATIONS[name](maps + bias.dimshuffle("x", 0, "x", "x"))
    )


@cache
def _pooling():
    maps, numbers = T.dtensor3("maps"), T.lvector("numbers")
    return theano.function([maps, numbers], pooling(maps, numbers))
