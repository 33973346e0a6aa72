"""The checkers of lesson 5's exercises: what is right is asked of the course's own weights."""

import math
from functools import cache

from lenet_helpers import inspection
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.explorers.learned import FIRST_DIGIT, load_data_once
from lenet_helpers.explorers.shifts import shift_map
from lenet_helpers.pictures import DIGIT_SIDE
from lenet_helpers.trained import load_stage, shared_lenet

import numpy
import theano

WANTED_UNCERTAINTY = 0.005
# So many fewer may come from rounding on the way.
ROUNDED_DIGITS = 15
# An error as the page prints it, in per cent with two decimals, is as good as the fraction.
ROUNDING = 0.00006
SHIFT, LARGEST_SHIFT = 2, 3
SURE_BEFORE, SURE_AFTER = 0.99, 0.9
# A 1 that the network takes for a 4, though barely.
DOUBTFUL = 192
# A share of the largest number.
GRADIENT_ROUNDING = 0.002
STEP = 0.01


def ask(pictures):
    """Return the best network's probabilities for any number of pictures, (batch, 10)."""
    return inspection.probabilities(shared_lenet(), pictures)


def test_digits():
    """Return the course's test digits, (300, 28, 28), and their labels."""
    test = load_data_once().test
    return test.images.reshape(-1, DIGIT_SIDE, DIGIT_SIDE), test.labels


@cache
def error_after(down, right):
    """Return the error, a fraction, on the test digits moved by some pixels."""
    pictures, labels = test_digits()
    moved = [shift_map(picture, down, right) for picture in pictures]
    return float((ask(moved).argmax(axis=1) != labels).mean())


def check_matrix(my_digits, my_count):
    """Check the two digits that are mixed up most often on MNIST, and how often."""
    counts = load_stage("best").confusion
    both = numpy.triu(counts + counts.T, 1)
    a, b = answers.whole_numbers(my_digits, 2)
    found = answers.whole_number(my_count)
    if not {a, b} <= set(range(10)):
        raise Wrong(f"your digits are {a} and {b}; the matrix has those from 0 to 9.")
    if a == b:
        raise Wrong(
            f"counts[{a}, {a}] counts the {a}s that were read rightly: on the diagonal there are "
            "no mistakes."
        )
    mixed = both[min(a, b), max(a, b)]
    if mixed < both.max():
        raise Wrong(
            f"{a} and {b} are mixed up {mixed} times ({counts[a, b]} times {_a(a)} is read as "
            f"{_a(b)}, {counts[b, a]} times {_a(b)} as {_a(a)}); for another pair it is more."
        )
    if found in (counts[a, b], counts[b, a]) and found != mixed:
        raise Wrong(
            f"the digits are right, but {found} are the mistakes in one direction only; add the "
            "cell on the other side of the diagonal."
        )
    if found != mixed:
        raise Wrong(
            f"the digits are right, but counts[{a}, {b}] and counts[{b}, {a}] don't add up to "
            f"{found}."
        )
    n_wrong = counts.sum() - counts.trace()
    return (
        f"{mixed} of all {n_wrong} mistakes, {100 * mixed / n_wrong:.0f} %, are of this one pair, "
        "and there are 45 pairs."
    )


def _uncertainty(error, n):
    return math.sqrt(error * (1 - error) / n)


def check_uncertainty(my_uncertainty, my_n):
    """Check a function of an error and a number of digits, and the number that is enough."""
    found = answers.number(running.call(my_uncertainty, 0.2, 100))
    called = running.written(my_uncertainty, (0.2, 100))
    slips = {
        0.0016: "the square root is missing.",
        0.004: "the number of digits belongs under the square root, too.",
        4.0: "that is per cent; error and uncertainty are fractions here.",
        0.2 / 10: "the root holds error / n; the factor (1 - error) is missing.",
        math.sqrt(0.2 / 100): "the factor (1 - error) is missing under the root.",
    }
    for slip, name in slips.items():
        if math.isclose(found, slip, rel_tol=1e-6):
            raise Wrong(f"{called} gives {found:.4g}: {name}")
    cases = ((0.2, 100), (0.5, 4), (0.1, 9), (0.0092, 10_000), (0, 300), (1, 7))
    running.compare(my_uncertainty, _uncertainty, cases, tolerance=1e-9)
    _check_enough_digits(answers.number(my_n))
    return (
        f"{answers.number(my_n):,.0f}, about nine times these {len(test_digits()[1])}: a third of "
        "the uncertainty takes nine times as many digits."
    )


def _check_enough_digits(n):
    error, n_here = error_after(0, 0), len(test_digits()[1])
    enough = error * (1 - error) / WANTED_UNCERTAINTY**2
    # Nine times the digits is right as well: the error of 0.07 is rounded.
    if enough - ROUNDED_DIGITS <= n <= 9 * n_here:
        return
    if n <= 0:
        raise Wrong(f"the function is right, but {n:g} digits can't be read.")
    told = (
        f"the function is right, but with {n:g} digits it gives "
        f"{100 * _uncertainty(error, n):.3f} per cent for an error of {100 * error:.2f}; "
        f"{100 * WANTED_UNCERTAINTY:g} are asked for."
    )
    in_proportion = n_here * _uncertainty(error, n_here) / WANTED_UNCERTAINTY
    if abs(n - in_proportion) < 0.03 * in_proportion:
        told += " The root makes it dearer: for half the uncertainty it takes four times as many."
    elif n > enough:
        told += " Fewer are enough."
    raise Wrong(told)


def check_shifts(my_left, my_right):
    """Check the errors after moving all digits to the left, and to the right."""
    right = {"my_left": error_after(0, -SHIFT), "my_right": error_after(0, SHIFT)}
    found = {"my_left": answers.number(my_left), "my_right": answers.number(my_right)}
    if _same(found["my_left"], right["my_right"]) and _same(found["my_right"], right["my_left"]):
        raise Wrong(
            "both numbers are there, but the other way round: shift_map's last number counts "
            "pixels to the right, so -2 is to the left."
        )
    for name, value in found.items():
        if not _same(value, right[name]):
            raise Wrong(f"your {name} is {value:.4g}. {_other_shift(value)}")
    worst = max(right, key=right.get)
    return (
        f"moved to the left {100 * right['my_left']:.2f} %, to the right "
        f"{100 * right['my_right']:.2f} %. The {worst.removeprefix('my_')} is the harder side, so "
        "the network forgives shifts neither well nor evenly."
    )


def _same(found, error):
    """Tell whether a learner's number is an error, as a fraction or in per cent."""
    return min(abs(found - error), abs(found / 100 - error)) <= ROUNDING


def _other_shift(found):
    """Say which other shift gives an error, if one of those that slips lead to does."""
    slips = {
        (0, 0): "That is the error of digits that stand where they were.",
        (-SHIFT, 0): "That is the error after moving up: shift_map(image, down, right).",
        (SHIFT, 0): "That is the error after moving down: shift_map(image, down, right).",
        (0, -1): "That is the error after one pixel to the left; two are asked for.",
        (0, -3): "That is the error after three pixels to the left; two are asked for.",
        (0, 3): "That is the error after three pixels to the right; two are asked for.",
        (0, 1): "That is the error after one pixel to the right; two are asked for.",
        (0, -SHIFT): "That is the error after moving to the left.",
        (0, SHIFT): "That is the error after moving to the right.",
    }
    for shift, told in slips.items():
        if _same(found, error_after(*shift)):
            return told
        if _same(1 - found, error_after(*shift)):
            return "Is that the share of right answers? The error is the share of wrong ones."
    if not 0 <= found <= 100:
        return "An error lies between 0 and 1."
    return "Give all 300 moved digits to network.error at once, with their labels."


def check_fooled(my_number, my_down, my_right):
    """Check a digit that is read rightly where it stands, and wrongly where it was moved to."""
    number, down, right = map(answers.whole_number, (my_number, my_down, my_right))
    pictures, labels = test_digits()
    if not 0 <= number < len(labels):
        raise Wrong(f"there is no digit {number}; they count from 0 to {len(labels) - 1}.")
    if max(abs(down), abs(right)) > LARGEST_SHIFT:
        raise Wrong(
            f"you move it {_way(down, right)}; at most {LARGEST_SHIFT} pixels in each direction "
            "are allowed."
        )
    picture, label = pictures[number], labels[number]
    before, after = ask([picture, shift_map(picture, down, right)])
    read, misread = before.argmax(), after.argmax()
    stands = f"digit {number} is {_a(label)}, and where it stands it is read as {_a(read)}"
    if read != label:
        raise Wrong(f"{stands}, which is wrong already. Take one that is read rightly.")
    if before[read] <= SURE_BEFORE:
        raise Wrong(
            f"{stands} with {_percent(before[read])} only; more than {_percent(SURE_BEFORE)} are "
            "asked for."
        )
    moved = f"moved {_way(down, right)}, digit {number}"
    if not _stays_whole(picture, down, right):
        raise Wrong(
            f"{moved} hits the edge of the picture, and a part of its ink is lost or smeared. It "
            "must stay whole."
        )
    if misread == label:
        raise Wrong(f"{moved} is still read as {_a(label)}, with {_percent(after[label])}.")
    if after[misread] <= SURE_AFTER:
        raise Wrong(
            f"{moved} is read as {_a(misread)}, which is wrong indeed, but with "
            f"{_percent(after[misread])} only; more than {_percent(SURE_AFTER)} are asked for."
        )
    return (
        f"{stands} with {_percent(before[label])}. Moved {_way(down, right)} it is read as "
        f"{_a(misread)} with {_percent(after[misread])}, and to a person it is the same digit."
    )


def _way(down, right):
    """Say in words where a shift leads."""
    steps = []
    if down:
        steps.append(f"{abs(down)} {'up' if down < 0 else 'down'}")
    if right:
        steps.append(f"{abs(right)} to the {'left' if right < 0 else 'right'}")
    return " and ".join(steps) or "by nothing"


def _a(digit):
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _percent(share):
    # Rounded down: 99.99 % must not look like a certainty.
    return f"{math.floor(1000 * share) / 10:g} %"


def _stays_whole(picture, down, right):
    """Tell whether no ink leaves the picture, and none is repeated at the edge."""
    for axis, by in ((1, down), (0, right)):
        inked = numpy.flatnonzero(picture.any(axis=axis))
        first, last = inked[0], inked[-1]
        if (by > 0 and (first == 0 or last + by >= DIGIT_SIDE)) or (
            by < 0 and (last == DIGIT_SIDE - 1 or first + by < 0)
        ):
            return False
    return True


def _covered(picture, side):
    """All copies of a picture with a patch erased, for the checker."""
    places = [n - side + 1 for n in picture.shape]
    copies = []
    for row, column in numpy.ndindex(*places):
        copy = picture.copy()
        copy[row : row + side, column : column + side] = 0
        copies.append(copy)
    return numpy.array(copies)


def check_covered(my_covered):
    """Check a function that erases one patch after the other, each in a copy of its own."""
    small = numpy.arange(1.0, 7.0).reshape(2, 3)
    found = answers.array(running.call(my_covered, small, 1))
    if found.ndim == 3 and len(found) > 1 and (found == found[0]).all():
        raise Wrong(
            f"my_covered({small.tolist()}, 1) gives {len(found)} times the same picture; every "
            "patch needs a copy of its own."
        )
    if found.shape == (6, 2, 3) and not found[-1].any():
        raise Wrong(
            f"in the last picture of my_covered({small.tolist()}, 1) everything is erased: start "
            "each from the whole picture again."
        )
    rng = numpy.random.RandomState(5)
    cases = [(small, 1), (small, 2)]
    for _ in range(20):
        side = int(rng.randint(1, 5))
        cases.append((rng.rand(*rng.randint(side, 8, size=2)) + 0.5, side))
    running.compare(my_covered, _covered, cases)
    picture, label = (values[FIRST_DIGIT] for values in test_digits())
    right = ask([picture])[0, label]
    drops = [(right - ask(_covered(picture, side))[:, label]).max() for side in (1, 3, 5)]
    return (
        f"one call now asks for all places. For the {label} the largest drop is {drops[0]:.2f} "
        f"with a patch of 1 x 1, {drops[1]:.2f} with 3 x 3, and {drops[2]:.2f} with 5 x 5: what "
        "an occlusion map shows depends on its patch."
    )


@cache
def _gradient(right):
    """Return the gradient of a class's probability with respect to the doubtful digit's pixels."""
    network = shared_lenet()
    asked = theano.grad(network.layer3.p_y_given_x[0, right], network.x)
    picture = load_data_once().test.images[DOUBTFUL]
    return theano.function([network.x], asked)(picture[None])[0]


def check_gradient(my_gradient):
    """Check the gradient of the right digit's probability with respect to the picture."""
    pictures, labels = test_digits()
    picture, label = pictures[DOUBTFUL], labels[DOUBTFUL]
    found = answers.array(my_gradient)
    if found.size != picture.size:
        raise Wrong(
            f"yours has the shape {found.shape}; the picture has 28 x 28 pixels, and each of them "
            "needs its number."
        )
    found = found.reshape(-1)
    before = ask([picture])[0]
    _recognise_other_gradient(found, before, label)
    right = _gradient(int(label))
    off = abs(found - right)
    if off.max() > GRADIENT_ROUNDING * abs(right).max():
        row, column = divmod(int(off.argmax()), DIGIT_SIDE)
        raise Wrong(
            f"in row {row}, column {column} yours is {found[off.argmax()]:.4g}, and theano.grad "
            f"gives {right[off.argmax()]:.4g} for the probability of the {label}."
        )
    nudged = numpy.clip(picture + STEP * numpy.sign(right).reshape(picture.shape), 0, 1)
    after = ask([nudged])[0]
    return (
        f"a step of {STEP} along its signs changes no pixel by three grey levels of 255, and "
        f"lifts the {label} from {_percent(before[label])} to {_percent(after[label])}. Nobody "
        f"sees the change; the network now reads {_a(after.argmax())}."
    )


def _recognise_other_gradient(found, before, label):
    read = int(before.argmax())
    right = _gradient(int(label))
    wrong_answer = (
        f"that is the gradient of the {read}'s probability: it shows what speaks for the wrong "
        f"answer. Ask for the {label}."
    )
    logarithm = "that is the gradient of the probability's logarithm; ask for its own."
    cost = "that is the gradient of the cost; ask for the probability's own."
    slips = (
        (_gradient(read), wrong_answer),
        (-right, "it has the wrong sign."),
        (right / before[label], logarithm),
        (-right / before[label], cost),
    )
    for other, told in slips:
        if abs(found - other).max() < GRADIENT_ROUNDING * abs(other).max():
            raise Wrong(told)
