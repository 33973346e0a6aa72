"""Lesson 4: the training studio, where the learner runs, steers and compares trainings."""

import fcntl
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from lenet_helpers import (
    curves,
    drawing,
    figures,
    kept_designs,
    paths,
    run_data,
    runs,
    sheets,
    words,
)
from lenet_helpers.design import PRESETS
from lenet_helpers.explorers.training import training_state
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Picture, View
from lenet_helpers.widgets.studio import TrainingStudio

import numpy

LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCH_SIZES = (10, 20, 50, 100, 200, 500, 1000)
EPOCHS = (1, 2, 3, 5, 10, 20, 50, 100, 200)
KEPT = "kept"
FILTER_ENLARGEMENT, FILTERS_IN_A_ROW = 6, 20
# The recorded training whose first epochs stand in the studio's place where no kernel runs.
EXAMPLE, EXAMPLE_EPOCHS = "digits", 5


class Trainings:
    """Makes the runs of a `TrainingStudio`, and draws them.

    Parameters
    ----------
    checkpoint : str or path
        The file that the present run is kept in, for another kernel to go on.
    """

    def __init__(self, checkpoint):
        self.checkpoint = Path(checkpoint)

    def plan(self, design, **settings):
        """Return the `RunSettings` that the controls' values stand for."""
        return runs.RunSettings(design=chosen_design(design), **settings)

    def left(self):
        """Return the `RunSettings` of a run that was left before its end, or None."""
        return runs.left_run(self.checkpoint)

    def describe(self, settings):
        """Return settings in words."""
        return words.RUN_SETTINGS.format(
            dataset=settings.dataset,
            n_parameters=settings.design.n_parameters,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
            n_epochs=settings.n_epochs,
        )

    def values(self, settings):
        """Return settings as the controls' values; a design that is no preset is the kept one."""
        names = [name for name, design in PRESETS.items() if design == settings.design]
        return vars(settings) | {"design": names[0] if names else KEPT}

    def load(self, settings):
        """Load the data of a run; MNIST is downloaded if it is not there yet."""
        run_data.make_room(settings)
        run_data.fitted_data(settings.dataset, settings.design)

    def make(self, settings, go_on):
        """Return a `Run`: a new one, or the one that was left."""
        return runs.Run(settings, self.checkpoint, go_on)

    def discard(self):
        """Delete what is kept of a run."""
        # What can't be deleted is offered again by the next kernel, which does no harm.
        with suppress(OSError):
            self.checkpoint.unlink(missing_ok=True)

    def draw(self, run, records):
        """Return the `View` of the present run among earlier ones, as `draw_runs` does."""
        return draw_runs(run, records)

    def stand_in(self):
        """Return a PNG file of a recorded training, and the sentence that belongs to it."""
        recorded = runs.recorded_run(EXAMPLE)
        validations = recorded["validations"][:EXAMPLE_EPOCHS]
        n_train_batches = validations[0][0]
        curve = curves.Curve("", recorded["first_costs"], validations, n_train_batches)
        png = figures.to_png(curves.learning_curves([curve], EXAMPLE_EPOCHS))
        sentence = words.STUDIO_EXAMPLE.format(
            n_epochs=EXAMPLE_EPOCHS,
            first=100 * validations[0][1],
            last=100 * validations[-1][1],
        )
        return drawing.sheet([([(words.CAPTION_CURVES, png)], sentence)]), sentence


def chosen_design(name):
    """Return the `LeNetDesign` that a choice stands for.

    Parameters
    ----------
    name : {'course', 'lenet5', 'tiny', 'kept'}
        A preset's name, or 'kept' for the design that was kept in lesson 3.

    Raises
    ------
    ValueError
        If no design was kept.
    """
    design = kept_designs.kept_design() if name == KEPT else PRESETS[name]
    if design is None:
        raise ValueError(words.NO_KEPT_DESIGN)
    return design


def draw_runs(run, records):
    """Return the `View` of the present run among earlier ones.

    Parameters
    ----------
    run : Run or None
        The present one.
    records : sequence of Record
        The ones to compare it with; one of the present run itself is left out.
    """
    shown = [record for record in records if run is None or record.number != run.number]
    shown += [run.record()] if run else []
    pictures = ()
    if shown:
        drawn = [
            curves.Curve(
                words.NAME_RUN.format(number=record.number),
                record.costs,
                record.validations,
                record.n_train_batches,
                record.number - 1,
            )
            for record in shown
        ]
        n_epochs = shown[-1].settings.n_epochs if run else 0
        png = figures.to_png(curves.learning_curves(drawn, n_epochs))
        pictures += (Picture(words.CAPTION_CURVES, png),)
    if run and numpy.isfinite(run.network.layer0.W.get_value(borrow=True)).all():
        pictures += (draw_filters(run.network.layer0.W.get_value(borrow=True)),)
    return View(pictures, run_state(run), table=runs_table(shown))


def draw_filters(filters):
    """Return the `Picture` of layer 0's filters, all on one scale of greys.

    Parameters
    ----------
    filters : numpy.ndarray
        (filters, 1, rows, columns), dtype float32.
    """
    largest = float(abs(filters).max())
    n_columns = min(len(filters), FILTERS_IN_A_ROW)
    caption = words.CAPTION_FILTERS.format(largest=largest)
    return Picture(caption, sheets.tiles(filters[:, 0], n_columns, FILTER_ENLARGEMENT, largest))


def run_state(run):
    """Return a sentence on the state of a run: iteration, cost, errors, speed, time left."""
    if run is None:
        return ""
    parts = [training_state(run.trainer, run.is_over)]
    if run.examples_per_second:
        parts.append(words.RUN_SPEED.format(speed=run.examples_per_second))
    if run.why_unsaved and not run.is_over:
        parts.append(words.RUN_NOT_SAVED.format(why=run.why_unsaved))
    return " ".join(parts)


def runs_table(records):
    """Return a `elements.Table` of runs, one a row; None if there is no run."""
    rows = []
    for record in records:
        settings, best = record.settings, record.best
        rates = [words.RATE_FROM.format(rate=rate, start=start) for start, rate in record.rates]
        errors = [words.NOT_MEASURED] * 2
        if best:
            errors = [words.PERCENT.format(percent=100 * error) for error in best[1:]]
        done = len(record.costs) / record.n_train_batches
        rows.append(
            (
                words.NAME_RUN.format(number=record.number),
                settings.dataset,
                f"{settings.design.n_parameters:,}",
                f"{record.rates[0][1]:g}" + "".join(rates[1:]),
                f"{settings.batch_size}",
                words.EPOCHS_DONE.format(done=done, n_epochs=settings.n_epochs),
                *errors,
                f"{record.seconds:.1f}",
            )
        )
    heads = (
        words.HEAD_RUN,
        words.HEAD_DATASET,
        words.HEAD_PARAMETERS,
        words.HEAD_RATE,
        words.HEAD_BATCH_SIZE,
        words.HEAD_EPOCHS,
        words.HEAD_BEST,
        words.HEAD_TEST,
        words.HEAD_SECONDS,
    )
    return elements.Table(words.CAPTION_RUNS, heads, rows) if rows else None


def make_studio(checkpoint):
    """Return a `TrainingStudio` whose run is kept in a file.

    Parameters
    ----------
    checkpoint : str or path
        The file.
    """
    designs = {
        words.DESIGN_COURSE: "course",
        words.DESIGN_LENET5: "lenet5",
        words.DESIGN_TINY: "tiny",
        words.DESIGN_KEPT: KEPT,
    }
    controls = {
        "dataset": elements.choice(
            words.LABEL_DATASET,
            "digits",
            {words.DATASET_DIGITS: "digits", words.DATASET_MNIST: "mnist"},
        ),
        "design": elements.choice(words.LABEL_DESIGN, "course", designs),
        "learning_rate": elements.choice_slider(words.LABEL_LEARNING_RATE, 0.1, LEARNING_RATES),
        "batch_size": elements.choice_slider(words.LABEL_BATCH_SIZE, 20, BATCH_SIZES),
        "n_epochs": elements.choice_slider(words.LABEL_EPOCHS, 10, EPOCHS),
    }
    return TrainingStudio(Trainings(checkpoint), controls, live=("learning_rate",))


def claim_checkpoint(folder):
    """Return a file for a run that no other kernel uses, and what keeps it claimed.

    A kernel that ends gives its file free, whatever ended it; the next one finds the run in it.

    Parameters
    ----------
    folder : path
        Where such files are; it is made if it is missing.

    Returns
    -------
    tuple
        (path, an open file that must be kept).

    Raises
    ------
    OSError
        If the folder can't be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while not (lock := _locked(folder / f"studio-{number}.lock")):
        number += 1
    return folder / f"studio-{number}.npz", lock


def _locked(path):
    """Return an open file that this kernel alone has locked, or None."""
    lock = open(path, "w", encoding="ascii")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@cache
def explore_training():
    """Return the kernel's training studio.

    It is the same one each time: a learner who has closed the page, or runs the cell again, finds
    the run that goes on. A run that an earlier kernel left can be resumed.

    Returns
    -------
    TrainingStudio
    """
    try:
        checkpoint, lock = claim_checkpoint(paths.cache_folder() / "runs")
    except OSError:
        # A run that can't be kept for the next kernel can still be trained by this one.
        checkpoint, lock = claim_checkpoint(Path(tempfile.mkdtemp()))
    studio = make_studio(checkpoint)
    studio.lock = lock
    return studio
