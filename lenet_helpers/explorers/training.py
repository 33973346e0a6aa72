"""Lesson 4: a training to look at while it runs, and one with the learner's hands on it."""

from lenet_helpers import figures, words
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import compile_update, lenet_trainer
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.training import TrainingView, training_studio

from IPython.display import display

LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCH_SIZES = (10, 20, 50, 100, 200, 400)


def draw_training(trainer):
    """Return a PNG file of a training's curves so far, and a sentence on its state."""
    figure = figures.learning_curve(
        trainer.costs, trainer.validations, trainer.n_train_batches, trainer.n_epochs
    )
    return figures.to_png(figure), training_state(trainer)


def training_state(trainer):
    """Return a sentence on the state of a training: epoch, cost, errors, time left."""
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
    else:
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


def explore_training(datasets, n_epochs=3):
    """Return controls for learning rate and batch size, with a train and a stop button.

    Parameters
    ----------
    datasets : Datasets
        As `load_data` gives them.
    n_epochs : int
        Epochs of one training.

    Returns
    -------
    ipywidgets.VBox
    """
    compiled = []

    def make_trainer(learning_rate, batch_size):
        # Compiled at the first training, not while the lesson opens; every later one starts
        # again from the same initial weights.
        if not compiled:
            network = LeNet()
            compiled.extend([network, compile_update(network, datasets[0]), network.get_values()])
        network, update, initial_values = compiled
        network.set_values(initial_values)
        return lenet_trainer(network, datasets, learning_rate, batch_size, n_epochs, update)

    n_images = len(datasets[0].images)
    sizes = [size for size in BATCH_SIZES if size <= n_images] or [n_images]
    start = sizes[min(1, len(sizes) - 1)]
    return training_studio(
        make_trainer,
        draw_training,
        learning_rate=elements.choice_slider(words.LABEL_LEARNING_RATE, 0.1, LEARNING_RATES),
        batch_size=elements.choice_slider(words.LABEL_BATCH_SIZE, start, sizes),
    )
