"""Checks at the boundary: what a learner hands over is looked at before Theano sees it.

Every check returns its argument, converted where that is harmless, or raises a ValueError of one
or two sentences that names the value and says what would work.
"""

import warnings

from lenet_helpers import words

import numpy


def float_array(values, name, float_type):
    """Return finite real numbers as an array of dtype `float_type`.

    Parameters
    ----------
    values : array_like
        Floating-point or integer numbers, of any shape.
    name : str
        What to call the values in a message.
    float_type : str
        'float32' or 'float64'.

    Raises
    ------
    ValueError
        If the array is ragged, holds no numbers, is empty, or holds NaN or infinity.
    """
    array = _array(values, name)
    if array.dtype.kind not in "fiu":
        raise ValueError(words.NOT_NUMBERS.format(name=name, dtype=array.dtype))
    if array.size == 0:
        raise ValueError(words.EMPTY.format(name=name, shape=array.shape))
    # Converted first: what is too large for float32 becomes infinite there.
    with numpy.errstate(over="ignore"):
        array = numpy.asarray(array, dtype=float_type)
    n_broken = array.size - numpy.count_nonzero(numpy.isfinite(array))
    if n_broken:
        raise ValueError(words.NOT_FINITE.format(name=name, n_broken=n_broken, size=array.size))
    return array


def one_of(value, known, name):
    """Return one of some known names, or raise ValueError.

    Parameters
    ----------
    value : str
        The name.
    known : iterable of str
        All that it may be.
    name : str
        What to call the value in a message.
    """
    if not (isinstance(value, str) and value in known):
        raise ValueError(
            words.UNKNOWN_CHOICE.format(name=name, value=value, known=", ".join(known))
        )
    return value


def images_4d(images, channels, float_type, name=words.NAME_IMAGES):
    """Return pictures of shape (batch, channels, rows, columns), or raise ValueError.

    Parameters
    ----------
    images : array_like
        (batch, channels, rows, columns), numbers of any range.
    channels : int or None
        The channels that the filters take in; None admits any.
    float_type : str
        The dtype to return.
    name : str, optional
        What to call the images in a message.
    """
    array = float_array(images, name, float_type)
    if array.ndim != 4:
        raise ValueError(words.IMAGES_NOT_4D.format(name=name, shape=array.shape))
    if channels is not None and array.shape[1] != channels:
        raise ValueError(
            words.WRONG_CHANNELS.format(
                name=name, shape=array.shape, found=array.shape[1], channels=channels
            )
        )
    return array


def image_rows(images, image_shape, float_type):
    """Return images as rows of pixels, shape (batch, channels x rows x columns).

    Parameters
    ----------
    images : array_like
        (batch, pixels), (batch, rows, columns) for one channel, or
        (batch, channels, rows, columns); pixels from 0 to 1.
    image_shape : tuple of int
        The (batch, channels, rows, columns) that the network takes; the batch is ignored.
    float_type : str
        The dtype to return.

    Raises
    ------
    ValueError
        If the shape is none of these, or a pixel is not a number from 0 to 1.
    """
    array = float_array(images, words.NAME_IMAGES, float_type)
    _, channels, rows, columns = image_shape
    allowed = [(channels * rows * columns,), (channels, rows, columns)]
    if channels == 1:
        allowed.append((rows, columns))
    if array.shape[1:] not in allowed:
        raise ValueError(
            words.WRONG_IMAGE_SHAPE.format(
                shape=array.shape, channels=channels, rows=rows, columns=columns
            )
        )
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise ValueError(words.PIXEL_RANGE.format(low=low, high=high))
    return array.reshape(len(array), -1)


def class_labels(labels, n_images, n_classes):
    """Return labels as int32, shape (n_images,), or raise ValueError.

    Parameters
    ----------
    labels : array_like
        Whole numbers from 0 to n_classes - 1, one for each image.
    n_images, n_classes : int
        How many images there are, and how many classes.
    """
    array = _array(labels, words.NAME_LABELS)
    if array.dtype.kind not in "iu":
        raise ValueError(words.LABELS_NOT_INTEGERS.format(dtype=array.dtype))
    if array.shape != (n_images,):
        raise ValueError(words.LABELS_SHAPE.format(shape=array.shape, n_images=n_images))
    wrong = array[(array < 0) | (array >= n_classes)]
    if wrong.size:
        raise ValueError(words.LABEL_RANGE.format(label=int(wrong[0]), last=n_classes - 1))
    return array.astype("int32")


def symbolic(variable, ndim, float_type, layer):
    """Return a Theano variable that a layer can take, or raise ValueError.

    Parameters
    ----------
    variable : theano.Variable
        What the learner passed as `input`.
    ndim : int
        The axes that the layer needs.
    float_type : str
        Theano's floatX.
    layer : str
        The layer's name, for the message.
    """
    kind = getattr(variable, "type", None)
    found = getattr(kind, "ndim", None)
    if found is None:
        raise ValueError(words.NOT_SYMBOLIC.format(layer=layer, kind=type(variable).__name__))
    if found != ndim:
        raise ValueError(words.WRONG_NDIM.format(layer=layer, found=found, ndim=ndim))
    if kind.dtype != float_type:
        raise ValueError(
            words.WRONG_DTYPE.format(layer=layer, dtype=kind.dtype, float_type=float_type)
        )
    return variable


def generator(rng, layer):
    """Return a generator that draws uniform numbers, or raise a ValueError that says `layer`."""
    if not callable(getattr(rng, "uniform", None)):
        raise ValueError(words.NOT_A_GENERATOR.format(layer=layer, value=rng))
    return rng


def _array(values, name):
    try:
        with warnings.catch_warnings():
            # NumPy 1.23 only warns where rows differ in length, and makes an array of lists.
            warnings.simplefilter("error", numpy.VisibleDeprecationWarning)
            return numpy.asarray(values)
    except (ValueError, numpy.VisibleDeprecationWarning):
        raise ValueError(words.RAGGED.format(name=name)) from None
