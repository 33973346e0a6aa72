"""Filters: the demonstration's random ones, and those that have names, in any size.

Knows nothing of pictures and of Theano. All filters are meant for a true convolution
(`filter_flip=True`), which turns them by 180 degrees before they are applied.
"""

import math

from lenet_helpers import checks, shapes, words

import numpy

SEED = 23455
# Emboss and Sobel have 3 x 3 weights in the textbooks, whose absolute values sum up to 8; larger
# ones are scaled to the same sum.
TEXTBOOK_SUM = 8


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

    Raises
    ------
    ValueError
        If the shape has not four positive entries, or the seed is not from 0 to 2**32 - 1.
    """
    filter_shape = shapes.check_filter_shape(filter_shape)
    rng = numpy.random.RandomState(seed)
    bound = 1.0 / math.sqrt(math.prod(filter_shape[1:]))
    W = rng.uniform(low=-bound, high=bound, size=filter_shape)
    b = rng.uniform(low=-0.5, high=0.5, size=filter_shape[0])
    return W, b


def named_filter(name, rows, columns):
    """Return one of the filters that image processing has names for.

    Parameters
    ----------
    name : {'identity', 'blur', 'sharpen', 'edges', 'sobel_rows', 'sobel_columns', 'emboss'}
        'identity' leaves a picture as it is; 'blur' is the mean of the patch; 'edges' is what blur
        takes away, and 'sharpen' adds it once more (unsharp masking). 'sobel_rows' measures the
        change from row to row, 'sobel_columns' from column to column; 'emboss' adds the change
        along the diagonal, from top left to bottom right, to the picture.
    rows, columns : int
        The filter's size, pixels.

    Returns
    -------
    numpy.ndarray
        (rows, columns), dtype float64.

    Raises
    ------
    ValueError
        If the name is unknown, a size is not a positive integer, or a Sobel filter has fewer than
        2 pixels in the direction in which it measures.

    Notes
    -----
    R. Gonzalez and R. Woods, Digital Image Processing, chapter 3. For sizes other than 3 x 3 a
    Sobel filter smooths with binomial coefficients of that length.
    """
    rows = shapes.positive_integer(rows, words.NAME_FILTER_SIDE)
    columns = shapes.positive_integer(columns, words.NAME_FILTER_SIDE)
    return NAMED[checks.one_of(name, NAMED, words.NAME_FILTER)](rows, columns)


def resized(numbers, rows, columns):
    """Return rows of numbers cut, or filled up with zeros, at the right and at the bottom.

    Parameters
    ----------
    numbers : sequence of sequence of float
        The rows, all of one length.
    rows, columns : int
        The new size.

    Returns
    -------
    numpy.ndarray
        (rows, columns), dtype float64.
    """
    kept = numpy.asarray(numbers, dtype="float64")[:rows, :columns]
    return numpy.pad(kept, [(0, rows - kept.shape[0]), (0, columns - kept.shape[1])])


def for_all_colours(weights):
    """Return one filter that applies the same weights to the mean of red, green and blue.

    Parameters
    ----------
    weights : numpy.ndarray
        (filter rows, filter columns).

    Returns
    -------
    numpy.ndarray
        (1, 3, filter rows, filter columns).
    """
    return numpy.stack([weights / 3] * 3)[numpy.newaxis]


def _identity(rows, columns):
    weights = numpy.zeros((rows, columns))
    weights[rows // 2, columns // 2] = 1
    return weights


def _blur(rows, columns):
    return numpy.full((rows, columns), 1 / (rows * columns))


def _edges(rows, columns):
    return _identity(rows, columns) - _blur(rows, columns)


def _sharpen(rows, columns):
    return _identity(rows, columns) + _edges(rows, columns)


def _sobel_columns(rows, columns):
    if columns < 2:
        raise ValueError(words.SOBEL_TOO_SMALL)
    return _scaled(numpy.outer(_binomial(rows), _derivative(columns)))


def _sobel_rows(rows, columns):
    return _sobel_columns(columns, rows).T


def _emboss(rows, columns):
    ramp = numpy.add.outer(numpy.arange(rows), numpy.arange(columns)).astype("float64")
    ramp = ramp.mean() - ramp  # turned by the convolution, it grows to the right and downwards
    return (_scaled(ramp) if ramp.any() else ramp) + _identity(rows, columns)


def _binomial(length):
    """Return binomial coefficients, scaled so that long rows of them stay finite."""
    row = numpy.ones(1)
    for _ in range(length - 1):
        row = numpy.convolve(row, [0.5, 0.5])
    return row


def _derivative(length):
    # Turned by the convolution, it subtracts what lies left from what lies right.
    if length == 2:
        return numpy.array([1.0, -1.0])
    return numpy.convolve(_binomial(length - 2), [1, 0, -1])


def _scaled(weights):
    return weights * (TEXTBOOK_SUM / numpy.abs(weights).sum())


NAMED = {
    "identity": _identity,
    "blur": _blur,
    "sharpen": _sharpen,
    "edges": _edges,
    "sobel_rows": _sobel_rows,
    "sobel_columns": _sobel_columns,
    "emboss": _emboss,
}
