"""The drawing pad without a browser: what pages send it, and what it sends to them."""

import re
from pathlib import Path

from lenet_helpers import strokes, words
from lenet_helpers.widgets import digit_pad
from lenet_helpers.widgets.digit_pad import DigitPad

import ipywidgets
import pytest

from tests.test_widgets import send

FOLDER = Path(digit_pad.__file__).parent
SCRIPT = (FOLDER / "digit_pad.js").read_text(encoding="utf-8")


@pytest.fixture
def sent(monkeypatch):
    """A list that grows with every value that a pad sends."""
    values = []

    def spy(self, message, buffers=None):
        if message["method"] == "update" and "value" in message["state"]:
            values.append(message["state"]["value"])

    monkeypatch.setattr(ipywidgets.Widget, "_send", spy)
    return values


def receive(pad, value):
    """Let a pad receive a value as from a page."""
    send(pad, {"method": "update", "state": {"value": value}, "buffer_paths": []})


def test_a_page_sends_strokes(sent):
    pad, seen = DigitPad(), []
    pad.observe(lambda change: seen.append(change["new"]), names="value")
    receive(pad, [[[1, 2], [3, 4]], [[5, 6]]])
    assert pad.value == (((1, 2), (3, 4)), ((5, 6),))
    assert seen == [pad.value]
    # The page knows already; it must not be drawn over in the middle of a stroke.
    assert sent == []


@pytest.mark.parametrize("value", [None, "x", [[[1, 2], "x"], 7], [[[500, -3]]], {"a": 1}])
def test_a_page_that_sends_nonsense_is_put_right(sent, value):
    pad = DigitPad()
    receive(pad, [[[9, 9]]])
    receive(pad, value)
    assert pad.value == strokes.clean(value)
    assert [tuple(value) for value in sent] == [pad.value]


def test_an_endless_drawing_is_cut_off(sent):
    pad = DigitPad()
    receive(pad, [[[n % 280, n % 7] for n in range(50_000)]])
    assert len(pad.value[0]) == strokes.MOST_POINTS
    assert len(sent[0][0]) == strokes.MOST_POINTS


def test_setting_a_value_tells_the_page(sent):
    pad = DigitPad()
    pad.value = [[[1, 2], [1, 2]]]
    assert pad.value == (((1, 2),),)
    pad.value = (((1, 2),),)
    assert sent == [(((1, 2),),)]


def test_the_first_state_is_all_that_a_page_needs():
    state = DigitPad(value=[[[1, 2]]]).get_state()
    assert state["value"] == (((1, 2),),)
    assert (state["side"], state["pen"]) == (280, strokes.PEN_WIDTH)
    assert state["most_points"] == strokes.MOST_POINTS
    assert state["_esm"] == SCRIPT
    used = set(re.findall(r"texts\.(\w+)", SCRIPT))
    assert used == set(state["texts"])
    assert state["texts"]["undo"] == words.LABEL_UNDO
    for name in ("pen_up", "pen_down"):
        assert {"{right}", "{down}"} <= set(re.findall(r"\{\w+\}", state["texts"][name]))


def test_the_script_needs_no_network_and_has_no_words():
    code = re.sub(r"//.*", "", SCRIPT)
    assert not re.search(r"https?:|fetch\(|\bimport\b|XMLHttpRequest", code)
    texts = re.findall(r'"([^"\n]*)"', code)
    assert "#FFFFFF" in texts
    assert not [text for text in texts if re.search(r"[A-Za-z]{2,}[ .,]+[A-Za-z]{2,}", text)]
