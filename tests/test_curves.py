"""Figures of trainings: what their lines say."""

from lenet_helpers import curves, figures

import numpy
import pytest

ROWS = [(10, 0.5, 0.4), (20, 0.25, None)]
CASES = {
    "learning_curves": [
        ([curves.Curve("", [2.3, 2.2, 2.1], ROWS, 10)], 3),
        ([curves.Curve("", [], [], 10)], 3),
        ([], 3),
        ([curves.Curve("a", [2.3], ROWS[:1], 1), curves.Curve("b", [2.3] * 999, [], 9)], 1),
    ],
    "early_stopping": [
        (ROWS, (20, 20), [(0, 30)]),
        (ROWS, (15, 10), [(0, 8), (10, 14)]),
        ([(10, 0.0, 0.0)], (10, 10), [(0, 20)]),
    ],
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_curves_render_without_a_warning(name):
    for arguments in CASES[name]:
        assert figures.to_png(getattr(curves, name)(*arguments)).startswith(b"\x89PNG")


def test_early_stopping_marks_the_end_and_the_best():
    rows = [(10, 0.5, 0.5), (20, 0.25, 0.3), (30, 0.4, None), (40, 0.1, 0.1)]
    left, right = curves.early_stopping(rows, (33, 20), [(0, 25), (20, 32)]).axes
    after, until, best, end = left.lines
    assert list(until.get_xdata()) == [10, 20, 30]
    assert list(until.get_ydata()) == [50, 25, 40]
    assert list(after.get_xdata()) == [30, 40]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([20], [25])
    assert set(end.get_xdata()) == {33}
    made, patience, end = right.lines
    assert list(made.get_ydata()) == [0, 33]
    assert list(patience.get_xdata()) == [0, 20, 33]
    assert list(patience.get_ydata()) == [25, 32, 32]
    assert set(end.get_xdata()) == {33}


def test_several_learning_curves_differ_and_the_last_is_strongest():
    drawn = [curves.Curve(name, [2.0, 1.0], ROWS, 10, n) for n, name in enumerate("abc")]
    _, right = curves.learning_curves(drawn, 1).axes
    looks = {(line.get_color(), line.get_linestyle()) for line in right.lines}
    assert len(looks) == 3
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["a", "b", "c"]
    widths = [line.get_linewidth() for line in right.lines]
    assert widths[-1] == max(widths) > widths[0]
    # A longer run than the others ends the axis.
    assert curves.learning_curves(drawn, 1).axes[0].get_xlim() == (0, 1)
    long = curves.Curve("d", [1.0] * 50, [], 10)
    assert curves.learning_curves([long, *drawn], 1).axes[0].get_xlim() == (0, 5)


def test_a_curve_keeps_its_colour_among_others():
    drawn = [curves.Curve(str(n), [2.0, 1.0], ROWS, 10, n) for n in range(4)]
    colours = [line.get_color() for line in curves.learning_curves(drawn, 1).axes[1].lines]
    for first, wanted in enumerate(colours):
        _, right = curves.learning_curves(drawn[first:], 1).axes
        assert right.lines[0].get_color() == wanted


def test_a_training_that_diverged_leaves_the_others_to_be_seen():
    wild = curves.Curve("wild", [2.0, 400.0], ROWS, 10)
    left, _ = curves.learning_curves([wild, curves.Curve("good", [2.0, 1.0], ROWS, 10)], 1).axes
    assert left.get_ylim() == (0, 5.5)


@pytest.mark.parametrize(
    "errors",
    [
        (0.047, 0.043, 0.040),
        (0.021, 0.03, 0.045),
        (0.0933, 0.0267),
        (0.9, 0.3, 0.01),
        (0.033, 0.033),
        (0.0091, 0.0092),
        (0.0005, 0.0004),
        (0.9, 0.9),
    ],
)
def test_an_error_axis_always_has_labels(errors):
    rows = [(10 * n, error, error) for n, error in enumerate(errors, 1)]
    left, _ = curves.early_stopping(rows, (10 * len(rows), 10), [(0, 99)]).axes
    low, high = left.get_ylim()
    ticks = left.get_yticks()
    assert 1 <= len([tick for tick in ticks if low <= tick <= high]) <= 9
    assert low <= 100 * min(errors) <= 100 * max(errors) <= high
    assert [label.get_text() for label in left.get_yticklabels()] == [f"{t:g}" for t in ticks]


def test_many_costs_are_drawn_as_means():
    costs = numpy.random.RandomState(0).uniform(0, 2, 1000)
    left, _ = curves.learning_curves([curves.Curve("", costs, [], 100)], 10).axes
    raw, means = left.lines
    assert raw.get_ydata().tolist() == costs.tolist()
    assert len(means.get_ydata()) == 200
    assert means.get_ydata().tolist() == pytest.approx(
        [sum(costs[start : start + 5]) / 5 for start in range(0, 1000, 5)]
    )


def test_learning_curve_counts_in_epochs_and_per_cent():
    curve = curves.Curve("", [2.3, 2.2, 2.1], ROWS, 10)
    left, right = curves.learning_curves([curve], 3).axes
    assert left.lines[0].get_xdata().tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert left.lines[0].get_ydata().tolist() == [2.3, 2.2, 2.1]
    assert list(right.lines[0].get_xdata()) == [1, 2]
    assert list(right.lines[0].get_ydata()) == [50, 25]
    assert left.get_xlim() == right.get_xlim() == (0, 3)
    assert left.get_ylabel() == "cost (mean of -log p)"
    assert right.get_ylabel() == "validation error (per cent)"
