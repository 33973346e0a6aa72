"""The self-check works here, and says what to do wherever something is missing."""

import html
import os
import re
import sys
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

from lenet_helpers import paths, self_check, words

import numpy
import pytest
import theano

NAMES = ["Python", "NumPy", "Theano", "Compiler", "BLAS", "Widgets", "Data", "Memory"]
VersionInfo = namedtuple("VersionInfo", "major minor micro releaselevel serial")


# The two slow looks; only the tests that are about them really compile and multiply.
look_at_compiler, look_at_blas = self_check.look_at_compiler, self_check.look_at_blas


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    monkeypatch.setattr(self_check, "look_at_compiler", lambda: (True, "g++", ""))
    monkeypatch.setattr(self_check, "look_at_blas", lambda: (True, "99 GFLOP/s", ""))


def row_that_fails(name):
    """Return the one row that does not work, all others still being there."""
    check = self_check.check_environment()
    assert [row.name for row in check.rows] == NAMES
    assert not check.works
    (row,) = [row for row in check.rows if not row.works]
    assert row.name == name
    text = str(check)
    assert words.CHECK_SOME_FAIL in text
    assert text.count(words.CHECK_FAILS) == 1
    assert text.count(words.CHECK_OK) == len(NAMES) - 1
    assert row.advice in text
    assert len(row.advice) > 10
    return row


def test_everything_works_here(monkeypatch):
    monkeypatch.setattr(self_check, "look_at_compiler", look_at_compiler)
    monkeypatch.setattr(self_check, "look_at_blas", look_at_blas)
    check = self_check.check_environment()
    assert [row.name for row in check.rows] == NAMES
    assert [row.name for row in check.rows if not row.works] in ([], ["BLAS"])
    assert all(row.found for row in check.rows)
    assert all(row.advice == "" for row in check.rows if row.works)
    found = {row.name: row.found for row in check.rows}
    assert found["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["NumPy"] == numpy.__version__
    assert found["Theano"] == "1.1.2, floatX float32"
    assert found["Compiler"] == os.path.basename(theano.config.cxx)
    assert re.fullmatch(r"\d+ GFLOP/s", found["BLAS"])
    assert {"cat.jpg", "digits.npz"} <= set(found["Data"].split(", "))


def test_all_rows_that_work_make_the_whole_work():
    check = self_check.check_environment()
    assert check.works
    assert str(check).endswith(words.CHECK_ALL_WORKS)
    assert words.CHECK_ALL_WORKS in check._repr_html_()
    assert words.CHECK_FAILS not in check._repr_html_()


@pytest.mark.parametrize("version", [(3, 9, 1), (3, 12, 0), (4, 11, 0)])
def test_wrong_python(monkeypatch, version):
    monkeypatch.setattr(self_check.sys, "version_info", VersionInfo(*version, "final", 0))
    assert row_that_fails("Python").advice == words.ADVICE_PYTHON


def test_right_pythons(monkeypatch):
    for version in ((3, 10, 0), (3, 11, 9)):
        monkeypatch.setattr(self_check.sys, "version_info", VersionInfo(*version, "final", 0))
        assert self_check.look_at_python()[0]


@pytest.mark.parametrize("version", ["1.24.0", "2.1.0rc1", "1.30"])
def test_wrong_numpy(monkeypatch, version):
    monkeypatch.setattr(self_check.numpy, "__version__", version)
    row = row_that_fails("NumPy")
    assert (row.found, row.advice) == (version, words.ADVICE_INSTALL)


def test_cache_that_nobody_may_write_to(monkeypatch):
    monkeypatch.setattr(self_check.os, "access", lambda path, mode: False)
    assert str(theano.config.compiledir) in row_that_fails("Theano").advice


@pytest.mark.parametrize(
    ("broken", "found"),
    [("none", words.FOUND_NO_COMPILER), ("no headers", words.FOUND_BROKEN_COMPILER)],
)
def test_no_compiler(monkeypatch, tmp_path, broken, found):
    monkeypatch.setattr(self_check, "look_at_compiler", look_at_compiler)
    if broken == "none":
        monkeypatch.setattr(theano.config, "cxx", "")
    else:
        monkeypatch.setattr(self_check.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    row = row_that_fails("Compiler")
    assert (row.found, row.advice) == (found, words.ADVICE_COMPILER)


def test_slow_blas(monkeypatch):
    monkeypatch.setattr(self_check, "look_at_blas", look_at_blas)
    monkeypatch.setattr(self_check, "SLOW_GFLOPS", 1e9)
    row = row_that_fails("BLAS")
    assert row.advice == words.ADVICE_BLAS
    assert "GFLOP/s" in row.found


def test_blas_counts_operations(monkeypatch):
    # A clock on which every product takes a tenth of a second: 2 x 1000^3 / 0.1 s.
    clock = iter(numpy.arange(100) * 0.1)
    monkeypatch.setattr(self_check, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert look_at_blas()[1] == "20 GFLOP/s"


@pytest.mark.parametrize("missing", ["ipywidgets", "jupyterlab-widgets"])
def test_missing_widgets(monkeypatch, missing):
    whole = self_check.version

    def version(name):
        if name == missing:
            raise PackageNotFoundError(name)
        return whole(name)

    monkeypatch.setattr(self_check, "version", version)
    row = row_that_fails("Widgets")
    assert missing in row.found
    assert row.advice == words.ADVICE_INSTALL


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_broken_data(monkeypatch, tmp_path, damage):
    for path in paths.DATA_FOLDER.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(paths, "DATA_FOLDER", tmp_path)
    assert self_check.look_at_data()[0]
    if damage == "missing":
        (tmp_path / "cat.jpg").unlink()
    else:
        with open(tmp_path / "cat.jpg", "ab") as file:
            file.write(b"0")
    advice = row_that_fails("Data").advice
    assert "altered: cat.jpg. " in advice
    assert "digits.npz" not in advice


def test_no_data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA_FOLDER", tmp_path / "nowhere")
    row = row_that_fails("Data")
    assert (row.found, row.advice) == (
        "README.md is missing",
        words.ADVICE_DATA.format(names="README.md"),
    )


def test_readme_that_lists_nothing(monkeypatch, tmp_path):
    (tmp_path / "README.md").write_text("nothing", encoding="utf-8")
    monkeypatch.setattr(paths, "DATA_FOLDER", tmp_path)
    row_that_fails("Data")


def test_no_memory(monkeypatch):
    monkeypatch.setattr(self_check, "_free_memory", lambda: 0.9e9)
    row = row_that_fails("Memory")
    assert (row.found, row.advice) == ("0.9 GB free", words.ADVICE_MEMORY)


def test_system_that_does_not_tell_its_memory(monkeypatch):
    monkeypatch.setattr(self_check, "_free_memory", lambda: None)
    check = self_check.check_environment()
    assert check.works
    assert check.rows[-1].found == words.FOUND_UNKNOWN


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        ({"meminfo": "MemTotal: 9 kB\nMemAvailable:    2000 kB\n"}, 2_048_000),
        ({"meminfo": "MemTotal: 9 kB\n"}, None),
        ({"meminfo": "MemAvailable: 2000 kB\n", "memory.max": "max\n"}, 2_048_000),
        (
            {
                "meminfo": "MemAvailable: 2000 kB\n",
                "memory.max": "1000000\n",
                "memory.current": "400000\n",
            },
            600_000,
        ),
    ],
)
def test_free_memory_is_the_smaller_of_machine_and_container(monkeypatch, tmp_path, files, free):
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="ascii")

    def open_copy(path, encoding):
        return open(tmp_path / os.path.basename(path), encoding=encoding)

    monkeypatch.setattr(self_check, "open", open_copy, raising=False)
    assert self_check._free_memory() == free


def test_an_exception_inside_a_look(monkeypatch):
    def look():
        raise RuntimeError("the <first> line\nthe second " + 500 * "x")

    monkeypatch.setattr(self_check, "look_at_widgets", look)
    row = row_that_fails("Widgets")
    assert (row.found, row.advice) == ("RuntimeError: the <first> line", words.ADVICE_INSTALL)


def test_html_escapes():
    row = self_check.CheckRow("<Name>", False, "a & b", "<script>run()</script>")
    text = self_check.SelfCheck([row])._repr_html_()
    for part in (row.name, row.found, row.advice):
        assert part not in text
        assert html.escape(part) in text
    assert text.count("<th ") == 4
    assert text.count("<td ") == 4
