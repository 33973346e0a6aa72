"""How fast the explorers answer, in the kernel and in a browser.

In the kernel: from a control's change to the bytes of the new pictures. The walk goes over all
settings, one random control at a time, with the largest pictures: 500 x 500, RGB. For the drawing
pad: from each new point of a stroke to the last picture of the layers.
"""

import time

from lenet_helpers.explorers import (
    convolution,
    drawn_digit,
    learned,
    mistakes,
    network,
    pooling,
)

import numpy

from tools import browser
from tools.bench import contestants
from tools.bench.figures import Table, shown, summary

N_CHANGES, N_IN_BROWSER = 200, 100
FILTER_SIDES = (3, 9, 15, 21, 31)
POINTS_OF_DIGIT = 100
SEED = 1
# The large pictures stay, because others are faster; and so do the designer's images and windows,
# because most others leave nothing to draw.
KEPT = ["picture", "source", "image_rows", "image_columns"]
KEPT += [f"pool_{sides}{layer}" for sides in ("rows", "columns") for layer in (0, 1)]


def measure(plan):
    """Return the figures of every explorer, in the kernel and, if there is one, in a browser."""
    n_changes = plan.some(N_CHANGES, 20)
    contestants.say("explorers in the kernel")
    measured = {"in the kernel": in_kernel(n_changes), "by filter": by_filter(n_changes)}
    if browser.CHROMIUM:
        from tools.bench import browsing

        contestants.say("explorers in the browser")
        measured["in the browser"] = browsing.in_browser(plan.some(N_IN_BROWSER, 20))
    else:
        plan.left_out.append("explorers in the browser: there is no chromium on this machine")
    return {
        where: {name: summary(seconds) for name, seconds in by_name.items()}
        for where, by_name in measured.items()
    }


def in_kernel(n_changes):
    """Return, by explorer, the seconds from each change of a control to the PNG bytes."""
    rng = numpy.random.RandomState(SEED)
    explorers = {
        "convolution explorer": convolution.explore_convolution(),
        "pooling explorer": pooling.explore_pooling(),
        "LeNet designer": network.explore_design(),
        "filters explorer": learned.explore_filters(),
        "mistakes explorer": mistakes.explore_mistakes(),
    }
    explorers["pooling explorer"].change(source="cat0")
    explorers["LeNet designer"].change(image_rows=64, image_columns=64)
    seconds = {}
    for name, explorer in explorers.items():
        controls = [
            control
            for key, control in explorer.controls.items()
            if key not in KEPT and len(choices(control))
        ]
        seconds[name] = [change_one(controls, rng) for _ in range(n_changes)]
    return seconds | {"stroke to prediction": strokes_in_kernel(n_changes)}


def strokes_in_kernel(n_changes):
    """Return the seconds from each new point of a drawing to the PNG bytes of all layers."""
    pad, seconds = drawn_digit.explore_drawn_digit().controls["drawn"], []
    while len(seconds) < n_changes:
        # A digit in two strokes, point by point, as a hand draws it; then another.
        for number in range(2, min(POINTS_OF_DIGIT, n_changes - len(seconds) + 1) + 1):
            started = time.perf_counter()
            pad.value = drawing_of(number)
            seconds.append(time.perf_counter() - started)
        pad.value = ()
    return seconds


def by_filter(n_changes):
    """Return, by the side of two filters, the convolution explorer's seconds for each change.

    Everything else changes at random: weights, steps, border, activation, flip. "Steps of 1" are
    the slowest: there only the rest changes.
    """
    rng = numpy.random.RandomState(SEED)
    seconds = {}
    for side in FILTER_SIDES:
        explorer = convolution.explore_convolution()
        explorer.change(filter_rows=side, filter_columns=side, n_filters=2)
        others = ("seed", "border_mode", "activation", "filter_flip")
        for name, changing in (
            (f"{side} x {side}", (*others, "step_rows", "step_columns")),
            (f"{side} x {side}, steps of 1", others),
        ):
            explorer.change(step_rows=1, step_columns=1)
            controls = [explorer.controls[key] for key in changing]
            seconds[name] = [change_one(controls, rng) for _ in range(n_changes)]
    return seconds


def drawing_of(n_points):
    """Return the first points of a four: an L, and a line that crosses it."""
    corner = [(90, 60 + 4 * n) for n in range(25)] + [(90 + 4 * n, 160) for n in range(25)]
    strokes = corner, [(150, 50 + 4 * n) for n in range(POINTS_OF_DIGIT - len(corner))]
    return strokes[0][:n_points], strokes[1][: max(0, n_points - len(corner))]


def change_one(controls, rng):
    """Set one of the controls to another value; return the seconds until all is drawn."""
    while True:
        control = controls[rng.randint(len(controls))]
        possible = choices(control)
        value = possible[rng.randint(len(possible))]
        if not control.disabled and value != control.value:
            break
    started = time.perf_counter()
    control.value = value
    return time.perf_counter() - started


def choices(control):
    """Return the values that a control can take; none for uploads and grids of numbers."""
    if hasattr(control, "options"):
        return [value for _, value in control.options if value != "own"]
    if isinstance(control.value, bool):
        return [False, True]
    return range(control.min, control.max + 1) if hasattr(control, "min") else []


def tables(figures):
    """Return a table of all explorers, and one of the convolution explorer by filter."""
    headings = ("", "median", "95th percentile", "least", "most", "changes")
    by_where = [
        (f"{name} {where}", *cells(row))
        for where, rows in figures.items()
        if where != "by filter"
        for name, row in rows.items()
    ]
    sides = [(name, *cells(row)) for name, row in figures["by filter"].items()]
    title = "Convolution explorer in the kernel, two filters, milliseconds"
    return [
        Table("Explorers, milliseconds from a change to the last picture", headings, by_where),
        Table(title, ("filters", *headings[1:]), sides),
    ]


def cells(row):
    """Return a row's figures as texts."""
    figures = (shown(row[key]) for key in ("median", "95th", "least", "most"))
    return (*figures, str(row["count"]))


def summary_lines(figures):
    """Return the convolution explorer's slowest median."""
    name, row = max(figures["by filter"].items(), key=lambda pair: pair[1]["median"])
    return [f"Convolution explorer: its slowest median is {shown(row['median'])} ms ({name})"]
