"""The file of a learner's progress loses nothing, spoils nothing, and gives nobody away."""

import datetime
import getpass
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from lenet_helpers.exercises import progress
from lenet_helpers.exercises.progress import Record

import pytest
from filelock import FileLock

TODAY = datetime.date.today().isoformat()


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "own" / "progress.json"
    monkeypatch.setenv("LENET_PROGRESS", str(path))
    return path


def note_everything(key="2.pool_by_hand"):
    progress.note_hint(key, 2)
    progress.note_attempt(key, False)
    progress.note_solution(key)
    progress.note_attempt(key, True)


def test_what_is_noted_is_read(file):
    assert progress.read() == {}
    assert not file.exists()
    note_everything()
    assert progress.read() == {"2.pool_by_hand": Record(2, 2, True, TODAY)}


def test_after_the_first_right_answer_nothing_changes(file):
    progress.note_attempt("1.shapes", True)
    before = file.read_bytes()
    note_everything("1.shapes")
    assert file.read_bytes() == before
    assert progress.read() == {"1.shapes": Record(1, 0, False, TODAY)}


def test_an_earlier_hint_does_not_undo_a_later_one(file):
    progress.note_hint("1.shapes", 3)
    progress.note_hint("1.shapes", 1)
    assert progress.read()["1.shapes"].hints == 3


def test_the_file_can_be_read_by_people_and_is_in_order(file):
    for key in ("2.b", "1.z", "2.a"):
        progress.note_attempt(key, False)
    text = file.read_text("utf-8")
    assert list(json.loads(text)) == ["1.z", "2.a", "2.b"]
    assert text.count("\n") > 12
    assert text.endswith("}\n")


def test_the_file_names_nobody(file):
    note_everything()
    text = file.read_text("utf-8")
    assert getpass.getuser() not in text
    assert socket.gethostname() not in text
    assert "/" not in text
    fields = json.loads(text)["2.pool_by_hand"]
    assert set(fields) == {"attempts", "hints", "saw_solution", "solved"}
    assert not stat.S_IMODE(file.stat().st_mode) & 0o077


def test_exercises_of_another_course_are_kept(file):
    file.parent.mkdir()
    old = {"0.of_older_course": asdict(Record(3, 1, False, "2024-02-29"))}
    file.write_text(json.dumps(old))
    progress.note_attempt("1.shapes", False)
    assert json.loads(file.read_text())["0.of_older_course"] == old["0.of_older_course"]
    assert progress.read()["1.shapes"] == Record(1)


def test_deleting_the_file_begins_anew(file):
    note_everything()
    file.unlink()
    assert progress.read() == {}
    note_everything()
    assert progress.read()["2.pool_by_hand"].attempts == 2


def of(**changes):
    return json.dumps({"1.shapes": asdict(Record()) | changes})


BROKEN = {
    "empty": "",
    "cut": of()[:-5],
    "a list": "[]",
    "pairs": json.dumps([["1.shapes", asdict(Record())]]),
    "a number": "3",
    "nothing": "null",
    "a text": '"progress"',
    "another's": '{"cells": [], "nbformat": 4}',
    "records that are none": '{"1.shapes": 3}',
    "a field less": '{"1.shapes": {"attempts": 1}}',
    "a field more": of(name="Ada"),
    "a text for a number": of(attempts="1"),
    "a fraction": of(attempts=1.5),
    "true for a number": of(attempts=True),
    "below zero": of(hints=-1),
    "a number for yes": of(saw_solution=1),
    "no day": of(solved="yesterday"),
    "a formula": of(solved="=1+1"),
    "a number for a day": of(solved=3),
    "zero for a day": of(solved=0),
    "nothing for a day": of(solved=None),
    "nested": "[" * 90_000,
    "huge": json.dumps({f"1.{n}": asdict(Record()) for n in range(3000)}),
    "a huge number": '{"1.shapes": {"attempts": ' + "9" * 9000 + "}}",
    "binary": b"\x00\xff\xfe" * 99,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_file_is_named_and_left_alone(file, content):
    content = content if isinstance(content, bytes) else content.encode()
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(ValueError, match="can't be read") as caught:
        progress.read()
    assert str(file) in str(caught.value)
    note_everything()
    assert file.read_bytes() == content
    assert sorted(path.name for path in file.parent.iterdir() if path.suffix == ".tmp") == []


def test_a_folder_in_the_files_place_stays(file):
    file.mkdir(parents=True)
    note_everything()
    assert file.is_dir()
    with pytest.raises(ValueError, match="can't be read"):
        progress.read()


def test_a_file_in_the_folders_place_stays(file):
    file.parent.write_text("mine")
    note_everything()
    assert file.parent.read_text() == "mine"


def test_a_read_only_file_stays(file):
    progress.note_attempt("1.shapes", False)
    file.chmod(0o400)
    before = file.read_bytes()
    note_everything()
    assert file.read_bytes() == before
    assert progress.is_read_only()
    file.chmod(0o600)
    assert not progress.is_read_only()


@pytest.mark.skipif(os.geteuid() == 0, reason="left out: an administrator may read everything")
def test_an_unreadable_file_stays(file):
    progress.note_attempt("1.shapes", False)
    file.chmod(0o000)
    note_everything()
    with pytest.raises(ValueError, match="can't be read"):
        progress.read()
    file.chmod(0o600)
    assert progress.read() == {"1.shapes": Record(1)}


@pytest.mark.parametrize("error", [PermissionError, OSError, NotImplementedError])
def test_a_folder_that_cannot_be_written_stops_nothing(file, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(progress.FileLock, "acquire", refuse)
    note_everything()
    assert progress.read() == {}


def test_a_lock_that_is_never_opened_is_not_waited_for_long(file, monkeypatch):
    monkeypatch.setattr(progress, "LOCK_SECONDS", 0.2)
    file.parent.mkdir()
    with FileLock(f"{file}.lock"):
        note_everything()
    assert progress.read() == {}


def test_a_disk_that_is_full_leaves_the_old_file(file, monkeypatch):
    progress.note_attempt("1.shapes", False)
    before = file.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    note_everything()
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".*.tmp"))


def test_a_link_stays_a_link(file, tmp_path):
    file.parent.mkdir()
    target = tmp_path / "elsewhere.json"
    target.write_text("{}")
    file.symlink_to(target)
    note_everything()
    assert file.is_symlink()
    assert "pool_by_hand" in target.read_text()


def test_two_processes_lose_nothing(file):
    code = (
        "import sys; from lenet_helpers.exercises import progress\n"
        "for n in range(40):\n"
        "    progress.note_attempt('1.shared', False)\n"
        "    progress.note_attempt(f'{sys.argv[1]}.{n}', True)\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "23"]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    records = progress.read()
    assert records["1.shared"].attempts == 80
    assert len(records) == 81


def test_threads_lose_nothing(file):
    def work():
        for _ in range(10):
            progress.note_attempt("1.shared", False)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert progress.read()["1.shared"].attempts == 40


def test_the_place_of_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("LENET_PROGRESS", "~/mine.json")
    assert progress.path() == tmp_path.resolve() / "mine.json"
    monkeypatch.setenv("LENET_PROGRESS", "mine.json")
    assert progress.path() == Path.cwd() / "mine.json"
    for nothing in ("", None):
        if nothing is None:
            monkeypatch.delenv("LENET_PROGRESS")
        else:
            monkeypatch.setenv("LENET_PROGRESS", nothing)
        assert progress.path().name == "progress.json"
        assert tmp_path.resolve() in progress.path().parents


def test_a_working_folder_that_is_gone_stops_nothing(monkeypatch, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    monkeypatch.setenv("LENET_PROGRESS", "mine.json")
    note_everything()
