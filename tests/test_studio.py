"""The training studio: every state and every way out of it, with fake runs and with real ones."""

import asyncio
import contextlib
import hashlib
import html
import os
import re
import signal
import textwrap
import threading
import time
from types import SimpleNamespace

from lenet_helpers import kept_designs, run_data, runs, words
from lenet_helpers.design import PRESETS, LeNetDesign
from lenet_helpers.explorers import studio as lesson
from lenet_helpers.runs import Run, RunSettings
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Picture, View
from lenet_helpers.widgets.studio import MOST_KEPT, TrainingStudio

import numpy
import pytest
from jupyter_client.manager import KernelManager

PNG = b"\x89PNG "
USABLE = {
    "idle": {"train"},
    "preparing": {"stop", "reset"},
    "running": {"pause", "stop", "reset"},
    "paused": {"resume", "stop", "reset"},
    "ended": {"train", "reset"},
}
BUTTONS = ("train", "pause", "resume", "stop", "reset", "forget")
LONG = 10**6
# Seconds; busy machines compile slowly, and what hangs still ends.
TIME_LIMIT = 240


# --- A workshop without a network ---


class FakeRun:
    """Steps that only count; what is in `events` happens in the step of that number."""

    def __init__(self, shop, n_iterations, rate):
        self.shop, self._rate, self.number = shop, rate, 1
        self.saved_at, self.rates, self.is_over = [], [], False
        self.trainer = SimpleNamespace(
            iteration=0, n_iterations=n_iterations, costs=[], why_finished=None
        )

    @property
    def rate(self):
        return self._rate

    @rate.setter
    def rate(self, rate):
        assert threading.current_thread() is threading.main_thread()
        self._rate = rate

    def __iter__(self):
        return self

    def __next__(self):
        trainer = self.trainer
        if trainer.why_finished:
            raise StopIteration
        event = self.shop.events.get(trainer.iteration + 1)
        if isinstance(event, ValueError | OSError | TypeError):
            raise event
        trainer.iteration += 1
        trainer.costs.append(1 / trainer.iteration)
        self.rates.append(self._rate)
        if trainer.iteration >= trainer.n_iterations:
            trainer.why_finished = "epochs"
        if event:
            event()
        return trainer.iteration

    def save(self):
        self.saved_at.append(self.trainer.iteration)
        self.shop.kept = self

    def record(self):
        return self.number, self.trainer.iteration


class FakeWorkshop:
    """Keeps all that it was asked for."""

    def __init__(self, n_iterations=5, kept=None):
        self.n_iterations, self.kept = n_iterations, kept
        self.events, self.fails, self.runs, self.loads, self.n_discards = {}, {}, [], [], 0
        self.gate = threading.Event()
        self.gate.set()

    def _perhaps_fail(self, name):
        if name in self.fails:
            raise self.fails[name]

    def plan(self, **settings):
        self._perhaps_fail("plan")
        return settings

    def left(self):
        return {"rate": self.kept.rate, "size": 1} if self.kept else None

    def describe(self, plan):
        return f"rate <{plan['rate']}>"

    def values(self, plan):
        return plan

    def load(self, plan):
        self.loads.append(threading.current_thread())
        assert self.gate.wait(20)
        self._perhaps_fail("load")

    def make(self, plan, go_on):
        assert threading.current_thread() is threading.main_thread()
        self._perhaps_fail("make")
        run = self.kept if go_on else FakeRun(self, self.n_iterations, plan["rate"])
        self.kept = None
        self.runs.append(run)
        return run

    def discard(self):
        self.kept, self.n_discards = None, self.n_discards + 1

    def draw(self, run, records):
        png = PNG + repr((run and run.trainer.iteration, records)).encode()
        said = f"Iteration {run.trainer.iteration} <b>." if run else ""
        return View((Picture("it", png),), said)

    def stand_in(self):
        return PNG, "a training"


class Driver:
    """A studio, and what a learner does with it and sees of it."""

    def __init__(self, **options):
        self.shop = FakeWorkshop(**options)
        self.rate = elements.choice_slider("Rate", 1, (1, 2, 3))
        self.size = elements.choice_slider("Size", 1, (1, 2, 3))
        controls = {"rate": self.rate, "size": self.size}
        self.studio = TrainingStudio(self.shop, controls, live=("rate",))

    def press(self, *names):
        """Press buttons in quick succession, enabled or not."""
        for name in names:
            self.studio.buttons[name].click()

    async def until(self, condition):
        while not condition():
            await asyncio.sleep(0.001)

    async def reaches(self, state):
        await self.until(lambda: self.state == state)
        # The task that brought it there may still have a line to run.
        await self.until(lambda: n_trainings() == 0 or self.is_busy)
        self.check()

    async def trains(self, iteration=3):
        await self.until(lambda: self.state == "running" and self.iteration >= iteration)
        self.check()

    @property
    def state(self):
        return self.studio.state

    @property
    def is_busy(self):
        return self.state in ("preparing", "running")

    @property
    def iteration(self):
        return self.studio.run.trainer.iteration

    @property
    def said(self):
        return html.unescape(re.sub("<[^>]*>", "", self.studio.view.sentence.value))

    @property
    def bar(self):
        return self.studio.view.bar.value, self.studio.view.bar.max

    def check(self):
        """Compare the buttons and the controls with what the state allows."""
        wanted = set(USABLE[self.state])
        wanted |= {"forget"} if self.studio.records else set()
        wanted |= {"resume"} if self.state == "idle" and self.shop.kept else set()
        usable = {name for name, button in self.studio.buttons.items() if not button.disabled}
        assert usable == wanted, self.state
        assert not self.rate.disabled
        assert self.size.disabled == (self.state in ("preparing", "running", "paused"))
        assert self.said
        assert n_trainings() <= 1


def play(steps):
    """Run a learner's steps in an event loop."""

    async def limited():
        return await asyncio.wait_for(steps(), timeout=TIME_LIMIT)

    return asyncio.run(limited())


def n_trainings():
    """Return how many tasks there are besides those of `play`."""
    return len(asyncio.all_tasks()) - 2


# --- Every state, and the ways out of it ---


def test_at_first_it_waits():
    it = Driver()
    assert (it.state, it.studio.run, it.studio.records) == ("idle", None, [])
    assert it.said == words.STUDIO_READY
    assert [button.description for button in it.studio.buttons.values()] == [
        "Train",
        "Pause",
        "Resume",
        "Stop",
        "Reset",
        "Forget earlier runs",
    ]
    assert it.shop.runs == []
    assert it.studio.settings() == {"rate": 1, "size": 1}

    async def steps():
        it.check()
        it.press("pause", "resume", "stop", "reset")
        it.check()

    play(steps)
    assert (it.state, it.shop.loads) == ("idle", [])


def test_a_run_from_the_first_step_to_the_last():
    it = Driver()

    async def steps():
        it.press("train")
        it.check()
        assert it.state == "preparing"
        assert it.said == words.TRAINING_STARTS
        assert it.shop.runs == []  # the click returns before anything is compiled
        await it.reaches("ended")

    play(steps)
    (run,) = it.shop.runs
    assert run.trainer.iteration == 5
    assert it.said == "Iteration 5 <b>."
    assert it.bar == (5, 5)
    assert it.studio.records == [(1, 5)]
    assert bytes(it.studio.view.shelf.children[0].picture.value) == PNG + b"(5, [(1, 5)])"
    assert it.shop.n_discards == 1


def test_pause_and_resume():
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        it.press("pause")
        await it.reaches("paused")
        reached, run = it.iteration, it.studio.run
        assert it.said == f"Iteration {reached} <b>. {words.TRAINING_PAUSED}"
        assert it.bar == (reached, LONG)
        assert run.saved_at == [reached]
        await asyncio.sleep(0.03)
        assert it.iteration == reached
        it.press("resume")
        assert it.state == "running"
        await it.trains(reached + 3)
        assert it.studio.run is run
        it.press("pause")
        await it.reaches("paused")
        assert run.saved_at == [reached, it.iteration]
        it.press("stop")

    play(steps)
    assert it.state == "ended"
    assert it.said.endswith(f"<b>. {words.TRAINING_STOPPED}")
    assert len(it.shop.runs) == len(it.studio.records) == 1


def test_stop_keeps_the_run_and_the_next_one_is_not_stopped():
    it = Driver(n_iterations=LONG)

    async def steps():
        for number in (1, 2):
            it.press("train")
            await it.trains()
            it.press("stop")
            await it.reaches("ended")
            assert it.studio.records[-1] == (number, it.iteration)
            assert it.said.endswith(words.TRAINING_STOPPED)

    play(steps)
    assert [run.number for run in it.shop.runs] == [1, 2]
    assert len(it.studio.records) == 2


@pytest.mark.parametrize("state", ["running", "paused", "ended"])
def test_reset_throws_the_run_away(state):
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        if state == "paused":
            it.press("pause")
        elif state == "ended":
            it.press("stop")
        await it.reaches(state)
        it.press("reset")
        await it.reaches("idle")

    play(steps)
    assert it.studio.run is None
    # A run that was kept for comparison before stays in the comparison.
    assert len(it.studio.records) == (state == "ended")
    assert it.said.strip() == words.STUDIO_READY
    assert it.bar == (0, 1)
    assert it.shop.left() is None


def test_so_many_runs_are_kept():
    it = Driver(n_iterations=2)

    async def steps():
        for _ in range(MOST_KEPT + 2):
            it.press("train")
            await it.reaches("preparing")
            await it.reaches("ended")

    play(steps)
    assert it.studio.records == [(number, 2) for number in range(3, MOST_KEPT + 3)]


@pytest.mark.parametrize("state", ["idle", "preparing", "running", "paused", "ended"])
def test_forget_leaves_the_present_run_and_has_a_sentence(state):
    it = Driver(n_iterations=2)

    async def steps():
        it.press("train")
        await it.reaches("ended")
        it.shop.n_iterations = LONG
        if state == "idle":
            it.press("reset")
        elif state != "ended":
            it.press("train")
            if state == "preparing":
                it.shop.gate.clear()
            else:
                await it.trains()
                it.press("pause" if state == "paused" else "forget")
        await it.reaches(state)
        run = it.studio.run
        it.press("forget")
        it.check()
        assert it.studio.records == []
        assert it.studio.run is run
        assert it.state == state
        said = {
            "idle": words.STUDIO_READY,
            "preparing": words.TRAINING_STARTS,
            "paused": words.TRAINING_PAUSED,
        }
        assert it.said.endswith(said.get(state, "<b>."))
        it.shop.gate.set()
        if state in ("preparing", "running"):
            await it.trains()
            it.press("reset")
            await it.reaches("idle")

    play(steps)


# --- While it prepares ---


@pytest.mark.parametrize(("button", "is_kept"), [("stop", True), ("reset", False)])
def test_a_left_run_while_the_studio_prepares(button, is_kept):
    left = FakeRun(FakeWorkshop(), LONG, 2)
    it = Driver(kept=left)
    it.shop.gate.clear()

    async def steps():
        for start in ("train", "resume"):
            if not it.shop.kept and start == "resume":
                break
            it.press(start)
            assert it.state == "preparing"
            it.press(button)
            it.check()
            it.shop.gate.set()
            await it.reaches("idle")
            it.shop.gate.clear()
            assert it.shop.runs == []
            assert it.studio.records == []
            assert (it.shop.left() is not None) == is_kept
            wanted = words.RUN_LEFT.format(run="rate <2>") if is_kept else words.STUDIO_READY
            assert it.said.strip() == wanted

    play(steps)


def test_the_kernel_stays_free_while_data_are_loaded():
    it = Driver()
    it.shop.gate.clear()

    async def steps():
        it.press("train")
        await it.until(lambda: it.shop.loads)
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert it.state == "preparing"
        it.shop.gate.set()
        await it.reaches("ended")

    play(steps)
    assert it.shop.loads[0] is not threading.main_thread()


# --- A run that an earlier kernel left ---


def test_a_left_run_goes_on():
    left = FakeRun(FakeWorkshop(), LONG, 2)
    for _ in range(7):
        next(left)
    it = Driver(kept=left)
    assert it.said == words.RUN_LEFT.format(run="rate <2>")

    async def steps():
        it.check()
        it.rate.value = 3  # of the next run; this one has its own
        it.press("resume")
        assert it.state == "preparing"
        await it.trains(9)
        assert it.studio.run is left
        assert (it.rate.value, left.rate) == (2, 2)
        it.press("stop")
        await it.reaches("ended")
        assert it.studio.records == [(1, it.iteration)]

    play(steps)
    assert set(left.rates) == {2}


def test_a_left_run_whose_rate_the_slider_lacks_takes_the_sliders():
    left = FakeRun(FakeWorkshop(), LONG, 2.5)
    it = Driver(kept=left)

    async def steps():
        it.rate.value = 3
        it.press("resume")
        await it.trains()
        assert (it.rate.value, left.rate) == (3, 3)
        it.press("reset")
        await it.reaches("idle")

    play(steps)


def test_a_left_run_that_had_ended_is_kept_for_comparison():
    left = FakeRun(FakeWorkshop(), 2, 2)
    list(left)
    it = Driver(kept=left)

    async def steps():
        it.press("resume")
        await it.reaches("ended")

    play(steps)
    assert it.studio.records == [(1, 2)]
    assert it.shop.left() is None


def test_train_starts_anew_beside_a_left_run():
    it = Driver(kept=FakeRun(FakeWorkshop(), 5, 2))

    async def steps():
        it.press("train")
        await it.reaches("ended")
        it.check()

    play(steps)
    assert it.shop.runs[0].rates == [1] * 5
    assert it.shop.left() is None


# --- Clicks in quick succession ---


@pytest.mark.parametrize("name", BUTTONS)
@pytest.mark.parametrize("state", USABLE)
def test_a_double_click_is_a_click(name, state):
    """The second click arrives before the page has disabled the button."""

    async def press_and_look(n_clicks):
        it = Driver(n_iterations=2)
        it.press("train")
        await it.reaches("ended")
        it.shop.n_iterations = LONG
        if state == "idle":
            it.press("reset")
        else:
            if state == "preparing":
                it.shop.gate.clear()
            it.press("train")
            if state != "preparing":
                await it.trains()
            if state in ("paused", "ended"):
                it.press({"paused": "pause", "ended": "stop"}[state])
                await it.until(lambda: it.state == state)
        it.press(*[name] * n_clicks)
        it.shop.gate.set()
        wishes = {"pause": "paused", "stop": "ended", "reset": "idle"}
        if state == "preparing" and name in ("stop", "reset"):
            await it.reaches("idle")
        elif state == "running" and name in wishes:
            await it.reaches(wishes[name])
        elif it.is_busy:
            await it.trains()
        it.check()
        found = it.state, len(it.shop.runs), len(it.studio.records), it.studio.run is None
        if it.is_busy:
            it.press("reset")
            await it.reaches("idle")
        return found

    async def both():
        return [await press_and_look(n_clicks) for n_clicks in (1, 2)]

    once, twice = play(both)
    assert once == twice


def test_all_buttons_at_once():
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press(*BUTTONS)
        await it.reaches("idle")
        it.press("train")
        await it.trains()
        it.press("pause", "resume", "stop")
        await it.reaches("ended")

    play(steps)


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (("pause", "stop"), "ended"),
        (("pause", "reset"), "idle"),
        (("stop", "reset"), "idle"),
        (("reset", "stop"), "ended"),
        (("stop", "train"), "ended"),
        (("pause", "resume"), "paused"),
        (("train", "train"), "running"),
    ],
)
def test_the_last_wish_counts(names, state):
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        it.press(*names)
        await it.reaches(state)
        assert len(it.shop.runs) == 1
        if state == "running":
            await it.trains(it.iteration + 2)
            it.press("reset")
            await it.reaches("idle")

    play(steps)


def test_a_click_after_the_last_step_changes_nothing():
    it = Driver(n_iterations=4)
    it.shop.events[4] = lambda: it.press("pause")

    async def steps():
        it.press("train")
        await it.reaches("ended")

    play(steps)
    assert it.studio.records == [(1, 4)]
    assert words.TRAINING_PAUSED not in it.said


def test_clicks_of_another_thread_train_in_the_kernels_loop():
    async def steps():
        it = Driver(n_iterations=LONG)

        async def click_elsewhere(act):
            thread = threading.Thread(target=act)
            thread.start()
            await it.until(lambda: not thread.is_alive())

        def set_rate():
            it.rate.value = 3

        # The fake run and workshop refuse to be used in another thread.
        await click_elsewhere(lambda: it.press("train"))
        await it.trains()
        await click_elsewhere(set_rate)
        await it.until(lambda: it.studio.run.rate == 3)
        await click_elsewhere(lambda: it.press("pause"))
        await it.reaches("paused")
        await click_elsewhere(lambda: it.press("resume", "resume"))
        await it.trains(it.iteration + 3)
        await click_elsewhere(lambda: it.press("stop"))
        await it.reaches("ended")
        assert len(it.shop.runs) == 1

    play(steps)


# --- The learning rate during a run ---


def test_a_live_control_steers_the_run_while_it_goes_on_and_while_it_rests():
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        it.rate.value = 2
        await it.trains(it.iteration + 3)
        it.press("pause")
        await it.reaches("paused")
        paused_at = it.iteration
        it.rate.value = 3
        assert it.studio.run.rate == 3
        it.press("resume")
        await it.trains(paused_at + 3)
        it.press("stop")
        await it.reaches("ended")
        rates = it.studio.run.rates
        assert rates[0] == 1
        assert rates[paused_at - 1] == 2
        assert set(rates[paused_at:]) == {3}
        assert rates == sorted(rates)
        # Of a run that has ended nothing changes; the next one starts with it.
        it.rate.value = 1
        assert it.studio.run.rate == 3
        it.press("train")
        await it.trains()
        assert it.studio.run.rates[0] == 1
        it.press("reset")
        await it.reaches("idle")

    play(steps)


def test_the_other_controls_count_for_the_next_run():
    plans = []
    it = Driver(n_iterations=2)
    plan = it.shop.plan
    it.shop.plan = lambda **settings: plans.append(settings) or plan(**settings)

    async def steps():
        for size in (2, 3):
            it.size.value = size
            it.press("train")
            await it.reaches("ended")

    play(steps)
    assert plans == [{"rate": 1, "size": 2}, {"rate": 1, "size": 3}]


# --- What goes wrong ---

ERRORS = [ValueError("a <wrong> size"), FileNotFoundError("no <file>"), ConnectionError("offline")]
SURPRISES = [TypeError("<surprise>"), ZeroDivisionError("by nothing")]


def said_of(error):
    if isinstance(error, ValueError | OSError):
        return str(error)
    return words.UNEXPECTED_ERROR.format(kind=type(error).__name__, message=error)


async def press_and_fail(it, name):
    """Press a button; wait for the end of the task, and keep its error from the log."""
    loop, seen = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda loop, context: seen.append(context))
    it.press(name)
    await it.reaches("idle")


@pytest.mark.parametrize("error", [*ERRORS, *SURPRISES], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["plan", "load", "make"])
def test_an_error_before_the_first_step(where, error):
    it = Driver()
    it.shop.fails[where] = error

    async def steps():
        await press_and_fail(it, "train")
        assert it.said == said_of(error)
        assert (it.studio.run, it.studio.records) == (None, [])
        del it.shop.fails[where]
        it.press("train")
        await it.reaches("ended")
        assert it.studio.records == [(1, 5)]

    play(steps)


@pytest.mark.parametrize("where", ["load", "make"])
def test_a_left_run_outlasts_an_error(where):
    left = FakeRun(FakeWorkshop(), 5, 2)
    it = Driver(kept=left)
    it.shop.fails[where] = ConnectionError("offline")

    async def steps():
        await press_and_fail(it, "resume")
        assert it.shop.kept is left
        it.check()
        del it.shop.fails[where]
        it.press("resume")
        await it.reaches("ended")

    play(steps)
    assert it.studio.run is left


@pytest.mark.parametrize("error", [ERRORS[0], ERRORS[1], SURPRISES[0]], ids=repr)
def test_an_error_in_a_step_keeps_what_was_reached(error):
    it = Driver()

    async def steps():
        it.press("train")
        await it.reaches("ended")
        it.shop.events[3] = error
        await press_and_fail(it, "train")
        assert it.said == said_of(error)
        assert it.studio.records == [(1, 5), (2, 2)]
        assert it.shop.left() is None
        it.shop.events.clear()
        it.press("train")
        await it.reaches("ended")
        assert it.studio.records[-1] == (3, 5)

    play(steps)


def test_an_error_in_the_first_step_keeps_no_record():
    it = Driver()
    it.shop.events[1] = ValueError("at once")

    async def steps():
        await press_and_fail(it, "train")

    play(steps)
    assert it.studio.records == []
    assert "at once" in it.said


# --- Interrupts ---


@pytest.fixture
def own_handler():
    """A handler for Ctrl-C that must be back after a run, and must not be called during it."""
    calls = []

    def handler(number, frame):
        calls.append(number)

    previous = signal.signal(signal.SIGINT, handler)
    yield handler
    assert signal.getsignal(signal.SIGINT) is handler
    assert calls == []
    signal.signal(signal.SIGINT, previous)


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def raise_interrupt():
    """Do what `Trainer` does after a step in which it has held an interrupt back."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("event", [interrupt, raise_interrupt])
def test_an_interrupt_during_a_step_pauses(own_handler, event):
    it = Driver(n_iterations=9)
    it.shop.events[4] = event

    async def steps():
        it.press("train")
        await it.reaches("paused")
        assert it.iteration == 4
        assert it.said == f"Iteration 4 <b>. {words.TRAINING_WAS_INTERRUPTED}"
        assert it.studio.run.saved_at == [4]
        assert signal.getsignal(signal.SIGINT) is own_handler
        it.press("resume")
        await it.reaches("ended")

    play(steps)
    assert it.studio.records == [(1, 9)]


def test_an_interrupt_between_two_steps_pauses(own_handler):
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        interrupt()
        await it.reaches("paused")
        assert it.said.endswith(words.TRAINING_WAS_INTERRUPTED)
        assert signal.getsignal(signal.SIGINT) is own_handler
        it.press("resume")
        await it.trains(it.iteration + 3)
        it.press("reset")
        await it.reaches("idle")

    play(steps)


@pytest.mark.parametrize("name", ["stop", "reset", "pause"])
def test_the_handler_is_back_however_the_run_ends(own_handler, name):
    it = Driver(n_iterations=LONG)

    async def steps():
        it.press("train")
        await it.trains()
        assert signal.getsignal(signal.SIGINT) is not own_handler
        it.press(name)
        await it.until(lambda: not it.is_busy)
        assert signal.getsignal(signal.SIGINT) is own_handler

    play(steps)


def test_the_handler_is_back_after_an_error(own_handler):
    it = Driver()
    it.shop.events[2] = ValueError("no")

    async def steps():
        await press_and_fail(it, "train")
        assert signal.getsignal(signal.SIGINT) is own_handler

    play(steps)


def test_an_interrupt_in_the_last_step_lets_the_run_end(own_handler):
    it = Driver(n_iterations=4)
    it.shop.events[4] = interrupt

    async def steps():
        it.press("train")
        await it.reaches("ended")

    play(steps)
    assert it.studio.records == [(1, 4)]
    assert words.TRAINING_WAS_INTERRUPTED not in it.said


# --- Random walks ---


@pytest.mark.parametrize("seed", range(4))
def test_300_random_moves(seed):
    random, errors = numpy.random.RandomState(seed), []

    async def steps():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: errors.append(context)
        )
        it, seen = Driver(n_iterations=60), set()
        most = 0
        for _ in range(300):
            if random.randint(4):
                it.press(BUTTONS[random.randint(len(BUTTONS))])
            else:
                control = (it.rate, it.size)[random.randint(2)]
                if not control.disabled:
                    control.value = int(random.randint(1, 4))
            it.check()
            for _ in range(random.randint(12)):
                await asyncio.sleep(0)
            if not random.randint(3):
                await asyncio.sleep(0.001 * random.randint(80))
            it.check()
            seen.add(it.state)
            most = max(most, len(it.studio.records))
            if it.state in ("running", "paused"):
                assert it.studio.run.rate == it.rate.value
            # A record is of a run, and stays as it is until it is forgotten.
            for record in it.studio.records:
                run = next(run for run in it.shop.runs if run.number == record[0])
                assert record == run.record()
        if it.is_busy:
            it.press("reset")
            await it.reaches("idle")
        assert seen == set(USABLE)
        assert 1 <= most <= MOST_KEPT
        numbers = [run.number for run in it.shop.runs]
        assert numbers == list(range(1, len(numbers) + 1))

    play(steps)
    assert errors == []


# --- Where no kernel runs ---


def test_the_stand_in_of_the_fake():
    bundle = Driver().studio._repr_mimebundle_()
    assert bundle["text/plain"] == words.STAND_IN.format(states="a training")


def test_the_stand_in(tmp_path):
    studio = lesson.make_studio(tmp_path / "run.npz")
    png, sentence = studio.stand_in()
    assert png.startswith(b"\x89PNG")
    # The course's record: 9.33 % after the first epoch on the digits.
    assert "from 9.33 %" in sentence
    assert sentence.startswith(words.STAND_IN.partition("{")[0])


# --- Real runs on the course's digits ---


class Real:
    """The lesson's studio on the tiny network."""

    def __init__(self, checkpoint, **values):
        self.studio = lesson.make_studio(checkpoint)
        quick = {"design": "tiny", "batch_size": 100, "n_epochs": 2}
        for name, value in (quick | values).items():
            self.studio.controls[name].value = value

    def press(self, name):
        self.studio.buttons[name].click()

    async def reaches(self, *states):
        while self.studio.state not in states:
            await asyncio.sleep(0.002)

    async def trains(self, **values):
        """Train to the end with some settings; return the run."""
        for name, value in values.items():
            self.studio.controls[name].value = value
        self.studio.buttons["train"].click()
        await self.reaches("ended", "idle")
        return self.studio.run

    @property
    def said(self):
        return html.unescape(re.sub("<[^>]*>", "", self.studio.view.sentence.value))

    @property
    def table(self):
        """The texts of the table's rows, its heads first."""
        rows = re.findall("<tr>(.*?)</tr>", self.studio.view.table.value)
        cells = [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
        return [[html.unescape(cell) for cell in row] for row in cells]


@pytest.fixture
def curves(monkeypatch):
    """The curves of every picture that the studio draws."""
    drawn, draw = [], lesson.curves.learning_curves

    def spy(curves, n_epochs):
        drawn.append((list(curves), n_epochs))
        return draw(curves, n_epochs)

    monkeypatch.setattr(lesson.curves, "learning_curves", spy)
    return drawn


def test_the_table_and_the_curves_are_the_runs_own(tmp_path, curves):
    it = Real(tmp_path / "run.npz")

    async def steps():
        first = await it.trains()
        record = first.record()
        second = await it.trains(learning_rate=0.3, batch_size=50, n_epochs=1)
        return record, second.record()

    records = play(steps)
    heads, *rows = it.table
    assert heads == [
        words.HEAD_RUN,
        words.HEAD_DATASET,
        words.HEAD_PARAMETERS,
        words.HEAD_RATE,
        words.HEAD_BATCH_SIZE,
        words.HEAD_EPOCHS,
        words.HEAD_BEST,
        words.HEAD_TEST,
        words.HEAD_SECONDS,
    ]
    assert len(rows) == 2
    parameters = f"{PRESETS['tiny'].n_parameters:,}"
    for number, (row, record) in enumerate(zip(rows, records, strict=True), 1):
        best = min(record.validations, key=lambda validation: validation[1])
        n_epochs = record.settings.n_epochs
        assert row == [
            f"run {number}",
            "digits",
            parameters,
            ["0.1", "0.3"][number - 1],
            ["100", "50"][number - 1],
            f"{n_epochs:.1f} of {n_epochs}",
            f"{100 * best[1]:.2f} %",
            f"{100 * best[2]:.2f} %",
            f"{record.seconds:.1f}",
        ]
    drawn, n_epochs = curves[-1]
    assert n_epochs == 1
    for curve, record in zip(drawn, records, strict=True):
        assert curve.label == f"run {record.number}"
        assert list(curve.costs) == record.costs
        assert list(curve.validations) == record.validations
    last = records[1]
    assert f"Iteration 23 of 23, cost {last.costs[-1]:.4f}." in it.said
    assert f"Best validation error {100 * last.best[1]:.2f} % at iteration 23." in it.said
    assert "images a second." in it.said
    assert "All epochs done" in it.said


def test_the_rates_of_a_run_stand_in_the_table(tmp_path):
    it = Real(tmp_path / "run.npz", n_epochs=200)

    async def steps():
        it.studio.buttons["train"].click()
        await it.reaches("running")
        while it.studio.run.trainer.iteration < 3:
            await asyncio.sleep(0.001)
        it.studio.controls["learning_rate"].value = 0.03
        reached = it.studio.run.trainer.iteration
        while it.studio.run.trainer.iteration < reached + 2:
            await asyncio.sleep(0.001)
        it.studio.buttons["stop"].click()
        await it.reaches("ended")
        return reached

    reached = play(steps)
    assert it.table[1][3] == f"0.1, 0.03 from iteration {reached + 1}"
    assert not (tmp_path / "run.npz").exists()


def test_a_run_of_the_studio_is_a_run(tmp_path):
    it = Real(tmp_path / "run.npz")

    async def steps():
        run = await it.trains(learning_rate=0.3)
        return list(run.trainer.costs), run.trainer.validations

    found = play(steps)
    settings = RunSettings(design=PRESETS["tiny"], learning_rate=0.3, batch_size=100, n_epochs=2)
    alone = Run(settings)
    list(alone)
    assert found == (alone.trainer.costs, alone.trainer.validations)


def test_a_run_that_diverges(tmp_path):
    it = Real(tmp_path / "run.npz", batch_size=10, n_epochs=20)
    # The slider's largest rate does not blow up so small a network.
    control = it.studio.controls["learning_rate"]
    control.options = (*control.options, 1e30)

    async def steps():
        await it.trains(learning_rate=1e30)

    play(steps)
    assert it.studio.state == "idle"
    assert "no longer a number" in it.said
    assert "smaller learning rate" in it.said
    (record,) = it.studio.records
    assert record.costs
    assert it.table[1][:2] == ["run 1", "digits"]


def test_without_a_kept_design(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    it = Real(tmp_path / "run.npz", design="kept")

    async def steps():
        await it.trains()

    play(steps)
    assert it.studio.state == "idle"
    assert words.NO_KEPT_DESIGN in it.said
    assert it.studio.records == []


def test_with_a_kept_design(tmp_path, monkeypatch):
    design = LeNetDesign((2, 3), n_hidden=8, image_size=(32, 32))
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    kept_designs.keep_design(design)
    it = Real(tmp_path / "run.npz", design="kept", n_epochs=1)

    async def steps():
        return await it.trains()

    assert play(steps).settings.design == design
    assert it.table[1][2] == f"{design.n_parameters:,}"


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (LeNetDesign((2, 3), n_hidden=8, channels=3), "3 channels"),
        (LeNetDesign((2, 3), n_hidden=8, n_classes=5), "5 classes"),
        (LeNetDesign((2, 3), ((3, 3), (3, 3)), image_size=(20, 20)), "20 x 20"),
        (LeNetDesign((300, 300), n_hidden=8), "MB"),
    ],
)
def test_a_kept_design_that_can_not_read_digits(tmp_path, monkeypatch, design, message):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    kept_designs.keep_design(design)
    it = Real(tmp_path / "run.npz", design="kept")

    async def steps():
        await it.trains()
        assert message in it.said
        assert not it.said.startswith(words.IMPOSSIBLE_SETTING.partition("{")[0])
        # And the next design works.
        await it.trains(design="tiny", n_epochs=1)
        assert len(it.studio.records) == 1

    play(steps)


def test_mnist_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_MNIST", str(tmp_path / "nowhere"))
    run_data.loaded_data.cache_clear()
    run_data.fitted_data.cache_clear()
    it = Real(tmp_path / "run.npz", dataset="mnist")

    async def steps():
        await it.trains()
        assert str(tmp_path / "nowhere") in it.said
        assert "LENET_MNIST" in it.said
        await it.trains(dataset="digits", n_epochs=1)

    play(steps)
    assert len(it.studio.records) == 1


def test_mnist_without_a_network(tmp_path, monkeypatch):
    def offline(prefix=""):
        raise ConnectionError("MNIST can't be downloaded: offline.")

    monkeypatch.delenv("LENET_MNIST", raising=False)
    monkeypatch.setattr("lenet_helpers.datasets.download.fetch_mnist", offline)
    run_data.loaded_data.cache_clear()
    run_data.fitted_data.cache_clear()
    it = Real(tmp_path / "run.npz", dataset="mnist")

    async def steps():
        await it.trains()

    play(steps)
    assert "MNIST can't be downloaded: offline." in it.said


def test_a_left_run_goes_on_in_another_studio(tmp_path):
    path = tmp_path / "run.npz"
    settings = RunSettings(design=PRESETS["tiny"], batch_size=100, n_epochs=2)
    whole = Run(settings)
    list(whole)
    wanted = whole.trainer.costs, [value.tobytes() for value in whole.network.get_values()]
    first = Run(settings, path)
    for _ in range(15):
        next(first)
    first.save()
    it = Real(path, learning_rate=1.0)
    # The text of the network's size stands in the sentence.
    it.studio = lesson.make_studio(path)
    assert it.said.startswith(words.RUN_LEFT.partition("{")[0])
    assert f"digits, {PRESETS['tiny'].n_parameters:,} parameters, learning rate 0.1" in it.said

    async def steps():
        it.studio.controls["learning_rate"].value = 1.0
        it.studio.buttons["resume"].click()
        await it.reaches("ended")

    play(steps)
    run = it.studio.run
    found = run.trainer.costs, [value.tobytes() for value in run.network.get_values()]
    assert found == wanted
    assert it.studio.controls["learning_rate"].value == 0.1
    assert it.table[1][5] == "2.0 of 2"
    assert not path.exists()


def test_one_studio_a_kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    lesson.explore_training.cache_clear()
    assert lesson.explore_training() is lesson.explore_training()
    assert lesson.explore_training().workshop.checkpoint.parent.parent == tmp_path
    lesson.explore_training.cache_clear()


# --- In a real kernel ---

KERNEL_SECONDS = 120
MAKE = """
import html, re
from lenet_helpers.explorers import studio as lesson
studio = lesson.make_studio({checkpoint!r})
for name, value in {values}.items():
    studio.controls[name].value = value
"""
REACHED = """
print((studio.state, studio.run.trainer.iteration if studio.run else 0,
       html.unescape(re.sub("<[^>]*>", "", studio.view.sentence.value))))
"""
RESULT = """
import hashlib
run = studio.run
print((run.trainer.costs, [tuple(row) for row in run.trainer.validations],
       [hashlib.sha256(value.tobytes()).hexdigest() for value in run.network.get_values()]))
"""
IN_A_KERNEL = {"design": "tiny", "batch_size": 20, "n_epochs": 10}


class Kernel:
    """A kernel with a studio in it, its buttons pressed by cells."""

    def __init__(self, checkpoint, environment):
        self.make = MAKE.format(checkpoint=str(checkpoint), values=IN_A_KERNEL)
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.start()

    def start(self):
        self.client.wait_for_ready(timeout=KERNEL_SECONDS)
        self.run(self.make)

    def run(self, code):
        """Run a cell, and return what it prints, as Python reads it."""
        printed = []

        def keep(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(
            textwrap.dedent(code), timeout=KERNEL_SECONDS, output_hook=keep, allow_stdin=False
        )["content"]
        assert reply["status"] == "ok", reply
        text = "".join(printed).strip()
        return eval(text, {"nan": numpy.nan, "inf": numpy.inf}) if text else None

    def press(self, name):
        self.run(f"studio.buttons[{name!r}].click()")

    def until(self, state, iteration=0):
        """Ask until the studio is in a state; return the iteration and the sentence."""
        deadline = time.monotonic() + KERNEL_SECONDS
        while True:
            found, reached, said = self.run(REACHED)
            if found == state and reached >= iteration:
                return reached, said
            assert time.monotonic() < deadline, (found, reached, said)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path, clean_environment):
    it = Kernel(tmp_path / "run.npz", clean_environment | {"OMP_NUM_THREADS": "1"})
    with contextlib.closing(it):
        yield it


@pytest.fixture(scope="module")
def alone():
    """What the same run reaches in this process, undisturbed."""
    settings = RunSettings(design=PRESETS["tiny"], batch_size=20, n_epochs=10)
    run = Run(settings)
    list(run)
    values = [hashlib.sha256(value.tobytes()).hexdigest() for value in run.network.get_values()]
    return run.trainer.costs, run.trainer.validations, values


def test_a_kernel_answers_while_it_trains_and_its_interrupt_pauses(kernel, alone):
    kernel.press("train")
    before, _ = kernel.until("running", 2)
    # Another cell, while the training goes on.
    assert kernel.run("print(6 * 7)") == 42
    after, _ = kernel.until("running", before + 2)
    assert before < after < len(alone[0])
    kernel.manager.interrupt_kernel()
    paused_at, said = kernel.until("paused", after)
    assert said.endswith(words.TRAINING_WAS_INTERRUPTED)
    assert kernel.until("paused")[0] == paused_at < len(alone[0])
    kernel.press("resume")
    kernel.until("ended")
    assert kernel.run(RESULT) == alone


def test_an_interrupted_cell_leaves_the_training_alone(kernel, alone):
    kernel.press("train")
    kernel.until("running", 2)
    endless = "print('busy')\nwhile True: pass"
    told = kernel.client.execute(endless, stop_on_error=False)
    while True:
        message = kernel.client.get_iopub_msg(timeout=KERNEL_SECONDS)
        mine = message["parent_header"].get("msg_id") == told
        if mine and message["msg_type"] == "stream":
            break
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=KERNEL_SECONDS)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    kernel.until("ended")
    assert kernel.run(RESULT) == alone


def test_a_killed_kernels_run_goes_on_in_the_next(kernel, alone):
    kernel.press("train")
    # The first epoch has been written by then.
    kernel.until("running", len(alone[0]) // 10 + 5)
    kernel.manager.restart_kernel(now=True)
    kernel.start()
    _, said = kernel.until("idle")
    assert said.startswith(words.RUN_LEFT.partition("{")[0])
    kernel.press("resume")
    reached, _ = kernel.until("running", 1)
    assert reached > len(alone[0]) // 10
    kernel.until("ended")
    assert kernel.run(RESULT) == alone


# --- What keeps a run ---


def test_each_kernel_has_a_file_of_its_own(tmp_path):
    folder = tmp_path / "runs"
    first, lock = lesson.claim_checkpoint(folder)
    second, other = lesson.claim_checkpoint(folder)
    assert first != second
    assert first.parent == second.parent == folder
    # A kernel that ends gives its file free.
    lock.close()
    third, last = lesson.claim_checkpoint(folder)
    assert third == first
    other.close()
    last.close()


def test_a_cache_folder_that_can_not_be_written_is_no_hindrance(tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("no folder")
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    made = lesson.explore_training.__wrapped__()
    assert made.state == "idle"
    assert made.workshop.checkpoint.parent.is_dir()
    assert tmp_path not in made.workshop.checkpoint.parents
    made.lock.close()


def test_a_kernel_that_is_killed_gives_its_file_free(tmp_path, run_python):
    code = """
        import os, pathlib, signal
        from lenet_helpers.explorers import studio
        path, lock = studio.claim_checkpoint(pathlib.Path("runs"))
        print(path.name, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    names = [run_python(textwrap.dedent(code)).stdout for _ in range(2)]
    assert names[0] == names[1] != ""


def test_a_full_disk_does_not_end_a_run(tmp_path, monkeypatch):
    it = Real(tmp_path / "run.npz")

    def full(*_):
        raise OSError(28, "No space left on device")

    async def steps():
        monkeypatch.setattr("lenet_helpers.checkpoints.save", full)
        run = await it.trains()
        assert run.trainer.why_finished == "epochs"
        assert run.why_unsaved == "No space left on device"
        it.press("train")
        await it.reaches("running")
        it.press("pause")
        await it.reaches("paused")
        assert "It could not be saved (No space left on device)" in it.said
        monkeypatch.undo()
        it.press("resume")
        await it.reaches("ended")
        assert "could not be saved" not in it.said

    play(steps)


def test_a_resumed_runs_settings_are_those_of_the_controls(tmp_path):
    settings = runs.RunSettings(
        design=PRESETS["tiny"], learning_rate=0.03, batch_size=100, n_epochs=20
    )
    run = runs.Run(settings, tmp_path / "run.npz")
    for _ in range(3):
        next(run)
    run.save()
    it = Real(tmp_path / "run.npz", design="course", batch_size=20, n_epochs=5)

    async def steps():
        it.press("resume")
        await it.reaches("running")
        assert it.studio.settings() == {
            "dataset": "digits",
            "design": "tiny",
            "learning_rate": 0.03,
            "batch_size": 100,
            "n_epochs": 20,
        }
        it.press("reset")
        await it.reaches("idle")

    play(steps)


def test_what_is_told_of_an_ended_run(tmp_path):
    it = Real(tmp_path / "run.npz", n_epochs=200)

    async def steps():
        it.press("train")
        await it.reaches("running")
        assert "left." in it.said or not it.studio.run.trainer.costs
        it.press("stop")
        await it.reaches("ended")
        assert "s left." not in it.said
        assert words.TRAINING_STOPPED in it.said

    play(steps)
