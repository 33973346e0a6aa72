"""Lesson 5's predictions: what they reveal agrees with plain NumPy and the stored records."""

from lenet_helpers.datasets import load_data
from lenet_helpers.exercises import lesson_5
from lenet_helpers.trained import load_stage

import numpy

from tests import oracles


def revealed(ask, label):
    """Choose the button of a prediction that has a label, and return what it reveals."""
    prediction = ask()
    choice = prediction.children[1]
    prediction.value = dict(choice.options)[label]
    prediction.reveal()
    return prediction.sentence


def labels(ask):
    return [label for label, _ in ask().children[1].options]


def assert_only(ask, right, *told):
    for label in labels(ask):
        sentence = revealed(ask, label)
        assert ("You were right" in sentence) == (label == right), (label, sentence)
        assert all(part in sentence for part in told), sentence


def test_blank_paper():
    shares = oracles.lenet(load_stage("best").values, numpy.zeros((1, 784)))[2][0]
    assert shares.max() > 0.95
    assert_only(
        lesson_5.predict_blank_paper,
        "a digit, over 95 % sure",
        f"It says {shares.argmax()}, with {100 * shares.max():.1f} %",
    )


def test_changed_maps():
    digit = load_data("digits").test.images[6][None]
    then, now = (oracles.lenet(load_stage(s).values, digit)[:2] for s in ("epoch 1", "best"))
    changes = [abs(a - b).mean() for a, b in zip(then, now, strict=True)]
    assert changes[1] > 1.5 * changes[0]
    assert_only(
        lesson_5.predict_changed_maps,
        "layer 1's maps",
        f"by {changes[0]:.2f} in layer 0 and by {changes[1]:.2f} in layer 1",
    )


def test_confusion():
    counts = load_stage("epoch 1").confusion
    n, right, answer = max((counts[i, j], i, j) for i, j in numpy.ndindex(counts.shape) if i != j)
    best = load_stage("best").confusion[right, answer]
    assert_only(
        lesson_5.predict_confusion, f"{right} → {answer}", f"{n} times", f"does it {best} times"
    )


def test_the_lengths_that_the_lesson_names():
    start, best = load_stage("initial").values, load_stage("best").values
    moved = []
    for number, n_weights in ((6, 25), (4, 500)):
        now, then = (
            stored[number].astype("float64").reshape(-1, n_weights) for stored in (best, start)
        )
        ratios = numpy.linalg.norm(now - then, axis=1) / numpy.linalg.norm(then, axis=1)
        moved.append(round(ratios.mean(), 1))
    assert moved == [1.5, 0.7]
