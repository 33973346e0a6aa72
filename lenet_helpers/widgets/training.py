"""A live view of a training, with and without the learner's hands on it."""

import asyncio
import time

from lenet_helpers import words
from lenet_helpers.widgets import elements

import ipywidgets

# A picture takes about a tenth of a second; drawing more often would slow the training down.
SECONDS_BETWEEN_PICTURES = 0.7


class TrainingView:
    """A live view of a training: progress bar, time left, and a curve.

    Parameters
    ----------
    draw : callable
        ``draw(trainer)`` returns the bytes of a PNG file and a sentence.

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
        self.sentence = ipywidgets.HTML()
        self.picture = elements.hidden_picture()
        self.box = ipywidgets.VBox([self.bar, self.sentence, self.picture])
        self._drawn_at = None

    def update(self, trainer):
        """Show the trainer's present state; the picture is redrawn now and then."""
        now = time.monotonic()
        is_over = trainer.why_finished is not None
        if not is_over and self._drawn_at and now - self._drawn_at < SECONDS_BETWEEN_PICTURES:
            return
        self.finish(trainer)

    def finish(self, trainer, remark=""):
        """Show the trainer's present state, the picture included, and a remark after it."""
        self.bar.max, self.bar.value = trainer.n_iterations, trainer.iteration
        png, text = self.draw(trainer)
        elements.show_picture(self.picture, png)
        self.sentence.value = elements.status(f"{text} {remark}".rstrip())
        self._drawn_at = time.monotonic()

    def say(self, text):
        """Show a sentence in the place of the present one."""
        self.sentence.value = elements.status(text)


def training_studio(make_trainer, draw, **controls):
    """Return controls with a train and a stop button, and a live view of the training.

    Parameters
    ----------
    make_trainer : callable
        ``make_trainer(**settings)`` takes every control's value by its name and returns an
        iterable `Trainer`. If it, or a step, raises ValueError, the message is shown.
    draw : callable
        As for `TrainingView`.
    **controls
        One widget with a `value` for each setting.

    Returns
    -------
    ipywidgets.VBox
    """
    view = TrainingView(draw)
    train = elements.button(words.LABEL_TRAIN, is_primary=True)
    stop = elements.button(words.LABEL_STOP)
    stop.disabled = True
    stop_asked = []

    async def run():
        try:
            trainer = make_trainer(**{name: control.value for name, control in controls.items()})
            for _ in trainer:
                view.update(trainer)
                # Between two steps the kernel looks after everything else, the stop button too.
                await asyncio.sleep(0.001)
                if stop_asked:
                    break
            view.finish(trainer, words.TRAINING_STOPPED if stop_asked else "")
        except ValueError as error:
            view.say(words.IMPOSSIBLE_SETTING.format(message=error))
        except Exception as error:
            # Nobody waits for this task: without a word here the error would go unseen.
            view.say(words.UNEXPECTED_ERROR.format(kind=type(error).__name__, message=error))
            raise
        finally:
            train.disabled, stop.disabled = False, True

    def start(button):
        # A quick second click arrives before the page has disabled the button.
        if train.disabled:
            return
        stop_asked.clear()
        train.disabled, stop.disabled = True, False
        stop.focus()
        view.say(words.TRAINING_STARTS)
        # Keeping the task keeps it alive: the event loop itself holds only a weak reference.
        start.task = asyncio.ensure_future(run())

    train.on_click(start)
    stop.on_click(stop_asked.append)
    return ipywidgets.VBox([*controls.values(), ipywidgets.HBox([train, stop]), view.box])
