"""A question to answer before an explorer is moved: the answer is computed when it is revealed."""

from lenet_helpers import words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.names import names

import ipywidgets


class Prediction(ipywidgets.VBox):
    """Buttons to choose a prediction from, and one that reveals the answer.

    Parameters
    ----------
    choices : dict
        From what a button says to what it means.
    answer : callable
        Without arguments, computes the right choice's meaning, and a sentence that says what the
        answer is and why: ``(meaning, sentence)``.

    Attributes
    ----------
    value : object
        What the chosen button means; None before. May be set.
    """

    def __init__(self, choices, answer):
        self._answer = answer
        self._choice = elements.choice(words.LABEL_PREDICTION, None, choices)
        # What is said about another choice would mislead.
        self._choice.observe(self._forget, names="value")
        self._reveal = elements.button(words.LABEL_REVEAL, is_primary=True)
        self._sentence = elements.quiet_status()
        self._reveal.on_click(lambda _: self.reveal())
        super().__init__([names(), self._choice, self._reveal, self._sentence])

    @property
    def value(self):
        """What the chosen button means; None before."""
        return self._choice.value

    @value.setter
    def value(self, value):
        """Choose as a click on a button does."""
        self._choice.value = value

    @property
    def sentence(self):
        """What stands below the buttons, as HTML; empty before."""
        return self._sentence.value

    def reveal(self):
        """Compute the answer, and say it beside the prediction."""
        if self.value is None:
            self._sentence.value = elements.status(words.PREDICTION_CHOOSE)
            return
        try:
            right, sentence = self._answer()
        except Exception as error:
            # A button's traceback would go unseen.
            text = words.PREDICTION_FAILED.format(message=error)
            self._sentence.value = elements.status(text)
            return
        if right == self.value:
            text = words.PREDICTION_RIGHT.format(answer=sentence)
        else:
            meanings = {meaning: label for label, meaning in self._choice.options}
            text = words.PREDICTION_WRONG.format(
                guess=self._choice.label, right=meanings[right], answer=sentence
            )
        self._sentence.value = elements.status(text)

    def _forget(self, _):
        self._sentence.value = ""
