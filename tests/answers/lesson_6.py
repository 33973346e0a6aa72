"""Answers to lesson 6's exercises."""

import math
from itertools import product

import numpy


def _counts(my_multiply_adds):
    n = 0
    for _map, row, column in product(range(12), range(20), range(20)):
        if row + 3 <= 20 and column + 3 <= 20:
            n += 8 * 3 * 3
    return my_multiply_adds == n


def _is_intensity(my_intensity, my_limit):
    return math.isclose(my_intensity, 2.5, abs_tol=0.001) and my_limit.strip().lower() == "memory"


def _bounds(my_roofline):
    for intensity, peak, bandwidth in product(
        (0.01, 0.5, 1, 4, 30, 999), (2, 7e10), (0.3, 1, 9e9)
    ):
        # A second of computing, and a second of moving numbers: the first that is over ends it.
        limits = [peak, intensity * bandwidth]
        limits.sort()
        if not math.isclose(my_roofline(intensity, peak, bandwidth), limits[0], rel_tol=1e-6):
            return False
    return True


def _groups(my_lanes):
    for n_images, n_lanes in product(range(1, 70), range(1, 18)):
        groups, idle = 1, n_lanes
        for _ in range(n_images):
            if idle == 0:
                groups, idle = groups + 1, n_lanes
            idle -= 1
        if tuple(my_lanes(n_images, n_lanes)) != (groups, idle):
            return False
    return True


def _carries_back(my_spread):
    rng = numpy.random.RandomState(7)
    for _ in range(200):
        rows, columns = rng.randint(1, 6, 2)
        # Maps without ties, pooled by loops: each slope belongs to the cell that has the maximum.
        cells = rng.permutation(4 * rows * columns).reshape(2 * rows, 2 * columns)
        slopes = rng.randn(rows, columns)
        winners, right = numpy.zeros((rows, columns), int), numpy.zeros(cells.shape)
        for i, j in numpy.ndindex(rows, columns):
            window = cells[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            winners[i, j] = window.argmax()
            right[cells == window.max()] = slopes[i, j]
        found = numpy.asarray(my_spread(winners, slopes))
        if found.shape != right.shape or not numpy.allclose(found, right):
            return False
    return True


def _leaves_alone(my_fits):
    pairs = [*product((1, 2, 3, 4, 5), repeat=2)]
    for window, stride, padding in product(pairs, pairs, [*product((0, 1, 2), repeat=2)]):
        for ignore_border in (True, False):
            right = {*window, *stride} == {2} and not any(padding) and ignore_border
            if bool(my_fits(window, stride, padding, ignore_border)) != right:
                return False
    return True


IS_RIGHT = {
    "count_multiply_adds": _counts,
    "find_intensity": _is_intensity,
    "write_roofline": _bounds,
    "fill_lanes": _groups,
    "spread_slopes": _carries_back,
    "leave_alone": _leaves_alone,
}
RIGHT = {
    "count_multiply_adds": [
        "my_multiply_adds = work.convolution((1, 8, 20, 20), (12, 8, 3, 3)).operations // 2",
        "my_multiply_adds = numpy.float32(279936)",
        "my_multiply_adds = sum(8 * 3 * 3 for cell in range(12 * (20 - 3 + 1) ** 2))",
    ],
    "find_intensity": [
        'my_intensity = work.Work(20, 8).intensity\nmy_limit = "Memory"',
        'my_intensity = numpy.array([2.5])\nmy_limit = " memory "',
        'my_intensity = 2.5\nmy_limit = "memory" if my_intensity < 120e9 / 30e9 else "arithmetic"',
    ],
    "write_roofline": [
        "my_roofline = lambda i, p, b: work.Machine(p, b).attainable(i)",
        "def my_roofline(intensity, peak, bandwidth):\n"
        "    return peak if intensity >= peak / bandwidth else intensity * bandwidth",
        "my_roofline = lambda i, p, b: numpy.minimum([p], numpy.array([i]) * b)",
        "def my_roofline(intensity, peak, bandwidth):\n"
        "    return 1 / max(1 / peak, 1 / intensity / bandwidth)",
    ],
    "fill_lanes": [
        "def my_lanes(n_images, n_lanes):\n"
        "    groups = int(numpy.ceil(n_images / n_lanes))\n"
        "    return [groups, n_lanes * groups - n_images]",
        "my_lanes = lambda n, lanes: numpy.array([(n + lanes - 1) // lanes, -n % lanes])",
        "def my_lanes(n_images, n_lanes):\n"
        "    groups, left = divmod(n_images, n_lanes)\n"
        "    return (groups + 1, n_lanes - left) if left else (groups, 0)",
    ],
    "spread_slopes": [
        """\
def my_spread(winners, slopes):
    gradient = numpy.zeros([2 * n for n in slopes.shape], "float32")
    for i in range(len(slopes)):
        for j in range(slopes.shape[1]):
            down, right = divmod(winners[i, j], 2)
            gradient[2 * i + down, 2 * j + right] = slopes[i, j]
    return gradient""",
        """\
def my_spread(winners, slopes):
    rows, columns = slopes.shape
    gradient = (winners[..., None] == range(4)) * slopes[..., None]
    gradient = gradient.reshape(rows, columns, 2, 2)
    return gradient.transpose(0, 2, 1, 3).reshape(2 * rows, 2 * columns).tolist()""",
        """\
def my_spread(winners, slopes):
    which = numpy.tile([[0, 1], [2, 3]], slopes.shape)
    winners, slopes = (numpy.kron(a, numpy.ones((2, 2))) for a in (winners, slopes))
    return numpy.where(which == winners, slopes, 0)""",
    ],
    "leave_alone": [
        "def my_fits(window, stride, padding, ignore_border):\n"
        "    return window == (2, 2) and stride == (2, 2) and sum(padding) == 0 and ignore_border",
        "my_fits = lambda *all: all == ((2, 2), (2, 2), (0, 0), True)",
        "my_fits = lambda w, s, p, b: numpy.array_equal([w, s, p], [(2, 2), (2, 2), (0, 0)]) & b",
        "def my_fits(window, stride, padding, ignore_border):\n"
        "    if not ignore_border or padding != (0, 0):\n"
        "        return 0\n"
        "    return {*window, *stride} == {2}",
    ],
}
WRONG = {
    "count_multiply_adds": [
        ("my_multiply_adds = 2 * 12 * 18 * 18 * 8 * 3 * 3", "counts once"),
        ("my_multiply_adds = 12 * 18 * 18 * 3 * 3", "input maps"),
        ("my_multiply_adds = 12 * 18 * 18 * 8", "9 weights"),
        ("my_multiply_adds = 18 * 18 * 8 * 3 * 3", "12 such maps"),
        ("my_multiply_adds = 12 * 8 * 3 * 3", "many cells"),
        ("my_multiply_adds = 12 * 20 * 20 * 8 * 3 * 3", "345,600 is too many: the maps"),
        ("my_multiply_adds = 279_935", "too few"),
        ("my_multiply_adds = -1", "too few"),
        ("my_multiply_adds = 0.5", "0.5"),
        ('my_multiply_adds = "279936"', "text"),
        ("my_multiply_adds = [1, 2]", "(2,)"),
        ("my_multiply_adds = None", "can't be read"),
    ],
    "find_intensity": [
        ('my_intensity = 5\nmy_limit = "arithmetic"', "reads one number and writes one"),
        ('my_intensity = 0.4\nmy_limit = "memory"', "for each operation"),
        ('my_intensity = 20\nmy_limit = "memory"', "for each number"),
        ('my_intensity = 10\nmy_limit = "memory"', "more than one byte"),
        ('my_intensity = 7\nmy_limit = "memory"', "7 is not"),
        ('my_intensity = 2.5\nmy_limit = "arithmetic"', "ridge"),
        ('my_intensity = 2.5\nmy_limit = "bytes"', '"memory", "arithmetic"'),
        ("my_intensity = 2.5\nmy_limit = 4", "arithmetic"),
        ('my_intensity = "2.5"\nmy_limit = "memory"', "text"),
    ],
    "write_roofline": [
        ("my_roofline = 120e9", "no function"),
        ("my_roofline = lambda i, p, b: max(p, i * b)", "enough for only"),
        ("my_roofline = lambda i, p, b: i * b", "no program is faster"),
        ("my_roofline = lambda i, p, b: p", "enough for only"),
        ("my_roofline = lambda i, p, b: min(p, i / b)", "would be right"),
        ("my_roofline = lambda i, p, b: -1", "would be right"),
        ("my_roofline = lambda i, p, b: 'fast'", "text"),
        ("my_roofline = lambda i, p, b: (p, i * b)", "(2,)"),
        ("my_roofline = lambda i: i", "TypeError"),
        ("def my_roofline(i, p, b):\n    min(p, i * b)", "returned nothing"),
        ("def my_roofline(i, p, b):\n    while True:\n        pass", "never"),
    ],
    "fill_lanes": [
        ("my_lanes = (32, 12)", "no function"),
        ("my_lanes = lambda n, lanes: (n // lanes, n % lanes)", "no place for 500"),
        ("my_lanes = lambda n, lanes: (n // lanes + 1, -n % lanes)", "fewer groups"),
        ("my_lanes = lambda n, lanes: (-(-n // lanes), n % lanes)", "how many do not?"),
        ("my_lanes = lambda n, lanes: -(-n // lanes)", "2"),
        ("my_lanes = lambda n, lanes: (n / lanes, 0)", "31.25"),
        ("my_lanes = lambda n, lanes: ('32', '12')", "can't be read"),
        ("def my_lanes(n, lanes):\n    return n / none", "return n / none"),
    ],
    "spread_slopes": [
        ("my_spread = 0", "no function"),
        ("my_spread = lambda winners, slopes: slopes", "shape"),
        ("my_spread = lambda w, s: numpy.kron(s, numpy.ones((2, 2)))", "would be right"),
        (
            """\
def my_spread(winners, slopes):
    rows, columns = numpy.indices(slopes.shape)
    gradient = numpy.empty((2 * slopes.shape[0], 2 * slopes.shape[1]))
    gradient[2 * rows + winners // 2, 2 * columns + winners % 2] = slopes
    return gradient""",
            "would be right",
        ),
        (
            """\
def my_spread(winners, slopes):
    gradient = numpy.zeros((2 * len(slopes), 2 * slopes.shape[1]))
    for i, j in numpy.ndindex(slopes.shape):
        gradient[2 * i + winners[i, j] % 2, 2 * j + winners[i, j] // 2] = slopes[i, j]
    return gradient""",
            "would be right",
        ),
        (
            """\
def my_spread(winners, slopes):
    gradient = numpy.zeros((2 * len(slopes), 2 * slopes.shape[1]))
    for i, j in numpy.ndindex(slopes.shape):
        gradient[i + winners[i, j] // 2, j + winners[i, j] % 2] = slopes[i, j]
    return gradient""",
            "would be right",
        ),
        ("def my_spread(winners, slopes):\n    winners[:] = 9", "returned nothing"),
        ("def my_spread(winners, slopes):\n    return slopes[99]", "return slopes[99]"),
        ("my_spread = lambda w, s: numpy.full((2 * len(w), 2), numpy.nan)", "NaN"),
    ],
    "leave_alone": [
        ("my_fits = True", "no function"),
        ("my_fits = lambda w, s, p, b: w == (2, 2)", "gives True"),
        ("my_fits = lambda w, s, p, b: w == (2, 2) and s == (2, 2) and b", "padding"),
        ("my_fits = lambda w, s, p, b: w == (2, 2) and p == (0, 0) and b", "side by side"),
        ("my_fits = lambda w, s, p, b: s == (2, 2) and p == (0, 0) and b", "2 x 2 cells only"),
        ("my_fits = lambda w, s, p, b: (w, s, p) == ((2, 2), (2, 2), (0, 0))", "not whole"),
        ("my_fits = lambda w, s, p, b: (w, s, p) == ([2, 2], [2, 2], [0, 0])", "gives False"),
        ("my_fits = lambda w, s, p, b: False", "what the op was written for"),
        ("my_fits = lambda w, s, p, b: 'yes'", "True nor False"),
        ("my_fits = lambda w: True", "TypeError"),
        ("def my_fits(w, s, p, b):\n    w == (2, 2)", "returned nothing"),
    ],
}
