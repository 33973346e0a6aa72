"""Data sets of handwritten digits, as NumPy arrays.

`load_data` picks the reader: `idx` for MNIST's own files, `pickled` for mnist.pkl.gz, `download`
where the files must be fetched first.
"""

import os
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from lenet_helpers import paths, words
from lenet_helpers.datasets import download, idx, pickled
from lenet_helpers.pictures import DIGIT_SIDE, PIXEL_LEVELS

import numpy

DIGITS_FILE = paths.DATA_FOLDER / "digits.npz"
MNIST_VARIABLE = "LENET_MNIST"
CLASSIC_NAME = "mnist.pkl.gz"
N_VALIDATION = 10_000


class Split(NamedTuple):
    """Images and their labels.

    Attributes
    ----------
    images : numpy.ndarray
        (n, 784), dtype float32, pixels from 0 to 255/256, one row of pixels after the other.
    labels : numpy.ndarray
        (n,), dtype int32, the digits 0 to 9.
    """

    images: numpy.ndarray
    labels: numpy.ndarray


class Datasets(NamedTuple):
    """A data set in its three parts, each a `Split`."""

    train: Split
    validation: Split
    test: Split


def load_data(dataset):
    """Load handwritten digits in three parts.

    Parameters
    ----------
    dataset : str or path
        - 'digits': 1,797 digits that come with the course (1,197 / 300 / 300);
        - 'mnist': the 70,000 digits of MNIST (50,000 / 10,000 / 10,000), from the folder that
          the environment variable LENET_MNIST names, or else downloaded once (11 MB);
        - the path of a ``mnist.pkl.gz``, the classic Theano tutorials' file; where there is no
          file of just this name, it means 'mnist', as the classic ``load_data`` did;
        - the path of a folder that holds MNIST's four IDX files, gzipped or not.

    Returns
    -------
    Datasets
        (train, validation, test), each (images, labels): images (n, 784), float32, from 0 to
        255/256; labels (n,), int32, from 0 to 9.

    Raises
    ------
    ValueError
        If a file is cut off, altered, or not what its name says.
    FileNotFoundError
        If there is no such file or folder.
    ConnectionError
        If MNIST can't be downloaded from any source.
    """
    if dataset == "digits":
        return _load_digits()
    if dataset == "mnist":
        return _load_idx_folder(_mnist_folder())
    if not isinstance(dataset, str | os.PathLike):
        raise ValueError(words.UNKNOWN_DATASET.format(dataset=dataset))
    # os.path, unlike pathlib, takes a name that no system allows as a file that is not there.
    path = Path(os.path.expanduser(dataset))
    if os.path.isdir(path):
        return _load_idx_folder(path)
    if os.path.isfile(path):
        return Datasets(*(Split(*part) for part in pickled.read_splits(path)))
    if str(dataset) == CLASSIC_NAME:
        return _load_idx_folder(_mnist_folder())
    raise FileNotFoundError(words.NO_DATASET.format(dataset=dataset))


def load_mnist_test():
    """Load MNIST's 10,000 test digits alone, from where `load_data("mnist")` has them.

    A download has only 1.7 MB.

    Returns
    -------
    Split

    Raises
    ------
    ValueError, FileNotFoundError, ConnectionError
        As `load_data` does.
    """
    return _split(*idx.read_pair(_mnist_folder("t10k"), "t10k"))


def on_larger_paper(datasets, image_size):
    """Lay every image in the middle of larger paper, as LeNet-5's 32 x 32 pixels need it.

    Parameters
    ----------
    datasets : Datasets
        With images of 28 x 28 pixels.
    image_size : tuple of int
        The paper's (rows, columns), pixels.

    Returns
    -------
    Datasets
        With images of shape (n, rows * columns); the same ones, if no paper has to be added.

    Raises
    ------
    ValueError
        If the paper is smaller than the images.
    """
    rows, columns = image_size
    if min(image_size) < DIGIT_SIDE:
        raise ValueError(words.PAPER_TOO_SMALL.format(rows=rows, columns=columns, side=DIGIT_SIDE))
    if (rows, columns) == (DIGIT_SIDE, DIGIT_SIDE):
        return datasets
    margins = [((room := side - DIGIT_SIDE) // 2, room - room // 2) for side in image_size]
    return Datasets(
        *(
            Split(
                numpy.pad(images.reshape(-1, DIGIT_SIDE, DIGIT_SIDE), [(0, 0), *margins]).reshape(
                    len(images), -1
                ),
                labels,
            )
            for images, labels in datasets
        )
    )


def _load_digits():
    advice = words.ADVICE_DATA.format(names=DIGITS_FILE.name)
    try:
        # NumPy forgets to close a file that it opened itself and can't read.
        with open(DIGITS_FILE, "rb") as file, numpy.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        return Datasets(
            *(
                _split(arrays[f"{part}_images"], arrays[f"{part}_labels"])
                for part in Datasets._fields
            )
        )
    except FileNotFoundError:
        raise FileNotFoundError(advice) from None
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error):
        raise ValueError(advice) from None


def _mnist_folder(prefix=""):
    folder = os.environ.get(MNIST_VARIABLE)
    if not folder:
        return download.fetch_mnist(prefix)
    folder = Path(os.path.expanduser(folder))
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            words.NO_MNIST_FOLDER.format(variable=MNIST_VARIABLE, folder=folder)
        )
    return folder


def _load_idx_folder(folder):
    images, labels = idx.read_pair(folder, "train")
    test_images, test_labels = idx.read_pair(folder, "t10k")
    n_train = len(images) - N_VALIDATION
    if n_train < 1:
        raise ValueError(words.TOO_FEW_IMAGES.format(folder=folder, found=len(images)))
    return Datasets(
        train=_split(images[:n_train], labels[:n_train]),
        validation=_split(images[n_train:], labels[n_train:]),
        test=_split(test_images, test_labels),
    )


def _split(images, labels):
    pixels = images.reshape(len(images), -1).astype("float32")
    pixels /= PIXEL_LEVELS
    return Split(pixels, labels.astype("int32"))
