"""A prediction is chosen, revealed, changed and revealed again; a mistake becomes a sentence."""

import html
import re

from lenet_helpers import words
from lenet_helpers.widgets.prediction import Prediction

import pytest
import traitlets


def prediction(answer=lambda: (4, "4 are left & 5 < 9.")):
    return Prediction({"four": 4, "nine": 9, "none": 0}, answer)


def said(question):
    text = re.fullmatch(r'<p role="status" aria-live="polite">(.*)</p>', question.sentence)
    return html.unescape(text[1])


def buttons(question):
    choice, reveal, _ = question.children[-3:]
    return choice, reveal


def test_nothing_is_chosen_or_said_at_first():
    question = prediction()
    assert question.value is None
    assert question.sentence == ""
    question.reveal()
    assert said(question) == words.PREDICTION_CHOOSE


def test_a_right_and_a_wrong_guess():
    question = prediction()
    question.value = 4
    question.reveal()
    assert said(question) == "You were right. 4 are left & 5 < 9."
    assert "&amp; 5 &lt;" in question.sentence
    question.value = 9
    # What was said of the other guess is taken back.
    assert question.sentence == ""
    question.reveal()
    assert said(question) == "You said: nine; right is: four. 4 are left & 5 < 9."


def test_a_choice_may_mean_zero():
    question = prediction(lambda: (0, "None."))
    question.value = 0
    question.reveal()
    assert said(question) == "You were right. None."


def test_the_buttons_do_the_same():
    question = prediction()
    choice, reveal = buttons(question)
    assert [label for label, _ in choice.options] == ["four", "nine", "none"]
    reveal.click()
    assert said(question) == words.PREDICTION_CHOOSE
    choice.index = 1
    assert question.value == 9
    reveal.click()
    assert said(question).startswith("You said: nine; right is: four.")


def test_the_answer_is_computed_when_it_is_revealed():
    asked = []

    def answer():
        asked.append(1)
        return len(asked), "Counted."

    question = Prediction({"one": 1, "two": 2}, answer)
    question.value = 2
    assert asked == []
    question.reveal()
    assert said(question) == "You said: two; right is: one. Counted."
    question.reveal()
    assert said(question) == "You were right. Counted."


@pytest.mark.parametrize("error", [ValueError("no data < here."), OSError(2, "x"), KeyError(3)])
def test_an_answer_that_fails_is_told(error):
    def answer():
        raise error

    question = prediction(answer)
    question.value = 9
    question.reveal()
    assert said(question) == words.PREDICTION_FAILED.format(message=error)
    question.value = 4
    assert question.sentence == ""


def test_there_are_no_other_choices():
    question = prediction()
    with pytest.raises(traitlets.TraitError):
        question.value = 7
    assert question.value is None
