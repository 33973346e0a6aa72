"""Lesson 4: a training to look at while it runs."""

from lenet_helpers import curves, figures, words
from lenet_helpers.widgets.explorer import Picture, View
from lenet_helpers.widgets.training import TrainingView

from IPython.display import display


def draw_training(trainer):
    """Return the `View` of a training's curves so far, and its state in words."""
    curve = curves.Curve("", trainer.costs, trainer.validations, trainer.n_train_batches)
    png = figures.to_png(curves.learning_curves([curve], trainer.n_epochs))
    return View((Picture(words.CAPTION_CURVES, png),), training_state(trainer))


def training_state(trainer, is_over=False):
    """Return a sentence on the state of a training: epoch, cost, errors, time left if it has any.

    Parameters
    ----------
    trainer : Trainer
        The training.
    is_over : bool
        Whether somebody has ended it.
    """
    if not trainer.costs:
        return words.TRAINING_STARTS
    parts = [
        words.TRAINING_STATE.format(
            iteration=trainer.iteration,
            n_iterations=trainer.n_iterations,
            cost=trainer.costs[-1],
        )
    ]
    if trainer.validations:
        best = trainer.early_stopping
        parts.append(
            words.TRAINING_BEST.format(
                percent=100 * best.best_validation_error, iteration=best.best_iteration
            )
        )
    if trainer.why_finished == "patience":
        parts.append(words.OUT_OF_PATIENCE)
    elif trainer.why_finished == "epochs":
        parts.append(words.TRAINING_ENDED.format(seconds=trainer.seconds))
    elif not is_over:
        parts.append(words.TIME_LEFT.format(seconds=trainer.seconds_left))
    return " ".join(parts)


def watch_training(trainer):
    """Run a training to its end with a progress bar, a time estimate and a live curve.

    Jupyter's stop button ends it between two steps; running the cell again goes on.

    Parameters
    ----------
    trainer : Trainer
        Advanced in place.
    """
    view = TrainingView(draw_training)
    display(view.box)
    remark = ""
    try:
        for _ in trainer:
            view.update(trainer)
    except KeyboardInterrupt:
        remark = words.TRAINING_INTERRUPTED.format(iteration=trainer.iteration)
    view.finish(trainer, remark)
