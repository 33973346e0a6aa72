"""The bar that shows how far compiling is: seen by people only, and gone at the end."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import lenet_helpers
from lenet_helpers import words
from lenet_helpers.compiling import progress

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.fixture
def displayed(monkeypatch):
    """Everything that a bar shows in a page, in order."""
    shown = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))

    def display(bundle, raw, display_id):
        shown.append(bundle)
        return handle

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def test_the_bar_in_a_page_counts_and_is_emptied(displayed, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", -1)
    bar = progress.PageBar(2)
    bar.update()
    bar.update()
    bar.close()
    assert [shown.get("text/plain") for shown in displayed] == [
        f"{words.COMPILING} 1 of 2",
        f"{words.COMPILING} 2 of 2",
        None,
    ]
    assert displayed[-1] == {}
    assert '<progress max="2" value="1">' in displayed[0]["text/html"]


def test_a_short_wait_shows_no_bar(displayed):
    bar = progress.PageBar(2)
    bar.update()
    bar.close()
    assert displayed == []


@pytest.mark.parametrize("answering", [False, True])
def test_only_a_page_that_a_person_has_open_gets_a_bar(tmp_path, answering, monkeypatch):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(Path(lenet_helpers.__file__).parent.parent))
    code = "from lenet_helpers.compiling import progress\nprogress.SECONDS = -1\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code + BAR)])
    client = NotebookClient(notebook, kernel_name="python3", timeout=300)
    client.create_kernel_manager().transport_encryption = "auto"
    with client.setup_kernel():
        client.kc.allow_stdin = answering
        client.execute_cell(notebook.cells[0], 0)
    # An emptied output has nothing that nbval could compare.
    expected = [{"output_type": "display_data", "metadata": {}, "data": {}}] if answering else []
    assert notebook.cells[0].outputs == expected


BAR = """
bar = progress.bar(3)
for step in range(3):
    bar.update()
bar.close()
"""


def test_a_terminal_gets_a_bar_and_a_file_none(run_python, clean_environment, tmp_path):
    code = "from lenet_helpers.compiling import progress\nprogress.SECONDS = 0\n" + BAR
    assert run_python(code).stderr == ""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 24, 80, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    subprocess.run([sys.executable, "-c", code], env=clean_environment, stderr=theirs, check=True)
    seen = os.read(ours, 10000).decode()
    os.close(ours)
    os.close(theirs)
    assert words.COMPILING in seen
    # The line is wiped at the end.
    assert seen.endswith("\r")
    assert seen.split("\r")[-2].strip() == ""
