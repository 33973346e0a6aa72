"""The roofline explorer in a real browser: every slider by keyboard, and what does not fit.

What the page must show is computed again by the explorer's own test, from settings alone.
"""

import time

from lenet_helpers import drawing, words
from lenet_helpers.roofline_drawing import Point, roofline

import numpy
import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tests.test_browser_explorers import Driver
from tests.test_roofline_explorer import LAYER0, MACHINE, check
from tools import browser as tool

address, browser, page = shared.address, shared.browser, shared.page
pytestmark = shared.needs_chromium

CELL = f"""\
from lenet_helpers.explorers.roofline import explore_roofline
from lenet_helpers.work import Machine
explorer = explore_roofline({MACHINE!r})
explorer"""
LABELS = {
    "filter_side": words.LABEL_FILTER_SIDE,
    "window": words.LABEL_WINDOW_SIDE,
    "input_maps": words.LABEL_INPUT_MAPS,
    "filters": words.LABEL_N_FILTERS,
    "side": words.LABEL_IMAGE_SIDE,
    "batch_size": words.LABEL_BATCH_SIZE,
}
# One step of each slider.
NEXT = {name: value + 1 for name, value in LAYER0.items()} | {"batch_size": 200}


class Roofline(Driver):
    """The explorer in the page."""

    def begin(self):
        """Bring it into view, with its first settings."""
        self.box, self.settings = tool.show_cell(self.page, 0), dict(LAYER0)
        self.run(f"explorer.change(**{LAYER0})")
        self.has()
        return self

    def has(self, **changes):
        """Wait until the page shows the settings with these changes."""
        self.settings |= changes
        deadline = time.monotonic() + shared.PATIENCE_SECONDS
        while (problem := self.problem()) is not None:
            assert time.monotonic() < deadline, f"{changes}: {problem}"
            self.page.wait_for_timeout(20)

    def problem(self):
        """Return what the page shows differently, or None."""
        try:
            intensities = check(self.sentence.inner_text(), MACHINE, self.settings)
        except AssertionError as error:
            return error
        labels = (words.STEP_CONVOLUTION, words.STEP_POOLING, words.STEP_BIAS_TANH)
        labels += (words.ROOF_TOGETHER,)
        points = [
            Point(label, intensity, MACHINE.attainable(intensity), group)
            for label, intensity, group in zip(labels, intensities, (1, 1, 1, 2), strict=True)
        ]
        pictures = self.pictures()
        if not pictures:
            return "no picture"
        wanted = numpy.asarray(drawing.from_png(roofline(MACHINE, points)).convert("RGB"))
        return None if numpy.array_equal(pictures[0][1], wanted) else "another picture"


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    with shared.open_cells(browser, address, [CELL]) as page:
        yield page


@pytest.fixture
def driver(page):
    return Roofline(page, "explorer").begin()


@pytest.mark.parametrize("setting", LABELS)
def test_a_slider_by_keyboard(driver, setting):
    handle = driver.handle(LABELS[setting])
    handle.focus()
    handle.press("ArrowRight")
    driver.has(**{setting: NEXT[setting]})
    handle.press("ArrowLeft")
    driver.has(**{setting: LAYER0[setting]})
    expect(handle).to_be_focused()


def test_what_does_not_fit_is_said(driver):
    handle = driver.handle(LABELS["side"])
    handle.focus()
    handle.press("Home")
    expect(driver.sentence).to_contain_text("does not work")
    expect(driver.sentence).to_contain_text("at most 1 x 1")
    expect(driver.box.locator("img")).to_be_visible()
    handle.press("End")
    driver.has(side=64)
