"""The checkers of lesson 3's exercises, on building LeNet."""

from dataclasses import asdict

from lenet_helpers.design import LeNetDesign
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Unanswered, Wrong
from lenet_helpers.layers import HiddenLayer, LogisticRegression

import numpy
import theano
from theano import tensor as T

SMALL_FILTERS = ((5, 5), (3, 3))
OTHER_IMAGE = (40, 33)
BROKEN = {
    "image_size": (28, 20),
    "filter_shapes": ((5, 5), (5, 7)),
    "poolsizes": ((2, 2), (2, 3)),
}
LARGE_SUMS = ((0.0, 1.0), (1000.0, 1001.0))


def check_layer1_by_hand(my_parameters, my_inputs):
    """Check layer 1's parameters with 3 x 3 filters, and the numbers that layer 2 then gets."""
    layer1, layer2 = LeNetDesign(filter_shapes=SMALL_FILTERS).layers()[1:3]
    filters, maps, rows, columns = layer1.weight_shape
    n_weights, n_given = filters * maps * rows * columns, answers.whole_number(my_parameters)
    course = LeNetDesign().layers()
    reasons = {
        n_weights: "those are the weights; each filter has a bias, too.",
        filters * rows * columns + filters: f"each filter has weights for all of its {maps} maps.",
        filters * rows * columns: f"each filter has weights for all {maps} maps, and a bias.",
        n_weights + 1: f"there are {filters} biases, one for each filter.",
        n_weights + filters * maps: "a filter has one bias, however many maps it sees.",
        course[1].n_parameters: "that is layer 1 with filters of 5 x 5.",
    }
    if n_given != layer1.n_parameters:
        reason = reasons.get(
            n_given, f"count the {filters} filters' weights, {maps} maps deep, and their biases."
        )
        raise Wrong(f"you have {n_given:,} parameters: {reason}")
    n_given = answers.whole_number(my_inputs)
    n_right = layer2.weight_shape[0]
    (_, _, *cells), (_, _, *pooled) = (step.output_shape for step in layer1.steps)
    reasons = {
        filters * cells[0] * cells[1]: "those are the cells before pooling.",
        pooled[0] * pooled[1]: f"that is one map's; layer 1 has {filters} of them.",
        cells[0] * cells[1]: f"that is one map's before pooling; layer 1 has {filters} of them.",
        course[2].weight_shape[0]: "so many it is with filters of 5 x 5.",
    }
    if n_given != n_right:
        reason = reasons.get(
            n_given, "layer 1 gets maps of 12 x 12: convolve, pool, and count all maps' cells."
        )
        raise Wrong(f"your parameters are right, but you hand on {n_given:,} numbers: {reason}")
    more = layer2.n_parameters - course[2].n_parameters
    return (
        f"smaller filters save {course[1].n_parameters - n_weights - filters:,} parameters in "
        f"layer 1, but leave larger maps, for which layer 2 needs {more:,} more."
    )


def check_follow_shapes(my_sizes):
    """Check the sizes of the maps after each step for an image of another size."""
    found = answers.array(my_sizes)
    if found.shape == (8,):
        found = found.reshape(4, 2)
    found = answers.array(found, shape=(4, 2))
    design, size = LeNetDesign(image_size=OTHER_IMAGE), OTHER_IMAGE
    for layer in design.layers()[:2]:
        for step in layer.steps:
            right, given = step.output_shape[2:], tuple(float(n) for n in found[0])
            if given != right:
                where = (
                    f"after {layer.name}'s {step.name} of {size[0]} x {size[1]} you have "
                    f"{given[0]:g} x {given[1]:g}"
                )
                raise Wrong(f"{where}. {_reason(given, right, size, step.window)}")
            found, size = found[1:], right
    n_flat = design.layers()[2].weight_shape[0]
    return (
        f"the {design.nkerns[1]} maps of {size[0]} x {size[1]} hand {n_flat:,} numbers to layer "
        "2: of all the weights, only layer 2's get another shape."
    )


def _reason(given, right, size, window):
    if given == right[::-1]:
        return "Rows come first, then columns."
    is_pooling = window == (2, 2)
    if is_pooling and given == tuple(-(-n // 2) for n in size):
        return "With ignore_border=True a row or column that is left over is dropped."
    if is_pooling and given == tuple(n / 2 for n in size):
        return "There is no half cell: what is left over is dropped."
    if is_pooling and given == tuple(n - 1 for n in size):
        return "Windows of 2 x 2 lie side by side; they do not overlap."
    if not is_pooling and given == tuple(n - side for n, side in zip(size, window, strict=True)):
        return "Count the places of a filter: one of 5 fits into 5 pixels once, not 0 times."
    if not is_pooling and given == size:
        return "The filter stays inside of the map, so there are fewer places than pixels."
    if not is_pooling and min(n - m for n, m in zip(given, size, strict=True)) > 0:
        return "The border mode is 'valid': maps get smaller, not larger."
    if is_pooling:
        return "How many whole windows of 2 x 2 fit in?"
    return "At how many places does a filter of 5 x 5 fit?"


def check_count_parameters(my_n_parameters):
    """Check a function that counts a whole LeNet's parameters."""

    def counted(nkerns, side, n_hidden):
        return LeNetDesign(nkerns, ((side, side), (side, side)), n_hidden=n_hidden).n_parameters

    cases = [
        ((20, 50), 5, 500),
        ((1, 1), 5, 1),
        ((6, 16), 5, 120),
        ((2, 4), 3, 16),
        ((20, 50), 1, 10),
        ((3, 7), 9, 4),
        ((5, 2), 4, 30),
    ]
    running.compare(my_n_parameters, counted, cases, tolerance=0)
    smaller = counted((20, 50), 3, 500) - counted(*cases[0])
    return (
        f"{len(cases)} networks counted, the course's among them. With filters of 3 x 3 it has "
        f"{smaller:,} parameters more, since the hidden layer sees larger maps."
    )


def check_mend_network(my_sizes):
    """Check a design that was mended by changing one number."""
    if isinstance(my_sizes, LeNetDesign):
        given = my_sizes
    elif isinstance(my_sizes, dict):
        _refuse_dots(my_sizes.values())
        unknown = [name for name in my_sizes if name not in asdict(LeNetDesign())]
        if unknown:
            raise Wrong(
                f"LeNetDesign knows no {answers.short(unknown[0])}; keep the names of `broken`."
            )
        left_out = [name for name in BROKEN if name not in my_sizes]
        if left_out:
            raise Wrong(
                f"you left out {', '.join(left_out)}; what is left out is as in the course's "
                "LeNet, not as in `broken`. Write broken | {...}."
            )
        try:
            given = LeNetDesign(**my_sizes)
        except (TypeError, ValueError) as error:
            # The first sentence names what does not fit; the rest of it would be the answer.
            problem = str(error).partition(". ")[0].rstrip(".")
            raise Wrong(f"it does not work yet: {problem}.") from None
    else:
        raise Wrong(f"{answers.short(my_sizes)} is no design: write a dict as `broken` is one.")
    # The broken network itself can't be made, but its numbers can be compared.
    wanted = asdict(LeNetDesign()) | BROKEN
    changed = [
        f"{name} from {before} to {after}"
        for name, value in asdict(given).items()
        for before, after in zip(_flat(wanted[name]), _flat(value), strict=True)
        if before != after
    ]
    if len(changed) != 1:
        raise Wrong(
            f"it works, but you changed {len(changed)} numbers ({'; '.join(changed)}). One is "
            "enough."
        )
    rows, columns = given.layers()[1].output_shape[2:]
    return (
        f"you changed a number of {changed[0]}, and layer 1 ends with maps of {rows} x {columns}. "
        "It is not the only way."
    )


def _refuse_dots(values):
    """Raise `Unanswered` if `...` still stands somewhere in nested lists or tuples."""
    for value in values:
        if value is ...:
            raise Unanswered
        if isinstance(value, list | tuple):
            _refuse_dots(value)


def _flat(value):
    if isinstance(value, tuple):
        return [number for part in value for number in _flat(part)]
    return [value]


def check_softmax(my_softmax):
    """Check a softmax, also on sums whose exponential is larger than any float."""

    def softmax(sums):
        powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    rng = numpy.random.RandomState(4)
    small = [
        (numpy.array([[0.0, 0.0]]),),
        (numpy.array([[0.0, 1.0]]),),
        (numpy.log([[1.0, 2.0, 3.0], [4.0, 4.0, 2.0]]),),
        (rng.randn(5, 10),),
        (rng.randn(4, 4),),
    ]
    # The learner's own cell is not the place for NumPy's warnings: the verdict says it better.
    with numpy.errstate(all="ignore"):
        running.compare(my_softmax, softmax, small)
        large = numpy.array(LARGE_SUMS)
        found = running.call(my_softmax, large)
        if isinstance(found, list | tuple):
            found = numpy.array(found, dtype=float)
        if isinstance(found, numpy.ndarray) and found.shape == large.shape:
            is_bad = ~numpy.isfinite(found.astype(float)).all(axis=1)
            if is_bad.any():
                row = int(numpy.argmax(is_bad))
                raise Wrong(_why_not_finite(found, row))
        running.compare(my_softmax, softmax, [(large,), (-large,), (large * [1, -1],)])
    return "also where e to the power of a sum would overflow. Theano's softmax does the same."


def _why_not_finite(found, row):
    sums = [list(row) for row in LARGE_SUMS]
    where = f"small sums are right, but for {sums} row {row} of yours is {found[row].tolist()}"
    if row == 0:
        return f"{where}: the sums of the other row got into it. Shift each row by its own number."
    return (
        f"{where}. No float64 is as large as e to the power of {sums[row][-1]:g}. Which number "
        "may one subtract from all sums of a row without changing its probabilities?"
    )


def check_zero_gradients(my_first, my_second):
    """Check which layers' weights get no gradient, before training and with a layer of zeros."""
    first, second = _layer_numbers(my_first), _layer_numbers(my_second)
    _compare_layers("my_first", first, _largest_slopes(layer2_size=1.0, layer3_size=0.0))
    _compare_layers("my_second", second, _largest_slopes(layer2_size=0.0, layer3_size=1.0))
    return (
        "a slope is multiplied by each layer's weights on its way down, and at its goal by that "
        "layer's input. One layer of zeros learns in its first step, and the others follow; with "
        "both at zero neither would ever learn."
    )


def _layer_numbers(value):
    if isinstance(value, set | frozenset):
        value = list(value)
    numbers = set(answers.whole_numbers(value))
    unknown = numbers - {0, 1, 2, 3}
    if unknown:
        raise Wrong(f"there is no layer {min(unknown)}; the layers are 0, 1, 2 and 3.")
    return numbers


def _largest_slopes(layer2_size, layer3_size):
    """Return the largest |slope| that reaches each layer, of a small network's two last ones.

    What reaches layer 1's output goes on to the weights of layer 1 and layer 0: convolution and
    pooling stop nothing.
    """
    rng = numpy.random.RandomState(5)
    seen, labels = T.matrix("seen"), T.ivector("labels")
    layer2 = HiddenLayer(rng, seen, 6, 5)
    layer3 = LogisticRegression(layer2.output, 5, 4)
    for layer, size in ((layer2, layer2_size), (layer3, layer3_size)):
        weights = size * rng.randn(*layer.W.get_value().shape)
        layer.W.set_value(weights.astype(theano.config.floatX))
    grads = T.grad(layer3.negative_log_likelihood(labels), [seen, layer2.W, layer3.W])
    # Without C nothing waits for a compiler.
    slopes_of = theano.function([seen, labels], grads, mode=theano.Mode("py", optimizer=None))
    images = rng.rand(8, 6).astype(theano.config.floatX)
    slopes = slopes_of(images, numpy.arange(8, dtype="int32") % 4)
    below, at_layer2, at_layer3 = (float(abs(slope).max()) for slope in slopes)
    return below, below, at_layer2, at_layer3


def _compare_layers(name, given, slopes):
    for number, slope in enumerate(slopes):
        if number in given and slope > 0:
            raise Wrong(
                f"{name} has layer {number}, but its gradient is not zero: in a small network the "
                f"largest slope that comes there is {slope:.2g}."
            )
    if any(slope == 0 and number not in given for number, slope in enumerate(slopes)):
        written = sorted(given) if given else "an empty list"
        raise Wrong(
            f"{name} is {written}, but more gradients are zero. Each is its layer's "
            "input times the slope that reaches it: look at both."
        )
