"""Learners' functions, run with care: endless loops end, and mistakes become one sentence."""

import contextlib
import functools
import inspect
import io
import sys
import traceback

from lenet_helpers import words
from lenet_helpers.exercises.answers import Unanswered, Wrong, array, described, short
from lenet_helpers.exercises.time_limit import SECONDS, TooLong, limited

import numpy

# So many numbers are written out in a message.
N_WRITTEN = 6
# NumPy and the C library give memory of a size back in turn; they keep fewer blocks than this.
N_BLOCKS = 16
# A learner may print, but the verdict below should stay in view.
LONGEST_PRINT, MOST_LINES = 2000, 20


def call(function, *arguments, seconds=SECONDS):
    """Return what a learner's function returns; the arguments are copied.

    Parameters
    ----------
    function : callable
        What the learner wrote.
    seconds : float
        So long it may take, not counting Theano's compiler.

    Raises
    ------
    Wrong
        If it is no function, raises an exception, returns None or takes too long; the message
        names the call, and the learner's own line.
    Unanswered
        If it returns ``...``.
    """
    if function is ...:
        raise Unanswered
    if not callable(function):
        raise Wrong(words.NOT_A_FUNCTION.format(value=short(function)))
    copies = [_copy(argument) for argument in arguments]
    called = written(function, arguments)
    try:
        with contextlib.redirect_stdout(_Brief(sys.stdout)):
            result = limited(function, *copies, seconds=seconds)
    except TooLong:
        raise Wrong(words.ENDLESS.format(call=called, seconds=seconds)) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Also what is no Exception, such as exit().
        raise Wrong(_stopped(function, called, error)) from None
    if result is ...:
        raise Unanswered
    if result is None:
        raise Wrong(words.RETURNS_NONE.format(call=called))
    if inspect.isgenerator(result) or inspect.iscoroutine(result):
        result.close()
        raise Wrong(words.RETURNS_GENERATOR.format(call=called))
    return result


def compare(function, expected, cases, tolerance=1e-6, seconds=SECONDS):
    """Call a learner's function for some cases, and raise `Wrong` at the first wrong result.

    Parameters
    ----------
    function : callable
        What the learner wrote.
    expected : callable
        Takes the same arguments and returns what is right: finite numbers in any form.
    cases : iterable of tuple
        The arguments of each call. Small and telling ones first: they appear in the message.
    tolerance : float
        By so much a number may differ, for each unit of the largest right one.
    seconds : float
        So long each call may take.
    """
    with contextlib.redirect_stdout(_Brief(sys.stdout)):
        for arguments in cases:
            _compare_case(function, expected, arguments, tolerance, seconds)


def _compare_case(function, expected, arguments, tolerance, seconds):
    called = written(function, arguments)
    right = numpy.asarray(expected(*map(_copy, arguments)), dtype=float)
    _leave_numbers(right.shape)
    result = call(function, *arguments, seconds=seconds)
    try:
        found = array(result)
    except Wrong as wrong:
        raise Wrong(words.GIVES_NO_ANSWER.format(call=called, text=wrong)) from None
    if found.shape != right.shape:
        if found.size == right.size == 1:
            found = found.reshape(right.shape)
        else:
            raise Wrong(
                words.GIVES_OTHER_SHAPE.format(
                    call=called, found=_kind(found), expected=_kind(right)
                )
            )
    off = abs(found - right) > tolerance * max(1.0, abs(right).max(initial=0))
    if off.any():
        cell = tuple(int(n) for n in numpy.argwhere(off)[0])
        if right.size <= N_WRITTEN:
            raise Wrong(
                words.GIVES_OTHER_VALUE.format(
                    call=called, found=_plain(found), expected=_plain(right)
                )
            )
        raise Wrong(
            words.GIVES_OTHER_CELL.format(
                call=called, cell=list(cell), found=found[cell], expected=right[cell]
            )
        )


def _leave_numbers(shape):
    """Leave numbers in free memory, so that numpy.empty does not pass for numpy.zeros by luck."""
    blocks = [numpy.full(shape, float(N_BLOCKS)) for _ in range(N_BLOCKS)]
    del blocks


def _kind(values):
    """Return the shape of an array in words."""
    return words.AN_ARRAY.format(shape=values.shape) if values.ndim else words.ONE_NUMBER


def _plain(values):
    """Return a few numbers as Python writes them, whole ones and zero without point or sign."""
    rounded = numpy.vectorize(lambda x: f"{x + 0.0:.6g}", otypes=[object])(values)
    return str(rounded.tolist()).replace("'", "")


def written(function, arguments):
    """Return a call as Python writes it, large arrays as their shapes."""
    try:
        name = str(_plain_function(function).__name__)
    except Exception:
        name = ""
    if not name.isidentifier():
        # Lambdas and Theano's compiled functions have no name.
        name = words.NAMELESS_FUNCTION
    return f"{name}({', '.join(map(short, arguments))})"


class _Brief(io.TextIOBase):
    """Passes on what is printed, up to some lines."""

    def __init__(self, stream):
        self._stream, self._is_full = stream, False
        self._n_left, self._n_lines_left = LONGEST_PRINT, MOST_LINES

    def write(self, text):
        """Write the text, or what there is still room for."""
        if self._is_full:
            return len(text)
        lines = text[: self._n_left].splitlines(keepends=True)[: self._n_lines_left + 1]
        if len(lines) > self._n_lines_left:
            lines.pop()
        passed = "".join(lines)
        self._stream.write(passed)
        self._n_left -= len(passed)
        self._n_lines_left -= passed.count("\n")
        if len(passed) < len(text):
            self._stream.write(words.PRINTED_TOO_MUCH)
            self._is_full = True
        return len(text)

    def flush(self):
        """Flush the stream below, unless everything is left out by now."""
        if not self._is_full:
            self._stream.flush()


def _copy(value):
    if isinstance(value, numpy.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(map(_copy, value))
    if type(value) is dict:
        return {key: _copy(entry) for key, entry in value.items()}
    return value


def _plain_function(function):
    """Return the function in a functools.partial, a method or a class."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _code(function):
    """Return the code behind a function, a class, or an object that can be called."""
    function = _plain_function(function)
    if inspect.isclass(function):
        function = function.__init__
    elif not hasattr(function, "__code__"):
        function = type(function).__call__
    return getattr(function, "__code__", None)


def _stopped(function, called, error):
    """Say how a learner's function ended, and in which of its lines."""
    what = described(error)
    own = []
    with contextlib.suppress(Exception):
        file = _code(function).co_filename
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame.line for frame in frames if frame.filename == file and frame.line]
    if own:
        return words.STOPPED_IN_LINE.format(call=called, error=what, line=own[-1])
    return words.STOPPED.format(call=called, error=what)
