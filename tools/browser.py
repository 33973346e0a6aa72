"""JupyterLab in a real browser, for the tests and for `make bench`: Chromium, by Playwright."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import TimeoutError, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FIRST_LESSON = "notebooks/00_start.ipynb"
# Git ignores it, and the server shows it.
SCRATCH = ROOT / "runs"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
OPEN_TIMEOUT_MS, START_TIMEOUT_MS, RUN_TIMEOUT_MS, N_STARTS = 60_000, 20_000, 240_000, 3
WIDTH, HEIGHT = 1280, 900
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@contextmanager
def served():
    """Run `make lab`'s server with a home of its own; yield the address that it prints."""
    # The course's compile cache is shared; everything of Jupyter's is the server's own.
    cache = os.environ.get("LENET_CACHE") or Path.home() / ".cache" / "lenet-course"
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOME": home, "LENET_CACHE": str(cache)}
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            environment.pop(name, None)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "tools/lab.py", "--port", str(port), "--browser", "no"]
        # Lets us see when a kernel is idle and a cell has run.
        command += ["--", "--LabApp.expose_app_in_browser=True"]
        # Two servers that keep the same workspace get into each other's way.
        command += [f"--LabApp.workspaces_dir={Path(home) / 'workspaces'}"]
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            for line in server.stdout:
                found = re.search(r"http://\S+", line)
                if found:
                    break
            else:
                raise RuntimeError("the server ended without printing an address")
            yield found.group()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


@contextmanager
def chromium():
    """Start a headless Chromium, and yield it."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )


@contextmanager
def page_of(browser, address):
    """Open a page that notes its errors in `console_errors`; end its kernels afterwards."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.console_errors = []
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and page.console_errors.append(f"{message.text} {message.location['url']}")
        ),
    )
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
    try:
        yield page
    finally:
        # Kernels would pile up: six lessons at once are too much for a small machine.
        origin, token = re.match(r"(http://[^/]+).*token=(\w+)", address).groups()
        headers = {"Authorization": f"token {token}"}
        for session in context.request.get(f"{origin}/api/sessions", headers=headers).json():
            context.request.delete(f"{origin}/api/sessions/{session['id']}", headers=headers)
        context.close()


@contextmanager
def scratch_notebook(sources):
    """Write a notebook of code cells where the server finds it; yield its path, then delete it."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder) / "scratch.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
        yield path.relative_to(ROOT).as_posix()


def run_all(page):
    """Start all cells. Once in some dozens of runs the first request never reached the kernel."""
    for _ in range(N_STARTS):
        # Not awaited: the command ends when the cells have run, and a lost request never does.
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        try:
            page.wait_for_function(
                """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
                    .status === 'busy'""",
                timeout=START_TIMEOUT_MS,
            )
            return
        except TimeoutError:
            continue
    raise RuntimeError("the kernel does not run the cells")


def open_and_run(page, address, notebook):
    """Open a notebook by its path, run all its cells, and wait until the kernel has finished."""
    page.goto(
        address.replace(FIRST_LESSON, notebook).replace(
            "/lab/tree/", "/lab/workspaces/auto-t/tree/"
        )
        + "&reset"
    )
    page.wait_for_function(
        """path => {
            const panel = window.jupyterapp?.shell?.currentWidget;
            const session = panel?.sessionContext?.session;
            return panel?.context?.path === path && session?.kernel?.status === "idle";
        }""",
        arg=notebook,
        timeout=OPEN_TIMEOUT_MS,
    )
    run_all(page)
    page.wait_for_function(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const code = panel.content.widgets.filter(cell => cell.model.type === "code");
            const outputs = code.flatMap(cell => cell.model.sharedModel.outputs);
            // After an error the cells that follow don't run.
            const isBroken = outputs.some(output => output.output_type === "error");
            return isBroken || code.every(cell => cell.model.executionState !== "running"
                && cell.model.executionCount !== null && !cell.promptNode?.innerText.includes("*"))
                && panel.sessionContext.session.kernel.status === "idle";
        }""",
        timeout=RUN_TIMEOUT_MS,
    )


def run_in_kernel(page, code):
    """Run code in the open notebook's kernel, and return what it prints."""
    return page.evaluate(
        """async code => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const request = kernel.requestExecute({code});
            let printed = "";
            request.onIOPub = message => { printed += message.content.text || ""; };
            const reply = await request.done;
            if (reply.content.status !== "ok") throw new Error(reply.content.evalue);
            return printed;
        }""",
        code,
    )


def output_kinds(page):
    """Return the kind of every output in the notebook, such as 'display_data' or 'error'."""
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
            .filter(cell => cell.cell_type === "code")
            .flatMap(cell => cell.outputs.map(output => output.output_type))"""
    )


def widget_cells(page):
    """Return the numbers of the cells that are tagged `widget`."""
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .map((cell, number) => [cell.model.getMetadata("tags"), number])
            .filter(([tags]) => tags?.includes("widget")).map(([, number]) => number)"""
    )


def show_cell(page, number):
    """Scroll a cell into view, and return the box of widgets below it."""
    page.evaluate(
        """number => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = number;
            notebook.widgets[number].node.dataset.shown = number;
            return notebook.scrollToItem(number, "start");
        }""",
        number,
    )
    box = page.locator(f"[data-shown='{number}'] .widget-vbox").first
    box.wait_for(timeout=30_000)
    return box
