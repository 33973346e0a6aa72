"""A time limit for what learners wrote: an endless loop ends, also one that catches everything."""

import contextlib
import ctypes
import signal
import sys
import threading
import time

SECONDS = 3
# Rings again, in case the learner's own `except:` catches the first alarm.
SECONDS_AGAIN = 0.2
# Theano's compiler may need longer for the first function of its kind; that is no endless loop.
SECONDS_COMPILING = 120
# A thread that sleeps can't be ended: so often it is told to, then it is left alone. Some rings
# are lost at the end of a recursion that catches RecursionError: of 25 such, two took six rings.
N_RINGS, SECONDS_BETWEEN_RINGS = 25, 0.05


class TooLong(BaseException):
    """The time is up. No Exception: a learner's `except Exception` must not catch it."""


def limited(function, *arguments, seconds=SECONDS):
    """Call a function that may take so many seconds, and return what it returns.

    Parameters
    ----------
    function : callable
        What may never end. One long call into C, such as a huge matrix product, can't be broken
        off in the main thread; it ends the loop around it. Nor can, on Python 3.10, a loop that
        goes straight back to its ``try:`` and calls nothing: that Python never looks for signals
        there, so that not even Jupyter's interrupt ends it.
    seconds : float
        So long it may take, not counting Theano's compiler.

    Raises
    ------
    TooLong
        If it takes longer.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and hasattr(signal, "setitimer"):
        return _with_alarm(lambda: function(*arguments), seconds)
    # Other threads, and Windows, have no alarm.
    return _in_thread(lambda: function(*arguments), seconds)


def _with_alarm(function, seconds):
    own, is_running, n_rings = sys._getframe(), True, 0
    started, tracer = time.monotonic(), sys.gettrace()
    results, errors = [], []

    def ring(_, frame):
        nonlocal n_rings
        if not is_running:
            return
        if _is_compiling(frame, time.monotonic() - started):
            signal.setitimer(signal.ITIMER_REAL, seconds, SECONDS_AGAIN)
            return
        n_rings += 1
        if n_rings > 1:
            _throw_again(frame, own, n_rings - 1)
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, SECONDS_AGAIN)
    try:
        try:
            next(_apart(function, results, errors))
        finally:
            is_running = False
    finally:
        # Twice: the alarm may have rung in the line above.
        is_running = False
        sys.settrace(tracer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if left:
            # An alarm of the learner's own, or of a check within a check.
            left = max(left - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
    if errors:
        raise errors.pop()
    return results[0]


def _apart(function, results, errors):
    """Call a function and keep what comes of it, in a generator.

    The alarm may ring between an `except:` and its first line; Python then takes TooLong for an
    exception that is being handled, and would show it above every later one. A generator has a
    memory of its own for that, which goes with it.
    """
    _keep(function, results, errors)
    yield


def _keep(function, results, errors):
    try:
        results.append(function())
    except BaseException as error:
        errors.append(error)


def _throw_again(frame, own, n_lines):
    """Throw also some lines after the alarm: from inside of the `except:` that catches it."""

    def trace(_, event, argument):
        nonlocal n_lines
        n_lines -= event == "line"
        if n_lines <= 0:
            raise TooLong
        return trace

    sys.settrace(trace)
    while frame is not None and frame is not own:
        frame.f_trace = trace
        frame = frame.f_back


def _in_thread(function, seconds):
    results, errors = [], []

    def work():
        # It may come while an error is kept.
        with contextlib.suppress(TooLong):
            _keep(function, results, errors)

    started = time.monotonic()
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    while worker.is_alive():
        frame = sys._current_frames().get(worker.ident)
        if not _is_compiling(frame, time.monotonic() - started):
            break
        worker.join(seconds)
    if not worker.is_alive():
        if errors:
            raise errors.pop()
        return results[0]
    for _ in range(N_RINGS):
        thread, error = ctypes.c_ulong(worker.ident), ctypes.py_object(TooLong)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
        worker.join(SECONDS_BETWEEN_RINGS)
        if errors or not worker.is_alive():
            break
    raise TooLong


def _is_compiling(frame, seconds):
    """Return whether Theano builds or compiles a function in a frame, not longer than it may."""
    while frame is not None and seconds < SECONDS_COMPILING:
        # It is in this function all the while, and no more when what is compiled runs.
        if frame.f_globals.get("__name__") == "theano.compile.function":
            return True
        frame = frame.f_back
    return False
