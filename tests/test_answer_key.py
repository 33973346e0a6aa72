"""The teachers' answer key and tables are what the lessons and exercises give now."""

import re
from pathlib import Path

from lenet_helpers.exercises import course_map

import nbformat
import pytest

from tools import answer_key, solutions

ROOT = Path(__file__).resolve().parent.parent
MAKE = "run make answers"


@pytest.fixture(scope="module")
def stored():
    return nbformat.read(answer_key.KEY, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_exercise(cell):
    return "exercise" in cell.metadata.get("tags", [])


def test_the_stored_key_is_what_the_lessons_give(stored):
    nbformat.validate(stored)
    fresh = answer_key.answer_key()
    assert [(cell.id, cell.source) for cell in stored.cells] == [
        (cell.id, cell.source) for cell in fresh.cells
    ], MAKE


def test_every_stored_check_says_correct(stored):
    counts = [cell.execution_count for cell in code_cells(stored)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(stored):
        if is_exercise(cell):
            assert answer_key.said(cell).startswith("Correct:"), cell.source
        else:
            assert cell.outputs == []


def test_every_exercise_is_in_the_key_once_and_in_order(stored):
    called = [solutions.CALL.search(cell.source) for cell in filter(is_exercise, stored.cells)]
    exercises = [exercise for lesson in course_map.LESSONS for exercise in lesson.EXERCISES]
    assert [call[1] for call in called] == [exercise.name for exercise in exercises]
    text = "\n".join(cell.source for cell in stored.cells)
    for exercise in exercises:
        assert exercise.solution_code in text
        assert exercise.mistakes in text
        assert f"{exercise.title}\n" in text


def test_no_path_of_a_machine_is_in_the_key():
    text = answer_key.KEY.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|Users|tmp|work|usr)/", text)


@pytest.mark.parametrize("name", ["key", "guide"])
def test_links_lead_somewhere(name, stored):
    guide = answer_key.GUIDE.read_text(encoding="utf-8")
    texts = [cell.source for cell in stored.cells] if name == "key" else [guide]
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", "\n".join(texts)):
        assert (ROOT / "docs" / target).exists(), target


def test_the_guides_tables_are_current():
    guide = answer_key.GUIDE.read_text(encoding="utf-8")
    assert answer_key.with_tables(guide) == guide, MAKE


def test_the_guide_gives_the_minutes_that_the_lessons_give():
    guide = answer_key.GUIDE.read_text(encoding="utf-8")
    total = 0
    pattern = r"\*Time:\* (\d+) [a-z ]+, (?:(\d+) of exercises, )?([a-z ]+) of computing"
    for number, path in enumerate(sorted((ROOT / "notebooks").glob("*.ipynb"))):
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        minutes, more, machine = re.search(pattern, text).groups()
        n_exercises = len(course_map.LESSONS[number].EXERCISES)
        apart = f"{more} min" if more else "included"
        row = f"{minutes} min | {n_exercises} | {apart} | {machine} |"
        assert f"{path.name}) | {row}" in guide
        total += int(minutes) + int(more or 0)
    assert f"| {total // 60} h {total % 60} min in all |" in guide


def test_the_guide_is_short_and_names_true_commands():
    guide = answer_key.GUIDE.read_text(encoding="utf-8")
    tables = [line for line in guide.splitlines() if line.startswith("|")]
    assert len(guide.splitlines()) - len(tables) <= 120
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|    )make (\w+)", guide):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_a_guide_without_its_marks_is_refused():
    with pytest.raises(ValueError, match="times"):
        answer_key.with_tables("# Teaching\n")


def test_what_stands_between_the_marks_is_replaced():
    marks = [
        mark.format(name=name) for name in ("times", "exercises") for mark in answer_key.MARKS
    ]
    text = f"before\n{marks[0]}\nold\n{marks[1]}\nmiddle\n{marks[2]}\nold\n{marks[3]}\nafter\n"
    made = answer_key.with_tables(text)
    assert "old" not in made
    assert made.startswith(f"before\n{marks[0]}\n| lesson |")
    assert made.endswith(f"{marks[3]}\nafter\n")
    assert "middle" in made
    assert answer_key.with_tables(made) == made
