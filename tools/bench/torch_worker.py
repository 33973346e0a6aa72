"""PyTorch, in the forms that its arguments name: none, channels_last, compiled, or both.

Imports nothing of the course: PyTorch may live in an environment of its own, without NumPy.
"""

import math
import os
import sys
from pathlib import Path

import torch
from torch import nn

from tools.bench import network, worker

FORMAT = torch.channels_last if "channels_last" in sys.argv else torch.contiguous_format


def training(folder, batch):
    """Make ready one training step; it returns the cost before it."""
    images, labels = _data(folder, network.N_STEP)
    update = _update(_compiled(_model(folder)), images, labels)
    bounds = network.minibatches(network.N_STEP, batch)
    return lambda: update(*next(bounds)), {}


def epoch(folder, batch):
    """Make ready one epoch of training and a validation; it returns the validation error."""
    images, labels = _data(folder, network.N_TRAIN + network.N_VALIDATION)
    model = _compiled(_model(folder))
    update = _update(model, images, labels)

    def validate():
        wrong = 0
        with torch.inference_mode():
            for start in range(network.N_TRAIN, len(images), network.CHUNK):
                part = slice(start, start + network.CHUNK)
                wrong += (model(images[part]).argmax(1) != labels[part]).sum().item()
        return wrong / network.N_VALIDATION

    def run():
        for start in range(0, network.N_TRAIN, batch):
            update(start, start + batch)
        return validate()

    worker.warm_up(lambda: update(0, batch))
    validate()
    return run, {}


def convolution(side, n_filters):
    """Make ready one convolution of a picture of 500 x 500 pixels, RGB."""
    picture = torch.randint(256, (1, 3, 500, 500)) / 256
    picture = picture.contiguous(memory_format=FORMAT)
    filters = torch.rand(n_filters, 3, side, side).contiguous(memory_format=FORMAT)

    def convolve():
        with torch.inference_mode():
            return nn.functional.conv2d(picture, filters)

    return convolve, {}


def _model(folder):
    model = nn.Sequential(
        *(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Tanh()),
        *(nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Tanh()),
        *(nn.Flatten(), nn.Linear(800, 500), nn.Tanh(), nn.Linear(500, 10)),
    )
    numbers = _read(folder, network.WEIGHTS, torch.float32)
    values = torch.split(numbers, [math.prod(shape) for shape in network.SHAPES])
    pairs = zip(model.parameters(), values, network.SHAPES, strict=True)
    with torch.no_grad():
        for parameter, value, shape in pairs:
            value = value.reshape(shape)
            # Theano's convolution turns its filters, and its matrices are (inputs, units).
            value = value.flip(2, 3) if value.ndim == 4 else value
            parameter.copy_(value.T if value.ndim == 2 else value)
    return model.to(memory_format=FORMAT)


def _compiled(model):
    return torch.compile(model, dynamic=False) if "compiled" in sys.argv else model


def _update(model, images, labels):
    cost_of = nn.CrossEntropyLoss()
    descent = torch.optim.SGD(model.parameters(), network.LEARNING_RATE, fused=True)

    def update(start, stop):
        descent.zero_grad(set_to_none=True)
        cost = cost_of(model(images[start:stop]), labels[start:stop])
        cost.backward()
        descent.step()
        return cost.item()

    return update


def _data(folder, n_images):
    images = _read(folder, network.IMAGES, torch.float32, n_images * network.IMAGE_SIDE**2)
    images = images.reshape(n_images, 1, network.IMAGE_SIDE, network.IMAGE_SIDE)
    labels = _read(folder, network.LABELS, torch.int32, n_images).long()
    return images.contiguous(memory_format=FORMAT), labels


def _read(folder, name, dtype, count=-1):
    with open(Path(folder) / name, "rb") as file:
        size = -1 if count < 0 else count * dtype.itemsize
        return torch.frombuffer(bytearray(file.read(size)), dtype=dtype)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    worker.serve({"training": training, "epoch": epoch, "convolution": convolution})
