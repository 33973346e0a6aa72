"""Functions are compiled once, on all cores, in spite of everything that may go wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest
from theano import tensor as T
from theano.graph.basic import Apply
from theano.graph.op import COp

# A small function that holds the ops which Theano itself compiles in every process: DimShuffle,
# whose C comes from a file, and ops without properties (ScalarFromTensor, Shape). What it prints:
# the value, the modules compiled, how many of them Theano compiled one by one, and how often it
# asked the compiler about the processor.
FUNCTION = """
import json
import lenet_helpers
import numpy, theano
from theano import tensor as T
from theano.link.c import cmodule
counts = {"one by one": 0, "asked": 0}
def count(name, function):
    def counting(*arguments, **keywords):
        counts[name] += 1
        return function(*arguments, **keywords)
    return counting
cmodule.GCC_compiler.compile_str = staticmethod(
    count("one by one", cmodule.GCC_compiler.compile_str))
cmodule.try_march_flag = count("asked", cmodule.try_march_flag)
x, n = T.matrix("x"), T.lscalar("n")
y = T.tanh(x[:n].T + x.sum(axis=0).dimshuffle(0, "x")) * x.shape[0]
f = theano.function([x, n], y)
value = float(f(numpy.ones((2, 3), "float32"), 2).sum())
print(json.dumps(counts | {"value": value, "compiled": cmodule._module_cache.stats[2]}))
"""
VALUE = 6 * numpy.tanh(3.0) * 2
# cutils_ext and lazylinker_ext are no modules of the cache: Theano always compiles them itself.
BASE = 2


def result(done):
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["value"] == pytest.approx(VALUE, abs=1e-4)
    return found


def count_modules(cache):
    return len(list(cache.glob("theano/*/tmp*/key.pkl")))


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    """A folder for caches that several tests use."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def warm(caches, run_python):
    """A cache that one process has filled, and what it has counted."""
    cache = caches / "warm"
    counted = caches / "counted.json"
    if not counted.exists():
        done = run_python(FUNCTION, LENET_CACHE=str(cache), PYTHONHASHSEED="1")
        counted.write_text(json.dumps(result(done)))
    return cache, json.loads(counted.read_text())


def test_all_modules_are_compiled_ahead(warm):
    cache, counted = warm
    assert counted["compiled"] >= 5
    assert counted["compiled"] == count_modules(cache)
    assert counted["one by one"] == BASE
    assert counted["asked"] >= 1
    assert not list(cache.glob("theano/*-work/*"))


def test_a_second_process_compiles_nothing(warm, run_python):
    cache, _ = warm
    found = result(run_python(FUNCTION, LENET_CACHE=str(cache), PYTHONHASHSEED="2"))
    assert (found["compiled"], found["one by one"], found["asked"]) == (0, 0, 0)


def test_theano_alone_compiles_some_modules_in_every_process(warm, run_python, tmp_path):
    shutil.copytree(warm[0], tmp_path / "cache")
    before = "import lenet_helpers.engine; lenet_helpers.engine.THEANO_VERSION = ''\n"
    for seed in ("3", "4"):
        done = run_python(
            before + FUNCTION, LENET_CACHE=str(tmp_path / "cache"), PYTHONHASHSEED=seed
        )
        assert result(done)["compiled"] > 0


def test_a_cache_of_an_image_is_used_years_later_on_another_machine(
    caches, run_python, clean_environment
):
    cache = str(caches / "image")
    # The commands of postBuild and start set the same variable.
    assert result(run_python(FUNCTION, LENET_CACHE=cache, LENET_PORTABLE="1"))["compiled"] > 0
    long_ago = time.time() - 3 * 365 * 24 * 3600
    for path in Path(cache).rglob("*"):
        os.utime(path, (long_ago, long_ago))
    machine = """
import platform
from pathlib import Path
platform.release = lambda: "another kernel"
platform.uname = lambda: platform.uname_result("Linux", "elsewhere", "another", "kernel", "x86_64")
read = Path.read_text
def read_another(path, **keywords):
    assert path != Path("/proc/cpuinfo"), "the processor is asked for"
    return read(path, **keywords)
Path.read_text = read_another
"""
    found = result(run_python(machine + FUNCTION, LENET_CACHE=cache, LENET_PORTABLE="1"))
    assert (found["compiled"], found["one by one"], found["asked"]) == (0, 0, 0)


TRAINING = """
from lenet_helpers import lenet, train_lenet
import numpy
from theano.link.c import cmodule
images, labels = numpy.zeros((4, 784), "float32"), numpy.arange(4)
network = lenet.LeNet()
train_lenet.compile_update(network, (images, labels))
network.error(images, labels)
print(cmodule._module_cache.stats[2])
"""


def test_training_lenet_compiles_nothing_in_a_second_process(run_python):
    # The tests' own cache: the first process may find all that it needs.
    for seed in ("1", "2"):
        done = run_python(TRAINING, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "0\n"


def test_theano_compiles_by_itself_where_nothing_else_can(warm, run_python, tmp_path):
    shutil.copytree(warm[0], tmp_path / "cache")
    for module in tmp_path.glob("cache/theano/*/tmp*"):
        shutil.rmtree(module)
    (work,) = tmp_path.glob("cache/theano/*-work")
    work.rmdir()
    work.write_text("no folder can be made here")
    found = result(run_python(FUNCTION, LENET_CACHE=str(tmp_path / "cache")))
    assert found["one by one"] == found["compiled"] == count_modules(tmp_path / "cache")


@pytest.mark.parametrize("name", ["g++", "clang++"])
def test_every_compiler_will_do(name, run_python, tmp_path):
    if not shutil.which(name):
        pytest.skip(f"left out: {name} is not installed")
    # Named without its folder, as a learner would in .theanorc.
    found = result(run_python(FUNCTION, LENET_CACHE=str(tmp_path), THEANO_FLAGS=f"cxx={name}"))
    assert found["one by one"] == BASE
    assert found["compiled"] == count_modules(tmp_path)


def start(code, environment):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    stdout, stderr = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def test_two_cold_processes_side_by_side_share_the_work(clean_environment, tmp_path):
    environment = clean_environment | {"LENET_CACHE": str(tmp_path / "cache")}
    processes = [start(FUNCTION, environment) for _ in range(2)]
    found = [result(finish(process)) for process in processes]
    assert sum(counts["compiled"] for counts in found) == count_modules(tmp_path / "cache")
    assert sum(counts["one by one"] for counts in found) == BASE


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_process_that_ends_while_it_compiles_harms_no_later_one(
    ending, warm, clean_environment, run_python, tmp_path
):
    shutil.copytree(warm[0], tmp_path / "cache")
    for module in tmp_path.glob("cache/theano/*/tmp*"):
        shutil.rmtree(module)
    process = start(FUNCTION, clean_environment | {"LENET_CACHE": str(tmp_path / "cache")})
    while not list(tmp_path.glob("cache/theano/*-work/*/*/mod.cpp")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(ending)
    done = finish(process)
    assert done.returncode != 0
    if ending == signal.SIGINT:
        assert done.stderr.strip().endswith("KeyboardInterrupt")
        assert not list(tmp_path.glob("cache/theano/*-work/*"))
    result(run_python(FUNCTION, LENET_CACHE=str(tmp_path / "cache")))
    assert not list(tmp_path.glob("cache/theano/*-work/*"))


BROKEN = """
import lenet_helpers
import theano
from theano import tensor as T
from theano.graph.basic import Apply
from theano.graph.op import COp
class Broken(COp):
    __props__ = ("name",)
    name = "broken"
    def make_node(self, x):
        return Apply(self, [x], [x.type()])
    def perform(self, node, inputs, outputs):
        raise NotImplementedError
    def c_code(self, node, name, inputs, outputs, sub):
        return "this is no C;"
x = T.vector("x")
theano.function([x], [Broken()(x), T.tanh(x), T.exp(x[::-1])])
"""


def test_a_mistake_in_an_op_is_told_by_theano_in_its_own_words(warm, run_python):
    done = run_python(BROKEN, LENET_CACHE=str(warm[0]))
    assert done.returncode == 1
    assert "Compilation failed (return status=1)" in done.stderr
    assert "while compiling the node', Broken{name='broken'}(x)" in done.stderr


def test_importing_the_package_does_not_import_theano(run_python):
    code = "import sys, lenet_helpers; print('theano' in sys.modules)"
    assert run_python(code).stdout.strip() == "False"


REGISTERED = """
from lenet_helpers.fast import rewrites
rewrites.register = lambda: print("registered")
import theano
from theano import tensor as T
x = T.scalar("x")
for _ in range(2):
    theano.function([x], x + 1, mode="FAST_COMPILE")
"""


@pytest.mark.parametrize(
    "first",
    [
        "import lenet_helpers; import theano",
        "import lenet_helpers.fast.kernel",
        "import lenet_helpers.compiling.all_cores",
    ],
)
def test_rewrites_are_registered_once_whatever_imports_theano(run_python, first):
    done = run_python(f"{first}\n{REGISTERED}")
    assert (done.returncode, done.stdout) == (0, "registered\n"), done.stderr


def test_lenet_fast_off_leaves_the_rewrites_out_and_the_repairs_in(run_python):
    code = (
        REGISTERED
        + """
from theano.link.c.basic import CLinker
print(hasattr(CLinker.cmodule_key_, "__wrapped__"))
"""
    )
    done = run_python("import lenet_helpers\n" + code, LENET_FAST="off")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize(
    ("text", "printed"),
    [("raise ImportError('broken')", "broken\n"), ("__version__ = '9'", "9\n")],
    ids=["broken", "another version"],
)
def test_another_theano_is_left_alone(run_python, tmp_path, text, printed):
    (tmp_path / "theano").mkdir()
    (tmp_path / "theano" / "__init__.py").write_text(text)
    code = """
import lenet_helpers, sys
sys.path.insert(0, "")
for attempt in range(2):
    try:
        import theano
        message = theano.__version__
    except ImportError as error:
        message = error
print(message)
"""
    done = run_python(code)
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


class Doubled(COp):
    """An op with C code alone."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        raise NotImplementedError


def test_few_constants_are_folded_in_python():
    few, many = (T.constant(numpy.zeros(n, "float32")) for n in (10, 2000))
    for vector, expected in ((few, True), (many, False)):
        for node in (vector.dimshuffle("x", 0).owner, T.exp(vector).owner):
            assert node.op.python_constant_folding(node) is expected


def test_what_has_no_python_is_folded_in_c():
    node = Doubled().make_node(T.constant(numpy.zeros(3, "float32")))
    assert node.op.python_constant_folding(node) is False
