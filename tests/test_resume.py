"""A real training that is stopped and started again ends with the very same numbers."""

import json
import signal
import subprocess
import sys
import time
from functools import partial

from lenet_helpers import words

import numpy
import pytest

N_EPOCHS = 20
TIME_LIMIT = 240  # seconds; a cold cache takes most of it


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The checkpoint of a run that was never stopped; filled by the first test that needs it."""
    return tmp_path_factory.mktemp("undisturbed") / "run.npz"


@pytest.fixture
def start(clean_environment):
    """A function that starts the training command, and ends what is left of it."""
    processes = []

    def run(checkpoint):
        arguments = f"train --epochs {N_EPOCHS} --nkerns 4 6 --checkpoint".split()
        process = subprocess.Popen(
            [sys.executable, "-m", "lenet_helpers", *arguments, checkpoint],
            # Two threads on busy cores are far slower than one.
            env=clean_environment | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background jobs ignore Ctrl-C, and their children would, too.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def finish(process):
    """Wait for the command's regular end; return what it printed."""
    output, errors = process.communicate(timeout=TIME_LIMIT)
    assert process.returncode == 0, errors
    return output


def wait_for_validations(process, checkpoint, count):
    """Wait until a running command has saved `count` validations."""
    deadline = time.monotonic() + TIME_LIMIT
    while not checkpoint.exists() or len(read(checkpoint)["validations"]) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def read(checkpoint):
    """Return all that a checkpoint holds but its seconds, arrays as bytes."""
    with numpy.load(checkpoint) as file:
        arrays = {name: file[name] for name in file.files}
    notes = json.loads(str(arrays.pop("notes")))
    del notes["seconds"]
    return notes | {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}


def assert_as_undisturbed(checkpoint, undisturbed, start):
    if not undisturbed.exists():
        finish(start(undisturbed))
    expected, found = read(undisturbed), read(checkpoint)
    assert len(expected["costs"]) == N_EPOCHS * (1197 // 50)
    assert sum(name.startswith("best_param_") for name in expected) == 8
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == value, name


def test_a_run_that_is_killed_goes_on_to_the_same_end(tmp_path, start, undisturbed):
    checkpoint = tmp_path / "run.npz"
    process = start(checkpoint)
    wait_for_validations(process, checkpoint, 1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 1 <= len(read(checkpoint)["validations"]) < N_EPOCHS
    finish(start(checkpoint))
    assert_as_undisturbed(checkpoint, undisturbed, start)


def test_a_run_that_is_interrupted_goes_on_to_the_same_end(tmp_path, start, undisturbed):
    checkpoint = tmp_path / "run.npz"
    process = start(checkpoint)
    wait_for_validations(process, checkpoint, 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIME_LIMIT)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == f"{words.CLI_STOPPED} {words.CLI_GO_ON}"
    assert "the same command goes on" in errors.lower()
    assert "Traceback" not in errors
    assert len(read(checkpoint)["validations"]) < N_EPOCHS
    finish(start(checkpoint))
    assert_as_undisturbed(checkpoint, undisturbed, start)
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["run.npz"]


def test_a_run_that_has_ended_is_not_trained_further(start, undisturbed):
    if not undisturbed.exists():
        finish(start(undisturbed))
    before = undisturbed.read_bytes()
    assert f"{N_EPOCHS * 23} iterations" in finish(start(undisturbed))
    assert undisturbed.read_bytes() == before
