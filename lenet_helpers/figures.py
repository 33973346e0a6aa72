"""Figures: arrays in, a matplotlib figure out. Nothing here knows Theano or widgets.

`show` puts a figure and its sentence into the page: the sentence is for those who can't see the
figure, and for everyone else.
"""

import io

from lenet_helpers import words

import numpy
from IPython.display import Image, display
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

DPI = 100
# Okabe and Ito's colours, which the colour-blind tell apart; orange and sky blue are darker, so
# that a line on white has a contrast of 3 to 1.
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#B87A00", "#009E73", "#D55E00", "#767676"
# The same for letters, which need 4.5 to 1 on white.
LETTERS = {BLUE: BLUE, ORANGE: "#946200", GREEN: "#007F5C", RED: "#B84A00", GREY: GREY}
SAND = "#FFF3D6"
PERCENT_TICKS = [n * power for power in (0.1, 1, 10) for n in (1, 2, 3, 4, 5, 7)] + [100]
FEWEST_TICKS, MOST_TICKS = 2, 7
PALE = LinearSegmentedColormap.from_list("pale", ["#FFFFFF", "#9ECAE9"])


class _Sentence(str):
    """A text that a notebook shows as prose, which wraps between words; printing would not."""

    def __repr__(self):
        return str(self)

    def _repr_markdown_(self):
        return str(self)


def show(figure, sentence):
    """Put a figure into the page, and under it the sentence that says what it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or bytes
        The figure, or a PNG file.
    sentence : str
        What a reader should see in it; also the picture's alternative text.
    """
    png = figure if isinstance(figure, bytes) else to_png(figure)
    display(Image(data=png, format="png", alt=sentence))
    display(_Sentence(sentence))


def to_png(figure):
    """Return a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def picture_and_maps(picture, feature_maps, titles=None):
    """Draw a picture and its feature maps side by side.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), from 0 to 1, or (rows, columns).
    feature_maps : numpy.ndarray
        (maps, rows, columns); each map is drawn from its smallest (black) to its largest value.
    titles : list of str, optional
        One for the picture and one for each map.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pictures = [picture, *feature_maps]
    if titles is None:
        titles = [words.TITLE_PICTURE]
        titles += [words.TITLE_MAP.format(number=i) for i in range(len(feature_maps))]
    return image_row(pictures, titles)


def image_row(pictures, titles):
    """Draw pictures side by side, each with its title over it.

    Parameters
    ----------
    pictures : sequence of numpy.ndarray
        (rows, columns) or (rows, columns, 3).
    titles : sequence of str
        As many.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(2.9 * len(pictures), 3.1), layout="constrained")
    axes = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axis, picture, title in zip(axes, pictures, titles, strict=True):
        axis.imshow(picture, cmap="gray")
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    return figure


def digit_grid(images, titles, n_columns=10):
    """Draw small grey images in rows, each with a short title over it.

    Parameters
    ----------
    images : numpy.ndarray
        (n, rows, columns).
    titles : sequence of str
        n of them.
    n_columns : int
        Images in a row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _small_axes(titles, n_columns)
    for axis, image in zip(axes, images, strict=False):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=max(1e-9, float(numpy.max(image))))
    return figure


def map_grid(maps, titles, largest, n_columns=10):
    """Draw small maps or filters in rows, all on one scale of greys around zero.

    Parameters
    ----------
    maps : numpy.ndarray
        (n, rows, columns).
    titles : sequence of str
        n of them.
    largest : float
        The value that is white; its negative is black.
    n_columns : int
        Maps in a row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _small_axes(titles, n_columns)
    for axis, values in zip(axes, maps, strict=False):
        axis.imshow(values, cmap="gray", vmin=-largest, vmax=largest)
    return figure


def pooling(feature_map, pooled, poolsize, winners, lost):
    """Draw a small feature map with its pooling windows, and the pooled map beside it.

    Parameters
    ----------
    feature_map : numpy.ndarray
        (rows, columns).
    pooled : numpy.ndarray
        (pooled rows, pooled columns).
    poolsize : tuple of int
        The window's (rows, columns).
    winners : numpy.ndarray
        (rows, columns), true where a cell's value went into `pooled`.
    lost : numpy.ndarray
        (rows, columns), true where no window covers a cell.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    ratios = [feature_map.shape[1], max(2, pooled.shape[1])]
    left, right = figure.subplots(1, 2, width_ratios=ratios)
    _matrix(left, feature_map, numpy.where(winners, 1.0, 0.0))
    # The shade alone would be too pale a sign on white.
    for text in left.texts:
        column, row = text.get_position()
        text.set_fontweight("bold" if winners[row, column] else "normal")
    for row, column in numpy.argwhere(lost):
        corner = (column - 0.5, row - 0.5)
        left.add_patch(
            Rectangle(corner, 1, 1, facecolor=SAND, edgecolor=ORANGE, hatch="//", linewidth=0)
        )
    for row in range(pooled.shape[0]):
        for column in range(pooled.shape[1]):
            top, start = row * poolsize[0], column * poolsize[1]
            height = min(poolsize[0], feature_map.shape[0] - top)
            width = min(poolsize[1], feature_map.shape[1] - start)
            corner = (start - 0.5, top - 0.5)
            left.add_patch(
                Rectangle(corner, width, height, fill=False, edgecolor=BLUE, linewidth=2.5)
            )
    left.set_title(words.TITLE_POOL_INPUT)
    _matrix(right, pooled, numpy.ones_like(pooled))
    right.set_title(words.TITLE_POOL_OUTPUT)
    return figure


def matrices(values, titles):
    """Draw small matrices of numbers side by side, each with its title over it.

    Parameters
    ----------
    values : sequence of numpy.ndarray
        (rows, columns) each.
    titles : sequence of str
        As many.

    Returns
    -------
    matplotlib.figure.Figure
    """
    widths = [matrix.shape[1] for matrix in values]
    figure = Figure(figsize=(0.95 * sum(widths) + 0.5, 3.4), layout="constrained")
    axes = figure.subplots(1, len(values), width_ratios=widths, squeeze=False)[0]
    for axis, matrix, title in zip(axes, values, titles, strict=True):
        spread = numpy.ptp(matrix) or 1
        _matrix(axis, matrix, (matrix - matrix.min()) / spread)
        axis.set_title(title, fontsize=10)
    return figure


def histograms(arrays, titles):
    """Draw the distribution of each array's values.

    Parameters
    ----------
    arrays : sequence of numpy.ndarray
        Of any shape.
    titles : sequence of str
        As many.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(3.1 * len(arrays), 2.6), layout="constrained")
    axes = figure.subplots(1, len(arrays), squeeze=False)[0]
    for axis, array, title in zip(axes, arrays, titles, strict=True):
        axis.hist(numpy.ravel(array), bins=40, color=BLUE)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel(words.AXIS_WEIGHT)
        axis.set_ylabel(words.AXIS_COUNT)
    return figure


def percent_axis(axis):
    """Make each step up an axis multiply the error, so that small ones can be read.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        It holds its curves already; they may not reach 0.
    """
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    ticks = [tick for tick in PERCENT_TICKS if low <= tick <= high]
    if len(ticks) < FEWEST_TICKS:
        # Errors that hardly change: up to the next ticks on both sides.
        low = max((tick for tick in PERCENT_TICKS if tick < low), default=low)
        high = min((tick for tick in PERCENT_TICKS if tick > high), default=high)
        axis.set_ylim(low, high)
        ticks = [tick for tick in PERCENT_TICKS if low <= tick <= high]
    if len(ticks) > MOST_TICKS:
        ticks = [tick for tick in ticks if f"{tick:e}"[0] in "125"]
    axis.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks], minor=False)
    axis.set_yticks([], minor=True)


def error_curve(iterations, errors, title, logarithmic=False):
    """Draw an error over the iterations.

    Parameters
    ----------
    iterations : sequence of int
        When the error was measured.
    errors : sequence of float
        Fractions, 0 to 1; the axis shows per cent.
    title : str
        Written over the curve.
    logarithmic : bool
        Whether each step up the axis multiplies the error, so that small ones can be read.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axis = figure.subplots()
    axis.plot(iterations, 100 * numpy.asarray(errors), color=RED, marker="o", markersize=3)
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(words.AXIS_ITERATIONS)
    axis.grid(alpha=0.3)
    axis.set_ylabel(words.AXIS_ERROR)
    if logarithmic:
        percent_axis(axis)
    else:
        axis.set_ylim(bottom=0)
    return figure


def confusion(counts):
    """Draw a confusion matrix.

    Parameters
    ----------
    counts : numpy.ndarray
        (classes, classes): row, the right class; column, the predicted one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(5.6, 5.2), layout="constrained")
    axis = figure.subplots()
    shares = counts / numpy.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap=PALE, vmin=0, vmax=1)
    for row, column in numpy.argwhere(counts > 0):
        weight = "normal" if row == column else "bold"
        text = str(counts[row, column])
        axis.text(column, row, text, ha="center", va="center", fontweight=weight)
    axis.set_xticks(range(len(counts)))
    axis.set_yticks(range(len(counts)))
    axis.set_xlabel(words.AXIS_PREDICTED)
    axis.set_ylabel(words.AXIS_RIGHT)
    return figure


def _small_axes(titles, n_columns):
    """Return a figure, and an axis with a title for each of some small pictures in rows."""
    n_rows = -(-len(titles) // n_columns)
    figure = Figure(figsize=(0.95 * n_columns, 1.2 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title, fontsize=9)
    return figure, axes


def _matrix(axis, matrix, shade):
    """Write a matrix's numbers into cells, shaded from white (0) to blue (1)."""
    axis.imshow(shade, cmap=PALE, vmin=0, vmax=1)
    for (row, column), value in numpy.ndenumerate(matrix):
        axis.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=9)
    axis.set_xticks(numpy.arange(-0.5, matrix.shape[1]), labels=[])
    axis.set_yticks(numpy.arange(-0.5, matrix.shape[0]), labels=[])
    axis.grid(color="#BBBBBB", linewidth=0.8)
    axis.tick_params(length=0)
