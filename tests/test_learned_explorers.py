"""Lesson 5's explorers of filters, maps and mistakes, against NumPy and SciPy."""

import asyncio
import re
import time
from functools import cache

from lenet_helpers import drawing, sheets, words
from lenet_helpers.datasets import Split, load_data
from lenet_helpers.explorers import learned, mistakes
from lenet_helpers.trained import STAGES, load_stage
from lenet_helpers.widgets.loader import Loader

import ipywidgets
import numpy
import pytest
from scipy.signal import convolve
from scipy.spatial.distance import correlation, euclidean

from tests import oracles
from tests.test_drawing import pixels
from tests.test_explorers import (
    by_type,
    captions,
    click,
    everything,
    is_impossible,
    is_shown,
    plain,
    refuse_to_compile,
    sentence,
    shown,
    walk,
)
from tests.test_mistakes import mistakes_by_loops

N_MOVES = 500
TEST = load_data("digits").test


@cache
def forward(stage):
    """Layer 0's maps, layer 1's maps and the probabilities of the course's test digits."""
    return oracles.lenet(load_stage(stage).values, TEST.images)


def test_the_oracle_is_scipys_convolution():
    values, image = load_stage("best").values, TEST.images[0].reshape(28, 28)
    for number in (0, 7, 19):
        whole = convolve(image, values[6][number, 0].astype("float64"), mode="valid")
        pooled = oracles.pool(whole, (2, 2), True)
        wanted = numpy.tanh(pooled + values[7][number])
        assert abs(forward("best")[0][0, number] - wanted).max() < 1e-6


# --- Filters ---


def test_filter_changes():
    random = numpy.random.RandomState(0)
    weights, start = random.randn(2, 6, 3, 4)
    found = learned.filter_changes(weights, start)
    for n, (now, then) in enumerate(zip(weights, start, strict=True)):
        assert found.distances[n] == pytest.approx(euclidean(now.ravel(), then.ravel()))
        length = sum(value**2 for value in then.flat) ** 0.5
        assert found.ratios[n] == pytest.approx(found.distances[n] / length)
        assert found.correlations[n] == pytest.approx(1 - correlation(now.ravel(), then.ravel()))


def test_filters_that_stay_have_not_moved():
    start = load_stage("initial").values[6]
    found = learned.filter_changes(start, start)
    assert not found.distances.any()
    assert found.correlations == pytest.approx(numpy.ones(20))


def check_tiles(png, values, n_columns, enlarge, largest, error):
    """Compare every tile, cell by cell; `error` is how far float32 may lie from float64."""
    found = pixels(png)
    rows, columns = values.shape[1:]
    across, down = columns * enlarge + 6, rows * enlarge + 19
    reach = 0.5 + 127 * error / largest + 1e-6
    for number, map_ in enumerate(values):
        top, left = number // n_columns * down + 16, number % n_columns * across + 3
        tile = found[top : top + rows * enlarge, left : left + columns * enlarge]
        wanted = 128 + 127 * numpy.clip(map_ / largest, -1, 1)
        wanted = numpy.kron(wanted, numpy.ones((enlarge, enlarge)))
        assert (abs(tile - wanted[:, :, None]) <= reach).all()


def chosen_digit(now):
    places = [n for n, label in enumerate(TEST.labels) if now["digit"] in (learned.ALL, label)]
    return places[min(now["number"], len(places) - 1)], len(places)


def check_filters(explorer):
    now, pngs = explorer.settings(), shown(explorer)
    place, n_places = chosen_digit(now)
    assert explorer.controls["number"].max == n_places - 1
    label, values = TEST.labels[place], load_stage(now["stage"]).values
    maps0, maps1, shares = (part[place] for part in forward(now["stage"]))
    filters, deep = values[6][:, 0].astype(float), values[4][now["map1"]].astype(float)
    assert captions(explorer) == [
        f"test digit {place}, a {label}",
        "probabilities (shaded: the right digit)",
        f"filter {now['map0']} of layer 0, in numbers",
        f"layer 0's filters (white +{abs(filters).max():.2f}, black -{abs(filters).max():.2f})",
        "layer 0's maps (white +1, black -1)",
        "layer 1's maps (white +1, black -1)",
        f"filters of layer 1's map {now['map1']} (white +{abs(deep).max():.2f}, "
        f"black -{abs(deep).max():.2f})",
    ]
    ink = pixels(pngs[0])[1:-1, 1:-1]
    wanted = numpy.kron(256 - 256 * TEST.images[place].reshape(28, 28), numpy.ones((6, 6)))
    assert (abs(ink - wanted.clip(0, 255)[:, :, None]) <= 1).all()
    bars = pixels(pngs[1])
    assert (bars[21 * label, 0] == bars[21 * label, 5]).all()
    assert bars[21 * label, 0].min() < 255
    assert pngs[2] == drawing.number_grid(numpy.round(filters[now["map0"]], 2))
    check_tiles(pngs[3], filters, 5, 9, abs(filters).max(), 0)
    check_tiles(pngs[4], maps0, 5, 4, 1, 1e-4)
    check_tiles(pngs[5], maps1, 10, 8, 1, 1e-4)
    check_tiles(pngs[6], deep, 5, 9, abs(deep).max(), 0)
    answer = int(shares.argmax())
    if now["stage"] == "initial":
        answer = 0
    first, second = sentence(explorer).split("\n")
    found = re.fullmatch(
        r"Stage (.+): test digit (\d+) is a (\d); the network says (\d) with probability "
        r"([01]\.\d{3}), which is (right|wrong)\.",
        first,
    )
    assert found, first
    assert found.groups()[:4] == (now["stage"], str(place), str(label), str(answer))
    assert abs(float(found[5]) - shares[answer]) <= 0.0006
    assert (found[6] == "right") == (answer == label)
    check_told(second, now, filters)


def check_told(text, now, filters):
    if now["stage"] == "initial":
        assert text == words.FILTERS_AT_START
        return
    start = load_stage("initial").values[6][:, 0].astype(float)
    moved = [euclidean(a.ravel(), b.ravel()) for a, b in zip(filters, start, strict=True)]
    ratios = [far / numpy.sqrt((b**2).sum()) for far, b in zip(moved, start, strict=True)]
    chosen = now["map0"]
    left = numpy.corrcoef(filters[chosen].ravel(), start[chosen].ravel())[0, 1]
    assert text == (
        f"Since the start layer 0's filters have moved by {numpy.mean(ratios):.2f} times their "
        f"first length on average, filter {numpy.argmax(ratios)} the farthest, by "
        f"{max(ratios):.2f}. Filter {chosen} (orange frame) moved by {ratios[chosen]:.2f}; its "
        f"correlation with its start is {left:.2f}."
    )


def test_a_walk_through_the_filters(monkeypatch):
    explorer = learned.explore_filters()
    check_filters(explorer)
    refuse_to_compile(monkeypatch)
    for number, _ in enumerate(walk(explorer, numpy.random.RandomState(0), N_MOVES)):
        assert not is_impossible(explorer)
        if number % 5 == 0:
            check_filters(explorer)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_shows_its_filters(stage):
    explorer = learned.explore_filters()
    explorer.change(stage=stage, number=123, map0=4, map1=31)
    check_filters(explorer)


def test_only_digits_of_a_class():
    explorer = learned.explore_filters()
    sevens = [n for n, label in enumerate(TEST.labels) if label == 7]
    explorer.change(number=299)
    explorer.controls["digit"].value = 7
    assert explorer.controls["number"].value == len(sevens) - 1
    for number, place in enumerate(sevens):
        explorer.controls["number"].value = number
        assert captions(explorer)[0] == f"test digit {place}, a 7"
    explorer.controls["digit"].value = learned.ALL
    assert explorer.controls["number"].max == 299


def test_a_click_chooses_a_map():
    explorer = learned.explore_filters()
    for picture in (3, 4, 6):
        click(explorer, picture, 0.5, 0.3)
        assert explorer.settings()["map0"] == 7
        click(explorer, picture, 0.99, 0.99)
        assert explorer.settings()["map0"] == 19
    click(explorer, 5, 0.15, 0.65)
    assert explorer.settings()["map1"] == 31
    check_filters(explorer)
    before = everything(explorer)
    for picture in (0, 1, 2):
        click(explorer, picture, 0.5, 0.5)
    assert everything(explorer) == before


# --- Mistakes ---


def set_name(now):
    return {"digits": "the course's test digits", "mnist": "MNIST's test digits"}[now["dataset"]]


def check_mistakes(explorer, probabilities, labels, images):
    """Compare what is shown with loops over a set of digits; None if there are no pictures."""
    now, pngs = explorer.settings(), shown(explorer)
    chosen = tuple(None if now[name] == learned.ALL else now[name] for name in CHOSEN)
    counts = load_stage(now["stage"]).confusion
    if probabilities is not None:
        counts = numpy.zeros((10, 10), dtype=int)
        for shares, label in zip(probabilities, labels, strict=True):
            counts[label, shares.argmax()] += 1
    assert pngs[0] == sheets.confusion_matrix(counts, chosen)
    n_wrong = counts.sum() - sum(counts[n, n] for n in range(10))
    pairs = [(counts[r, p], r, p) for r in range(10) for p in range(10) if r != p]
    most = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    first, second = sentence(explorer).split("\n")
    assert first == (
        f"Stage {now['stage']}, {set_name(now)}: {n_wrong:,} of {counts.sum():,} are read "
        f"wrongly, an error of {100 * n_wrong / counts.sum():.2f} %. The most frequent confusion "
        f"is {most[1]} → {most[2]}, {most[0]:,} times."
    )
    assert is_shown(explorer.controls["mnist"]) == (now["dataset"] == "mnist")
    if probabilities is None:
        assert (len(pngs), second) == (1, words.MNIST_MISSING)
        assert explorer.controls["page"].max == 1
        return
    wanted = mistakes_by_loops(probabilities, labels, *chosen)
    n_pages = max(1, -(-len(wanted) // 18))
    assert explorer.controls["page"].max == n_pages
    if not wanted:
        assert (len(pngs), second) == (1, "There is no mistake of this kind.")
        return
    start = 18 * (min(now["page"], n_pages) - 1)
    part = wanted[start : start + 18]
    share, number, right, answer = part[0]
    assert second == (
        f"Mistakes {start + 1:,} to {start + len(part):,} of {len(wanted):,}, the surest first: "
        f"digit {number:,}, {right} → {answer}, with probability {share:.3f}."
    )
    titles = [(f"{r} → {p}", f"{share:.3f}") for share, _, r, p in part]
    pictures = numpy.array([images[n].reshape(28, 28) for _, n, _, _ in part])
    assert pngs[1] == sheets.digit_sheet(pictures, titles, 6)


CHOSEN = ("right", "predicted")


def check_digits(explorer):
    stage = explorer.settings()["stage"]
    found = mistakes.answer_digits().probabilities[stage]
    # The last digits of float32 sort the mistakes; that they are right is checked here.
    assert abs(found - forward(stage)[2]).max() < 1e-4
    check_mistakes(explorer, found, TEST.labels, TEST.images)


def check_any(explorer):
    if explorer.settings()["dataset"] == "digits":
        check_digits(explorer)
    else:
        check_mistakes(explorer, None, None, None)


def test_a_walk_through_the_mistakes(monkeypatch):
    explorer = mistakes.explore_mistakes()
    check_digits(explorer)
    refuse_to_compile(monkeypatch)
    for _ in walk(explorer, numpy.random.RandomState(0), N_MOVES):
        assert not is_impossible(explorer)
        check_any(explorer)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_every_stage_shows_its_mistakes(stage, dataset):
    explorer = mistakes.explore_mistakes()
    explorer.change(stage=stage, dataset=dataset)
    check_any(explorer)


def test_mnists_error_is_told_without_mnist():
    explorer = mistakes.explore_mistakes()
    explorer.controls["dataset"].value = "mnist"
    assert "92 of 10,000 are read wrongly, an error of 0.92 %" in sentence(explorer)


def test_all_pages_show_every_mistake_once():
    explorer = mistakes.explore_mistakes()
    explorer.controls["stage"].value = "epoch 1"
    pages = explorer.controls["page"]
    assert pages.max == 8
    pictures = set()
    for page in range(1, 9):
        pages.value = page
        check_digits(explorer)
        pictures.add(shown(explorer)[1])
    assert len(pictures) == 8
    # A choice with fewer pages moves to its last one.
    explorer.controls["right"].value = 0
    assert (pages.value, pages.max) == (1, 1)
    check_digits(explorer)


def click_matrix(explorer, row, column):
    click(explorer, 0, (column + 2.5) / 12, (row + 2.5) / 12)


def test_a_click_on_the_matrix_shows_the_mistakes_behind_it():
    explorer = mistakes.explore_mistakes()
    explorer.controls["page"].value = 2
    click_matrix(explorer, 1, 8)
    now = explorer.settings()
    assert (now["right"], now["predicted"], now["page"]) == (1, 8, 1)
    assert "of 7, the surest first" in sentence(explorer)
    check_digits(explorer)


@pytest.mark.parametrize(
    ("row", "column", "wanted"),
    [
        (4, 4, (4, learned.ALL)),
        (9, -1, (9, learned.ALL)),
        (-1, 3, (learned.ALL, 3)),
        (-1, -2, (learned.ALL, learned.ALL)),
    ],
)
def test_a_click_beside_the_mistakes(row, column, wanted):
    explorer = mistakes.explore_mistakes()
    click_matrix(explorer, row, column)
    assert tuple(explorer.settings()[name] for name in CHOSEN) == wanted
    check_digits(explorer)


def test_a_click_on_the_gallery_changes_nothing():
    explorer = mistakes.explore_mistakes()
    before = everything(explorer)
    click(explorer, 1, 0.5, 0.5)
    assert everything(explorer) == before


# --- MNIST's pictures, once they are asked for ---


def loader_state(loader):
    (button,), (text,) = by_type(loader, ipywidgets.Button), by_type(loader, ipywidgets.HTML)
    return button, plain(text.value)


async def until(is_done):
    ends = time.monotonic() + 60
    while not is_done() and time.monotonic() < ends:
        await asyncio.sleep(0.01)
    assert is_done()


@pytest.fixture
def small_mnist(monkeypatch):
    """Other digits in the place of MNIST's, more than are read at a time."""
    train = load_data("digits").train
    split = Split(train.images[:700], train.labels[:700])
    asked = []

    def load():
        asked.append(split)
        return split

    monkeypatch.setattr(mistakes, "load_mnist_test", load)
    return split, asked


def test_loading_mnist(small_mnist):
    split, asked = small_mnist
    explorer = mistakes.explore_mistakes()
    filters = learned.explore_filters()
    loader = explorer.controls["mnist"]
    explorer.controls["dataset"].value = "mnist"
    button, text = loader_state(loader)
    assert text == words.MNIST_NOTE
    said = []
    by_type(loader, ipywidgets.HTML)[0].observe(
        lambda change: said.append(plain(change["new"])), names="value"
    )

    async def load():
        button.click()
        button.click()
        assert button.disabled
        await until(lambda: len(said) > 2)
        # What is shown meanwhile must not mix the stages up.
        for stage in STAGES:
            filters.change(stage=stage)
            check_filters(filters)
            await asyncio.sleep(0)
        await until(lambda: loader.value is not None)

    asyncio.run(load())
    assert len(asked) == 1
    wanted = [
        words.MNIST_LOADING,
        *(words.MNIST_READING.format(stage=stage, n_digits=700) for stage in STAGES),
        "MNIST's 700 test digits are loaded.",
    ]
    assert said == wanted
    assert button.disabled
    for stage in STAGES:
        explorer.change(stage=stage, right=learned.ALL)
        found = explorer.controls["mnist"].value.probabilities[stage]
        exact = oracles.lenet(load_stage(stage).values, split.images)[2]
        assert abs(found - exact).max() < 1e-4
        check_mistakes(explorer, found, split.labels, split.images)
        explorer.change(right=1, page=2)
        check_mistakes(explorer, found, split.labels, split.images)


def press(load):
    """Press a loader's button, wait, and return it."""
    loader = Loader("Load it", "It is large.", load)
    button, _ = loader_state(loader)

    async def run():
        button.click()
        await asyncio.wait([loader._task])
        return loader

    return asyncio.run(run())


@pytest.mark.parametrize(
    "error", [ValueError("It is broken."), ConnectionError("It is not there.")]
)
def test_what_can_not_be_loaded_is_said_and_can_be_tried_again(error):
    errors = [error]

    async def load(say):
        say("Wait.")
        if errors:
            raise errors.pop()
        return 5

    loader = press(load)
    button, text = loader_state(loader)
    assert (text, button.disabled, loader.value) == (str(error), False, None)

    async def again():
        button.click()
        await loader._task

    asyncio.run(again())
    assert (loader.value, button.disabled) == (5, True)


def test_an_unexpected_error_is_seen():
    async def load(say):
        raise KeyError("gone")

    loader = press(load)
    button, text = loader_state(loader)
    assert "KeyError" in text
    assert not button.disabled
    assert isinstance(loader._task.exception(), KeyError)


def test_mnist_that_is_nowhere_is_said(monkeypatch):
    monkeypatch.setenv("LENET_MNIST", "/no/such/folder")
    loader = press(mistakes.answer_mnist)
    button, text = loader_state(loader)
    assert "LENET_MNIST names /no/such/folder, which is no folder" in text
    assert not button.disabled
