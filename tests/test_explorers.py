"""The explorers for pixels, network and training, what all explorers have in common, and helpers.

The helpers do what a learner does: move controls, and look at captions, pictures and sentences.
"""

import base64
import html
import io
import re
from datetime import datetime, timezone
from types import SimpleNamespace

from lenet_helpers import words
from lenet_helpers.datasets import Datasets
from lenet_helpers.explorers import (
    convolution,
    early_stopping,
    learned,
    mistakes,
    network,
    pixels,
    pooling,
    roofline,
    shifts,
    studio,
    training,
    window,
)
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import lenet_trainer
from lenet_helpers.widgets.loader import Loader
from lenet_helpers.widgets.number_grid import NumberGrid
from lenet_helpers.widgets.upload import Upload
from lenet_helpers.work import Machine

import ipywidgets
import numpy
import pytest
import theano
from PIL import Image

PICTURE = numpy.random.RandomState(0).randint(0, 256, (40, 30, 3)) / 256


CHOICES = (ipywidgets.Dropdown, ipywidgets.ToggleButtons)

# --- What a learner sees ---


def plain(markup):
    """Return the text of some HTML."""
    return html.unescape(re.sub("<[^>]*>", "", markup.replace("<br>", "\n")))


def sentence(explorer):
    said = [w.value for w in by_type(explorer, ipywidgets.HTML) if 'role="status"' in w.value]
    return plain(said[-1])


def frames(explorer):
    # The last box; a table may follow it, and the sentence does.
    return [box for box in explorer.children if isinstance(box, ipywidgets.Box)][-1].children


def captions(explorer):
    return [plain(frame.caption.value) for frame in frames(explorer)]


def shown(explorer):
    return [bytes(frame.picture.value) for frame in frames(explorer)]


def decoded(png):
    """Return a PNG file's levels, (rows, columns) or (rows, columns, 3), as integers."""
    image = Image.open(io.BytesIO(png))
    return numpy.asarray(image.convert("RGB") if image.mode == "P" else image).astype(int)


def is_impossible(explorer):
    return sentence(explorer).startswith(words.IMPOSSIBLE_SETTING.partition("{")[0])


def everything(explorer):
    return captions(explorer), shown(explorer), sentence(explorer)


# --- What a learner does ---


def grid_fields(grid):
    return grid.children[1].children


def is_shown(control):
    return control.layout.display != "none"


def click(explorer, number, right, down):
    """Click on a picture, at fractions of its width and height, as the browser tells it."""
    sides = {"boundingRectWidth": 200, "boundingRectHeight": 100}
    place = {"relativeX": right * 200, "relativeY": down * 100}
    frames(explorer)[number].event._dom_handlers(sides | place)


def upload(explorer, content, name="mine.png"):
    """Hand a file over as the browser does."""
    file = {
        "name": name,
        "type": "image/png",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": datetime.now(timezone.utc),
    }
    (button,) = by_type(explorer.controls["upload"], ipywidgets.FileUpload)
    button.value = (file,)


def as_file(levels):
    """Return the bytes of a PNG file with these levels, (rows, columns, 3), from 0 to 255."""
    buffer = io.BytesIO()
    Image.fromarray(levels.astype("uint8")).save(buffer, "png")
    return buffer.getvalue()


def move(control, random):
    """Give a control a random value that a learner could give it, and say whether it moved."""
    before = control.value
    if isinstance(control, NumberGrid):
        if is_shown(control):
            fields = grid_fields(control)
            fields[random.randint(len(fields))].value = random.randint(-80, 81) / 16
    elif isinstance(control, Upload | Loader) or control.disabled:
        pass
    elif isinstance(control, ipywidgets.Checkbox):
        control.value = not control.value
    elif isinstance(control, CHOICES):
        values = [value for _, value in control.options]
        control.value = values[random.randint(len(values))]
    elif isinstance(control, ipywidgets.SelectionSlider):
        control.index = int(random.randint(len(control.options)))
    else:
        control.value = int(random.randint(control.min, control.max + 1))
    return control.value is not before and control.value != before


def walk(explorer, random, n_steps, rarely=None):
    """Move one control after the other, and yield the name of each one that moved.

    `rarely` keeps the controls with these names where they are most of the time.
    """
    names, n_done = list(explorer.controls), 0
    while n_done < n_steps:
        name = names[random.randint(len(names))]
        if name in (rarely or ()) and random.randint(3):
            continue
        if move(explorer.controls[name], random):
            n_done += 1
            yield name


def by_type(box, kind):
    """Return every widget of a kind, in the order in which they are shown."""
    found = [box] if isinstance(box, kind) else []
    for child in getattr(box, "children", ()):
        found += by_type(child, kind)
    return found


def refuse_to_compile(monkeypatch):
    """Make Theano fail from now on when it would have to compile."""

    def refuse(*_arguments, **_options):
        raise AssertionError("a function is compiled")

    monkeypatch.setattr(theano, "function", refuse)
    monkeypatch.setattr(theano.compile.function.types.FunctionMaker, "__init__", refuse)


# --- The start: pixels ---


def test_pixels():
    (picture,), text, changes, table = pixels.draw_pixels(PICTURE, 12)
    assert "12 x 12 = 144 pixels" in text
    assert "432 numbers" in text
    assert picture.caption == "12 x 12 pixels"
    assert (changes, table) == ({}, None)


@pytest.mark.parametrize("side", [1, 2, 5, 10])
def test_pixels_are_the_means_of_blocks(side):
    levels = numpy.random.RandomState(0).randint(0, 256, (4 * side, 3 * side, 3))
    (picture,), *_ = pixels.draw_pixels(levels / 256, side)
    found, times = decoded(picture.png), 300 // side
    assert found.shape == (side * times, side * times, 3)
    for row in range(side):
        for column in range(side):
            block = levels[4 * row : 4 * row + 4, 3 * column : 3 * column + 3]
            cell = found[row * times : (row + 1) * times, column * times : (column + 1) * times]
            # Pillow rounds twice: the means of rows, then those of columns.
            assert abs(cell - block.mean(axis=(0, 1))).max() <= 1


def test_the_pixels_explorer():
    explorer = pixels.explore_pixels(PICTURE)
    assert "20 x 20 = 400 pixels; with red, green and blue 1,200 numbers" in sentence(explorer)
    explorer.controls["side"].value = 3
    assert "3 x 3 = 9 pixels" in sentence(explorer)
    assert captions(explorer) == ["3 x 3 pixels"]


# --- Lesson 4: training ---


def test_training_state():
    trainer = SimpleNamespace(
        costs=[],
        validations=[],
        iteration=0,
        n_iterations=1200,
        why_finished=None,
        seconds=12.3,
        seconds_left=34.4,
        early_stopping=SimpleNamespace(best_validation_error=0.0525, best_iteration=24),
    )
    assert training.training_state(trainer) == words.TRAINING_STARTS
    trainer.costs, trainer.iteration = [2.25], 1
    assert (
        training.training_state(trainer) == "Iteration 1 of 1,200, cost 2.2500. About 34 s left."
    )
    trainer.validations = [(24, 0.0525, 0.06)]
    assert "Best validation error 5.25 % at iteration 24." in training.training_state(trainer)
    trainer.why_finished = "epochs"
    assert training.training_state(trainer).endswith("All epochs done in 12 s.")
    trainer.why_finished = "patience"
    assert training.training_state(trainer).endswith(words.OUT_OF_PATIENCE)


@pytest.fixture
def few_digits(digits):
    return Datasets(*(type(part)(part.images[:60], part.labels[:60]) for part in digits))


def training_sentence(box):
    return plain(by_type(box, ipywidgets.HTML)[0].value)


def test_watch_training(few_digits, monkeypatch):
    displayed = []
    monkeypatch.setattr(training, "display", displayed.append)
    trainer = lenet_trainer(LeNet(), few_digits, batch_size=20, n_epochs=2)
    steps = iter([None, None, KeyboardInterrupt])
    update = trainer.train_model

    def interrupted(index):
        step = next(steps, None)
        if step is not None:
            raise step
        return update(index)

    trainer.train_model = interrupted
    training.watch_training(trainer)
    wanted = words.TRAINING_INTERRUPTED.format(iteration=2)
    assert training_sentence(displayed[0]).endswith(wanted)
    assert trainer.iteration == 2
    training.watch_training(trainer)
    assert trainer.iteration == 6
    assert [by_type(box, ipywidgets.IntProgress)[0].value for box in displayed] == [2, 6]
    assert "All epochs done" in training_sentence(displayed[1])
    assert bytes(by_type(displayed[1], ipywidgets.Image)[0].value).startswith(b"\x89PNG")


# --- All of them ---


EXPLORERS = {
    "pixels": lambda: pixels.explore_pixels(PICTURE),
    "convolution": lambda: convolution.explore_convolution("digit"),
    "window": window.explore_window,
    "filter flip": window.explore_filter_flip,
    "pooling": pooling.explore_pooling,
    "shifts": shifts.explore_shifts,
    "network": network.explore_design,
    "early stopping": early_stopping.explore_early_stopping,
    "filters": learned.explore_filters,
    "mistakes": mistakes.explore_mistakes,
    "roofline": lambda: roofline.explore_roofline(Machine(120e9, 14e9)),
}
of_every_explorer = pytest.mark.parametrize("make", EXPLORERS.values(), ids=EXPLORERS)
KINDS = (
    ipywidgets.IntSlider,
    ipywidgets.SelectionSlider,
    ipywidgets.BoundedIntText,
    *CHOICES,
    ipywidgets.Checkbox,
    ipywidgets.Button,
    ipywidgets.FileUpload,
    ipywidgets.FloatText,
    ipywidgets.IntProgress,
)


def check_labels(box):
    labels = [control.description for control in by_type(box, KINDS)]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    others = by_type(box, ipywidgets.ValueWidget)
    assert all(isinstance(one, (*KINDS, ipywidgets.Image, ipywidgets.HTML)) for one in others)


@of_every_explorer
def test_every_control_has_a_label_of_its_own(make):
    check_labels(make())


def test_the_studios_controls_have_labels(tmp_path):
    check_labels(studio.make_studio(tmp_path / "run.npz"))


@of_every_explorer
def test_every_picture_has_a_caption_of_its_own(make):
    texts = captions(make())
    assert all(texts)
    assert len(set(texts)) == len(texts)


@of_every_explorer
def test_the_stand_in_shows_every_example(make):
    explorer = make()
    first = explorer.settings()
    png, text = explorer.stand_in()
    assert decoded(png).shape[1] == 960
    assert Image.open(io.BytesIO(png)).format == "PNG"
    assert "\n" not in text
    for number, example in enumerate(explorer.examples, 1):
        state = explorer.draw(**first | example).sentence.replace("\n", " ")
        assert f"({number}) {state}" in text


@of_every_explorer
def test_the_stand_in_is_of_the_first_settings_whatever_was_moved(make):
    explorer = make()
    before, random = explorer.stand_in(), numpy.random.RandomState(0)
    for _ in walk(explorer, random, 4, rarely=["picture", "source"]):
        pass
    assert explorer.stand_in() == before


@of_every_explorer
def test_a_page_without_a_kernel_gets_the_stand_in(make):
    explorer = make()
    bundle = explorer._repr_mimebundle_()
    png, text = explorer.stand_in()
    assert base64.b64decode(bundle["image/png"]) == png
    assert bundle["text/plain"] == text
    assert "application/vnd.jupyter.widget-view+json" in bundle


@of_every_explorer
def test_all_choices_draw(make):
    explorer = make()
    first = explorer.settings()
    for name, control in explorer.controls.items():
        if not isinstance(control, CHOICES):
            continue
        for _, value in control.options:
            control.value = value
            # Nothing is uploaded yet.
            assert is_impossible(explorer) == (value == "uploaded"), (name, value)
            assert all(png.startswith(b"\x89PNG") for png in shown(explorer))
        control.value = first[name]


@of_every_explorer
def test_every_move_draws_once(make, monkeypatch):
    explorer, calls = make(), []
    draw = explorer.draw

    def counted(**values):
        calls.append(values)
        return draw(**values)

    monkeypatch.setattr(explorer, "draw", counted)
    # Controls that must follow another one, such as a slider that gets a new end, move without a
    # second picture.
    for name in walk(explorer, numpy.random.RandomState(0), 20, rarely=["picture", "source"]):
        assert len(calls) == 1, name
        calls.clear()


@of_every_explorer
def test_the_same_settings_give_the_same_bytes(make):
    explorer, other = make(), make()
    assert everything(explorer) == everything(other)
    random, again = numpy.random.RandomState(1), numpy.random.RandomState(1)
    rarely = ["picture", "source"]
    for _ in zip(walk(explorer, random, 6, rarely), walk(other, again, 6, rarely), strict=True):
        assert everything(explorer) == everything(other)
