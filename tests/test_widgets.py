"""Widgets without a browser: they draw, follow their controls, and show errors in words."""

import asyncio
import itertools
from types import SimpleNamespace

from lenet_helpers import widgets, words

import ipywidgets
import pytest

PNG = b"\x89PNG "


def by_type(box, kind):
    """Return every widget of a kind, in the order in which they are shown."""
    found = [box] if isinstance(box, kind) else []
    for child in getattr(box, "children", ()):
        found += by_type(child, kind)
    return found


# --- Controls ---


def test_controls_have_their_labels_and_values():
    slider = widgets.integer_slider("Rows (pixels)", 9, 1, 15)
    assert (slider.value, slider.min, slider.max) == (9, 1, 15)
    choice = widgets.choice_slider("Rate", 0.1, (0.01, 0.1, 1.0))
    assert (choice.value, choice.options) == (0.1, (0.01, 0.1, 1.0))
    box = widgets.checkbox("ignore_border", True)
    assert box.value is True
    labels = [control.description for control in (slider, choice, box)]
    assert labels == ["Rows (pixels)", "Rate", "ignore_border"]


# --- explore ---


def explorer():
    calls = []

    def draw(side, flip):
        calls.append((side, flip))
        if side == 13:
            raise ValueError("A side of <13> & more")
        return PNG + str(side).encode(), f"Side {side} < {flip} & so on."

    side, flip = widgets.integer_slider("Side", 3, 1, 20), widgets.checkbox("Flip", False)
    box = widgets.explore(draw, side=side, flip=flip)
    (picture,), (sentence,) = by_type(box, ipywidgets.Image), by_type(box, ipywidgets.HTML)
    return SimpleNamespace(
        box=box, calls=calls, side=side, flip=flip, picture=picture, sentence=sentence
    )


def test_explore_draws_at_once():
    it = explorer()
    assert it.calls == [(3, False)]
    assert it.picture.value == PNG + b"3"
    assert it.picture.format == "png"
    assert list(it.box.children) == [it.side, it.flip, it.picture, it.sentence]


def test_explore_redraws_when_any_control_moves():
    it = explorer()
    it.side.value = 7
    assert it.picture.value == PNG + b"7"
    it.flip.value = True
    assert it.calls == [(3, False), (7, False), (7, True)]
    it.side.description = "Other"
    assert len(it.calls) == 3


def test_explore_escapes_and_announces_its_sentence():
    html = explorer().sentence.value
    assert "Side 3 &lt; False &amp; so on." in html
    assert 'aria-live="polite"' in html


def test_explore_shows_an_error_keeps_the_picture_and_recovers():
    it = explorer()
    it.side.value = 13
    assert it.picture.value == PNG + b"3"
    wanted = words.IMPOSSIBLE_SETTING.format(message="A side of &lt;13&gt; &amp; more")
    assert wanted in it.sentence.value
    it.side.value = 14
    assert it.picture.value == PNG + b"14"
    assert "Side 14" in it.sentence.value


def test_explore_shows_an_error_at_the_start():
    def draw(side):
        raise ValueError("no")

    box = widgets.explore(draw, side=widgets.integer_slider("Side", 3, 1, 20))
    assert "no" in by_type(box, ipywidgets.HTML)[0].value
    assert by_type(box, ipywidgets.Image)[0].value == b""


def test_explore_hides_no_other_error():
    def draw(side):
        raise KeyError(side)

    with pytest.raises(KeyError):
        widgets.explore(draw, side=widgets.integer_slider("Side", 3, 1, 20))


# --- TrainingView ---


class FakeTrainer:
    """Steps without a network; the step whose number is `fails_at` raises."""

    def __init__(self, n_iterations, fails_at=None):
        self.iteration, self.n_iterations, self.fails_at = 0, n_iterations, fails_at

    @property
    def why_finished(self):
        return "epochs" if self.iteration >= self.n_iterations else None

    def __iter__(self):
        return self

    def __next__(self):
        if self.why_finished:
            raise StopIteration
        if self.iteration + 1 == self.fails_at:
            raise ValueError("the cost is <nan>")
        self.iteration += 1
        return self.iteration


def draw_trainer(trainer):
    return PNG + str(trainer.iteration).encode(), f"Iteration {trainer.iteration} <b>."


def test_training_view_draws_now_and_then(monkeypatch):
    clock = itertools.count(100, 0.1)
    monkeypatch.setattr(widgets, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    drawn = []

    def draw(trainer):
        drawn.append(trainer.iteration)
        return draw_trainer(trainer)

    view = widgets.TrainingView(draw)
    trainer = FakeTrainer(50)
    for _ in trainer:
        view.update(trainer)
    assert drawn[0] == 1
    assert drawn[-1] == 50
    # 50 steps of a tenth of a second, and a picture every 0.7 seconds.
    assert 5 <= len(drawn) <= 9
    assert (view.bar.value, view.bar.max) == (50, 50)
    assert view.picture.value == PNG + b"50"
    assert "Iteration 50 &lt;b&gt;." in view.sentence.value


def test_training_view_says_and_finishes():
    view = widgets.TrainingView(draw_trainer)
    view.say("Wait & see")
    assert "Wait &amp; see" in view.sentence.value
    trainer = FakeTrainer(9)
    next(trainer)
    view.finish(trainer)
    next(trainer)
    view.finish(trainer)
    assert view.picture.value == PNG + b"2"
    assert (view.bar.value, view.bar.max) == (2, 9)
    assert view.bar.description == words.LABEL_PROGRESS
    assert list(view.box.children) == [view.bar, view.sentence, view.picture]


# --- training_studio ---


def studio(n_iterations=5, fails_at=None):
    trainers = []

    def make_trainer(rate):
        if rate == 3:
            raise ValueError("a rate of <3>")
        if rate == 2:
            raise TypeError("the course is wrong")
        trainers.append(FakeTrainer(n_iterations, fails_at))
        return trainers[-1]

    rate = widgets.choice_slider("Rate", 1, (1, 2, 3))
    box = widgets.training_studio(make_trainer, draw_trainer, rate=rate)
    train, stop = by_type(box, ipywidgets.Button)
    return SimpleNamespace(
        box=box,
        trainers=trainers,
        rate=rate,
        train=train,
        stop=stop,
        sentence=by_type(box, ipywidgets.HTML)[0],
        picture=by_type(box, ipywidgets.Image)[0],
    )


def run(steps):
    asyncio.run(asyncio.wait_for(steps(), timeout=20))


async def until_over(it):
    while it.train.disabled:
        await asyncio.sleep(0.001)


def states(it):
    return it.train.disabled, it.stop.disabled


def test_studio_waits_for_its_button():
    it = studio()
    assert [button.description for button in (it.train, it.stop)] == ["Train", "Stop"]
    assert states(it) == (False, True)
    assert it.trainers == []


def test_studio_trains():
    it = studio()

    async def steps():
        it.train.click()
        assert states(it) == (True, False)
        assert words.TRAINING_STARTS in it.sentence.value
        assert it.trainers == []  # the click returns before anything is compiled
        await until_over(it)

    run(steps)
    assert states(it) == (False, True)
    assert it.trainers[0].iteration == 5
    assert it.picture.value == PNG + b"5"
    assert "Iteration 5 &lt;b&gt;." in it.sentence.value


def test_a_double_click_starts_one_training():
    it = studio()

    async def steps():
        it.train.click()
        it.train.click()
        await until_over(it)
        it.train.click()
        await until_over(it)

    run(steps)
    assert [trainer.iteration for trainer in it.trainers] == [5, 5]


def test_studio_shows_an_error_that_nobody_expected():
    it = studio()
    it.rate.value = 2

    async def steps():
        it.train.click()
        await until_over(it)

    run(steps)
    assert "TypeError: the course is wrong" in it.sentence.value
    assert states(it) == (False, True)


def test_studio_stops_and_trains_again():
    it = studio(n_iterations=100_000)

    async def steps():
        it.train.click()
        while not (it.trainers and it.trainers[0].iteration >= 3):
            await asyncio.sleep(0.001)
        it.stop.click()
        await until_over(it)
        stopped_at = it.trainers[0].iteration
        assert 3 <= stopped_at < 100
        assert it.picture.value == PNG + str(stopped_at).encode()
        # The stop of the first training must not stop the second.
        it.train.click()
        while not (len(it.trainers) == 2 and it.trainers[1].iteration >= 3):
            await asyncio.sleep(0.001)
        assert states(it) == (True, False)
        it.stop.click()
        await until_over(it)

    run(steps)
    assert states(it) == (False, True)
    assert len(it.trainers) == 2


def test_studio_shows_an_impossible_setting_and_recovers():
    it = studio()

    async def steps():
        it.rate.value = 3
        it.train.click()
        await until_over(it)
        assert "does not work. a rate of &lt;3&gt;" in it.sentence.value
        assert states(it) == (False, True)
        it.rate.value = 1
        it.train.click()
        await until_over(it)

    run(steps)
    assert "Iteration 5" in it.sentence.value


def test_studio_shows_a_training_that_fails():
    it = studio(fails_at=3)

    async def steps():
        it.train.click()
        await until_over(it)

    run(steps)
    assert "the cost is &lt;nan&gt;" in it.sentence.value
    assert states(it) == (False, True)
