"""The wrong answers of a network, against loops."""

from lenet_helpers import mistakes
from lenet_helpers.datasets import load_data
from lenet_helpers.trained import load_stage, trained_lenet

import numpy
import pytest

from tests import oracles


def mistakes_by_loops(probabilities, labels, right=None, predicted=None):
    """(probability, number, right, predicted) of each mistake, the surest first."""
    found = []
    for number, (shares, label) in enumerate(zip(probabilities, labels, strict=True)):
        answer = max(range(10), key=lambda digit: shares[digit])
        if answer != label and right in (None, label) and predicted in (None, answer):
            found.append((-shares[answer], number, int(label), answer))
    return [(-share, *rest) for share, *rest in sorted(found)]


def few_values():
    """Probabilities of which many are equal, and labels."""
    random = numpy.random.RandomState(0)
    return random.randint(0, 4, (500, 10)) / 4, random.randint(0, 10, 500)


def test_sorted_mistakes_are_the_loops():
    shares, labels = few_values()
    found = mistakes.sort_mistakes(shares, labels)
    wanted = mistakes_by_loops(shares, labels)
    assert len(wanted) > 100
    assert list(zip(*found[::-1], strict=True)) == [
        (share, answer, right, number) for share, number, right, answer in wanted
    ]


@pytest.mark.parametrize("right", [None, 3])
@pytest.mark.parametrize("predicted", [None, 1])
def test_mistakes_of_some_classes(right, predicted):
    shares, labels = few_values()
    found = mistakes.of_classes(mistakes.sort_mistakes(shares, labels), right, predicted)
    wanted = mistakes_by_loops(shares, labels, right, predicted)
    assert wanted
    assert list(found.numbers) == [number for _, number, _, _ in wanted]


def test_the_networks_mistakes():
    images, labels = load_data("digits").test
    found = mistakes.mistakes(trained_lenet(), images, labels)
    shares = oracles.lenet(load_stage("best").values, images)[2]
    wanted = mistakes_by_loops(shares, labels)
    assert len(found.numbers) == len(wanted) == 21
    assert sorted(found.numbers) == sorted(number for _, number, _, _ in wanted)
    assert list(found.right) == [labels[number] for number in found.numbers]
    assert list(found.probabilities) == sorted(found.probabilities, reverse=True)
    assert found.probabilities == pytest.approx([share for share, *_ in wanted], abs=1e-3)


def test_a_network_without_a_mistake():
    found = mistakes.sort_mistakes(numpy.eye(10), numpy.arange(10))
    assert [len(part) for part in found] == [0, 0, 0, 0]


def test_the_most_frequent_confusion():
    counts = numpy.array([[90, 2, 0], [3, 80, 1], [0, 3, 70]])
    assert mistakes.most_frequent(counts) == (1, 0, 3)


def test_confusion_counts():
    random = numpy.random.RandomState(0)
    labels, predicted = random.randint(0, 4, (2, 200))
    counts = mistakes.confusion_counts(labels, predicted, 4)
    for right in range(4):
        for answer in range(4):
            wanted = sum(pair == (right, answer) for pair in zip(labels, predicted, strict=True))
            assert counts[right, answer] == wanted
