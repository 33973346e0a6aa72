"""tools/setup.sh and the Makefile, with Pythons and compilers that only look like real ones.

The fake Python answers questions about itself as the real one does, but makes an almost empty
.venv and installs nothing: it writes down what it was asked to do.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_PYTHON = Path(sys.executable).resolve()
COPIED = ("Makefile", "pyproject.toml", "requirements", "tools/setup.sh")
# The system's programs that the set-up and the fakes call.
TOOLS = ("cat", "chmod", "echo", "head", "make", "mkdir", "mktemp", "rm", "sh", "sleep", "uname")
TIMEOUT = 30

FAKE_PYTHON = f"""\
#!/bin/sh
for argument in "$@"; do
    if [ "$argument" = -m ]; then
        echo "$@" >>"$FAKE_LOG"
        case "$*" in
        "-m venv .venv")
            mkdir -p .venv/bin
            cat "$0" >.venv/bin/python
            chmod +x .venv/bin/python
            ;;
        "-m pip "*)
            [ -z "${{FAKE_PIP_SECONDS-}}" ] || sleep "$FAKE_PIP_SECONDS"
            exit "${{FAKE_PIP_STATUS-0}}"
            ;;
        esac
        exit 0
    fi
done
exec "{REAL_PYTHON}" "$@"
"""
# The probe sees this version instead of the real one.
OTHER_VERSION = f"""\
#!/bin/sh
exec "{REAL_PYTHON}" -c "import sys; sys.version_info = (3, 12, 1); exec(sys.argv[1])" "$2"
"""
WITHOUT_MODULE = f"""\
#!/bin/sh
exec "{REAL_PYTHON}" -c "import sys; sys.modules['ensurepip'] = None; exec(sys.argv[1])" "$2"
"""
WITHOUT_HEADERS = f"""\
#!/bin/sh
exec "{REAL_PYTHON}" -c "
import sys, sysconfig
sysconfig.get_path = lambda name: '/nowhere'
exec(sys.argv[1])
" "$2"
"""
SHIM = """\
#!/bin/sh
echo "pyenv: python3.11: command not found" >&2
exit 127
"""
BROKEN_COMPILER = """\
#!/bin/sh
echo "attempt.cpp:2: fatal error: cmath: No such file or directory" >&2
exit 1
"""


class Machine:
    """A checkout in a folder with a space, and a PATH that holds nothing but what is added."""

    def __init__(self, folder):
        self.checkout = folder / "my course"
        self.programs = folder / "programs"
        self.log = folder / "log"
        self.log.touch()
        (folder / "home").mkdir()
        (folder / "tmp").mkdir()
        self.programs.mkdir()
        for name in COPIED:
            source, target = REPOSITORY / name, self.checkout / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
        for name in TOOLS:
            (self.programs / name).symlink_to(shutil.which(name))
        self.environment = {
            "PATH": str(self.programs),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "FAKE_LOG": str(self.log),
        }

    def add(self, name, text):
        program = self.programs / name
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        return program

    def add_compiler(self):
        """Put a compiler on the PATH that does its work: the real one, by its own path."""
        compiler = shutil.which("g++") or shutil.which("clang++")
        # A compiler looks for its assembler and linker on the PATH, which here is almost empty.
        self.add("g++", f'#!/bin/sh\nPATH="{os.environ["PATH"]}" exec "{compiler}" "$@"\n')

    def run(self, *command, **variables):
        command = command or ("sh", "tools/setup.sh", "course")
        return subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )

    def steps(self):
        """Return what the fake Pythons were asked to do, and forget it."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        self.log.write_text("", encoding="utf-8")
        return lines

    @property
    def is_untouched(self):
        leftovers = list((self.checkout.parent / "tmp").iterdir())
        return not (self.checkout / ".venv").exists() and not self.steps() and not leftovers


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def good_machine(machine):
    machine.add("python3.11", FAKE_PYTHON)
    machine.add_compiler()
    return machine


def assert_refused(machine, process, *words):
    """Check that the set-up stopped, said why and what to do on one screen, and did nothing."""
    assert process.returncode == 1
    for word in (*words, "apt install", "dnf install", "brew install", "conda create"):
        assert word in process.stderr
    text = (process.stdout + process.stderr).replace(str(machine.programs), "/usr/bin")
    assert len(text.splitlines()) <= 20
    assert max(map(len, text.splitlines())) <= 99
    assert machine.is_untouched


def test_without_any_python(machine):
    machine.add_compiler()
    assert_refused(machine, machine.run(), "3.10 or 3.11", "no Python at all")


def test_with_a_newer_python_only(machine):
    machine.add_compiler()
    python = machine.add("python3", OTHER_VERSION)
    assert_refused(machine, machine.run(), "3.10 or 3.11", f"{python} is Python 3.12.1")


@pytest.mark.parametrize(
    ("fake", "missing"), [(WITHOUT_MODULE, "ensurepip"), (WITHOUT_HEADERS, "Python.h")]
)
def test_with_a_python_that_lacks_a_part(machine, fake, missing):
    machine.add_compiler()
    python = machine.add("python3", fake)
    version = ".".join(map(str, sys.version_info[:2]))
    assert_refused(
        machine, machine.run(), f"{python}, Python {version}", missing, f"python{version}-venv"
    )


def test_without_a_compiler(machine):
    machine.add("python3.11", FAKE_PYTHON)
    assert_refused(machine, machine.run(), "no C++ compiler")


def test_with_a_compiler_that_fails(machine):
    machine.add("python3.11", FAKE_PYTHON)
    compiler = machine.add("g++", BROKEN_COMPILER)
    assert_refused(machine, machine.run(), str(compiler), "cmath: No such file")


def test_the_compiler_that_cxx_names_is_the_one_that_is_tried(good_machine):
    named = good_machine.add("my-compiler", BROKEN_COMPILER)
    process = good_machine.run(CXX=str(named))
    assert_refused(good_machine, process, str(named), "unset CXX")


def test_an_unknown_kind_of_set_up_is_refused(good_machine):
    process = good_machine.run("sh", "tools/setup.sh", "everything")
    assert process.returncode == 2
    assert "usage" in process.stderr
    assert good_machine.is_untouched


def test_the_first_set_up_and_the_second(good_machine):
    process = good_machine.run()
    assert process.returncode == 0
    assert process.stderr == ""
    assert "about a minute" in process.stdout
    venv, *installs = good_machine.steps()
    assert venv == "-m venv .venv"
    pins = (REPOSITORY / "requirements/course.txt").read_text(encoding="utf-8").splitlines()
    (builder,) = (pin for pin in pins if pin.startswith("setuptools=="))
    # setuptools comes first: theano-pymc is built with it.
    for step, last in zip(installs, (builder, "-r requirements/course.txt", "-e ."), strict=True):
        assert "--no-deps --no-build-isolation" in step
        assert step.endswith(last)
    settings = good_machine.checkout / ".venv/etc/jupyter/labconfig/page_config.json"
    assert '"@jupyterlab/apputils-extension:announcements": true' in settings.read_text()

    began = time.monotonic()
    second = good_machine.run()
    assert time.monotonic() - began < 1
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert good_machine.steps() == []


def test_the_second_set_up_needs_no_python_or_compiler_to_be_found(good_machine):
    good_machine.run()
    (good_machine.programs / "python3.11").unlink()
    (good_machine.programs / "g++").unlink()
    process = good_machine.run()
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_the_set_up_for_tests_holds_for_the_course_but_not_the_other_way_round(good_machine):
    good_machine.run()
    good_machine.steps()
    good_machine.run("sh", "tools/setup.sh", "test")
    steps = good_machine.steps()
    assert any("-r requirements/test.txt" in step for step in steps)
    assert not any("venv" in step for step in steps)  # the same folder, with more in it
    good_machine.run("sh", "tools/setup.sh", "course")
    good_machine.run("sh", "tools/setup.sh", "test")
    assert good_machine.steps() == []


@pytest.mark.parametrize("name", ["requirements/course.txt", "pyproject.toml"])
def test_a_changed_file_sets_up_again_in_the_same_folder(good_machine, name):
    good_machine.run()
    good_machine.steps()
    file = good_machine.checkout / name
    file.write_text(file.read_text(encoding="utf-8") + "\n# new\n", encoding="utf-8")
    assert good_machine.run().returncode == 0
    steps = good_machine.steps()
    assert len(steps) == 3
    assert not any("venv" in step for step in steps)


def test_a_moved_folder_is_set_up_anew(good_machine):
    good_machine.run()
    good_machine.steps()
    good_machine.checkout = good_machine.checkout.rename(
        good_machine.checkout.with_name("elsewhere")
    )
    process = good_machine.run()
    assert process.returncode == 0
    assert "made anew" in process.stdout
    assert good_machine.steps()[0] == "-m venv .venv"


def test_a_venv_whose_python_is_gone_is_made_anew(good_machine):
    good_machine.run()
    good_machine.steps()
    (good_machine.checkout / ".venv/bin/python").unlink()
    assert good_machine.run().returncode == 0
    assert good_machine.steps()[0] == "-m venv .venv"


def test_a_failed_download_says_what_to_do_and_the_next_call_repairs_it(good_machine):
    process = good_machine.run(FAKE_PIP_STATUS="1")
    assert process.returncode == 1
    assert "network" in process.stderr
    good_machine.steps()
    assert good_machine.run().returncode == 0
    assert good_machine.steps()[0] == "-m venv .venv"
    assert good_machine.run().stdout == ""


def test_ctrl_c_leaves_nothing_that_the_next_call_does_not_repair(good_machine):
    process = subprocess.Popen(
        ["sh", "tools/setup.sh", "course"],
        cwd=good_machine.checkout,
        env=good_machine.environment | {"FAKE_PIP_SECONDS": "20"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + TIMEOUT
    while " pip " not in good_machine.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert "Run the same command again" in output
    good_machine.steps()
    assert good_machine.run().returncode == 0
    assert good_machine.steps()[0] == "-m venv .venv"


def test_a_broken_shim_is_skipped_without_a_word(good_machine):
    fake = good_machine.programs / "python3.11"
    fake.rename(good_machine.programs / "python3.10")
    good_machine.add("python3.11", SHIM)
    process = good_machine.run()
    assert (process.returncode, process.stderr) == (0, "")
    assert good_machine.steps()[0] == "-m venv .venv"


def test_the_right_python_beside_a_wrong_python3(good_machine):
    good_machine.add("python3", OTHER_VERSION)
    good_machine.add("python", OTHER_VERSION)
    assert good_machine.run().returncode == 0


def test_the_python_that_is_named_comes_first(machine):
    machine.add_compiler()
    machine.add("python3", OTHER_VERSION)
    folder = machine.checkout.parent / "my python"
    folder.mkdir()
    named = machine.add("named", FAKE_PYTHON).rename(folder / "python")
    assert machine.run(PYTHON=str(named)).returncode == 0
    assert machine.steps()[0] == "-m venv .venv"


def test_make_alone_lists_its_targets(machine):
    process = machine.run("make")
    assert process.returncode == 0
    for target in ("lab", "test", "train", "lessons", "answers", "bench", "data", "lock"):
        assert re.search(rf"^make {target}\b", process.stdout, re.MULTILINE)
    assert len(process.stdout.splitlines()) <= 12


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ((), []),
        (
            ("DATASET=mnist", "EPOCHS=2", "LEARNING_RATE=0.1", "NKERNS=20 50", "BATCH_SIZE=500"),
            [
                *("--dataset=mnist", "--epochs=2", "--learning-rate=0.1"),
                *("--nkerns", "20", "50", "--batch-size=500"),
            ],
        ),
        (("CHECKPOINT=runs/it's my run.npz",), ["--checkpoint=runs/it's my run.npz"]),
        (("EPOCHS=1; echo oh",), ["--epochs=1; echo oh"]),
    ],
)
def test_make_train_passes_on_what_is_given(good_machine, given, passed_on):
    # Variables of the environment, which other programs use, don't count.
    good_machine.add("python3.11", FAKE_PYTHON.replace('echo "$@"', 'printf "%s|" "$@"'))
    process = good_machine.run("make", "train", *given, PORT="1", DATASET="other")
    assert process.returncode == 0
    assert good_machine.log.read_text().endswith(
        "|".join(["-m", "lenet_helpers", "train", *passed_on]) + "|"
    )
