"""Answers to lesson 5's exercises."""

import math

from lenet_helpers.datasets import load_data
from lenet_helpers.trained import load_stage

import numpy

from tests import oracles


def _is_most_mixed_up(my_digits, my_count):
    counts = load_stage("best").confusion
    pairs = {
        frozenset((a, b)): counts[a, b] + counts[b, a] for a, b in numpy.ndindex(10, 10) if a != b
    }
    most = max(pairs, key=pairs.get)
    return frozenset(int(n) for n in my_digits) == most and my_count == pairs[most]


def _knows_uncertainty(my_uncertainty, my_n):
    rng = numpy.random.RandomState(1)
    for error, n in zip(rng.rand(50), rng.randint(1, 10_000, 50), strict=True):
        # The spread of a binomial count, as a share.
        right = math.sqrt(n * error * (1 - error)) / n
        if not numpy.allclose(my_uncertainty(error, n), right, rtol=1e-9, atol=0):
            return False
    return 0.07 * 0.93 / 0.005**2 - 16 < my_n <= 9 * 300


def _read(pictures):
    shares = oracles.lenet(load_stage("best").values, numpy.asarray(pictures))[2]
    return shares.argmax(axis=1), shares.max(axis=1)


def _measures_shifts(my_left, my_right):
    images, labels = load_data("digits").test
    columns = images.reshape(-1, 28, 28).transpose(2, 0, 1)
    edge = numpy.zeros_like(columns[:2])
    errors = [
        (_read(numpy.concatenate(parts).transpose(1, 2, 0))[0] != labels).mean()
        for parts in ((columns[2:], edge), (edge, columns[:-2]))
    ]
    # In per cent they are right, too.
    found = [
        float(x) / 100 if x > 1 else float(x) for x in map(numpy.squeeze, (my_left, my_right))
    ]
    return numpy.allclose(found, errors, atol=1e-4)


def _is_fooled(*answers):
    my_number, my_down, my_right = (int(numpy.squeeze(answer)) for answer in answers)
    images, labels = load_data("digits").test
    picture, label = images[my_number].reshape(28, 28), labels[my_number]
    paper = numpy.zeros((34, 34), dtype=picture.dtype)
    paper[3 + my_down : 31 + my_down, 3 + my_right : 31 + my_right] = picture
    moved = paper[3:31, 3:31]
    (before, after), (sure_before, sure_after) = _read([picture, moved])
    is_whole = math.isclose(moved.sum(), picture.sum(), rel_tol=1e-5)
    return (
        max(abs(my_down), abs(my_right)) <= 3
        and is_whole
        and before == label != after
        and sure_before > 0.99
        and sure_after > 0.9
    )


def _covers(my_covered):
    rng = numpy.random.RandomState(3)
    for _ in range(60):
        side = int(rng.randint(1, 6))
        picture = rng.rand(*rng.randint(side, 9, size=2)) + 0.1
        places = numpy.lib.stride_tricks.sliding_window_view(
            numpy.arange(picture.size).reshape(picture.shape), (side, side)
        )
        right = [
            numpy.where(numpy.isin(range(picture.size), cells), 0, picture.ravel())
            for cells in places.reshape(-1, side * side)
        ]
        found = numpy.asarray(my_covered(picture.copy(), side))
        right = numpy.reshape(right, (-1, *picture.shape))
        if found.shape != right.shape or not numpy.array_equal(found, right):
            return False
    return True


def _is_gradient(my_gradient):
    """Go back through the layers in NumPy; all of a window's largest cells get its gradient."""
    W3, b3, W2, b2, W1, b1, W0, b0 = (
        value.astype("float64") for value in load_stage("best").values
    )
    patches_of = numpy.lib.stride_tricks.sliding_window_view
    maps = load_data("digits").test.images[192].reshape(1, 28, 28).astype("float64")
    layers = []
    for W, b in ((W0, b0), (W1, b1)):
        patches = patches_of(maps, (5, 5), axis=(1, 2))
        sums = numpy.einsum("mrcij,fmij->frc", patches, W[:, :, ::-1, ::-1])
        filters, rows, columns = sums.shape
        windows = sums.reshape(filters, rows // 2, 2, columns // 2, 2)
        largest = windows.max(axis=(2, 4), keepdims=True)
        maps = numpy.tanh(largest[:, :, 0, :, 0] + b[:, None, None])
        layers.append((W, windows > largest - 1e-9, maps))
    hidden = numpy.tanh(maps.ravel() @ W2 + b2)
    shares = oracles.softmax((hidden @ W3 + b3)[None])[0]
    slope = W3 @ (shares[1] * ((numpy.arange(10) == 1) - shares)) * (1 - hidden**2)
    slope = (W2 @ slope).reshape(maps.shape)
    for W, ties, outputs in reversed(layers):
        slope = (slope * (1 - outputs**2))[:, :, None, :, None] * ties
        filters, rows, _, columns, _ = slope.shape
        slope = slope.reshape(filters, 2 * rows, 2 * columns)
        padded = numpy.pad(slope, ((0, 0), (4, 4), (4, 4)))
        slope = numpy.einsum("frcij,fmij->mrc", patches_of(padded, (5, 5), axis=(1, 2)), W)
    found = numpy.asarray(my_gradient, dtype=float)
    return found.size == slope.size and numpy.allclose(found.ravel(), slope.ravel(), atol=1e-3)


IS_RIGHT = {
    "read_matrix": _is_most_mixed_up,
    "uncertainty": _knows_uncertainty,
    "left_or_right": _measures_shifts,
    "fool": _is_fooled,
    "occlude": _covers,
    "gradient": _is_gradient,
}
RIGHT = {
    "read_matrix": [
        "my_digits, my_count = (4, 9), 13",
        "my_digits, my_count = [9.0, 4.0], numpy.array([13])",
        "my_digits = numpy.array([4, 9])\nmy_count = counts[4, 9] + counts[9, 4]",
    ],
    "uncertainty": [
        "my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 2604",
        """\
import math

def my_uncertainty(error, n):
    return [math.sqrt(error - error**2) / math.sqrt(n)]

my_n = 2604.4""",
        "def my_uncertainty(error, n):\n    return numpy.sqrt([error * (1 - error) / n])\n"
        "my_n = next(n for n in range(1, 9999) if my_uncertainty(0.07, n)[0] <= 0.005)",
    ],
    "left_or_right": [
        "my_left, my_right = 0.29, 31 / 300",
        "my_left, my_right = 29, 10.33",
        "my_left, my_right = numpy.float32(0.29), [0.1033]",
        """\
shifted = [numpy.roll(image.reshape(28, 28), -2, axis=1) for image in images]
my_left = (network.predict(shifted) != labels).mean()
shifted = [numpy.roll(image.reshape(28, 28), 2, axis=1) for image in images]
my_right = (network.predict(shifted) != labels).mean()""",
    ],
    "fool": [
        "my_number, my_down, my_right = 3, 0, -3",
        "my_number, my_down, my_right = 190, 0, -1",
        "my_number, my_down, my_right = numpy.int64(100), 0.0, [2]",
        "my_number, my_down, my_right = 46, 2, 0",
        "my_number, my_down, my_right = 3, -3, -3",
    ],
    "occlude": [
        """\
def my_covered(picture, side):
    pictures = []
    for i in range(picture.shape[0] - side + 1):
        for j in range(picture.shape[1] - side + 1):
            copy = picture.copy()
            copy[i : i + side, j : j + side] = 0
            pictures.append(copy)
    return pictures""",
        """\
def my_covered(picture, side):
    r, c = numpy.indices(picture.shape)
    return numpy.stack([
        picture * ~((i <= r) & (r < i + side) & (j <= c) & (c < j + side))
        for i, j in numpy.ndindex(len(picture) - side + 1, picture.shape[1] - side + 1)
    ])""",
    ],
    "gradient": [
        "p = network.layer3.p_y_given_x[:, 1].sum()\n"
        "my_gradient = theano.grad(p, network.x).eval({network.x: images[192:193]})",
        "p = network.layer3.p_y_given_x * numpy.eye(10, dtype='float32')[1]\n"
        "slope = theano.grad(p.sum(), wrt=[network.x])[0]\n"
        "my_gradient = slope.eval({network.x: images[192:193]})[0].tolist()",
        """\
p = network.layer3.p_y_given_x[0, 1]
slopes = theano.function([network.x], [p, theano.grad(theano.tensor.log(p), network.x)])
share, of_log = slopes(images[192][None])
my_gradient = (share * of_log).reshape(28, 28)""",
    ],
}
WRONG = {
    "read_matrix": [
        ("my_digits, my_count = (4, 9), 8", "one direction"),
        ("my_digits, my_count = (9, 4), 5", "one direction"),
        ("my_digits, my_count = (4, 9), 14", "don't add up to 14"),
        ("my_digits, my_count = (5, 3), 9", "5 and 3 are mixed up 9 times"),
        ("my_digits, my_count = (1, 1), 1126", "on the diagonal"),
        ("my_digits, my_count = (4, 10), 13", "4 and 10"),
        ("my_digits, my_count = (-1, 4), 13", "-1 and 4"),
        ("my_digits, my_count = (4, 9, 7), 13", "yours: 3"),
        ("my_digits, my_count = (4, 9), counts", "(10, 10)"),
        ('my_digits, my_count = "4, 9", 13', "text"),
        ("my_digits, my_count = (4, 9), 12.5", "whole"),
        ("my_digits, my_count = None, 13", "can't be read"),
    ],
    "uncertainty": [
        ("my_uncertainty, my_n = lambda e, n: e * (1 - e) / n, 2604", "square root is missing"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e)) ** 0.5 / n, 2604", "under the square"),
        ("my_uncertainty, my_n = lambda e, n: 100 * (e * (1 - e) / n) ** 0.5, 2604", "per cent"),
        ("my_uncertainty, my_n = lambda e, n: (e / n) ** 0.5, 2604", "(1 - error)"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 + e) / n) ** 0.5, 2604", "would be right"),
        ("my_uncertainty, my_n = 0.015, 2604", "no function"),
        ("def my_uncertainty(error, n):\n    n / 0\nmy_n = 2604", "ZeroDivisionError"),
        ("def my_uncertainty(error, n):\n    error\nmy_n = 2604", "returned nothing"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 883", "dearer"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 300", "1.473 per cent"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 9000", "Fewer"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 0", "can't be read"),
        ("my_uncertainty, my_n = lambda e, n: (e * (1 - e) / n) ** 0.5, 'many'", "text"),
    ],
    "left_or_right": [
        ("my_left, my_right = 31 / 300, 0.29", "the other way round"),
        ("my_left, my_right = 0.07, 0.07", "where they were"),
        ("my_left, my_right = 0.2633, 0.1433", "after moving up"),
        ("my_left, my_right = 0.29, 0.1433", "after moving down"),
        ("my_left, my_right = 0.29, 0.29", "after moving to the left"),
        ("my_left, my_right = 50 / 300, 17 / 300", "one pixel to the left"),
        ("my_left, my_right = 0.29, 17 / 300", "one pixel to the right"),
        ("my_left, my_right = 0.71, 0.1033", "share of right answers"),
        ("my_left, my_right = -0.29, 0.1033", "between 0 and 1"),
        ("my_left, my_right = 0.5, 0.5", "my_left is 0.5"),
        ("my_left, my_right = [0.29, 0.1], 0.1", "(2,)"),
        ('my_left, my_right = "29 %", "10 %"', "text"),
        ("my_left, my_right = shift_map, network", "can't be read"),
    ],
    "fool": [
        ("my_number, my_down, my_right = 262, 0, 0", "which is wrong already"),
        ("my_number, my_down, my_right = 6, 0, 0", "still read as a 3"),
        ("my_number, my_down, my_right = 0, -3, -3", "read as an 8, which is wrong indeed"),
        ("my_number, my_down, my_right = 2, -3, 0", "with 70 % only"),
        ("my_number, my_down, my_right = 7, -3, 0", "moved 3 up, digit 7 hits"),
        ("my_number, my_down, my_right = 27, 3, 0", "hits the edge"),
        ("my_number, my_down, my_right = 300, 0, -3", "no digit 300"),
        ("my_number, my_down, my_right = -1, 0, -3", "no digit -1"),
        ("my_number, my_down, my_right = 3, 0, -9", "at most 3 pixels"),
        ("my_number, my_down, my_right = 3.5, 0, -3", "whole number"),
        ("my_number, my_down, my_right = 'three', 0, -3", "text"),
        ("my_number, my_down, my_right = [3, 28], 0, -3", "(2,)"),
        ("my_number, my_down, my_right = 3, None, -3", "can't be read"),
    ],
    "occlude": [
        (
            """\
def my_covered(picture, side):
    places = [n - side + 1 for n in picture.shape]
    pictures = []
    for i, j in numpy.ndindex(*places):
        picture[i : i + side, j : j + side] = 0
        pictures.append(picture)
    return pictures""",
            "a copy of its own",
        ),
        (
            """\
def my_covered(picture, side):
    places = [n - side + 1 for n in picture.shape]
    pictures = []
    for i, j in numpy.ndindex(*places):
        picture[i : i + side, j : j + side] = 0
        pictures.append(picture.copy())
    return pictures""",
            "start each from the whole picture again",
        ),
        (
            """\
def my_covered(picture, side):
    rows, columns = (n - side for n in picture.shape)
    copies = numpy.repeat(picture[None], rows * columns, axis=0)
    return copies * numpy.arange(len(copies))[:, None, None]""",
            "shape",
        ),
        (
            """\
def my_covered(picture, side):
    rows, columns = (n - side + 1 for n in picture.shape)
    copies = numpy.repeat(picture[None], rows * columns, axis=0)
    for number, (j, i) in enumerate(numpy.ndindex(columns, rows)):
        copies[number, i : i + side, j : j + side] = 0
    return copies""",
            "in cell",
        ),
        ("def my_covered(picture, side):\n    return 1 / 0", "return 1 / 0"),
        ("def my_covered(picture, side):\n    picture[0] = 0", "returned nothing"),
        ("def my_covered(picture, side):\n    while True:\n        pass", "never"),
        ("my_covered = images", "no function"),
        ("def my_covered(picture, side):\n    return picture", "shape"),
    ],
    "gradient": [
        (
            "p = network.layer3.p_y_given_x[0, 4]\n"
            "my_gradient = theano.grad(p, network.x).eval({network.x: images[192:193]})",
            "gradient of the 4's probability",
        ),
        (
            "p = network.layer3.p_y_given_x[0, 1]\n"
            "my_gradient = -theano.grad(p, network.x).eval({network.x: images[192:193]})",
            "wrong sign",
        ),
        (
            "p = theano.tensor.log(network.layer3.p_y_given_x[0, 1])\n"
            "my_gradient = theano.grad(p, network.x).eval({network.x: images[192:193]})",
            "logarithm",
        ),
        (
            "cost = theano.clone(network.cost, {network.y: numpy.array([1], dtype='int32')})\n"
            "my_gradient = theano.grad(cost, network.x).eval({network.x: images[192:193]})",
            "gradient of the cost",
        ),
        (
            "p = network.layer3.p_y_given_x[0, 1]\n"
            "my_gradient = theano.grad(p, network.x).eval({network.x: images[6:7]})",
            "theano.grad gives",
        ),
        ("my_gradient = images[192]", "theano.grad gives"),
        ("my_gradient = numpy.zeros((28, 28))", "theano.grad gives"),
        ("my_gradient = network.layer0.W.get_value()", "(20, 1, 5, 5)"),
        (
            "my_gradient = theano.grad(network.layer3.p_y_given_x[0, 1], network.x)",
            "still waits for its inputs",
        ),
        ("my_gradient = None", "can't be read"),
    ],
}
