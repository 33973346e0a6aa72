"""Lesson 4's predictions, and what its exercises measure by training."""

import json
import re
import time
from pathlib import Path

from lenet_helpers import words
from lenet_helpers.datasets import load_data
from lenet_helpers.exercises import lesson_4, lesson_4_checks
from lenet_helpers.exercises.exercise import Outcome
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import lenet_trainer

import nbformat
import numpy
import pytest

ROOT = Path(__file__).resolve().parent.parent


def revealed(prediction, value):
    prediction.value = value
    prediction.reveal()
    return prediction.sentence


def check(prediction, right, choices, said):
    assert right in choices
    praise = words.PREDICTION_RIGHT.partition("{")[0]
    for choice in choices:
        sentence = revealed(prediction, choice)
        assert said in sentence
        assert (praise in sentence) == (choice == right), sentence


def recorded(name):
    return json.loads((ROOT / "data" / f"{name}_run.json").read_text("ascii"))["validations"]


def test_lesson_4_the_first_epoch_brings_most():
    error = recorded("digits")[0][1]
    right = next(bound for bound in (0.6, 0.3, 0.15, 0.0) if error >= bound)
    said = f"{100 * error:.2f} %"
    check(lesson_4.predict_first_epoch(), right, (0.6, 0.3, 0.15, 0.0), said)


def classic_best(rows, patience, increase):
    """The iteration of the best network by the classic loop, over every single iteration."""
    errors, best_loss, best = {row[0] - 1: row[1] for row in rows}, numpy.inf, None
    for iteration in range(rows[-1][0]):
        loss = errors.get(iteration, numpy.inf)
        if loss < best_loss:
            if loss < best_loss * 0.995:
                patience = max(patience, iteration * increase)
            best_loss, best = loss, iteration + 1
        if patience <= iteration:
            break
    return best


def test_lesson_4_which_increase_reaches_the_best_network():
    rows = recorded("mnist")
    reached = [classic_best(rows, 2000, increase) for increase in (2, 1.2)]
    best = min(rows, key=lambda row: row[1])[0]
    assert best == 17400
    choices = [(a, b) for a in (True, False) for b in (True, False)]
    right = tuple(iteration == best for iteration in reached)
    check(lesson_4.predict_patience(), right, choices, f"iteration {reached[1]:,}")


def test_lesson_4_a_learning_rate_of_1_does_not_learn():
    datasets, network = load_data("digits"), LeNet()
    trainer = lenet_trainer(network, datasets, 1.0, 20, 2)
    for _ in trainer:
        pass
    assert network.error(*datasets.validation) > 0.8
    choices = ("faster", "as fast", "slower", "not at all")
    check(lesson_4.predict_learning_rate(), "not at all", choices, f"{max(trainer.costs):,.0f}")


def test_lesson_4_the_table_in_the_lesson_is_the_checkers():
    cells = nbformat.read(ROOT / "notebooks" / lesson_4.NOTEBOOK, as_version=4).cells
    task = next(cell.source for cell in cells if "**2. The cost by hand.**" in cell.source)
    rows = re.findall(r"^\| \w+ \| (\d) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", task, re.M)
    assert tuple(int(row[0]) for row in rows) == lesson_4_checks.LABELS
    table = tuple(tuple(map(float, row[1:])) for row in rows)
    assert table == lesson_4_checks.PROBABILITIES
    assert numpy.allclose(numpy.sum(table, axis=1), 1)


def test_lesson_4_the_tasks_name_the_checkers_numbers():
    cells = nbformat.read(ROOT / "notebooks" / lesson_4.NOTEBOOK, as_version=4).cells
    tasks = " ".join(cell.source for cell in cells if re.match(r"\*\*\d\. |## Exerc", cell.source))
    checks = lesson_4_checks
    assert f"minibatches of {checks.N_COUNTED} from" in tasks
    assert f"first {checks.N_FEW} training digits" in tasks
    assert f"below {100 * checks.ERROR_TO_BEAT:g} % within {checks.EPOCHS_TO_BEAT} epochs" in tasks
    assert f"within {checks.SECONDS_TO_BEAT} seconds" in tasks


def test_lesson_4_settings_that_take_too_long_are_stopped(monkeypatch):
    monkeypatch.setattr(lesson_4_checks, "SECONDS_TO_BEAT", 0.05)
    started = time.monotonic()
    verdict = lesson_4.choose_settings.judge(0.01, 1)
    assert verdict.outcome is Outcome.WRONG
    made = int(re.search(r"made ([\d,]+) of 3,591 updates", verdict.text)[1].replace(",", ""))
    assert 1 <= made < 3591
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("rate", [1e300, 1e30])
def test_lesson_4_no_learning_rate_ends_in_a_traceback(rate):
    verdict = lesson_4.choose_settings.judge(rate, 600)
    assert verdict.outcome is Outcome.WRONG
    assert f"{rate:g}" in verdict.text


def test_lesson_4_few_digits_are_learned_by_heart(capsys):
    lesson_4.train_on_few_digits()
    printed = capsys.readouterr().out
    rows = re.findall(r"training cost ([\d.]+), validation cost ([\d.]+)", printed)
    training, validation = numpy.array(rows, dtype=float).T
    assert len(rows) == len(lesson_4_checks.FEW_EPOCHS)
    assert (numpy.diff(training) < 0).all()
    # What is printed tells the answer: no two lines share the lowest validation cost.
    assert (numpy.sort(validation)[:2] == validation.min()).sum() == 1
    assert 0 < validation.argmin() < len(rows) - 1
