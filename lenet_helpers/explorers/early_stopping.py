"""Lesson 4: where other patience would have ended recorded trainings."""

from lenet_helpers import curves, figures, words
from lenet_helpers.early_stopping import EarlyStopping, replay
from lenet_helpers.runs import RECORDED, recorded_run
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View

PATIENCES = (200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000, 20000)
PATIENCE_INCREASES = (1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0)
THRESHOLDS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
# The names are Theano's tutorials' own, and longer than other labels.
LABEL_WIDTH = "12.5em"
OWN = "own"


def draw_replay(validations, patience, patience_increase, improvement_threshold):
    """Return the `View` of where a rule of early stopping ends a recorded training.

    Parameters
    ----------
    validations : sequence of tuple
        (iteration, validation error, test error or None) in order.
    patience, patience_increase, improvement_threshold
        As `EarlyStopping` takes them.

    Raises
    ------
    ValueError
        As from `replay`.
    """
    ended = replay(validations, EarlyStopping(patience, patience_increase, improvement_threshold))
    figure = curves.early_stopping(
        validations, (ended.iteration, ended.best_iteration), ended.patience
    )
    n_iterations = validations[-1][0]
    if ended.out_of_patience:
        end = words.REPLAY_ENDED.format(iteration=ended.iteration, n_iterations=n_iterations)
    else:
        end = words.REPLAY_GOES_ON.format(
            n_iterations=n_iterations, patience=ended.patience[-1][1]
        )
    best_of_all = [row for row in validations if row[2] is not None][-1]
    missed = words.REPLAY_MISSED_NOTHING
    if best_of_all[0] != ended.best_iteration:
        missed = words.REPLAY_MISSED.format(
            validation=100 * best_of_all[1], iteration=best_of_all[0], test=100 * best_of_all[2]
        )
    best = words.REPLAY_BEST.format(
        validation=100 * ended.validation_error,
        iteration=ended.best_iteration,
        test=100 * ended.test_error,
        missed=missed,
    )
    picture = Picture(words.CAPTION_REPLAY, figures.to_png(figure))
    rule = words.REPLAY_RULE.format(
        patience=patience, increase=patience_increase, threshold=improvement_threshold
    )
    return View((picture,), f"{rule} {end} {best}")


def explore_early_stopping(own=None):
    """Return sliders for a rule of early stopping, and what it makes of recorded trainings.

    Parameters
    ----------
    own : sequence of tuple, optional
        A training of the learner's own: `Trainer.validations`.

    Returns
    -------
    Explorer
    """
    records = {name: recorded_run(name)["validations"] for name in RECORDED}
    choices = dict(zip((words.RECORD_MNIST, words.RECORD_DIGITS), RECORDED, strict=True))
    if own is not None:
        records[OWN] = own
        choices[words.RECORD_OWN] = OWN
    controls = {
        "record": elements.choice(words.LABEL_RECORD, RECORDED[0], choices),
        "patience": elements.choice_slider(words.LABEL_PATIENCE, 10000, PATIENCES),
        "patience_increase": elements.choice_slider(
            words.LABEL_PATIENCE_INCREASE, 2.0, PATIENCE_INCREASES
        ),
        "improvement_threshold": elements.choice_slider(words.LABEL_THRESHOLD, 0.995, THRESHOLDS),
    }
    for name in ("patience", "patience_increase", "improvement_threshold"):
        controls[name].style.description_width = LABEL_WIDTH
    examples = [{}, {"patience": 1000, "patience_increase": 1.5}, {"improvement_threshold": 0.9}]
    return Explorer(
        lambda record, **rule: draw_replay(records[record], **rule), controls, examples
    )
