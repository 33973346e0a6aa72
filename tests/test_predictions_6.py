"""Lesson 6's prediction, computed again from counts of operations and bytes."""

from lenet_helpers.exercises import lesson_6
from lenet_helpers.work import Machine

import pytest

from tests.test_roofline_explorer import counts

LAYERS = {
    "1 x 1, 1 map": (1, 1),
    "1 x 1, 20 maps": (1, 20),
    "5 x 5, 1 map": (5, 1),
    "5 x 5, 20 maps": (5, 20),
}
MACHINES = [Machine(120e9, 14e9), Machine(293e9, 29.3e9), Machine(20e9, 15e9)]


def gain(machine, filter_side, n_maps):
    operations, moved = counts(filter_side, 2, n_maps, 20, 28, 100)
    seconds = [
        max(n / machine.peak, size / machine.bandwidth)
        for n, size in zip(operations, moved, strict=True)
    ]
    return sum(seconds[:3]) / seconds[3]


@pytest.mark.parametrize("machine", MACHINES)
def test_lesson_6_asks_which_layer_gains_most_in_one_op(machine):
    gains = {name: gain(machine, *layer) for name, layer in LAYERS.items()}
    best = max(gains, key=gains.get)
    for name, layer in LAYERS.items():
        question = lesson_6.predict_fusion(machine)
        question.value = layer
        question.reveal()
        assert ("You were right." in question.sentence) == (name == best)
        assert (f"You said: {name}; right is: {best}." in question.sentence) == (name != best)
        for other, times in gains.items():
            told = f"Up to {times:.3g} times" if other == best else f"{other}: {times:.3g}"
            assert told in question.sentence
