"""The number of threads, and whether the compiler can make threads."""

import ctypes.util
import json
import math
import os
import shutil
import stat
import time

from lenet_helpers import paths
from lenet_helpers.fast import openmp, threads

import pytest
import theano

# --- What the learner says ---

LISTS = {"3": 3, "4,2": 4, " 2 ": 2, "+5": 5, "1, 7": 1, "6 ,1": 6}
NONSENSE = ["", "0", "-1", "two", "2.5", "4,", ",4", "4,0", "3x", "0x4", "9" * 30]


@pytest.mark.parametrize("text", [*LISTS, *NONSENSE])
def test_the_learners_number_is_the_one_that_openmp_reads(monkeypatch, run_python, text):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert threads.learners_count() == LISTS.get(text)
    library = ctypes.util.find_library("gomp") or pytest.skip("left out: no libgomp here")
    ask = f"import ctypes; print(ctypes.CDLL('{library}').omp_get_max_threads())"
    found = int(run_python(ask, OMP_NUM_THREADS=text).stdout)
    assert found == (LISTS.get(text) or len(os.sched_getaffinity(0)))


def test_the_learners_number_wins(monkeypatch, cgroups):
    cgroups("0::/\n", {"cpu.max": "100000 100000"}, processors=4)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert threads.thread_count() == 7
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads.learners_count() is None
    assert threads.thread_count() == 1


# --- What the system allows ---


@pytest.fixture
def cgroups(monkeypatch, tmp_path):
    """A function that stands in for the system: the process's cgroups, files, processors."""

    def make(own, files, processors):
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="ascii")
        (tmp_path / "own").write_text(own, encoding="utf-8")
        monkeypatch.setattr(threads, "CGROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(threads, "OWN_CGROUPS", tmp_path / "own")
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda pid: set(range(processors)), raising=False
        )
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    return make


def version_1(folder, quota, period=100000):
    return {
        f"{folder}/cpu.cfs_quota_us": str(quota),
        f"{folder}/cpu.cfs_period_us": str(period),
    }


@pytest.mark.parametrize(
    ("own", "files", "count"),
    [
        # Version 2: in a container with a view of its own, and below the host's folders.
        ("0::/\n", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000"}, 8),
        ("0::/\n", {"cpu.max": "200000 100000"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000"}, 2),
        ("0::/\n", {"cpu.max": "25000 50000"}, 1),
        ("0::/\n", {"cpu.max": "3200000 100000"}, 8),
        ("0::/a/b\n", {"a/b/cpu.max": "300000 100000"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "400000 100000"}, 4),
        ("0::/a/b\n", {"a/b/cpu.max": "500000 100000", "a/cpu.max": "200000 100000"}, 2),
        ("0::/a/b\n", {"a/c/cpu.max": "100000 100000"}, 8),
        # The path of the host, which does not exist in here.
        ("0::/docker/0123\n", {"cpu.max": "300000 100000"}, 3),
        ("0::/../../x\n", {"cpu.max": "300000 100000"}, 3),
        # Version 1.
        ("3:cpu,cpuacct:/\n", version_1("cpu", -1), 8),
        ("3:cpu,cpuacct:/\n", version_1("cpu", 200000), 2),
        ("3:cpu:/k/p\n", version_1("cpu/k/p", 250000), 3),
        ("3:cpu:/k/p\n", version_1("cpu", 50000), 1),
        ("2:memory:/a\n3:cpu:/b\n0::/\n", version_1("cpu/b", 600000), 6),
        ("2:cpuset:/a\n", version_1("cpu", 100000), 8),
        # Files that nobody could write so.
        ("0::/\n", {"cpu.max": "many 100000"}, 8),
        ("0::/\n", {"cpu.max": ""}, 8),
        ("3:cpu:/\n", version_1("cpu", 100000, 0), 8),
        ("", {"cpu.max": "100000 100000"}, 8),
        ("0::/a:b\n", {"a:b/cpu.max": "100000 100000"}, 1),
    ],
)
def test_the_quota_is_found_and_rounded_up(cgroups, own, files, count):
    cgroups(own, files, processors=8)
    assert threads.thread_count() == count


@pytest.mark.parametrize("processors", [1, 3])
def test_no_more_threads_than_processors_that_may_be_used(cgroups, processors):
    cgroups("0::/\n", {"cpu.max": "500000 100000"}, processors)
    assert threads.thread_count() == processors


def test_without_cgroups_or_affinity_all_processors_count(monkeypatch, cgroups, tmp_path):
    cgroups("", {}, 8)
    monkeypatch.setattr(threads, "OWN_CGROUPS", tmp_path / "missing")
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.thread_count() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.thread_count() == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="left out: no affinity here")
def test_a_real_process_bound_to_one_processor(run_python):
    done = run_python(
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "import lenet_helpers; print(os.environ['OMP_NUM_THREADS'])"
    )
    assert done.stdout == "1\n", done.stderr


# --- What the package tells OpenMP and BLAS ---

VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY"]


@pytest.mark.parametrize(
    ("learners", "wanted"),
    [
        ({}, {}),
        ({"OMP_NUM_THREADS": "5"}, {"OMP_NUM_THREADS": "5"}),
        ({"OMP_NUM_THREADS": "5,2"}, {"OMP_NUM_THREADS": "5,2"}),
        ({"OMP_NUM_THREADS": "many"}, {}),
        ({"OPENBLAS_NUM_THREADS": "3"}, {"OPENBLAS_NUM_THREADS": "3"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
    ids=str,
)
def test_what_the_learner_set_stays_and_the_rest_is_set(run_python, learners, wanted):
    code = f"""
import lenet_helpers, json, os, sys
from lenet_helpers.fast import threads
print(json.dumps([[os.environ[name] for name in {VARIABLES}], "numpy" in sys.modules]))
"""
    done = run_python(code, **learners)
    assert done.returncode == 0, done.stderr
    found, has_numpy = json.loads(done.stdout)
    usual = {"OMP_NUM_THREADS": usual_count(), "OPENBLAS_NUM_THREADS": "1"}
    assert found == list((dict.fromkeys(VARIABLES, "passive") | usual | wanted).values())
    assert not has_numpy  # NumPy brings a BLAS, which reads them while it is loaded


def usual_count():
    # The test process itself has the course's number in its environment.
    return str(max(1, math.ceil(min(threads._processors(), threads._quota()))))


# --- OpenMP in the compiler ---


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """A function that asks as a new process would: what does this compiler need for OpenMP?"""
    monkeypatch.setattr(paths, "cache_folder", lambda: tmp_path / "cache")

    def flags(compiler):
        openmp._has_openmp.cache_clear()
        monkeypatch.setattr(theano.config, "cxx", str(compiler))
        return openmp.compiler_flags()

    yield flags
    openmp._has_openmp.cache_clear()


@pytest.fixture
def compiler(tmp_path):
    """A function that writes a compiler which notes every call; by default it is g++."""

    def write(body='exec g++ "$@"'):
        path = tmp_path / "compiler"
        path.write_text(f"#!/bin/sh\necho x >> {tmp_path / 'calls'}\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


def n_calls(folder):
    calls = folder / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


@pytest.mark.parametrize("name", ["g++", "clang++"])
def test_a_real_compiler_with_openmp(ask, name):
    if not shutil.which(name):
        pytest.skip(f"left out: there is no {name}")
    assert ask(name) in ([], ["-fopenmp"])
    if name == "g++":
        assert ask(name) == ["-fopenmp"]


@pytest.mark.parametrize("body", ["exit 1", "exit 0", 'exec g++ -nostdlib "$@"', "kill -9 $$"])
def test_a_compiler_that_makes_no_such_program(ask, compiler, body):
    assert ask(compiler(body)) == []


@pytest.mark.parametrize("name", ["", "no-such-compiler", "/no/such/compiler"])
def test_without_a_compiler_there_are_no_options(ask, name):
    assert ask(name) == []


def test_a_compiler_is_asked_once_and_again_after_it_has_changed(ask, compiler, tmp_path):
    path = compiler()
    assert [ask(path), ask(path)] == [["-fopenmp"]] * 2
    assert n_calls(tmp_path) == 1
    path = compiler("exit 1  # another compiler, of another size")
    assert [ask(path), ask(path)] == [[]] * 2
    assert n_calls(tmp_path) == 2
    os.utime(path, (1, 1))
    assert ask(path) == []
    assert n_calls(tmp_path) == 3


def age(folder, days):
    for file in (folder / "cache" / "openmp").iterdir():
        os.utime(file, (time.time() - days * 24 * 3600,) * 2)


def test_a_no_is_asked_again_the_next_day_and_a_yes_never(ask, compiler, tmp_path):
    assert ask(compiler("exit 1")) == []
    age(tmp_path, 0.9)
    assert ask(tmp_path / "compiler") == []
    assert n_calls(tmp_path) == 1
    age(tmp_path, 1.1)
    assert ask(tmp_path / "compiler") == []
    assert n_calls(tmp_path) == 2
    assert ask(compiler()) == ["-fopenmp"]
    age(tmp_path, 1000)
    assert ask(tmp_path / "compiler") == ["-fopenmp"]
    assert n_calls(tmp_path) == 3


@pytest.mark.parametrize("content", [b"", b"ye", b"\xff\x00"])
def test_a_broken_answer_is_asked_for_again(ask, compiler, tmp_path, content):
    path = compiler()
    ask(path)
    (file,) = (tmp_path / "cache" / "openmp").iterdir()
    file.write_bytes(content)
    assert ask(path) == ["-fopenmp"]
    assert n_calls(tmp_path) == 2
    assert file.read_bytes() == b"yes"


def test_a_cache_that_cannot_be_written_is_fine(ask, compiler, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    path = compiler()
    assert [ask(path), ask(path)] == [["-fopenmp"]] * 2
    assert n_calls(tmp_path) == 2


# --- Forked processes ---

FORK = """
import lenet_helpers, os, numpy, theano
from theano import tensor as T
a = T.fmatrix()
square = theano.function([a], T.dot(a, a))
matrix = numpy.ones((512, 512), "float32")
square(matrix)
child = os.fork()
if child == 0:
    os._exit(7 if (square(matrix) == 512).all() else 8)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_does_not_wait_for_threads_that_it_has_not(run_python):
    assert run_python(FORK, OMP_NUM_THREADS="2").stdout == "7\n"
