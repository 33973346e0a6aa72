"""A button that takes a file from the learner's own disk."""

from lenet_helpers import words
from lenet_helpers.widgets import elements

import ipywidgets
import traitlets


class Upload(ipywidgets.VBox):
    """An upload button, and a sentence on what came of it.

    Parameters
    ----------
    label : str
        What to upload.
    accept : str
        The kinds of files that the browser offers, such as 'image/*'.
    decode : callable
        ``decode(content, name)`` makes a value of a file's bytes and its name. If it raises
        ValueError, the message is shown and the last value stays.

    Attributes
    ----------
    value : object
        What `decode` made of the last file; None before the first.
    """

    value = traitlets.Any(None, allow_none=True)

    def __init__(self, label, accept, decode):
        self.decode = decode
        self._button = ipywidgets.FileUpload(
            description=label, accept=accept, layout={"width": "auto"}
        )
        self._sentence = ipywidgets.HTML()
        super().__init__([self._button, self._sentence], layout={"align_items": "flex-start"})
        self._button.observe(self._receive, names="value")

    def _receive(self, change):
        if not change["new"]:
            return
        file = change["new"][0]
        try:
            value = self.decode(bytes(file["content"]), file["name"])
        except ValueError as error:
            self._sentence.value = elements.status(str(error))
        else:
            self._sentence.value = elements.status(words.UPLOADED.format(name=file["name"]))
            self.value = value
        # A large file need not be kept twice, and the same one can be chosen again.
        self._button.value = ()
