"""Every lesson in a real browser: JupyterLab opens it, runs it, and its widgets answer.

The tests need a Chromium; where none is found they are left out, and say so.
"""

import re

from lenet_helpers import words

import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tools import browser as tool

LESSONS = sorted(path.name for path in (tool.ROOT / "notebooks").glob("*.ipynb"))

address, browser = shared.address, shared.browser
pytestmark = shared.needs_chromium


@pytest.fixture
def page(browser, address):
    with tool.page_of(browser, address) as page:
        yield page


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_and_its_widgets_answer(page, address, lesson):
    tool.open_and_run(page, address, f"notebooks/{lesson}")
    kinds = tool.output_kinds(page)
    assert kinds
    assert "error" not in kinds
    cells = tool.widget_cells(page)
    assert cells
    for number in cells:
        answer(tool.show_cell(page, number))
    assert page.console_errors == []


def answer(box):
    """Use the first control of a cell's widgets, if it has one, and see that they answer."""
    train = box.get_by_role("button", name="Train")
    slider = box.locator(".noUi-target:not([disabled]) [role=slider]")
    reveal = box.get_by_role("button", name="Reveal")
    if reveal.count():
        reveal_by_keyboard(box, reveal)
    elif train.count():
        train_and_stop(box)
    elif slider.count():
        move_by_keyboard(box, slider.first)
    else:
        expect(box.get_by_role("status").last).not_to_be_empty()
        expect(box.locator("img").first).to_be_visible()


def reveal_by_keyboard(box, reveal):
    sentence = box.get_by_role("status").last
    reveal.press("Enter")
    expect(sentence).to_have_text(words.PREDICTION_CHOOSE)
    box.get_by_role("group", name=words.LABEL_PREDICTION).get_by_role("button").last.press("Enter")
    reveal.press("Enter")
    right, wrong = (
        words.PREDICTION_RIGHT.partition("{")[0],
        words.PREDICTION_WRONG.partition("{")[0],
    )
    expect(sentence).to_have_text(re.compile(f"^({right}|{wrong})"))


def move_by_keyboard(box, slider):
    sentence, pictures = box.get_by_role("status").last, box.locator("img")
    expect(pictures.first).to_be_visible()
    said = sentence.inner_text()
    sources = pictures.evaluate_all("images => images.map(image => image.src)")
    slider.focus()
    slider.press("ArrowRight")
    expect(sentence).not_to_have_text(said, use_inner_text=True)
    box.page.wait_for_function(
        """([box, sources]) =>
            [...box.querySelectorAll("img")].some((image, n) => image.src !== sources[n])""",
        arg=[box.element_handle(), sources],
    )
    assert pictures.first.evaluate("image => image.offsetWidth") > 50


def train_and_stop(box):
    box.get_by_role("button", name="Train").click()
    sentence = box.get_by_role("status")
    # The first training compiles its update.
    expect(sentence).to_contain_text("Iteration", timeout=120_000)
    stop = box.get_by_role("button", name="Stop")
    if stop.is_enabled():
        stop.click()
    expect(stop).to_be_disabled(timeout=30_000)
    expect(sentence).to_contain_text("cost")
