"""Learners' functions, run with care: endless loops end, and mistakes become one sentence."""

import signal
import threading
import traceback
from contextlib import contextmanager

from lenet_helpers import words
from lenet_helpers.exercises.answers import Unanswered, Wrong, array, short

import numpy

SECONDS = 3
# Rings again, in case the learner's own `except:` catches the first alarm.
SECONDS_AGAIN = 0.2
# So many numbers are written out in a message.
N_WRITTEN = 6


def call(function, *arguments, seconds=SECONDS):
    """Return what a learner's function returns; the arguments are copied.

    Parameters
    ----------
    function : callable
        What the learner wrote.
    seconds : float
        So long it may take. Where signals can't be used (Windows, other threads) it has no limit,
        and the kernel's own interrupt ends it.

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
        with _time_limit(seconds):
            result = function(*copies)
    except _TooLong:
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
    return result


def compare(function, expected, cases, tolerance=1e-6, seconds=SECONDS):
    """Call a learner's function for some cases, and raise `Wrong` at the first wrong result.

    Parameters
    ----------
    function : callable
        What the learner wrote.
    expected : callable
        Takes the same arguments and returns what is right: numbers in any form.
    cases : iterable of tuple
        The arguments of each call. Small and telling ones first: they appear in the message.
    tolerance : float
        By so much a number may differ, for each unit of the largest right one.
    seconds : float
        So long each call may take.
    """
    for arguments in cases:
        found = array(call(function, *arguments, seconds=seconds))
        right = numpy.asarray(expected(*arguments), dtype=float)
        called = written(function, arguments)
        if found.shape != right.shape:
            if found.size == right.size == 1:
                found = found.reshape(right.shape)
            else:
                raise Wrong(
                    words.GIVES_OTHER_SHAPE.format(
                        call=called, found=found.shape, expected=right.shape
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


def _plain(values):
    """Return a few numbers as Python writes them, whole ones without a point."""
    rounded = numpy.vectorize(lambda x: f"{x:.6g}", otypes=[object])(values)
    return str(rounded.tolist()).replace("'", "")


def written(function, arguments):
    """Return a call as Python writes it, large arrays as their shapes."""
    name = getattr(function, "__name__", type(function).__name__)
    return f"{name}({', '.join(map(short, arguments))})"


class _TooLong(BaseException):
    """No Exception: a learner's `except Exception` must not catch it."""


@contextmanager
def _time_limit(seconds):
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return
    is_running = True

    def ring(*_):
        if is_running:
            raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, SECONDS_AGAIN)
    try:
        yield
    finally:
        is_running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _copy(value):
    if isinstance(value, numpy.ndarray):
        return value.copy()
    return list(value) if isinstance(value, list) else value


def _stopped(function, called, error):
    """Say how a learner's function ended, and in which of its lines."""
    kind, message = type(error).__name__, str(error).partition("\n")[0].rstrip(".")
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file and f.line]
    if own:
        return words.STOPPED_IN_LINE.format(
            call=called, kind=kind, message=message, line=own[-1].line
        )
    return words.STOPPED.format(call=called, kind=kind, message=message)
