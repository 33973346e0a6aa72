"""The explorers: their functions against loops, their sentences' arithmetic, their controls."""

import asyncio
import html
import math
import re
import time
from types import SimpleNamespace

from lenet_helpers import pictures, words
from lenet_helpers.datasets import Datasets
from lenet_helpers.explorers import convolution, network, pixels, pooling, training
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import lenet_trainer

import ipywidgets
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracles
from tests.test_widgets import by_type

PICTURE = numpy.random.RandomState(0).randint(0, 256, (40, 30, 3)) / 256
FIVE = numpy.random.RandomState(1).rand(5, 5)


def sentence(box):
    return html.unescape(re.sub("<[^>]*>", "", by_type(box, ipywidgets.HTML)[0].value))


def shown(box):
    return bytes(by_type(box, ipywidgets.Image)[0].value)


# --- The start: pixels ---


def test_pixels():
    png, text = pixels.draw_pixels(PICTURE, 12)
    assert png.startswith(b"\x89PNG")
    assert "12 x 12 = 144 pixels" in text
    assert "432 numbers" in text


# --- Lesson 1: convolution ---


def test_random_filters():
    W, b = convolution.random_filters((4, 3, 7, 5), seed=1)
    assert W.shape == (4, 3, 7, 5)
    assert b.shape == (4,)
    assert numpy.abs(W).max() <= 1 / math.sqrt(3 * 7 * 5)
    assert numpy.abs(b).max() <= 0.5
    with pytest.raises(ValueError, match="four entries"):
        convolution.random_filters((3, 7, 5))


def test_feature_maps_are_the_oracles():
    W, b = convolution.random_filters((3, 3, 4, 6))
    images = PICTURE.transpose(2, 0, 1)[numpy.newaxis]
    wanted = oracles.sigmoid(oracles.convolve(images, W) + b.reshape(1, 3, 1, 1))
    found = convolution.feature_maps(PICTURE, 4, 6, n_filters=3)
    numpy.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-5)


def test_the_convolutions_sentence():
    _, text = convolution.draw_feature_maps(PICTURE, 4, 6)
    assert "4 x 6 pixels, 72 weights each" in text
    assert "rows 40 - 4 + 1 = 37" in text
    assert "columns 30 - 6 + 1 = 25" in text


def test_the_convolutions_explorer():
    box = convolution.explore_filter_shape(pictures.load_picture())
    assert "rows 250 - 9 + 1 = 242, columns 250 - 9 + 1 = 242" in sentence(box)
    rows, _ = by_type(box, ipywidgets.IntSlider)
    before = shown(box)
    rows.value = 3
    assert "rows 250 - 3 + 1 = 248, columns 250 - 9 + 1 = 242" in sentence(box)
    assert shown(box) != before


def test_an_rgba_picture_is_refused_in_words():
    box = convolution.explore_filter_shape(numpy.ones((40, 30, 4)))
    assert "RGBA" in sentence(box)


# --- Lesson 2: pooling ---


def winners_and_lost_by_loops(feature_map, poolsize, ignore_border):
    winners, lost = numpy.zeros(feature_map.shape, bool), numpy.ones(feature_map.shape, bool)
    for top in oracles.window_starts(len(feature_map), poolsize[0], poolsize[0], ignore_border):
        starts = oracles.window_starts(
            feature_map.shape[1], poolsize[1], poolsize[1], ignore_border
        )
        for left in starts:
            place = (slice(top, top + poolsize[0]), slice(left, left + poolsize[1]))
            lost[place] = False
            winners[place] = feature_map[place] == feature_map[place].max()
    return winners, lost


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 1000),
    sides=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    window=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    ignore_border=st.booleans(),
)
def test_winners_and_lost_are_the_loops(seed, sides, window, ignore_border):
    window = tuple(min(pair) for pair in zip(window, sides, strict=True))
    # Few values: ties happen, and a lost cell may equal a winner.
    feature_map = numpy.random.RandomState(seed).randint(0, 4, sides) / 4
    found = pooling.winners_and_lost(feature_map, window, ignore_border)
    wanted = winners_and_lost_by_loops(feature_map, window, ignore_border)
    assert numpy.array_equal(found, wanted)


def test_a_cell_equal_to_its_neighbours_maximum_does_not_win():
    winners, lost = pooling.winners_and_lost(numpy.array([[1, 2, 2, 3]]), (1, 2), True)
    assert winners.tolist() == [[False, True, False, True]]
    assert not lost.any()


@pytest.mark.parametrize(
    ("window", "ignore_border", "said"),
    [
        (
            (2, 2),
            True,
            "Rows: 5 / 2, rounded down, gives 2; columns: 5 / 2, rounded down, gives 2",
        ),
        ((2, 3), False, "Rows: 5 / 2, rounded up, gives 3; columns: 5 / 3, rounded up, gives 2"),
    ],
)
def test_the_poolings_sentence(window, ignore_border, said):
    _, text = pooling.draw_pooling(FIVE, *window, ignore_border)
    assert said in text
    n_lost = winners_and_lost_by_loops(FIVE, window, ignore_border)[1].sum()
    assert f"{n_lost} of 25 cells" in text
    assert n_lost == (9 if ignore_border else 0)


def test_the_poolings_explorer():
    box = pooling.explore_pooling(FIVE)
    assert "rounded down, gives 2" in sentence(box)
    rows, columns = by_type(box, ipywidgets.IntSlider)
    assert (rows.max, columns.max) == (5, 5)
    (ignore_border,) = by_type(box, ipywidgets.Checkbox)
    ignore_border.value = False
    assert "rounded up, gives 3" in sentence(box)
    columns.value = 5
    assert "columns: 5 / 5, rounded up, gives 1" in sentence(box)


def test_unchanged_shifts():
    assert pooling.unchanged_shifts((2, 2)).tolist() == [[3, 3], [3, 3]]
    counts = pooling.unchanged_shifts((3, 3))
    assert counts.tolist() == [[3, 5, 3], [5, 8, 5], [3, 5, 3]]
    assert (counts / 8).mean() == pytest.approx(5 / 9)


@pytest.mark.parametrize("poolsize", [(1, 1), (1, 3), (4, 2)])
def test_unchanged_shifts_stay_inside_the_window(poolsize):
    counts = pooling.unchanged_shifts(poolsize)
    for row, column in numpy.ndindex(poolsize):
        inside = [
            0 <= row + down < poolsize[0] and 0 <= column + right < poolsize[1]
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        ]
        assert counts[row, column] == sum(inside) - 1


# --- Lesson 3: the design ---


def test_the_designs_sentence():
    _, text = network.draw_design(20, 50, 5, 5)
    assert "520 + 25,050 + 400,500 + 5,010 = 431,080 parameters; layer2" in text
    _, text = network.draw_design(64, 128, 1, 13)
    counts = (64 * 2, 128 * (64 * 13 * 13 + 1), 500 * (128 + 1), 10 * 501)
    assert text.startswith(" + ".join(f"{n:,}" for n in counts) + f" = {sum(counts):,} ")
    assert text.endswith("layer1 has the most.")


def test_the_designs_explorer():
    box = network.explore_design()
    filters0, _, _, side1 = by_type(box, ipywidgets.IntSlider)
    before = shown(box)
    side1.value = 13
    assert "In layer1: A filter of 13 x 13 pixels does not fit into 12 x 12" in sentence(box)
    assert shown(box) == before
    side1.value = 5
    filters0.value = 1
    assert sentence(box).startswith("26 + 1,300 + 400,500 + 5,010 = 406,836")


# --- Lesson 4: training ---


def test_training_state():
    trainer = SimpleNamespace(
        costs=[],
        validations=[],
        iteration=0,
        n_iterations=1200,
        why_finished=None,
        seconds=12.3,
        seconds_left=34.4,
        early_stopping=SimpleNamespace(best_validation_error=0.0525, best_iteration=24),
    )
    assert training.training_state(trainer) == words.TRAINING_STARTS
    trainer.costs, trainer.iteration = [2.25], 1
    assert (
        training.training_state(trainer) == "Iteration 1 of 1,200, cost 2.2500. About 34 s left."
    )
    trainer.validations = [(24, 0.0525, 0.06)]
    assert "Best validation error 5.25 % at iteration 24." in training.training_state(trainer)
    trainer.why_finished = "epochs"
    assert training.training_state(trainer).endswith("All epochs done in 12 s.")
    trainer.why_finished = "patience"
    assert training.training_state(trainer).endswith(words.OUT_OF_PATIENCE)


@pytest.fixture
def few_digits(digits):
    return Datasets(*(type(part)(part.images[:60], part.labels[:60]) for part in digits))


def test_watch_training(few_digits, monkeypatch):
    displayed = []
    monkeypatch.setattr(training, "display", displayed.append)
    trainer = lenet_trainer(LeNet(), few_digits, batch_size=20, n_epochs=2)
    steps = iter([None, None, KeyboardInterrupt])
    update = trainer.train_model

    def interrupted(index):
        step = next(steps, None)
        if step is not None:
            raise step
        return update(index)

    trainer.train_model = interrupted
    training.watch_training(trainer)
    assert sentence(displayed[0]).endswith(words.TRAINING_INTERRUPTED.format(iteration=2))
    assert trainer.iteration == 2
    training.watch_training(trainer)
    assert trainer.iteration == 6
    assert [by_type(box, ipywidgets.IntProgress)[0].value for box in displayed] == [2, 6]
    assert "All epochs done" in sentence(displayed[1])
    assert shown(displayed[1]).startswith(b"\x89PNG")


def test_explore_training(few_digits):
    box = training.explore_training(few_digits, n_epochs=1)
    rate, batch_size = by_type(box, ipywidgets.SelectionSlider)
    assert (batch_size.options, batch_size.value) == ((10, 20, 50), 20)
    train, _ = by_type(box, ipywidgets.Button)

    async def train_once():
        train.click()
        ends = time.monotonic() + 60
        while train.disabled and time.monotonic() < ends:
            await asyncio.sleep(0.01)
        return sentence(box)

    async def steps():
        batch_size.value = 50
        first = await train_once()
        assert "Iteration 1 of 1, cost 2.3026." in first
        # Every training starts from the same weights.
        batch_size.value = 20
        several = await train_once()
        assert "Iteration 3 of 3" in several
        batch_size.value = 50
        assert "Iteration 1 of 1, cost 2.3026." in await train_once()

    asyncio.run(steps())
    assert rate.value == 0.1


# --- All of them ---


EXPLORERS = {
    "pixels": lambda digits: pixels.explore_pixels(PICTURE),
    "convolution": lambda digits: convolution.explore_filter_shape(PICTURE),
    "pooling": lambda digits: pooling.explore_pooling(FIVE),
    "network": lambda digits: network.explore_design(),
    "training": lambda digits: training.explore_training(digits),
}


@pytest.mark.parametrize("make", EXPLORERS.values(), ids=EXPLORERS)
def test_every_control_has_a_visible_label(make, digits):
    kinds = (
        ipywidgets.IntSlider,
        ipywidgets.SelectionSlider,
        ipywidgets.Checkbox,
        ipywidgets.Button,
        ipywidgets.IntProgress,
    )
    controls = by_type(make(digits), kinds)
    labels = [control.description for control in controls]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    others = by_type(make(digits), ipywidgets.ValueWidget)
    shows_only = (ipywidgets.Image, ipywidgets.HTML)
    assert all(isinstance(widget, (*kinds, *shows_only)) for widget in others)
