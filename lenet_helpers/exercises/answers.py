"""Answers as learners hand them over: brought into one form, or refused in one sentence."""

import numbers
import reprlib

from lenet_helpers import words

import numpy


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
    if value != int(value):
        raise Wrong(words.ANSWER_NOT_WHOLE.format(value=value))
    return int(value)


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
    value = _evaluated(value)
    if isinstance(value, str | bytes):
        raise Wrong(words.ANSWER_IS_TEXT.format(value=short(value)))
    try:
        # Objects at first: NumPy would read numbers in quotation marks as numbers.
        entries = numpy.array(value, dtype=object)
        entries = numpy.vectorize(_entry, otypes=[float])(entries) if entries.size else entries
    except (TypeError, ValueError):
        raise Wrong(words.ANSWER_NOT_NUMBERS.format(value=short(value))) from None
    values = entries.astype(float)
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
    plain = value.strip().lower() if isinstance(value, str) else None
    if plain is None or (known is not None and plain not in known):
        known = ", ".join(f'"{name}"' for name in known) if known else words.ANSWER_ANY_TEXT
        raise Wrong(words.ANSWER_NOT_AMONG.format(value=short(value), known=known))
    return plain


def yes_or_no(value):
    """Return True or False; `Wrong` for anything else."""
    if value is ...:
        raise Unanswered
    if isinstance(value, bool | numpy.bool_):
        return bool(value)
    raise Wrong(words.ANSWER_NOT_BOOL.format(value=short(value)))


def short(value):
    """Return a value as Python writes it, in a line at most."""
    if isinstance(value, numpy.ndarray) and value.size > 8:
        return words.ARRAY_OF_SHAPE.format(shape=value.shape)
    try:
        written = " ".join(
            reprlib.repr(value.tolist() if hasattr(value, "tolist") else value).split()
        )
    except Exception:
        # A learner's own class may fail to print itself.
        written = words.A_VALUE.format(kind=type(value).__name__)
    return written


def _evaluated(value):
    """Return what a Theano variable stands for; other values as they are."""
    if hasattr(value, "get_value"):
        return value.get_value()
    if hasattr(value, "eval") and hasattr(value, "owner"):
        try:
            return value.eval()
        except Exception:
            raise Wrong(words.ANSWER_IS_SYMBOLIC.format(value=short(value))) from None
    return value


def _entry(value):
    if isinstance(value, bool | numpy.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(value)
    return float(value)
