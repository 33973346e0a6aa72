"""The wrong answers of a network: which they are, how sure it is of them, and what is confused."""

from typing import NamedTuple

import numpy


class Mistakes(NamedTuple):
    """The wrong answers to a set of images, the surest first.

    Attributes
    ----------
    numbers : numpy.ndarray
        (mistakes,): which images, from 0.
    right, predicted : numpy.ndarray
        (mistakes,): the right classes, and the given ones.
    probabilities : numpy.ndarray
        (mistakes,), from 0 to 1: of the given classes.
    """

    numbers: numpy.ndarray
    right: numpy.ndarray
    predicted: numpy.ndarray
    probabilities: numpy.ndarray


def mistakes(network, images, labels):
    """Find the images that a network reads wrongly.

    Parameters
    ----------
    network : LeNet
        The network.
    images, labels : array_like
        As for `LeNet.error`.

    Returns
    -------
    Mistakes
    """
    return sort_mistakes(network.probabilities(images), numpy.asarray(labels))


def sort_mistakes(probabilities, labels):
    """Find the wrong answers, and sort them by their probability.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (n, classes), from 0 to 1.
    labels : numpy.ndarray
        (n,), the right classes.

    Returns
    -------
    Mistakes
        Equally sure ones in the order of the images.
    """
    predicted, largest = probabilities.argmax(axis=1), probabilities.max(axis=1)
    numbers = numpy.flatnonzero(predicted != labels)
    numbers = numbers[numpy.argsort(-largest[numbers], kind="stable")]
    return Mistakes(numbers, labels[numbers], predicted[numbers], largest[numbers])


def of_classes(found, right=None, predicted=None):
    """Return only some of the mistakes, in their order.

    Parameters
    ----------
    found : Mistakes
        The mistakes.
    right, predicted : int, optional
        The right class, and the given one; without it, any.

    Returns
    -------
    Mistakes
    """
    keeps = numpy.ones(len(found.numbers), dtype=bool)
    for classes, wanted in ((found.right, right), (found.predicted, predicted)):
        if wanted is not None:
            keeps &= classes == wanted
    return Mistakes(*(values[keeps] for values in found))


def confusion_counts(labels, predicted, n_classes=10):
    """Count how often each class got each class.

    Parameters
    ----------
    labels, predicted : numpy.ndarray
        (n,), whole numbers from 0 to below `n_classes`: the right classes and the given ones.
    n_classes : int
        Classes.

    Returns
    -------
    numpy.ndarray
        (classes, classes), whole numbers: row, the right class; column, the given one.
    """
    counts = numpy.zeros((n_classes, n_classes), dtype=int)
    numpy.add.at(counts, (labels, predicted), 1)
    return counts


def most_frequent(counts):
    """Return the most frequent confusion of a confusion matrix.

    Parameters
    ----------
    counts : numpy.ndarray
        (classes, classes), whole numbers: row, the right class; column, the given one.

    Returns
    -------
    tuple of int
        (right class, given class, how often); of equally frequent ones the first.
    """
    wrong = counts - numpy.diag(numpy.diag(counts))
    right, predicted = divmod(int(wrong.argmax()), len(wrong))
    return right, predicted, int(wrong[right, predicted])
