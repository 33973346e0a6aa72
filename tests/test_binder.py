"""The pins, environment.yml and what Binder would make of the checkout, all without a network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY / "requirements"
# name==version, perhaps a marker, and the reason.
DIRECT_PIN = re.compile(r"(?P<pin>[\w-]+==[\w.]+)(?: ; (?P<marker>[^#]+?))?\s+# (?P<reason>.+)")
LOCKED_PIN = re.compile(r"[a-z0-9-]+==[\w.]+( ; .+)?")
TIMEOUT = 120


def lines(name):
    return (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()


def direct_lines(name):
    return [line for line in lines(name) if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("name", ["course", "test"])
def test_every_direct_pin_is_exact_and_has_its_reason(name):
    assert direct_lines(f"{name}.in")
    for line in direct_lines(f"{name}.in"):
        assert DIRECT_PIN.fullmatch(line), line


@pytest.mark.parametrize("name", ["course", "test"])
def test_every_direct_pin_is_locked_at_its_version(name):
    locked = {line.partition(" ;")[0] for line in lines(f"{name}.txt")}
    for line in direct_lines(f"{name}.in"):
        assert DIRECT_PIN.fullmatch(line)["pin"] in locked


@pytest.mark.parametrize("name", ["course", "test"])
def test_every_locked_pin_is_exact(name):
    for line in lines(f"{name}.txt"):
        assert LOCKED_PIN.fullmatch(line), line


def test_the_course_is_a_part_of_the_tests():
    assert set(lines("course.txt")) < set(lines("test.txt"))


def test_no_requirement_names_an_address():
    for file in REQUIREMENTS.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def test_environment_yml_holds_the_locked_pins():
    text = (REPOSITORY / "environment.yml").read_text(encoding="utf-8")
    pins = re.findall(r"^      - '(.+)'$", text, re.MULTILINE)
    assert [pin.replace("''", "'") for pin in pins] == lines("course.txt")
    assert "\nname: lenet-course\n" in text
    assert "\nchannels:\n  - conda-forge\n" in text
    assert text.count("\n  - python=3.11\n") == 1


def test_make_environment_makes_the_same_file_again(tmp_path):
    for name in ("tools/make_environment.py", "requirements/course.txt"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(REPOSITORY / name, tmp_path / name)
    script = tmp_path / "tools" / "make_environment.py"
    subprocess.run([sys.executable, script], check=True, timeout=TIMEOUT)
    made = (tmp_path / "environment.yml").read_bytes()
    assert made == (REPOSITORY / "environment.yml").read_bytes()


@pytest.mark.parametrize("name", ["postBuild", "start", ".ci/run"])
def test_the_scripts_can_be_run(name):
    script = REPOSITORY / name
    assert script.stat().st_mode & 0o111 == 0o111
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/bash\n")
    assert "\nset -euo pipefail\n" in text
    subprocess.run(["bash", "-n", script], check=True, timeout=TIMEOUT)


def test_start_hands_the_portable_setting_on():
    command = [REPOSITORY / "start", "sh", "-c", 'echo "$LENET_PORTABLE $1"', "sh", "two words"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert process.stdout == "1 two words\n"


def test_the_image_is_given_what_lessons_and_the_studio_compile():
    text = (REPOSITORY / "postBuild").read_text(encoding="utf-8")
    _, setting, commands = text.partition("\nexport LENET_PORTABLE=1\n")
    assert setting
    runs = [
        line for line in commands.splitlines() if "lenet_helpers" in line or "nbconvert" in line
    ]
    assert len(runs) == 2
    assert "--execute" in runs[0]
    assert runs[1].endswith(" train --epochs 1")


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory):
    """What Binder would build, rendered in a folder with the files of the checkout's top."""
    folder = tmp_path_factory.mktemp("checkout")
    for source in REPOSITORY.iterdir():
        if source.is_file():
            shutil.copy(source, folder)
        elif source.name in ("binder", ".binder"):
            shutil.copytree(source, folder / source.name)
    process = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert process.returncode == 0, process.stderr
    assert "python=3.11" in process.stderr
    return process.stdout


def test_binder_installs_environment_yml(dockerfile):
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in dockerfile
    # The one file that is there when the packages are installed: it must need no other.
    copied = re.findall(r"^COPY .*src/(\S+) \$\{REPO_DIR\}", dockerfile, re.MULTILINE)
    assert "environment.yml" in copied
    assert not any("requirements" in name for name in copied)


def test_binder_runs_post_build_and_start(dockerfile):
    assert "\nRUN ./postBuild\n" in dockerfile
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/start"' in dockerfile
