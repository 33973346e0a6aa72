"""The roofline explorer: what it says and draws, computed again from its settings."""

import re

from lenet_helpers import words
from lenet_helpers.explorers.roofline import draw_roofline, explore_roofline
from lenet_helpers.roofline_drawing import Point, roofline
from lenet_helpers.work import Machine

import numpy
import pytest

from tests.test_explorers import captions, is_impossible, refuse_to_compile, sentence, shown, walk

MACHINE = Machine(peak=120e9, bandwidth=14e9)
LAYER0 = {
    "filter_side": 5,
    "window": 2,
    "input_maps": 1,
    "filters": 20,
    "side": 28,
    "batch_size": 100,
}
NUMBER = r"([\d.,]+)"
LIMIT = rf"{NUMBER} operations a byte, so that (memory|arithmetic) is its limit"
SENTENCE = re.compile(
    rf"The convolution does {LIMIT}\. One after the other, convolution, pooling, bias and tanh "
    rf"move {NUMBER} MB, and take at least {NUMBER} ms\.\n"
    rf"All in one, they do {LIMIT}\. They move {NUMBER} MB, and take at least {NUMBER} ms: up to "
    rf"{NUMBER} times as fast\."
)


def counts(filter_side, window, input_maps, filters, side, batch_size):
    """The operations and numbers moved of convolution, pooling, tanh, and all of them in one."""
    map_side = side - filter_side + 1
    pooled_side = map_side // window
    images = batch_size * input_maps * side**2
    weights = filters * input_maps * filter_side**2
    maps = batch_size * filters * map_side**2
    pooled = batch_size * filters * pooled_side**2
    operations = [2 * maps * input_maps * filter_side**2, pooled * window**2, 2 * pooled]
    moved = [images + weights + maps, maps + pooled, 2 * pooled, images + weights + pooled]
    return [*operations, sum(operations)], [4 * numbers for numbers in moved]


def check(text, machine, settings):
    """Read the numbers of a sentence, and compare each with one that is computed here."""
    operations, moved = counts(**settings)
    found = SENTENCE.fullmatch(text)
    assert found, text
    seconds = [
        max(n / machine.peak, size / machine.bandwidth)
        for n, size in zip(operations, moved, strict=True)
    ]
    ridge = machine.peak / machine.bandwidth
    limits = ["memory" if operations[n] / moved[n] < ridge else "arithmetic" for n in (0, 3)]
    groups = found.groups()
    assert [groups[1], groups[5]] == limits
    wanted = [
        operations[0] / moved[0],
        sum(moved[:3]) / 1e6,
        1e3 * sum(seconds[:3]),
        operations[3] / moved[3],
        moved[3] / 1e6,
        1e3 * seconds[3],
        sum(seconds[:3]) / seconds[3],
    ]
    told = [float(groups[n].replace(",", "")) for n in (0, 2, 3, 4, 6, 7, 8)]
    numpy.testing.assert_allclose(told, wanted, rtol=6e-3)
    return [n / size for n, size in zip(operations, moved, strict=True)]


@pytest.mark.parametrize("machine", [MACHINE, Machine(2e9, 30e9), Machine(4e12, 50e9)])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"side": 12, "input_maps": 20, "filters": 50},
        {"filter_side": 1, "batch_size": 1},
        {"window": 5, "side": 31},
        {"filter_side": 15, "input_maps": 64, "filters": 128, "side": 64, "batch_size": 500},
    ],
    ids=str,
)
def test_the_sentence_and_the_picture(machine, changes):
    settings = LAYER0 | changes
    view = draw_roofline(machine, **settings)
    intensities = check(view.sentence, machine, settings)
    labels = ["convolution", "pooling", "bias and tanh", "all in one"]
    points = [
        Point(label, intensity, min(machine.peak, machine.bandwidth * intensity), group)
        for label, intensity, group in zip(labels, intensities, (1, 1, 1, 2), strict=True)
    ]
    (picture,) = view.pictures
    assert picture.png == roofline(machine, points)


def test_the_first_settings_are_layer_0s():
    assert explore_roofline(MACHINE).settings() == LAYER0


@pytest.mark.parametrize("seed", [0, 1])
def test_a_walk_over_all_controls(seed, monkeypatch):
    explorer = explore_roofline(MACHINE)
    refuse_to_compile(monkeypatch)
    names, impossible = set(), 0
    for name in walk(explorer, numpy.random.RandomState(seed), 120):
        names.add(name)
        settings = explorer.settings()
        map_side = settings["side"] - settings["filter_side"] + 1
        assert is_impossible(explorer) == (map_side < settings["window"])
        assert captions(explorer) == [words.CAPTION_ROOF]
        if is_impossible(explorer):
            impossible += 1
        else:
            check(sentence(explorer), MACHINE, settings)
    assert names == set(explorer.controls)
    assert impossible


def test_what_does_not_fit_is_said_and_the_picture_stays():
    explorer = explore_roofline(MACHINE)
    before = shown(explorer)
    explorer.controls["side"].value = 4
    assert is_impossible(explorer)
    assert "5 x 5" in sentence(explorer)
    assert "at most 4 x 4" in sentence(explorer)
    assert shown(explorer) == before
    explorer.change(side=9, window=6)
    assert "at most 5 x 5" in sentence(explorer)
    explorer.change(window=5)
    assert not is_impossible(explorer)
