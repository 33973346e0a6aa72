"""A sheet of paper to draw a digit on, by mouse, finger, pen or arrow keys."""

from pathlib import Path

from lenet_helpers import strokes, words

import anywidget
import traitlets

HERE = Path(__file__).parent


class DigitPad(anywidget.AnyWidget):
    """A pad that draws in the browser at once, and tells the kernel the strokes meanwhile.

    Attributes
    ----------
    value : tuple of tuple of tuple of int
        The strokes, as `strokes.clean` returns them; it is the whole state. Whatever is set, by
        Python or by a page, is cleaned; what then differs goes back to the page.
    """

    _esm = (HERE / "digit_pad.js").read_text(encoding="utf-8")
    _css = (HERE / "digit_pad.css").read_text(encoding="utf-8")

    value = traitlets.Any(()).tag(sync=True)
    side = traitlets.Int(strokes.SIDE, read_only=True).tag(sync=True)
    pen = traitlets.Int(strokes.PEN_WIDTH, read_only=True).tag(sync=True)
    most_points = traitlets.Int(strokes.MOST_POINTS, read_only=True).tag(sync=True)
    texts = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("texts")
    def _texts(self):
        return {
            "name": words.PAD_NAME,
            "hint": words.PAD_HINT,
            "undo": words.LABEL_UNDO,
            "clear": words.LABEL_CLEAR,
            "undone": words.PAD_UNDONE,
            "cleared": words.PAD_CLEARED,
            "full": words.PAD_FULL,
            # The page fills in where the pen is.
            "pen_up": words.PAD_PEN_UP.format(right="{right}", down="{down}"),
            "pen_down": words.PAD_PEN_DOWN.format(right="{right}", down="{down}"),
        }

    @traitlets.validate("value")
    def _clean(self, proposal):
        return strokes.clean(proposal["value"])
