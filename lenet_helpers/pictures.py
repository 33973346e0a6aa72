"""Pictures: reading them, and bringing them into the shapes that the layers take."""

import io
import warnings
from pathlib import Path

from lenet_helpers import checks, paths, shapes, words

import numpy
from PIL import Image, ImageOps

DIGIT_SIDE = 28
INK_BOX_SIDE = 20
# Below this share of the darkest ink a pixel counts as paper when the ink's box is sought.
PAPER_SHARE = 0.15
# A digit in MNIST's form has its centre of mass in the middle, up to rounding, in pixels.
OFF_CENTRE = 2
PIXEL_LEVELS = 256
# As RGB 120 MB; with its copies, more would be too much for a small machine.
MOST_PIXELS = 40 * 10**6


def load_picture(path=paths.DATA_FOLDER / "cat.jpg"):
    """Read a picture as RGB; without a path, the course's cat.

    Parameters
    ----------
    path : str or path, optional
        Any file that Pillow can read; transparency is laid over white, and a photograph is
        turned as its camera was held.

    Returns
    -------
    numpy.ndarray
        (rows, columns, 3), dtype float64, pixels from 0 to 255/256.

    Raises
    ------
    ValueError
        If the file is not a picture, is cut off, or is too large.
    FileNotFoundError
        If there is no such file.
    """
    return numpy.asarray(over_white(_open(path)), dtype="float64") / PIXEL_LEVELS


def decode_picture(content, name, largest_side):
    """Read a picture from the bytes of a file, made smaller if it is large.

    Parameters
    ----------
    content : bytes
        Of any file that Pillow can read; transparency is laid over white, and a photograph is
        turned as its camera was held.
    name : str
        What to call the file in a message.
    largest_side : int
        Neither side of the result is longer, pixels; smaller pictures keep their size.

    Returns
    -------
    numpy.ndarray
        (rows, columns, 3), dtype float64, pixels from 0 to 255/256.

    Raises
    ------
    ValueError
        If the file is not a picture, is cut off, or has more than 40 million pixels. A JPEG file
        counts with the pixels that are read of it.
    """
    image = _read(io.BytesIO(content), name, largest_side)
    # Of a small picture copies are cheap. Palettes and the like can't be averaged as they are.
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        image.thumbnail((largest_side, largest_side))
    else:
        image.thumbnail((2 * largest_side, 2 * largest_side), Image.Resampling.NEAREST)
    image = over_white(image)
    image.thumbnail((largest_side, largest_side))
    return numpy.asarray(image, dtype="float64") / PIXEL_LEVELS


def as_minibatch(picture):
    """Turn one picture into a minibatch of size 1, as ``conv2d`` takes it.

    Parameters
    ----------
    picture : array_like
        (rows, columns, 3), RGB.

    Returns
    -------
    numpy.ndarray
        (1, 3, rows, columns), of the same dtype.

    Raises
    ------
    ValueError
        If the picture is grey (no third axis), RGBA (four channels) or not finite numbers.
    """
    checks.float_array(picture, words.NAME_PICTURE, "float64")
    array = numpy.asarray(picture)
    if array.ndim == 2:
        raise ValueError(words.PICTURE_GREY.format(shape=array.shape))
    if array.ndim != 3:
        raise ValueError(words.PICTURE_NOT_3D.format(shape=array.shape))
    if array.shape[2] == 4:
        raise ValueError(words.PICTURE_RGBA.format(shape=array.shape))
    if array.shape[2] != 3:
        raise ValueError(words.PICTURE_CHANNELS.format(shape=array.shape, found=array.shape[2]))
    return array.transpose(2, 0, 1)[numpy.newaxis]


def shrink(picture, size):
    """Return a picture made smaller by averaging.

    Parameters
    ----------
    picture : numpy.ndarray
        (rows, columns, 3), pixels from 0 to 1.
    size : tuple of int
        The new (rows, columns).

    Returns
    -------
    numpy.ndarray
        (new rows, new columns, 3), dtype float64, pixels from 0 to 255/256.
    """
    rows, columns = shapes.pair(size, words.NAME_IMAGE_SIZE)
    levels = numpy.asarray(picture) * PIXEL_LEVELS
    image = Image.fromarray(levels.clip(0, PIXEL_LEVELS - 1).astype("uint8"))
    return numpy.asarray(image.resize((columns, rows), Image.Resampling.BOX)) / PIXEL_LEVELS


def prepare_digit(picture):
    """Bring a picture of one digit into the form of MNIST's images.

    The ink is found (light on dark or dark on light), scaled so that its longer side has 20
    pixels, and laid into 28 x 28 pixels with its centre of mass in the middle. A picture of 28 x
    28 that is in this form already, bright on dark and centred, stays as it is.

    Parameters
    ----------
    picture : array_like, PIL.Image.Image, str or path
        (rows, columns), grey, or (rows, columns, 3 or 4), colour; integers from 0 to 255 or
        fractions from 0 to 1; or a file.

    Returns
    -------
    numpy.ndarray
        (28, 28), dtype float64, ink bright, pixels from 0 to 255/256.

    Raises
    ------
    ValueError
        If it is no picture, holds NaN, or has no ink.

    Notes
    -----
    The form is described at http://yann.lecun.com/exdb/mnist/.
    """
    levels = _grey_levels(picture)
    ink = _ink(levels)
    return (levels if _is_prepared(levels) else scale_and_centre(ink)) / PIXEL_LEVELS


def scale_and_centre(ink):
    """Scale ink to a box of 20 x 20 pixels and centre it in 28 x 28, as MNIST does.

    Parameters
    ----------
    ink : numpy.ndarray
        (rows, columns), 0 for paper, up to 255 for ink.

    Returns
    -------
    numpy.ndarray
        (28, 28), whole numbers from 0 to 255, dtype float64.

    Raises
    ------
    ValueError
        If there is no ink.
    """
    inked = ink > PAPER_SHARE * ink.max()
    if not inked.any():
        raise ValueError(words.NO_INK.format(shape=ink.shape))
    rows, columns = numpy.flatnonzero(inked.any(axis=1)), numpy.flatnonzero(inked.any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = INK_BOX_SIDE / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    image = Image.fromarray(box.astype("float32"))
    small = numpy.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    # A thin stroke grows faint when it is made smaller; MNIST's strongest ink is always 255.
    small = (small.clip(0, None) * (255 / small.max())).round()
    canvas = numpy.zeros((DIGIT_SIDE, DIGIT_SIDE))
    weights = small / small.sum()
    top = DIGIT_SIDE / 2 - weights.sum(axis=1) @ (numpy.arange(height) + 0.5)
    left = DIGIT_SIDE / 2 - weights.sum(axis=0) @ (numpy.arange(width) + 0.5)
    top = int(numpy.clip(round(top), 0, DIGIT_SIDE - height))
    left = int(numpy.clip(round(left), 0, DIGIT_SIDE - width))
    canvas[top : top + height, left : left + width] = small
    return canvas


def over_white(image):
    """Return a Pillow image as RGB, its transparent parts laid over white."""
    if image.mode.startswith("I"):
        # Pillow cuts whole numbers of 16 bits off at 255 instead of scaling them.
        levels = numpy.asarray(image)
        levels = levels // 256 if levels.size and levels.max() > 255 else levels
        image = Image.fromarray(levels.clip(0, 255).astype("uint8"))
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba).convert("RGB")


def _open(path):
    if not isinstance(path, str | Path):
        raise ValueError(words.NOT_A_PATH.format(value=f"a {type(path).__name__}"))
    return _read(Path(path).expanduser(), path)


def _read(source, name, largest_side=None):
    """Return a Pillow image, upright, from a path or from a stream of a file's bytes."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; what is too large is refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(source)
        with image:
            if largest_side:
                # A JPEG file can be read at a half, a quarter or an eighth of its size.
                image.draft(None, (2 * largest_side, 2 * largest_side))
            if image.width * image.height <= MOST_PIXELS:
                image.load()
                return ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise FileNotFoundError(words.NO_PICTURE_FILE.format(path=name)) from None
    except Image.DecompressionBombError:
        pass  # far too large: the message below says so
    except Exception:
        # What Pillow's many readers raise on broken files has no common class.
        raise ValueError(words.NOT_A_PICTURE.format(path=name)) from None
    raise ValueError(words.PICTURE_TOO_LARGE.format(path=name, most=MOST_PIXELS // 10**6))


def _grey_levels(picture):
    """Return a picture as grey levels from 0 to 255, (rows, columns), float64."""
    if isinstance(picture, str | Path):
        picture = _open(picture)
    if isinstance(picture, Image.Image):
        picture = numpy.asarray(over_white(picture).convert("L"))
    values = checks.float_array(picture, words.NAME_PICTURE, "float64")
    array = numpy.asarray(picture)
    top = 255 if array.dtype.kind in "iu" else 1
    if values.min() < 0 or values.max() > top:
        raise ValueError(words.DIGIT_RANGE.format(low=values.min(), high=values.max(), top=top))
    levels = values if top == 255 else (values * PIXEL_LEVELS).clip(0, 255)
    if values.ndim == 2:
        return levels
    if values.ndim == 3 and values.shape[2] in (3, 4):
        image = over_white(Image.fromarray(levels.astype("uint8"))).convert("L")
        return numpy.asarray(image, dtype="float64")
    raise ValueError(words.DIGIT_SHAPE.format(shape=values.shape))


def _is_prepared(levels):
    """Tell whether a picture has MNIST's form: its size, dark paper, ink in the middle."""
    if levels.shape != (DIGIT_SIDE, DIGIT_SIDE) or _paper(levels) > PAPER_SHARE * levels.max():
        return False
    positions = numpy.arange(DIGIT_SIDE) + 0.5
    weights = levels / levels.sum()
    centre = weights.sum(axis=1) @ positions, weights.sum(axis=0) @ positions
    return max(abs(side - DIGIT_SIDE / 2) for side in centre) < OFF_CENTRE


def _paper(levels):
    """Return the grey level of the paper, which the picture's border tells."""
    border = numpy.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    return numpy.median(border)


def _ink(levels):
    """Return grey levels with ink bright on dark paper, up to 255, or raise ValueError."""
    distance = numpy.abs(levels - _paper(levels))
    spread = distance.max()
    # Less contrast than this is the grain of blank paper, not a stroke.
    if spread < 16:
        raise ValueError(words.NO_INK.format(shape=levels.shape))
    return distance * (255 / spread)
