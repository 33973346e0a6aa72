"""Exercises and predictions in a real JupyterLab, with keyboard alone.

One exercise of each lesson is answered with dots, wrongly, and with its solution.
"""

import json
from contextlib import ExitStack
from pathlib import Path

from lenet_helpers import words
from lenet_helpers.exercises import course_map

import nbformat
import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tools import browser as tool
from tools import solutions

address, browser = shared.address, shared.browser
pytestmark = shared.needs_chromium

# A lesson's first exercise may wait for Theano's compiler.
PATIENCE_MS = 120_000
FOLDER = tool.ROOT / "notebooks"


def cells_for(exercise):
    """Return the sources that an exercise needs, its own cell last, and what it hands in."""
    notebook = course_map.LESSONS[exercise.lesson].NOTEBOOK
    lesson = nbformat.read(FOLDER / notebook, as_version=4)
    for cell in lesson.cells:
        if solutions.exercise_of(lesson, cell) is exercise:
            needed = solutions.needed_cells(
                lesson, cell, f"{cell.source}\n{exercise.solution_code}"
            )
            return [*(other.source for other in needed), cell.source]
    raise AssertionError(f"{exercise.key} is in no cell")


@pytest.fixture
def open_page(browser, address, tmp_path):
    """A function that opens a page with cells like these, all run; its kernel notes nothing."""
    own = f"import os\nos.environ['LENET_PROGRESS'] = {str(tmp_path / 'progress.json')!r}"
    with ExitStack() as stack:

        def opened(cells):
            path = stack.enter_context(tool.scratch_notebook([own, *cells]))
            page = stack.enter_context(tool.page_of(browser, address))
            page.set_default_timeout(PATIENCE_MS)
            tool.open_and_run(page, address, path)
            assert "error" not in tool.output_kinds(page)
            page.evaluate("() => window.jupyterapp.shell.currentWidget.activate()")
            return page

        yield opened


def write_last_cell(page, source):
    """Go to the notebook's last cell, write it anew and run it, all by keyboard."""
    notebook = "window.jupyterapp.shell.currentWidget.content"
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {notebook}.mode === 'command'")
    while not page.evaluate(f"() => {notebook}.activeCellIndex === {notebook}.widgets.length - 1"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('.cm-content') !== null")
    page.keyboard.press("Control+a")
    # All lines at once, as from the clipboard: key by key the editor would close brackets.
    page.keyboard.insert_text(source)
    written = page.evaluate(f"() => {notebook}.activeCell.model.sharedModel.source")
    assert written == source
    page.keyboard.press("Shift+Enter")


def last_verdict(page):
    return page.locator(".jp-Notebook .jp-CodeCell [role=status] p").last


@pytest.mark.parametrize("number", range(len(course_map.LESSONS)))
def test_an_exercise_is_solved_by_keyboard(open_page, number, tmp_path):
    exercises = course_map.LESSONS[number].EXERCISES
    if not exercises:
        pytest.skip(f"left out: lesson {number} has no exercise")
    exercise = exercises[0]
    cells = cells_for(exercise)
    page = open_page(cells)
    verdict = last_verdict(page)
    expect(verdict).to_contain_text(words.NOT_ANSWERED[:16])
    page.console_errors.clear()
    call = cells[-1].removeprefix(exercise.start)
    spoilt = exercise.start.replace("...", "None")
    write_last_cell(page, spoilt + call)
    expect(verdict).to_contain_text(words.WRONG.partition("{")[0])
    write_last_cell(page, f"exercises.{exercise.name}.hint()")
    expect(verdict).to_contain_text("Hint 1 of 3:")
    write_last_cell(page, exercise.solution_code + call)
    expect(verdict).to_contain_text(words.CORRECT.partition("{")[0])
    assert "error" not in tool.output_kinds(page)
    assert page.console_errors == []
    record = json.loads(Path(tmp_path / "progress.json").read_text())[exercise.key]
    assert (record["attempts"], record["hints"]) == (2, 1)
    assert record["solved"]


def test_an_endless_loop_is_ended_in_the_kernel(open_page):
    exercise = course_map.lesson_2.write_max_pool
    cells = cells_for(exercise)
    page = open_page(cells)
    call = cells[-1].removeprefix(exercise.start)
    endless = "def my_max_pool(*_):\n    while True:\n        print(1)"
    write_last_cell(page, endless + call)
    expect(last_verdict(page)).to_contain_text("had not ended after 3 seconds")
    write_last_cell(page, exercise.solution_code + call)
    expect(last_verdict(page)).to_contain_text("Correct:")


def test_a_prediction_is_revealed_by_keyboard(open_page):
    cell = (
        "from lenet_helpers.exercises import lesson_2 as exercises\nexercises.predict_lost_cells()"
    )
    page = open_page([cell])
    page.console_errors.clear()
    box = page.locator(".widget-vbox").first
    sentence = box.get_by_role("status")
    reveal = box.get_by_role("button", name=words.LABEL_REVEAL)
    reveal.focus()
    page.keyboard.press("Enter")
    expect(sentence).to_have_text(words.PREDICTION_CHOOSE)
    choices = box.locator(".widget-toggle-buttons button")
    expect(choices).to_have_count(5)
    # 4 x 4 leaves 16 of 25 cells, and 3 x 3 leaves 9.
    for key, choice, said in [
        ("Enter", 3, "You said: 4 x 4; right is: 3 x 3. It loses 16"),
        ("Space", 2, "You were right"),
    ]:
        choices.nth(0).focus()
        for _ in range(choice):
            page.keyboard.press("Tab")
        expect(choices.nth(choice)).to_be_focused()
        page.keyboard.press(key)
        expect(sentence).to_have_count(0)
        for _ in range(5 - choice):
            page.keyboard.press("Tab")
        expect(reveal).to_be_focused()
        page.keyboard.press(key)
        expect(sentence).to_contain_text(said)
    assert page.console_errors == []
