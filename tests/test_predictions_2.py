"""Lesson 2's predictions: what they reveal is what plain loops find."""

import itertools

from lenet_helpers import gallery
from lenet_helpers.exercises import lesson_2

import numpy


def revealed(prediction, value):
    prediction.value = value
    prediction.reveal()
    return prediction.sentence


def test_lesson_2_lost_cells():
    lost = {}
    for p in range(1, 6):
        starts = range(0, 5 - p + 1, p)
        covered = {
            (i + u, j + v)
            for i, j in itertools.product(starts, repeat=2)
            for u, v in itertools.product(range(p), repeat=2)
        }
        lost[p] = 25 - len(covered)
    worst = max(lost, key=lost.get)
    sentence = revealed(lesson_2.predict_lost_cells(), worst)
    assert "You were right" in sentence
    assert f"loses {lost[worst]} of 25" in sentence
    assert "You said: 2 x 2" in revealed(lesson_2.predict_lost_cells(), 2)


def test_lesson_2_shifts_of_a_corner():
    inside = [
        (down, right)
        for down, right in itertools.product((-1, 0, 1), repeat=2)
        if (down, right) != (0, 0) and down in (0, 1) and right in (0, 1)
    ]
    sentence = revealed(lesson_2.predict_corner_shifts(), len(inside))
    assert "You were right" in sentence
    assert "You said: 4 of 8" in revealed(lesson_2.predict_corner_shifts(), 4)


def test_lesson_2_shifts_of_a_digit():
    digit = gallery.digit_map()
    rows, columns = (n // 2 for n in digit.shape)

    def pooled(picture):
        whole = picture[: 2 * rows, : 2 * columns]
        return whole.reshape(rows, 2, columns, 2).max(axis=(1, 3))

    # The digit's border is paper, so rolling it brings nothing in from the other side.
    assert not digit[[0, -1]].any()
    assert not digit[:, [0, -1]].any()
    stays = numpy.array(
        [
            pooled(numpy.roll(digit, shift, axis=(0, 1))) == pooled(digit)
            for shift in itertools.product((-1, 0, 1), repeat=2)
            if shift != (0, 0)
        ]
    )
    n_unchanged = int(stays.all(axis=(1, 2)).sum())
    sentence = revealed(lesson_2.predict_digit_shifts(), n_unchanged)
    assert "You were right" in sentence
    assert f"{100 * stays.mean():.0f} % of the pooled cells" in sentence
    assert "You said: 3 of 8" in revealed(lesson_2.predict_digit_shifts(), 3)
