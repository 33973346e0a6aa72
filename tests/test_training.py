"""The trainer and its early stopping, with functions that only recite recorded numbers."""

import math
import signal
import threading

from lenet_helpers.training import (
    EarlyStopping,
    Step,
    Trainer,
    TrainingDiverged,
    interrupts_held_back,
)

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st


class Param:
    """A stand-in for a shared variable."""

    def __init__(self, value):
        self.value = numpy.array(value, dtype="float32")

    def get_value(self, borrow=False):
        return self.value if borrow else self.value.copy()

    def set_value(self, value):
        self.value = numpy.array(value)


class Model:
    """Recites validation errors; every update adds 1 to the parameters."""

    def __init__(self, validation_errors, cost=lambda n: 1 / n):
        self.params = [Param([0, 0]), Param([[0.5]])]
        self.validation_errors = validation_errors
        self.cost = cost
        self.n_updates = self.n_validations = 0
        self.indices = []

    def train(self, index):
        self.indices.append(index)
        self.n_updates += 1
        for param in self.params:
            param.value += 1  # in place, as Theano may do it
        return self.cost(self.n_updates)

    def validate(self):
        self.n_validations += 1
        return self.validation_errors[(self.n_validations - 1) % len(self.validation_errors)]

    def test(self):
        # Tells at which update it was measured.
        return self.n_updates / 1000

    def trainer(self, n_batches=3, n_epochs=4, **options):
        return Trainer(
            self.train, n_batches, self.validate, self.test, self.params, n_epochs, **options
        )


def classic_loop(n_train_batches, n_epochs, validation_errors, patience, increase, threshold):
    """The loop of the classic tutorial, on recorded validation errors.

    Returns (iterations, best error, best iteration counted from 1, test error, patience).
    """
    validation_frequency = min(n_train_batches, patience // 2)
    best_validation_loss = numpy.inf
    best_iter = 0
    test_score = None
    epoch = 0
    iterations = 0
    done_looping = False
    recorded = iter(validation_errors * 1000)
    while (epoch < n_epochs) and (not done_looping):
        epoch = epoch + 1
        for minibatch_index in range(n_train_batches):
            iter_ = (epoch - 1) * n_train_batches + minibatch_index
            iterations += 1  # the update
            if (iter_ + 1) % validation_frequency == 0:
                this_validation_loss = next(recorded)
                if this_validation_loss < best_validation_loss:
                    if this_validation_loss < best_validation_loss * threshold:
                        patience = max(patience, iter_ * increase)
                    best_validation_loss = this_validation_loss
                    best_iter = iter_ + 1
                    test_score = iterations / 1000
            if patience <= iter_:
                done_looping = True
                break
    return iterations, best_validation_loss, best_iter, test_score, patience


# --- The classic rule ---


@given(
    n_batches=st.integers(1, 12),
    n_epochs=st.integers(1, 8),
    errors=st.lists(st.sampled_from([0.5, 0.4, 0.3999, 0.398, 0.3, 0.2, 0.1, 0.0]), min_size=1),
    patience=st.integers(2, 40),
    increase=st.sampled_from([1, 1.5, 2, 3]),
    threshold=st.sampled_from([1.0, 0.995, 0.9, 0.5]),
)
@example(n_batches=2, n_epochs=50, errors=[0.5], patience=4, increase=2, threshold=0.995)
def test_training_is_the_classic_loop(n_batches, n_epochs, errors, patience, increase, threshold):
    expected = classic_loop(n_batches, n_epochs, errors, patience, increase, threshold)
    model = Model(errors)
    rule = EarlyStopping(patience, increase, threshold)
    trainer = model.trainer(n_batches, n_epochs, early_stopping=rule)
    steps = list(trainer)
    found = (
        trainer.iteration,
        rule.best_validation_error,
        rule.best_iteration,
        trainer.test_error,
        rule.patience,
    )
    assert found == expected
    assert len(steps) == model.n_updates == trainer.iteration
    assert trainer.why_finished in ("patience", "epochs")
    out_of_time = trainer.iteration < n_batches * n_epochs
    assert trainer.why_finished == "patience" or not out_of_time


def test_the_defaults_are_the_classic_ones():
    rule = EarlyStopping()
    assert (rule.patience, rule.patience_increase, rule.improvement_threshold) == (10000, 2, 0.995)
    assert rule.validation_frequency(100) == 100
    assert rule.validation_frequency(7000) == 5000


@pytest.mark.parametrize("patience", [1, 0, -3, 2.5, "10", None, True])
def test_a_patience_that_does_not_work(patience):
    with pytest.raises(ValueError, match="patience"):
        EarlyStopping(patience)


# --- Steps ---


def test_each_step_tells_what_happened():
    model = Model([0.5, 0.4])
    trainer = model.trainer(n_batches=2, n_epochs=2)
    assert list(trainer) == [
        Step(1, 1, 1.0),
        Step(2, 1, 0.5, 0.5, 0.002),
        Step(3, 2, 1 / 3),
        Step(4, 2, 0.25, 0.4, 0.004),
    ]
    assert model.indices == [0, 1, 0, 1]
    assert trainer.costs == [1.0, 0.5, 1 / 3, 0.25]
    assert trainer.validations == [(2, 0.5, 0.002), (4, 0.4, 0.004)]
    assert trainer.n_iterations == 4
    assert next(trainer, "no more") == "no more"


def test_leaving_and_going_on_is_the_same_as_never_leaving():
    one, other = Model([0.5, 0.4, 0.45]), Model([0.5, 0.4, 0.45])
    straight, broken = one.trainer(), other.trainer()
    steps = list(straight)
    first = [next(broken) for _ in range(5)]
    assert first + list(broken) == steps
    assert broken.costs == straight.costs


def test_restore_best_brings_back_the_best_parameters():
    model = Model([0.5, 0.2, 0.3, 0.4])
    trainer = model.trainer(n_batches=3, n_epochs=4)
    list(trainer)
    assert model.params[0].value.tolist() == [12, 12]
    trainer.restore_best()
    assert model.params[0].value.tolist() == [6, 6]
    assert model.params[1].value.tolist() == [[6.5]]
    assert trainer.early_stopping.best_iteration == 6
    assert trainer.test_error == 0.006


def test_before_the_first_validation_the_best_are_the_first_parameters():
    model = Model([0.5])
    trainer = model.trainer(n_batches=3)
    next(trainer)
    assert trainer.test_error is None
    trainer.restore_best()
    assert model.params[0].value.tolist() == [0, 0]


def test_seconds_left_follow_from_the_seconds_spent():
    trainer = Model([0.5]).trainer(n_batches=3, n_epochs=4)
    assert trainer.seconds_left is None
    next(trainer)
    assert trainer.seconds > 0
    trainer.seconds = 2.0
    assert trainer.seconds_left == 22.0
    for _ in trainer:
        pass
    assert trainer.seconds_left == 0


@pytest.mark.parametrize("cost", [math.nan, math.inf, -math.inf])
def test_a_cost_that_is_no_number(cost):
    model = Model([0.5], cost=lambda n: cost if n == 3 else 1.0)
    trainer = model.trainer()
    next(trainer)
    next(trainer)
    with pytest.raises(TrainingDiverged, match="smaller learning rate") as caught:
        next(trainer)
    assert isinstance(caught.value, ValueError)
    assert "iteration 3" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert trainer.costs == [1.0, 1.0]


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "3", None, True])
@pytest.mark.parametrize("name", ["n_batches", "n_epochs"])
def test_counts_that_do_not_work(name, wrong):
    with pytest.raises(ValueError, match=r"epoch.* is "):
        Model([0.5]).trainer(**{name: wrong})


# --- Ctrl-C ---


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def usual_interrupts():
    """Ctrl-C raises KeyboardInterrupt, whatever the test was started from; it must stay so."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("usual_interrupts")
def test_an_interrupt_during_a_step_waits_for_its_end():
    model = Model([0.5])
    train = model.train

    def train_and_interrupt(index):
        if model.n_updates == 1:
            press_ctrl_c()
        return train(index)

    model.train = train_and_interrupt
    trainer = model.trainer(n_batches=2)
    next(trainer)
    with pytest.raises(KeyboardInterrupt):
        next(trainer)
    # The step is whole: update, cost, validation and test.
    assert model.params[0].value.tolist() == [2, 2]
    assert trainer.costs == [1.0, 0.5]
    assert trainer.validations == [(2, 0.5, 0.002)]
    assert next(trainer).iteration == 3


@pytest.mark.usefixtures("usual_interrupts")
def test_an_interrupt_waits_for_the_checkpoint(tmp_path):
    model = Model([0.5])
    validate = model.validate

    def validate_and_interrupt():
        press_ctrl_c()
        return validate()

    model.validate = validate_and_interrupt
    trainer = model.trainer(n_batches=1, checkpoint=tmp_path / "run.npz")
    with pytest.raises(KeyboardInterrupt):
        next(trainer)
    assert Model([0.5]).trainer(n_batches=1, checkpoint=tmp_path / "run.npz").iteration == 1


@pytest.mark.usefixtures("usual_interrupts")
def test_a_second_interrupt_does_not_wait():
    reached = []

    def interrupt_twice():
        with interrupts_held_back():
            press_ctrl_c()
            reached.append("after the first")
            press_ctrl_c()
            reached.append("after the second")

    with pytest.raises(KeyboardInterrupt):
        interrupt_twice()
    assert reached == ["after the first"]


@pytest.mark.usefixtures("usual_interrupts")
def test_an_error_inside_a_step_is_not_hidden_by_an_interrupt():
    def interrupt_and_fail():
        with interrupts_held_back():
            press_ctrl_c()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupt_and_fail()


def test_training_runs_in_a_thread():
    trainer = Model([0.5, 0.4]).trainer()
    thread = threading.Thread(target=lambda: list(trainer))
    thread.start()
    thread.join(30)
    assert trainer.iteration == 12
