"""An exercise answers whatever it is asked: a verdict, a hint, a solution; never a traceback."""

import re
import signal
import threading

from lenet_helpers import words
from lenet_helpers.exercises import answers, progress, running
from lenet_helpers.exercises.answers import Unanswered, Wrong
from lenet_helpers.exercises.exercise import Exercise, Listing, Outcome, Verdict

import numpy
import pytest

KEY = "2.count_cells"


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture
def shown(monkeypatch):
    """Everything that was displayed, in order."""
    things = []
    monkeypatch.setattr("lenet_helpers.exercises.exercise.display", things.append)
    return things


def is_nine(cells):
    if answers.whole_number(cells) != 9:
        raise Wrong("3 x 3 are others.")
    return "3 x 3 are nine."


def exercise(checker=is_nine):
    return Exercise(
        lesson=2,
        name="count_cells",
        title="Count the cells",
        tests="counts",
        start="\ncells = ...\n",
        solution="\ncells = 9\n",
        hints=["First?", "Second.", "Third."],
        checker=checker,
        mistakes="None.",
    )


def test_a_right_a_wrong_and_no_answer(shown):
    task = exercise()
    for answer in (9, 8, ...):
        task.check(answer)
    assert [verdict.text for verdict in shown] == [
        "Correct: 3 x 3 are nine.",
        "Not yet: 3 x 3 are others. (For a hint: exercises.count_cells.hint())",
        words.NOT_ANSWERED.format(name="count_cells"),
    ]
    assert [verdict.outcome for verdict in shown] == list(Outcome)
    assert progress.read()[KEY].attempts == 1


def test_an_answer_may_be_given_by_its_name(shown):
    exercise().check(cells=9)
    assert shown[0].outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), ((9, 9), {}), ((), {"rows": 9}), ((9,), {"cells": 9}), ((9,), {"self": 9})],
)
def test_another_number_of_answers(shown, given, named):
    verdict = exercise().judge(*given, **named)
    assert verdict.outcome is Outcome.OPEN
    assert verdict.text == "Call it so: exercises.count_cells.check(cells)"
    assert progress.read() == {}


def raising(error):
    def checker(answer):
        raise error

    return checker


class Silent(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("rows"), "KeyError: 'rows'"),
        (SystemExit(), "SystemExit"),
        (GeneratorExit(), "GeneratorExit"),
        (Silent(), "Silent"),
        (MemoryError(), "MemoryError"),
        (ValueError("x" * 10**6), "ValueError: xxx"),
    ],
)
def test_a_checker_that_stumbles_blames_itself(shown, error, said):
    exercise(raising(error)).check(9)
    (verdict,) = shown
    assert verdict.outcome is Outcome.OPEN
    assert said in verdict.text
    assert "our mistake" in verdict.text
    assert len(verdict.text) < 500
    assert progress.read() == {}


def test_an_unanswered_part_counts_as_no_answer():
    assert exercise(raising(Unanswered())).judge(9).outcome is Outcome.OPEN
    assert exercise().judge([...]).text == words.NOT_ANSWERED.format(name="count_cells")


def test_an_interrupt_while_checking():
    def waits(answer):
        while True:
            pass

    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    verdict = exercise(waits).judge(9)
    assert (verdict.outcome, verdict.text) == (Outcome.OPEN, words.CHECK_INTERRUPTED)
    assert exercise().judge(9).outcome is Outcome.CORRECT


def test_an_interrupt_while_the_learners_function_runs():
    def endless(x):
        while True:
            pass

    task = exercise(lambda function: running.call(function, 1))
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    assert task.judge(endless).text == words.CHECK_INTERRUPTED


class Hostile:
    def __eq__(self, other):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError

    def __array__(self, *_):
        raise RuntimeError


def test_answers_of_every_kind_get_a_verdict(run_there):
    values = [None, True, "9", 9j, [9, [9]], Hostile(), numpy.zeros(3), len, Exercise, object()]
    verdicts = []

    run_there(lambda: verdicts.extend(exercise().judge(value) for value in [9, *values]))
    assert [verdict.outcome.name for verdict in verdicts] == ["CORRECT", *["WRONG"] * len(values)]
    for verdict in verdicts[1:]:
        # One sentence that reads on after "Not yet: ": no capital letter begins it.
        text = re.fullmatch(r"Not yet: (.*) \(For a hint: .*\)", verdict.text)[1]
        assert re.match(r"[a-z0-9<'\[(]|None|True", text)
        assert text.endswith(".")


def test_hints_say_more_each_time(shown):
    task = exercise()
    for _ in range(4):
        task.hint()
    texts = [verdict.text for verdict in shown]
    assert texts == [
        "Hint 1 of 3: First? (The next one: exercises.count_cells.hint())",
        "Hint 2 of 3: Second. (The next one: exercises.count_cells.hint())",
        "Hint 3 of 3: Third. (A solution: exercises.count_cells.solution())",
        "Hint 3 of 3: Third. (A solution: exercises.count_cells.solution())",
    ]
    assert progress.read()[KEY].hints == 3


def test_a_hint_by_its_number(shown):
    task = exercise()
    for number in (2, numpy.int64(1), None):
        task.hint(number)
    assert [verdict.text[:11] for verdict in shown] == [
        "Hint 2 of 3",
        "Hint 1 of 3",
        "Hint 3 of 3",
    ]


@pytest.mark.parametrize(
    "number", [0, 4, -1, 1.0, "2", [1], numpy.arange(3), ..., Hostile()], ids=type
)
def test_there_are_no_other_hints(shown, number):
    exercise().hint(number)
    (verdict,) = shown
    assert verdict.text.startswith("There is no hint ")
    assert progress.read() == {}


def test_the_solution_is_shown_as_python(shown):
    exercise().solution()
    (listing,) = shown
    assert isinstance(listing, Listing)
    assert repr(listing) == f"{words.SOLUTION}\n\ncells = 9"
    assert listing._repr_markdown_() == f"{words.SOLUTION}\n```python\ncells = 9\n```"
    assert progress.read()[KEY].saw_solution


def test_a_verdict_is_safe_and_accessible_html():
    page = Verdict(Outcome.WRONG, "<script>alert(1)</script> & x < y\nsecond")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "x &lt; y<br>second" in page
    assert 'role="status"' in page


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("page", ["#FFFFFF", "#111111"])
def test_the_bar_beside_a_verdict_shows_on_light_and_on_dark(outcome, page):
    brighter, darker = sorted(map(luminance, (outcome.value, page)), reverse=True)
    # WCAG asks for 3 : 1 of what is no text.
    assert (brighter + 0.05) / (darker + 0.05) >= 3


def test_an_exercise_says_how_it_is_called():
    assert "exercises.count_cells.check(...)" in repr(exercise())
    assert exercise().key == KEY
    assert (exercise().start, exercise().solution_code) == ("cells = ...", "cells = 9")


def test_a_file_that_cannot_be_written_stops_nothing(shown, tmp_path, monkeypatch):
    (tmp_path / "folder").write_text("a file")
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "folder" / "progress.json"))
    task = exercise()
    task.check(9)
    task.hint()
    task.solution()
    assert len(shown) == 3
    assert shown[0].outcome is Outcome.CORRECT
