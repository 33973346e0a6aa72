"""The exercises and predictions of the start lesson: a picture is a grid of numbers."""

from lenet_helpers import pictures
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "Start", "00_start.ipynb"

COLOURS = ("red", "green", "blue")
PHOTOGRAPH = (480, 640, 3)
# What one of the eyes mirrors: (row, column).
EYE = (170, 158)
DIGIT_SIDE = 28
# Pixels are multiples of 1/256; who rounds to two decimals has read the right one.
ROUNDING = 0.0051


def _check_read_shape(rows, columns, numbers):
    rows, columns, numbers = map(answers.whole_number, (rows, columns, numbers))
    right_rows, right_columns, colours = PHOTOGRAPH
    if (rows, columns) == (right_columns, right_rows):
        raise Wrong(f"you have {rows} rows and {columns} columns; the rows come first in a shape.")
    for name, found, right in (("rows", rows, right_rows), ("columns", columns, right_columns)):
        if found != right:
            raise Wrong(f"{found} {name} are not what {PHOTOGRAPH} says.")
    if numbers == rows * columns:
        raise Wrong(f"{numbers:,} pixels are right, but each of them has {colours} numbers.")
    if numbers == colours:
        raise Wrong(f"{numbers} is how many numbers one pixel has; how many have all together?")
    if numbers == sum(PHOTOGRAPH):
        raise Wrong(f"{numbers:,} is the sum of the three; how many pixels have {rows} rows?")
    if numbers != rows * columns * colours:
        raise Wrong(f"{rows} x {columns} pixels with {colours} numbers each are not {numbers:,}.")
    return f"{rows} rows of {columns} pixels, with {colours} numbers each: {numbers:,}."


def _check_index_pixel(pixel, strongest):
    found = answers.array(pixel)
    cat = pictures.load_picture()
    row, column = EYE
    right = cat[row, column]
    if found.shape != right.shape:
        raise Wrong(
            f"your pixel has the shape {found.shape}; with a row and a column in the brackets, "
            f"{len(right)} numbers are left."
        )
    others = {
        "your pixel is in row {1}, column {0}: the row comes first.": cat[column, row],
        "your pixel is one row higher and one column further to the left: Python counts from "
        "0, so that row {0} is cat[{0}].": cat[row - 1, column - 1],
        "your pixel has its colours in another order.": right[::-1],
    }
    if not _is_close(found, right):
        for text, other in others.items():
            if _is_close(found, other):
                raise Wrong(text.format(row, column))
        raise Wrong(f"the pixel in row {row}, column {column} is not {found.round(3).tolist()}.")
    name = _colour(strongest)
    numbers = dict(zip(COLOURS, right, strict=True))
    if numbers[name] < max(right):
        raise Wrong(f"{name} has {numbers[name]:.3f} there, and another colour has more.")
    return (
        f"{name} has {max(right):.3f} of at most 1. Most of the cat is reddish; here the "
        "eye mirrors something blue."
    )


def _colour(value):
    """Return the name of a colour; its index says as much as its name."""
    if isinstance(value, str) or value is ...:
        return answers.text(value, COLOURS)
    try:
        return COLOURS[range(len(COLOURS))[answers.whole_number(value)]]
    except (Wrong, IndexError):
        known = '"red", "green" or "blue"'
        raise Wrong(f"{answers.short(value)} is no colour; write its name: {known}.") from None


def _is_close(found, right):
    return bool((abs(found - right) <= ROUNDING).all())


def _check_fewer_numbers(times):
    found = answers.number(times)
    cat = pictures.load_picture()
    n_cat, n_digit = cat.size, DIGIT_SIDE**2
    right = n_cat / n_digit
    if abs(found - right) <= 1:
        return f"{n_cat:,} numbers against {n_digit}, about {right:.0f} times as many."
    if found == n_cat:
        raise Wrong(f"yours is {found:,g}: so many has the cat. Divide by the grey picture's.")
    for other, text in (
        (right / 3, "the cat's pixels have three numbers each, the grey digit's have one."),
        (3 * right, f"the three colours are counted twice: the cat has {n_cat:,} numbers in all."),
        (1 / right, "that is the other way round: divide the larger count by the smaller."),
        (n_cat - n_digit, "that is how many fewer; how many times fewer is a division."),
        (n_digit, "so many numbers has the grey picture; how many times more has the cat?"),
        (len(cat) / DIGIT_SIDE, "so many times shorter is a side; a grid has two, and colours."),
    ):
        if abs(found - other) <= 0.01 * abs(other):
            raise Wrong(f"yours is {found:,.6g}; {text}")
    raise Wrong(
        f"{found:,.6g} times the {n_digit} numbers of a {DIGIT_SIDE} x {DIGIT_SIDE} grey picture "
        f"would be {found * n_digit:,.0f}; the cat has another count."
    )


def _pictures():
    """Yield small pictures, the first ones of plain numbers, as arguments of a call."""
    yield (numpy.array([[[3.0, 6.0, 0.0], [1.0, 1.0, 4.0]]]),)
    yield (numpy.array([[[1.0, 2.0, 3.0]], [[0.0, 0.0, 9.0]]]),)
    rng = numpy.random.RandomState(3)
    for rows, columns in ((3, 3), (4, 2), (5, 7), (28, 28), (2, 3)):
        yield (rng.randint(256, size=(rows, columns, 3)) / 256,)


def _grey(picture):
    """Take the mean over colours by plain loops, for the checker."""
    return [[sum(pixel) / len(pixel) for pixel in row] for row in picture.tolist()]


def _check_write_grey(grey):
    (first,) = next(_pictures())
    found = answers.array(running.call(grey, first))
    called = running.written(grey, (first,))
    if found.shape == ():
        raise Wrong(
            f"{called} gives one number, {float(found):.4g}: the mean of everything. Take it over "
            "the colours only, which are the last axis."
        )
    if found.shape == first.shape:
        raise Wrong(f"{called} still has three numbers for each pixel; one is asked for.")
    running.compare(grey, _grey, _pictures())
    return "7 pictures, each with one number for a pixel, as the mean of its colours."


def _turned(picture):
    """Turn a picture by half a turn, pixel by pixel, for the checker."""
    rows, columns = len(picture), len(picture[0])
    return [[picture[rows - 1 - i][columns - 1 - j] for j in range(columns)] for i in range(rows)]


def _check_turn_picture(turn):
    rng = numpy.random.RandomState(4)
    first = rng.randint(10, size=(2, 3, 3)).astype(float)
    found = answers.array(running.call(turn, first))
    for other, text in (
        (first, "gives the picture as it is."),
        (first[::-1], "turns only the rows: the picture stands on its head, left is still left."),
        (first[:, ::-1], "turns only the columns: a mirror, in which the top stays at the top."),
        (first[::-1, ::-1, ::-1], "turns the colours as well: red and blue change places."),
        (numpy.rot90(first), "turns by 90 degrees; 180 are asked for."),
        (numpy.rot90(first, -1), "turns by 90 degrees; 180 are asked for."),
    ):
        if found.shape == other.shape and (found == other).all():
            raise Wrong(f"{running.written(turn, (first,))} {text}")
    running.compare(turn, _turned, _pictures())
    return "top and bottom change places, and so do left and right. Lesson 1 turns filters so."


EXERCISES = (
    read_shape := Exercise(
        lesson=0,
        name="read_shape",
        title="Read a shape",
        tests="reads rows, columns and the count of numbers from a picture's shape",
        start="rows = ...\ncolumns = ...\nnumbers = ...",
        solution="rows = 480\ncolumns = 640\nnumbers = 480 * 640 * 3",
        hints=(
            "The cat's shape was printed above as (rows, columns, colours). This one is read in "
            "the same order.",
            "A grid of 2 rows and 5 columns has 2 * 5 pixels. How many has this one?",
            "Each pixel has 3 numbers, so multiply all three: rows * columns * 3.",
        ),
        checker=_check_read_shape,
        mistakes="They give width before height, or count pixels instead of numbers.",
    ),
    index_pixel := Exercise(
        lesson=0,
        name="index_pixel",
        title="Look at one pixel",
        tests="indexes an array by row and column, and knows what its last axis means",
        start="pixel = ...\nstrongest = ...",
        solution=f'pixel = cat[{EYE[0]}, {EYE[1]}]\nstrongest = "blue"',
        hints=(
            "Square brackets take a part of an array: the row comes first, then the column, and "
            "both are counted from 0.",
            "cat[row, column] has three numbers: red, green, blue. The largest is the strongest.",
            f"Write pixel = cat[{EYE[0]}, {EYE[1]}], and print(pixel) in a cell of its own. Which "
            "of the three numbers is the largest?",
        ),
        checker=_check_index_pixel,
        mistakes="They write the column first, as x and y are written in mathematics.",
    ),
    fewer_numbers := Exercise(
        lesson=0,
        name="fewer_numbers",
        title="How many times fewer numbers",
        tests="compares the sizes of a colour picture and a grey one",
        start="times = ...",
        solution="times = cat.size / (28 * 28)",
        hints=(
            "Count the numbers of both pictures, then divide.",
            "Grey means one number for a pixel: 28 * 28 in all. The cat has three for a pixel.",
            "cat.size is 500 * 500 * 3. Divide it by 28 * 28.",
        ),
        checker=_check_fewer_numbers,
        mistakes="They compare pixels with pixels, and forget the cat's three colours.",
    ),
    write_grey := Exercise(
        lesson=0,
        name="write_grey",
        title="Take the colours out",
        tests="takes a mean along one axis of an array",
        start="def grey(picture):\n    return ...",
        solution="def grey(picture):\n    return picture.mean(axis=2)",
        hints=(
            "For each pixel you need the mean of its three numbers, so the colours' axis goes "
            "away: (rows, columns, 3) becomes (rows, columns).",
            "picture[:, :, 0] is the red of all pixels. What are green and blue, and what is the "
            "mean of three numbers?",
            "Arrays can do it at once: picture.mean(axis=...). Axes are counted from 0: rows, "
            "columns, colours.",
        ),
        checker=_check_write_grey,
        mistakes="They take the mean of the whole picture, or along the axis of the rows.",
    ),
    turn_picture := Exercise(
        lesson=0,
        name="turn_picture",
        title="Turn a picture by 180 degrees",
        tests="reverses two axes of an array by slices with a step of -1",
        start="def turn(picture):\n    return ...",
        solution="def turn(picture):\n    return picture[::-1, ::-1]",
        hints=(
            "A list is reversed by [::-1]: [1, 2, 3][::-1] is [3, 2, 1]. An array can be reversed "
            "along each of its axes.",
            "picture[::-1] reverses the rows: the picture stands on its head, but left is still "
            "on the left.",
            "Give a slice for the rows and one for the columns, with a comma between them; the "
            "colours stay as they are.",
        ),
        checker=_check_turn_picture,
        mistakes="They mirror the picture along one axis only, or reverse its colours, too.",
    ),
)


def predict_more_numbers(picture):
    """Ask how the count of numbers grows with the side of a picture."""
    small, large = 20, 40

    def answer():
        n_small, n_large = (pictures.shrink(picture, (n, n)).size for n in (small, large))
        times = n_large // n_small
        return (
            times,
            f"{times} times as many: {n_large:,} numbers instead of {n_small:,}. A side twice as "
            "long means twice the rows and twice the columns.",
        )

    return Prediction({f"{n} times": n for n in (2, 4, 6, 8)}, answer)
