"""Photographs of digits: read under even light, under uneven light, and in a shadow."""

import io
import json
from pathlib import Path

from lenet_helpers import photographs, pictures, trained

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFilter

DRAWINGS = json.loads((Path(__file__).parent / "drawn_digits.json").read_text(encoding="utf-8"))
LARGE = [d for d in DRAWINGS if numpy.ptp(numpy.vstack(d["strokes"]), axis=0).max() > 140]


def photograph_of(drawn, light=0.0, pen=22, margin=None):
    """A photograph's bytes: dark blue ink on paper that is grey, grainy and a little blurred.

    `light` is by how much one side is darker than the other, as a share of the paper; `margin`
    is left around the ink when the picture is cropped.
    """
    image = Image.new("L", (900, 700), 0)
    draw = ImageDraw.Draw(image)
    for stroke in drawn:
        points = [(250 + 1.3 * x, 120 + 1.3 * y) for x, y in stroke]
        draw.line(points, 255, pen, joint="curve")
    if margin is not None:
        left, top, right, bottom = image.getbbox()
        image = image.crop((left - margin, top - margin, right + margin, bottom + margin))
    ink = numpy.asarray(image.filter(ImageFilter.GaussianBlur(2)))[..., None] / 255
    paper = numpy.array([205, 200, 190]) * (1 - ink) + numpy.array([40, 50, 110]) * ink
    paper = paper * numpy.linspace(1, 1 - light, image.width)[:, None]
    paper += numpy.random.RandomState(0).normal(0, 3, paper.shape)
    buffer = io.BytesIO()
    Image.fromarray(paper.clip(0, 255).astype("uint8")).save(buffer, "jpeg", quality=85)
    return buffer.getvalue()


@pytest.mark.parametrize("light", [0, 0.1, 0.3, 0.5])
def test_photographs_of_digits(light):
    network, missed, some = trained.trained_lenet(), [], LARGE[::3]
    for drawing in some:
        digit = photographs.read_digit(photograph_of(drawing["strokes"], light), "digit.jpg")
        if network.predict([digit])[0] != drawing["digit"]:
            missed.append((drawing["digit"], drawing["style"]))
    assert {drawing["digit"] for drawing in some} == set(range(10))
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("light", [0, 0.5])
@pytest.mark.parametrize("pen", [44, 60])
def test_thick_pens_and_tight_crops(pen, light):
    """The light is even again, and the strokes are as full as those of a picture without it."""
    network, missed = trained.trained_lenet(), []
    for drawing in LARGE[::2]:
        content = photograph_of(drawing["strokes"], light, pen, margin=20)
        found = photographs.read_digit(content, "digit.jpg")
        even = photograph_of(drawing["strokes"], 0, pen, margin=20)
        wanted = pictures.prepare_digit(pictures.decode_picture(even, "digit.jpg", 250))
        assert found.sum() == pytest.approx(wanted.sum(), rel=0.25), drawing["style"]
        if network.predict([found])[0] != network.predict([wanted])[0]:
            missed.append((drawing["digit"], drawing["style"]))
    assert len(missed) <= 1, missed


def test_a_photograph_without_a_digit():
    for content, said in ((b"nothing", "blank.png"), (photograph_of([]), "blank")):
        with pytest.raises(ValueError, match=said):
            photographs.read_digit(content, "blank.png")


@pytest.mark.parametrize(
    "make_paper", [lambda x: 0.8, lambda x: 0.9 - 0.5 * x, lambda x: 0.7 - 0.3 * (x > 0.4)]
)
def test_even_light_is_the_same_everywhere(make_paper):
    across = numpy.linspace(0, 1, 200)
    paper = numpy.tile(numpy.broadcast_to(make_paper(across), 200), (150, 1))
    seen = paper.copy()
    # Ink that throws back a quarter of the light.
    seen[40:110, 50:60] *= 0.25
    seen[40:110, 150:160] *= 0.25
    found = photographs.even_light(numpy.stack([seen] * 3, axis=2))
    assert found.shape == (150, 200)
    ink = numpy.zeros(found.shape, dtype=bool)
    ink[40:110, 50:60] = ink[40:110, 150:160] = True
    # Grey levels are whole numbers, and the edge of a shadow stays visible.
    assert abs(numpy.median(found[~ink]) - 0.5) < 0.01
    assert abs(found[ink] - (0.5 - 0.5 * 0.75)).max() < 0.03


def test_chalk_on_a_blackboard():
    board = numpy.full((100, 100, 3), 0.2)
    board[20:80, 45:52] = 0.9
    assert photographs.even_light(board)[50, 48] > 0.85


def test_thin_chalk_on_a_grainy_blackboard():
    board = numpy.full((480, 480, 3), 0.18) * numpy.linspace(1, 0.7, 480)[:, None]
    board[150:330, 230:245] = 0.85
    board += numpy.random.RandomState(0).normal(0, 0.012, board.shape)
    buffer = io.BytesIO()
    Image.fromarray((255 * board).clip(0, 255).astype("uint8")).save(buffer, "png")
    digit = photographs.read_digit(buffer.getvalue(), "board.png")
    rows, columns = (numpy.ptp(numpy.flatnonzero(digit.any(axis=axis))) + 1 for axis in (1, 0))
    assert (rows, columns) == (20, pytest.approx(2, abs=1))
