"""Every lesson runs from top to bottom with its exercises solved, and says so of each."""

from pathlib import Path

from lenet_helpers.exercises import course_map

import nbformat
import pytest

from tools import answer_key, run_lessons, solutions

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("number", range(7))
def test_a_solved_lesson_says_correct_to_every_answer(number, tmp_path, monkeypatch):
    path = ROOT / "notebooks" / course_map.LESSONS[number].NOTEBOOK
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    lesson = solutions.solved(nbformat.read(path, as_version=4))
    # A cell that fails raises, with its traceback.
    run_lessons.execute(lesson, path.parent)
    answered = [cell for cell in lesson.cells if solutions.exercise_of(lesson, cell)]
    assert len(answered) == len(course_map.LESSONS[number].EXERCISES)
    for cell in answered:
        assert answer_key.said(cell).startswith("Correct:"), (cell.source, answer_key.said(cell))
