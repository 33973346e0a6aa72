"""Measure how fast the explorers answer: `make bench`, or `make bench JSON=figures.json`.

In the kernel: from a control's change to the bytes of the new pictures. In the browser: from the
press of a key to the last new picture on the page (left out where no chromium is found). The walk
goes over all settings, one random control at a time, with the largest pictures: 500 x 500, RGB.
For the drawing pad: from each new point of a stroke to the last picture of the layers.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

from lenet_helpers.explorers import (
    convolution,
    drawn_digit,
    learned,
    mistakes,
    network,
    pooling,
)

import numpy
import theano

from tools import browser

N_CHANGES = 200
POINTS_OF_DIGIT = 100
SEED = 1
# After so long a key is taken for one that brought no new picture, and is counted apart.
PATIENCE_MS = 2000
KEYS = {
    ".noUi-handle": ("ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"),
    "input[type=checkbox]": ("Space",),
    # The first choice is that of the picture: the large one stays. Numbers are typed, not chosen.
    ".widget-toggle-buttons ~ * button.widget-toggle-button:not(:text('my own'))": ("Space",),
}
# The large pictures stay, because others are faster; and so do the designer's images and windows,
# because most others leave nothing to draw.
KEPT = ["picture", "source", "image_rows", "image_columns"]
KEPT += [f"pool_{sides}{layer}" for sides in ("rows", "columns") for layer in (0, 1)]
EXPLORERS = {
    "convolution explorer": """
from lenet_helpers.explorers.convolution import explore_convolution
explore_convolution()""",
    "pooling explorer": """
from lenet_helpers.explorers.pooling import explore_pooling
explorer = explore_pooling()
explorer.change(source="cat0")
explorer""",
    "stroke to prediction": """
from lenet_helpers.explorers.drawn_digit import explore_drawn_digit
explore_drawn_digit()""",
}
# Notes when a key was pressed or the pen moved, and when the last picture that it changed is seen.
STOPWATCH = """box => {
    const watch = {pressed: null, seen: null};
    for (const kind of ["keydown", "pointermove"]) {
        box.addEventListener(kind, () => { watch.pressed = performance.now(); }, true);
    }
    new MutationObserver(async changes => {
        await Promise.all(changes.map(change => change.target.decode().catch(() => null)));
        requestAnimationFrame(() => { watch.seen = performance.now(); });
    }).observe(box, {subtree: true, attributeFilter: ["src"]});
    window.watch = watch;
}"""
# Keys on a control that is disabled would go to the notebook.
IS_READY = "control => control === document.activeElement && !control.closest('[disabled]')"
# What a key may change: a slider's value, a tick, or which button is chosen.
STATE = """control =>
    control.getAttribute("aria-valuenow") + control.checked + control.className"""
READ_STOPWATCH = """patience => new Promise(resolve => {
    const watch = window.watch, started = performance.now();
    let last = null, since = started;
    const look = () => {
        const now = performance.now();
        if (watch.seen !== last) { last = watch.seen; since = now; }
        const settled = last !== null && last > watch.pressed && now - since > 120;
        if (settled) resolve(last - watch.pressed);
        else if (now - started > patience) resolve(null);
        else setTimeout(look, 10);
    };
    look();
})"""


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


def in_browser(n_changes):
    """Return, by explorer, the seconds from each key press to the last new picture."""
    rng = numpy.random.RandomState(SEED)
    seconds = {}
    with (
        browser.served() as address,
        browser.chromium() as chromium,
        browser.page_of(chromium, address) as page,
        browser.scratch_notebook(EXPLORERS.values()) as notebook,
    ):
        browser.open_and_run(page, address, notebook)
        for number, name in enumerate(EXPLORERS):
            box = browser.show_cell(page, number).element_handle()
            box.evaluate(STOPWATCH)
            if box.query_selector("canvas"):
                seconds[name] = strokes_in_browser(page, box, n_changes)
                continue
            handles = [
                (handle, keys)
                for kind, keys in KEYS.items()
                for handle in box.query_selector_all(kind)
            ]
            seconds[name], n_silent = [], 0
            while len(seconds[name]) < n_changes:
                handle, keys = handles[rng.randint(len(handles))]
                handle.focus()
                if not handle.evaluate(IS_READY):
                    continue
                page.evaluate("() => { window.watch.seen = null; }")
                state = handle.evaluate(STATE)
                handle.press(keys[rng.randint(len(keys))])
                if handle.evaluate(STATE) == state:
                    continue  # a slider at its end, or the button that was chosen already
                milliseconds = page.evaluate(READ_STOPWATCH, PATIENCE_MS)
                if milliseconds is None:
                    n_silent += 1
                else:
                    seconds[name].append(milliseconds / 1000)
            print(f"{name}: {n_silent} keys brought no new picture, such as one that is the same")
    return seconds


def strokes_in_browser(page, box, n_changes):
    """Return the seconds from each movement of the pen to the last new picture."""
    seconds, corner = [], box.query_selector("canvas").bounding_box()
    while len(seconds) < n_changes:
        for stroke in drawing_of(POINTS_OF_DIGIT):
            first, *rest = [(corner["x"] + x, corner["y"] + y) for x, y in stroke]
            page.mouse.move(*first)
            page.mouse.down()
            # The pictures of the first dot.
            page.wait_for_timeout(PATIENCE_MS / 4)
            for place in rest[: n_changes - len(seconds)]:
                page.evaluate("() => { window.watch.seen = null; }")
                page.mouse.move(*place)
                milliseconds = page.evaluate(READ_STOPWATCH, PATIENCE_MS)
                if milliseconds is not None:
                    seconds.append(milliseconds / 1000)
            page.mouse.up()
        box.query_selector("button:text('Clear')").click()
    return seconds


def summary(seconds):
    """Return the median, the 95th percentile and the extremes of some seconds, as a dict in ms."""
    milliseconds = 1000 * numpy.asarray(seconds)
    return {
        "changes": len(seconds),
        "median": float(numpy.median(milliseconds)),
        "95th percentile": float(numpy.percentile(milliseconds, 95)),
        "least": float(milliseconds.min()),
        "most": float(milliseconds.max()),
    }


def machine():
    """Return what this machine is, as a dict."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    settings = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE")
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "theano": theano.__version__,
        "compiler flags": theano.config.gcc__cxxflags,
        **{name: os.environ.get(name, "") for name in settings},
    }


def main():
    """Measure, print a table, and write the figures to a file if one is named."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--changes", type=int, default=N_CHANGES, help="of each explorer")
    settings = parser.parse_args()
    if settings.changes < 1:
        parser.error(f"--changes is {settings.changes}; it must be at least 1")
    measured = {"in the kernel": in_kernel(settings.changes)}
    if browser.CHROMIUM:
        measured["in the browser"] = in_browser(settings.changes)
    else:
        print("Left out: the browser; there is no chromium on this machine.")
    figures = {
        where: {name: summary(seconds) for name, seconds in by_explorer.items()}
        for where, by_explorer in measured.items()
    }
    print("milliseconds                           median  95th percentile   least    most")
    for where, by_explorer in figures.items():
        for name, row in by_explorer.items():
            print(
                f"{name + ' ' + where:38} {row['median']:6.1f} {row['95th percentile']:16.1f} "
                f"{row['least']:7.1f} {row['most']:7.1f}"
            )
    about = machine()
    print(*(f"{key}: {value}" for key, value in about.items() if value != ""), sep="; ")
    if settings.json:
        text = json.dumps({"machine": about, "milliseconds": figures}, indent=2)
        settings.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
