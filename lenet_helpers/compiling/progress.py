"""Shows how far compiling is, where somebody is looking, and leaves nothing behind.

A terminal gets tqdm's bar. A notebook gets a bar in its page, which is emptied at the end; but
only if a person may answer: programs that run a notebook from top to bottom say that nobody can
be asked, and would store the bar.
"""

import html
import sys
import time

from lenet_helpers import words

from tqdm import tqdm

# Who waits less than this needs no bar.
SECONDS = 1


def bar(total):
    """Return a bar with methods ``update()``, one step further, and ``close()``."""
    if _page_is_open():
        return PageBar(total)
    # With disable=None tqdm is silent where nobody looks: in files, in kernels.
    return tqdm(
        total=total,
        desc=words.COMPILING,
        file=sys.stderr,
        delay=SECONDS,
        leave=False,
        disable=None,
        bar_format="{desc} {n}/{total} |{bar}|",
    )


class PageBar:
    """A bar in the output of a notebook's cell.

    Parameters
    ----------
    total : int
        The number of steps.
    """

    def __init__(self, total):
        self.total = total
        self.steps = 0
        self._started = time.monotonic()
        self._display = None

    def update(self):
        """Go one step further."""
        from IPython.display import display

        self.steps += 1
        if self._display:
            self._display.update(self._bundle(), raw=True)
        elif time.monotonic() - self._started > SECONDS:
            self._display = display(self._bundle(), raw=True, display_id=True)

    def close(self):
        """Empty the output."""
        if self._display:
            self._display.update({}, raw=True)

    def _bundle(self):
        text = words.COMPILING_STEPS.format(
            compiling=words.COMPILING, steps=self.steps, total=self.total
        )
        most, value = f'max="{self.total}"', f'value="{self.steps}"'
        page = f"<label>{html.escape(text)} <progress {most} {value}></progress></label>"
        return {"text/html": page, "text/plain": text}


def _page_is_open():
    """Say whether this code runs in a cell of a notebook that a person has open."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin"))
