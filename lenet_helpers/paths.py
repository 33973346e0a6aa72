"""Where the course keeps its files: the data folder of the checkout, and one cache folder."""

import os
from pathlib import Path

import platformdirs

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"


def cache_folder():
    """Return the folder for compiled modules and downloads, which may be deleted at any time.

    Returns
    -------
    pathlib.Path
        The folder that the environment variable LENET_CACHE names, or else ``lenet-course`` in
        the user's cache folder (``~/.cache`` on Linux, ``~/Library/Caches`` on macOS).
    """
    named = os.environ.get("LENET_CACHE")
    return (
        Path(named).expanduser().resolve()
        if named
        else Path(platformdirs.user_cache_dir("lenet-course"))
    )
