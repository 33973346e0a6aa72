"""Lesson 5: a digit of the learner's own, layer by layer through a trained network."""

from dataclasses import dataclass

from lenet_helpers import (
    drawing,
    inspection,
    panels,
    photographs,
    pictures,
    sheets,
    strokes,
    trained,
    words,
)
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.digit_pad import DigitPad
from lenet_helpers.widgets.explorer import Explorer, Picture, View
from lenet_helpers.widgets.upload import Upload

import numpy

DRAWN, PHOTOGRAPH = "drawn", "photograph"
# Below this the network is called unsure.
SURE = 0.6
# Probabilities that differ by less are called equal.
EQUAL = 0.001
PATCH_SIDE, PATCH_STEP = 5, 2
ENLARGE = 7
MAP_COLUMNS, HIDDEN_COLUMNS = 10, 25
# What tanh can reach: the scale of all greys but the convolution's.
LARGEST_OUTPUT = 1
# Pictures side by side where no kernel runs, and the height of the highest.
SHEET_COLUMNS, SHEET_HEIGHT = 4, 240
# What stands in the explorer's place where no kernel runs.
TWO = (
    ((80, 96), (88, 74), (106, 58), (130, 50), (156, 54), (176, 70), (182, 94), (174, 120))
    + ((154, 148), (128, 176), (102, 204), (86, 222), (120, 224), (160, 222), (202, 224)),
)
SEVEN = (
    ((82, 60), (138, 58), (196, 60), (172, 116), (148, 172), (128, 234)),
    ((112, 146), (184, 142)),
)
ONE_OR_SEVEN = (((98, 84), (150, 54), (150, 232)),)
EXAMPLES = ({"drawn": TWO}, {"drawn": SEVEN, "occlusion": True}, {"drawn": ONE_OR_SEVEN})


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photographed digit, (28, 28), in the form of MNIST's images."""

    digit: numpy.ndarray


def explore_drawn_digit():
    """Return paper to draw a digit on, and what a network trained on MNIST makes of it.

    Returns
    -------
    Explorer
    """
    inspection.compile_layers(trained.shared_lenet().design)
    pad = DigitPad()
    upload = Upload(words.LABEL_UPLOAD_DIGIT, "image/*", decode_photograph)
    sources = {words.DIGIT_DRAWN: DRAWN, words.DIGIT_PHOTOGRAPH: PHOTOGRAPH}
    stages = {stage: stage for stage in trained.STAGES}
    controls = {
        "drawn": pad,
        "source": elements.choice(words.LABEL_YOUR_DIGIT, DRAWN, sources),
        "upload": elements.alone(upload),
        "stage": elements.choice(words.LABEL_STAGE, trained.STAGES[-1], stages),
        "occlusion": elements.checkbox(words.LABEL_OCCLUSION, False),
    }
    # Before the explorer watches them itself: one drawing is enough. The last one touched counts.
    pad.observe(lambda change: explorer.change(source=DRAWN), names="value")
    upload.observe(lambda change: explorer.change(source=PHOTOGRAPH), names="value")
    explorer = Explorer(
        draw_digit_view,
        controls,
        EXAMPLES,
        sheet_height=SHEET_HEIGHT,
        sheet_columns=SHEET_COLUMNS,
        aside="drawn",
        sentence_first=True,
    )
    return explorer


def draw_digit_view(drawn, source=DRAWN, stage="best", occlusion=False, upload=None):
    """Return the `View` of a digit on its way through the network.

    Parameters
    ----------
    drawn : sequence
        Strokes, as `strokes.clean` returns them.
    source : {'drawn', 'photograph'}
        Which digit is shown.
    stage : {'initial', 'epoch 1', 'epoch 10', 'best'}
        How long the network has been trained.
    occlusion : bool
        Whether to show how the answer changes when parts of the digit are covered.
    upload : Photograph, optional
        The learner's photograph.

    Raises
    ------
    ValueError
        If the photograph is to be shown and there is none.
    """
    if source == PHOTOGRAPH and upload is None:
        raise ValueError(words.NOTHING_PHOTOGRAPHED)
    is_blank = source == DRAWN and not drawn
    if source == PHOTOGRAPH:
        image = upload.digit
    else:
        blank = numpy.zeros((pictures.DIGIT_SIDE, pictures.DIGIT_SIDE))
        image = blank if is_blank else strokes.to_digit(drawn)
    network = trained.shared_lenet(stage)
    layers = inspection.activations(network, image)
    shown = [
        Picture(
            words.CAPTION_DIGIT.format(rows=len(image), columns=len(image[0])),
            drawing.colour_picture(numpy.stack([image] * 3, axis=2), ENLARGE),
        ),
        Picture(words.CAPTION_ANSWER, sheets.bars(layers.probabilities, in_per_cent=True)),
        *layer_pictures(layers),
    ]
    sentence = answer(layers.probabilities, is_blank)
    if occlusion:
        changes = inspection.occlusion(network, image, PATCH_SIDE, PATCH_STEP)
        png = panels.changes_picture(image, changes, PATCH_SIDE, PATCH_STEP, ENLARGE)
        shown.insert(2, Picture(words.CAPTION_OCCLUSION, png))
        sentence += " " + weakest_part(changes, layers.probabilities.max())
    return View(tuple(shown), sentence)


def layer_pictures(layers):
    """Return a `Picture` of each hidden layer of an `inspection.Activations`, in order."""
    largest = float(abs(layers.convolved).max())
    maps, rows, columns = layers.convolved.shape
    # Adding zero keeps blank paper from reaching down to "-0.0".
    smallest = round(-largest, 1) + 0.0
    caption = words.CAPTION_CONVOLVED.format(
        maps=maps, rows=rows, columns=columns, smallest=smallest, largest=largest
    )
    units = layers.layer2.reshape(-1, HIDDEN_COLUMNS)
    return [
        Picture(caption, sheets.tiles(layers.convolved, MAP_COLUMNS, 2, largest)),
        _pooled_picture(0, layers.layer0, enlarge=4),
        _pooled_picture(1, layers.layer1, enlarge=7),
        Picture(
            words.CAPTION_HIDDEN.format(units=units.size),
            panels.grey_grid(units, ENLARGE, LARGEST_OUTPUT),
        ),
    ]


def answer(probabilities, is_blank):
    """Return the network's answer in words: the most probable digits, with per cent."""
    first, second, third = probabilities.argsort(kind="stable")[::-1][:3]
    percents = 100 * probabilities
    if numpy.ptp(probabilities) < EQUAL:
        return words.DIGIT_UNTRAINED.format(percent=percents[first])
    if is_blank:
        return words.DIGIT_NOTHING_DRAWN.format(digit=first, percent=percents[first])
    sentence = words.DIGIT_STATE.format(
        digit=first,
        percent=percents[first],
        second=second,
        second_percent=percents[second],
        third=third,
        third_percent=percents[third],
    )
    return sentence if probabilities[first] >= SURE else f"{sentence} {words.DIGIT_UNSURE}"


def weakest_part(changes, probability):
    """Return in words which covered part changes an answer of some probability most."""
    row, column = numpy.unravel_index(changes.argmax(), changes.shape)
    if changes[row, column] < EQUAL:
        return words.DIGIT_NO_OCCLUSION
    return words.DIGIT_OCCLUSION.format(
        row=PATCH_STEP * row + PATCH_SIDE // 2 + 1,
        column=PATCH_STEP * column + PATCH_SIDE // 2 + 1,
        percent=100 * (probability - changes[row, column]),
    )


def decode_photograph(content, name):
    """Return the `Photograph` that a file's bytes hold; raise ValueError if it shows no digit."""
    return Photograph(photographs.read_digit(content, name))


def _pooled_picture(number, maps, enlarge):
    caption = words.CAPTION_LAYER.format(
        number=number, maps=len(maps), rows=len(maps[0]), columns=len(maps[0][0])
    )
    return Picture(caption, sheets.tiles(maps, MAP_COLUMNS, enlarge, LARGEST_OUTPUT))
