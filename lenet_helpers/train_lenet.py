"""Training a LeNet on a data set: the classic `evaluate_lenet` on top of `Trainer`."""

import math
from dataclasses import dataclass

from lenet_helpers import checks, shapes, words
from lenet_helpers.datasets import load_data
from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import LeNet
from lenet_helpers.training import Trainer

import theano
from theano import tensor as T


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Attributes
    ----------
    network : LeNet
        With the parameters of the best validation error.
    validation_error, test_error : float
        The best validation error and the test error measured with it, fractions 0 to 1.
    best_iteration : int
        Updates made when they were measured.
    n_iterations : int
        Updates made in all.
    costs : list of float
        The cost of every iteration, nats per example.
    validations : list of tuple
        (iteration, validation error, test error or None).
    seconds : float
        Time spent in training.
    """

    network: LeNet
    validation_error: float
    test_error: float
    best_iteration: int
    n_iterations: int
    costs: list
    validations: list
    seconds: float


def compile_update(network, train_set):
    """Compile one step of minibatch gradient descent.

    Parameters
    ----------
    network : LeNet
        Its parameters are changed by every call.
    train_set : tuple
        (images, labels), as `load_data` gives them; kept in memory once.

    Returns
    -------
    callable
        ``update(start, stop, learning_rate)`` makes one update with the images from `start` to
        before `stop` and returns the cost before it, nats per example. One compiled function
        serves every batch size and learning rate.

    Raises
    ------
    ValueError
        If the images and labels do not fit the network.
    """
    images, labels = train_set
    images = checks.image_rows(images, network.design.image_shape(), theano.config.floatX)
    labels = checks.class_labels(labels, len(images), network.design.n_classes)
    # Shared variables keep the set where Theano computes; a call passes numbers, not images.
    train_x = theano.shared(images, borrow=True)
    train_y = theano.shared(labels, borrow=True)
    start, stop = T.lscalars("start", "stop")
    learning_rate = T.scalar("learning_rate")
    grads = T.grad(network.cost, network.params)
    return theano.function(
        [start, stop, learning_rate],
        network.cost,
        updates=[
            (param, param - learning_rate * grad)
            for param, grad in zip(network.params, grads, strict=True)
        ],
        givens={network.x: train_x[start:stop], network.y: train_y[start:stop]},
        allow_input_downcast=True,
    )


def lenet_trainer(
    network, datasets, learning_rate=0.1, batch_size=500, n_epochs=200, update=None, **options
):
    """Return a `Trainer` for a network on a data set.

    Parameters
    ----------
    network : LeNet
        Trained in place.
    datasets : tuple
        (train, validation, test), each (images, labels), as `load_data` gives them.
    learning_rate : float or callable
        Step size, above 0; or a function without arguments that tells it before each step.
    batch_size : int
        Images in a minibatch.
    n_epochs : int
        When to end at the latest.
    update : callable, optional
        What `compile_update` gave for this network and training set, where it is there already.
    **options
        `early_stopping`, `checkpoint`, `settings` and `extra` of `Trainer`.

    Raises
    ------
    ValueError
        If the learning rate or the batch size does not work, or as from `compile_update` and
        `Trainer`.

    Notes
    -----
    Images that fill no whole minibatch are left out of training, as in the classic tutorial;
    validation and test count every image.
    """
    train_set, validation_set, test_set = datasets
    n_images = len(train_set[0])
    if callable(learning_rate):
        rate_now = learning_rate
    else:
        rate = positive_number(learning_rate, words.NAME_LEARNING_RATE)

        def rate_now():
            return rate

    batch_size = checked_batch_size(batch_size, n_images)
    # Before the update is compiled, which can take 20 seconds.
    n_epochs = shapes.positive_integer(n_epochs, words.NAME_N_EPOCHS)
    update = update or compile_update(network, train_set)

    def train_model(index):
        return update(index * batch_size, (index + 1) * batch_size, rate_now())

    return Trainer(
        train_model,
        n_images // batch_size,
        validate_model=lambda: network.error(*validation_set),
        test_model=lambda: network.error(*test_set),
        params=network.params,
        n_epochs=n_epochs,
        **options,
    )


# The signature is the classic tutorial's; the list is read and never changed.
def evaluate_lenet(
    learning_rate=0.1,
    n_epochs=200,
    dataset="mnist.pkl.gz",
    nkerns=[20, 50],  # noqa: B006
    batch_size=500,
    *,
    checkpoint=None,
    on_step=None,
):
    """Train LeNet and return how it went.

    Parameters
    ----------
    learning_rate : float
        Step size of gradient descent, above 0.
    n_epochs : int
        Passes through the training set at the most; early stopping may end sooner.
    dataset : str or path
        As `load_data` takes it.
    nkerns : list of int
        Filters in layer 0 and layer 1.
    batch_size : int
        Images in a minibatch.
    checkpoint : str or path, optional
        A file that is written after every validation; a run that was stopped goes on from it.
    on_step : callable, optional
        Called as ``on_step(trainer, step)`` after every iteration: for a progress bar or a plot.

    Returns
    -------
    TrainingResult

    Raises
    ------
    ValueError
        If a setting does not work, the data are broken, or the cost is no longer a number.
    FileNotFoundError, ConnectionError
        If the data are not there, or can't be downloaded.
    """
    network = LeNet(LeNetDesign(nkerns=nkerns))
    datasets = load_data(dataset)
    settings = {
        "dataset": str(dataset),
        "learning_rate": positive_number(learning_rate, words.NAME_LEARNING_RATE),
        "nkerns": [layer.weight_shape[0] for layer in network.design.layers()[:2]],
        "batch_size": checked_batch_size(batch_size, len(datasets.train.images)),
    }
    trainer = lenet_trainer(
        network,
        datasets,
        learning_rate,
        batch_size,
        n_epochs,
        checkpoint=checkpoint,
        settings=settings,
    )
    for step in trainer:
        if on_step is not None:
            on_step(trainer, step)
    trainer.restore_best()
    return TrainingResult(
        network=network,
        validation_error=trainer.early_stopping.best_validation_error,
        test_error=trainer.test_error,
        best_iteration=trainer.early_stopping.best_iteration,
        n_iterations=trainer.iteration,
        costs=trainer.costs,
        validations=trainer.validations,
        seconds=trainer.seconds,
    )


def positive_number(value, name):
    """Return a finite number above 0 as float, or raise a ValueError that says `name`."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise ValueError(words.NOT_A_POSITIVE_NUMBER.format(name=name, value=value))
    return number


def checked_batch_size(batch_size, n_images):
    """Return a batch size from 1 to `n_images` as int, or raise ValueError."""
    batch_size = shapes.positive_integer(batch_size, words.NAME_BATCH_SIZE)
    if batch_size > n_images:
        raise ValueError(words.BATCH_TOO_LARGE.format(batch_size=batch_size, n_images=n_images))
    return batch_size
