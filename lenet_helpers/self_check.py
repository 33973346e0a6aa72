"""The start-up self-check: does everything that the lessons need work on this machine?"""

import hashlib
import html
import os
import re
import statistics
import sys
import sysconfig
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from lenet_helpers import paths, words

import numpy
import theano
from theano import tensor as T
from theano.link.c.cmodule import GCC_compiler

SUPPORTED_PYTHONS = ((3, 10), (3, 11))
MATRIX_SIDE = 1000
SLOW_GFLOPS = 5
NEEDED_MEMORY_GB = 1.0
GIGABYTE = 1e9


@dataclass(frozen=True)
class CheckRow:
    """One row of the self-check.

    Attributes
    ----------
    name : str
        What was looked at.
    works : bool
        Whether the lessons can rely on it.
    found : str
        What was found.
    advice : str
        What to do if it does not work; empty if it does.
    """

    name: str
    works: bool
    found: str
    advice: str = ""


class SelfCheck:
    """The rows of a self-check; prints as text and shows as a table in a notebook."""

    def __init__(self, rows):
        self.rows = tuple(rows)

    @property
    def works(self):
        """Whether every row works."""
        return all(row.works for row in self.rows)

    def __repr__(self):
        lines = [f"{_mark(row):8} {row.name:10} {row.found} {row.advice}" for row in self.rows]
        return "\n".join([*(line.rstrip() for line in lines), self._summary()])

    def _repr_html_(self):
        titles = (words.CHECK_RESULT, words.CHECK_WHAT, words.CHECK_FOUND, words.CHECK_ADVICE)
        head = "".join(f'<th scope="col" style="text-align:left">{t}</th>' for t in titles)
        lines = [
            "".join(
                f'<td style="text-align:left">{html.escape(text)}</td>'
                for text in (_mark(row), row.name, row.found, row.advice)
            )
            for row in self.rows
        ]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return f"<table><tr>{head}</tr>{body}</table><p>{html.escape(self._summary())}</p>"

    def _summary(self):
        return words.CHECK_ALL_WORKS if self.works else words.CHECK_SOME_FAIL


def check_environment():
    """Look at everything the lessons need, and say what to do where something is missing.

    Returns
    -------
    SelfCheck
        Rows for Python, NumPy, Theano, the compiler (it compiles and runs a function), the speed
        of BLAS in GFLOP/s, the widgets, the data and the memory.
    """
    looks = (
        (words.CHECK_PYTHON, look_at_python),
        (words.CHECK_NUMPY, look_at_numpy),
        (words.CHECK_THEANO, look_at_theano),
        (words.CHECK_COMPILER, look_at_compiler),
        (words.CHECK_BLAS, look_at_blas),
        (words.CHECK_WIDGETS, look_at_widgets),
        (words.CHECK_DATA, look_at_data),
        (words.CHECK_MEMORY, look_at_memory),
    )
    return SelfCheck(_row(name, look) for name, look in looks)


# Each of these returns (works, what was found, advice).


def look_at_python():
    """Look at Python's version."""
    works = sys.version_info[:2] in SUPPORTED_PYTHONS
    return works, sys.version.split()[0], words.ADVICE_PYTHON


def look_at_numpy():
    """Look at NumPy's version: theano-pymc 1.1.2 needs one below 1.24."""
    works = tuple(int(part) for part in numpy.__version__.split(".")[:2]) < (1, 24)
    return works, numpy.__version__, words.ADVICE_INSTALL


def look_at_theano():
    """Look at Theano's version, its floatX, and whether its cache folder can be written to."""
    folder = theano.config.compiledir
    writable = os.access(folder, os.W_OK)
    found = words.FOUND_THEANO.format(
        version=version("theano-pymc"), float_type=theano.config.floatX
    )
    return writable, found, words.ADVICE_CACHE.format(folder=folder)


def look_at_compiler():
    """Compile and run a small program, then a Theano function."""
    if not theano.config.cxx:
        return False, words.FOUND_NO_COMPILER, words.ADVICE_COMPILER
    include = sysconfig.get_paths()["include"]
    # A comment that was never there before: the program is really compiled, not remembered.
    source = f"#include <Python.h>\nint main() {{ return 0; }} // {time.time_ns()}\n"
    compiled, ran = GCC_compiler.try_compile_tmp(
        source, tmp_prefix="check_", flags=[f"-I{include}"], try_run=True
    )
    if not (compiled and ran):
        return False, words.FOUND_BROKEN_COMPILER, words.ADVICE_COMPILER
    values = T.vector("values")
    double = theano.function([values], values * 2, allow_input_downcast=True)
    works = double([1, 2, 3]).tolist() == [2, 4, 6]
    return works, os.path.basename(theano.config.cxx), words.ADVICE_COMPILER


def look_at_blas():
    """Measure a product of two matrices of 1000 x 1000, in GFLOP/s; median of five."""
    a, b = T.fmatrices("a", "b")
    multiply = theano.function([a, b], T.dot(a, b))
    matrix = numpy.random.RandomState(0).rand(MATRIX_SIDE, MATRIX_SIDE).astype("float32")
    multiply(matrix, matrix)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        multiply(matrix, matrix)
        seconds.append(time.perf_counter() - started)
    gflops = 2 * MATRIX_SIDE**3 / statistics.median(seconds) / 1e9
    return gflops >= SLOW_GFLOPS, words.FOUND_BLAS.format(gflops=gflops), words.ADVICE_BLAS


def look_at_widgets():
    """Look whether the widgets are installed, on the kernel's and on JupyterLab's side."""
    try:
        found = f"ipywidgets {version('ipywidgets')}"
        for name in ("jupyterlab-widgets", "ipyevents", "anywidget"):
            version(name)
    except PackageNotFoundError as error:
        return False, words.FOUND_MISSING.format(name=error.name), words.ADVICE_INSTALL
    return True, found, words.ADVICE_INSTALL


def look_at_data():
    """Compare the checksums of the data files with those that data/README.md gives."""
    source = paths.DATA_FOLDER / "README.md"
    if not source.is_file():
        return (
            False,
            words.FOUND_MISSING.format(name=source.name),
            words.ADVICE_DATA.format(names=source.name),
        )
    readme = source.read_text(encoding="utf-8")
    listed = re.findall(r"`(\S+\.\w+)`.*?`([0-9a-f]{64})`", readme)
    broken = [name for name, sha256 in listed if _sha256(paths.DATA_FOLDER / name) != sha256]
    names = ", ".join(name for name, _ in listed)
    advice = words.ADVICE_DATA.format(names=", ".join(broken))
    return bool(listed) and not broken, words.FOUND_DATA.format(names=names), advice


def look_at_memory():
    """Look at the free memory, the limit of a container included."""
    free = _free_memory()
    if free is None:
        return True, words.FOUND_UNKNOWN, ""
    found = words.FOUND_MEMORY.format(gigabytes=free / GIGABYTE)
    return free >= NEEDED_MEMORY_GB * GIGABYTE, found, words.ADVICE_MEMORY


def _row(name, look):
    try:
        works, found, advice = look()
    except Exception as error:
        # The self-check must say what is wrong, whatever is wrong.
        first_line = str(error).partition("\n")[0]
        found = f"{type(error).__name__}: {first_line}"[:120]
        works, advice = False, words.ADVICE_INSTALL
    return CheckRow(name, works, found, "" if works else advice)


def _mark(row):
    return words.CHECK_OK if row.works else words.CHECK_FAILS


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _free_memory():
    """Return the free memory in bytes, or None where the system does not tell."""
    amounts = []
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":") for line in file)
        amounts.append(int(lines["MemAvailable"].split()[0]) * 1024)
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            limit = int(file.read())
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as file:
            amounts.append(limit - int(file.read()))
    except (OSError, ValueError, KeyError):
        # No Linux, or (in most cases) no limit: memory.max then says "max".
        return amounts[0] if amounts else None
    return min(amounts)
