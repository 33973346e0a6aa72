"""Fixtures that several test files share."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from lenet_helpers import paths
from lenet_helpers.datasets import load_data

import pytest

# What the tests solve must not count as solved by whoever runs them.
os.environ["LENET_PROGRESS"] = str(Path(tempfile.mkdtemp()) / "progress.json")

REPOSITORY = Path(__file__).resolve().parent.parent

# A shell starts its background jobs deaf to Ctrl-C, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def digits():
    """The digits that come with the course; do not change them."""
    return load_data("digits")


@pytest.fixture
def clean_environment(tmp_path):
    """An environment for a new process: no settings of this one, and a home of its own.

    The cache for compiled modules is this process's, so that nothing is compiled twice.
    """
    home = tmp_path / "home"
    home.mkdir()
    ours = ("THEANO", "LENET_", "PYTHON", "CXX", "OMP_", "OPENBLAS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "HOME": str(home),
        "LENET_CACHE": str(paths.cache_folder()),
        "PYTHONPATH": str(REPOSITORY),
    }


@pytest.fixture
def run_python(clean_environment, tmp_path):
    """A function that runs code in a new Python process and returns the finished process."""

    def run(code, *options, **variables):
        return subprocess.run(
            [sys.executable, *options, "-c", code],
            env=clean_environment | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture(params=["main thread", "other thread"])
def run_there(request):
    """A function that calls another in the main thread, or in one of its own, and waits."""

    def run(function):
        if request.param == "main thread":
            function()
        else:
            thread = threading.Thread(target=function)
            thread.start()
            thread.join(60)
            assert not thread.is_alive()

    return run


@pytest.fixture
def hasty_threads():
    """Threads that take turns as often as Python can let them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
