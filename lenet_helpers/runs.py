"""Runs: trainings that can be paused, steered, left, and compared with each other."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from lenet_helpers import checkpoints, checks, kept_designs, paths, run_data, shapes, words
from lenet_helpers.design import LeNetDesign
from lenet_helpers.train_lenet import lenet_trainer, positive_number

# The rates at which a run was trained: [first iteration, learning rate] each.
RATES = "learning_rates"
RECORDED = ("mnist", "digits")


@dataclass(frozen=True)
class RunSettings:
    """What a run is made of.

    Attributes
    ----------
    dataset : str
        As `load_data` takes it.
    design : LeNetDesign
        The network's sizes. Images smaller than its own are laid in the middle of larger paper.
    learning_rate : float
        The first step size, above 0.
    batch_size : int
        Images in a minibatch.
    n_epochs : int
        Passes through the training set at the most.
    """

    dataset: str = "digits"
    design: LeNetDesign = LeNetDesign()  # noqa: RUF009
    learning_rate: float = 0.1
    batch_size: int = 20
    n_epochs: int = 5


class Record(NamedTuple):
    """What stays of a run to compare it with others.

    Attributes
    ----------
    number : int
        Its place among the runs; the first is 1.
    settings : RunSettings
        What it was made of.
    rates : list of list
        [first iteration, learning rate] of each part of the run.
    costs : list of float
        The cost of every iteration, nats per example.
    validations : list of tuple
        (iteration, validation error, test error or None), errors as fractions.
    n_train_batches : int
        Iterations in an epoch.
    seconds : float
        Time spent in training.
    """

    number: int
    settings: RunSettings
    rates: list
    costs: list
    validations: list
    n_train_batches: int
    seconds: float

    @property
    def best(self):
        """(iteration, validation error, test error) of the best validation, or None."""
        measured = [row for row in self.validations if row[2] is not None]
        return measured[-1] if measured else None


class Run:
    """A training of a LeNet: an iterator over its steps, as `Trainer` is.

    Parameters
    ----------
    settings : RunSettings
        What it is made of.
    checkpoint : str or path, optional
        A file that is written after each validation and by `save`. An older one is deleted,
        unless the run shall go on from it.
    go_on : bool
        Whether to go on from the checkpoint.

    Attributes
    ----------
    number : int
        Its place among others; 1 until it is set.
    settings : RunSettings
        As given.
    network : LeNet
        Trained in place; runs of the same design on the same data share it.
    trainer : Trainer
        The training.
    is_over : bool
        Whether it was ended, by itself or by somebody; False until it is set.
    why_unsaved : str or None
        Why the checkpoint could not be written the last time; a run goes on without it.

    Raises
    ------
    ValueError
        If a setting does not work, or the data do not fit the design.
    FileNotFoundError, ConnectionError
        As from `load_data`.
    """

    def __init__(self, settings, checkpoint=None, go_on=False):
        self.number, self.settings, self.checkpoint = 1, settings, checkpoint
        self.is_over, self.why_unsaved = False, None
        first_rate = positive_number(settings.learning_rate, words.NAME_LEARNING_RATE)
        run_data.check_memory(settings)
        run_data.make_room(settings)
        self.network, update, initial_values = run_data.compiled_update(
            settings.dataset, settings.design
        )
        self.network.set_values(initial_values)
        if checkpoint is not None and not go_on:
            Path(checkpoint).unlink(missing_ok=True)
        self.trainer = lenet_trainer(
            self.network,
            run_data.fitted_data(settings.dataset, settings.design),
            lambda: self.learning_rate,
            settings.batch_size,
            settings.n_epochs,
            update,
            settings=asdict(settings),
            extra={RATES: [[1, first_rate]]},
        )
        if go_on and checkpoint is not None:
            # Without a file there is nothing to go on from, and the run starts.
            with suppress(FileNotFoundError):
                self.trainer.load(checkpoint)

    def __iter__(self):
        return self

    def __next__(self):
        step = next(self.trainer)
        if step.validation_error is not None:
            self.save()
        return step

    @property
    def learning_rate(self):
        """The step size of the next update; it can be set at any time."""
        return self.trainer.extra[RATES][-1][1]

    @learning_rate.setter
    def learning_rate(self, rate):
        """Set the step size of the next update; ValueError if it is not above 0."""
        rate, rates = positive_number(rate, words.NAME_LEARNING_RATE), self.trainer.extra[RATES]
        if rate == rates[-1][1]:
            return
        if rates[-1][0] == self.trainer.iteration + 1:
            rates.pop()  # no step was made at that rate
        if not rates or rates[-1][1] != rate:
            rates.append([self.trainer.iteration + 1, rate])

    @property
    def examples_per_second(self):
        """Training images a second, validations included; None before the first step."""
        trainer = self.trainer
        return (
            trainer.iteration * self.settings.batch_size / trainer.seconds
            if trainer.costs
            else None
        )

    def save(self):
        """Write the checkpoint now; where that fails, say why in `why_unsaved`."""
        if self.checkpoint is None:
            return
        try:
            self.trainer.save(self.checkpoint)
            self.why_unsaved = None
        except OSError as error:
            # A full disk is no reason to lose what was learned.
            self.why_unsaved = error.strerror or type(error).__name__

    def record(self):
        """Return what stays of the run, as a `Record`."""
        trainer = self.trainer
        return Record(
            self.number,
            self.settings,
            [list(part) for part in trainer.extra[RATES]],
            list(trainer.costs),
            list(trainer.validations),
            trainer.n_train_batches,
            trainer.seconds,
        )


def recorded_run(name):
    """Read the log of a training that comes with the course.

    Parameters
    ----------
    name : {'mnist', 'digits'}
        The data that it was trained on; both ran for 200 epochs.

    Returns
    -------
    dict
        `settings`; `seconds`; `untrained_errors`, validation and test; `first_costs`, of 100
        iterations; and `validations`: [iteration, validation error, test error or None] each.
    """
    path = paths.DATA_FOLDER / f"{checks.one_of(name, RECORDED, words.NAME_RECORD)}_run.json"
    return json.loads(path.read_text(encoding="ascii"))


def left_run(checkpoint):
    """Read the settings of a run that was left before its end.

    Parameters
    ----------
    checkpoint : str or path
        The file that the run wrote.

    Returns
    -------
    RunSettings or None
        None if there is no such file, or none that can be read.
    """
    try:
        _, notes = checkpoints.load(checkpoint)
        settings, rates = dict(notes["settings"]), notes["extra"][RATES]
        design = kept_designs.check_size(LeNetDesign(**settings.pop("design")))
        left = RunSettings(design=design, **settings)
        # A file that was altered may hold anything; what is returned can be shown and trained.
        numbers = [left.learning_rate, *(rate for _, rate in rates)]
        for number in numbers:
            positive_number(number, words.NAME_LEARNING_RATE)
        for count in (left.batch_size, left.n_epochs, *(start for start, _ in rates)):
            shapes.positive_integer(count, words.NAME_N_EPOCHS)
        is_usable = (
            rates == list(rates) != []
            and isinstance(left.dataset, str)
            and all(type(number) in (int, float) for number in numbers)
        )
        return left if is_usable else None
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None
