"""The one place that sets Theano up. It must run before Theano is imported.

Theano reads its settings once, while it is imported, from the environment variable THEANO_FLAGS
and from ``.theanorc``. `configure` therefore writes the course's settings into THEANO_FLAGS.
A setting that the learner made in either place wins.
"""

import configparser
import importlib.util
import logging
import os
import shlex
import shutil
import sys
import warnings
from pathlib import Path

from lenet_helpers import paths, words
from lenet_helpers.fast import threads

FLOAT_TYPE = "float32"
YEAR_IN_SECONDS = 365 * 24 * 3600


def configure():
    """Put the course's settings into THEANO_FLAGS, under whatever the learner has set.

    Raises
    ------
    ImportError
        If Theano was imported already, with settings that are not the course's.
    """
    if "theano.configdefaults" in sys.modules:
        _check_imported_theano()
        return
    _choose_threads()
    learners = _flags_of_the_learner()
    flags = {name: value for name, value in course_flags().items() if name not in learners}
    text = ",".join(f"{name}={_quoted(value)}" for name, value in flags.items())
    own_text = os.environ.get("THEANO_FLAGS", "")
    os.environ["THEANO_FLAGS"] = ",".join(part for part in (text, own_text) if part)
    _quieten()


def course_flags():
    """Return the course's Theano settings as a dict of names and texts."""
    flags = {
        "floatX": FLOAT_TYPE,
        "device": "cpu",
        "cxx": _compiler(),
        "blas__ldflags": _openblas_of_scipy(),
        "base_compiledir": str(paths.cache_folder() / "theano"),
        # Theano's own name holds the kernel's release: every update of the system, and every
        # machine that Binder picks, would start with an empty cache.
        "compiledir_format": "python%(python_version)s-numpy%(numpy_version)s-%(processor)s",
        # Theano ignores compiled modules older than 24 days; a Binder image lives longer.
        "cmodule__age_thresh_use": str(10 * YEAR_IN_SECONDS),
        # Freeing every intermediate after every call costs more than half of a training step
        # in page faults; keeping them costs about 60 MB at batch size 500.
        "allow_gc": "False",
        # Theano's C++ makes int of wider numbers in a way that clang takes for an error, and g++
        # only warns of. On macOS g++ is clang, too.
        "gcc__cxxflags": "-Wno-narrowing",
    }
    if os.environ.get("LENET_PORTABLE"):
        # Theano compiles for the very processor it runs on. An image is built on one machine and
        # used on others, so there the modules are compiled for what they all have.
        flags["gcc__cxxflags"] += " -march=x86-64-v3"
    return flags


def _choose_threads():
    """Tell OpenMP how many threads to use, and how to wait, unless the learner has said so.

    OpenMP and BLAS read these while they are loaded. BLAS gets one thread: the course's ops call
    it on each of theirs, and two teams of threads would fight over the same processors.
    """
    if threads.learners_count() is None:
        os.environ["OMP_NUM_THREADS"] = str(threads.thread_count())
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A thread that waits for the others sleeps, instead of taking a neighbour's processor time.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _check_imported_theano():
    config = getattr(sys.modules.get("theano"), "config", None)
    if getattr(config, "floatX", None) != FLOAT_TYPE:
        raise ImportError(words.THEANO_IMPORTED_FIRST)


def _flags_of_the_learner():
    """Return the names of all settings made in THEANO_FLAGS and .theanorc."""
    splitter = shlex.shlex(os.environ.get("THEANO_FLAGS", ""), posix=True)
    splitter.whitespace = ","
    splitter.whitespace_split = True
    names = {part.split("=", 1)[0].strip() for part in splitter}
    files = os.environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    parser = configparser.RawConfigParser()
    try:
        parser.read([os.path.expanduser(file) for file in files])
    except configparser.Error:
        return names  # Theano itself reports a broken file, and names it
    for section in parser.sections():
        prefix = "" if section == "global" else f"{section}__"
        # The parser folds names to lower case.
        options = ["floatX" if name == "floatx" else name for name in parser.options(section)]
        # Theano looks for a name with two underscores in the section before them, and nowhere.
        names.update(prefix + name for name in options if prefix or "__" not in name)
    return names


def _compiler():
    """Return the path of the C++ compiler, or an empty text, which Theano takes as none."""
    named = os.environ.get("CXX", "")
    candidates = [named, "g++", "clang++"]
    return next((path for path in map(shutil.which, filter(None, candidates)) if path), "")


def _openblas_of_scipy():
    """Return the linker's flags for the OpenBLAS inside scipy's wheel.

    An empty text, where the wheel has none or lies in a folder whose name the flags can't carry,
    makes Theano call NumPy's OpenBLAS through Python: the same numbers, a third slower.
    """
    origin = importlib.util.find_spec("scipy").origin
    folder = Path(origin).parent.parent / "scipy.libs"
    libraries = sorted(folder.glob("libopenblas*.so")) if sys.platform == "linux" else []
    awkward = set(" ,'\"\\") & set(str(folder))
    if not libraries or awkward:
        return ""
    return f"-L{folder} -l:{libraries[0].name}"


def _quoted(value):
    """Return the value as Theano's own splitter (shlex with commas) reads it back."""
    return shlex.quote(value) if set(" ,'\"\\#") & set(value) else value


def _quieten():
    # Theano looks for a file called libblas.so beside OpenBLAS and warns in vain.
    logging.getLogger("theano.tensor.blas").setLevel(logging.ERROR)
    # theano-pymc 1.1.2 uses aliases that NumPy and Python have since deprecated; the learner can
    # do nothing about them.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"theano\.")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"theano\.")
