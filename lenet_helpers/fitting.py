"""What fits: the sizes with which a network of convolution-pooling layers works, in integers.

Computed backwards, from what the last layer needs to what the first must get. `filter_shapes` and
`poolsizes` are (rows, columns) a layer, in pixels and cells, and the filters' border mode is
'valid'.
"""


def smallest_image_size(filter_shapes, poolsizes, ignore_border):
    """Return the (rows, columns) of the smallest images with which a network works, pixels.

    Every larger image works, too.

    Parameters
    ----------
    filter_shapes, poolsizes : sequence of tuple of int
        One (rows, columns) for each layer.
    ignore_border : bool
        Whether pooling drops the cells that fill no whole window.

    Returns
    -------
    tuple of int
    """
    return tuple(
        _cells_needed(layers, ignore_border) + layers[0][0] - 1
        for layers in _axes(filter_shapes, poolsizes)
    )


def largest_filter(size, filter_shapes, poolsizes, ignore_border):
    """Return the (rows, columns) of the largest filter of the first layer, pixels.

    Every smaller one works, too.

    Parameters
    ----------
    size : tuple of int
        (rows, columns) of what the first layer takes in, pixels.
    filter_shapes, poolsizes, ignore_border
        As for `smallest_image_size`; the first layer's filter does not count.

    Returns
    -------
    tuple of int or None
        None if no filter works, not even one of 1 x 1.
    """
    sides = [
        side - _cells_needed(layers, ignore_border) + 1
        for side, layers in zip(size, _axes(filter_shapes, poolsizes), strict=True)
    ]
    return tuple(sides) if min(sides) >= 1 else None


def largest_window(size, filter_shapes, poolsizes, ignore_border):
    """Return the (rows, columns) of the largest pooling window of the first layer, cells.

    Every smaller one works, too.

    Parameters
    ----------
    size : tuple of int
        (rows, columns) of the first layer's feature maps before pooling, cells.
    filter_shapes, poolsizes, ignore_border
        As for `smallest_image_size`; the first layer's own sizes do not count.

    Returns
    -------
    tuple of int or None
        None if no window works, not even one of 1 x 1.
    """
    sides = []
    for side, (_, *rest) in zip(size, _axes(filter_shapes, poolsizes), strict=True):
        n_windows = _windows_needed(rest, ignore_border)
        if ignore_border:
            sides.append(side // n_windows)
        else:
            sides.append(side if n_windows == 1 else (side - 1) // (n_windows - 1))
    return tuple(sides) if min(sides) >= 1 else None


def _axes(filter_shapes, poolsizes):
    """Return [(filter's side, window's side), ...] of the layers along rows and along columns."""
    pairs = list(zip(filter_shapes, poolsizes, strict=True))
    return [[(sides[axis], window[axis]) for sides, window in pairs] for axis in (0, 1)]


def _cells_needed(layers, ignore_border):
    """Return how many cells the first layer's convolution must give along an axis."""
    (_, window), *rest = layers
    n_windows = _windows_needed(rest, ignore_border)
    if ignore_border:
        return n_windows * window
    # The last window may hold a single cell, but the first must be whole.
    return max(window, (n_windows - 1) * window + 1)


def _windows_needed(following, ignore_border):
    """Return how many pooled cells a layer must hand to those that follow it, along an axis."""
    return _cells_needed(following, ignore_border) + following[0][0] - 1 if following else 1
