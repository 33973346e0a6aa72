"""A LeNet that this course has trained on MNIST, as it was at four stages of its training.

`data/README.md` tells how the files were made. They hold float16 numbers: half the bytes, and
the same errors to every digit. Arithmetic stays float32.
"""

from functools import cache
from typing import NamedTuple

from lenet_helpers import checkpoints, checks, paths, words
from lenet_helpers.lenet import LeNet

import numpy

STAGES = ("initial", "epoch 1", "epoch 10", "best")
STORED_DTYPE = "float16"


class Stage(NamedTuple):
    """The weights at a stage of the training, and what was measured with them on MNIST.

    Attributes
    ----------
    values : list of numpy.ndarray
        The parameters in the order of `LeNet.params`, dtype float16.
    iteration : int
        Updates made until then; 100 make an epoch.
    validation_error, test_error : float
        Fractions, 0 to 1, of MNIST's 10,000 validation and 10,000 test digits.
    confusion : numpy.ndarray
        (10, 10), whole numbers: how many test digits of each class (row) got each class (column).
    """

    values: list
    iteration: int
    validation_error: float
    test_error: float
    confusion: numpy.ndarray


@cache
def load_stage(name):
    """Read the weights at a stage of the training.

    Parameters
    ----------
    name : {'initial', 'epoch 1', 'epoch 10', 'best'}
        The stage; the best is the one with the lowest validation error in 200 epochs.

    Returns
    -------
    Stage

    Raises
    ------
    ValueError
        If there is no such stage, or its file is broken.
    FileNotFoundError
        If the file is missing.
    """
    arrays, notes = checkpoints.load(paths.DATA_FOLDER / file_name(name))
    values = [arrays[f"param_{i}"] for i in range(len(arrays))]
    return Stage(values, **notes | {"confusion": numpy.array(notes["confusion"])})


def trained_lenet(stage="best"):
    """Return a LeNet of the course's design with the weights of a stage, as from `load_stage`."""
    network = LeNet()
    network.set_values(load_stage(stage).values)
    return network


@cache
def shared_lenet(stage="best"):
    """Return what `trained_lenet` returns, but for each stage one network: only read its weights.

    Explorers share these networks, and several threads may use them at once.
    """
    return trained_lenet(stage)


def file_name(stage):
    """Return the name of a stage's file in data/."""
    checks.one_of(stage, STAGES, words.NAME_STAGE)
    return f"lenet_{stage.replace(' ', '_')}.npz"
