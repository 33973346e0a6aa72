"""Training a LeNet: the classic function, and one step of it against plain NumPy."""

import inspect
import json
import math

from lenet_helpers import lenet
from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import compile_update, evaluate_lenet, lenet_trainer

import numpy
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal

TINY = LeNetDesign(
    nkerns=(2, 3),
    filter_shapes=((3, 2), (2, 2)),
    poolsizes=((2, 2), (1, 2)),
    n_hidden=4,
    n_classes=3,
    image_size=(9, 8),
)


@pytest.fixture(scope="module")
def network():
    return LeNet()


# --- The network in NumPy, in float64 ---


def numpy_convolution(images, filters):
    """Turn every filter by 180 degrees and lay it on every place."""
    n, _, height, width = images.shape
    n_filters, _, rows, columns = filters.shape
    maps = numpy.zeros((n, n_filters, height - rows + 1, width - columns + 1))
    for row in range(maps.shape[2]):
        for column in range(maps.shape[3]):
            patch = images[:, :, row : row + rows, column : column + columns]
            maps[:, :, row, column] = numpy.einsum(
                "nchw,fchw->nf", patch, filters[:, :, ::-1, ::-1]
            )
    return maps


def numpy_pooling(maps, poolsize):
    rows, columns = maps.shape[2] // poolsize[0], maps.shape[3] // poolsize[1]
    maps = maps[:, :, : rows * poolsize[0], : columns * poolsize[1]]
    return maps.reshape(*maps.shape[:2], rows, poolsize[0], columns, poolsize[1]).max(axis=(3, 5))


def numpy_probabilities(design, values, images):
    """Return the probabilities, (n, classes), from parameters in the order of `params`."""
    w3, b3, w2, b2, w1, b1, w0, b0 = values
    x = images.reshape(len(images), design.channels, *design.image_size)
    x = numpy.tanh(
        numpy_pooling(numpy_convolution(x, w0), design.poolsizes[0]) + b0[:, None, None]
    )
    x = numpy.tanh(
        numpy_pooling(numpy_convolution(x, w1), design.poolsizes[1]) + b1[:, None, None]
    )
    x = numpy.tanh(x.reshape(len(x), -1) @ w2 + b2) @ w3 + b3
    powers = numpy.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def numpy_cost(design, values, images, labels):
    probabilities = numpy_probabilities(design, values, images)
    return -numpy.log(probabilities[numpy.arange(len(labels)), labels]).mean()


@pytest.fixture
def tiny():
    """A tiny network with random parameters, twelve images and their labels."""
    rng = RandomState(7)
    network = LeNet(TINY)
    network.set_values([rng.uniform(-0.8, 0.8, value.shape) for value in network.get_values()])
    images = (rng.randint(0, 256, (12, 72)) / 256).astype("float32")
    return network, images, rng.randint(0, 3, 12).astype("int32")


def test_probabilities_and_cost_are_numpys(tiny):
    network, images, labels = tiny
    values = [value.astype("float64") for value in network.get_values()]
    expected = numpy_probabilities(TINY, values, images)
    assert_allclose(network.probabilities(images), expected, rtol=1e-5)
    assert_array_equal(network.predict(images), expected.argmax(axis=1))
    assert_allclose(
        network.mean_cost(images, labels), numpy_cost(TINY, values, images, labels), rtol=1e-6
    )


def test_an_update_is_a_step_down_the_gradient(tiny):
    network, images, labels = tiny
    start, stop, learning_rate = 2, 9, 0.25
    before = [value.astype("float64") for value in network.get_values()]
    cost = compile_update(network, (images, labels))(start, stop, learning_rate)
    after = network.get_values()

    batch = images[start:stop], labels[start:stop]
    assert_allclose(cost, numpy_cost(TINY, before, *batch), rtol=1e-6)
    step = 1e-6
    for value, new in zip(before, after, strict=True):
        gradient = numpy.zeros_like(value)
        for place in numpy.ndindex(value.shape):
            middle = value[place]
            value[place] = middle + step
            above = numpy_cost(TINY, before, *batch)
            value[place] = middle - step
            below = numpy_cost(TINY, before, *batch)
            value[place] = middle
            gradient[place] = (above - below) / (2 * step)
        assert numpy.abs(gradient).max() > 1e-3  # or the comparison would be empty
        assert_allclose((value - new) / learning_rate, gradient, rtol=1e-3, atol=2e-6)


# --- The network before training ---


def test_the_untrained_network_knows_nothing(network, digits):
    assert network.design.n_parameters == 431_080
    assert sum(value.size for value in network.get_values()) == 431_080
    assert_allclose(network.mean_cost(*digits.test), math.log(10), rtol=1e-6)
    assert_allclose(network.probabilities(digits.test.images), 0.1, rtol=1e-6)


def test_the_weights_are_drawn_as_in_the_classic_tutorial(network):
    # Measured with theano-pymc and printed in the course's source.
    assert_allclose(network.layer0.W.get_value()[0, 0, 0, 0], 0.13397727, rtol=1e-6)
    assert_allclose(network.layer1.W.get_value()[0, 0, 0, 0], -0.00317098, rtol=2e-6)
    assert_allclose(network.layer2.W.get_value()[0, 0], 0.01625422, rtol=1e-6)


def test_one_compiled_network_serves_any_batch(network, digits):
    images = digits.train.images
    together = network.probabilities(images[:501])
    for n in (1, 7, 500, 501):
        assert network.probabilities(images[:n]).shape == (n, 10)
        assert_allclose(network.probabilities(images[:n]), together[:n], rtol=1e-5)


@pytest.mark.parametrize("chunk", [1, 7, 500, 10_000])
@pytest.mark.parametrize("n", [1, 13, 300])
def test_the_error_counts_every_image(monkeypatch, digits, chunk, n):
    monkeypatch.setattr(lenet, "CHUNK", chunk)
    network = shared_small_network()
    images, labels = digits.validation.images[:n], digits.validation.labels[:n]
    # The predictions image by image, counted in plain Python.
    wrong = [
        int(network.probabilities(image[None])[0].argmax()) != label
        for image, label in zip(images, labels, strict=True)
    ]
    assert network.error(images, labels) == sum(wrong) / n
    if n == 300:
        assert 0 < sum(wrong) < n


def shared_small_network(networks=[]):  # noqa: B006
    """Return one network with random parameters, compiled once for the file."""
    if not networks:
        network = LeNet(LeNetDesign(nkerns=(2, 3)))
        rng = RandomState(1)
        network.set_values([rng.uniform(-0.5, 0.5, v.shape) for v in network.get_values()])
        networks.append(network)
    return networks[0]


# --- evaluate_lenet ---


def test_the_signature_is_the_classic_one():
    parameters = inspect.signature(evaluate_lenet).parameters.values()
    classic = [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert classic == [
        ("learning_rate", 0.1),
        ("n_epochs", 200),
        ("dataset", "mnist.pkl.gz"),
        ("nkerns", [20, 50]),
        ("batch_size", 500),
    ]
    others = [p for p in parameters if p.kind is not p.POSITIONAL_OR_KEYWORD]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is None for p in others)


@pytest.fixture(scope="module")
def small_runs():
    """Two runs with the same settings; the second says them in other types."""
    steps = []
    first = evaluate_lenet(
        0.1, 4, "digits", [4, 6], 50, on_step=lambda trainer, step: steps.append(step)
    )
    second = evaluate_lenet(
        numpy.float64(0.1), numpy.int64(4), "digits", (4, numpy.int32(6)), numpy.int64(50)
    )
    return first, second, steps


def test_a_small_run_learns(small_runs):
    result, _, steps = small_runs
    assert result.n_iterations == len(result.costs) == len(steps) == 4 * (1197 // 50)
    assert [step.cost for step in steps] == result.costs
    assert round(result.costs[0], 6) == 2.302585
    assert [row[0] for row in result.validations] == [23, 46, 69, 92]
    errors = [row[1] for row in result.validations]
    assert result.validation_error == min(errors) < 0.3
    assert result.best_iteration == result.validations[errors.index(min(errors))][0]
    assert result.test_error < 0.3
    assert result.seconds > 0


def test_the_network_ends_with_the_parameters_of_the_best_validation(digits):
    def spoil_the_last(trainer, step):
        if trainer.why_finished:
            for param in trainer.params:
                param.set_value(0 * param.get_value())

    result = evaluate_lenet(0.1, 2, "digits", [4, 6], 50, on_step=spoil_the_last)
    assert result.network.error(*digits.validation) == result.validation_error < 0.7
    assert result.network.error(*digits.test) == result.test_error


def test_two_runs_are_equal_bit_for_bit(small_runs):
    first, second, _ = small_runs
    assert first.costs == second.costs
    assert first.validations == second.validations
    for one, other in zip(first.network.get_values(), second.network.get_values(), strict=True):
        assert one.tobytes() == other.tobytes()


NUMBERS = [math.nan, math.inf, 0, -1, "fast", None, [0.1]]
COUNTS = [0, -1, 2.5, "3", None, True]
PAIRS = [(5, "5"), (None, "None"), ([], "[]"), ([20], "20"), ([20, 50, 70], "70"), ("ab", "'a'")]


@pytest.mark.parametrize(
    ("setting", "wrong", "fragment"),
    [
        *(("learning_rate", value, repr(value)) for value in NUMBERS),
        *(("n_epochs", value, repr(value)) for value in COUNTS),
        *(("batch_size", value, repr(value)) for value in [*COUNTS, 1198]),
        *(("nkerns", value, fragment) for value, fragment in PAIRS),
        *(("nkerns", value, str(value[0])) for value in ([0, 50], [5.5, 20], [None, 3])),
        *(("dataset", value, repr(value)) for value in (None, 5, b"digits")),
    ],
)
def test_a_setting_that_does_not_work(monkeypatch, setting, wrong, fragment):
    # The learner is told before anything is compiled.
    monkeypatch.setattr("theano.function", None)
    good = {"learning_rate": 0.1, "n_epochs": 1, "dataset": "digits", "nkerns": [2, 3]}
    with pytest.raises(ValueError, match=f"{setting} is ") as caught:
        evaluate_lenet(**good | {"batch_size": 50} | {setting: wrong})
    message = str(caught.value)
    assert "\n" not in message
    assert fragment in message


def test_a_cost_that_explodes_is_told_in_one_sentence():
    with pytest.raises(ValueError, match="smaller learning rate"):
        evaluate_lenet(1e30, 1, "digits", [2, 3], 50)


def test_images_that_fill_no_minibatch_are_left_out(digits):
    seen = []
    trainer = lenet_trainer(
        LeNet(TINY),
        [(images[:27], labels[:27]) for images, labels in digits],
        batch_size=10,
        n_epochs=2,
        update=lambda start, stop, rate: seen.append((start, stop, rate)) or 1.0,
    )
    trainer.validate_model = trainer.test_model = lambda: 0.5
    list(trainer)
    assert seen == [(0, 10, 0.1), (10, 20, 0.1)] * 2


COSTS = """
import json
from lenet_helpers.train_lenet import evaluate_lenet
result = evaluate_lenet(0.1, 1, "digits", [4, 6], 50)
types = {str(value.dtype) for value in result.network.get_values()}
print(json.dumps([sorted(types), [round(cost, 4) for cost in result.costs[:6]]]))
"""


def test_float64_gives_the_same_rounded_costs(run_python, small_runs):
    result = run_python(COSTS, THEANO_FLAGS="floatX=float64")
    assert result.returncode == 0, result.stderr
    types, costs = json.loads(result.stdout)
    assert types == ["float64"]
    assert costs == [round(cost, 4) for cost in small_runs[0].costs[:6]]
    assert len(set(costs)) == 6
