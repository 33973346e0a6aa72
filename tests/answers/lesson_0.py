"""Answers to lesson 0's exercises."""

from lenet_helpers.pictures import load_picture

import numpy


def _is_shape(rows, columns, numbers):
    return (rows, columns, numbers) == (480, 640, 921_600)


def _is_pixel(pixel, strongest):
    right = load_picture()[170, 158]
    names = ("red", "green", "blue")
    name = names[strongest] if isinstance(strongest, int) else strongest.strip().lower()
    close = numpy.shape(pixel) == (3,) and numpy.allclose(numpy.array(pixel), right, atol=0.006)
    return close and name == names[int(numpy.argmax(right))]


def _is_ratio(times):
    return 955.7 < float(numpy.array(times)) < 957.6


def _is_grey(grey):
    rng = numpy.random.RandomState(8)
    for _ in range(30):
        x = rng.rand(*rng.randint(1, 7, size=2), 3)
        right = (x[:, :, 0] + x[:, :, 1] + x[:, :, 2]) / 3
        found = numpy.asarray(grey(x.copy()))
        if found.shape != right.shape or not numpy.allclose(found, right):
            return False
    return True


def _is_turned(turn):
    rng = numpy.random.RandomState(9)
    for _ in range(30):
        x = rng.rand(*rng.randint(1, 7, size=2), 3)
        found = numpy.asarray(turn(x.copy()))
        right = numpy.rot90(x, 2)
        if found.shape != right.shape or not numpy.allclose(found, right):
            return False
    return True


IS_RIGHT = {
    "read_shape": _is_shape,
    "index_pixel": _is_pixel,
    "fewer_numbers": _is_ratio,
    "write_grey": _is_grey,
    "turn_picture": _is_turned,
}
RIGHT = {
    "read_shape": [
        "rows, columns, numbers = 480, 640, 921600",
        "rows, columns, colours = 480, 640, 3\nnumbers = rows * columns * colours",
        "rows, columns = 480.0, 640.0\nnumbers = 921_600.0",
    ],
    "index_pixel": [
        'pixel = cat[170][158]\nstrongest = "Blue "',
        "pixel = [0.47, 0.51, 0.64]\nstrongest = 2",
        'pixel = cat[170, 158, :].tolist()\nstrongest = ["red", "green", "blue"][2]',
        "pixel = tuple(cat[170, 158].round(3))\nstrongest = int(pixel.index(max(pixel)))",
    ],
    "fewer_numbers": [
        "times = 957",
        "times = 956.6",
        "times = 750_000 // 784",
        "times = cat.size / cat[:28, :28, 0].size",
    ],
    "write_grey": [
        """\
def grey(picture):
    return (picture[:, :, 0] + picture[:, :, 1] + picture[:, :, 2]) / 3""",
        "grey = lambda picture: picture.sum(axis=-1) / 3",
        """\
def grey(picture):
    return [[sum(pixel) / 3 for pixel in row] for row in picture]""",
    ],
    "turn_picture": [
        """\
def turn(picture):
    upside_down = picture[::-1]
    return upside_down[:, ::-1]""",
        "def turn(picture):\n    return [row[::-1] for row in picture[::-1]]",
        """\
def turn(picture):
    rows, columns, _ = picture.shape
    turned = picture.copy()
    for i in range(rows):
        for j in range(columns):
            turned[i, j] = picture[rows - 1 - i, columns - 1 - j]
    return turned""",
    ],
}
WRONG = {
    "read_shape": [
        ("rows, columns = 640, 480\nnumbers = 640 * 480 * 3", "rows come first"),
        ("rows, columns = 480, 640\nnumbers = 480 * 640", "each of them has 3"),
        ("rows, columns = 480, 640\nnumbers = 480 + 640 + 3", "sum"),
        ("rows, columns = 480, 640\nnumbers = 12", "are not 12"),
        ("rows, columns = 3, 640\nnumbers = 12", "3 rows"),
        ("rows, columns = 480, 3\nnumbers = 12", "3 columns"),
        ("rows, columns = 480.5, 640\nnumbers = 12", "whole"),
        ('rows, columns = "480", 640\nnumbers = 12', "text"),
        ("rows = columns = numbers = (480, 640, 3)", "shape (3,)"),
    ],
    "index_pixel": [
        ('pixel = cat[158, 170]\nstrongest = "red"', "row comes first"),
        ('pixel = cat[169, 157]\nstrongest = "blue"', "counts from 0"),
        ('pixel = cat[170, 158, ::-1]\nstrongest = "blue"', "another order"),
        ('pixel = cat[170]\nstrongest = "blue"', "(500, 3)"),
        ('pixel = 0.64\nstrongest = "blue"', "()"),
        ('pixel = cat[0, 0]\nstrongest = "blue"', "is not"),
        ('pixel = cat[170, 158]\nstrongest = "red"', "red has 0.469"),
        ('pixel = cat[170, 158]\nstrongest = "violet"', "none of"),
        ("pixel = cat[170, 158]\nstrongest = 3", "no colour"),
        ("pixel = cat[170, 158]\nstrongest = max(pixel)", "write its name"),
        ("pixel = cat[170, 158]\nstrongest = None", "None is no colour"),
        ("pixel = cat\nstrongest = 2", "(500, 500, 3)"),
    ],
    "fewer_numbers": [
        ("times = 500 * 500 / 784", "three numbers each"),
        ("times = cat.size / (28 * 28 * 3)", "three numbers each"),
        ("times = 3 * cat.size / 784", "twice"),
        ("times = 784 / cat.size", "other way round"),
        ("times = cat.size - 784", "how many fewer"),
        ("times = 784", "grey picture"),
        ("times = 500 / 28", "shorter"),
        ("times = 0", "0 times"),
        ("times = -5", "another count"),
        ('times = "957"', "text"),
        ("times = cat", "one number"),
    ],
    "write_grey": [
        ("def grey(picture):\n    return picture.mean()", "mean of everything"),
        ("def grey(picture):\n    return picture", "three numbers"),
        ("def grey(picture):\n    return picture.sum(axis=2)", "would be right"),
        ("def grey(picture):\n    return picture.mean(axis=0)", "shape"),
        ("def grey(picture):\n    return picture[:, :, 1]", "would be right"),
        ("def grey(picture):\n    return picture.max(axis=2)", "would be right"),
        ("def grey(picture):\n    return picture.mean(axis=3)", "picture.mean(axis=3)"),
        ("def grey(picture):\n    picture.mean(axis=2)", "returned nothing"),
        ("grey = 0.5", "no function"),
        ("def grey():\n    return 1", "TypeError"),
        ("def grey(picture):\n    while True:\n        pass", "never"),
    ],
    "turn_picture": [
        ("def turn(picture):\n    return picture", "as it is"),
        ("def turn(picture):\n    return picture[::-1]", "stands on its head"),
        ("def turn(picture):\n    return picture[:, ::-1]", "mirror"),
        ("def turn(picture):\n    return picture[::-1, ::-1, ::-1]", "red and blue"),
        ("def turn(picture):\n    return picture.swapaxes(0, 1)", "shape"),
        ("def turn(picture):\n    return picture.swapaxes(0, 1)[::-1]", "90 degrees"),
        ("def turn(picture):\n    return picture[::-2, ::-1]", "shape"),
        ("def turn(picture):\n    return 180", "shape"),
        ('def turn(picture):\n    return "turned"', "text"),
        ("turn = cat[::-1, ::-1]", "no function"),
    ],
}
