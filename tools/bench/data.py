"""The files that contestants read: the same weights, images and labels for all."""

import os
from pathlib import Path

from lenet_helpers import paths
from lenet_helpers.datasets import MNIST_VARIABLE, download, load_data

import numpy

from tools.bench import network

SEED = 1


def write(folder, n_images=network.N_STEP):
    """Write the weights and `n_images` images with labels; return the name of the data set.

    MNIST, if this machine has it; if not, the course's own digits over and over. Its pixels
    matter: in a black corner all four cells of a pooling window tie, with noise none ever do.
    """
    name = "mnist" if has_mnist() else "digits"
    splits = load_data(name)
    images = numpy.concatenate([splits.train.images, splits.validation.images])
    labels = numpy.concatenate([splits.train.labels, splits.validation.labels])
    chosen = numpy.arange(n_images) % len(images)
    folder = Path(folder)
    images[chosen].tofile(folder / network.IMAGES)
    labels[chosen].tofile(folder / network.LABELS)
    numpy.concatenate([part.ravel() for part in weights()]).tofile(folder / network.WEIGHTS)
    return name


def weights():
    """Return the weights and biases that all start from, none of them zero, dtype float32."""
    rng = numpy.random.RandomState(SEED)
    parts = []
    for shape in network.SHAPES:
        fan_in = int(numpy.prod(shape[1:])) if len(shape) == 4 else shape[0]
        parts.append(rng.uniform(-1, 1, shape).astype("float32") / numpy.float32(fan_in**0.5))
    return parts


def has_mnist():
    """Return whether MNIST is on this machine, so that nothing has to be downloaded."""
    folder = paths.cache_folder() / "mnist"
    downloaded = all((folder / name).is_file() for name in download.SHA256)
    return bool(os.environ.get(MNIST_VARIABLE)) or downloaded
