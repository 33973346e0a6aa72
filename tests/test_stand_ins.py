"""Where no kernel runs: what stands in an explorer's place on GitHub and in an exported page."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

from lenet_helpers import words

import nbformat
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from tools import run_lessons

LESSONS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
STAND_IN = words.STAND_IN.partition("{")[0]
PNG = base64.b64encode(b"\x89PNG").decode()
WIDGET = {run_lessons.WIDGET_VIEW: {"model_id": "f" * 32, "version_major": 2}}


def cells_with_explorers(path):
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and cell.source.splitlines()[-1].startswith("explore_")
    ]


def pictures_of(cell):
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


# Lesson 4 shows trainings, which no picture could stand for.
WITH_EXPLORERS = [path for path in LESSONS if not path.name.startswith("04")]


@pytest.mark.parametrize("path", WITH_EXPLORERS, ids=lambda path: path.name)
def test_every_explorer_leaves_a_picture_of_several_settings(path):
    assert cells_with_explorers(path)
    for cell in cells_with_explorers(path):
        (picture,) = pictures_of(cell)
        assert picture.metadata["image/png"]["alt"].startswith(STAND_IN)
        assert all(f"({number}) " in picture.metadata["image/png"]["alt"] for number in (1, 2, 3))
        assert not any(run_lessons.WIDGET_VIEW in output.data for output in cell.outputs)
        image = Image.open(io.BytesIO(base64.b64decode(picture.data["image/png"])))
        assert image.width > 900
        # More than blank paper with a few letters on it.
        assert len(image.convert("RGB").getcolors(2**24)) > 5


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.sources, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.sources.append(dict(attributes).get("src", ""))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_an_exported_page_shows_the_pictures_and_their_sentences(path):
    page = Page(HTMLExporter().from_filename(str(path))[0])
    text = " ".join(" ".join(page.texts).split())
    for cell in cells_with_explorers(path):
        for picture in pictures_of(cell):
            data = "".join(picture.data["image/png"].split())
            assert any(data in "".join(source.split()) for source in page.sources)
            assert " ".join(picture.metadata["image/png"]["alt"].split())[:200] in text


def test_an_explorer_is_stored_as_a_figure_is():
    data = {**WIDGET, "image/png": PNG, "text/plain": "Two settings."}
    picture, prose = run_lessons.stand_ins(nbformat.v4.new_output("display_data", data))
    assert picture.data["image/png"] == PNG
    assert picture.metadata["image/png"]["alt"] == prose.data["text/markdown"] == "Two settings."
    assert run_lessons.WIDGET_VIEW not in picture.data


def test_other_widgets_are_stored_with_a_text():
    data = {**WIDGET, "text/plain": "VBox(children=())"}
    (output,) = run_lessons.stand_ins(nbformat.v4.new_output("display_data", data))
    assert output.data["text/plain"] == words.STORED_WIDGET
    assert output.data[run_lessons.WIDGET_VIEW]["model_id"] == "0" * 32


def test_other_outputs_are_stored_as_they_are():
    for output in (
        nbformat.v4.new_output("stream", text="a"),
        nbformat.v4.new_output("display_data", {"image/png": PNG}),
    ):
        assert run_lessons.stand_ins(output) == [output]
