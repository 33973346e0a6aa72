"""A trainer that knows nothing of the model: it takes functions and calls them in order.

`Trainer` is an iterator. A script, a progress bar, a live plot and a stop button all use it the
same way: ask for the next step, look at it, and go on or leave.
"""

import json
import math
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from lenet_helpers import checkpoints, shapes, words
from lenet_helpers.early_stopping import EarlyStopping

import numpy


class TrainingDiverged(ValueError):
    """The cost is no longer a number."""


@dataclass(frozen=True)
class Step:
    """What one iteration gave.

    Attributes
    ----------
    iteration : int
        Updates made so far; the first step's is 1.
    epoch : int
        The epoch that the iteration belongs to; the first is 1.
    cost : float
        The minibatch's mean negative log-likelihood before its update, nats per example.
    validation_error : float or None
        Fraction, 0 to 1, where this step ended with a validation.
    test_error : float or None
        Fraction, 0 to 1, where that validation was the best so far.
    """

    iteration: int
    epoch: int
    cost: float
    validation_error: float | None = None
    test_error: float | None = None


class Trainer:
    """Minibatch training with early stopping and checkpoints, one step at a time.

    Parameters
    ----------
    train_model : callable
        ``train_model(minibatch_index)`` makes one update and returns the cost, nats per example.
    n_train_batches : int
        Minibatches in an epoch.
    validate_model, test_model : callable
        Without arguments; return the error on the validation and the test set, 0 to 1.
    params : list
        The parameters, with ``get_value()`` and ``set_value(array)``.
    n_epochs : int
        When to end at the latest.
    early_stopping : EarlyStopping, optional
        When to end earlier; without it, the classic rule.
    checkpoint : str or path, optional
        A file that is written after every validation. If it exists already, the run goes on from
        it, and ends with the numbers of a run that was never stopped.
    settings : dict, optional
        What identifies the run (learning rate, batch size, ...). It is kept in the checkpoint;
        a checkpoint with other settings is refused.
    extra : dict, optional
        What the caller changes on the way and wants back with the run, as JSON can hold it. It is
        kept in the checkpoint, too.

    Attributes
    ----------
    costs : list of float
        The cost of every iteration.
    validations : list of tuple
        (iteration, validation error, test error or None) of every validation.
    seconds : float
        Time spent in steps, runs before a checkpoint included.

    Raises
    ------
    ValueError
        If a number is not a positive integer, or the checkpoint is broken or of another run.
    TrainingDiverged
        From a step, if the cost is not a finite number.
    """

    def __init__(
        self,
        train_model,
        n_train_batches,
        validate_model,
        test_model,
        params,
        n_epochs,
        early_stopping=None,
        checkpoint=None,
        settings=None,
        extra=None,
    ):
        self.train_model = train_model
        self.n_train_batches = shapes.positive_integer(n_train_batches, words.NAME_N_BATCHES)
        self.validate_model = validate_model
        self.test_model = test_model
        self.params = list(params)
        self.n_epochs = shapes.positive_integer(n_epochs, words.NAME_N_EPOCHS)
        self.early_stopping = early_stopping or EarlyStopping()
        self.checkpoint = checkpoint
        # As JSON would give it back, so that a checkpoint's settings compare equal.
        self.settings = json.loads(json.dumps(settings or {}))
        self.extra = extra or {}
        self.validation_frequency = self.early_stopping.validation_frequency(n_train_batches)
        self.costs = []
        self.validations = []
        self.seconds = 0.0
        self.best_params = self._copy_of_params()
        if checkpoint is not None:
            self._resume_if_there()

    def __iter__(self):
        return self

    def __next__(self):
        if self.why_finished is not None:
            raise StopIteration
        started = time.perf_counter()
        with interrupts_held_back():
            step = self._advance()
            self.seconds += time.perf_counter() - started
            if step.validation_error is not None and self.checkpoint is not None:
                self.save(self.checkpoint)
        return step

    @property
    def iteration(self):
        """Updates made so far."""
        return len(self.costs)

    @property
    def n_iterations(self):
        """Updates that `n_epochs` allow."""
        return self.n_epochs * self.n_train_batches

    @property
    def why_finished(self):
        """None while training can go on, else 'patience' or 'epochs'."""
        if self.iteration and self.early_stopping.is_over(self.iteration):
            return "patience"
        return "epochs" if self.iteration >= self.n_iterations else None

    @property
    def test_error(self):
        """The test error at the best validation error, 0 to 1; None before any validation."""
        measured = [test for _, _, test in self.validations if test is not None]
        return measured[-1] if measured else None

    @property
    def seconds_left(self):
        """Estimated time to the last epoch, in seconds; None before the first step."""
        if not self.costs:
            return None
        return self.seconds / self.iteration * (self.n_iterations - self.iteration)

    def restore_best(self):
        """Set the parameters to those with the best validation error."""
        for param, value in zip(self.params, self.best_params, strict=True):
            param.set_value(value)

    def save(self, path):
        """Write the whole state of the run to a checkpoint, atomically."""
        arrays = {f"param_{i}": value for i, value in enumerate(self._copy_of_params())}
        arrays |= {f"best_param_{i}": value for i, value in enumerate(self.best_params)}
        notes = {
            "settings": self.settings,
            "extra": self.extra,
            "costs": self.costs,
            "validations": self.validations,
            "seconds": self.seconds,
            "patience": self.early_stopping.patience,
            "best_validation_error": self.early_stopping.best_validation_error,
            "best_iteration": self.early_stopping.best_iteration,
        }
        checkpoints.save(path, arrays, notes)

    def load(self, path):
        """Set the whole state of the run to that of a checkpoint; raise ValueError if it differs.

        The checkpoint's settings and shapes must be this run's.
        """
        arrays, notes = checkpoints.load(path)
        if notes.get("settings") != self.settings:
            raise ValueError(
                words.OTHER_SETTINGS.format(
                    path=path, found=notes.get("settings"), settings=self.settings
                )
            )
        try:
            now = self._copy_of_params()
            values = [arrays[f"param_{i}"] for i in range(len(self.params))]
            best_values = [arrays[f"best_param_{i}"] for i in range(len(self.params))]
            fit = len(arrays) == 2 * len(now) and all(
                (value.shape, value.dtype) == (param.shape, param.dtype)
                for value, param in zip(values + best_values, now + now, strict=True)
            )
            if not fit:
                raise ValueError
            costs, seconds = [float(cost) for cost in notes["costs"]], float(notes["seconds"])
            validations = [tuple(row) for row in notes["validations"]]
            extra = dict(notes.get("extra", {}))
            stopping = [notes[k] for k in ("patience", "best_validation_error", "best_iteration")]
            if not all(isinstance(number, int | float) for number in stopping):
                raise ValueError
        except (KeyError, TypeError, ValueError):
            raise ValueError(words.BROKEN_CHECKPOINT.format(path=path)) from None
        # Nothing of this run is touched before everything has been read.
        self.costs, self.validations, self.seconds = costs, validations, seconds
        self.extra = extra
        self.best_params = best_values
        rule = self.early_stopping
        rule.patience, rule.best_validation_error, rule.best_iteration = stopping
        for param, value in zip(self.params, values, strict=True):
            param.set_value(value)

    def _advance(self):
        epoch, minibatch_index = divmod(self.iteration, self.n_train_batches)
        cost = float(self.train_model(minibatch_index))
        if not math.isfinite(cost):
            raise TrainingDiverged(words.DIVERGED.format(iteration=self.iteration + 1, cost=cost))
        self.costs.append(cost)
        validation_error = test_error = None
        if self.iteration % self.validation_frequency == 0:
            validation_error = float(self.validate_model())
            if self.early_stopping.update(self.iteration, validation_error):
                test_error = float(self.test_model())
                self.best_params = self._copy_of_params()
            self.validations.append((self.iteration, validation_error, test_error))
        return Step(self.iteration, epoch + 1, cost, validation_error, test_error)

    def _copy_of_params(self):
        return [numpy.array(param.get_value()) for param in self.params]

    def _resume_if_there(self):
        try:
            self.load(self.checkpoint)
        except FileNotFoundError:
            return


@contextmanager
def interrupts_held_back():
    """Let a Ctrl-C (or Jupyter's stop button) wait until the block has ended.

    A step that is cut in the middle would leave some parameters updated and some not. A second
    Ctrl-C does not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = []

    def hold(signal_number, frame):
        if held:
            raise KeyboardInterrupt
        held.append(signal_number)

    previous = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous or signal.SIG_DFL)
    if held:
        raise KeyboardInterrupt
