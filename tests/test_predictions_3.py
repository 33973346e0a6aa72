"""Lesson 3's predictions: what they reveal is what the network's own arrays say."""

from lenet_helpers.exercises import lesson_3
from lenet_helpers.lenet import LeNet

import pytest

# Places at which a filter is applied, and 1 for dense layers, whose weights are used once.
N_PLACES = (24 * 24, 8 * 8, 1, 1)


@pytest.fixture(scope="module")
def weights():
    net = LeNet()
    layers = (net.layer0, net.layer1, net.layer2, net.layer3)
    return [(layer.W.get_value().size, layer.b.get_value().size) for layer in layers]


def revealed(prediction, value):
    prediction.value = value
    prediction.reveal()
    return prediction.sentence


def check_revealed(predict, counts):
    most = counts.index(max(counts))
    sentence = revealed(predict(), most)
    assert "You were right" in sentence
    assert f"{counts[most]:,} of {sum(counts):,}" in sentence
    other = (most + 1) % 4
    assert f"You said: layer {other}; right is: layer {most}. It has" in revealed(predict(), other)


def test_lesson_3_most_parameters(weights):
    check_revealed(lesson_3.predict_most_parameters, [sum(counts) for counts in weights])


def test_lesson_3_most_work(weights):
    work = [n_weights * n for (n_weights, _), n in zip(weights, N_PLACES, strict=True)]
    check_revealed(lesson_3.predict_most_work, work)
