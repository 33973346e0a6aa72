"""Shape arithmetic in words: how a number of cells comes about, as a learner would write it."""

from lenet_helpers import shapes, words


def conv_arithmetic(length, filter_length, border_mode="valid", step=1):
    """Return how many cells a convolution gives along one axis, worked out.

    Parameters
    ----------
    length, filter_length, border_mode, step
        As for `shapes.conv_output_length`.

    Returns
    -------
    str
        For example '500 - 9 + 1 = 492', or '(500 + 2 x 4 - 9) / 2 + 1 = 250.5, rounded down: 250'.

    Raises
    ------
    ValueError
        As from `shapes.conv_output_length`.
    """
    cells = shapes.conv_output_length(length, filter_length, border_mode, step)
    padding = shapes.border_padding(filter_length, border_mode)
    zeros = f" + 2 x {padding}" if padding else ""
    span = f"{length}{zeros} - {filter_length}"
    if step == 1:
        return f"{span} + 1 = {cells}"
    return _rounded(f"({span}) / {step} + 1", length + 2 * padding - filter_length, step, 1, cells)


def pool_arithmetic(length, window, ignore_border, stride=None):
    """Return how many cells pooling gives along one axis, worked out.

    Parameters
    ----------
    length, window, ignore_border, stride
        As for `shapes.pool_output_length`.

    Returns
    -------
    str
        For example '5 / 2 = 2.5, rounded up: 3', or '(5 - 3) / 1 + 1 = 3'.

    Raises
    ------
    ValueError
        As from `shapes.pool_output_length`.
    """
    cells = shapes.pool_output_length(length, window, ignore_border, stride)
    stride = window if stride is None else stride
    # Windows side by side, or with gaps between them: one starts at every stride-th cell.
    if stride == window or (stride > window and not ignore_border):
        return _rounded(f"{length} / {stride}", length, stride, 0, cells)
    expression = f"({length} - {window}) / {stride} + 1"
    return _rounded(expression, length - window, stride, 1, cells)


def _rounded(expression, span, step, added, cells):
    """Return 'expression = cells', with the rounding in between if there is any."""
    if span % step == 0:
        return f"{expression} = {cells}"
    exact = span / step + added
    rounding = words.ROUND_DOWN if cells < exact else words.ROUND_UP
    # Two decimals are enough to see what is rounded, but not after a division by hundreds.
    shown = f"{exact:.2f}".rstrip("0").rstrip(".")
    if float(shown) % 1 == 0:
        shown = f"{exact:.10g}"
    return f"{expression} = {shown}, {rounding}: {cells}"
