"""The layers against loops in NumPy, SciPy, numeric gradients, and the source's own figures."""

from lenet_helpers.layers import HiddenLayer, LeNetConvPoolLayer, LogisticRegression
from lenet_helpers.lenet import LeNet

import numpy
import pytest
import theano
from scipy.signal import convolve2d
from theano import tensor as T
from theano.gradient import verify_grad

from tests import oracles

# float32 keeps about 7 digits, and a cell sums a few hundred products.
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def generator(seed=23455):
    return numpy.random.RandomState(seed)


def conv_pool(input, filter_shape, image_shape, **settings):
    layer = LeNetConvPoolLayer(generator(), input, filter_shape, image_shape, **settings)
    layer.b.set_value(numpy.linspace(-0.3, 0.3, filter_shape[0]).astype(layer.b.dtype))
    return layer


def wanted_conv_pool(images, layer, poolsize, ignore_border):
    maps = oracles.convolve(images, layer.W.get_value().astype("float64"))
    pooled = oracles.max_pool(maps, poolsize, ignore_border)
    return numpy.tanh(pooled + layer.b.get_value().reshape(1, -1, 1, 1))


# --- First values ---


def test_first_values_drawn_in_order():
    rng = generator()
    x = T.tensor4("x")
    layer0 = LeNetConvPoolLayer(rng, x, (20, 1, 5, 5), (500, 1, 28, 28), (2, 2))
    layer1 = LeNetConvPoolLayer(rng, layer0.output, (50, 20, 5, 5), (500, 20, 12, 12), (2, 2))
    layer2 = HiddenLayer(rng, layer1.output.flatten(2), 800, 500)
    layer3 = LogisticRegression(layer2.output, 500, 10)
    first = [layer.W.get_value().ravel()[0] for layer in (layer0, layer1, layer2)]
    assert first == pytest.approx([0.13397727, -0.00317098, 0.01625422], rel=1e-5)
    bounds = (0.2, 0.08596023825918792, 0.06793662204867575)
    for layer, bound in zip((layer0, layer1, layer2), bounds, strict=True):
        values = layer.W.get_value()
        assert numpy.abs(values).max() <= numpy.float32(bound)
        assert values.max() > 0.98 * bound
        assert values.min() < -0.98 * bound
    assert not layer3.W.get_value().any()
    for layer in (layer0, layer1, layer2, layer3):
        assert not layer.b.get_value().any()
        assert layer.params == [layer.W, layer.b]
        assert {param.dtype for param in layer.params} == {theano.config.floatX}
    assert layer1.output_shape == (500, 50, 4, 4)


def test_reprs():
    x = T.tensor4("x")
    layer = LeNetConvPoolLayer(generator(), x, (20, 1, 5, 5), (None, 1, 28, 28))
    assert repr(layer) == "LeNetConvPoolLayer(20, 1, 5, 5) -> (None, 20, 12, 12)"
    assert repr(HiddenLayer(generator(), T.matrix("x"), 8, 5)) == "HiddenLayer(8 -> 5)"
    assert repr(LogisticRegression(T.matrix("x"), 5, 3)) == "LogisticRegression(5 -> 3)"


# --- Outputs ---


@pytest.mark.parametrize("ignore_border", [True, False])
@pytest.mark.parametrize("poolsize", [(2, 2), (2, 3)])
def test_conv_pool_is_the_oracles_at_any_batch_size(poolsize, ignore_border):
    x = T.tensor4("x")
    settings = {"poolsize": poolsize, "ignore_border": ignore_border}
    # The batch of image_shape is 500, and the layer serves every other one.
    layer = conv_pool(x, (4, 2, 3, 4), (500, 2, 9, 10), **settings)
    # Without running the layer, Theano tells the shape from what the layer said about it.
    run = theano.function([x], [layer.output, layer.output.shape])
    for batch in (1, 3):
        images = numpy.random.RandomState(batch).rand(batch, 2, 9, 10).astype("float32")
        found, shape = run(images)
        assert found.shape == tuple(shape) == (batch, *layer.output_shape[1:])
        wanted = wanted_conv_pool(images, layer, poolsize, ignore_border)
        numpy.testing.assert_allclose(found, wanted, **CLOSE)


def test_conv_pool_is_scipys_convolution():
    x = T.tensor4("x")
    layer = conv_pool(x, (3, 2, 3, 3), (None, 2, 8, 8), poolsize=(1, 1))
    images = numpy.random.RandomState(0).rand(2, 2, 8, 8).astype("float32")
    W, b = (param.get_value() for param in layer.params)
    wanted = [
        [
            sum(convolve2d(image[c], W[k, c], mode="valid") for c in range(2)) + b[k]
            for k in (0, 1, 2)
        ]
        for image in images
    ]
    found = theano.function([x], layer.output)(images)
    numpy.testing.assert_allclose(found, numpy.tanh(wanted), **CLOSE)


def test_conv_pool_takes_lists_and_numpy_integers():
    x = T.tensor4("x")
    sizes = numpy.array([4, 2, 3, 4])
    layer = LeNetConvPoolLayer(generator(), x, list(sizes), [None, 2, 9, 10], [2, 2])
    images = numpy.random.RandomState(0).rand(2, 2, 9, 10).astype("float32")
    found = theano.function([x], layer.output)(images)
    numpy.testing.assert_allclose(found, wanted_conv_pool(images, layer, (2, 2), True), **CLOSE)


@pytest.mark.parametrize(
    ("activation", "wanted"), [(T.tanh, numpy.tanh), (None, lambda x: x), (T.sqr, numpy.square)]
)
def test_hidden_layer_is_numpys(activation, wanted):
    x = T.matrix("x")
    layer = HiddenLayer(generator(), x, 6, 4, activation)
    layer.b.set_value(numpy.float32([0.1, -0.2, 0.3, 0]))
    rows = numpy.random.RandomState(0).randn(5, 6).astype("float32")
    W, b = (param.get_value() for param in layer.params)
    found = theano.function([x], layer.output)(rows)
    numpy.testing.assert_allclose(found, wanted(rows @ W + b), **CLOSE)


def test_hidden_layers_activation_is_tanh_by_default():
    x = T.matrix("x")
    layer = HiddenLayer(generator(), x, 6, 4)
    rows = numpy.random.RandomState(0).randn(5, 6).astype("float32")
    found = theano.function([x], layer.output)(rows)
    numpy.testing.assert_allclose(found, numpy.tanh(rows @ layer.W.get_value()), **CLOSE)


def test_softmax_cost_and_error_are_numpys():
    x, y = T.matrix("x"), T.ivector("y")
    layer = LogisticRegression(x, 6, 4)
    layer.W.set_value(numpy.random.RandomState(1).randn(6, 4).astype("float32"))
    layer.b.set_value(numpy.float32([0.1, -0.2, 0.3, 0]))
    run = theano.function(
        [x, y],
        [layer.p_y_given_x, layer.y_pred, layer.negative_log_likelihood(y), layer.errors(y)],
    )
    for batch in (1, 7):
        rows = numpy.random.RandomState(0).randn(batch, 6).astype("float32")
        labels = numpy.random.RandomState(batch).randint(0, 4, batch).astype("int32")
        chances, predicted, cost, error = run(rows, labels)
        wanted = oracles.softmax(rows @ layer.W.get_value() + layer.b.get_value())
        numpy.testing.assert_allclose(chances, wanted, **CLOSE)
        numpy.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
        assert predicted.tolist() == wanted.argmax(axis=1).tolist()
        logs = [-numpy.log(row[label]) for row, label in zip(wanted, labels, strict=True)]
        assert cost == pytest.approx(numpy.mean(logs), rel=1e-5)
        assert error == pytest.approx(numpy.mean(wanted.argmax(axis=1) != labels))


def test_untrained_cost_is_the_logarithm_of_the_classes():
    x, y = T.matrix("x"), T.ivector("y")
    cost = LogisticRegression(x, 6, 10).negative_log_likelihood(y)
    rows = numpy.random.RandomState(0).randn(5, 6).astype("float32")
    found = theano.function([x, y], cost)(rows, numpy.arange(5, dtype="int32"))
    assert found == pytest.approx(2.302585, rel=1e-6)


# --- Gradients: the layers follow floatX, so these are built in float64 ---


def with_parameters(layer, expression, *parameters):
    return theano.clone(expression, replace=dict(zip(layer.params, parameters, strict=True)))


@pytest.mark.parametrize("ignore_border", [True, False])
def test_gradient_of_conv_pool(ignore_border):
    def output(x, W, b):
        settings = {"poolsize": (2, 2), "ignore_border": ignore_border}
        layer = LeNetConvPoolLayer(generator(), x, (2, 2, 2, 3), (2, 2, 6, 7), **settings)
        return with_parameters(layer, layer.output, W, b)

    random = numpy.random.RandomState(3)
    point = [random.rand(2, 2, 6, 7), random.randn(2, 2, 2, 3) * 0.3, random.randn(2) * 0.1]
    with theano.config.change_flags(floatX="float64"):
        verify_grad(output, point, n_tests=1, rng=generator(1))


def test_gradient_of_the_hidden_layer():
    def output(x, W, b):
        layer = HiddenLayer(generator(), x, 4, 3)
        return with_parameters(layer, layer.output, W, b)

    random = numpy.random.RandomState(3)
    point = [random.randn(5, 4), random.randn(4, 3) * 0.3, random.randn(3) * 0.1]
    with theano.config.change_flags(floatX="float64"):
        verify_grad(output, point, n_tests=1, rng=generator(1))


def test_gradient_of_the_cost():
    labels = T.constant(numpy.array([0, 2, 1, 1, 2], dtype="int32"))

    def output(x, W, b):
        layer = LogisticRegression(x, 4, 3)
        return with_parameters(layer, layer.negative_log_likelihood(labels), W, b)

    random = numpy.random.RandomState(3)
    point = [random.randn(5, 4), random.randn(4, 3), random.randn(3)]
    with theano.config.change_flags(floatX="float64"):
        verify_grad(output, point, n_tests=1, rng=generator(1))


# --- Wrong input ---

SHAPES = ((4, 2, 3, 3), (None, 2, 9, 9))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((numpy.zeros((1, 2, 9, 9)), *SHAPES), ("ndarray", "Theano variable")),
        ((T.matrix("x"), *SHAPES), ("LeNetConvPoolLayer", "2 axes", "4 are needed")),
        ((T.dtensor4("x"), *SHAPES), ("LeNetConvPoolLayer", "float64", "float32")),
        ((T.tensor4("x"), (4, 3, 3, 3), (None, 2, 9, 9)), ("2 input maps", "for 3")),
        ((T.tensor4("x"), (4, 2, 10, 3), (None, 2, 9, 9)), ("10 x 3", "9 x 9")),
        ((T.tensor4("x"), *SHAPES, (8, 2)), ("8 x 2", "7 x 7")),
        ((T.tensor4("x"), *SHAPES, 2), ("poolsize", "2")),
        ((T.tensor4("x"), *SHAPES, (2, 2), None), ("ignore_border", "None")),
        ((T.tensor4("x"), (4, 2, 3.0, 3), (None, 2, 9, 9)), ("3.0",)),
        ((T.tensor4("x"), (2, 3, 3), (None, 2, 9, 9)), ("(2, 3, 3)",)),
        ((T.tensor4("x"), (4, 2, 3, 3), (2, 9, 9)), ("(2, 9, 9)",)),
    ],
)
def test_conv_pool_refuses(arguments, said):
    with pytest.raises(ValueError, match=r".") as caught:
        LeNetConvPoolLayer(generator(), *arguments)
    assert oracles.is_plain(str(caught.value), *said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((numpy.zeros((1, 6)), 6, 4), ("ndarray", "Theano variable")),
        ((T.tensor4("x"), 6, 4), ("4 axes", "2 are needed", "flatten")),
        ((T.dmatrix("x"), 6, 4), ("float64", "float32")),
        ((T.matrix("x"), 0, 4), ("n_in", "0")),
        ((T.matrix("x"), 6, 4.0), ("n_out", "4.0")),
    ],
)
@pytest.mark.parametrize("layer", [HiddenLayer, LogisticRegression])
def test_dense_layers_refuse(layer, arguments, said):
    before = (generator(),) if layer is HiddenLayer else ()
    with pytest.raises(ValueError, match=r".") as caught:
        layer(*before, *arguments)
    assert oracles.is_plain(str(caught.value), *said)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (T.fvector("y"), "float32"),
        (T.imatrix("y"), "int32"),
        (T.iscalar("y"), "int32"),
        (numpy.array([1, 2]), "ndarray"),
        ([1, 2], "list"),
        (None, "NoneType"),
    ],
)
def test_labels_must_be_a_vector_of_whole_numbers(y, said):
    layer = LogisticRegression(T.matrix("x"), 6, 4)
    for method in (layer.negative_log_likelihood, layer.errors):
        with pytest.raises(ValueError, match="y is") as caught:
            method(y)
        assert oracles.is_plain(str(caught.value), said, "T.ivector")


@pytest.mark.parametrize("rng", [5, None])
def test_a_generator_that_draws_nothing_is_refused(rng):
    with pytest.raises(ValueError, match="RandomState"):
        HiddenLayer(rng, T.matrix(), 3, 4)
    with pytest.raises(ValueError, match="RandomState"):
        LeNetConvPoolLayer(rng, T.tensor4(), (2, 1, 3, 3), (None, 1, 8, 8))


def test_a_network_needs_a_design():
    with pytest.raises(ValueError, match=r"LeNetDesign\(nkerns=\(20, 50\)\)"):
        LeNet([20, 50])
