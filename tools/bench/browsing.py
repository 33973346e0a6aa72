"""From the press of a key, or a movement of the pen, to the last new picture on the page.

In a real browser, with the largest pictures: 500 x 500, RGB.
"""

import numpy

from tools import browser
from tools.bench import contestants
from tools.bench.explorers import POINTS_OF_DIGIT, SEED, drawing_of

# After so long a key is taken for one that brought no new picture, and is counted apart.
PATIENCE_MS = 2000
KEYS = {
    ".noUi-handle": ("ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"),
    "input[type=checkbox]": ("Space",),
    # The first choice is that of the picture: the large one stays. Numbers are typed, not chosen.
    ".widget-toggle-buttons ~ * button.widget-toggle-button:not(:text('my own'))": ("Space",),
}
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
# Keys on a control that is disabled, or no longer on the page, would go to the notebook.
IS_READY = """control => {
    control.focus();
    return control === document.activeElement && !control.closest('[disabled]');
}"""
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
            seconds[name], n_silent = [], 0
            while len(seconds[name]) < n_changes:
                # Looked for every time: a slider whose range has grown is drawn anew.
                handles = [
                    (handle, keys)
                    for kind, keys in KEYS.items()
                    for handle in box.query_selector_all(kind)
                ]
                handle, keys = handles[rng.randint(len(handles))]
                if not handle.evaluate(IS_READY):
                    continue
                page.evaluate("() => { window.watch.seen = null; }")
                state = handle.evaluate(STATE)
                page.keyboard.press(keys[rng.randint(len(keys))])
                if handle.evaluate(STATE) == state:
                    continue  # a slider at its end, or the button that was chosen already
                milliseconds = page.evaluate(READ_STOPWATCH, PATIENCE_MS)
                if milliseconds is None:
                    n_silent += 1
                else:
                    seconds[name].append(milliseconds / 1000)
            contestants.say(f"{name}: {n_silent} of its keys brought no new picture")
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
