"""The options that make the C++ compiler use OpenMP, where it has it."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

from lenet_helpers import paths
from lenet_helpers.checkpoints import replaced

import theano

DAY_IN_SECONDS = 24 * 3600
# Returns 0 if it was compiled, linked and loaded with OpenMP.
PROGRAM = Path(__file__).parent / "openmp_probe.cpp"


def compiler_flags():
    """Return the options for OpenMP of the compiler that Theano uses.

    Returns
    -------
    list of str
        Empty where it has no OpenMP, or can't link it: all code then runs on one thread.
    """
    path = shutil.which(theano.config.cxx)
    return ["-fopenmp"] if path and _has_openmp(path) else []


@cache
def _has_openmp(compiler):
    """Ask the compiler, or the answer that it gave before, which lies in the course's cache."""
    state = os.stat(compiler)
    key = f"{compiler} {state.st_mtime_ns} {state.st_size} {PROGRAM.read_text('utf-8')}"
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    file = paths.cache_folder() / "openmp" / name
    try:
        answer = file.read_bytes()
        # What was missing may have been installed since: a "no" is asked again the next day.
        is_old = time.time() - file.stat().st_mtime > DAY_IN_SECONDS
        if answer == b"yes" or (answer == b"no" and not is_old):
            return answer == b"yes"
    except OSError:
        pass  # not asked yet
    found = _compiles(compiler)
    try:
        with replaced(file) as new:
            new.write(b"yes" if found else b"no")
    except OSError:
        pass  # where nothing can be kept, every process asks
    return found


def _compiles(compiler):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        command = [compiler, "-fopenmp", PROGRAM, "-o", program]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60)
            return not done.returncode and not subprocess.run([program], timeout=60).returncode
        except (OSError, subprocess.TimeoutExpired):
            return False
