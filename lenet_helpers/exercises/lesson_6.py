"""The exercises and predictions of lesson 6, on how the course was made fast."""

from itertools import product
from math import prod

from lenet_helpers import shapes, work
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "How it was made fast", "06_how_it_was_made_fast.ipynb"

# The layer of the first exercise; the machine, and the tanh of one number, of the second.
IMAGE_SHAPE, FILTER_SHAPE = (1, 8, 20, 20), (12, 8, 3, 3)
MACHINE, TANH = work.Machine(peak=120e9, bandwidth=30e9), work.Work(operations=20, n_bytes=8)
MEMORY, ARITHMETIC = "memory", "arithmetic"


def _check_multiply_adds(my_multiply_adds):
    right = work.convolution(IMAGE_SHAPE, FILTER_SHAPE).operations // 2
    found = answers.whole_number(my_multiply_adds)
    n_maps, weights = FILTER_SHAPE[1], prod(FILTER_SHAPE[2:])
    side, cells = IMAGE_SHAPE[2], right // prod(FILTER_SHAPE)
    reasons = {
        2 * right: "here a multiply-add counts once, as in the lesson's table",
        right // n_maps: f"each cell sums over all {n_maps} input maps",
        right // weights: f"a cell needs {weights} weights of each input map",
        right // cells: "each map has many cells, and each needs its multiply-adds",
        right // FILTER_SHAPE[0]: f"there are {FILTER_SHAPE[0]} such maps",
        right // cells * side**2: f"the maps are smaller than the images of {side} x {side}",
    }
    if found != right:
        more = "too many" if found > right else "too few"
        reason = reasons.get(found, "count the cells of all maps, and the weights that each needs")
        raise Wrong(f"{found:,} is {more}: {reason}.")
    return f"{found:,} for one image; training it takes up to three times as many."


def _check_intensity(my_intensity, my_limit):
    found = answers.number(my_intensity)
    limit = answers.text(my_limit, (MEMORY, ARITHMETIC))
    ridge = MACHINE.ridge
    if abs(found - TANH.intensity) > 1e-3:
        reasons = {
            2 * TANH.intensity: "tanh reads one number and writes one: count the bytes of both.",
            1 / TANH.intensity: "these are bytes for each operation.",
            TANH.operations: "these are operations for each number; how many bytes has it?",
            TANH.operations / 2: "a float32 has more than one byte.",
        }
        reason = reasons.get(found, "divide the operations by the bytes, for one number.")
        raise Wrong(f"{found:.4g} is not the intensity: {reason}")
    right = MEMORY if TANH.intensity < ridge else ARITHMETIC
    if limit != right:
        raise Wrong(
            f'your intensity is right, but "{limit}" is not the limit: on which side of the '
            f"ridge, peak / bandwidth, is {found:.4g}?"
        )
    return f"{found:.4g} operations for each byte, left of the ridge at {ridge:.4g}."


def _check_roofline(my_roofline):
    numbers = numpy.random.RandomState(6)
    cases = [(0.1, 100e9, 20e9), (50.0, 100e9, 20e9), (5.0, 100e9, 20e9), (2.0, 3.0, 1.0)]
    cases += [tuple(float(n) for n in numbers.uniform(1, 20, 3).round(2)) for _ in range(20)]
    for case in cases:
        found = answers.number(running.call(my_roofline, *case))
        intensity, peak, bandwidth = case
        told = f"{running.written(my_roofline, case)} gives {found:.4g}"
        if found > peak * (1 + 1e-6):
            raise Wrong(f"{told}, but no program is faster than the peak of {peak:.4g}.")
        if found > intensity * bandwidth * (1 + 1e-6):
            raise Wrong(
                f"{told}, but {bandwidth:.4g} bytes a second are enough for only "
                f"{intensity * bandwidth:.4g} operations."
            )
    running.compare(my_roofline, lambda *case: work.Machine(*case[1:]).attainable(case[0]), cases)
    return "a slope up to the ridge, and a flat roof behind it."


def _in_lanes(n_images, n_lanes):
    groups = [range(n_images)[first : first + n_lanes] for first in range(0, n_images, n_lanes)]
    return len(groups), sum(n_lanes - len(group) for group in groups)


def _check_lanes(my_lanes):
    cases = [(500, 16), (48, 16), (1, 16), (17, 16), (16, 16), (500, 8)]
    cases += product((1, 5, 20, 100, 600), (4, 7, 16))
    for case in cases:
        found = answers.whole_numbers(running.call(my_lanes, *case), 2)
        told = f"{running.written(my_lanes, case)} gives {found}"
        (groups, idle), (n_images, n_lanes) = found, case
        if groups * n_lanes < n_images:
            raise Wrong(f"{told}, but {groups} groups have no place for {n_images} images.")
        if groups != _in_lanes(*case)[0]:
            raise Wrong(f"{told}, but fewer groups have a place for all {n_images} images.")
        if groups * n_lanes - idle != n_images:
            raise Wrong(
                f"{told}, but of {groups} x {n_lanes} lanes, {n_images} hold an image: "
                f"how many do not?"
            )
    return "500 images fill 31 groups of 16, and the 32nd has 12 idle lanes."


def _spread(winners, slopes):
    """Carry slopes back by plain loops, for the checker."""
    gradient = numpy.zeros((2 * len(winners), 2 * winners.shape[1]))
    for row, column in numpy.ndindex(*winners.shape):
        down, right = divmod(winners[row, column], 2)
        gradient[2 * row + down, 2 * column + right] = slopes[row, column]
    return gradient


def _check_spread(my_spread):
    numbers = numpy.random.RandomState(6)
    # First what tells the cell to the right from the one below.
    cases = [(numpy.array([[winner]]), numpy.array([[1.5]])) for winner in (1, 2, 3, 0)]
    for size in ((1, 2), (2, 1), (2, 2), (4, 4), (3, 5), (12, 12)):
        cases.append((numbers.randint(0, 4, size), numbers.randint(1, 9, size) - 4.5))
    running.compare(my_spread, _spread, cases)
    return "one cell in four gets a slope; nobody has to multiply by the other three."


def _check_fits(my_fits):
    sizes = [(2, 2), (1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (3, 3), (4, 4)]
    paddings = [(0, 0), (0, 1), (1, 0), (1, 1)]
    fitting = ((2, 2), (2, 2), (0, 0), True)
    # What differs in one place comes first: its message says which test is missing.
    every = sorted(
        product(sizes, sizes, paddings, (True, False)),
        key=lambda case: sum(a != b for a, b in zip(case, fitting, strict=True)),
    )
    for case in every:
        result = running.call(my_fits, *case)
        found = answers.yes_or_no(bool(result) if isinstance(result, int) else result)
        if found == (case == fitting):
            continue
        called = running.written(my_fits, case)
        if case == fitting:
            raise Wrong(f"{called} gives False, but that is what the op was written for.")
        raise Wrong(f"{called} gives True, but {_why_not(*case)}.")
    return f"of {len(every)} settings it takes the only one that the op can do."


def _why_not(window, stride, padding, ignore_border):
    if window != (2, 2):
        return "the op looks at windows of 2 x 2 cells only"
    if stride != (2, 2):
        return "the op's windows lie side by side: two cells on"
    if padding != (0, 0):
        return "with padding the first window does not begin at the first cell"
    return "at an odd border there would be windows that are not whole"


EXERCISES = (
    count_multiply_adds := Exercise(
        lesson=6,
        name="count_multiply_adds",
        title="Count multiply-adds",
        tests="counts the multiply-adds of a convolution layer",
        start="my_multiply_adds = ...",
        solution="my_multiply_adds = (12 * 18 * 18) * (8 * 3 * 3)",
        hints=(
            "How many rows and columns has a map, if filters of 3 x 3 lie wholly inside 20 x 20?",
            "Multiply the cells of all maps by the weights that each cell needs: n · r · c and "
            "m · p · q, as in section 1.",
            "There are 12 maps of 18 x 18 cells, and each cell needs 8 · 3 · 3 weights.",
        ),
        checker=_check_multiply_adds,
        mistakes="They take 20 x 20 cells for a map, or leave out the 8 input maps.",
    ),
    find_intensity := Exercise(
        lesson=6,
        name="find_intensity",
        title="Operations for each byte",
        tests="finds an arithmetic intensity, and compares it with a ridge",
        start="my_intensity = ...\nmy_limit = ...",
        solution='my_intensity = 20 / (4 + 4)\nmy_limit = "memory"',
        hints=(
            "Take a single number: what is done with it, and what goes to and from memory?",
            "It is read and it is written, 4 bytes each time. The ridge is at peak / bandwidth.",
            "20 operations for 8 bytes; the ridge is at 120 / 30. Below the ridge memory is the "
            "limit, above it arithmetic.",
        ),
        checker=_check_intensity,
        mistakes="They count the bytes that are read, and forget those that are written.",
    ),
    write_roofline := Exercise(
        lesson=6,
        name="write_roofline",
        title="Write the roofline",
        tests="writes the bound on speed that peak and bandwidth set",
        start="""\
def my_roofline(intensity, peak, bandwidth):
    return ...""",
        solution="""\
def my_roofline(intensity, peak, bandwidth):
    by_memory = intensity * bandwidth
    return min(peak, by_memory)""",
        hints=(
            "Section 3 has it as a formula.",
            "Memory brings `bandwidth` bytes a second, and with each come `intensity` operations. "
            "How many operations a second is that?",
            "The slower of the two decides: the smaller of peak and intensity * bandwidth.",
        ),
        checker=_check_roofline,
        mistakes="They take the larger of the two, or divide by the bandwidth.",
    ),
    fill_lanes := Exercise(
        lesson=6,
        name="fill_lanes",
        title="Fill the lanes",
        tests="counts groups of lanes, and those that are idle, by rounding up",
        start="""\
def my_lanes(n_images, n_lanes):
    return ...""",
        solution="""\
def my_lanes(n_images, n_lanes):
    groups = -(-n_images // n_lanes)
    return groups, groups * n_lanes - n_images""",
        hints=(
            "What is left over after whole groups needs a group of its own. When is nothing left?",
            "The number of groups is n_images / n_lanes, rounded up; numpy.ceil(a / b) or "
            "-(-a // b) do it. Then compare all lanes with the images.",
            "Idle are groups * n_lanes - n_images. Return both: (groups, idle).",
        ),
        checker=_check_lanes,
        mistakes="They add one to n // lanes, and have a group too many if nothing is left over.",
    ),
    spread_slopes := Exercise(
        lesson=6,
        name="spread_slopes",
        title="Slopes to the winners only",
        tests="writes the gradient of max-pooling from the winners, in NumPy",
        start="""\
def my_spread(winners, slopes):
    return ...""",
        solution="""\
def my_spread(winners, slopes):
    rows, columns = numpy.indices(slopes.shape)
    gradient = numpy.zeros((2 * slopes.shape[0], 2 * slopes.shape[1]))
    gradient[2 * rows + winners // 2, 2 * columns + winners % 2] = slopes
    return gradient""",
        hints=(
            "Begin with zeros, twice as high and twice as wide as `slopes`. Two loops over the "
            "windows are a good start.",
            "Window [i, j] begins in row 2 * i and column 2 * j. From there the winner is winners "
            "// 2 rows down and winners % 2 columns to the right.",
            "In a loop: gradient[2 * i + winners[i, j] // 2, 2 * j + winners[i, j] % 2] = "
            "slopes[i, j].",
        ),
        checker=_check_spread,
        mistakes="They take winner 1 for the cell below instead of the one to the right.",
    ),
    leave_alone := Exercise(
        lesson=6,
        name="leave_alone",
        title="What a rewrite must leave alone",
        tests="mends a rewrite's condition that exchanges too much",
        start="""\
def my_fits(window, stride, padding, ignore_border):
    return window == (2, 2) and ...""",
        solution="""\
def my_fits(window, stride, padding, ignore_border):
    sizes = [window, stride, padding]
    return sizes == [(2, 2), (2, 2), (0, 0)] and ignore_border""",
        hints=(
            "Go through the four settings: what does the op rely on in each of them?",
            "Its windows lie side by side, the first one begins at the first cell, and none is "
            "cut off at the border.",
            "So window and stride must be (2, 2), padding (0, 0), and ignore_border True.",
        ),
        checker=_check_fits,
        mistakes="They forget the stride: windows of 2 x 2 may overlap.",
    ),
)


def predict_fusion(machine):
    """Ask which layer gains most on a machine if convolution, pooling, bias and tanh are one op.

    Parameters
    ----------
    machine : lenet_helpers.work.Machine
        The machine, as `profiling.measure_machine` finds it.
    """
    choices = {
        f"{p} x {p}, {n_maps} map{'s' if n_maps > 1 else ''}": (p, n_maps)
        for p, n_maps in product((1, 5), (1, 20))
    }

    def answer():
        gains = {name: _gain(machine, *layer) for name, layer in choices.items()}
        best = max(gains, key=gains.get)
        others = "; ".join(f"{name}: {gain:.3g}" for name, gain in gains.items() if name != best)
        return (
            choices[best],
            f"Up to {gains[best]:.3g} times as fast: it computes least for each number "
            f"that it moves, so memory is its limit, and one op moves fewer. Others: {others}.",
        )

    return Prediction(choices, answer)


def _gain(machine, filter_side, n_maps):
    """Return how many times as fast layer 0 can be in one op, with other filters and maps."""
    images, filters = (100, n_maps, 28, 28), (20, n_maps, filter_side, filter_side)
    maps = shapes.conv_output_shape(images, filters)
    pooled = shapes.pool_output_shape(maps, (2, 2), ignore_border=True)
    apart = work.convolution(images, filters), work.max_pooling(maps, (2, 2))
    seconds = sum(map(machine.least_seconds, [*apart, work.bias_tanh(pooled)]))
    return seconds / machine.least_seconds(work.conv_pool(images, filters, (2, 2)))
