"""What the rewrites find in the graphs of plain Theano, what they leave alone, and `explain`."""

from lenet_helpers import operations, words
from lenet_helpers.fast import rewrites
from lenet_helpers.fast.conv_pool import ConvPool, ConvPoolGradient
from lenet_helpers.fast.explain import NAMES, explain
from lenet_helpers.fast.kernel import KernelOp
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import compile_update

import numpy
import pytest
import theano
from theano import tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal.pool import pool_2d

LAYER = words.OP_ACTIVATED_LAYER
GRADIENT, FIRST_GRADIENT = words.OP_LAYER_GRADIENT, words.OP_FIRST_LAYER_GRADIENT
ACTIVATIONS = {
    "none": lambda sums: sums,
    "tanh": T.tanh,
    "sigmoid": T.nnet.sigmoid,
    "relu": T.nnet.relu,
    "maximum": lambda sums: T.maximum(sums, 0),
    "softplus": T.nnet.softplus,
}


class Layer:
    """A layer as a learner writes it, with weights and bias that can be trained."""

    def __init__(self, activation="tanh", poolsize=(2, 2), ignore_border=True, **options):
        random = numpy.random.RandomState(0)
        self.x = T.tensor4("x")
        self.W = theano.shared(random.randn(6, 3, 4, 3).astype("float32") / 6, name="W")
        self.b = theano.shared(random.randn(6).astype("float32") / 6, name="b")
        self.convolved = conv2d(self.x, self.W, **options)
        self.pooled = pool_2d(self.convolved, ws=poolsize, ignore_border=ignore_border)
        self.sums = self.pooled + self.b.dimshuffle("x", 0, "x", "x")
        self.output = ACTIVATIONS[activation](self.sums)
        self.images = random.randn(18, 3, 11, 12).astype("float32")

    def gradients(self, wrt):
        cost = (self.output**2).mean() + self.output[:, 0].sum()
        return T.grad(cost, wrt)

    def ops_of(self, outputs):
        """Compile with and without the rewrites, compare, and return which ops were taken."""
        fast = theano.function([self.x], outputs)
        stock = theano.function([self.x], outputs, mode=rewrites.stock_mode())
        assert not explain(stock).course
        for found, wanted in zip(fast(self.images), stock(self.images), strict=True):
            assert found.dtype == wanted.dtype
            assert found == pytest.approx(wanted, rel=1e-4, abs=2e-6 * abs(wanted).max())
        return [node.op for node in fast.maker.fgraph.toposort() if is_layer(node)]


def is_layer(node):
    return isinstance(node.op, ConvPool | ConvPoolGradient)


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("poolsize", [(2, 2), (3, 2), (1, 1), (4, 4)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_layer_is_one_op(activation, poolsize, ignore_border):
    layer = Layer(activation, poolsize, ignore_border)
    (op,) = layer.ops_of([layer.output])
    fused = {"maximum": "relu", "softplus": "none"}.get(activation, activation)
    assert (op.activation, op.poolsize, op.ignore_border) == (fused, poolsize, ignore_border)
    assert not op.winners


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_its_gradient_is_another(activation, ignore_border):
    layer = Layer(activation, (3, 2), ignore_border)
    forward, backward = layer.ops_of(layer.gradients([layer.W, layer.b, layer.x]))
    assert forward.winners
    assert backward.of_images
    # A relu's slope can't be told by its result, and a softplus is not ours: both stay outside.
    fused = activation if activation in ("tanh", "sigmoid") else "none"
    assert forward.activation == fused


@pytest.mark.parametrize(
    ("wrt", "of_images"), [("W", False), ("Wb", False), ("x", True), ("xb", True), ("Wx", True)]
)
def test_only_what_is_asked_for_is_computed(wrt, of_images):
    layer = Layer()
    _, backward = layer.ops_of(layer.gradients([getattr(layer, name) for name in wrt]))
    assert backward.of_images == of_images


def test_the_gradient_of_the_bias_alone_needs_no_pooling_gradient():
    layer = Layer()
    ops = layer.ops_of(layer.gradients([layer.b]))
    assert [type(op) for op in ops] == [ConvPool]


def test_two_layers_and_an_update():
    first, random = Layer(), numpy.random.RandomState(1)
    W = theano.shared(random.randn(5, 6, 2, 2).astype("float32") / 5)
    pooled = pool_2d(conv2d(first.output, W), ws=(2, 2), ignore_border=True)
    cost = T.nnet.sigmoid(pooled).sum()
    grads = T.grad(cost, [W, first.W, first.b])
    assert len(first.ops_of([cost, *grads])) == 4


LEFT_ALONE = {
    "a window of more than 16 cells": {"poolsize": (5, 4)},
    "a border of zeros": {"border_mode": "half"},
    "steps": {"subsample": (2, 1)},
    "groups": {"num_groups": 3},
}


@pytest.mark.parametrize("options", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_not_recognised_stays_stock(options):
    if "num_groups" in options:
        layer = Layer()
        W = theano.shared(layer.W.get_value()[:, :1])
        layer.convolved = conv2d(layer.x, W, **options)
        layer.output = T.tanh(pool_2d(layer.convolved, ws=(2, 2), ignore_border=True))
        layer.W = W
    else:
        layer = Layer(**options)
    assert layer.ops_of([layer.output, *layer.gradients([layer.W, layer.x])]) == []


def test_one_bias_for_all_maps_stays_stock():
    layer = Layer()
    bias = theano.shared(numpy.ones(1, "float32"), broadcastable=(True,))
    layer.output = T.tanh(layer.pooled + bias.dimshuffle("x", 0, "x", "x"))
    (op,) = layer.ops_of([layer.output])
    assert op.activation == "none"


def test_a_sum_of_more_digits_stays_stock():
    layer = Layer()
    at_sums = T.grad(layer.output.sum(), layer.sums)
    layer.ops_of(
        [at_sums.sum(axis=(0, 2, 3), dtype="float64"), T.grad(layer.output.sum(), layer.W)]
    )


def test_an_error_in_a_layer_names_the_learners_own_line():
    layer = Layer()
    function = theano.function([layer.x], layer.output)
    with pytest.raises(ValueError, match="4 input maps, but the filters are made for 3") as caught:
        function(numpy.zeros((1, 4, 11, 12), "float32"))
    assert "self.convolved = conv2d(self.x, self.W" in str(caught.value)


@pytest.mark.parametrize("mode", ["average_exc_pad", "sum"])
def test_other_poolings_stay_stock(mode):
    layer = Layer()
    layer.output = T.tanh(pool_2d(layer.convolved, ws=(2, 2), ignore_border=True, mode=mode))
    assert layer.ops_of([layer.output, *layer.gradients([layer.W, layer.x])]) == []


def test_other_strides_stay_stock():
    layer = Layer()
    pooled = pool_2d(layer.convolved, ws=(3, 3), stride=(2, 2), ignore_border=True)
    layer.output = T.tanh(pooled)
    assert layer.ops_of([layer.output, *layer.gradients([layer.W])]) == []


def test_a_convolution_that_is_asked_for_itself_is_not_computed_twice():
    layer = Layer()
    assert layer.ops_of([layer.output, layer.convolved]) == []
    at_conv = T.grad(layer.output.sum(), layer.convolved)
    assert layer.ops_of([at_conv]) == []


def test_sums_that_are_asked_for_as_well():
    layer = Layer()
    (op,) = layer.ops_of([layer.output, layer.sums])
    assert op.activation == "none"
    (op,) = layer.ops_of([layer.output, layer.pooled])
    assert op.activation == "none"


def test_float64_stays_stock():
    x, W = T.dtensor4(), theano.shared(numpy.zeros((2, 1, 3, 3)))
    layer = T.tanh(pool_2d(conv2d(x, W), ws=(2, 2), ignore_border=True))
    function = theano.function([x], [layer, T.grad(layer.sum(), W)])
    assert not [node for node in function.maker.fgraph.toposort() if is_layer(node)]


def test_without_the_tag_everything_is_stock():
    layer = Layer()
    mode = theano.compile.get_default_mode().excluding(rewrites.TAG)
    function = theano.function([layer.x], layer.output, mode=mode)
    assert not [node for node in function.maker.fgraph.toposort() if is_layer(node)]


def test_registering_twice_is_registering_once():
    before = sorted(theano.compile.optdb.__position__)
    rewrites.register()
    assert sorted(theano.compile.optdb.__position__) == before


# --- Every function that the lessons compile ---


@pytest.fixture(scope="module")
def network():
    return LeNet()


@pytest.fixture(scope="module")
def update(network):
    random = numpy.random.RandomState(0)
    images = random.rand(40, 784).astype("float32")
    return compile_update(network, (images, random.randint(0, 10, 40)))


def course(function):
    counts = explain(function).course
    return {name: count for name, count in counts.items() if words.OP_PRODUCT not in name}


def test_the_training_step(update):
    window, layer = "2 x 2", LAYER.format(window="2 x 2", activation="tanh")
    assert course(update) == {
        layer: 2,
        GRADIENT.format(window=window): 1,
        FIRST_GRADIENT.format(window=window): 1,
        words.OP_ELEMENTWISE: 1,
    }
    products = explain(update).course
    if theano.config.blas__ldflags:
        assert products[words.OP_PRODUCT] == 4
        assert products[words.OP_PRODUCT_AND_SUM] == 2
    assert not {"CorrMM", "Pool", "MaxPoolGrad", "Dot22", "Gemm"} & set(explain(update).theano)


def test_what_a_network_computes(network):
    layer = LAYER.format(window="2 x 2", activation="tanh")
    for function in (network._probabilities, network._n_wrong, network._cost):
        assert course(function) == {layer: 2, words.OP_ELEMENTWISE: 1}
    assert course(network._feature_maps) == {layer: 2}


def test_what_the_explorers_compute():
    operations.compile_feature_maps()
    operations.compile_pooling()
    assert course(operations._convolution()) == {words.OP_CONVOLUTION: 1}
    assert course(operations._pooling()) == {words.OP_POOLING: 1}
    for name in ("tanh", "sigmoid"):
        assert course(operations._activation(name)) == {words.OP_ELEMENTWISE: 1}


def test_an_explanation_in_words(update):
    text = str(explain(update))
    assert text.startswith(words.OPS_OF_COURSE)
    assert "   2 x convolution, max-pooling 2 x 2, bias, tanh" in text
    assert words.OPS_OF_THEANO in text
    assert words.NO_OPS not in text


def test_a_function_without_any_op():
    assert str(explain(theano.function([], []))).count(words.NO_OPS) == 2


@pytest.mark.parametrize("value", [None, len, 3])
def test_what_is_not_compiled_is_refused(value):
    with pytest.raises(ValueError, match=r"theano\.function"):
        explain(value)


def test_explain_has_a_name_for_every_op_of_the_course():
    def below(cls):
        return {c for sub in cls.__subclasses__() for c in {sub, *below(sub)}}

    ops = {cls for cls in below(KernelOp) if cls.__module__.startswith("lenet_helpers.fast")}
    public = {cls for cls in ops if not cls.__name__.startswith("_")}
    assert public <= {*NAMES, ConvPool, ConvPoolGradient}
    assert len(public) >= 8
