"""Figures of trainings: costs and errors as they fall, and where early stopping ends one."""

from collections.abc import Sequence
from typing import NamedTuple

from lenet_helpers import figures, words

import numpy
from matplotlib.figure import Figure

# One for each of several curves, which differ in their strokes as well.
COLOURS = (figures.BLUE, figures.RED, figures.GREEN, figures.ORANGE, "#CC79A7", "#2B8CC4")
LINE_STYLES = ("-", "--", ":", "-.")
# Costs jump from minibatch to minibatch: so many means show their course.
MOST_COSTS = 200
# Guessing costs 2.3; a training that diverges would make a flat line of all others.
LARGEST_COST = 5


class Curve(NamedTuple):
    """The course of a training.

    Attributes
    ----------
    label : str
        What to call it.
    costs : sequence of float
        Nats per example, one for each iteration.
    validations : sequence of tuple
        (iteration, validation error, test error or None), errors as fractions.
    n_train_batches : int
        Iterations in an epoch.
    number : int
        Chooses its colour and strokes, so that it keeps them among others.
    """

    label: str
    costs: Sequence
    validations: Sequence
    n_train_batches: int
    number: int = 0


def learning_curves(curves, n_epochs):
    """Draw the costs and the validation errors of one training or of several.

    Parameters
    ----------
    curves : sequence of Curve
        The trainings; the last one is drawn strongest.
    n_epochs : int
        The epoch at which the axes end, at least.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, curve in enumerate(curves):
        is_last, place = number == len(curves) - 1, curve.number % len(COLOURS)
        style = {
            "color": COLOURS[place],
            "linestyle": LINE_STYLES[place % len(LINE_STYLES)],
            "linewidth": 1.6 if is_last else 1.0,
            "label": curve.label,
        }
        epochs = (numpy.arange(len(curve.costs)) + 1) / curve.n_train_batches
        if is_last and len(curve.costs) > MOST_COSTS:
            left.plot(epochs, curve.costs, color=COLOURS[place], alpha=0.25, linewidth=0.6)
        # A line through a handful of points is hard to see without their marks.
        marker = "o" if len(curve.costs) < 30 else None
        left.plot(*_thinned(epochs, curve.costs), marker=marker, markersize=3, **style)
        rows = [(it / curve.n_train_batches, 100 * error) for it, error, _ in curve.validations]
        right.plot(
            *zip(*rows, strict=True) if rows else ([], []), marker="o", markersize=3, **style
        )
    largest_cost = max((max(curve.costs, default=0) for curve in curves), default=0)
    errors = [100 * error for curve in curves for _, error, _ in curve.validations]
    left.set_ylabel(words.AXIS_COST)
    left.set_ylim(0, 1.1 * min(largest_cost, LARGEST_COST) or 1)
    right.set_ylabel(words.AXIS_VALIDATION)
    right.set_ylim(0, 1.1 * max(errors, default=100) or 1)
    longest = max((len(curve.costs) / curve.n_train_batches for curve in curves), default=0)
    longest = max(n_epochs, longest) or 1
    for axis in (left, right):
        axis.set_xlim(0, longest)
        axis.set_xlabel(words.AXIS_EPOCHS)
        axis.grid(alpha=0.3)
    if len(curves) > 1:
        right.legend(fontsize=8)
    return figure


def _thinned(epochs, costs):
    """Return at most `MOST_COSTS` points of a curve, each the mean of its neighbours."""
    block = -(-len(costs) // MOST_COSTS)
    whole = len(costs) // block * block if block else 0
    parts = [numpy.reshape(values[:whole], (-1, block)) for values in (epochs, costs) if block]
    return [part.mean(axis=1) for part in parts] or [[], []]


def early_stopping(validations, ended, patience):
    """Draw where a rule of early stopping ends a recorded training.

    Parameters
    ----------
    validations : sequence of tuple
        (iteration, validation error, test error or None), errors as fractions.
    ended : tuple of int
        (the last iteration, the iteration of the best validation until then).
    patience : sequence of tuple
        (iteration, patience) at the start and where it was raised.

    Returns
    -------
    matplotlib.figure.Figure
    """
    end, best = ended
    iterations, errors = numpy.array([row[:2] for row in validations]).T
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    made = iterations <= end
    # The rest begins where the training ends, without a gap.
    rest = slice(max(int(made.sum()) - 1, 0), None)
    left.plot(iterations[rest], 100 * errors[rest], color=figures.GREY, linewidth=0.8)
    left.plot(iterations[made], 100 * errors[made], color=figures.BLUE, linewidth=1.2)
    left.plot(
        [best],
        100 * errors[iterations == best],
        color=figures.RED,
        marker="o",
        label=words.MARK_BEST,
    )
    left.set_ylabel(words.AXIS_ERROR)
    if errors.all():
        figures.percent_axis(left)
    right.plot([0, end], [0, end], color=figures.BLUE, label=words.MARK_MADE)
    starts, heights = zip(*patience, strict=True)
    right.step(
        [*starts, end],
        [*heights, heights[-1]],
        where="post",
        color=figures.ORANGE,
        linewidth=2,
        label=words.MARK_PATIENCE,
    )
    right.set_ylabel(words.AXIS_ITERATIONS)
    for axis in (left, right):
        axis.axvline(end, color=figures.RED, linestyle="--", linewidth=1, label=words.MARK_END)
        axis.set_xlim(0, iterations[-1] * 1.02)
        axis.set_xlabel(words.AXIS_ITERATIONS)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return figure
