"""The fixtures of the browser tests: a server and a Chromium."""

import pytest

from tools import browser as tool

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
