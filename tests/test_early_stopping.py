"""The replay of a recorded training under another rule: the real trainer on the same errors."""

import itertools
import json
import re

from lenet_helpers import paths, words
from lenet_helpers.early_stopping import EarlyStopping, replay
from lenet_helpers.training import Trainer

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import oracles

FILES = ("mnist_run.json", "digits_run.json")
PATIENCES = (200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000, 20000)
INCREASES = (1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0)
THRESHOLDS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)


def record_of(errors, interval):
    """Return validations as a trainer records them: a test error where the error is the best."""
    rows, best = [], numpy.inf
    for number, error in enumerate(errors, 1):
        rows.append((interval * number, error, error / 3 if error < best else None))
        best = min(best, error)
    return rows


def stored(name):
    return json.loads((paths.DATA_FOLDER / name).read_text(encoding="ascii"))["validations"]


def as_trained(record, rule):
    """Train with the recorded errors; return the trainer, and the patience where it was raised."""
    rows = {iteration: errors for iteration, *errors in record}
    interval = record[0][0]
    trainer = Trainer(
        lambda index: 1.0,
        interval,
        validate_model=lambda: rows[trainer.iteration][0],
        test_model=lambda: rows[trainer.iteration][1],
        params=[],
        n_epochs=record[-1][0] // interval,
        early_stopping=rule,
    )
    raised = [(0, rule.patience)]
    for step in trainer:
        if rule.patience != raised[-1][1]:
            raised.append((step.iteration, rule.patience))
    return trainer, raised


def check_against_the_trainer(record, *rule):
    trainer, raised = as_trained(record, EarlyStopping(*rule))
    found = replay(record, EarlyStopping(*rule))
    assert found.iteration == trainer.iteration
    assert ("patience" if found.out_of_patience else "epochs") == trainer.why_finished
    assert found.best_iteration == trainer.early_stopping.best_iteration
    assert found.validation_error == trainer.early_stopping.best_validation_error
    assert found.test_error == trainer.test_error
    assert found.patience == raised


def tutorials_loop(record, patience, patience_increase, improvement_threshold):
    """The classic tutorial's loop, minibatches counted from 0, which looks its errors up.

    Returns (iterations, whether patience ended it, best iteration from 1, its errors).
    """
    errors = {iteration: (validation, test) for iteration, validation, test in record}
    n_train_batches = record[0][0]
    n_epochs = record[-1][0] // n_train_batches
    validation_frequency = min(n_train_batches, patience // 2)
    best_validation_loss, best_iter, test_score = numpy.inf, 0, 0.0
    epoch, done_looping = 0, False
    while (epoch < n_epochs) and (not done_looping):
        epoch = epoch + 1
        for minibatch_index in range(n_train_batches):
            iteration = (epoch - 1) * n_train_batches + minibatch_index
            if (iteration + 1) % validation_frequency == 0:
                this_validation_loss = errors[iteration + 1][0]
                if this_validation_loss < best_validation_loss:
                    if this_validation_loss < best_validation_loss * improvement_threshold:
                        patience = max(patience, iteration * patience_increase)
                    best_validation_loss = this_validation_loss
                    best_iter = iteration
                    test_score = errors[iteration + 1][1]
            if patience <= iteration:
                done_looping = True
                break
    return iteration + 1, done_looping, best_iter + 1, best_validation_loss, test_score


some_errors = st.lists(
    st.one_of(st.integers(0, 12).map(lambda n: n / 12), st.sampled_from([0.5, 0.4999, 0.4975])),
    min_size=1,
    max_size=25,
)


@given(
    errors=some_errors,
    interval=st.integers(1, 9),
    more=st.integers(0, 60),
    increase=st.sampled_from((0.5, *INCREASES)),
    threshold=st.sampled_from((0.0, 0.5, *THRESHOLDS)),
)
@example(errors=[0.5, 0.4], interval=3, more=0, increase=1.0, threshold=1.0)
@example(errors=[0.5] * 25, interval=1, more=3, increase=2.0, threshold=0.995)
def test_a_replay_is_the_trainer_and_the_tutorials_loop(
    errors, interval, more, increase, threshold
):
    record, rule = record_of(errors, interval), (2 * interval + more, increase, threshold)
    check_against_the_trainer(record, *rule)
    assert tuple(replay(record, EarlyStopping(*rule)))[:5] == tutorials_loop(record, *rule)


@pytest.mark.parametrize("name", FILES)
def test_every_rule_of_the_explorer_on_the_stored_trainings(name):
    record, ends = stored(name), set()
    for rule in itertools.product(PATIENCES, INCREASES, THRESHOLDS):
        found = replay(record, EarlyStopping(*rule))
        assert tuple(found)[:5] == tutorials_loop(record, *rule), rule
        ends.add(found.out_of_patience)
    assert ends == {True, False}


@pytest.mark.parametrize("name", FILES)
def test_the_trainer_on_the_stored_trainings(name):
    record, random = stored(name), numpy.random.RandomState(0)
    choices = [random.choice(values, 8) for values in (PATIENCES, INCREASES, THRESHOLDS)]
    for patience, *others in zip(*choices, strict=True):
        check_against_the_trainer(record, int(patience), *others)


def test_the_longer_patience_never_ends_earlier():
    for name in FILES:
        ends = [replay(stored(name), EarlyStopping(patience)).iteration for patience in PATIENCES]
        assert ends == sorted(ends)


def test_the_patience_that_is_told_is_where_it_was_raised():
    # 0.4 at iteration 20 raises patience to 19 x 3; 0.399 at 30 is no real improvement.
    record = record_of([0.5, 0.4, 0.399, 0.399, 0.399, 0.399, 0.399], 10)
    found = replay(record, EarlyStopping(25, 3, 0.99))
    assert found.patience == [(0, 25), (10, 27), (20, 57)]
    assert (found.iteration, found.out_of_patience) == (58, True)
    assert (found.best_iteration, found.validation_error) == (30, 0.399)


def test_the_record_is_not_changed():
    record = record_of([0.5, 0.4, 0.45], 4)
    before = list(record)
    replay(record, EarlyStopping(8))
    assert record == before


# --- What is refused ---


@pytest.mark.parametrize("nothing", [[], ()])
def test_an_empty_record(nothing):
    with pytest.raises(ValueError, match="no validation") as caught:
        replay(nothing, EarlyStopping())
    assert str(caught.value) == words.NOTHING_RECORDED


@pytest.mark.parametrize("interval", [2, 7, 59, 100])
def test_a_patience_below_twice_the_interval_is_refused_with_one_that_works(interval):
    record = record_of([0.5, 0.4, 0.45], interval)
    for patience in {2, interval, 2 * interval - 1}:
        if patience < 2:
            continue
        with pytest.raises(ValueError, match=f"patience is {patience},") as caught:
            replay(record, EarlyStopping(patience))
        assert oracles.is_plain(str(caught.value), patience, interval)
        (smallest,) = re.findall(r"at least (\d+)", str(caught.value))
        check_against_the_trainer(record, int(smallest), 2, 0.995)
        # It is the smallest: with one less the trainer would ask for an error not recorded.
        with pytest.raises(KeyError):
            as_trained(record, EarlyStopping(int(smallest) - 1))


def test_a_record_of_every_iteration_refuses_no_patience():
    check_against_the_trainer(record_of([0.5, 0.4, 0.45], 1), 2, 2, 0.995)
