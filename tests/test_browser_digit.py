"""The drawing pad in a real browser: by mouse, by keyboard, by finger, and after a reload."""

import json
import re
import time
from pathlib import Path

from lenet_helpers import strokes, words
from lenet_helpers.explorers.drawn_digit import draw_digit_view

import numpy
import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tests.test_photographs import photograph_of
from tools import browser as tool

address, browser = shared.address, shared.browser
pytestmark = shared.needs_chromium

DRAWINGS = json.loads((Path(__file__).parent / "drawn_digits.json").read_text(encoding="utf-8"))
THIRTY = [
    drawing
    for digit in range(10)
    for drawing in [drawing for drawing in DRAWINGS if drawing["digit"] == digit][:3]
]
SEVEN = next(d["strokes"] for d in DRAWINGS if d["style"] == "with a bar")
TWO = next(d["strokes"] for d in DRAWINGS if d["digit"] == 2)
NEEDED = 27
# The second cell shows the same explorer once more.
CELLS = [
    "from lenet_helpers.explorers.drawn_digit import explore_drawn_digit\n"
    "explorer = explore_drawn_digit()\nexplorer",
    "explorer",
]
BEGIN = """
explorer.controls["upload"].value = None
explorer.change(drawn=(), source="drawn", stage="best", occlusion=False)
"""
READ = "import json; print(json.dumps(explorer.controls['drawn'].value))"
# The pixels of a canvas, red, as rows.
PIXELS = """canvas => {
    const {width, height} = canvas;
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    return Array.from({length: height}, (_, row) =>
        Array.from({length: width}, (_, column) => data[4 * (row * width + column)]));
}"""
ACTIVE_CELL = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"


class Pad:
    """The explorer in the page."""

    def __init__(self, page, number=0):
        self.page, self.box = page, tool.show_cell(page, number)
        self.canvas = self.box.locator("canvas")
        self.spoken = self.box.locator(".lenet-pad-spoken")

    @property
    def sentence(self):
        return self.box.get_by_role("status").last

    def says(self, drawn, **settings):
        """Wait for the sentence that belongs to strokes; half of them may say the same."""
        wanted = draw_digit_view(strokes.clean(drawn), **settings).sentence
        # Sooner than `expect`, which looks once a second in the end.
        self.page.wait_for_function(
            """([box, wanted]) =>
                [...box.querySelectorAll("[role=status]")].at(-1).innerText === wanted""",
            arg=[self.box.element_handle(), wanted],
        )

    def kernels(self):
        """Return the strokes that the kernel has now."""
        return json.loads(tool.run_in_kernel(self.page, READ))

    def until(self, is_so):
        """Wait until something is true of the strokes that the kernel has."""
        deadline = time.monotonic() + shared.PATIENCE_SECONDS
        while not is_so(found := self.kernels()):
            assert time.monotonic() < deadline, found
            self.page.wait_for_timeout(20)

    def has(self, drawn):
        """Wait until the kernel has just these strokes, and the page its answer to them.

        Before anything else is touched: what the page still sends of a stroke would come after.
        """
        self.until(lambda found: found == drawn)
        self.says(drawn)

    def place(self, x, y):
        """Return where on the page the middle of a unit of the paper lies."""
        box = self.canvas.bounding_box()
        unit = (box["width"] - 2) / strokes.SIDE
        return box["x"] + 1 + (x + 0.5) * unit, box["y"] + 1 + (y + 0.5) * unit

    def draw(self, drawn):
        """Draw strokes by mouse."""
        self.canvas.scroll_into_view_if_needed()
        left, top = self.place(-0.5, -0.5)
        right, _ = self.place(strokes.SIDE - 0.5, 0)
        unit = (right - left) / strokes.SIDE
        for stroke in drawn:
            places = [(left + (x + 0.5) * unit, top + (y + 0.5) * unit) for x, y in stroke]
            self.page.mouse.move(*places[0])
            self.page.mouse.down()
            for place in places[1:]:
                self.page.mouse.move(*place)
            self.page.mouse.up()

    def ink(self):
        """Return the pixels of the paper, 255 for ink."""
        return 255 - numpy.array(self.canvas.evaluate(PIXELS))

    def button(self, name):
        return self.box.get_by_role("button", name=name, exact=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    with tool.scratch_notebook(CELLS) as notebook, tool.page_of(browser, address) as page:
        page.set_default_timeout(shared.PATIENCE_MS)
        tool.open_and_run(page, address, notebook)
        assert tool.output_kinds(page) == ["execute_result"] * 2
        yield page


@pytest.fixture
def pad(open_notebook):
    open_notebook.console_errors.clear()
    tool.run_in_kernel(open_notebook, BEGIN)
    pad = Pad(open_notebook)
    pad.says(())
    yield pad
    assert open_notebook.console_errors == []


# --- By mouse ---


def test_the_trained_network_recognises_what_is_drawn_by_mouse(pad):
    missed = []
    for drawing in THIRTY:
        pad.button(words.LABEL_CLEAR).click()
        pad.says(())
        # Every other point: a hand that is twice as fast.
        drawn = [stroke[::2] for stroke in drawing["strokes"]]
        pad.draw(drawn)
        pad.has(drawn)
        if not pad.sentence.inner_text().startswith(f"{drawing['digit']} with"):
            missed.append(f"{drawing['digit']}, {drawing['style']}")
    assert len(THIRTY) == 30
    assert len(missed) <= 30 - NEEDED, missed


def test_the_page_and_the_kernel_draw_the_same_ink(pad):
    assert pad.ink().max() == 0
    pad.draw(SEVEN)
    margin = strokes.PEN_WIDTH // 2
    wanted = strokes.draw_ink(SEVEN)[margin:-margin, margin:-margin]
    found = pad.ink()
    assert found.shape == wanted.shape
    # They may differ by the smoothing of edges.
    assert abs(found - wanted).mean() < 0.02 * 255
    assert (abs(found - wanted) > 200).mean() < 0.003


def test_strokes_appear_while_the_kernel_is_busy(pad):
    pad.page.evaluate(
        """() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({code: "import time; time.sleep(4)"}); }"""
    )
    pad.draw(SEVEN)
    assert (pad.ink() > 128).mean() > 0.05
    pad.has(SEVEN)


def test_the_answer_comes_while_the_pen_is_down(pad):
    (first, *_) = SEVEN
    pad.page.mouse.move(*pad.place(*first[0]))
    pad.page.mouse.down()
    for point in first[1:]:
        pad.page.mouse.move(*pad.place(*point))
    pad.says([first])
    # Beyond the paper the stroke goes on along its edge.
    x, y = pad.place(*first[-1])
    pad.page.mouse.move(x - 400, y)
    pad.page.mouse.up()
    pad.has([[*first, [0, first[-1][1]]]])
    pad.page.mouse.move(*pad.place(100, 20))
    pad.has([[*first, [0, first[-1][1]]]])


def test_other_buttons_of_the_mouse_do_not_draw(pad):
    pad.page.mouse.move(*pad.place(100, 100))
    pad.page.mouse.down(button="middle")
    pad.page.mouse.move(*pad.place(150, 150))
    pad.page.mouse.up(button="middle")
    assert pad.kernels() == []


@pytest.mark.parametrize("way", ["click", "press"])
def test_undo_and_clear(pad, way):
    act = {"click": lambda button: button.click(), "press": lambda button: button.press("Enter")}
    pad.draw(SEVEN)
    act[way](pad.button(words.LABEL_UNDO))
    pad.says(SEVEN[:1])
    expect(pad.spoken).to_have_text(words.PAD_UNDONE)
    pad.draw(SEVEN[1:])
    pad.says(SEVEN)
    act[way](pad.button(words.LABEL_CLEAR))
    pad.says(())
    expect(pad.spoken).to_have_text(words.PAD_CLEARED)
    assert pad.ink().max() == 0
    # On blank paper there is no stroke to take back.
    act[way](pad.button(words.LABEL_UNDO))
    assert pad.kernels() == []
    expect(pad.spoken).to_have_text(words.PAD_CLEARED)


# --- By keyboard ---


def test_a_digit_by_arrow_keys_alone(pad):
    active = pad.page.evaluate(ACTIVE_CELL)
    pad.canvas.focus()
    pad.press("Delete", *["ArrowLeft"] * 6, *["ArrowUp"] * 8, "Space")
    expect(pad.spoken).to_have_text(words.PAD_PEN_DOWN.format(right=29, down=22))
    pad.has([[[80, 60]]])
    pad.press(*["ArrowRight"] * 11)
    # Two arrows together move the pen diagonally.
    pad.page.keyboard.down("ArrowLeft")
    pad.press(*["ArrowDown"] * 6)
    pad.page.keyboard.up("ArrowLeft")
    pad.press(*["ArrowDown"] * 8, "Shift+ArrowDown", "Space")
    expect(pad.spoken).to_have_text(words.PAD_PEN_UP.format(right=43, down=72))
    wanted = [[80 + 10 * n, 60] for n in range(12)]
    wanted += [[180, 60]] + [[180 - 10 * n, 60 + 10 * n] for n in range(1, 7)]
    wanted += [[120, 120 + 10 * n] for n in range(1, 9)] + [[120, 202]]
    pad.has([wanted])
    expect(pad.sentence).to_have_text(re.compile("^7 with"))
    expect(pad.canvas).to_be_focused()
    assert pad.page.evaluate(ACTIVE_CELL) == active


def test_strokes_are_taken_back_by_keyboard(pad):
    pad.canvas.focus()
    # The pen goes back to the middle of blank paper.
    pad.press("ArrowLeft", "Delete")
    pad.press("Space", "ArrowUp", "Space", "ArrowLeft", "Space", "Space")
    first = [[[140, 140], [140, 130]], [[130, 130]]]
    pad.has(first)
    pad.press("Backspace")
    pad.says(first[:1])
    pad.press("ArrowRight", "Delete")
    pad.says(())
    # The cell is still there: Delete and Backspace were the pad's own.
    assert (
        pad.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")
        == 2
    )


def test_tab_goes_through_the_pad_and_leaves_it(pad):
    pad.canvas.focus()
    pad.press("Space", "Tab")
    expect(pad.button(words.LABEL_UNDO)).to_be_focused()
    pad.press("Tab")
    expect(pad.button(words.LABEL_CLEAR)).to_be_focused()
    pad.press("Tab")
    expect(pad.canvas).not_to_be_focused()
    pad.press("Shift+Tab", "Shift+Tab", "Shift+Tab")
    expect(pad.canvas).to_be_focused()
    # The pen was lifted when the focus left.
    dot = pad.kernels()
    pad.press("ArrowLeft")
    expect(pad.spoken).to_have_text(re.compile("^Pen up"))
    assert pad.kernels() == dot


def test_the_pad_has_a_name_instructions_and_a_focus_ring(pad):
    expect(pad.canvas).to_have_accessible_name(words.PAD_NAME)
    expect(pad.canvas).to_have_accessible_description(words.PAD_HINT)
    pad.button(words.LABEL_UNDO).focus()
    pad.press("Shift+Tab")
    outline = pad.canvas.evaluate("canvas => getComputedStyle(canvas).outlineStyle")
    assert outline == "solid"
    assert pad.ink().max() > 50  # the pen's cursor


def test_stage_and_pixels_that_mattered_by_keyboard(pad):
    pad.draw(SEVEN)
    pad.has(SEVEN)
    for stage in ("initial", "epoch 1", "epoch 10", "best"):
        pad.button(stage).focus()
        pad.press("Space")
        pad.says(SEVEN, stage=stage)
    expect(pad.box.locator("img")).to_have_count(6)
    pad.box.get_by_label(words.LABEL_OCCLUSION).focus()
    pad.press("Space")
    pad.says(SEVEN, occlusion=True)
    expect(pad.box.locator("img")).to_have_count(7)


# --- By finger ---


def test_a_digit_by_finger(pad):
    session = pad.page.context.new_cdp_session(pad.page)
    scrolled = pad.canvas.bounding_box()

    def touch(kind, *points):
        places = [dict(zip("xy", pad.place(*point), strict=True)) for point in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    for stroke in TWO:
        touch("touchStart", stroke[0])
        for point in stroke[1:]:
            touch("touchMove", point)
        touch("touchEnd")
    pad.has(TWO)
    assert pad.canvas.bounding_box() == scrolled
    # A second finger does not draw while the first one does.
    touch("touchStart", [50, 50])
    touch("touchStart", [50, 50], [200, 200])
    touch("touchMove", [60, 60], [210, 210])
    touch("touchEnd")
    pad.has([*TWO, [[50, 50], [60, 60]]])


# --- Photographs ---


def test_a_photograph_counts_until_the_learner_draws_again(pad, tmp_path):
    path = tmp_path / "two.jpg"
    path.write_bytes(photograph_of(TWO, light=0.3))
    pad.draw(SEVEN)
    pad.has(SEVEN)
    with pad.page.expect_file_chooser() as chooser:
        pad.box.get_by_role("button", name=words.LABEL_UPLOAD_DIGIT).click()
    chooser.value.set_files(path)
    expect(pad.sentence).to_have_text(re.compile("^2 with"))
    expect(pad.button(words.DIGIT_PHOTOGRAPH)).to_have_class(re.compile("mod-active"))
    assert (pad.ink() > 128).mean() > 0.05
    pad.draw([[[30, 30]]])
    pad.says([*SEVEN, [[30, 30]]])
    expect(pad.button(words.DIGIT_DRAWN)).to_have_class(re.compile("mod-active"))
    pad.button(words.DIGIT_PHOTOGRAPH).click()
    expect(pad.sentence).to_have_text(re.compile("^2 with"))


# --- The page as a whole ---


def test_the_kernel_draws_and_another_view_follows(pad):
    other = Pad(pad.page, 1)
    tool.run_in_kernel(pad.page, f"explorer.controls['drawn'].value = {SEVEN}")
    pad.says(SEVEN)
    expected = pad.ink()
    assert (expected > 128).mean() > 0.05
    assert numpy.array_equal(other.ink(), expected)
    other.draw([[[30, 30], [60, 40]]])
    pad.says([*SEVEN, [[30, 30], [60, 40]]])
    assert numpy.array_equal(other.ink(), pad.ink())


def sizes(drawn):
    """Return each stroke's width and height."""
    return [numpy.ptp(stroke, axis=0) for stroke in drawn]


def test_a_narrow_page_and_a_finer_screen(pad):
    page = pad.page
    session = page.context.new_cdp_session(page)
    size = {"width": tool.WIDTH, "height": tool.HEIGHT, "deviceScaleFactor": 2, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", size)
    pad.box.evaluate("box => { box.style.width = '200px'; }")
    try:
        page.wait_for_function(
            "canvas => canvas.clientWidth < 200 && canvas.width === 2 * canvas.clientWidth",
            arg=pad.canvas.element_handle(),
        )
        pad.draw(SEVEN)
        # A pixel is more than a unit now.
        pad.until(
            lambda found: (
                len(found) == len(SEVEN) and numpy.allclose(sizes(found), sizes(SEVEN), atol=3)
            )
        )
        expect(pad.sentence).to_have_text(re.compile("^7 with"))
    finally:
        pad.box.evaluate("box => { box.style.width = ''; }")
        session.send("Emulation.clearDeviceMetricsOverride")


def test_a_reloaded_page_shows_the_drawing_again(pad):
    pad.draw(SEVEN)
    pad.has(SEVEN)
    before = pad.ink()
    page = pad.page
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
    )
    reloaded = Pad(page)
    expect(reloaded.sentence).to_have_text(re.compile("^7 with"))
    page.wait_for_function("canvas => canvas.width === 280", arg=reloaded.canvas.element_handle())
    assert numpy.array_equal(reloaded.ink(), before)
    reloaded.button(words.LABEL_UNDO).click()
    reloaded.says(SEVEN[:1])
