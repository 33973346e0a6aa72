"""tools/lab.py, started in earnest, by someone whose own Jupyter settings are in the way."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FIRST_LESSON = "notebooks/00_start.ipynb"
TIMEOUT = 90

# A learner who has set up Jupyter for something else.
HOSTILE_SETTINGS = """\
c.ServerApp.port = 1
c.ServerApp.base_url = "/other/"
c.ServerApp.root_dir = "/"
c.PasswordIdentityProvider.hashed_password = "argon2:$argon2id$v=19$m=10240,t=10,p=8$aaaa$bbbb"
c.IdentityProvider.token = "other"
"""


class Lab:
    """A running tools/lab.py, what it has printed, and requests to its server."""

    def __init__(self, folder, port):
        self.port = port
        self.file = folder / "output"
        settings = folder / ".jupyter"
        settings.mkdir()
        (settings / "jupyter_server_config.py").write_text(HOSTILE_SETTINGS, encoding="utf-8")
        ours = ("JUPYTER", "PYTHON", "BROWSER")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        with self.file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "tools/lab.py", "--port", str(port), "--browser", "no"],
                cwd=REPOSITORY,
                env=kept | {"HOME": str(folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: "Ctrl-C" in self.output or self.process.poll() is not None)

    @property
    def output(self):
        return self.file.read_text(encoding="utf-8")

    @property
    def addresses(self):
        return re.findall(r"https?://\S+", self.output)

    @property
    def token(self):
        return self.addresses[0].partition("?token=")[2]

    def request(self, path, token=None, method="GET", body=None):
        """Return the status and the text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {"Authorization": f"token {token}"} if token else {}
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def free_port():
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]


def is_listening(port):
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = Lab(tmp_path_factory.mktemp("lab"), free_port())
    yield running
    if running.process.poll() is None:
        running.end()


def test_one_address_and_how_to_end_it_are_all_it_prints(lab):
    (address,) = lab.addresses
    assert address == f"http://127.0.0.1:{lab.port}/lab/tree/{FIRST_LESSON}?token={lab.token}"
    assert re.fullmatch(r"\w{32,}", lab.token)
    lines = [line for line in lab.output.splitlines() if line]
    assert len(lines) == 3
    assert "Ctrl-C" in lines[-1]


def test_the_address_opens_jupyterlab(lab):
    status, page = lab.request(lab.addresses[0].partition(str(lab.port))[2])
    assert status == 200
    assert "<title>JupyterLab</title>" in page
    (settings,) = re.findall(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)
    assert json.loads(settings)["appName"] == "JupyterLab"


def test_only_the_token_opens_the_lessons(lab):
    path = f"/api/contents/{FIRST_LESSON}"
    status, text = lab.request(path, lab.token)
    assert status == 200
    assert json.loads(text)["path"] == FIRST_LESSON
    assert lab.request(path)[0] == 403
    assert lab.request(path, "other")[0] == 403


def test_a_port_in_use_is_refused_in_one_sentence(lab):
    process = subprocess.run(
        [sys.executable, "tools/lab.py", "--port", str(lab.port), "--browser", "no"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr.count("\n") == 1
    assert f"Port {lab.port} is in use" in process.stderr


@pytest.mark.parametrize("port", ["0", "65536", "lab", "-1"])
def test_what_is_no_port_is_refused(port):
    process = subprocess.run(
        [sys.executable, "tools/lab.py", f"--port={port}", "--browser=no"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert process.returncode == 2
    assert process.stderr.endswith("is no port: give a number from 1 to 65535.\n")


# The last test with this server, which it ends.
def test_ctrl_c_ends_the_server_and_its_kernels_without_a_word_of_jupyter(lab):
    status, text = lab.request("/api/kernels", lab.token, "POST", {"name": "python3"})
    assert status == 201
    kernel = f"kernel-{json.loads(text)['id']}.json"
    assert is_running(kernel)
    assert lab.end() == 0
    assert not is_listening(lab.port)
    wait_until(lambda: not is_running(kernel))
    assert not is_running(kernel)
    lines = [line for line in lab.output.splitlines() if line]
    assert lines[3:] == ["JupyterLab is ending."]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_end_it(tmp_path, number):
    lab = Lab(tmp_path, free_port())
    assert lab.end(number) == 0
    assert not is_listening(lab.port)
    assert "Traceback" not in lab.output


def is_running(words):
    processes = subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, timeout=TIMEOUT
    )
    return words in processes.stdout
