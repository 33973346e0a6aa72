"""Reading ``mnist.pkl.gz``, the classic Theano tutorials' file, without trusting it.

A pickle is a program: reading one with ``pickle.load`` can run anything. The reader here admits
the few names that an array's pickle needs, and puts stand-ins in their place, so that no code
but this module's handles what the file says.
"""

import gzip
import io
import pickle
from math import prod

from lenet_helpers import words
from lenet_helpers.datasets import files

import numpy

# The classic file unpacks to 220 MB, in float64 to 440 MB.
MAX_BYTES = 500_000_000
ITEM_TYPES = ("u1", "i1", "i2", "i4", "i8", "f4", "f8")


def read_splits(path):
    """Read the three parts of a ``mnist.pkl.gz``.

    Parameters
    ----------
    path : pathlib.Path
        A gzipped pickle of three pairs (images, labels): images (n, 784), floating-point numbers
        from 0 to 1; labels (n,), whole numbers from 0 to 9. Written by Python 2 or 3.

    Returns
    -------
    list of tuple
        Three pairs: images (n, 784), float32, and labels (n,), int32.

    Raises
    ------
    ValueError
        If the file is cut off, altered, too large, or holds anything but such arrays.
    """
    content = _unpickled(path)
    try:
        pairs = [(images.array, labels.array) for images, labels in content]
    except (TypeError, ValueError, AttributeError):
        raise ValueError(words.PICKLE_CONTENT.format(path=path)) from None
    if len(pairs) != 3 or not all(_is_split(*pair) for pair in pairs):
        raise ValueError(words.PICKLE_CONTENT.format(path=path))
    return [(images.astype("float32"), labels.astype("int32")) for images, labels in pairs]


def _unpickled(path):
    content = files.content(path, gzip.open, MAX_BYTES)
    try:
        return _ArrayUnpickler(content).load()
    except _ForbiddenName as error:
        raise ValueError(words.PICKLE_FORBIDDEN.format(path=path, name=error)) from None
    except Exception:
        # A hostile stream can fail in any way; none of them is the learner's to read.
        raise ValueError(words.PICKLE_CONTENT.format(path=path)) from None


def _is_split(images, labels):
    return (
        images.ndim == 2
        and images.shape[1] == files.SIDE**2
        and labels.shape == (len(images),)
        and len(images) > 0
        and images.dtype.kind == "f"
        and labels.dtype.kind in "iu"
        # Comparing refuses NaN as well.
        and bool(images.min() >= 0 and images.max() <= 1)
        and bool(labels.min() >= 0 and labels.max() < files.N_CLASSES)
    )


class _ForbiddenName(Exception):
    """The pickle asks for something that is no part of an array."""


class _ItemType:
    """Stands in for numpy.dtype: keeps the type's name if it is a plain number's."""

    def __init__(self, name, *flags):
        if name not in ITEM_TYPES:
            raise ValueError(name)
        self.name = name
        self.byte_order = "<"

    def __setstate__(self, state):
        if state[1] not in ("<", ">", "|", "="):
            raise ValueError(state[1])
        self.byte_order = "|" if self.name.endswith("1") else state[1]


class _Array:
    """Stands in for numpy.ndarray: takes the pickled state and checks it before use."""

    array = None

    def __setstate__(self, state):
        _, shape, item_type, is_fortran, content = state
        self.fill(content, item_type, shape, "F" if is_fortran else "C")

    def fill(self, content, item_type, shape, order):
        if not isinstance(item_type, _ItemType) or not isinstance(shape, tuple):
            raise ValueError(item_type)
        if not all(isinstance(side, int) and side >= 0 for side in shape):
            raise ValueError(shape)
        if isinstance(content, str):
            content = content.encode("latin1")  # Python 2's texts of bytes
        dtype = numpy.dtype(item_type.byte_order + item_type.name)
        if prod(shape) * dtype.itemsize != len(content):
            raise ValueError(shape)
        self.array = numpy.frombuffer(content, dtype=dtype).reshape(shape, order=order)


def _sealed(function):
    """Make a stand-in that a pickle can't alter: BUILD sets attributes, even a function's."""

    def refuse(state):
        raise ValueError(state)

    function.__setstate__ = refuse
    return function


@_sealed
def _reconstruct(kind, shape, type_code):
    return _Array()


@_sealed
def _frombuffer(content, item_type, shape, order):
    """Stand in for NumPy's own function of this name, which protocol 5 calls."""
    array = _Array()
    array.fill(content, item_type, shape, order)
    return array


@_sealed
def _encode(text, encoding):
    """Stand in for codecs.encode, by which Python 3 writes bytes into old pickles."""
    if encoding != "latin1":
        raise ValueError(encoding)
    return text.encode("latin1")


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _ItemType,
    ("_codecs", "encode"): _encode,
}


# The unpickler that is written in Python: the one in C keeps its memory of objects in a row, and
# five bytes that ask for place 2**31 there make it fill gigabytes.
class _ArrayUnpickler(pickle._Unpickler):
    def __init__(self, content):
        super().__init__(io.BytesIO(content), encoding="latin1")

    def find_class(self, module, name):
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise _ForbiddenName(f"{module}.{name}") from None
