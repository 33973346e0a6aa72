"""The IDX format of MNIST's own files: a magic number, the sizes, then bytes.

The format is described at http://yann.lecun.com/exdb/mnist/.
"""

import gzip

from lenet_helpers import words
from lenet_helpers.datasets import files

import numpy

UNSIGNED_BYTE = 8
# MNIST's largest file has 47 MB.
MAX_BYTES = 200_000_000


def read_pair(folder, prefix):
    """Read one part of MNIST: its images and its labels.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``{prefix}-images-idx3-ubyte`` and ``{prefix}-labels-idx1-ubyte``, each plain or
        with the ending ``.gz``.
    prefix : {'train', 't10k'}
        Which part.

    Returns
    -------
    tuple of numpy.ndarray
        images (n, 28, 28) and labels (n,), dtype uint8.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is cut off or altered, or both do not belong together.
    """
    images_path = _find(folder, f"{prefix}-images-idx3-ubyte")
    labels_path = _find(folder, f"{prefix}-labels-idx1-ubyte")
    images, labels = read(images_path, ndim=3), read(labels_path, ndim=1)
    if images.shape[1:] != (files.SIDE, files.SIDE):
        raise ValueError(words.IDX_SIDES.format(path=images_path, shape=images.shape))
    if len(images) != len(labels):
        raise ValueError(
            words.IDX_COUNTS.format(folder=folder, images=len(images), labels=len(labels))
        )
    if labels.max() >= files.N_CLASSES:
        raise ValueError(words.IDX_LABEL.format(path=labels_path, label=labels.max()))
    return images, labels


def read(path, ndim):
    """Read one IDX file of bytes with `ndim` axes, as a numpy.ndarray of uint8."""
    opener = gzip.open if path.suffix == ".gz" else open
    content = files.content(path, opener, MAX_BYTES)
    header = 4 + 4 * ndim
    if len(content) < header or tuple(content[:4]) != (0, 0, UNSIGNED_BYTE, ndim):
        raise ValueError(words.NOT_IDX.format(path=path, ndim=ndim))
    shape = tuple(int(n) for n in numpy.frombuffer(content[4:header], dtype=">u4"))
    # The product in Python's own integers: hostile sizes can't overflow it.
    wanted = 1
    for side in shape:
        wanted *= side
    found = len(content) - header
    if found != wanted:
        raise ValueError(words.IDX_LENGTH.format(path=path, found=found, wanted=wanted))
    if wanted == 0:
        raise ValueError(words.IDX_EMPTY.format(path=path))
    return numpy.frombuffer(content, dtype="uint8", offset=header).reshape(shape)


def _find(folder, name):
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(words.NO_IDX_FILE.format(folder=folder, name=name))
