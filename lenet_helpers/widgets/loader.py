"""A button that fetches something that takes a while, and says what it is doing."""

import asyncio

from lenet_helpers import words
from lenet_helpers.widgets import elements

import ipywidgets
import traitlets


class Loader(ipywidgets.VBox):
    """A button, and a sentence on what came of it.

    Parameters
    ----------
    label : str
        What to load.
    note : str
        What the sentence says before the button is pressed.
    load : callable
        ``await load(say)`` returns what was loaded, not None; ``say(text)`` tells the learner how
        far it is. If it raises ValueError or OSError, the message is shown, and the button can
        be pressed again.

    Attributes
    ----------
    value : object
        What was loaded; None before.
    visible : bool
        Whether the button takes part in the page.
    """

    value = traitlets.Any(None, allow_none=True)
    visible = traitlets.Bool(True)

    def __init__(self, label, note, load):
        self.load, self._task = load, None
        self._button = elements.button(label)
        self._button.layout.width = "auto"
        self._sentence = ipywidgets.HTML()
        self._button.on_click(self._start)
        self._say(note)
        super().__init__([self._button, self._sentence], layout={"align_items": "flex-start"})

        self.observe(self._hide, names="visible")

    def _hide(self, change):
        self.layout.display = None if self.visible else "none"

    def _say(self, text):
        self._sentence.value = elements.status(text)

    def _start(self, _):
        # A quick second click arrives before the page has disabled the button.
        if self._button.disabled:
            return
        self._button.disabled = True
        # Keeping the task keeps it alive: the event loop itself holds only a weak reference.
        self._task = asyncio.ensure_future(self._run())

    async def _run(self):
        try:
            self.value = await self.load(self._say)
        except (ValueError, OSError) as error:
            self._say(str(error))
        except Exception as error:
            # Nobody waits for this task: without a word here the error would go unseen.
            self._say(words.UNEXPECTED_ERROR.format(kind=type(error).__name__, message=error))
            raise
        finally:
            self._button.disabled = self.value is not None
