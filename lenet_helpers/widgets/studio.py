"""A training with the learner's hands on it: run, pause, resume, stop, reset, compare."""

import asyncio
import signal
import threading
from contextlib import contextmanager, suppress

from lenet_helpers import words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import WithStandIn
from lenet_helpers.widgets.training import TrainingView

import traitlets

IDLE, PREPARING, RUNNING, PAUSED, ENDED = "idle", "preparing", "running", "paused", "ended"
# What is said in a state besides the run's own sentence.
REMARKS = {
    PREPARING: words.TRAINING_STARTS,
    PAUSED: words.TRAINING_PAUSED,
}
# So many curves can be told apart.
MOST_KEPT = 5


class TrainingStudio(WithStandIn):
    """Controls, buttons and a live view of one training after the other.

    A training is a task of the kernel's event loop, one step at a time: between two steps the
    kernel looks after the buttons, and after the notebook's other cells. It does not need the
    page: with the browser tab closed it goes on.

    Parameters
    ----------
    workshop : object
        What makes trainings. ``plan(**settings)`` turns the controls' values into a plan;
        ``left()`` returns the plan of the run that an earlier kernel left, or None;
        ``describe(plan)`` says it in words, ``values(plan)`` as the controls' values;
        ``load(plan)`` loads what it needs, in another thread;
        ``make(plan, go_on)`` returns a run; ``discard()`` deletes what a run has left;
        ``draw(run, records)`` returns a `View`, also where `run` is None; ``stand_in()`` returns a
        PNG file and a sentence. A run is an iterator over steps with `number`, `trainer`,
        `is_over`, `save()` and `record()`. If one raises ValueError or OSError, the message is
        shown.
    controls : dict
        A widget with a `value` for each setting.
    live : sequence of str
        The names of those that count during a run: each is set as the run's attribute. The others
        rest while a run goes on, and count for the next one.

    Attributes
    ----------
    state : str
        'idle', 'preparing', 'running', 'paused' or 'ended'.
    run : object or None
        The present run.
    records : list
        What stays of the last runs that ended or were stopped.
    """

    def __init__(self, workshop, controls, live=()):
        self.workshop, self.controls, self.live = workshop, controls, live
        self.state, self.run, self.records = IDLE, None, []
        self._n_runs, self._wish, self._task = 0, None, None
        self._loop = _running_loop()
        self.buttons = {
            "train": elements.wide_button(words.LABEL_TRAIN, is_primary=True),
            "pause": elements.wide_button(words.LABEL_PAUSE),
            "resume": elements.wide_button(words.LABEL_RESUME),
            "stop": elements.wide_button(words.LABEL_STOP),
            "reset": elements.wide_button(words.LABEL_RESET),
            "forget": elements.wide_button(words.LABEL_FORGET_RUNS),
        }
        self.view = TrainingView(lambda trainer: workshop.draw(self.run, self.records))
        super().__init__(
            [
                elements.controls_box(controls.values()),
                elements.wrapping_box(self.buttons.values()),
                self.view.box,
            ]
        )
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._act(getattr(self, name)))
        for name in live:
            controls[name].observe(
                lambda change, name=name: self._act(lambda: self._steer(name)), names="value"
            )
        self._wait()

    def settings(self):
        """Return every control's value by its name."""
        return {name: control.value for name, control in self.controls.items()}

    def stand_in(self):
        """Return a PNG file of a training, and the sentence that belongs to it."""
        png, sentence = self.workshop.stand_in()
        return png, words.STAND_IN.format(states=sentence)

    def train(self):
        """Start a new run."""
        # A quick second click arrives before the page has disabled the button.
        if self.state in (IDLE, ENDED):
            self._begin(lambda: self.workshop.plan(**self.settings()), go_on=False)
            self.buttons["stop"].focus()

    def pause(self):
        """Let the run rest after the present step."""
        if self.state == RUNNING and self._wish is None:
            self._wish = PAUSED

    def resume(self):
        """Go on with the run that rests, or with the one that an earlier kernel left."""
        if self.state == PAUSED:
            self._wish = None
            self._enter(RUNNING)
            self._go(self._advance())
        elif self.state == IDLE and self.workshop.left():
            self._begin(self.workshop.left, go_on=True)
        elif self.state == IDLE:
            self._wait()  # the run that was left is there no more
            return
        else:
            return
        self.buttons["stop"].focus()

    def stop(self):
        """End the run, and keep its record."""
        if self.state == PAUSED:
            self._end(words.TRAINING_STOPPED)
            self.buttons["train"].focus()
        elif self.state in (PREPARING, RUNNING):
            self._wish = ENDED

    def reset(self):
        """Throw the run away."""
        if self.state in (RUNNING, PREPARING):
            self._wish = IDLE
        elif self.state in (PAUSED, ENDED):
            self._throw_away()

    def forget(self):
        """Throw the records of earlier runs away."""
        self.records = []
        if self.state == IDLE:
            self._wait()
        else:
            self._enter(self.state)
            self._show_present(REMARKS.get(self.state, ""))
        self.buttons["stop" if self.buttons["train"].disabled else "train"].focus()

    def _act(self, act):
        # JupyterLab may deliver clicks in a thread of their own, which no interrupt reaches, and
        # which would train beside the notebook's cells instead of between them.
        if self._loop is None or not self._loop.is_running() or self._loop is _running_loop():
            act()
        else:
            self._loop.call_soon_threadsafe(act)

    def _wait(self):
        """Wait for a button, and say which ones there are."""
        self._enter(IDLE)
        left = self.workshop.left()
        run = left and words.RUN_LEFT.format(run=self.workshop.describe(left))
        self._show_present(run or words.STUDIO_READY)

    def _begin(self, plan, go_on):
        self._enter(PREPARING)
        self.view.say(words.TRAINING_STARTS)
        self._wish, self.run = None, None
        self._go(self._prepare(plan, go_on))

    def _go(self, steps):
        # Keeping the task keeps it alive: the event loop itself holds only a weak reference.
        self._task = asyncio.ensure_future(self._guarded(steps))

    async def _guarded(self, steps):
        try:
            await steps
        except (ValueError, OSError) as error:
            self._fail(str(error))
        except Exception as error:
            # Nobody waits for this task: without a word here the error would go unseen.
            self._fail(words.UNEXPECTED_ERROR.format(kind=type(error).__name__, message=error))
            raise

    async def _prepare(self, make_plan, go_on):
        plan = make_plan()
        # Data may have to be downloaded; the notebook stays usable meanwhile.
        await asyncio.get_running_loop().run_in_executor(None, self.workshop.load, plan)
        # The words above reach the page before Theano compiles.
        await asyncio.sleep(0.05)
        if self._wish == IDLE:
            self._throw_away()
            return
        if self._wish == ENDED:
            self._wait()
            self.buttons["train"].focus()
            return
        self.run = self.workshop.make(plan, go_on)
        self._n_runs += 1
        self.run.number = self._n_runs
        if go_on:
            self._show_plan(plan)
        for name in self.live:
            # It may have been moved in the meantime.
            setattr(self.run, name, self.controls[name].value)
        self._enter(RUNNING)
        await self._advance()

    async def _advance(self):
        interrupts = []
        with _interrupts_noted(interrupts):
            try:
                for _ in self.run:
                    self.view.update(self.run.trainer)
                    # Between two steps the kernel looks after everything else.
                    await asyncio.sleep(0.001)
                    if self._wish or interrupts:
                        break
            except KeyboardInterrupt:
                interrupts.append(signal.SIGINT)
        if self._wish == IDLE:
            self._throw_away()
        elif self.run.trainer.why_finished:
            self._end()
        elif self._wish == ENDED:
            self._end(words.TRAINING_STOPPED)
            self.buttons["train"].focus()
        else:
            self._enter(PAUSED)
            remark = words.TRAINING_WAS_INTERRUPTED if interrupts else words.TRAINING_PAUSED
            self.run.save()
            self._show_present(remark)
            if self._wish == PAUSED:
                self.buttons["resume"].focus()

    def _show_plan(self, plan):
        """Show the settings of a run that goes on, as far as the controls have them."""
        values = self.workshop.values(plan) | {name: getattr(self.run, name) for name in self.live}
        for name, value in values.items():
            with suppress(traitlets.TraitError):
                self.controls[name].value = value

    def _show_present(self, remark=""):
        if self.run is None:
            self.view.show(self.workshop.draw(None, self.records), remark)
        else:
            self.view.finish(self.run.trainer, remark)

    def _steer(self, name):
        if self.run is not None and self.state in (RUNNING, PAUSED):
            setattr(self.run, name, self.controls[name].value)
        if self.state == PAUSED:
            self.run.save()

    def _end(self, remark=""):
        if self.run.trainer.costs:
            self.records = [*self.records, self.run.record()][-MOST_KEPT:]
        self.run.is_over = True
        self.workshop.discard()
        self._enter(ENDED)
        self._show_present(remark)

    def _fail(self, sentence):
        # A run that can't go on is over; what it gave so far is kept.
        if self.run is not None:
            self._end()
            self.run = None
        self._enter(IDLE)
        self.view.say(sentence)

    def _throw_away(self):
        self.run = None
        self.workshop.discard()
        self._enter(IDLE)
        self._show_present(words.STUDIO_READY)
        self.buttons["train"].focus()

    def _enter(self, state):
        self.state = state
        has_left = state == IDLE and self.workshop.left() is not None
        usable = {
            "train": state in (IDLE, ENDED),
            "pause": state == RUNNING,
            "resume": state == PAUSED or has_left,
            "stop": state in (PREPARING, RUNNING, PAUSED),
            "reset": state in (PREPARING, RUNNING, PAUSED, ENDED),
            "forget": bool(self.records),
        }
        for name, button in self.buttons.items():
            button.disabled = not usable[name]
        for name, control in self.controls.items():
            control.disabled = name not in self.live and state in (PREPARING, RUNNING, PAUSED)


def _running_loop():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@contextmanager
def _interrupts_noted(noted):
    """Note interrupts of the kernel instead of raising them in the middle of its event loop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous or signal.SIG_DFL)
