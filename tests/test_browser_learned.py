"""Lesson 5's explorers of filters and mistakes in a real browser, by keyboard and by mouse.

The page must show what the plain functions draw; that they draw the right thing is tested pixel by
pixel in `tests/test_learned_explorers.py`.
"""

import time

from lenet_helpers import words
from lenet_helpers.datasets import load_mnist_test
from lenet_helpers.drawing import from_png
from lenet_helpers.explorers import learned, mistakes
from lenet_helpers.trained import trained_lenet

import numpy
import pytest
from playwright.sync_api import expect

from tests import browser as shared
from tests import data_files
from tests.test_browser_explorers import Driver, cells_of

address, browser, page = shared.address, shared.browser, shared.page
pytestmark = shared.needs_chromium

EXPLORERS = {
    "filters": "lenet_helpers.explorers.learned.explore_filters",
    "mistakes": "lenet_helpers.explorers.mistakes.explore_mistakes",
}
DRAW = {"filters": learned.draw_filters, "mistakes": mistakes.draw_mistakes}
USE_FOLDER = "import os; os.environ['LENET_MNIST'] = {folder!r}"
N_LOADED = 40


class LearnedDriver(Driver):
    """An explorer of lesson 5 in the page."""

    explorers = EXPLORERS

    def has(self, **changes):
        """Wait until the page shows the settings with these changes, and keep them."""
        self.settings |= changes
        wanted = DRAW[self.name](**self.settings)
        deadline = time.monotonic() + shared.PATIENCE_SECONDS
        while (problem := self.difference(wanted)) is not None:
            assert time.monotonic() < deadline, f"{changes}: {problem}"
            self.page.wait_for_timeout(20)

    def difference(self, wanted):
        """Return what the page shows differently, or None."""
        said = " ".join(self.sentence.inner_text().split())
        if said != " ".join(wanted.sentence.split()):
            return said
        pictures = self.pictures()
        if pictures is None or len(pictures) != len(wanted.pictures):
            return f"{pictures and len(pictures)} pictures, not {len(wanted.pictures)}"
        for number, (picture, (caption, pixels)) in enumerate(
            zip(wanted.pictures, pictures, strict=True)
        ):
            if picture.caption not in caption:
                return f"caption {caption!r} without {picture.caption!r}"
            if not numpy.array_equal(from_png(picture.png).convert("RGB"), pixels):
                return f"other pixels in picture {number}"
        return None


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    cells = cells_of(EXPLORERS)
    with shared.open_cells(browser, address, cells) as page:
        yield page


@pytest.fixture
def explorer(page):
    """A function that brings an explorer to its first settings, but for those given."""
    return lambda name, **given: LearnedDriver(page, name).begin(**given)


MAP0, MAP1 = (words.LABEL_MAP_OF.format(layer=layer) for layer in (0, 1))
# (explorer, setting, label, value to click on, settings given besides)
SLIDERS = [
    ("filters", "number", words.LABEL_TEST_DIGIT, 29, {"digit": 4}),
    ("filters", "number", words.LABEL_TEST_DIGIT, 0, {"digit": 8}),
    ("filters", "map0", MAP0, 19, {}),
    ("filters", "map1", MAP1, 49, {"stage": "epoch 1"}),
    ("mistakes", "page", words.LABEL_PAGE, 2, {}),
    ("mistakes", "page", words.LABEL_PAGE, 8, {"stage": "epoch 1"}),
]
STAGES = {stage: stage for stage in ("initial", "epoch 1", "epoch 10", "best")}
DIGITS = {"0": 0, "3": 3, "9": 9, words.CHOICE_ALL: learned.ALL}
SETS = {words.SET_MNIST: "mnist", words.SET_DIGITS: "digits"}
# (explorer, setting, label, choices in the order in which they are tried)
CHOICES = [
    ("filters", "stage", words.LABEL_STAGE, STAGES),
    ("filters", "digit", words.LABEL_DIGIT, DIGITS),
    ("mistakes", "stage", words.LABEL_STAGE, STAGES),
    ("mistakes", "dataset", words.LABEL_DATASET, SETS),
    ("mistakes", "right", words.LABEL_RIGHT, DIGITS),
    ("mistakes", "predicted", words.LABEL_PREDICTED, DIGITS),
]


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_opens(explorer, name):
    explorer(name).has()


@pytest.mark.parametrize(("name", "setting", "label", "value", "given"), SLIDERS)
def test_a_slider_by_keyboard(explorer, name, setting, label, value, given):
    driver = explorer(name, **given)
    before = driver.settings[setting]
    handle = driver.handle(label)
    handle.focus()
    handle.press("ArrowRight")
    driver.has(**{setting: before + 1})
    handle.press("ArrowLeft")
    driver.has(**{setting: before})
    largest = int(float(handle.get_attribute("aria-valuemax")))
    handle.press("PageUp")
    driver.has(**{setting: min(before + 5, largest)})
    expect(handle).to_be_focused()


@pytest.mark.parametrize(("name", "setting", "label", "value", "given"), SLIDERS)
def test_a_slider_by_mouse(explorer, name, setting, label, value, given):
    driver = explorer(name, **given)
    driver.page.mouse.click(*driver.place(label, value))
    driver.has(**{setting: value})


@pytest.mark.parametrize(("name", "setting", "label", "choices"), CHOICES)
def test_a_choice_by_mouse(explorer, name, setting, label, choices):
    driver = explorer(name)
    for text, value in choices.items():
        driver.choice(label, text).click()
        driver.has(**{setting: value})


@pytest.mark.parametrize(("name", "setting", "label", "choices"), CHOICES)
def test_a_choice_by_keyboard(explorer, name, setting, label, choices):
    driver = explorer(name)
    (first, value), *_, (last, last_value) = choices.items()
    driver.choice(label, first).focus()
    driver.page.keyboard.press("Space")
    driver.has(**{setting: value})
    driver.choice(label, last).focus()
    driver.page.keyboard.press("Enter")
    driver.has(**{setting: last_value})
    expect(driver.choice(label, last)).to_be_focused()


# --- Clicks on pictures ---


def test_a_click_on_a_filter_or_a_map_chooses_it(explorer):
    driver = explorer("filters")
    for number, chosen in ((3, 7), (4, 19), (6, 0)):
        row, column = divmod(chosen, 5)
        driver.click_picture(number, (column + 0.5) / 5, (row + 0.5) / 4)
        driver.has(map0=chosen)
    driver.click_picture(5, 0.35, 0.9)
    driver.has(map1=43)


def click_matrix(driver, row, column):
    driver.click_picture(0, (column + 2.5) / 12, (row + 2.5) / 12)


def test_a_click_on_the_matrix_shows_the_mistakes_behind_it(explorer):
    driver = explorer("mistakes", stage="epoch 1", page=3)
    for row, column in ((1, 8), (9, 3), (0, 1)):
        click_matrix(driver, row, column)
        driver.has(right=row, predicted=column, page=1)
    click_matrix(driver, 7, 7)
    driver.has(right=7, predicted=learned.ALL)
    click_matrix(driver, -1, 8)
    driver.has(right=learned.ALL, predicted=8)
    click_matrix(driver, -1, -1)
    driver.has(right=learned.ALL, predicted=learned.ALL)
    # The buttons follow.
    driver.choice(words.LABEL_RIGHT, "2").click()
    driver.has(right=2)


# --- MNIST's pictures ---


def test_mnists_pictures_are_loaded_by_keyboard(explorer, tmp_path, monkeypatch):
    driver = explorer("mistakes", dataset="mnist")
    button, note = driver.button(words.LABEL_LOAD_MNIST), driver.box.get_by_role("status").first
    expect(note).to_have_text(words.MNIST_NOTE)
    driver.run(USE_FOLDER.format(folder=str(tmp_path / "nowhere")))
    button.focus()
    driver.page.keyboard.press("Enter")
    expect(note).to_contain_text("which is no folder")
    expect(button).to_be_enabled()
    folder = data_files.write_folder(
        tmp_path / "mnist", data_files.mnist_contents(14, N_LOADED), True
    )
    driver.run(USE_FOLDER.format(folder=str(folder)))
    button.focus()
    driver.page.keyboard.press("Space")
    expect(note).to_have_text(words.MNIST_LOADED.format(n_digits=N_LOADED))
    expect(button).to_be_disabled()
    monkeypatch.setenv("LENET_MNIST", str(folder))
    images, labels = load_mnist_test()
    answers = {stage: trained_lenet(stage).probabilities(images) for stage in STAGES}
    driver.has(mnist=mistakes.Answered(images, labels, answers))
    driver.choice(words.LABEL_STAGE, "epoch 10").click()
    driver.has(stage="epoch 10")
    driver.choice(words.LABEL_DATASET, words.SET_DIGITS).click()
    driver.has(dataset="digits")
    expect(button).to_be_hidden()
    driver.run("mistakes.controls['mnist'].value = None")
