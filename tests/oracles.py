"""NumPy oracles: written from the definitions with plain loops, to be right rather than fast."""

import numpy
from scipy.signal import fftconvolve


def convolve(images, filters, border_mode="valid", subsample=(1, 1), filter_flip=True):
    """Convolve (batch, channels, rows, columns) with (filters, channels, rows, columns)."""
    filter_rows, filter_columns = filters.shape[2:]
    if filter_flip:
        filters = filters[:, :, ::-1, ::-1]
    zeros = {
        "valid": (0, 0),
        "half": (filter_rows // 2, filter_columns // 2),
        "full": (filter_rows - 1, filter_columns - 1),
    }[border_mode]
    padded = numpy.pad(images, [(0, 0), (0, 0), (zeros[0],) * 2, (zeros[1],) * 2])
    tops = range(0, padded.shape[2] - filter_rows + 1, subsample[0])
    lefts = range(0, padded.shape[3] - filter_columns + 1, subsample[1])
    result = numpy.zeros((len(images), len(filters), len(tops), len(lefts)))
    for n, k, i, j in numpy.ndindex(result.shape):
        patch = padded[n, :, tops[i] : tops[i] + filter_rows, lefts[j] : lefts[j] + filter_columns]
        result[n, k, i, j] = (patch * filters[k]).sum()
    return result


def feature_maps(picture, filters, bias, activation, border_mode, subsample, filter_flip):
    """Compute a (rows, columns, channels) picture's feature maps with SciPy, in float64.

    For pictures that are too large for loops.
    """
    if not filter_flip:
        filters = filters[:, :, ::-1, ::-1]
    images = picture.transpose(2, 0, 1)[numpy.newaxis]
    whole = fftconvolve(images, filters, axes=(2, 3)).sum(axis=1)
    top, left = (
        {"full": 0, "half": side - 1 - side // 2, "valid": side - 1}[border_mode]
        for side in filters.shape[2:]
    )
    kept = whole[:, top : whole.shape[1] - top, left : whole.shape[2] - left]
    sums = kept[:, :: subsample[0], :: subsample[1]]
    return ACTIVATIONS[activation](sums + bias.reshape(-1, 1, 1))


def grey_levels(values, error=0.0):
    """Return the lowest and the highest grey level that each value may have, from 0 to 255.

    Where the edge between two levels is nearer to a value than rounding errors reach, both are
    right; `error` is how far a value may lie from ours.
    """
    low, span = values.min(), numpy.ptp(values)
    if span < 1e-12:  # the FFT's rounding: all values are equal
        return numpy.zeros(values.shape), numpy.zeros(values.shape)
    exact = 255 * (values - low) / span
    # The levels themselves are computed in float32, with an error of their own.
    reach = 255 * 2 * error / span + 1e-4
    return tuple(numpy.floor(exact + by).clip(0, 255) for by in (-reach, reach))


def block_means(levels, side):
    """Return the mean level of every block of cells, rounded to the nearest."""
    return numpy.floor(pool_by_axes(levels, (side, side), False, mode="average") + 0.5)


def window_starts(length, window, stride, ignore_border):
    """List the first cell of every pooling window along one axis."""
    starts, start = [], 0
    while start < length:
        is_whole = start + window <= length
        if is_whole or not ignore_border:
            starts.append(start)
        if start + window >= length:
            break  # the border is reached: a later window would see nothing new
        start += stride
    return starts


def pool(maps, poolsize, ignore_border, stride=None, mode="max"):
    """Take the largest value of every window of (..., rows, columns), or the average."""
    stride = poolsize if stride is None else stride
    tops = window_starts(maps.shape[-2], poolsize[0], stride[0], ignore_border)
    lefts = window_starts(maps.shape[-1], poolsize[1], stride[1], ignore_border)
    result = numpy.empty((*maps.shape[:-2], len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            # A slice that reaches over the border ends there.
            window = maps[..., top : top + poolsize[0], left : left + poolsize[1]]
            reduce = {"max": numpy.max, "average": numpy.mean}[mode]
            result[..., i, j] = reduce(window, axis=(-2, -1))
    return result


def pool_by_axes(feature_map, poolsize, ignore_border, stride=None, mode="max"):
    """Do as `pool` does, rows first, then columns: for maps too large for a loop over windows."""
    result, stride = feature_map, poolsize if stride is None else stride
    for axis in (0, 1):
        length = feature_map.shape[axis]
        starts = window_starts(length, poolsize[axis], stride[axis], ignore_border)
        ends = [min(start + poolsize[axis], length) for start in starts]
        lines = result if axis == 0 else result.T
        reduce = {"max": numpy.max, "average": numpy.mean}[mode]
        pooled = [
            reduce(lines[start:end], axis=0) for start, end in zip(starts, ends, strict=True)
        ]
        result = numpy.stack(pooled, axis=axis)
    return result


def winners_and_lost(feature_map, poolsize, ignore_border, stride=None):
    """Tell which cells are the largest of a window, and which lie in no window."""
    stride = poolsize if stride is None else stride
    winners, lost = numpy.zeros(feature_map.shape, bool), numpy.ones(feature_map.shape, bool)
    for top in window_starts(len(feature_map), poolsize[0], stride[0], ignore_border):
        for left in window_starts(feature_map.shape[1], poolsize[1], stride[1], ignore_border):
            place = (slice(top, top + poolsize[0]), slice(left, left + poolsize[1]))
            lost[place] = False
            winners[place] |= feature_map[place] == feature_map[place].max()
    return winners, lost


def max_pool(maps, poolsize, ignore_border, stride=None):
    """Take the largest value of every window of (..., rows, columns)."""
    return pool(maps, poolsize, ignore_border, stride)


def sigmoid(values):
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + numpy.exp(-values))


ACTIVATIONS = {
    "none": lambda sums: sums,
    "sigmoid": sigmoid,
    "tanh": numpy.tanh,
    "relu": lambda sums: numpy.maximum(sums, 0),
}


def softmax(rows):
    """Return exp(x) / sum(exp(x)) of every row."""
    powers = numpy.exp(rows - rows.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def is_plain(message, *values):
    """Say whether a message is one or two sentences that name all the values, and no traceback."""
    sentences = message.replace("...", "").rstrip(".").count(". ") + 1
    return (
        sentences <= 2
        and message.endswith((".", ").", "'."))
        and "Traceback" not in message
        and "Apply node" not in message
        and all(str(value) in message for value in values)
    )


def lenet(values, images):
    """Run LeNet on (batch, 784), in float64: (maps of layer 0, maps of layer 1, probabilities).

    `values` are its parameters, the last layer's first.
    """
    W3, b3, W2, b2, W1, b1, W0, b0 = (value.astype("float64") for value in values)
    maps, layers = images.reshape(-1, 1, 28, 28).astype("float64"), []
    for W, b in ((W0, b0), (W1, b1)):
        patches = numpy.lib.stride_tricks.sliding_window_view(maps, W.shape[2:], axis=(2, 3))
        sums = numpy.tensordot(patches, W[:, :, ::-1, ::-1], axes=([1, 4, 5], [1, 2, 3]))
        sums = sums.transpose(0, 3, 1, 2)
        corners = [sums[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        maps = numpy.tanh(numpy.max(corners, axis=0) + b[:, None, None])
        layers.append(maps)
    hidden = numpy.tanh(maps.reshape(len(maps), -1) @ W2 + b2)
    return (*layers, softmax(hidden @ W3 + b3))
