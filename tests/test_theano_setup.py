"""Theano's settings are read once for each process, so every test here starts a new one."""

import importlib.util
import json
import os
import shlex
from types import SimpleNamespace

from lenet_helpers import theano_setup, words

import pytest

SETTINGS = """
import json, theano
c = theano.config
print(json.dumps({
    "floatX": c.floatX, "cxx": c.cxx, "ldflags": c.blas__ldflags, "allow_gc": c.allow_gc,
    "base": c.base_compiledir, "cxxflags": c.gcc__cxxflags, "compiledir": c.compiledir,
    "age": c.cmodule__age_thresh_use, "device": c.device,
}))
"""
DOUBLE = """
import lenet_helpers
import theano, theano.tensor as T
x = T.vector("x")
print(theano.function([x], 2 * x)([1, 2]).tolist())
"""

# A checkout in a folder like "my course" is served by NumPy's BLAS.
AWKWARD = set(" ,'\"\\") & set(importlib.util.find_spec("scipy").origin)


@pytest.fixture
def settings(run_python):
    """A function that returns Theano's settings in a new process."""

    def read(before="import lenet_helpers", **variables):
        result = run_python(before + SETTINGS, **variables)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return read


@pytest.fixture(scope="module")
def remembered():
    return {}


@pytest.fixture
def course(settings, remembered):
    """The course's own settings, with which others are compared; measured once."""
    if not remembered:
        remembered.update(settings())
    return dict(remembered)


def test_the_courses_settings_reach_theano(course, clean_environment):
    found = course
    assert found["floatX"] == "float32"
    assert found["device"] == "cpu"
    assert found["allow_gc"] is False
    assert found["base"] == os.path.join(clean_environment["LENET_CACHE"], "theano")
    assert found["compiledir"].startswith(found["base"])
    assert os.uname().release not in found["compiledir"]
    assert found["age"] > 9 * 365 * 24 * 3600
    assert os.access(found["cxx"], os.X_OK)
    assert "-march=x86-64-v3" not in found["cxxflags"]


def test_blas_is_the_one_in_scipys_wheel(course):
    if AWKWARD:
        assert course["ldflags"] == ""
        return
    flags = course["ldflags"].split()
    folder, library = flags[0].removeprefix("-L"), flags[1].removeprefix("-l:")
    assert "openblas" in library
    assert os.path.isfile(os.path.join(folder, library))


@pytest.mark.parametrize("module", ["layers", "lenet", "datasets", "training", "operations"])
def test_importing_any_module_sets_theano_up(settings, module):
    assert settings(f"import lenet_helpers.{module}")["floatX"] == "float32"


@pytest.mark.parametrize(
    ("flags", "name", "expected"),
    [
        ("floatX=float64", "floatX", "float64"),
        ("floatX = float64", "floatX", "float64"),
        ("exception_verbosity=high,floatX=float64", "floatX", "float64"),
        ("blas__ldflags=", "ldflags", ""),
        ("allow_gc=True", "allow_gc", True),
    ],
)
def test_a_setting_in_theano_flags_wins_and_the_others_stay(
    settings, course, flags, name, expected
):
    found = settings(THEANO_FLAGS=flags)
    assert found[name] == expected
    assert course[name] != expected or (name == "ldflags" and AWKWARD)
    del found[name], course[name]
    assert found == course


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("[global]\nfloatX = float64\n", "floatX", "float64"),
        ("[blas]\nldflags =\n", "ldflags", ""),
        ("[global]\nallow_gc = True\n", "allow_gc", True),
    ],
)
def test_a_setting_in_theanorc_wins_and_the_others_stay(
    settings, course, clean_environment, text, name, expected
):
    with open(os.path.join(clean_environment["HOME"], ".theanorc"), "w") as file:
        file.write(text)
    found = settings()
    assert found[name] == expected
    assert course[name] != expected or (name == "ldflags" and AWKWARD)
    del found[name], course[name]
    assert found == course


@pytest.mark.parametrize("flag", ["blas.ldflags", "FLOATX"])
def test_a_misspelt_setting_displaces_none_of_the_courses(
    settings, course, clean_environment, flag
):
    with open(os.path.join(clean_environment["HOME"], ".theanorc"), "w") as file:
        file.write("[global]\nblas.ldflags =\nblas__ldflags =\n")
    assert settings(THEANO_FLAGS=f"{flag}=float64") == course


def test_theanorc_may_name_two_files(settings, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("[global]\nfloatX = float64\n")
    two.write_text("[blas]\nldflags =\n")
    found = settings(THEANORC=f"{one}{os.pathsep}{two}")
    assert (found["floatX"], found["ldflags"], found["allow_gc"]) == ("float64", "", False)


def test_theano_imported_first_with_other_settings_is_refused(run_python):
    result = run_python("import theano, lenet_helpers", THEANO_FLAGS="cxx=,blas__ldflags=")
    assert result.returncode == 1
    last_line = result.stderr.strip().splitlines()[-1]
    assert last_line == f"ImportError: {words.THEANO_IMPORTED_FIRST}"
    assert "estart the kernel" in last_line
    assert "import lenet_helpers first" in last_line


def test_theano_imported_first_with_float32_is_fine(settings):
    found = settings(
        "import theano, lenet_helpers", THEANO_FLAGS="floatX=float32,cxx=,blas__ldflags="
    )
    assert found["floatX"] == "float32"


def test_a_cache_folder_with_a_space_a_comma_and_a_quote_works(run_python, tmp_path):
    cache = tmp_path / "a cache, with Lea's files"
    result = run_python(DOUBLE, LENET_CACHE=str(cache))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [2.0, 4.0]
    assert list((cache / "theano").rglob("*.so"))


def test_a_cache_folder_is_found_below_the_home(run_python, clean_environment):
    code = "from lenet_helpers import paths; print(paths.cache_folder())"
    home = clean_environment["HOME"]
    assert run_python(code, LENET_CACHE="~/mine").stdout.strip() == f"{home}/mine"
    assert run_python(code, LENET_CACHE="").stdout.strip().startswith(home)


@pytest.mark.parametrize("folder", ["with a space", "with,comma", "with'quote"])
def test_scipy_in_an_awkward_folder_gives_no_blas_flags(monkeypatch, tmp_path, folder):
    packages = tmp_path / folder
    (packages / "scipy.libs").mkdir(parents=True)
    (packages / "scipy.libs" / "libopenblasp-r0.so").touch()
    spec = SimpleNamespace(origin=str(packages / "scipy" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(theano_setup.sys, "platform", "linux")
    assert theano_setup.course_flags()["blas__ldflags"] == ""


def test_scipy_in_a_plain_folder_gives_its_openblas(monkeypatch, tmp_path):
    (tmp_path / "scipy.libs").mkdir()
    (tmp_path / "scipy.libs" / "libopenblasp-r0.so").touch()
    spec = SimpleNamespace(origin=str(tmp_path / "scipy" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(theano_setup.sys, "platform", "linux")
    flags = shlex.split(theano_setup.course_flags()["blas__ldflags"])
    assert flags == [f"-L{tmp_path}/scipy.libs", "-l:libopenblasp-r0.so"]


def test_empty_blas_flags_still_multiply_matrices(run_python):
    code = """
import lenet_helpers
import numpy, theano, theano.tensor as T
a, b = T.matrices("a", "b")
print(theano.function([a, b], T.dot(a, b))([[1, 2]], [[3], [4]]).tolist())
"""
    result = run_python(code, THEANO_FLAGS="blas__ldflags=")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [[11.0]]


def test_without_a_compiler_theano_still_computes_in_python(run_python, tmp_path):
    (tmp_path / "empty").mkdir()
    code = DOUBLE + "print(repr(theano.config.cxx))"
    cache = tmp_path / "cache"
    result = run_python(code, PATH=str(tmp_path / "empty"), LENET_CACHE=str(cache))
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["[2.0, 4.0]", "''"]
    assert not list(cache.rglob("*.so"))


def test_the_compiler_named_in_cxx_comes_first(settings, course, tmp_path):
    compiler = tmp_path / "my-compiler"
    os.symlink(course["cxx"], compiler)
    assert settings(CXX=str(compiler))["cxx"] == str(compiler)
    assert settings(CXX="no-such-compiler")["cxx"] == course["cxx"]


@pytest.mark.parametrize("options", [(), ("-W", "default")])
def test_importing_prints_nothing(run_python, options):
    code = "import lenet_helpers, theano, theano.tensor.nnet, lenet_helpers.train_lenet"
    result = run_python(code, *options)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_lenet_portable_compiles_for_many_processors(settings):
    assert "-march=x86-64-v3" in settings(LENET_PORTABLE="1")["cxxflags"].split()


# threadpoolctl comes with scikit-learn; it asks the loaded libraries themselves.
THREADS = """
import lenet_helpers, theano, threadpoolctl
blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
print(sorted({pool["num_threads"] for pool in blas if "scipy" in pool["filepath"]}))
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="left out: there is only one processor")
@pytest.mark.parametrize(
    ("variables", "threads"),
    [({}, 1), ({"OMP_NUM_THREADS": "2"}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)],
    ids=["default", "OMP", "OPENBLAS"],
)
def test_blas_has_one_thread_unless_the_learner_asks_for_more(run_python, variables, threads):
    done = run_python(THREADS, **variables)
    assert done.stdout.strip() == f"[{threads}]", done.stderr
