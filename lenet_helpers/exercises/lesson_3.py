"""The exercises and predictions of lesson 3, on building LeNet."""

from lenet_helpers.design import LeNetDesign
from lenet_helpers.exercises import lesson_3_checks as checks
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.widgets.prediction import Prediction

TITLE, NOTEBOOK = "Building LeNet", "03_building_lenet.ipynb"

# The broken network as the lesson's cell writes it, a size a line.
BROKEN = "\n".join(
    ["broken = {", *(f'    "{name}": {sizes},' for name, sizes in checks.BROKEN.items()), "}"]
)

EXERCISES = (
    layer1_by_hand := Exercise(
        lesson=3,
        name="layer1_by_hand",
        title="Smaller filters for layer 1",
        tests="counts a convolution layer's parameters, and what it hands on",
        start="""\
my_parameters = ...
my_inputs = ...""",
        solution="""\
my_parameters = 50 * 20 * 3 * 3 + 50
my_inputs = 50 * 5 * 5""",
        hints=(
            "A filter of layer 1 sees all 20 maps of layer 0, and has one bias.",
            "The filter shape is (50, 20, 3, 3). And a filter of 3 fits into 12 cells at 10 "
            "places; then come windows of 2.",
            "Parameters: 50 filters of 20 x 3 x 3 weights, and 50 biases. Inputs: 50 maps, each "
            "of 10 / 2 by 10 / 2 cells.",
        ),
        checker=checks.check_layer1_by_hand,
        mistakes="They forget the 20 input maps, or the biases, or to pool.",
    ),
    follow_shapes := Exercise(
        lesson=3,
        name="follow_shapes",
        title="Follow an image of another size",
        tests="follows shapes through two convolution-pooling layers",
        start="my_sizes = ...  # four times (rows, columns)",
        solution="my_sizes = [(36, 29), (18, 14), (14, 10), (7, 5)]",
        hints=(
            "Rows and columns know nothing of each other: follow 40 first, then 33.",
            "A filter of 5 fits into n pixels at n - 5 + 1 places. Windows of 2 halve that, and "
            "an odd cell is dropped.",
            "Rows: 40 - 5 + 1 = 36, then 36 // 2 = 18, and the same two steps again from 18. "
            "Columns begin with 33 - 5 + 1 = 29, then 29 // 2.",
        ),
        checker=checks.check_follow_shapes,
        mistakes="They subtract 5 instead of 4, or round the odd side up.",
    ),
    count_parameters := Exercise(
        lesson=3,
        name="count_parameters",
        title="Count a whole network",
        tests="writes a function that counts all parameters of a LeNet",
        start="""\
def my_n_parameters(nkerns, side, n_hidden):
    return ...""",
        solution="""\
def my_n_parameters(nkerns, side, n_hidden):
    layer0 = nkerns[0] * side * side + nkerns[0]
    layer1 = nkerns[1] * nkerns[0] * side * side + nkerns[1]
    rows = ((28 - side + 1) // 2 - side + 1) // 2
    layer2 = nkerns[1] * rows * rows * n_hidden + n_hidden
    layer3 = n_hidden * 10 + 10
    return layer0 + layer1 + layer2 + layer3""",
        hints=(
            "Count each layer's weights and biases. Only layer 2 needs to know how large the maps "
            "are.",
            "Layer 0: nkerns[0] filters of 1 x side x side weights, and a bias each. Layer 1: "
            "nkerns[1] filters of nkerns[0] x side x side. Dense layers: inputs x units + units.",
            "After layer 0 the maps have (28 - side + 1) // 2 rows; the same step again gives the "
            "rows after layer 1. Layer 2 has nkerns[1] * rows * rows inputs.",
        ),
        checker=checks.check_count_parameters,
        mistakes="They write 4 x 4 cells into layer 2 for every filter size.",
    ),
    mend_network := Exercise(
        lesson=3,
        name="mend_network",
        title="Mend a network that breaks",
        tests="finds which sizes don't fit, and mends them with one number",
        start=f"{BROKEN}\nmy_sizes = ...",
        solution=f'{BROKEN}\nmy_sizes = broken | {{"poolsizes": ((2, 2), (2, 2))}}',
        hints=(
            "Follow the columns: 20 pixels, filters of 5, windows of 2, filters of 7, windows of "
            "3. Where is too little left?",
            "Layer 1's feature maps are only 2 columns wide, and its windows 3. Make the maps "
            "wider, or the windows narrower; there are at least five ways.",
            "Its windows may be 2 columns wide, or its filters 6, or the images 22: `my_sizes = "
            'broken | {"image_size": (28, ...)}`.',
        ),
        checker=checks.check_mend_network,
        mistakes="They change rows and columns, although only the columns are too few.",
    ),
    write_softmax := Exercise(
        lesson=3,
        name="write_softmax",
        title="A softmax for large sums",
        tests="writes softmax in NumPy, without overflow",
        start="""\
def my_softmax(sums):
    return ...""",
        solution="""\
def my_softmax(sums):
    powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)""",
        hints=(
            "`numpy.exp(sums)` takes all powers at once; `.sum(axis=1, keepdims=True)` adds up "
            "each row and keeps the result a column, so that it can divide.",
            "If all sums of a row are made smaller by the same c, numerator and denominator "
            "both become smaller by the factor exp(c), and p stays as it was.",
            "Subtract each row's largest sum first, sums.max(axis=1, keepdims=True): then the "
            "largest power is exp(0) = 1, and nothing overflows.",
        ),
        checker=checks.check_softmax,
        mistakes="They let exp overflow, or shift all rows by the largest sum of the whole array.",
    ),
    zero_gradients := Exercise(
        lesson=3,
        name="zero_gradients",
        title="When is a gradient zero?",
        tests="argues which gradients vanish when a layer's weights are zero",
        start="""\
my_first = ...  # before training
my_second = ...  # layer 2's weights zero instead of layer 3's""",
        solution="""\
my_first = [0, 1, 2]  # before training
my_second = [0, 1, 3]  # layer 2's weights zero instead of layer 3's""",
        hints=(
            "The gradient of a layer's W is the layer's input times the slope at its sums. So it "
            "is zero if either of the two is.",
            "To reach a layer below, the slope is multiplied by the weights of all layers above "
            "it. If one of these is all zeros, nothing arrives.",
            "First: what comes down through layer 3's zeros? Second: nothing comes down through "
            "layer 2's; and layer 3's input is tanh(0) = 0. Layer 2's own weights don't stop its "
            "own slope.",
        ),
        checker=checks.check_zero_gradients,
        mistakes="They think that a layer of zeros gets no gradient itself.",
    ),
)


def predict_most_parameters():
    """Ask which of LeNet's four layers has the most parameters."""
    return _predict_most(
        lambda layer: layer.n_parameters,
        "parameters. Each of its units has a weight for every number that comes in; a filter has "
        "few, and uses them everywhere.",
    )


def predict_most_work():
    """Ask in which of LeNet's four layers the most products are added up."""
    return _predict_most(
        lambda layer: layer.n_multiply_adds,
        "multiply-adds. Each of its weights is used at all places of its maps, and its filters "
        "see many maps.",
    )


def _predict_most(count, reason):
    """Ask which layer has the most of what `count` counts in a `LayerShape`."""

    def answer():
        counts = [count(layer) for layer in LeNetDesign().layers()]
        most = counts.index(max(counts))
        return most, f"It has {counts[most]:,} of {sum(counts):,} {reason}"

    return Prediction({f"layer {number}": number for number in range(4)}, answer)
