"""Every lesson in a real browser: JupyterLab opens it, runs it, and its widgets answer.

The tests need a Chromium; where none is found they are left out, and say so.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
RUN_TIMEOUT_MS = 240_000
WIDTH, HEIGHT = 1280, 900

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="left out: no chromium on this machine (Debian: apt install chromium)"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address that `make lab` would print, from a server that belongs to these tests."""
    home = tmp_path_factory.mktemp("home")
    # The course's compile cache is shared; everything of Jupyter's is this test's own.
    cache = os.environ.get("LENET_CACHE") or Path.home() / ".cache" / "lenet-course"
    environment = os.environ | {"HOME": str(home), "LENET_CACHE": str(cache)}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        environment.pop(name, None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "tools/lab.py", "--port", str(port), "--browser", "no"]
    # Lets the tests see when a kernel is idle and a cell has run.
    command += ["--", "--LabApp.expose_app_in_browser=True"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        for line in server.stdout:
            found = re.search(r"http://\S+", line)
            if found:
                break
        else:
            raise AssertionError("the server ended without printing an address")
        yield found.group()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.console_errors = []
    page.on(
        "console",
        lambda message: message.type == "error" and page.console_errors.append(message.text),
    )
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
    yield page
    # Kernels would pile up: five lessons at once are too much for a small machine.
    origin, token = re.match(r"(http://[^/]+).*token=(\w+)", address).groups()
    headers = {"Authorization": f"token {token}"}
    for session in context.request.get(f"{origin}/api/sessions", headers=headers).json():
        context.request.delete(f"{origin}/api/sessions/{session['id']}", headers=headers)
    context.close()


def open_and_run(page, address, lesson):
    """Open a lesson, run all its cells, and wait until the kernel has finished."""
    page.goto(
        address.replace(LESSONS[0], lesson).replace("/lab/tree/", "/lab/workspaces/auto-t/tree/")
    )
    page.wait_for_function(
        """name => {
            const panel = window.jupyterapp?.shell?.currentWidget;
            const session = panel?.sessionContext?.session;
            return panel?.context?.path?.endsWith(name) && session?.kernel?.status === "idle";
        }""",
        arg=lesson,
        timeout=60_000,
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const code = panel.content.widgets.filter(cell => cell.model.type === "code");
            return code.every(cell => cell.model.executionState !== "running"
                && cell.model.executionCount !== null && !cell.promptNode?.innerText.includes("*"))
                && panel.sessionContext.session.kernel.status === "idle";
        }""",
        timeout=RUN_TIMEOUT_MS,
    )


def outputs_of(page):
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
            .filter(cell => cell.cell_type === "code").map(cell => cell.outputs)"""
    )


def explorer(page):
    """Scroll the last explorer of the lesson into view and return it."""
    page.evaluate(
        """() => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const isWidget = cell => cell.model.getMetadata("tags")?.includes("widget");
            const last = notebook.widgets.findLastIndex(isWidget);
            notebook.activeCellIndex = last;
            return notebook.scrollToItem(last, "start");
        }"""
    )
    box = page.locator(".jp-CodeCell.jp-mod-active .widget-vbox").first
    box.wait_for(timeout=30_000)
    return box


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_and_its_explorer_answers(page, address, lesson):
    open_and_run(page, address, lesson)
    kinds = [output["output_type"] for outputs in outputs_of(page) for output in outputs]
    assert kinds
    assert "error" not in kinds
    box = explorer(page)
    slider = box.get_by_role("slider").first
    expect(slider).to_be_visible()
    if lesson == LESSONS[-1]:
        train_and_stop(page, box)
    else:
        move_by_keyboard(box, slider)
    assert page.console_errors == []


def move_by_keyboard(box, slider):
    sentence, picture = box.get_by_role("status"), box.locator("img")
    said, source = sentence.inner_text(), picture.get_attribute("src")
    slider.focus()
    slider.press("ArrowRight")
    expect(sentence).not_to_have_text(said)
    expect(picture).not_to_have_attribute("src", source)
    assert picture.evaluate("image => image.naturalWidth") > 100


def train_and_stop(page, box):
    box.get_by_role("button", name="Train").click()
    sentence = box.get_by_role("status")
    # The first training compiles its update.
    expect(sentence).to_contain_text("Iteration", timeout=120_000)
    stop = box.get_by_role("button", name="Stop")
    if stop.is_enabled():
        stop.click()
    expect(stop).to_be_disabled(timeout=30_000)
    expect(sentence).to_contain_text("cost")
