"""Start JupyterLab on the first lesson. `make lab` runs this with the Python of .venv."""

import argparse
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_LESSON = "notebooks/00_start.ipynb"
HOST = "127.0.0.1"
FIRST_PORT = 8888
N_PORTS = 100
START_SECONDS = 90
STOP_SECONDS = 15
LARGEST_MESSAGE = 256 * 2**20
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def main(arguments=None):
    """Run JupyterLab until it is stopped; return the exit status, 0 for success."""
    settings = _parser().parse_args(arguments)
    for name in STOP_SIGNALS:
        signal.signal(getattr(signal, name), signal.default_int_handler)
    if settings.port is None:
        port = next(filter(is_free, range(FIRST_PORT, FIRST_PORT + N_PORTS)), None)
        if port is None:
            last_port = FIRST_PORT + N_PORTS - 1
            return _refuse(f"The ports {FIRST_PORT} to {last_port} are all in use.")
    else:
        port = settings.port
        if not is_free(port):
            return _refuse(f"Port {port} is in use, or not yours to use: choose another PORT.")
    token = secrets.token_hex(24)
    server, ending = None, threading.Event()
    try:
        server = start(port, token, settings.options)
        reader = threading.Thread(target=pass_on, args=(server.stdout, ending), daemon=True)
        reader.start()
        if not wait_until_it_answers(server, port, token):
            reader.join(1)
            message = f"JupyterLab did not start on port {port}; what it said is above."
            print(message, file=sys.stderr)
            return 1
        address = f"http://{HOST}:{port}/lab/tree/{FIRST_LESSON}?token={token}"
        print(f"The course is open at\n\n    {address}\n\nCtrl-C here ends it.", flush=True)
        if settings.browser == "yes":
            open_browser(address)
        return 1 if server.wait() else 0
    except KeyboardInterrupt:
        ending.set()
        print("\nJupyterLab is ending.", flush=True)
        return 0
    finally:
        stop(server)


def is_free(port):
    """Return whether a server can listen on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        # As Jupyter does: a port whose last connections are still being closed is free.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def start(port, token, options):
    """Start the server in a process group of its own, which Ctrl-C doesn't reach; return it."""
    command = [
        *(sys.executable, "-W", "ignore", "-m", "jupyterlab"),
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.open_browser=False",
        "--ServerApp.base_url=/",
        # Errors only. Everything else that Jupyter logs is of no use to the learner.
        "--Application.log_level=ERROR",
        # The other manager asks the package registry for extensions, and the search for language
        # servers runs whatever npm and rust-analyzer are installed.
        "--LabApp.extension_manager=readonly",
        "--LanguageServerManager.autodetect=False",
        # A learner's photograph travels as one message. At Jupyter's 10 MB the page would lose
        # its connection instead.
        f"--ServerApp.tornado_settings={{'websocket_max_message_size': {LARGEST_MESSAGE}}}",
        # Without it every kernel warns that other users of the machine could listen.
        "--KernelManager.transport_encryption=auto",
        *options,
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(token),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def pass_on(stream, ending):
    """Write what the server says to the standard error, until it is told to end."""
    for line in stream:
        # What a server and its kernels say when they are stopped is no news.
        if not ending.is_set():
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


def environment(token):
    """Return the environment variables of the server, as a dict.

    The learner's own Jupyter settings may hold a password, another address or another kernel
    called python3, and then the printed address or the lessons would not work. So the server has
    a settings folder in .venv. Only what changes JupyterLab's looks (theme, shortcuts) is the
    learner's own.
    """
    variables = dict(os.environ)
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_NO_CONFIG", "JUPYTER_PATH", "JUPYTER_TOKEN_FILE"):
        variables.pop(name, None)
    own_folder = Path(variables.get("JUPYTER_CONFIG_DIR") or Path.home() / ".jupyter")
    variables.setdefault("JUPYTERLAB_SETTINGS_DIR", str(own_folder / "lab" / "user-settings"))
    folder = Path(sys.prefix) / "var" / "jupyter"
    variables.update(
        JUPYTER_CONFIG_DIR=str(folder),
        JUPYTERLAB_WORKSPACES_DIR=str(folder / "workspaces"),
        JUPYTER_PREFER_ENV_PATH="1",
        # Other users of the machine can read command lines, but not this.
        JUPYTER_TOKEN=token,
        # Keeps the kernel's debugger from a warning at every start.
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )
    return variables


def wait_until_it_answers(server, port, token):
    """Return True once the server answers to the token, False if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    headers = {"Authorization": f"token {token}"}
    while server.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/api/status", headers=headers)
            if connection.getresponse().status == http.client.OK:
                return True
        except (OSError, http.client.HTTPException):
            pass  # it doesn't listen yet
        finally:
            connection.close()
        time.sleep(0.1)
    return False


def open_browser(address):
    """Open the address in the learner's browser, if there is one."""
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not has_screen and not os.environ.get("BROWSER"):
        return  # Python would open a browser inside this terminal
    try:
        webbrowser.open(address)
    except webbrowser.Error:
        return  # the address is printed


def stop(server):
    """End the server and its kernels, if they run."""
    # A second Ctrl-C must not leave kernels behind.
    for name in STOP_SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if server is None or server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _refuse(message):
    print(message, file=sys.stderr)
    return 2


def _port(text):
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535.")
    return int(text)


def _parser():
    parser = argparse.ArgumentParser(prog="make lab", description=__doc__)
    parser.add_argument("--port", type=_port, help="the port; else 8888 or the next free one")
    parser.add_argument(
        "--browser", choices=("yes", "no"), default="yes", help="whether to open a browser"
    )
    parser.add_argument("options", nargs="*", help="options for JupyterLab itself, after --")
    return parser


if __name__ == "__main__":
    sys.exit(main())
