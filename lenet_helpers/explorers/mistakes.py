"""Lesson 5: which digits a trained LeNet reads wrongly, and how sure it is of its mistakes."""

import asyncio
from functools import cache
from typing import NamedTuple

from lenet_helpers import inspection, sheets, words
from lenet_helpers.datasets import load_mnist_test
from lenet_helpers.explorers import learned
from lenet_helpers.explorers.learned import ALL
from lenet_helpers.lenet import chunks
from lenet_helpers.mistakes import (
    Mistakes,
    confusion_counts,
    most_frequent,
    of_classes,
    sort_mistakes,
)
from lenet_helpers.trained import STAGES, load_stage, shared_lenet
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View
from lenet_helpers.widgets.loader import Loader

import numpy

N_COLUMNS, PER_PAGE = 6, 18
DIGITS, MNIST = "digits", "mnist"
# The picture that answers clicks.
MATRIX = 0
SHEET_HEIGHT = 400


class Answered(NamedTuple):
    """Digits, and what the network answers to them at each stage.

    Attributes
    ----------
    images : numpy.ndarray
        (n, 784), from 0 to 1.
    labels : numpy.ndarray
        (n,), whole numbers.
    probabilities : dict
        By stage, (n, classes).
    """

    images: numpy.ndarray
    labels: numpy.ndarray
    probabilities: dict


def explore_mistakes():
    """Return an explorer of the digits that the network reads wrongly.

    MNIST's pictures are no part of the course: its mistakes are counted without them, and shown
    once the learner has loaded them.

    Returns
    -------
    Explorer
        A click on a cell of the confusion matrix shows the mistakes behind it.
    """
    inspection.compile_layers(shared_lenet().design)
    digits, sets = learned.digit_choices(), {words.SET_DIGITS: DIGITS, words.SET_MNIST: MNIST}
    controls = {
        "stage": elements.choice(
            words.LABEL_STAGE, learned.BEST, {stage: stage for stage in STAGES}
        ),
        "dataset": elements.choice(words.LABEL_DATASET, DIGITS, sets),
        "mnist": elements.alone(Loader(words.LABEL_LOAD_MNIST, words.MNIST_NOTE, answer_mnist)),
        "right": elements.choice(words.LABEL_RIGHT, ALL, digits),
        "predicted": elements.choice(words.LABEL_PREDICTED, ALL, digits),
        "page": elements.integer_slider(words.LABEL_PAGE, 1, 1, 2),
    }
    return Explorer(
        draw_mistakes,
        controls,
        EXAMPLES,
        follow=follow_dataset,
        on_click=choose_cell,
        sheet_height=SHEET_HEIGHT,
    )


EXAMPLES = ({}, {"stage": "epoch 1", "right": 1}, {"dataset": MNIST})


def draw_mistakes(stage, dataset, mnist, right, predicted, page):
    """Return the `View` of a confusion matrix, and of the mistakes behind it.

    Parameters
    ----------
    stage : {'initial', 'epoch 1', 'epoch 10', 'best'}
        The stage of training.
    dataset : {'digits', 'mnist'}
        The course's test digits, or MNIST's.
    mnist : Answered or None
        MNIST's test digits, once they are loaded.
    right, predicted : int
        Only mistakes with this right class, and this answer; `ALL` admits all.
    page : int
        Which part of the mistakes, from 1; beyond the last means the last.
    """
    answered = answer_digits() if dataset == DIGITS else mnist
    if answered is None:
        counts = load_stage(stage).confusion
    else:
        counts = confusion_counts(answered.labels, answered.probabilities[stage].argmax(axis=1))
    n_digits, n_right = int(counts.sum()), int(counts.trace())
    chosen = tuple(None if digit == ALL else digit for digit in (right, predicted))
    shown = [Picture(words.CAPTION_MATRIX, sheets.confusion_matrix(counts, chosen))]
    n_pages = 1
    if answered is None:
        told = words.MNIST_MISSING
    else:
        found = of_classes(sort_mistakes(answered.probabilities[stage], answered.labels), *chosen)
        n_found = len(found.numbers)
        n_pages = max(1, -(-n_found // PER_PAGE))
        first = (min(page, n_pages) - 1) * PER_PAGE
        part = Mistakes(*(values[first : first + PER_PAGE] for values in found))
        told = words.NO_SUCH_MISTAKE
        if n_found:
            told = words.MISTAKES_SHOWN.format(
                first=first + 1,
                last=first + len(part.numbers),
                n_found=n_found,
                number=part.numbers[0],
                right=part.right[0],
                predicted=part.predicted[0],
                probability=float(part.probabilities[0]),
            )
            shown.append(_gallery(answered.images, part))
    confused = most_frequent(counts)
    sentence = words.MISTAKES_STATE.format(
        dataset=words.SET_DIGITS if dataset == DIGITS else words.SET_MNIST,
        stage=stage,
        n_wrong=n_digits - n_right,
        n_digits=n_digits,
        percent=100 * (n_digits - n_right) / n_digits,
        right=confused[0],
        predicted=confused[1],
        times=confused[2],
        told=told,
    )
    return View(tuple(shown), sentence, {"page": {"max": n_pages}})


def follow_dataset(dataset, **settings):
    """Return what the choice of a data set changes in other controls.

    Parameters
    ----------
    dataset, **settings
        As for `draw_mistakes`.
    """
    return {"mnist": {"visible": dataset == MNIST}}


def choose_cell(settings, number, right, down):
    """Return the new settings after a click on one of the pictures.

    Parameters
    ----------
    settings : dict
        As `draw_mistakes` takes them.
    number : int
        Which picture; only the confusion matrix answers.
    right, down : float
        Where in it, as fractions.
    """
    if number != MATRIX:
        return {}
    chosen = sheets.matrix_cell(10, right, down)
    # On the diagonal are the right answers: there the digit's mistakes are shown, all of them.
    if chosen[0] == chosen[1]:
        chosen = (chosen[0], None)
    right_digit, predicted = (ALL if digit is None else digit for digit in chosen)
    return {"right": right_digit, "predicted": predicted, "page": 1}


@cache
def answer_digits():
    """Return the course's test digits, `Answered` at every stage."""
    images, labels = learned.load_data_once().test
    probabilities = {
        stage: inspection.probabilities(shared_lenet(stage), images) for stage in STAGES
    }
    return Answered(images, labels, probabilities)


async def answer_mnist(say):
    """Load MNIST's test digits, and return them `Answered` at every stage.

    Parameters
    ----------
    say : callable
        Takes a sentence on what is being done.
    """
    say(words.MNIST_LOADING)
    images, labels = await asyncio.to_thread(load_mnist_test)
    probabilities = {}
    for stage in STAGES:
        say(words.MNIST_READING.format(stage=stage, n_digits=len(labels)))
        parts = []
        for part in chunks(images):
            # Between two parts the kernel looks after everything else.
            await asyncio.sleep(0.001)
            parts.append(inspection.probabilities(shared_lenet(stage), part))
        probabilities[stage] = numpy.concatenate(parts)
    say(words.MNIST_LOADED.format(n_digits=len(labels)))
    return Answered(images, labels, probabilities)


def _gallery(images, part):
    titles = [
        (
            words.MISTAKE.format(right=right, predicted=predicted),
            words.MISTAKE_PROBABILITY.format(probability=float(probability)),
        )
        for right, predicted, probability in zip(*part[1:], strict=True)
    ]
    pictures = images[part.numbers].reshape(-1, 28, 28)
    return Picture(words.CAPTION_GALLERY, sheets.digit_sheet(pictures, titles, N_COLUMNS))
