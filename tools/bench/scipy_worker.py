"""SciPy's convolutions by Fourier transforms: ``fftconvolve`` or ``oaconvolve``."""

import os
import sys

import numpy
from scipy import fft, signal

from tools.bench import worker


def convolution(side, n_filters):
    """Make ready one convolution of a picture of 500 x 500 pixels, RGB."""
    rng = numpy.random.RandomState(1)
    picture = (rng.randint(0, 256, (1, 3, 500, 500)) / 256).astype("float32")
    filters = rng.rand(n_filters, 3, side, side).astype("float32")
    convolve = getattr(signal, sys.argv[1])

    def run():
        with fft.set_workers(int(os.environ["OMP_NUM_THREADS"])):
            return convolve(picture, filters, mode="valid", axes=(2, 3)).sum(axis=1)

    return run, {}


if __name__ == "__main__":
    worker.serve({"convolution": convolution})
