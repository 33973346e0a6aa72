"""The course, and stock Theano: which of them is a matter of environment variables.

Nothing of either is imported before it is asked for, so that a start can be timed.
"""

import os
import time
from pathlib import Path

from tools.bench import network, worker

PICTURE_SHAPE = (1, 3, 500, 500)


def training(folder, batch):
    """Make ready one training step; it returns the cost before it."""
    model, (images, labels) = _network(folder, network.N_STEP)
    from lenet_helpers.train_lenet import compile_update

    update = compile_update(model, (images, labels))
    bounds = network.minibatches(network.N_STEP, batch)

    def step():
        return float(update(*next(bounds), network.LEARNING_RATE))

    return step, {"own ops": own_ops(update)}


def epoch(folder, batch):
    """Make ready one epoch of training and a validation; it returns the validation error."""
    model, (images, labels) = _network(folder, network.N_TRAIN + network.N_VALIDATION)
    from lenet_helpers.train_lenet import compile_update

    train, validation = slice(None, network.N_TRAIN), slice(network.N_TRAIN, None)
    update = compile_update(model, (images[train], labels[train]))

    def run():
        for start in range(0, network.N_TRAIN, batch):
            float(update(start, start + batch, network.LEARNING_RATE))
        return model.error(images[validation], labels[validation])

    worker.warm_up(lambda: update(0, batch, network.LEARNING_RATE))
    model.error(images[validation], labels[validation])
    return run, {}


def start():
    """Make the training function ready, and tell how long that took, seconds."""
    began = time.perf_counter()
    from lenet_helpers.lenet import LeNet
    from lenet_helpers.train_lenet import compile_update

    import numpy

    imported = time.perf_counter()
    images = numpy.zeros((500, network.IMAGE_SIDE**2), "float32")
    compile_update(LeNet(), (images, numpy.zeros(500, "int32")))
    return None, {"import": imported - began, "build": time.perf_counter() - imported}


def convolution(side, n_filters):
    """Make ready one convolution of a picture of 500 x 500 pixels, RGB."""
    from lenet_helpers import operations

    import numpy
    import theano
    from theano import tensor as T

    rng = numpy.random.RandomState(1)
    picture = (rng.randint(0, 256, PICTURE_SHAPE) / 256).astype("float32")
    filters = rng.rand(n_filters, PICTURE_SHAPE[1], side, side).astype("float32")
    if os.environ.get("LENET_FAST") != "off":
        # As the explorers call it, with its checks.
        return lambda: operations.convolve(picture, filters), {}
    x, w = T.ftensor4(), T.ftensor4()
    convolve = theano.function([x, w], T.nnet.conv2d(x, w))
    return lambda: convolve(picture, filters), {}


def train_command(dataset):
    """Train for one epoch as the command line does, and tell the seconds."""
    began = time.perf_counter()
    from lenet_helpers.__main__ import main

    status = main(["train", "--dataset", dataset, "--epochs", "1"])
    if status:
        raise RuntimeError(f"the command's exit status is {status}")
    return None, {"seconds": time.perf_counter() - began}


def own_ops(function):
    """Return the names of the course's own ops in a compiled function."""
    ops = [node.op for node in function.maker.fgraph.toposort()]
    return sorted({type(op).__name__ for op in ops if type(op).__module__.startswith("lenet_")})


def _network(folder, n_images):
    from lenet_helpers.lenet import LeNet

    import numpy

    folder = Path(folder)
    numbers = numpy.fromfile(folder / network.WEIGHTS, "float32")
    ends = numpy.cumsum([numpy.prod(shape) for shape in network.SHAPES])
    values = [
        part.reshape(shape)
        for part, shape in zip(numpy.split(numbers, ends[:-1]), network.SHAPES, strict=True)
    ]
    model = LeNet()
    # The course lists the last layer first.
    model.set_values([*values[6:], *values[4:6], *values[2:4], *values[:2]])
    pixels = network.IMAGE_SIDE**2
    images = numpy.fromfile(folder / network.IMAGES, "float32", n_images * pixels)
    labels = numpy.fromfile(folder / network.LABELS, "int32", n_images)
    return model, (images.reshape(n_images, pixels), labels)


if __name__ == "__main__":
    worker.serve(
        {
            "training": training,
            "epoch": epoch,
            "start": start,
            "convolution": convolution,
            "train command": train_command,
        }
    )
