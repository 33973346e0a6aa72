"""The training studio in a real JupyterLab: by mouse, by keyboard alone, and without its page."""

import re

from lenet_helpers import words

import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tools import browser as tool

address, browser = shared.address, shared.browser
pytestmark = shared.needs_chromium

# Long enough to be caught: 200 epochs of 119 iterations. Each studio has a file of its own.
MAKE = """
if "studio" not in globals():
    import tempfile
    from lenet_helpers.explorers.studio import make_studio
    folder = tempfile.TemporaryDirectory()
    studio = make_studio(folder.name + "/run.npz")
    for name, value in {"design": "tiny", "batch_size": 10, "n_epochs": 200}.items():
        studio.controls[name].value = value
studio
""".strip()
PATIENCE_MS, COMPILE_MS = shared.PATIENCE_MS, 240_000
STATE = "print(studio.state, studio.run.trainer.iteration if studio.run else 0)"


class Page:
    """The studio's page: its buttons, its sentence, and cells besides."""

    def __init__(self, page):
        self.page, self.box = page, tool.show_cell(page, 0)

    def run(self, code):
        """Run code in the kernel, as another cell would; return what it prints."""
        return tool.run_in_kernel(self.page, code)

    def kernels(self):
        """Return the studio's state and iteration, as the kernel has them."""
        state, iteration = self.run(STATE).split()
        return state, int(iteration)

    def button(self, label):
        return self.box.get_by_role("button", name=label, exact=True)

    def click(self, label):
        button = self.button(label)
        expect(button).to_be_enabled()
        button.click()

    def press(self, label, key):
        """Walk to a button with the Tab key alone, and press a key on it."""
        expect(self.button(label)).to_be_enabled()
        self.walk_to(self.button(label))
        self.page.keyboard.press(key)

    def walk_to(self, target):
        """Press Tab, or Shift+Tab, until an element of the studio has the focus."""
        target = target.element_handle()
        for key in ("Tab", "Shift+Tab"):
            for _ in range(40):
                if target.evaluate("element => element === document.activeElement"):
                    return
                if not self.box.evaluate("box => box.contains(document.activeElement)"):
                    break
                self.page.keyboard.press(key)
            else:
                continue
            # Out of the studio: once back in, in the other direction.
            self.page.keyboard.press({"Tab": "Shift+Tab", "Shift+Tab": "Tab"}[key])
        raise AssertionError("the Tab key does not reach it")

    @property
    def sentence(self):
        return self.box.get_by_role("status").last

    @property
    def rows(self):
        return self.box.locator("tbody tr")

    def says(self, text, timeout=PATIENCE_MS):
        expect(self.sentence).to_contain_text(text, timeout=timeout)

    def trains(self, more_than=0):
        """Wait until the page shows a later iteration; return it."""
        # A new sentence is a new element, so the box is asked and not the sentence.
        found = self.page.wait_for_function(
            """([box, least]) => {
                const found = /Iteration ([\\d,]+) of/.exec(box.innerText);
                const iteration = found ? Number(found[1].replaceAll(",", "")) : 0;
                return iteration > least && iteration;
            }""",
            arg=[self.box.element_handle(), more_than],
            timeout=COMPILE_MS,
        )
        expect(self.button(words.LABEL_PAUSE)).to_be_enabled()
        return found.json_value()

    def rests(self):
        """See that the iteration stands still while other cells run; return it."""
        state, reached = self.kernels()
        for _ in range(20):
            self.run("pass")
        assert self.kernels() == (state, reached)
        self.says(f"Iteration {reached:,} of")
        return reached

    @property
    def rate(self):
        slider = self.box.locator(".widget-hslider")
        slider = slider.filter(has=self.page.get_by_text(words.LABEL_LEARNING_RATE, exact=True))
        return slider.get_by_role("slider")


@pytest.fixture(scope="module")
def notebook():
    with tool.scratch_notebook([MAKE, "6 * 7"]) as path:
        yield path


@pytest.fixture
def studio(browser, address, notebook):
    """A fresh kernel's studio; its training is stopped at the end."""
    with tool.page_of(browser, address) as page:
        page.set_default_timeout(PATIENCE_MS)
        tool.open_and_run(page, address, notebook)
        assert "error" not in tool.output_kinds(page)
        it = Page(page)
        yield it
        assert page.console_errors == []


def stop(it):
    it.click(words.LABEL_STOP)
    it.says(words.TRAINING_STOPPED)


def test_a_training_by_mouse(studio):
    studio.says(words.STUDIO_READY)
    studio.click(words.LABEL_TRAIN)
    reached = studio.trains()
    # Another cell answers meanwhile.
    assert studio.run("print(6 * 7)").strip() == "42"
    assert studio.kernels()[0] == "running"
    studio.trains(reached)
    studio.click(words.LABEL_PAUSE)
    studio.says(words.TRAINING_PAUSED)
    paused_at = studio.rests()
    assert paused_at > reached
    studio.click(words.LABEL_RESUME)
    studio.trains(paused_at)
    stop(studio)
    assert studio.kernels()[0] == "ended"
    expect(studio.rows).to_have_count(1)
    studio.click(words.LABEL_TRAIN)
    studio.trains()
    expect(studio.rows).to_have_count(2)
    stop(studio)
    expect(studio.rows).to_have_count(2)
    names = [row.inner_text().split("\t")[0] for row in studio.rows.all()]
    assert names == ["run 1", "run 2"]
    studio.click(words.LABEL_RESET)
    studio.says(words.STUDIO_READY)
    expect(studio.rows).to_have_count(2)
    studio.click(words.LABEL_FORGET_RUNS)
    expect(studio.rows).to_have_count(0)
    studio.says(words.STUDIO_READY)


def test_a_training_by_keyboard_alone(studio):
    studio.box.get_by_role("button").first.focus()
    studio.press(words.LABEL_TRAIN, "Enter")
    studio.trains()
    # The focus goes on to a button that can be pressed.
    expect(studio.button(words.LABEL_STOP)).to_be_focused()
    studio.walk_to(studio.rate)
    studio.page.keyboard.press("ArrowRight")
    expect(studio.rate).to_be_focused()
    expect(studio.rows.last).to_contain_text(re.compile(r"0\.1, 0\.3 from iteration"))
    assert studio.run("print(studio.run.learning_rate)").strip() == "0.3"
    studio.press(words.LABEL_PAUSE, "Space")
    studio.says(words.TRAINING_PAUSED)
    expect(studio.button(words.LABEL_RESUME)).to_be_focused()
    paused_at = studio.rests()
    studio.walk_to(studio.rate)
    studio.page.keyboard.press("ArrowLeft")
    studio.page.keyboard.press("ArrowLeft")
    expect(studio.rate).to_have_attribute("aria-valuetext", re.compile(r"^3|0\.03"))
    studio.press(words.LABEL_RESUME, "Space")
    studio.trains(paused_at)
    assert studio.run("print(studio.run.learning_rate)").strip() == "0.03"
    studio.press(words.LABEL_STOP, "Enter")
    studio.says(words.TRAINING_STOPPED)
    expect(studio.button(words.LABEL_TRAIN)).to_be_focused()
    expect(studio.rows.last).to_contain_text(f"0.03 from iteration {paused_at + 1:,}")
    studio.press(words.LABEL_RESET, "Space")
    studio.says(words.STUDIO_READY)
    expect(studio.button(words.LABEL_TRAIN)).to_be_focused()


def interrupt(it):
    it.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")


def test_jupyters_interrupt_pauses(studio):
    studio.click(words.LABEL_TRAIN)
    studio.trains()
    interrupt(studio)
    studio.says(words.TRAINING_WAS_INTERRUPTED)
    reached = studio.rests()
    assert studio.kernels()[0] == "paused"
    studio.click(words.LABEL_RESUME)
    studio.trains(reached)
    stop(studio)


def test_a_closed_page_does_not_end_the_training(studio, address, notebook):
    studio.click(words.LABEL_TRAIN)
    reached = studio.trains()
    identity = studio.run("print(id(studio), id(studio.run))")
    page, context = studio.page, studio.page.context
    # Another page first: a browser without one would end.
    again = context.new_page()
    page.close()
    again.set_default_timeout(PATIENCE_MS)
    again.goto(
        address.replace(tool.FIRST_LESSON, notebook).replace(
            "/lab/tree/", "/lab/workspaces/auto-u/tree/"
        )
    )
    again.wait_for_function(
        """path => {
            const panel = window.jupyterapp?.shell?.currentWidget;
            const session = panel?.sessionContext?.session;
            return panel?.context?.path === path && session?.kernel?.status === "idle"
                && panel.content.widgets.length > 1;
        }""",
        arg=notebook,
        timeout=tool.OPEN_TIMEOUT_MS,
    )
    again.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    again.locator(".widget-vbox").get_by_role("status").first.wait_for()
    it = Page(again)
    assert it.run("print(id(studio), id(studio.run))") == identity
    went_on = it.trains(reached)
    # The buttons of the new page are the same run's, and so is its interrupt.
    it.click(words.LABEL_PAUSE)
    it.says(words.TRAINING_PAUSED)
    paused_at = it.rests()
    assert paused_at >= went_on > reached
    it.click(words.LABEL_RESUME)
    resumed = it.trains(paused_at)
    interrupt(it)
    it.says(words.TRAINING_WAS_INTERRUPTED)
    assert it.rests() >= resumed
    stop(it)
    expect(it.rows).to_have_count(1)
