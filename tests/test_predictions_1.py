"""The answers that lessons 0 and 1 reveal, against answers that are found in another way."""

import re

from lenet_helpers import filters, gallery
from lenet_helpers.exercises import lesson_0, lesson_1
from lenet_helpers.pictures import load_picture

import numpy
import pytest
from PIL import Image
from scipy import signal

RIGHT, WRONG = "You were right. ", "You said: "


def numbers_in_four_times_the_pixels():
    cat = Image.fromarray((load_picture() * 256).astype("uint8"))
    small, large = (numpy.asarray(cat.resize((n, n))).size for n in (20, 40))
    assert (small, large) == (1200, 4800)
    return large / small, ["1,200", "4,800"]


def signs_of_edges():
    cross = gallery.small_picture("cross")
    top = signal.convolve2d(cross, [[1, 0, -1], [2, 0, -2], [1, 0, -1]], mode="valid")[0]
    left, right = int(numpy.argmax(abs(top) > 0)), 5 - int(numpy.argmax(abs(top[::-1]) > 0))
    return (numpy.sign(top[left]), numpy.sign(top[right])), [str([int(n) for n in top])]


def faded_lines():
    left = {}
    for name, axis in (("upright", 1), ("level", 0)):
        stripes = numpy.sign(numpy.sin(numpy.indices((60, 60))[axis] * numpy.pi / 5 + 0.01))
        means = [stripes[i : i + 15].mean(axis=0) for i in range(46)]
        left[name] = numpy.ptp(means) / numpy.ptp(stripes)
    return min(left, key=left.get), [f"{100 * share:.0f} %" for share in left.values()]


def looks_of_a_dot():
    emboss = filters.named_filter("emboss", 3, 3)
    result = signal.convolve2d([[9.0]], emboss, mode="full")
    assert (result == 9 * emboss).all()
    assert not (emboss == emboss[::-1, ::-1]).all()
    return "as it is", [str(emboss.astype(int).tolist()), str(result.astype(int).tolist())]


@pytest.mark.parametrize(
    ("ask", "find"),
    [
        (lambda: lesson_0.predict_more_numbers(load_picture()), numbers_in_four_times_the_pixels),
        (lesson_1.predict_edges, signs_of_edges),
        (lesson_1.predict_faded_lines, faded_lines),
        (lesson_1.predict_dot, looks_of_a_dot),
    ],
)
def test_one_choice_is_revealed_as_right(ask, find):
    right, figures = find()
    choices = [value for _, value in ask()._choice.options]
    assert 3 <= len(choices) <= 5
    assert choices.count(right) == 1
    for choice in choices:
        prediction = ask()
        prediction.value = choice
        assert prediction.sentence == ""
        prediction.reveal()
        said = re.sub(r"<[^>]*>", "", prediction.sentence)
        assert said.startswith(RIGHT if choice == right else WRONG)
        assert all(figure in said for figure in figures), said


def test_the_wanted_map_of_lesson_1_is_the_convolution_that_its_sentence_tells_of():
    figure, sentence = lesson_1.block_and_wanted()
    block = lesson_1.BLOCK
    assert block.shape == (5, 4)
    assert set(block.ravel()) == {0, 9}
    wanted = signal.convolve2d(block, [[1], [-1]], mode="valid")
    assert (wanted == lesson_1.WANTED).all()
    assert wanted.shape == (4, 4)
    assert all(words in sentence for words in ("5 x 4", "4 x 4", "9 along", "-9 along"))
    assert [axis.get_title() for axis in figure.axes] == ["picture", "wanted map"]
