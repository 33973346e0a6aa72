"""Buttons that move a slider on: step by step, or by themselves.

ipywidgets has a Play widget; its buttons have neither words nor names for screen readers.
"""

import asyncio

from lenet_helpers import words
from lenet_helpers.widgets import elements

import ipywidgets

SECONDS_PER_STEP = 0.6


class Player(ipywidgets.HBox):
    """Step, play and pause buttons for a slider.

    Parameters
    ----------
    slider : ipywidgets.IntSlider
        Moved from where it stands to its last value; at its end, playing starts from the first.
    """

    def __init__(self, slider):
        self.slider = slider
        self.back, self.step = map(elements.button, (words.LABEL_BACK, words.LABEL_STEP))
        self.play, self.pause = map(elements.button, (words.LABEL_PLAY, words.LABEL_PAUSE))
        self.pause.disabled, self._task = True, None
        self.back.on_click(lambda _: self._move(-1))
        self.step.on_click(lambda _: self._move(1))
        self.play.on_click(self._start)
        self.pause.on_click(self._stop)
        super().__init__([self.back, self.step, self.play, self.pause])

    def _move(self, by):
        self._stop()
        self.slider.value = min(max(self.slider.value + by, self.slider.min), self.slider.max)

    def _start(self, _):
        # A quick second click arrives before the page has disabled the button.
        if self.play.disabled:
            return
        self.play.disabled, self.pause.disabled = True, False
        # Keeping the task keeps it alive: the event loop itself holds only a weak reference.
        self._task = asyncio.ensure_future(self._run())

    def _stop(self, _=None):
        if self._task:
            self._task.cancel()
        self._end()

    def _end(self):
        self._task = None
        self.play.disabled, self.pause.disabled = False, True

    async def _run(self):
        if self.slider.value == self.slider.max:
            self.slider.value = self.slider.min
        try:
            while self.slider.value < self.slider.max:
                await asyncio.sleep(SECONDS_PER_STEP)
                self.slider.value += 1
        finally:
            # A task that was stopped may have a successor by now.
            if self._task is asyncio.current_task():
                self._end()
