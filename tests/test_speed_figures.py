"""Bars as long as what was measured, sixteen lanes, and points at their place under the roof."""

from math import log10

from lenet_helpers import drawing, figures, roofline_drawing, speed_figures
from lenet_helpers.roofline_drawing import Point
from lenet_helpers.work import Machine, Work

import numpy
import pytest
from matplotlib.patches import Rectangle
from PIL import ImageColor

SECONDS = {"Pool": 0.5, "CorrMM": 0.3, "Elemwise": 0.15, "Gemm": 0.05}
ARITHMETIC = {"CorrMM": 300, "Gemm": 100}
MACHINE = Machine(peak=100e9, bandwidth=10e9)


def widths(figure):
    (axis,) = figure.axes
    return [[bar.get_width() for bar in series] for series in axis.containers]


def test_the_shares_of_time_and_of_arithmetic():
    figure, sentence = speed_figures.shares(SECONDS, ARITHMETIC)
    numpy.testing.assert_allclose(widths(figure), [[50, 30, 15, 5], [0, 75, 0, 25]])
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == list(SECONDS)
    assert axis.yaxis_inverted()
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["time", "multiply-adds"]
    assert sentence == (
        "Pool takes the most time, 50 %; ops without a multiply-add take 65 % together."
    )


def test_only_the_slowest_are_drawn_and_all_are_counted():
    figure, sentence = speed_figures.shares(SECONDS, ARITHMETIC, n_ops=2)
    numpy.testing.assert_allclose(widths(figure), [[50, 30], [0, 75]])
    assert "65 % together" in sentence


def test_times():
    figure, sentence = speed_figures.times({"stock": 0.05, "yours": 0.02, "ours": 0.0025})
    numpy.testing.assert_allclose(widths(figure), [[50, 20, 2.5]])
    assert figure.axes[0].get_legend() is None
    assert sentence == (
        "stock: 50.00 ms; yours: 20.00 ms, 2.5 times as fast; ours: 2.50 ms, 20.0 times as fast."
    )


def test_the_lanes_stand_above_each_other():
    (axis,) = speed_figures.lanes().axes
    boxes = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    places = {(round(box.get_x()), round(box.get_y(), 1)) for box in boxes}
    assert len(places) == len(boxes) == 3 * 16
    assert len({y for _, y in places}) == 3
    texts = [text.get_text() for text in axis.texts]
    assert [texts.count(str(lane)) for lane in range(16)] == [2] * 16
    assert texts.count("w") == 16


def test_the_figures_render():
    for figure in (
        speed_figures.lanes(),
        speed_figures.shares(SECONDS, ARITHMETIC)[0],
        speed_figures.times({"one": 1.0})[0],
    ):
        assert figures.to_png(figure).startswith(b"\x89PNG")


# --- The roofline ---


def pixels_of(png):
    return numpy.asarray(drawing.from_png(png).convert("RGB")).astype(int)


def is_colour(pixels, colour):
    return (pixels == ImageColor.getrgb(colour)).all(axis=-1)


def place(machine, intensity, speed, lowest):
    """Where a point must be: both axes logarithmic, 2.5 times the peak at the top."""
    low, high = lowest / 2.5, 2.5 * machine.peak
    right = log10(intensity / 0.03) / log10(10000 / 0.03)
    up = log10(speed / low) / log10(high / low)
    d = roofline_drawing
    return d.LEFT + right * (d.RIGHT - d.LEFT), d.BOTTOM - up * (d.BOTTOM - d.TOP)


@pytest.mark.parametrize("machine", [MACHINE, Machine(5e9, 20e9), Machine(3e12, 80e9)])
def test_the_roof(machine):
    black = is_colour(pixels_of(roofline_drawing.roofline(machine, [])), "#000000")
    lowest = 0.03 * machine.bandwidth
    for intensity in numpy.geomspace(0.04, 9000, 40):
        speed = min(machine.peak, intensity * machine.bandwidth)
        across, down = place(machine, intensity, speed, lowest)
        near = black[round(down) - 3 : round(down) + 4, round(across) - 1 : round(across) + 2]
        assert near.any(), intensity


@pytest.mark.parametrize("group", [0, 1, 2, 3])
@pytest.mark.parametrize(("intensity", "speed"), [(0.2, 0.4e9), (8, 60e9), (300, 100e9)])
def test_a_point_is_where_it_belongs(group, intensity, speed):
    png = roofline_drawing.roofline(MACHINE, [Point("a", intensity, speed, group)])
    lowest = min(speed, 0.03 * MACHINE.bandwidth)
    across, down = place(MACHINE, intensity, speed, lowest)
    colour = (figures.GREY, figures.BLUE, figures.RED, figures.GREEN)[group]
    found = is_colour(pixels_of(png), colour)[:, : roofline_drawing.RIGHT]
    part = numpy.zeros(found.shape, dtype=bool)
    part[round(down) - 4 : round(down) + 5, round(across) - 4 : round(across) + 5] = True
    assert found[part].mean() > 0.8
    # Beside the dot there is nothing of its colour but its number above.
    part[round(down) - 40 : round(down) + 8, round(across) - 14 : round(across) + 15] = True
    # (The edges of black letters are grey, too.)
    assert group == 0 or not found[~part].any()


@pytest.mark.parametrize("intensity", [0.0001, 1e6])
def test_a_point_outside_of_the_axes_is_at_their_edge(intensity):
    png = roofline_drawing.roofline(MACHINE, [Point("a", intensity, 1e9, 1)])
    d = roofline_drawing
    columns = numpy.flatnonzero(
        is_colour(pixels_of(png), figures.BLUE)[:, : d.RIGHT + 9].any(axis=0)
    )
    edge = d.LEFT if intensity < 1 else d.RIGHT
    assert abs(columns - edge).max() < 12


def test_numbers_of_points_that_lie_together_do_not_overlap():
    together = [Point(str(n), 1.0, 5e9, 1) for n in range(3)]
    found = is_colour(pixels_of(roofline_drawing.roofline(MACHINE, together)), figures.BLUE)
    rows = numpy.flatnonzero(found[:, : roofline_drawing.RIGHT].any(axis=1))
    # Three numbers above the dot, with white between them.
    assert (numpy.diff(rows) > 1).sum() == 3


def test_the_key_names_every_point(monkeypatch):
    written = []
    write = drawing.line_of_letters
    monkeypatch.setattr(
        drawing,
        "line_of_letters",
        lambda text, *sizes: written.append(text) or write(text, *sizes),
    )
    roofline_drawing.roofline(MACHINE, [Point("pooling", 0.2, 2e9), Point("tanh", 0.25, 1.234e9)])
    for text in ("1  pooling", "2  tanh", "2.00 GFLOP/s", "1.23 GFLOP/s", "0.1", "1,000", "100"):
        assert text in written


def test_what_was_measured():
    runs = {"slow": (Work(10, 100), 10e-9), "fast": (Work(1000, 10), 20e-9)}
    png, sentence = roofline_drawing.measured(MACHINE, runs)
    points = [Point("slow", 0.1, 1e9, 0), Point("fast", 100, 50e9, 1)]
    assert png == roofline_drawing.roofline(MACHINE, points)
    assert sentence == (
        "The roof: 100 GFLOP/s, and 10.0 GB/s. slow reaches 1.00 GFLOP/s, 100 % of the roof "
        "there; fast reaches 50.0 GFLOP/s, 50 % of the roof there."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1.00"),
        (0.0001234, "0.000123"),
        (99.94, "99.9"),
        (126.4, "126"),
        (123456.7, "123,457"),
        (2e-7, "0.000000200"),
    ],
)
def test_short_numbers(value, text):
    assert roofline_drawing.short(value) == text
