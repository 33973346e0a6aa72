"""Answers as learners hand them over: brought into one form, or refused in one sentence."""

import math
import numbers
import reprlib
from decimal import Decimal

from lenet_helpers import words
from lenet_helpers.exercises.time_limit import SECONDS, TooLong, limited

import numpy

# More numbers than all the course's digits; what is larger could fill the memory.
MOST_NUMBERS = 10_000_000
# NumPy's own limit; a list may contain itself.
MOST_AXES = 32
LONGEST_MESSAGE = 200
# So near a whole number is one: 0.1 * 30 is 3.0000000000000004.
ROUNDING = 1e-9
# Booleans are no numbers here: True is no answer to "how many".
NUMERIC_KINDS = "iuf"


class Wrong(Exception):
    """An answer is wrong; the message tells the learner what is wrong with it."""


class Unanswered(Exception):
    """There is no answer yet: ``...`` still stands in its place."""


def number(value):
    """Return a real number as a float.

    Parameters
    ----------
    value : number or array_like
        A Python, NumPy or Theano number, or an array of one.

    Raises
    ------
    Wrong
        If it is something else, such as a text, or not finite.
    """
    value = array(value)
    if value.size != 1:
        raise Wrong(words.ANSWER_NOT_ONE_NUMBER.format(shape=value.shape))
    return float(value.reshape(()))


def whole_number(value):
    """Return a whole number as an int; what `number` raises, and fractions, are `Wrong`."""
    value = number(value)
    if abs(value - round(value)) > ROUNDING * max(1.0, abs(value)):
        raise Wrong(words.ANSWER_NOT_WHOLE.format(value=value))
    return round(value)


def whole_numbers(value, length=None):
    """Return whole numbers, such as a shape, as a tuple of int.

    Parameters
    ----------
    value : sequence
        Tuple, list, array, or a single number for one entry.
    length : int, optional
        How many there must be.

    Raises
    ------
    Wrong
        If there are more or fewer, or others than whole numbers.
    """
    values = array(value).reshape(-1)
    if length is not None and len(values) != length:
        raise Wrong(words.ANSWER_OTHER_LENGTH.format(length=length, found=len(values)))
    return tuple(whole_number(entry) for entry in values)


def array(value, shape=None):
    """Return finite real numbers as an array of float64.

    Parameters
    ----------
    value : array_like
        Numbers in lists, tuples, arrays, or what Theano can evaluate without inputs.
    shape : tuple of int, optional
        The shape it must have.

    Raises
    ------
    Wrong
        If it holds other things, is ragged, not finite, or has another shape.
    """
    if value is ...:
        raise Unanswered
    try:
        values = limited(_read, value)
    except TooLong:
        raise Wrong(words.ANSWER_TOO_SLOW.format(value=short(value), seconds=SECONDS)) from None
    if not numpy.isfinite(values).all():
        raise Wrong(words.ANSWER_NOT_FINITE.format(value=short(value)))
    if shape is not None and values.shape != tuple(shape):
        raise Wrong(words.ANSWER_OTHER_SHAPE.format(shape=tuple(shape), found=values.shape))
    return values


def text(value, known=None):
    """Return a text in lower case without spaces around it.

    Parameters
    ----------
    value : str
        Large and small letters count the same.
    known : iterable of str, optional
        All that it may be.

    Raises
    ------
    Wrong
        If it is no text, or none of the known ones.
    """
    if value is ...:
        raise Unanswered
    known = None if known is None else tuple(known)
    plain = value.strip().lower() if isinstance(value, str) else None
    if plain is None or (known is not None and plain not in map(str.lower, known)):
        known = ", ".join(f'"{name}"' for name in known) if known else words.ANSWER_ANY_TEXT
        raise Wrong(words.ANSWER_NOT_AMONG.format(value=short(value), known=known))
    return plain


def yes_or_no(value):
    """Return True or False; `Wrong` for anything else."""
    if value is ...:
        raise Unanswered
    if isinstance(value, bool | numpy.bool_):
        return bool(value)
    if isinstance(value, numpy.ndarray) and value.dtype == bool and value.size == 1:
        return bool(value.reshape(()))
    raise Wrong(words.ANSWER_NOT_BOOL.format(value=short(value)))


def short(value):
    """Return a value as Python writes it, in a line at most."""
    try:
        return limited(_written, value)
    except (Exception, TooLong):
        # A learner's own class may fail to print itself.
        return words.A_VALUE.format(kind=type(value).__name__)


def described(error):
    """Return an exception's kind and the first line of its message, cut if it is long."""
    kind = type(error).__name__
    try:
        lines = str(error).splitlines()
    except Exception:
        return kind
    message = lines[0].rstrip(".") if lines else ""
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return f"{kind}: {message}" if message else kind


def _written(value):
    if isinstance(value, numpy.ndarray) and value.size > 8:
        return words.ARRAY_OF_SHAPE.format(shape=value.shape)
    return " ".join(reprlib.repr(value.tolist() if hasattr(value, "tolist") else value).split())


def _read(value):
    """Return an array of float64 of what may be anything."""
    value = _evaluated(value)
    if isinstance(value, str | bytes | bytearray):
        raise Wrong(words.ANSWER_IS_TEXT.format(value=short(value)))
    try:
        if isinstance(value, numpy.generic):
            value = numpy.array(value)
        if _n_numbers(value) > MOST_NUMBERS:
            raise Wrong(words.ANSWER_TOO_LARGE.format(n=_n_numbers(value)))
        if _is_masked(value):
            raise Wrong(words.ANSWER_IS_MASKED.format(value=short(value)))
        if isinstance(value, numpy.ndarray) and value.dtype.kind != "O":
            if value.dtype.kind not in NUMERIC_KINDS:
                raise TypeError(value.dtype)
            return numpy.array(value, dtype=float)
        # Objects at first: NumPy would read numbers in quotation marks as numbers.
        entries = numpy.array(value, dtype=object)
        if entries.size == 0:
            return entries.astype(float)
        return numpy.vectorize(_entry, otypes=[float])(entries)
    except (Wrong, Unanswered):
        raise
    except Exception:
        # Whatever a learner's own class does when it is read.
        raise Wrong(words.ANSWER_NOT_NUMBERS.format(value=short(value))) from None


def _n_numbers(value):
    """Return how many numbers an array has, or lists of lists that are as long as their first."""
    n_numbers = math.prod(getattr(value, "shape", ()))
    for _ in range(MOST_AXES):
        if not (isinstance(value, list | tuple | range) and len(value)):
            break
        n_numbers *= len(value)
        value = value[0]
        n_numbers *= math.prod(getattr(value, "shape", ()))
    return n_numbers


def _is_masked(value):
    if isinstance(value, list | tuple):
        return any(map(numpy.ma.is_masked, value))
    return numpy.ma.is_masked(value)


def _evaluated(value):
    """Return what a Theano variable stands for; other values as they are."""
    try:
        is_shared, is_symbolic = hasattr(value, "get_value"), hasattr(value, "owner")
        if is_shared and is_symbolic:
            return value.get_value()
    except Exception:
        # A learner's own class may fail to say what it has.
        return value
    if is_symbolic and hasattr(value, "eval"):
        try:
            return value.eval()
        except Exception:
            raise Wrong(words.ANSWER_IS_SYMBOLIC.format(value=short(value))) from None
    return value


def _entry(value):
    if value is ...:
        raise Unanswered
    value = _evaluated(value)
    if isinstance(value, numpy.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | numpy.bool_ | numpy.timedelta64):
        raise TypeError(value)
    if not isinstance(value, numbers.Real | Decimal):
        raise TypeError(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf
