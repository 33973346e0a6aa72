"""Names of sliders, buttons and pictures for those who listen to the page instead of seeing it."""

from functools import cache
from pathlib import Path

import anywidget

# CSS classes of boxes whose first child holds the words that name the rest.
PICTURE, GROUP = "lenet-picture", "lenet-group"


class Names(anywidget.AnyWidget):
    """A hidden widget: as long as it is in a page, all widgets and figures there have names.

    A slider takes its label, a picture its caption, a figure the sentence under it; buttons to
    choose from say which one is pressed. Whatever changes in the page is named anew.
    """

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@cache
def names():
    """Return the kernel's one `Names`, a child of whatever needs it."""
    return Names(layout={"display": "none"})
