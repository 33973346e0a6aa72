"""The design that a learner keeps in lesson 3, for the training of lesson 4: a small JSON file."""

import json
from dataclasses import asdict, fields
from pathlib import Path

from lenet_helpers import checkpoints, paths, words
from lenet_helpers.design import LeNetDesign

FILE_NAME = "kept_design.json"
# What a free machine of Binder's, with 1 GB, builds and trains.
MOST_PARAMETERS, MOST_BYTES = 20_000_000, 100_000_000
# A real one has 200; a larger file is not read to its end.
LONGEST_FILE = 10_000


def check_size(design):
    """Return a design that is small enough for a small machine, or raise ValueError.

    Parameters
    ----------
    design : LeNetDesign
        At most 20 million parameters, and 100 MB for the outputs of all steps for one image.
    """
    if design.n_parameters > MOST_PARAMETERS:
        raise ValueError(
            words.TOO_MANY_PARAMETERS.format(found=design.n_parameters, most=MOST_PARAMETERS)
        )
    if design.n_bytes > MOST_BYTES:
        raise ValueError(words.TOO_MUCH_MEMORY.format(found=design.n_bytes, most=MOST_BYTES))
    return design


def keep_design(design, path=None):
    """Write a design into a file, whole or not at all.

    Parameters
    ----------
    design : LeNetDesign
        What to keep; it takes the place of the last one.
    path : str or path, optional
        The file; without it, the one in the cache folder.

    Raises
    ------
    ValueError
        If it is no design, or too large for `check_size`.
    OSError
        If the file can't be written.
    """
    if not isinstance(design, LeNetDesign):
        raise ValueError(words.NOT_A_DESIGN.format(value=design))
    text = json.dumps(asdict(check_size(design)), indent=2) + "\n"
    with checkpoints.replaced(_path(path)) as file:
        file.write(text.encode())


def kept_design(path=None):
    """Read the design that was kept last.

    Parameters
    ----------
    path : str or path, optional
        The file; without it, the one in the cache folder.

    Returns
    -------
    LeNetDesign or None
        None if there is no file.

    Raises
    ------
    ValueError
        If the file is broken, altered or something else.
    """
    path = _path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST_FILE + 1)
        settings = dict(json.loads(content))
        if len(content) > LONGEST_FILE or set(settings) != {
            field.name for field in fields(LeNetDesign)
        }:
            raise ValueError(path)
        return check_size(LeNetDesign(**settings))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError):
        # JSON and Unicode errors are ValueErrors; what is nested too deeply has an error apart.
        raise ValueError(words.BROKEN_KEPT_DESIGN.format(path=path)) from None


def _path(path):
    return paths.cache_folder() / FILE_NAME if path is None else Path(path)
