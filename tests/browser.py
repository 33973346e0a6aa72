"""The fixtures of the browser tests: a server and a Chromium."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tools import browser as tool

# Playwright's own 5 seconds are too few beside other tests.
PATIENCE_SECONDS, PATIENCE_MS = 30, 30_000
expect.set_options(timeout=PATIENCE_MS)

needs_chromium = pytest.mark.skipif(
    tool.CHROMIUM is None,
    reason="left out: no chromium on this machine (Debian: apt install chromium)",
)


@pytest.fixture(scope="module")
def address():
    """The address that `make lab` would print, from a server that belongs to these tests."""
    with tool.served() as printed:
        yield printed


@pytest.fixture(scope="module")
def browser():
    with tool.chromium() as running:
        yield running


@contextmanager
def open_cells(browser, address, cells):
    """A page with a notebook of these cells, all run; each shows one widget."""
    with tool.scratch_notebook(cells) as path, tool.page_of(browser, address) as page:
        page.set_default_timeout(PATIENCE_MS)
        tool.open_and_run(page, address, path)
        assert tool.output_kinds(page) == ["execute_result"] * len(cells)
        yield page


@pytest.fixture
def page(open_notebook):
    """The page of the file's own fixture `open_notebook`; its console must stay empty."""
    open_notebook.console_errors.clear()
    yield open_notebook
    assert open_notebook.console_errors == []
