"""Shape arithmetic of LeNet: integers in, integers out, and no Theano.

Sizes are in pixels (or cells of a feature map). A shape is a tuple of integers; a batch size may
be None, which stands for "any".
"""

import math
from operator import index

from lenet_helpers import words

BORDER_MODES = ("valid", "half", "full")


def conv_output_length(length, filter_length, border_mode="valid", step=1):
    """Return how many cells a convolution gives along one axis.

    Parameters
    ----------
    length : int
        Pixels of the picture along this axis.
    filter_length : int
        Pixels of the filter along this axis.
    border_mode : {'valid', 'half', 'full'}
        How far the filter may reach over the border, as in ``theano.tensor.nnet.conv2d``.
    step : int
        Every how many pixels the filter is applied (`subsample`).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a number is not a positive integer, the border mode is unknown, or no cell remains.
    """
    length = positive_integer(length, words.NAME_PICTURE_SIDE)
    filter_length = positive_integer(filter_length, words.NAME_FILTER_SIDE)
    step = positive_integer(step, words.NAME_SUBSAMPLE)
    padded = length + 2 * border_padding(filter_length, border_mode)
    if filter_length > padded:
        raise ValueError(
            words.FILTER_SIDE_TOO_LARGE.format(filter_length=filter_length, length=length)
        )
    return (padded - filter_length) // step + 1


def border_padding(filter_length, border_mode):
    """Return how many zeros a border mode adds at each end of an axis, as an int."""
    if border_mode not in BORDER_MODES:
        raise ValueError(words.UNKNOWN_BORDER_MODE.format(border_mode=border_mode))
    return {"valid": 0, "half": filter_length // 2, "full": filter_length - 1}[border_mode]


def conv_output_shape(image_shape, filter_shape, border_mode="valid", subsample=(1, 1)):
    """Return the shape of ``conv2d``'s feature maps.

    Parameters
    ----------
    image_shape : tuple of int
        (batch, input maps, rows, columns); the batch may be None.
    filter_shape : tuple of int
        (filters, input maps, filter rows, filter columns).
    border_mode : {'valid', 'half', 'full'}
        As in ``theano.tensor.nnet.conv2d``.
    subsample : tuple of int
        Steps of the filter in (rows, columns), pixels.

    Returns
    -------
    tuple of int
        (batch, filters, output rows, output columns).

    Raises
    ------
    ValueError
        If a shape has not four entries, the channel counts differ, or the filter does not fit.
    """
    batch, channels, rows, columns = check_image_shape(image_shape)
    filters, filter_channels, *filter_sides = check_filter_shape(filter_shape)
    if channels != filter_channels:
        raise ValueError(
            words.CHANNELS_DIFFER.format(channels=channels, filter_channels=filter_channels)
        )
    if border_mode == "valid" and (filter_sides[0] > rows or filter_sides[1] > columns):
        raise ValueError(
            words.FILTER_TOO_LARGE.format(
                filter_rows=filter_sides[0],
                filter_columns=filter_sides[1],
                rows=rows,
                columns=columns,
            )
        )
    steps = pair(subsample, words.NAME_SUBSAMPLE)
    sides = (
        conv_output_length(*numbers)
        for numbers in zip((rows, columns), filter_sides, (border_mode,) * 2, steps, strict=True)
    )
    return (batch, filters, *sides)


def pool_output_length(length, window, ignore_border, stride=None):
    """Return how many cells pooling gives along one axis.

    Parameters
    ----------
    length : int
        Cells of the feature map along this axis.
    window : int
        Cells of the pooling window along this axis.
    ignore_border : bool
        True drops the cells that fill no whole window; False pools them as well.
    stride : int, optional
        Cells from one window to the next; without it, windows lie side by side.

    Returns
    -------
    int
        With windows side by side ``floor(length / window)`` or ``ceil(length / window)``.

    Raises
    ------
    ValueError
        If a number is not a positive integer, or the window is larger than the map.

    Notes
    -----
    The method is that of ``theano.tensor.signal.pool.Pool.out_shape``.
    """
    length = positive_integer(length, words.NAME_MAP_SIDE)
    window = positive_integer(window, words.NAME_POOLSIZE)
    stride = window if stride is None else positive_integer(stride, words.NAME_STRIDE)
    if not isinstance(ignore_border, bool):
        raise ValueError(words.IGNORE_BORDER_NOT_BOOL.format(value=ignore_border))
    if window > length:
        raise ValueError(words.WINDOW_SIDE_TOO_LARGE.format(window=window, length=length))
    if ignore_border:
        return (length - window) // stride + 1
    if stride >= window:
        return (length - 1) // stride + 1
    return -((window - length) // stride) + 1


def pool_output_shape(map_shape, poolsize, ignore_border, stride=None):
    """Return the shape of ``pool_2d``'s result.

    Parameters
    ----------
    map_shape : tuple of int
        (..., rows, columns), cells; the axes before these two are kept.
    poolsize : tuple of int
        The window's (rows, columns), cells.
    ignore_border : bool
        As in `pool_output_length`.
    stride : tuple of int, optional
        Cells between windows in (rows, columns); without it, windows lie side by side.

    Returns
    -------
    tuple of int
        (..., output rows, output columns).

    Raises
    ------
    ValueError
        If the map has fewer than two axes, or the window is larger than the map.
    """
    try:
        map_shape = tuple(map_shape)
    except TypeError:
        map_shape = (map_shape,)
    if len(map_shape) < 2:
        raise ValueError(words.MAP_SHAPE_TOO_SHORT.format(shape=map_shape))
    *front, rows, columns = map_shape
    window = pair(poolsize, words.NAME_POOLSIZE)
    rows = positive_integer(rows, words.NAME_MAP_SIDE)
    columns = positive_integer(columns, words.NAME_MAP_SIDE)
    if window[0] > rows or window[1] > columns:
        raise ValueError(
            words.WINDOW_TOO_LARGE.format(
                pool_rows=window[0], pool_columns=window[1], rows=rows, columns=columns
            )
        )
    strides = (None, None) if stride is None else pair(stride, words.NAME_STRIDE)
    return (
        *front,
        pool_output_length(rows, window[0], ignore_border, strides[0]),
        pool_output_length(columns, window[1], ignore_border, strides[1]),
    )


def conv_fans(filter_shape, poolsize=(1, 1)):
    """Return (fan_in, fan_out) of a convolution followed by pooling.

    Parameters
    ----------
    filter_shape : tuple of int
        (filters, input maps, filter rows, filter columns).
    poolsize : tuple of int
        The pooling window's (rows, columns): only one cell of a window gets a gradient.

    Returns
    -------
    tuple of int
        The inputs that one cell of a feature map sees, and the cells that one input reaches.

    Notes
    -----
    The rule of the classic Theano LeNet tutorial (deeplearning.net).
    """
    filters, channels, rows, columns = check_filter_shape(filter_shape)
    pool_rows, pool_columns = pair(poolsize, words.NAME_POOLSIZE)
    return channels * rows * columns, filters * rows * columns // (pool_rows * pool_columns)


def uniform_bound(fan_in, fan_out):
    """Return the bound of Glorot and Bengio's uniform initial weights for tanh, a float.

    Parameters
    ----------
    fan_in, fan_out : int
        Inputs and outputs of one unit.

    Returns
    -------
    float
        sqrt(6 / (fan_in + fan_out)): weights are drawn from -bound to bound.

    Raises
    ------
    ValueError
        If the two together are not a positive integer.

    Notes
    -----
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010, equation 16.
    """
    return math.sqrt(6 / positive_integer(fan_in + fan_out, words.NAME_FANS))


def check_image_shape(image_shape):
    """Return an image shape as four integers (the batch may be None), or raise ValueError."""
    shape = _tuple_of(image_shape, 4, words.IMAGE_SHAPE_NOT_FOUR)
    batch = None if shape[0] is None else positive_integer(shape[0], words.NAME_BATCH)
    return (batch, *(positive_integer(n, words.NAME_IMAGE_SHAPE) for n in shape[1:]))


def check_filter_shape(filter_shape):
    """Return a filter shape as four positive integers, or raise ValueError."""
    shape = _tuple_of(filter_shape, 4, words.FILTER_SHAPE_NOT_FOUR)
    return tuple(positive_integer(number, words.NAME_FILTER_SHAPE) for number in shape)


def pair(value, name):
    """Return (rows, columns) as two positive integers, or raise a ValueError that says `name`."""
    numbers = _tuple_of(value, 2, words.NOT_A_PAIR.replace("{name}", name))
    return tuple(positive_integer(number, name) for number in numbers)


def positive_integer(value, name):
    """Return a whole number of at least 1 as int, or raise a ValueError that says `name`."""
    try:
        number = index(value)
    except TypeError:
        raise ValueError(words.NOT_A_WHOLE_NUMBER.format(name=name, value=value)) from None
    if isinstance(value, bool) or number < 1:
        raise ValueError(words.NOT_A_WHOLE_NUMBER.format(name=name, value=value))
    return number


def entries(value):
    """Return a sequence's entries as a tuple; an empty one for what is no sequence."""
    try:
        return tuple(value)
    except TypeError:
        return ()


def _tuple_of(value, length, message):
    numbers = entries(value)
    if len(numbers) != length:
        raise ValueError(message.format(value=value))
    return numbers
