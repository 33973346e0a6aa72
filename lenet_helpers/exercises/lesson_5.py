"""The exercises and predictions of lesson 5, on what LeNet learned."""

from lenet_helpers import inspection
from lenet_helpers.exercises import lesson_5_checks as checks
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.explorers.learned import FIRST_DIGIT
from lenet_helpers.mistakes import most_frequent
from lenet_helpers.pictures import DIGIT_SIDE
from lenet_helpers.trained import load_stage, shared_lenet
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "What LeNet learned", "05_what_lenet_learned.ipynb"

EXERCISES = (
    read_matrix := Exercise(
        lesson=5,
        name="read_matrix",
        title="Read the confusion matrix",
        tests="reads both directions of a confusion off the matrix",
        start="""\
my_digits = ...
my_count = ...""",
        solution="""\
both = numpy.triu(counts + counts.T, 1)
my_digits = divmod(both.argmax(), 10)
my_count = both.max()""",
        hints=(
            "A row holds what a digit was read as, a column what was read as it. Leave out the "
            "diagonal: there are no mistakes.",
            "The pair a, b stands in two cells: counts[a, b] and counts[b, a]. Which two add up "
            "to the most?",
            "counts + counts.T adds each cell to its mirror image; numpy.triu(..., 1) keeps those "
            "above the diagonal. The largest one's row and column are the digits.",
        ),
        checker=checks.check_matrix,
        mistakes="They take the largest cell alone, and count one direction only.",
    ),
    uncertainty := Exercise(
        lesson=5,
        name="uncertainty",
        title="How many digits are enough?",
        tests="computes the uncertainty of an error, and the digits that a wanted one takes",
        start="""\
def my_uncertainty(error, n):
    return ...


my_n = ...""",
        solution="""\
def my_uncertainty(error, n):
    return numpy.sqrt(error * (1 - error) / n)


my_n = 0.07 * (1 - 0.07) / 0.005**2""",
        hints=(
            "The formula stands at the beginning of section 3, and the lesson's own cell computes "
            "it for 300 digits.",
            "For the number of digits, solve 0.005 = sqrt(error * (1 - error) / n) for n: square "
            "both sides first. The error is 0.07.",
            "n = error * (1 - error) / 0.005**2.",
        ),
        checker=checks.check_uncertainty,
        mistakes="They take the uncertainty to fall as 1 / n, and ask for three times the digits.",
    ),
    left_or_right := Exercise(
        lesson=5,
        name="left_or_right",
        title="Left or right?",
        tests="measures what a shift costs, and in which direction it costs more",
        start="""\
my_left = ...
my_right = ...""",
        solution="""\
pictures = images.reshape(-1, 28, 28)
my_left = network.error([shift_map(picture, 0, -2) for picture in pictures], labels)
my_right = network.error([shift_map(picture, 0, 2) for picture in pictures], labels)""",
        hints=(
            "The cell that moves the digits up needs two changes.",
            "shift_map takes the pixels down, and then those to the right; to the left is a "
            "negative number.",
            "my_right = network.error([shift_map(image.reshape(28, 28), 0, 2) for image in "
            "images], labels), and the same with -2.",
        ),
        checker=checks.check_shifts,
        mistakes="They swap down and right, or take negative numbers for the right.",
    ),
    fool := Exercise(
        lesson=5,
        name="fool",
        title="The digit that fools the network",
        tests="searches digits and shifts for one that turns a sure answer into a sure mistake",
        start="""\
my_number = ...
my_down, my_right = ..., ...""",
        solution="""\
my_down, my_right = 0, -3
shifted = [shift_map(image.reshape(28, 28), my_down, my_right) for image in images]
after = network.probabilities(shifted)
sure_before = (shares.argmax(axis=1) == labels) & (shares.max(axis=1) > 0.99)
fooled = (after.argmax(axis=1) != labels) & (after.max(axis=1) > 0.9)
my_number = numpy.flatnonzero(sure_before & fooled)[0]""",
        hints=(
            "Choose a shift by three pixels, such as 0 down and -3 to the right, and move all 300 "
            "digits at once, as the lesson does.",
            "network.probabilities(...) gives a row for each digit: argmax(axis=1) is the answer, "
            "max(axis=1) its probability. The lesson's array shares is the same before the shift.",
            "numpy.flatnonzero((shares.argmax(axis=1) == labels) & (shares.max(axis=1) > 0.99) & "
            "(after.argmax(axis=1) != labels) & (after.max(axis=1) > 0.9)) lists all that work.",
        ),
        checker=checks.check_fooled,
        mistakes="They take a digit that is read wrongly already, or one with a shaky answer.",
    ),
    occlude := Exercise(
        lesson=5,
        name="occlude",
        title="Occlusion in one call",
        tests="writes occlusion in NumPy for patches of any size",
        start="""\
def my_covered(picture, side):
    return ...""",
        solution="""\
def my_covered(picture, side):
    rows, columns = (n - side + 1 for n in picture.shape)
    copies = numpy.repeat(picture[None], rows * columns, axis=0)
    for number, (top, left) in enumerate(numpy.ndindex(rows, columns)):
        copies[number, top : top + side, left : left + side] = 0
    return copies""",
        hints=(
            "A patch of side rows finds n - side + 1 places among n rows. How many places are "
            "there in all?",
            "Every place needs a copy of the whole picture: numpy.repeat(picture[None], places, "
            "axis=0), or picture.copy() in a loop.",
            "Go through numpy.ndindex(rows, columns) and set copies[number, top : top + side, "
            "left : left + side] to 0.",
        ),
        checker=checks.check_covered,
        mistakes="They erase in one and the same array, or forget the last row of places.",
    ),
    gradient := Exercise(
        lesson=5,
        name="gradient",
        title="Ask every pixel at once",
        tests="takes the gradient of a probability with respect to the picture",
        start="""\
doubtful = images[192]
my_gradient = ...""",
        solution="""\
doubtful = images[192]
p = network.layer3.p_y_given_x[0, 1]
slopes = theano.function([network.x], theano.grad(p, network.x))
my_gradient = slopes(doubtful[None]).reshape(28, 28)""",
        hints=(
            "theano.grad(cost, wrt) differentiates any expression that is a single number, by any "
            "variable that it depends on; network.x is the pictures.",
            "The number is the first picture's probability of a 1: network.layer3.p_y_given_x[0, "
            "1]. Compile its gradient as section 1 compiles the layers' outputs.",
            "theano.function([network.x], theano.grad(network.layer3.p_y_given_x[0, 1], "
            "network.x)), called with doubtful[None], and then reshape(28, 28).",
        ),
        checker=checks.check_gradient,
        mistakes="They differentiate the cost or the answer that was given, not the probability.",
    ),
)


def predict_blank_paper():
    """Ask what the network says to paper on which nothing is drawn."""

    def answer():
        blank = numpy.zeros((1, DIGIT_SIDE, DIGIT_SIDE))
        shares = inspection.probabilities(shared_lenet(), blank)[0]
        digit, percent = shares.argmax(), 100 * shares.max()
        bounds = (11, 60, 95)
        return (
            sum(percent > bound for bound in bounds),
            f"It says {digit}, with {percent:.1f} %. The softmax shares out 100 % among ten "
            'digits, "none of them" is not among the answers, and nothing like blank paper was '
            "ever among its examples.",
        )

    sayings = ("every digit with 10 %", "a digit, unsure (below 60 %)", "a digit with 60 to 95 %")
    return Prediction(
        {text: number for number, text in enumerate((*sayings, "a digit, over 95 % sure"))}, answer
    )


def predict_changed_maps():
    """Ask which layer's maps of the lesson's digit change more from epoch 1 to the best."""

    def answer():
        picture = checks.test_digits()[0][FIRST_DIGIT]
        then, now = (
            inspection.activations(shared_lenet(stage), picture) for stage in ("epoch 1", "best")
        )
        changes = [
            float(abs(getattr(now, layer) - getattr(then, layer)).mean())
            for layer in ("layer0", "layer1")
        ]
        larger = max(changes)
        is_alike = larger - min(changes) < 0.1 * larger
        told = " and ".join(f"by {change:.2f} in layer {n}" for n, change in enumerate(changes))
        return (
            "alike" if is_alike else changes.index(larger),
            f"On average a cell changes {told}. Layer 1's filters moved less, but each of its "
            "maps is made of all 20 maps below, and inherits their changes.",
        )

    return Prediction(
        {"layer 0's maps": 0, "layer 1's maps": 1, "both much alike": "alike"}, answer
    )


def predict_confusion():
    """Ask for the most frequent confusion on MNIST after one epoch."""

    def answer():
        then, best = (load_stage(stage).confusion for stage in ("epoch 1", "best"))
        right, predicted, n = most_frequent(then)
        return (
            (right, predicted),
            f"The most frequent is {right} → {predicted}, {n} times; at its best the network does "
            f"it {best[right, predicted]} times. Training makes a mistake rarer, but what looks "
            "alike stays hard.",
        )

    pairs = ((1, 8), (3, 5), (4, 9), (7, 2))
    return Prediction({f"{right} → {answer}": (right, answer) for right, answer in pairs}, answer)
