"""A live view of a training."""

import time

from lenet_helpers import words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Shelf
from lenet_helpers.widgets.names import names

import ipywidgets

# A picture takes about a tenth of a second; drawing more often would slow the training down.
SECONDS_BETWEEN_PICTURES = 0.7


class TrainingView:
    """A live view of a training: progress bar, a sentence, and pictures.

    Parameters
    ----------
    draw : callable
        ``draw(trainer)`` returns a `View`.

    Attributes
    ----------
    box : ipywidgets.VBox
        What to display.
    """

    def __init__(self, draw):
        self.draw = draw
        self.bar = ipywidgets.IntProgress(
            description=words.LABEL_PROGRESS,
            style=elements.LABEL_STYLE,
            layout=elements.CONTROL_LAYOUT,
        )
        self.sentence, self.shelf, self.table = ipywidgets.HTML(), Shelf(), elements.table_box()
        self.box = ipywidgets.VBox([names(), self.bar, self.sentence, self.shelf, self.table])
        self._drawn_at = None

    def update(self, trainer):
        """Show the trainer's present state, if the pictures are not fresh or it has ended."""
        now = time.monotonic()
        is_over = trainer.why_finished is not None
        if not is_over and self._drawn_at and now - self._drawn_at < SECONDS_BETWEEN_PICTURES:
            return
        self.finish(trainer)

    def finish(self, trainer, remark=""):
        """Show the trainer's present state, and a remark after it."""
        self.show(self.draw(trainer), remark, trainer.iteration, trainer.n_iterations)
        self._drawn_at = time.monotonic()

    def show(self, view, remark="", done=0, total=1):
        """Show a `View`, a remark after its sentence, and how much of the training is done."""
        self.bar.max, self.bar.value = total, done
        self.shelf.show(view.pictures)
        elements.show_table(self.table, view.table)
        self.say(f"{view.sentence} {remark}".strip())

    def say(self, text):
        """Show a sentence in the place of the present one."""
        self.sentence.value = elements.status(text)
