"""NumPy oracles: written from the definitions with plain loops, to be right rather than fast."""

import numpy


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


def max_pool(maps, poolsize, ignore_border, stride=None):
    """Take the largest value of every window of (..., rows, columns)."""
    stride = poolsize if stride is None else stride
    tops = window_starts(maps.shape[-2], poolsize[0], stride[0], ignore_border)
    lefts = window_starts(maps.shape[-1], poolsize[1], stride[1], ignore_border)
    result = numpy.empty((*maps.shape[:-2], len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            # A slice that reaches over the border ends there.
            window = maps[..., top : top + poolsize[0], left : left + poolsize[1]]
            result[..., i, j] = window.max(axis=(-2, -1))
    return result


def sigmoid(values):
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + numpy.exp(-values))


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
