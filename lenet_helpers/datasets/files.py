"""What MNIST's files have in common: the sizes inside, and a reader that does not trust them."""

import zlib

from lenet_helpers import words

SIDE = 28
N_CLASSES = 10


def content(path, opener, max_bytes):
    """Return a file's unpacked content.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    opener : callable
        ``open`` or ``gzip.open``.
    max_bytes : int
        What the content may hold: a few bytes of gzip can blow up to gigabytes.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the file is broken, cut off, or unpacks to more.
    """
    try:
        with opener(path, "rb") as file:
            found = file.read(max_bytes + 1)
    except (EOFError, OSError, zlib.error):
        raise ValueError(words.BROKEN_FILE.format(path=path)) from None
    if len(found) > max_bytes:
        raise ValueError(words.FILE_TOO_LARGE.format(path=path, limit=max_bytes))
    return found
