"""What those who don't see the page, or see it differently, get from it, in a real browser.

axe-core judges each lesson's outputs by the rules of WCAG 2, levels A and AA; no rule is left out.
JupyterLab's own menus, prompts and editors are not the course's, and are not judged here. Pictures
are beyond axe: tests/test_colours.py looks at their colours.
"""

import time

from lenet_helpers import words

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import browser as shared
from tools import browser as tool

LESSONS = sorted(path.name for path in (tool.ROOT / "notebooks").glob("*.ipynb"))
THEMES = {"JupyterLab Light": "rgb(255, 255, 255)", "JupyterLab Dark": "rgb(17, 17, 17)"}
OURS = ".jp-Cell-outputWrapper"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}}
CELL = """\
import numpy
import ipywidgets
from lenet_helpers import drawing, words
from lenet_helpers.figures import show
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View
from lenet_helpers.widgets.number_grid import NumberGrid
from lenet_helpers.widgets.training import TrainingView

def draw(rows, step, mode, **others):
    grid = drawing.number_grid(numpy.ones((rows, 2)))
    return View((Picture(f"{rows} rows & more", grid),), f"{rows} {step} {mode}.")

controls = {
    "rows": elements.integer_slider("Rows", 3, 1, 9),
    "step": elements.choice_slider("Rate", 0.1, [0.01, 0.1, 0.5]),
    "mode": elements.choice("Mode", "a", {"one": "a", "two": "b"}),
    "grid": NumberGrid("Filter", ((1, 2), (3, 4))),
}
training = TrainingView(None)
training.bar.value = 30
explorer = Explorer(draw, controls, extras=(training.box,))
explorer"""
FIGURE = "show(drawing.number_grid(numpy.ones((2, 2))), 'Four *ones* in a grid of four.')"

address, browser, page = shared.address, shared.browser, shared.page
pytestmark = shared.needs_chromium


def lay_out(page):
    """Make the window as high as the whole notebook: axe passes over texts that it can't see."""
    # JupyterLab draws what is in sight alone, and its body, which has no height, hides the rest.
    page.add_style_tag(
        content="""body { overflow: visible !important }
            .jp-Notebook .jp-Cell { content-visibility: visible !important }"""
    )
    # Nothing can be scrolled, neither by JupyterLab nor past the end.
    height = page.locator(".jp-Notebook").evaluate(
        """notebook => {
            notebook.classList.remove("jp-mod-scrollPastEnd");
            return notebook.querySelector(".jp-WindowedPanel-viewport").scrollHeight;
        }"""
    )
    page.set_viewport_size({"width": tool.WIDTH, "height": height + 500})
    page.wait_for_function(
        """async () => {
            const [outer, cells, bar] = [".jp-WindowedPanel-outer", ".jp-WindowedPanel-viewport"]
                .map(part => document.querySelector(`.jp-Notebook ${part}`))
                .concat(document.querySelector("#jp-main-statusbar"));
            // Once the frame is painted, the parts have their places.
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            const bottom = cells.getBoundingClientRect().bottom;
            return outer.scrollHeight === outer.clientHeight && outer.scrollTop === 0
                && bottom < bar.getBoundingClientRect().top;
        }"""
    )


def change_theme(page, theme):
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    expect(page.locator(".jp-Notebook")).to_have_css("background-color", THEMES[theme])


def judge(page):
    """Return what axe finds wrong, as lines, and how many texts' contrast it could measure."""
    result = Axe().run(page, {"include": [OURS]}, OPTIONS).response
    wrong = [
        f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]
    data = [
        node["any"][0]["data"]
        for rule in result["passes"]
        if rule["id"] == "color-contrast"
        for node in rule["nodes"]
    ]
    return wrong, sum("contrastRatio" in measured for measured in data if measured)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_breaks_no_rule_in_either_theme(browser, address, lesson):
    with tool.page_of(browser, address) as page:
        tool.open_and_run(page, address, f"notebooks/{lesson}")
        for theme in THEMES:
            change_theme(page, theme)
            deadline = time.monotonic() + 30
            while True:
                lay_out(page)
                wrong, n_measured = judge(page)
                assert wrong == []
                # Texts of outputs, labels, buttons and sentences.
                if n_measured > 5:
                    break
                # A theme that is still being loaded hides what was laid out.
                assert time.monotonic() < deadline, n_measured
                page.wait_for_timeout(200)
        texts = page.locator(f"{OURS} img").evaluate_all("all => all.map(image => image.alt)")
        assert texts
        assert all(len(text) > 3 for text in texts), texts


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    with (
        tool.scratch_notebook([CELL, FIGURE]) as path,
        tool.page_of(browser, address) as page,
    ):
        page.set_default_timeout(shared.PATIENCE_MS)
        tool.open_and_run(page, address, path)
        tool.show_cell(page, 0)
        yield page


@pytest.mark.parametrize(("label", "said"), [("Rows", ("3", "4")), ("Rate", ("0.1", "0.5"))])
def test_a_slider_says_its_name_and_value(page, label, said):
    slider = page.get_by_role("slider", name=label, exact=True)
    expect(slider).to_have_attribute("aria-valuetext", said[0])
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", said[1])
    expect(page.get_by_role("textbox", name=label, exact=True)).to_have_text(said[1])
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", said[0])


def test_a_slider_that_is_drawn_anew_keeps_its_name(page):
    tool.run_in_kernel(page, "controls['rows'].max = 20")
    slider = page.get_by_role("slider", name="Rows", exact=True)
    expect(slider).to_have_attribute("aria-valuemax", "20.0")
    expect(slider).to_have_attribute("aria-valuetext", "3")


def test_labels_no_longer_say_null(page):
    label = page.locator(".widget-slider .widget-label").first
    expect(label).to_have_text("Rows")
    assert label.get_attribute("title") is None


def test_buttons_say_what_they_choose_and_which_is_pressed(page):
    group = page.get_by_role("group", name="Mode", exact=True)
    one, two = (group.get_by_role("button", name=name) for name in ("one", "two"))
    expect(one).to_have_attribute("aria-pressed", "true")
    expect(two).to_have_attribute("aria-pressed", "false")
    two.press("Space")
    expect(two).to_have_attribute("aria-pressed", "true")
    expect(one).to_have_attribute("aria-pressed", "false")
    one.press("Space")
    expect(one).to_have_attribute("aria-pressed", "true")


def test_fields_of_numbers_are_one_group(page):
    group = page.get_by_role("group", name="Filter", exact=True)
    expect(group.get_by_role("spinbutton")).to_have_count(4)
    name = words.LABEL_CELL.format(row=2, column=1)
    expect(group.get_by_role("spinbutton", name=name)).to_have_value("3")


def test_a_progress_bar_says_how_far_it_is(page):
    bar = page.get_by_role("progressbar", name=words.LABEL_PROGRESS)
    expect(bar).to_have_attribute("aria-valuenow", "30")
    tool.run_in_kernel(page, "training.bar.value = 60")
    expect(bar).to_have_attribute("aria-valuenow", "60")


def test_a_picture_says_its_caption(page):
    expect(page.get_by_role("img", name="3 rows & more", exact=True)).to_be_visible()
    tool.run_in_kernel(page, "explorer.change(rows=5)")
    expect(page.get_by_role("img", name="5 rows & more", exact=True)).to_be_visible()
    tool.run_in_kernel(page, "explorer.change(rows=3)")
    expect(page.get_by_role("img", name="3 rows & more", exact=True)).to_be_visible()


def test_a_figure_says_its_sentence(page):
    figure = page.locator(".jp-RenderedImage img")
    expect(figure).to_have_attribute("alt", "Four ones in a grid of four.")


def test_what_is_missing_is_found(page):
    # JupyterLab remembers the last test's theme.
    change_theme(page, "JupyterLab Light")
    lay_out(page)
    assert judge(page)[0] == []
    page.evaluate(
        """() => {
            document.querySelector(".jp-RenderedImage img").removeAttribute("alt");
            const sentence = document.querySelector(".jp-OutputArea [role=status]");
            sentence.style.color = "#999999";
            sentence.after(document.createElement("button"));
        }"""
    )
    found = [line.partition(":")[0] for line in judge(page)[0]]
    assert sorted(found) == ["button-name", "color-contrast", "image-alt"]
