"""The LeNet designer in a real browser: every control by keyboard, presets, build and keep.

What the page must show is counted again here, by loops over arrays.
"""

import json
import time
from math import prod

from lenet_helpers import words

import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tests.test_browser_explorers import Driver
from tests.test_design import Counted
from tests.test_network_explorer import COURSE, fields_of, wanted_table
from tools import browser as tool

address, browser = shared.address, shared.browser
pytestmark = shared.needs_chromium

# What is kept goes into a folder of the test's own.
CELL = """\
import os, tempfile
from lenet_helpers.explorers.network import explore_design
from lenet_helpers.kept_designs import kept_design
os.environ["LENET_CACHE"] = tempfile.mkdtemp()
designer = explore_design()
first = designer.settings()
designer"""
BUILD_SECONDS = 120
LENET5 = COURSE | {"image_rows": 32, "image_columns": 32, "nkerns0": 6, "nkerns1": 16}
LENET5 |= {"n_hidden": 120}
TINY = COURSE | {"nkerns0": 2, "nkerns1": 4, "n_hidden": 16}
LABELS = {
    "image_rows": "image: rows",
    "image_columns": "image: columns",
    "channels": "image: channels",
    "nkerns0": "layer0: filters",
    "filter_rows0": "layer0: filter rows",
    "filter_columns0": "layer0: filter columns",
    "pool_rows0": "layer0: window rows",
    "pool_columns0": "layer0: window columns",
    "nkerns1": "layer1: filters",
    "filter_rows1": "layer1: filter rows",
    "filter_columns1": "layer1: filter columns",
    "pool_rows1": "layer1: window rows",
    "pool_columns1": "layer1: window columns",
    "n_hidden": "layer2: hidden units",
    "n_classes": "layer3: classes",
}


class Designer(Driver):
    """The designer in the page."""

    def begin(self, **given):
        """Bring it into view, with the tiny network's settings but for those given."""
        self.box = tool.show_cell(self.page, 0)
        self.settings = TINY | given
        # Presets and reports of an earlier test must be gone.
        self.run(f"designer.change(**first)\ndesigner.change(**{self.settings})")
        self.has()
        return self

    def tables(self):
        """The texts of every table that the page shows, row by row."""
        return self.box.evaluate(
            """box => [...box.querySelectorAll("table")].map(table =>
                [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)))"""
        )

    def has(self, **changes):
        """Wait until the page shows the design with these changes, in table and sentence."""
        self.settings |= changes
        counted = Counted(fields_of(self.settings))
        wanted = wanted_table(counted.shapes, counted.products, counted.weights)
        deadline = time.monotonic() + shared.PATIENCE_SECONDS
        while not (tables := self.tables()) or tables[-1][1:] != wanted:
            assert time.monotonic() < deadline, f"{changes}: {tables[-1:]}, not {wanted}"
            self.page.wait_for_timeout(20)
        expect(self.sentence).to_contain_text(f" = {sum(counted.weights):,} parameters;")


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    with tool.scratch_notebook([CELL]) as path, tool.page_of(browser, address) as page:
        page.set_default_timeout(shared.PATIENCE_MS)
        tool.open_and_run(page, address, path)
        assert tool.output_kinds(page) == ["execute_result"]
        yield page


@pytest.fixture
def designer(open_notebook):
    open_notebook.console_errors.clear()
    yield lambda **given: Designer(open_notebook, "designer").begin(**given)
    assert open_notebook.console_errors == []


@pytest.mark.parametrize(("setting", "label"), LABELS.items(), ids=list(LABELS))
def test_a_slider_by_keyboard(designer, setting, label):
    driver = designer(image_rows=40, image_columns=44)
    before, picture = driver.settings[setting], driver.sources()
    handle = driver.handle(label)
    handle.focus()
    handle.press("ArrowRight")
    driver.has(**{setting: before + 1})
    expect(driver.box.locator("img")).not_to_have_attribute("src", picture[0])
    handle.press("ArrowLeft")
    driver.has(**{setting: before})
    expect(handle).to_be_focused()


def test_the_checkbox_by_keyboard(designer):
    driver = designer(image_rows=29, pool_rows0=3)
    box = driver.control(words.LABEL_IGNORE_BORDER)
    box.focus()
    box.press("Space")
    driver.has(ignore_border=False)
    box.press("Space")
    driver.has(ignore_border=True)
    expect(box).to_be_focused()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_presets_by_keyboard(designer, key):
    driver = designer(n_hidden=9)
    for label, settings, note in (
        (words.LABEL_PRESET_LENET5, LENET5, "It trains 60,000 parameters in all, ours 51,902."),
        (words.LABEL_PRESET_TINY, TINY, "the tiny network"),
        (words.LABEL_PRESET_COURSE, COURSE, "the course's network"),
    ):
        driver.button(label).focus()
        driver.page.keyboard.press(key)
        driver.has(**settings)
        expect(driver.sentence).to_contain_text(note)
        expect(driver.button(label)).to_be_focused()
    for setting, label in LABELS.items():
        value = f"{COURSE[setting]}.0"
        expect(driver.handle(label)).to_have_attribute("aria-valuenow", value)


def test_a_broken_design_says_what_would_work(designer):
    driver = designer(filter_columns1=11)
    pictures, tables = driver.sources(), driver.tables()
    handle = driver.handle(LABELS["filter_columns1"])
    handle.press("ArrowRight")
    expect(driver.sentence).to_contain_text(
        "In layer1: A pooling window of 2 x 2 cells is larger than the feature map of 8 x 1."
    )
    handle.press("ArrowRight")
    expect(driver.sentence).to_contain_text(
        "In layer1: A filter of 5 x 13 pixels does not fit into 12 x 12 pixels. Use at most "
        "11 x 11, or images of at least 16 x 32 pixels."
    )
    assert (driver.sources(), driver.tables()) == (pictures, tables)
    # Its advice, followed.
    number = driver.container(LABELS["image_columns"]).locator(".widget-readout")
    number.click()
    driver.page.keyboard.press("Control+A")
    driver.page.keyboard.type("32")
    driver.page.keyboard.press("Enter")
    driver.has(filter_columns1=13, image_columns=32)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_build_reports_what_the_table_says(designer, key):
    driver = designer(image_rows=26, image_columns=31, channels=3, pool_columns0=3)
    build = driver.button(words.LABEL_BUILD)
    build.focus()
    driver.page.keyboard.press(key)
    driver.page.keyboard.press(key)
    built = driver.box.get_by_role("status").filter(has_text="As drawn")
    expect(built).to_contain_text("7 steps in Theano", timeout=1000 * BUILD_SECONDS)
    report, drawn = driver.tables()
    for found, wanted in zip(report[1:], drawn[1:-1], strict=True):
        assert found[:2] == wanted[:2]
        assert found[2] == found[3] == f"1 x {wanted[2]}"
        assert found[4] == found[5] == wanted[3].replace("0", "", wanted[3] == "0")
    total = drawn[-1][3]
    expect(built).to_contain_text(f"the {total} parameters")
    expect(build).to_be_focused()
    # A changed control clears it.
    driver.handle(LABELS["n_hidden"]).press("ArrowRight")
    driver.has(n_hidden=17)
    assert len(driver.tables()) == 1
    expect(built).to_have_count(0)


def test_building_is_said_at_once_and_too_large_is_refused(designer):
    driver = designer(image_rows=27)
    driver.box.evaluate(
        """box => {
            window.said = [];
            new MutationObserver(() => window.said.push(box.innerText))
                .observe(box, {subtree: true, childList: true, characterData: true});
        }"""
    )
    driver.button(words.LABEL_BUILD).click()
    expect(driver.box.get_by_role("status").filter(has_text="As drawn")).to_be_visible(
        timeout=1000 * BUILD_SECONDS
    )
    said = driver.page.evaluate("() => window.said")
    n_before = [number for number, text in enumerate(said) if "Building..." in text]
    n_after = [number for number, text in enumerate(said) if "As drawn" in text]
    assert n_before
    assert n_before[0] < n_after[0]
    large = {"image_rows": 64, "image_columns": 64, "nkerns1": 64, "n_hidden": 1000}
    windows = dict.fromkeys(("pool_rows0", "pool_columns0", "pool_rows1", "pool_columns1"), 1)
    driver.run(f"designer.change(**{large | windows})")
    n_flat = 64 * prod((64 - 8, 64 - 8))
    n_parameters = 2 * 26 + 64 * (2 * 25 + 1) + (n_flat + 1) * 1000 + 1001 * 10
    expect(driver.sentence).to_contain_text(f" = {n_parameters:,} parameters;")
    driver.button(words.LABEL_BUILD).click()
    expect(driver.box.get_by_role("status").filter(has_text="20,000,000")).to_contain_text(
        f"This network has {n_parameters:,} parameters"
    )


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_keep_it_for_lesson_4(designer, key):
    driver = designer(n_hidden=21, ignore_border=False)
    keep = driver.button(words.LABEL_KEEP)
    keep.focus()
    driver.page.keyboard.press(key)
    said = driver.box.get_by_role("status").filter(has_text="Kept: ")
    expect(said).to_contain_text("lesson 4 can now train this network of 1,841 parameters.")
    expect(keep).to_be_focused()
    kept = json.loads(driver.run("import json\nprint(json.dumps(vars(kept_design())))").strip())
    assert (kept["n_hidden"], kept["nkerns"], kept["ignore_border"]) == (21, [2, 4], False)
    driver.handle(LABELS["n_hidden"]).press("ArrowLeft")
    expect(said).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 800])
def test_it_fits_the_page(designer, width):
    driver = designer()
    driver.page.set_viewport_size({"width": width, "height": 900})
    try:
        driver.page.wait_for_timeout(300)
        right = driver.box.evaluate("box => box.getBoundingClientRect().right")
        # A table that is too wide scrolls in its own box.
        for part in ("img", ".widget-html:has(table)", ".widget-hslider", "button"):
            ends = driver.box.locator(part).evaluate_all(
                "parts => parts.map(part => part.getBoundingClientRect().right)"
            )
            assert ends
            assert max(ends) <= right + 1, part
        # No label is cut off.
        cut = driver.box.locator(".widget-label").evaluate_all(
            "labels => labels.filter(one => one.scrollWidth > one.clientWidth).length"
        )
        assert cut == 0
    finally:
        driver.page.set_viewport_size({"width": tool.WIDTH, "height": tool.HEIGHT})
