"""Checkpoints: arrays and plain numbers in one .npz file, written whole or not at all.

The format is NumPy's .npz without pickle, so that reading a file can't run anything.
"""

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from lenet_helpers import words

import numpy

_NOTES = "notes"


def save(path, arrays, notes):
    """Write a checkpoint atomically: a reader finds the old file or the new one, never a part.

    Parameters
    ----------
    path : str or path
        The file; its folder is made if it is missing.
    arrays : dict
        Names and numeric arrays.
    notes : dict
        Whatever JSON can hold: numbers, texts, lists.
    """
    with replaced(path) as file:
        numpy.savez(file, **arrays, **{_NOTES: numpy.array(json.dumps(notes))})


@contextmanager
def replaced(path):
    """Open a new binary file that takes the place of `path` once it is written wholly.

    Parameters
    ----------
    path : str or path
        The file; its folder is made if it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file appears under its name only once all its bytes are on the disk: a run that is
    # killed while it writes leaves the last file as it was.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path):
    """Read a checkpoint.

    Parameters
    ----------
    path : str or path
        A file that `save` wrote.

    Returns
    -------
    tuple
        (arrays, notes), both dicts, as given to `save`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut off, altered or something else, or the path is a folder's.
    """
    if not isinstance(path, str | os.PathLike) or os.path.isdir(path):
        raise ValueError(words.CHECKPOINT_NO_FILE.format(path=str(path)))
    try:
        # NumPy forgets to close a file that it opened itself and can't read.
        with open(path, "rb") as file, numpy.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        notes = dict(json.loads(str(arrays.pop(_NOTES))))
    except FileNotFoundError:
        raise FileNotFoundError(words.NO_CHECKPOINT.format(path=path)) from None
    except Exception:
        # An altered file can fail in any way: zipfile, zlib, NumPy and JSON each have their own.
        raise ValueError(words.BROKEN_CHECKPOINT.format(path=path)) from None
    return arrays, notes
