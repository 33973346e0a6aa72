"""Answers to lesson 3's exercises."""

from functools import cache

from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import LeNet

import numpy
import theano
from scipy.special import softmax
from theano import tensor as T

# The lines before the answer, as the exercise's cell has them.
BROKEN = """\
broken = {
    "image_size": (28, 20),
    "filter_shapes": ((5, 5), (5, 7)),
    "poolsizes": ((2, 2), (2, 3)),
}
"""


def _is_layer1(my_parameters, my_inputs):
    # Counted on arrays.
    places = numpy.zeros((50, 12, 12))[:, 2:, 2:]
    pooled = places[:, ::2, ::2]
    n_parameters = numpy.zeros((50, 20, 3, 3)).size + numpy.zeros(50).size
    return (my_parameters, my_inputs) == (n_parameters, pooled.size)


def _are_sizes(my_sizes):
    picture, sizes = numpy.zeros((40, 33)), []
    for _ in range(2):
        picture = picture[4:, 4:]
        sizes.append(picture.shape)
        picture = picture[1::2, 1::2]
        sizes.append(picture.shape)
    return numpy.array_equal(numpy.reshape(my_sizes, (4, 2)), sizes)


def _counts_parameters(my_n_parameters):
    rng = numpy.random.RandomState(9)
    for _ in range(12):
        nkerns, n_hidden = tuple(int(n) for n in rng.randint(1, 12, size=2)), int(rng.randint(20))
        side = int(rng.randint(1, 9))
        # The entries of the network's own parameters.
        design = LeNetDesign(nkerns, ((side, side),) * 2, n_hidden=n_hidden + 1)
        right = sum(param.get_value().size for param in LeNet(design).params)
        if my_n_parameters(nkerns, side, n_hidden + 1) != right:
            return False
    return True


def _is_mended(my_sizes):
    names = {}
    exec(BROKEN, names)
    sizes = my_sizes if isinstance(my_sizes, dict) else vars(my_sizes)
    keys = ("image_size", "filter_shapes", "poolsizes")
    before = numpy.hstack([numpy.ravel(names["broken"][key]) for key in keys])
    after = numpy.hstack([numpy.ravel(sizes[key]) for key in keys])
    others = {name: sizes[name] for name in sizes if name not in keys}
    defaults = vars(LeNetDesign())
    n_changed = (before != after).sum() + sum(others[n] != defaults[n] for n in others)
    side = numpy.array(sizes["image_size"])
    for filter_shape, window in zip(sizes["filter_shapes"], sizes["poolsizes"], strict=True):
        side = (side - filter_shape + 1) // window
    return n_changed == 1 and after.min() >= 1 and side.min() >= 1


def _is_softmax(my_softmax):
    rng = numpy.random.RandomState(10)
    for size in (1, 10, 700, 10_000):
        sums = size * rng.randn(6, 6 + size % 3)
        sums[0] += 5000
        found = my_softmax(sums.copy())
        found = found.eval() if hasattr(found, "eval") else found
        if not numpy.allclose(found, softmax(sums, axis=1)):
            return False
    return True


@cache
def _without_gradient(of_layer2):
    """Return the layers of a whole LeNet whose W gets no gradient."""
    net = LeNet(LeNetDesign((2, 3), n_hidden=4, image_size=(16, 16)))
    if of_layer2:
        net.layer2.W.set_value(0 * net.layer2.W.get_value())
        net.layer3.W.set_value(net.layer3.W.get_value() + numpy.eye(4, 10, dtype="float32"))
    layers = (net.layer0, net.layer1, net.layer2, net.layer3)
    grads = T.grad(net.cost, [layer.W for layer in layers])
    images = numpy.random.RandomState(11).rand(6, 256).astype("float32")
    slopes = theano.function([net.x, net.y], grads)(images, numpy.arange(6, dtype="int32"))
    return {number for number, slope in enumerate(slopes) if not slope.any()}


def _vanish(my_first, my_second):
    return [set(my_first), set(my_second)] == [_without_gradient(False), _without_gradient(True)]


IS_RIGHT = {
    "layer1_by_hand": _is_layer1,
    "follow_shapes": _are_sizes,
    "count_parameters": _counts_parameters,
    "mend_network": _is_mended,
    "write_softmax": _is_softmax,
    "zero_gradients": _vanish,
}
RIGHT = {
    "layer1_by_hand": [
        "my_parameters, my_inputs = 9050, 1250",
        "my_parameters = numpy.array([9050.0])\nmy_inputs = numpy.int64(1250)",
        """\
layer1, layer2 = LeNetDesign(filter_shapes=((5, 5), (3, 3))).layers()[1:3]
my_parameters, my_inputs = layer1.n_parameters, layer2.weight_shape[0]""",
    ],
    "follow_shapes": [
        "my_sizes = ((36, 29), (18, 14), (14, 10), (7, 5))",
        "my_sizes = numpy.array([36, 29, 18, 14, 14, 10, 7, 5])",
        """\
layers = LeNetDesign(image_size=(40, 33)).layers()[:2]
my_sizes = [step.output_shape[2:] for layer in layers for step in layer.steps]""",
    ],
    "count_parameters": [
        """\
def my_n_parameters(nkerns, side, n_hidden):
    design = LeNetDesign(nkerns, ((side, side), (side, side)), n_hidden=n_hidden)
    return design.n_parameters""",
        """\
def my_n_parameters(nkerns, side, n_hidden):
    cells, maps, total = 28, 1, 0
    for filters in nkerns:
        total += filters * (maps * side**2 + 1)
        cells, maps = (cells - side + 1) // 2, filters
    for n_in, n_out in ((maps * cells**2, n_hidden), (n_hidden, 10)):
        total += (n_in + 1) * n_out
    return float(total)""",
    ],
    "mend_network": [
        BROKEN + 'my_sizes = broken | {"image_size": [28, 22]}',
        BROKEN + 'my_sizes = broken | {"image_size": (28, 33)}',
        BROKEN + 'my_sizes = broken | {"filter_shapes": ((5, 5), (5, 6))}',
        BROKEN + 'my_sizes = broken | {"filter_shapes": ((5, 3), (5, 7))}',
        BROKEN + 'my_sizes = broken | {"poolsizes": ((2, 1), (2, 3))}',
        BROKEN + 'my_sizes = broken | {"poolsizes": numpy.array([[2, 2], [2, 1]])}',
        BROKEN + 'my_sizes = LeNetDesign(**(broken | {"image_size": (28, 23)}))',
    ],
    "write_softmax": [
        "from scipy.special import softmax\nmy_softmax = lambda sums: softmax(sums, axis=1)",
        """\
def my_softmax(sums):
    rows = []
    for row in sums:
        powers = [numpy.exp(s - max(row)) for s in row]
        rows.append([power / sum(powers) for power in powers])
    return rows""",
        """\
def my_softmax(sums):
    with numpy.errstate(over="ignore"):
        return 1 / numpy.exp(sums[:, None, :] - sums[:, :, None]).sum(axis=2)""",
        "my_softmax = lambda sums: T.nnet.softmax(sums)",
    ],
    "zero_gradients": [
        "my_first, my_second = (2, 1, 0), (3, 0, 1)",
        "my_first, my_second = {0, 1, 2}, {0, 1, 3}",
        "my_first, my_second = range(3), numpy.array([0, 1, 3])",
    ],
}
WRONG = {
    "layer1_by_hand": [
        ("my_parameters, my_inputs = 9000, 1250", "9,000 parameters: those are the weights"),
        ("my_parameters, my_inputs = 500, 1250", "all of its 20 maps"),
        ("my_parameters, my_inputs = 450, 1250", "all 20 maps, and a bias"),
        ("my_parameters, my_inputs = 9001, 1250", "there are 50 biases"),
        ("my_parameters, my_inputs = 10000, 1250", "one bias, however many"),
        ("my_parameters, my_inputs = 25050, 1250", "filters of 5 x 5"),
        ("my_parameters, my_inputs = 12, 1250", "you have 12 parameters: count"),
        ("my_parameters, my_inputs = 9050, 5000", "before pooling"),
        ("my_parameters, my_inputs = 9050, 25", "layer 1 has 50 of them"),
        ("my_parameters, my_inputs = 9050, 100", "one map's before pooling"),
        ("my_parameters, my_inputs = 9050, 800", "you hand on 800 numbers: so many"),
        ("my_parameters, my_inputs = 9050, 7", "maps of 12 x 12"),
        ("my_parameters, my_inputs = '9,050', 1250", "text"),
        ("my_parameters, my_inputs = 9050, (50, 5, 5)", "shape (3,)"),
        ("my_parameters, my_inputs = 9050.5, 1250", "whole number"),
        ("my_parameters, my_inputs = LeNetDesign, 1250", "can't be read"),
    ],
    "follow_shapes": [
        ("my_sizes = [(29, 36), (14, 18), (10, 14), (5, 7)]", "Rows come first"),
        ("my_sizes = [(35, 28), (17, 14), (12, 9), (6, 4)]", "you have 35 x 28. Count the places"),
        ("my_sizes = [(40, 33), (20, 16), (20, 16), (10, 8)]", "fewer places than pixels"),
        ("my_sizes = [(44, 37), (22, 18), (26, 22), (13, 11)]", "not larger"),
        ("my_sizes = [(36, 29), (18, 15), (14, 11), (7, 6)]", "left over is dropped"),
        ("my_sizes = [(36, 29), (18, 14.5), (14, 10), (7, 5)]", "no half cell"),
        ("my_sizes = [(36, 29), (35, 28), (14, 10), (7, 5)]", "side by side"),
        ("my_sizes = [(36, 29), (18, 14), (14, 10), (7, 6)]", "layer1's pooling of 14 x 10"),
        ("my_sizes = [(3, 29), (18, 14), (14, 10), (7, 5)]", "At how many places"),
        ("my_sizes = [(7, 5)]", "(4, 2)"),
        ("my_sizes = [(36, 29), (18, 14), (14, 10), 350]", "can't be read"),
        ("my_sizes = '36 x 29'", "text"),
    ],
    "count_parameters": [
        ("my_n_parameters = 431080", "no function"),
        ("my_n_parameters = lambda nkerns, side, n_hidden: 431080", "gives 431080; 89 would be"),
        ("my_n_parameters = lambda *sizes: sizes", "can't be read"),
        ("my_n_parameters = lambda nkerns, side, n_hidden: 'many'", "text"),
        ("def my_n_parameters(nkerns, side, n_hidden):\n    nkerns[0]", "returned nothing"),
        (
            """\
def my_n_parameters(nkerns, side, n_hidden):
    a, b = nkerns
    return a * side**2 + a + b * a * side**2 + b + (b * 16 + 1) * n_hidden + n_hidden * 10 + 10""",
            "my_n_parameters((2, 4), 3, 16)",
        ),
        (
            """\
def my_n_parameters(nkerns, side, n_hidden):
    return LeNetDesign(nkerns, (side, side), n_hidden=n_hidden).n_parameters""",
            "ValueError",
        ),
    ],
    "mend_network": [
        (BROKEN + "my_sizes = broken", "2 x 3 cells is larger than the feature map of 8 x 2."),
        (BROKEN + 'my_sizes = broken | {"image_size": (28, 21)}', "does not work yet"),
        (BROKEN + 'my_sizes = broken | {"image_size": (22, 22)}', "from 28 to 22; image_size"),
        (BROKEN + 'my_sizes = broken | {"nkerns": (2, 3), "image_size": (28, 22)}', "3 numbers"),
        (BROKEN + 'my_sizes = broken | {"image_size": (28, 0)}', "does not work yet"),
        (BROKEN + 'my_sizes = broken | {"image_size": (28, "22")}', "does not work yet"),
        (BROKEN + 'my_sizes = broken | {"imagesize": (28, 22)}', "no 'imagesize'"),
        (BROKEN + 'my_sizes = {"image_size": (28, 22)}', "you left out filter_shapes, poolsizes"),
        (BROKEN + "my_sizes = LeNetDesign()", "you changed"),
        (BROKEN + "my_sizes = (28, 22)", "(28, 22) is no design"),
        (BROKEN + 'my_sizes = "2"', "no design"),
    ],
    "write_softmax": [
        ("my_softmax = 1", "no function"),
        ("my_softmax = lambda sums: sums", "would be right"),
        ("my_softmax = lambda sums: numpy.exp(sums)", "would be right"),
        (
            "my_softmax = lambda s: numpy.exp(s) / numpy.exp(s).sum(axis=1, keepdims=True)",
            "e to the power of 1001",
        ),
        (
            """\
def my_softmax(sums):
    powers = numpy.exp(sums - sums.max())
    return powers / powers.sum(axis=1, keepdims=True)""",
            "row 0 of yours is [nan, nan]: the sums of the other row",
        ),
        ("my_softmax = lambda s: numpy.exp(s) / numpy.exp(s).sum(axis=1)", "ValueError"),
        ("my_softmax = lambda s: numpy.exp(s) / numpy.exp(s).sum()", "would be right"),
        ("my_softmax = lambda s: numpy.exp(s) / numpy.exp(s).sum(axis=0)", "would be right"),
        ("def my_softmax(sums):\n    sums /= 0", "returned nothing"),
        ("my_softmax = lambda sums: 'large'", "text"),
    ],
    "zero_gradients": [
        ("my_first, my_second = [3], [0, 1, 3]", "my_first has layer 3"),
        ("my_first, my_second = [2], [0, 1, 3]", "my_first is [2], but more"),
        ("my_first, my_second = [], [0, 1, 3]", "my_first is an empty list"),
        ("my_first, my_second = [0, 1, 2], [2]", "my_second has layer 2"),
        ("my_first, my_second = [0, 1, 2], [0, 1]", "my_second is [0, 1], but more"),
        ("my_first, my_second = [0, 1, 2], [4]", "no layer 4"),
        ("my_first, my_second = 'layer0', [3]", "text"),
        ("my_first, my_second = [layer0], [3]", "can't be read"),
        ("my_first, my_second = {'layer0', 'layer1'}, [3]", "can't be read"),
        ("my_first, my_second = [0, 1, 2], [True]", "can't be read"),
    ],
}
