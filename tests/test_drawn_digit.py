"""The drawn digit's explorer without a browser: pictures, sentences, and which digit counts."""

import json
from pathlib import Path

from lenet_helpers import drawing, inspection, strokes, trained, words
from lenet_helpers.explorers import drawn_digit
from lenet_helpers.explorers.drawn_digit import draw_digit_view, explore_drawn_digit

import numpy
import pytest

from tests.test_photographs import photograph_of

DRAWINGS = json.loads((Path(__file__).parent / "drawn_digits.json").read_text(encoding="utf-8"))
SEVEN = strokes.clean(
    next(drawing["strokes"] for drawing in DRAWINGS if drawing["style"] == "with a bar")
)


def pixels(png):
    return numpy.asarray(drawing.from_png(png).convert("L"), dtype=float)


# --- The plain function ---


def test_what_is_shown_is_what_the_network_computes():
    view = draw_digit_view(SEVEN)
    image = strokes.to_digit(SEVEN)
    found = inspection.activations(trained.trained_lenet(), image)
    digit, _, convolved, layer0, layer1, hidden = (
        pixels(picture.png) for picture in view.pictures
    )
    assert abs(digit[3::7, 3::7] - image * 255).max() <= 1
    # Greys around zero: the first map, and the last of a row, each below its number.
    largest = abs(found.convolved).max()

    def greys(values, largest=1):
        return 128 + 127 * values / largest

    assert abs(convolved[16:64:2, 3:51:2] - greys(found.convolved[0], largest)).max() <= 0.5
    assert abs(convolved[16:64:2, 489:537:2] - greys(found.convolved[9], largest)).max() <= 0.5
    assert abs(layer0[83:131:4, 489:537:4] - greys(found.layer0[19])).max() <= 0.5
    assert abs(layer1[204:232:7, 309:337:7] - greys(found.layer1[49])).max() <= 0.5
    assert abs(hidden[3::7, 3::7] - greys(found.layer2.reshape(20, 25))).max() <= 0.5
    assert f"from -{largest:.1f} to {largest:.1f}" in view.pictures[2].caption


def test_the_sentence_names_three_digits():
    said = draw_digit_view(drawn_digit.ONE_OR_SEVEN).sentence
    shares = trained.trained_lenet().probabilities([strokes.to_digit(drawn_digit.ONE_OR_SEVEN)])[0]
    order = sorted(range(10), key=lambda digit: -shares[digit])
    for digit in order[:3]:
        assert f"{digit} with {100 * shares[digit]:.1f} %" in said
    assert said.startswith(f"{order[0]} with")
    assert shares.max() < 0.6
    assert said.endswith(words.DIGIT_UNSURE)
    assert words.DIGIT_UNSURE not in draw_digit_view(SEVEN).sentence


def test_an_untrained_network_gives_ten_per_cent():
    said = draw_digit_view(SEVEN, stage="initial").sentence
    assert said == words.DIGIT_UNTRAINED.format(percent=10)
    bars = pixels(draw_digit_view(SEVEN, stage="initial").pictures[1].png)
    assert {int((bars[21 * digit + 10, 30:190] < 255).sum()) for digit in range(10)} == {17}


@pytest.mark.parametrize("stage", trained.STAGES)
def test_every_stage_has_its_own_answer(stage):
    image = strokes.to_digit(SEVEN)
    share = trained.trained_lenet(stage).probabilities([image])[0].max()
    assert f"{100 * share:.1f} %" in draw_digit_view(SEVEN, stage=stage).sentence


def test_blank_paper_is_no_error():
    view = draw_digit_view(())
    shares = trained.trained_lenet().probabilities(numpy.zeros((1, 28, 28)))[0]
    assert view.sentence.startswith("The paper is blank: draw a digit.")
    assert f"{shares.argmax()} with {100 * shares.max():.1f} %" in view.sentence
    assert len(view.pictures) == len(draw_digit_view(SEVEN).pictures)
    assert not pixels(view.pictures[0].png).any()
    assert view.pictures[2].caption.endswith("from 0.0 to 0.0")
    occluded = draw_digit_view((), occlusion=True)
    assert occluded.sentence.endswith(words.DIGIT_NO_OCCLUSION)


def test_which_pixels_mattered():
    view = draw_digit_view(SEVEN, occlusion=True)
    image, network = strokes.to_digit(SEVEN), trained.trained_lenet()
    share = network.probabilities([image])[0]
    lowest, place = 1, None
    for top in range(0, 24, 2):
        for left in range(0, 24, 2):
            covered = image.copy()
            covered[top : top + 5, left : left + 5] = 0
            left_over = network.probabilities([covered])[0][share.argmax()]
            if left_over < lowest:
                lowest, place = left_over, (top + 3, left + 3)
    row, column = place
    assert f"around row {row}, column {column} " in view.sentence
    assert f"to {100 * lowest:.1f} %." in view.sentence
    assert len(view.pictures) == 7
    # The middle of the patch has the strongest colour.
    colours = numpy.asarray(drawing.from_png(view.pictures[2].png), dtype=int)[1:-1, 1:-1][
        3::7, 3::7
    ]
    assert colours[row - 1, column - 1].tolist() == pytest.approx([213, 94, 0], abs=2)


def test_there_is_no_photograph_yet():
    with pytest.raises(ValueError, match="no photograph"):
        draw_digit_view(SEVEN, source="photograph")


# --- The explorer ---


def sentence(explorer):
    return explorer._sentence.value


def test_the_last_digit_counts_and_none_is_lost():
    explorer = explore_drawn_digit()
    pad, upload = explorer.controls["drawn"], explorer.controls["upload"]
    assert words.DIGIT_NOTHING_DRAWN[:20] in sentence(explorer)
    pad.value = SEVEN
    assert ">7 with" in sentence(explorer)
    two = next(d["strokes"] for d in DRAWINGS if d["digit"] == 2)
    upload.value = drawn_digit.decode_photograph(photograph_of(two), "two.jpg")
    assert explorer.settings()["source"] == "photograph"
    assert ">2 with" in sentence(explorer)
    assert pad.value == SEVEN
    pad.value = (*SEVEN, ((10, 10),))
    assert explorer.settings()["source"] == "drawn"
    explorer.controls["source"].value = "photograph"
    assert ">2 with" in sentence(explorer)
    upload.value = drawn_digit.decode_photograph(photograph_of(SEVEN), "seven.jpg")
    assert ">7 with" in sentence(explorer)


def test_nothing_compiles_while_a_digit_is_drawn(monkeypatch):
    explorer = explore_drawn_digit()
    monkeypatch.setattr(inspection.theano, "function", None)
    for stage in trained.STAGES:
        explorer.change(stage=stage, drawn=SEVEN, occlusion=True)
    assert ">7 with" in sentence(explorer)


def test_a_stroke_is_drawn_once(monkeypatch):
    explorer = explore_drawn_digit()
    explorer.controls["source"].value = "drawn"
    calls, draw = [], explorer.draw
    monkeypatch.setattr(explorer, "draw", lambda **s: calls.append(s) or draw(**s))
    explorer.controls["drawn"].value = SEVEN
    assert [call["drawn"] for call in calls] == [SEVEN]


def test_the_pad_stands_beside_the_rest():
    explorer = explore_drawn_digit()
    _, row = explorer.children
    pad, column = row.children
    assert pad is explorer.controls["drawn"]
    controls, answer, *_ = column.children
    assert words.DIGIT_NOTHING_DRAWN[:20] in answer.value
    assert pad not in controls.children
    assert len(controls.children) == len(explorer.controls) - 1


def test_the_stand_in_shows_a_sure_and_an_unsure_answer():
    png, said = explore_drawn_digit().stand_in()
    assert "(1) 2 with" in said
    assert "(2) 7 with" in said
    assert words.DIGIT_UNSURE in said
    assert drawing.from_png(png).width == 960
