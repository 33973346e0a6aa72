"""Lesson 5: a trained LeNet's filters, and its maps of a digit, at four stages of training."""

from functools import cache
from typing import NamedTuple

from lenet_helpers import drawing, inspection, sheets, words
from lenet_helpers.datasets import load_data
from lenet_helpers.trained import STAGES, load_stage, shared_lenet
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View, cell_at

import numpy

START, BEST = STAGES[0], STAGES[-1]
# The choice of every digit at once.
ALL = -1
# A three, which the lesson follows.
FIRST_DIGIT = 6
# What tanh can reach: the scale of all feature maps.
LARGEST_OUTPUT = 1
DIGIT_SCALE, FILTER_SCALE, MAP_SCALE, SMALL_MAP_SCALE = 6, 9, 4, 8
N_COLUMNS, N_SMALL_COLUMNS = 5, 10
# Where in `LeNet.params` the filters of layer 0 and layer 1 stand.
W0, W1 = 6, 4
DECIMALS = 2
SHEET_HEIGHT, SHEET_COLUMNS = 240, 4
# The explorer's pictures that answer clicks, by their numbers.
FILTERS, MAPS, SMALL_MAPS, SMALL_FILTERS = range(3, 7)


class Changes(NamedTuple):
    """How filters changed from their start.

    Attributes
    ----------
    distances : numpy.ndarray
        (filters,): the length of the change, of all weights of a filter as one vector.
    ratios : numpy.ndarray
        (filters,): the distances in lengths of the filters at their start.
    correlations : numpy.ndarray
        (filters,), from -1 to 1: between a filter's weights and those of its start.
    """

    distances: numpy.ndarray
    ratios: numpy.ndarray
    correlations: numpy.ndarray


def filter_changes(weights, start):
    """Compute how far filters have moved, and how much of their start is left in them.

    Parameters
    ----------
    weights, start : numpy.ndarray
        (filters, ...) each, of one shape.

    Returns
    -------
    Changes
    """
    now, then = (
        numpy.asarray(values, dtype="float64").reshape(len(values), -1)
        for values in (weights, start)
    )
    distances = numpy.linalg.norm(now - then, axis=1)
    centred = [values - values.mean(axis=1, keepdims=True) for values in (now, then)]
    lengths = [numpy.linalg.norm(values, axis=1) for values in centred]
    correlations = (centred[0] * centred[1]).sum(axis=1) / (lengths[0] * lengths[1])
    return Changes(distances, distances / numpy.linalg.norm(then, axis=1), correlations)


@cache
def _start_changes(stage):
    return filter_changes(load_stage(stage).values[W0], load_stage(START).values[W0])


def explore_filters():
    """Return an explorer of the filters that a network learned, and of its maps of a digit.

    Returns
    -------
    Explorer
        A click on a filter or a map chooses it.
    """
    inspection.compile_layers(shared_lenet().design)
    n_digits = len(load_data_once().test.labels)
    slider = elements.long_slider
    controls = {
        "stage": elements.choice(words.LABEL_STAGE, BEST, {stage: stage for stage in STAGES}),
        "digit": elements.choice(words.LABEL_DIGIT, ALL, digit_choices()),
        "number": slider(words.LABEL_TEST_DIGIT, FIRST_DIGIT, n_digits - 1),
        "map0": slider(words.LABEL_MAP_OF.format(layer=0), 0, 19),
        "map1": slider(words.LABEL_MAP_OF.format(layer=1), 0, 49),
    }
    return Explorer(
        draw_filters,
        controls,
        EXAMPLES,
        on_click=choose_map,
        sheet_height=SHEET_HEIGHT,
        sheet_columns=SHEET_COLUMNS,
    )


EXAMPLES = ({}, {"stage": START}, {"digit": 7, "number": 3, "map0": 9, "map1": 31})


def draw_filters(stage, digit, number, map0, map1):
    """Return the `View` of the filters at a stage, and of what they make of a digit.

    Parameters
    ----------
    stage : {'initial', 'epoch 1', 'epoch 10', 'best'}
        The stage of training.
    digit : int
        The class of digits that `number` counts, or `ALL`.
    number : int
        Which of the course's test digits, from 0; a number beyond the last is the last.
    map0, map1 : int
        A map of layer 0, which is shown with its filter in numbers, and one of layer 1, whose
        filters are shown.
    """
    test = load_data_once().test
    of_class = numpy.flatnonzero((test.labels == digit) | (digit == ALL))
    place = of_class[min(number, len(of_class) - 1)]
    image, label = test.images[place], int(test.labels[place])
    values = load_stage(stage).values
    _, maps0, maps1, _, shares = inspection.activations(shared_lenet(stage), image)
    filters0, filters1 = values[W0][:, 0].astype("float32"), values[W1][map1].astype("float32")
    largest0, largest1 = (float(abs(filters).max()) for filters in (filters0, filters1))
    ink = numpy.stack([1 - image.reshape(28, 28)] * 3, axis=2)
    tiles = sheets.tiles
    shown = (
        Picture(
            words.CAPTION_TEST_DIGIT.format(number=place, label=label),
            drawing.colour_picture(ink, DIGIT_SCALE, has_edge=True),
        ),
        Picture(words.CAPTION_PROBABILITIES_OF, sheets.bars(shares, label)),
        Picture(
            words.CAPTION_FILTER_NUMBERS.format(number=map0),
            drawing.number_grid(filters0[map0].astype("float64").round(DECIMALS)),
        ),
        Picture(
            words.CAPTION_FILTERS.format(largest=largest0),
            tiles(filters0, N_COLUMNS, FILTER_SCALE, largest0, map0),
        ),
        Picture(words.CAPTION_MAPS, tiles(maps0, N_COLUMNS, MAP_SCALE, LARGEST_OUTPUT, map0)),
        Picture(
            words.CAPTION_SMALL_MAPS,
            tiles(maps1, N_SMALL_COLUMNS, SMALL_MAP_SCALE, LARGEST_OUTPUT, map1),
        ),
        Picture(
            words.CAPTION_SMALL_FILTERS.format(number=map1, largest=largest1),
            tiles(filters1, N_COLUMNS, FILTER_SCALE, largest1, map0),
        ),
    )
    answer = int(shares.argmax())
    sentence = words.FILTERS_STATE.format(
        stage=stage,
        number=place,
        label=label,
        answer=answer,
        probability=float(shares[answer]),
        verdict=words.VERDICT_RIGHT if answer == label else words.VERDICT_WRONG,
        filters=_told_of_filters(stage, map0),
    )
    return View(shown, sentence, {"number": {"max": len(of_class) - 1}})


def choose_map(settings, number, right, down):
    """Return the new settings after a click on one of the pictures.

    Parameters
    ----------
    settings : dict
        As `draw_filters` takes them.
    number : int
        Which picture; only filters and maps answer.
    right, down : float
        Where in it, as fractions.
    """
    if number in (FILTERS, MAPS, SMALL_FILTERS):
        return {"map0": cell_at((4, N_COLUMNS), right, down)}
    if number == SMALL_MAPS:
        return {"map1": cell_at((5, N_SMALL_COLUMNS), right, down)}
    return {}


def digit_choices():
    """Return what buttons for a class of digits say and mean: all of them, or 0 to 9."""
    return {words.CHOICE_ALL: ALL} | {str(digit): digit for digit in range(10)}


@cache
def load_data_once():
    """Return the course's digits, read from their file only once; do not change them."""
    return load_data("digits")


def _told_of_filters(stage, map0):
    if stage == START:
        return words.FILTERS_AT_START
    changes = _start_changes(stage)
    farthest = int(changes.ratios.argmax())
    return words.FILTERS_MOVED.format(
        mean=changes.ratios.mean(),
        farthest=farthest,
        most=changes.ratios[farthest],
        number=map0,
        ratio=changes.ratios[map0],
        correlation=changes.correlations[map0],
    )
