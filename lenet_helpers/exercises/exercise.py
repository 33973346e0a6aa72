"""An exercise: a task in a lesson that checks the answer, gives hints, and can be solved."""

import html
import inspect
import numbers
import re
from enum import Enum

from lenet_helpers import words
from lenet_helpers.exercises import progress
from lenet_helpers.exercises.answers import Unanswered, Wrong, described, short

from IPython.display import display

N_HINTS = 3


class Outcome(Enum):
    """What came of a check; the value is the colour beside the sentence, on light and on dark."""

    CORRECT = "#008A64"
    WRONG = "#B87A00"
    OPEN = "#888888"


class Verdict:
    """A checker's answer to a learner: an `Outcome` and a text, shown as prose in a notebook."""

    def __init__(self, outcome, text):
        self.outcome, self.text = outcome, text

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        lines = html.escape(self.text).replace("\n", "<br>")
        lines = re.sub("`([^`]+)`", r"<code>\1</code>", lines)
        # The first words say what the colour says; screen readers read a new verdict out.
        style = f"border-left:{self.outcome.value} solid 4px;padding:2px 0 2px 0.8em;margin:0"
        return f'<div role="status"><p style="{style}">{lines}</p></div>'


class Listing:
    """A piece of Python to be read, shown as such in a notebook."""

    def __init__(self, text, code):
        self.text, self.code = text, code

    def __repr__(self):
        return f"{self.text}\n\n{self.code}"

    def _repr_markdown_(self):
        return f"{self.text}\n```python\n{self.code}\n```"


class Exercise:
    """One task of a lesson.

    Parameters
    ----------
    lesson : int
        The lesson's number.
    name : str
        How the lesson's cells call it: ``exercises.<name>.check(...)``.
    title : str
        A few words, for the map of the course.
    tests : str
        What the exercise tests, for teachers: half a sentence that begins with a verb.
    start : str
        The lines of the cell before the call of `check`, as a learner finds them: ``...`` stands
        in the place of the answer.
    solution : str
        The same lines, solved.
    hints : tuple of str
        Three, each saying more than the last.
    checker : callable
        Takes the answers; returns a sentence of praise that says what the answer shows, or raises
        `Wrong` with a sentence that tells what is wrong, in terms of the answer.
    mistakes : str
        What learners often get wrong here, for teachers: a sentence.
    """

    def __init__(self, lesson, name, title, tests, start, solution, hints, checker, mistakes):
        self.lesson, self.name, self.title, self.tests = lesson, name, title, tests
        self.start, self.solution_code = start.strip("\n"), solution.strip("\n")
        self.hints, self.checker, self.mistakes = tuple(hints), checker, mistakes
        self._n_hints_seen = 0

    @property
    def key(self):
        """The name in the file of the learner's progress, such as ``2.pool_by_hand``."""
        return f"{self.lesson}.{self.name}"

    def __repr__(self):
        return words.EXERCISE.format(title=self.title, name=self.name)

    def judge(self, /, *answers, **named):
        """Return the `Verdict` on some answers; never raises an exception."""
        asked = inspect.signature(self.checker)
        try:
            answers = asked.bind(*answers, **named).args
        except TypeError:
            call = f"{self.name}.check({', '.join(asked.parameters)})"
            return Verdict(Outcome.OPEN, words.OTHER_NUMBER_OF_ANSWERS.format(call=call))
        try:
            if any(answer is ... for answer in answers):
                raise Unanswered
            return Verdict(Outcome.CORRECT, words.CORRECT.format(text=self.checker(*answers)))
        except Unanswered:
            return Verdict(Outcome.OPEN, words.NOT_ANSWERED.format(name=self.name))
        except Wrong as wrong:
            text = words.WRONG.format(text=wrong, name=self.name)
            return Verdict(Outcome.WRONG, text)
        except KeyboardInterrupt:
            return Verdict(Outcome.OPEN, words.CHECK_INTERRUPTED)
        except BaseException as error:
            # No checker should get here. If one does, the learner is not to blame for it.
            return Verdict(Outcome.OPEN, words.CHECK_FAILED.format(error=described(error)))

    def check(self, /, *answers, **named):
        """Say whether the answers are right, and if not, what is wrong with them."""
        verdict = self.judge(*answers, **named)
        if verdict.outcome is not Outcome.OPEN:
            progress.note_attempt(self.key, verdict.outcome is Outcome.CORRECT)
        display(verdict)

    def hint(self, number=None):
        """Give the next hint of three, or the one with a number.

        Parameters
        ----------
        number : int, optional
            1, 2 or 3; without it, each call says more than the last.
        """
        n = min(self._n_hints_seen + 1, N_HINTS) if number is None else number
        if not (isinstance(n, numbers.Integral) and 1 <= n <= N_HINTS):
            text = words.NO_SUCH_HINT.format(number=short(number), name=self.name)
            display(Verdict(Outcome.OPEN, text))
            return
        # Counted in a file that knows nothing of NumPy.
        n = int(n)
        self._n_hints_seen = max(n, self._n_hints_seen)
        progress.note_hint(self.key, n)
        if n < N_HINTS:
            more = words.MORE_HINT.format(name=self.name)
        else:
            more = words.MORE_SOLUTION.format(name=self.name)
        text = words.HINT.format(number=n, total=N_HINTS, text=self.hints[n - 1])
        display(Verdict(Outcome.OPEN, f"{text} {more}"))

    def solution(self):
        """Show one solution; others may be as good."""
        progress.note_solution(self.key)
        display(Listing(words.SOLUTION, self.solution_code))
