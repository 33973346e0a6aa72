"""Figures of speed: bars of time and arithmetic, and numbers in the lanes of a register."""

from lenet_helpers import figures, words

import numpy
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

BAR_COLOURS = (figures.BLUE, figures.ORANGE)
# As many images as a register holds on the widest instruction set.
N_LANES = 16
LOWER_RIGHT = 4


def times(seconds):
    """Draw how long several things take.

    Parameters
    ----------
    seconds : dict
        {what was measured: seconds}, the one to compare with first.

    Returns
    -------
    tuple
        The figure, and the sentence that says what it shows.
    """
    milliseconds = {name: 1000 * value for name, value in seconds.items()}
    first, *others = milliseconds.items()
    told = [words.TIME_FIRST.format(name=first[0], milliseconds=first[1])]
    told += [
        words.TIME_OTHER.format(name=name, milliseconds=value, times=first[1] / value)
        for name, value in others
    ]
    figure = _bars(list(seconds), {"": list(milliseconds.values())}, words.AXIS_MILLISECONDS)
    return figure, "; ".join(told) + "."


def shares(seconds, arithmetic, n_ops=8):
    """Draw which share of a function's time its ops take, beside their share of its arithmetic.

    Parameters
    ----------
    seconds : dict
        {name of the op: seconds}, as `profiling.time_by_op` returns them, the slowest first.
    arithmetic : dict
        {name of the op: multiply-adds}, as `work.training_multiply_adds` returns them.
    n_ops : int
        So many of them are drawn.

    Returns
    -------
    tuple
        The figure, and the sentence that says what it shows.
    """
    names = list(seconds)[:n_ops]
    series = {
        label: [100 * values.get(name, 0) / sum(values.values()) for name in names]
        for label, values in (
            (words.SHARE_OF_TIME, seconds),
            (words.SHARE_OF_ARITHMETIC, arithmetic),
        )
    }
    idle = sum(value for name, value in seconds.items() if name not in arithmetic)
    sentence = words.SHARES_STATE.format(
        slowest=names[0],
        percent=series[words.SHARE_OF_TIME][0],
        idle=100 * idle / sum(seconds.values()),
    )
    return _bars(names, series, words.AXIS_SHARE), sentence


def lanes():
    """Draw one multiply-add of sixteen images: a pixel of each times one weight, onto a sum.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    axis = figure.subplots()
    numbers = [str(lane) for lane in range(N_LANES)]
    rows = (
        (words.LANES_PIXELS, numbers, words.LANES_TIMES, figures.BLUE),
        (words.LANES_WEIGHTS, [words.LANES_WEIGHT] * N_LANES, words.LANES_PLUS, figures.ORANGE),
        (words.LANES_SUMS, numbers, "", figures.GREEN),
    )
    for row, (label, texts, sign, paler) in enumerate(rows):
        colour = figures.LETTERS[paler]
        top = 1.5 * row
        axis.text(-0.3, top + 0.5, label, ha="right", va="center")
        axis.text(N_LANES / 2, top + 1.25, sign, ha="center", va="center", fontsize=11)
        for lane, text in enumerate(texts):
            box = Rectangle((lane, top), 1, 1, facecolor=colour, edgecolor="white")
            axis.add_patch(box)
            axis.text(lane + 0.5, top + 0.5, text, ha="center", va="center", color="white")
    axis.set_xlim(-4.4, N_LANES)
    axis.set_ylim(4.1, -0.1)
    axis.set_axis_off()
    return figure


def _bars(names, series, unit):
    """Draw horizontal bars, one of each series for every name, with their values behind them."""
    thickness = 0.8 / len(series)
    height = 0.9 + len(names) * max(0.3, 0.2 * len(series))
    figure = Figure(figsize=(7.6, height), layout="constrained")
    axis = figure.subplots()
    for number, (label, values) in enumerate(series.items()):
        places = numpy.arange(len(names)) + thickness * (number - (len(series) - 1) / 2)
        drawn = axis.barh(places, values, thickness, label=label, color=BAR_COLOURS[number])
        axis.bar_label(drawn, [f"{value:.3g}" for value in values], padding=3, fontsize=8)
    axis.set_yticks(range(len(names)), labels=names)
    axis.invert_yaxis()
    axis.set_xlabel(unit)
    axis.margins(x=0.1)
    axis.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axis.legend(loc=LOWER_RIGHT)
    return figure
