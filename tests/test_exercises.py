"""Every exercise accepts every right answer and no wrong one, and every lesson can be solved."""

import ast
import importlib
import linecache
import re
from pathlib import Path

from lenet_helpers import words
from lenet_helpers.exercises import course_map, progress
from lenet_helpers.exercises.exercise import N_HINTS, Outcome

import nbformat
import pytest

from tests.mutants import mutants
from tools import solutions

# NumPy warns of what some wrong answers compute, and that belongs to them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:elementwise comparison:DeprecationWarning"),
]
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EXERCISES = [exercise for lesson in course_map.LESSONS for exercise in lesson.EXERCISES]
IDS = [exercise.key for exercise in EXERCISES]
SECONDS_A_LESSON = 300

each = pytest.mark.parametrize("exercise", EXERCISES, ids=IDS)


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture(scope="module")
def lessons():
    """Every lesson's notebook, and what its cells know where an exercise stands."""
    return {
        number: nbformat.read(NOTEBOOKS / lesson.NOTEBOOK, as_version=4)
        for number, lesson in enumerate(course_map.LESSONS)
    }


@pytest.fixture(scope="module")
def known():
    """What the cells before an exercise have bound, by its key; filled once for each."""
    return {}


def cell_of(lesson, exercise):
    for cell in lesson.cells:
        if solutions.exercise_of(lesson, cell) is exercise:
            return cell
    raise AssertionError(f"{exercise.key} is in no cell")


def names_for(exercise, lessons, known):
    if exercise.key not in known:
        lesson = lessons[exercise.lesson]
        cell = cell_of(lesson, exercise)
        every = "\n".join([cell.source, *sources_of(exercise)])
        names = {}
        for other in solutions.needed_cells(lesson, cell, every):
            exec(compile(other.source, "<lesson>", "exec"), names)
        known[exercise.key] = names
    return dict(known[exercise.key])


def sources_of(exercise):
    book = answers_of(exercise)
    wrong = [source for source, _ in book.WRONG[exercise.name]]
    return [exercise.solution_code, *book.RIGHT[exercise.name], *wrong]


def answers_of(exercise):
    return importlib.import_module(f"tests.answers.lesson_{exercise.lesson}")


def answers_from(source, exercise, lessons, known):
    """Run an answer as the cell would, and return what it hands to the check."""
    names = names_for(exercise, lessons, known)
    cell = cell_of(lessons[exercise.lesson], exercise)
    # As a notebook does it, so that messages can quote the learner's line.
    linecache.cache["<answer>"] = (len(source), None, source.splitlines(True), "<answer>")
    exec(compile(source, "<answer>", "exec"), names)
    arguments = solutions.CALL.search(cell.source)[2]
    return eval(f"({arguments},)", names)


@each
def test_the_cell_as_a_learner_finds_it_is_not_answered_yet(exercise, lessons, known):
    verdict = exercise.judge(*answers_from(exercise.start, exercise, lessons, known))
    assert verdict.outcome is Outcome.OPEN
    assert verdict.text == words.NOT_ANSWERED.format(name=exercise.name)


@each
def test_the_solution_and_other_right_answers_are_accepted(exercise, lessons, known):
    others = answers_of(exercise).RIGHT[exercise.name]
    assert len(others) >= 2
    for source in [exercise.solution_code, *others]:
        given = answers_from(source, exercise, lessons, known)
        verdict = exercise.judge(*given)
        assert verdict.outcome is Outcome.CORRECT, (source, verdict.text)
        assert answers_of(exercise).IS_RIGHT[exercise.name](*given), source


@each
def test_wrong_answers_are_refused_in_words_that_name_them(exercise, lessons, known):
    wrong = answers_of(exercise).WRONG[exercise.name]
    assert len(wrong) >= 4
    for source, said in wrong:
        verdict = exercise.judge(*answers_from(source, exercise, lessons, known))
        assert verdict.outcome is Outcome.WRONG, (source, verdict.text)
        assert said in verdict.text, (source, verdict.text)


@each
def test_every_mutant_of_the_solution_is_refused(exercise, lessons, known):
    n_refused = 0
    for source in mutants(exercise.solution_code):
        try:
            given = answers_from(source, exercise, lessons, known)
        except Exception:
            continue  # the learner's own cell fails before anything is checked
        verdict = exercise.judge(*given)
        assert verdict.outcome is not Outcome.OPEN, (source, verdict.text)
        if verdict.outcome is Outcome.CORRECT:
            # A change may leave the answer right; something stricter than the checker says so.
            assert answers_of(exercise).IS_RIGHT[exercise.name](*given), source
        else:
            n_refused += 1
    assert n_refused >= 3


@each
def test_the_words_of_an_exercise(exercise):
    assert len(exercise.hints) == len(set(exercise.hints)) == N_HINTS
    assert len(exercise.title) <= 40
    assert all(hint.endswith((".", "?")) for hint in exercise.hints)
    assert exercise.mistakes.endswith(".")
    assert re.fullmatch(r"[a-z].*[^.]", exercise.tests)
    assert "..." in exercise.start
    ast.parse(exercise.solution_code)
    assert max(map(len, exercise.solution_code.splitlines())) < 100


@pytest.mark.parametrize("number", range(7))
def test_every_lesson_has_its_exercises_in_order(number, lessons):
    lesson, module = lessons[number], course_map.LESSONS[number]
    found = [solutions.exercise_of(lesson, cell) for cell in lesson.cells]
    assert [exercise for exercise in found if exercise] == list(module.EXERCISES)
    assert len(module.EXERCISES) >= 4
    for cell, exercise in zip(lesson.cells, found, strict=True):
        if exercise:
            assert exercise.lesson == number
            assert getattr(module, exercise.name) is exercise
            assert cell.source.startswith(exercise.start + "\n")
            assert cell.metadata.tags == ["exercise"]
            assert str(cell.outputs[0].data["text/plain"]).startswith(words.NOT_ANSWERED[:16])


def test_the_files_of_answers_name_every_exercise():
    for number in range(7):
        book = importlib.import_module(f"tests.answers.lesson_{number}")
        names = {exercise.name for exercise in course_map.LESSONS[number].EXERCISES}
        assert set(book.RIGHT) == set(book.WRONG) == set(book.IS_RIGHT) == names


def test_nothing_is_kept_of_what_was_not_answered(lessons, known):
    for exercise in EXERCISES:
        exercise.check(*answers_from(exercise.start, exercise, lessons, known))
    assert progress.read() == {}
