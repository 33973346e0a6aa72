"""Inside a network: every layer's output and the occlusion, against NumPy's loops."""

import threading
from concurrent.futures import ThreadPoolExecutor

from lenet_helpers import inspection, trained
from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import CHUNK, LeNet

import numpy
import pytest

from tests import oracles

SMALL = LeNetDesign(
    nkerns=(3, 4), filter_shapes=((3, 3), (2, 2)), n_hidden=7, n_classes=5, image_size=(12, 11)
)

N_QUESTIONS = 500


def picture(shape=(12, 11), seed=0):
    return numpy.random.RandomState(seed).rand(*shape)


def pictures(n_images, seed=0):
    return numpy.random.RandomState(seed).rand(n_images, 12, 11)


def forward(network, images):
    """Every layer's output for (batch, rows, columns), in float64, by the definitions."""
    W3, b3, W2, b2, W1, b1, W0, b0 = (value.astype("float64") for value in network.get_values())
    convolved = oracles.convolve(images[:, None], W0)
    outputs, maps = [convolved], convolved
    for W, b in ((None, b0), (W1, b1)):
        maps = maps if W is None else oracles.convolve(maps, W)
        maps = numpy.tanh(oracles.max_pool(maps, (2, 2), True) + b[:, None, None])
        outputs.append(maps)
    hidden = numpy.tanh(maps.reshape(len(maps), -1) @ W2 + b2)
    return [*outputs, hidden, oracles.softmax(hidden @ W3 + b3)]


def with_random_weights(design, seed=5):
    network = LeNet(design)
    rng = numpy.random.RandomState(seed)
    network.set_values([rng.randn(*value.shape) / 2 for value in network.get_values()])
    return network


@pytest.mark.parametrize("seed", range(3))
def test_every_layer(seed):
    network, image = with_random_weights(SMALL, seed), picture(seed=seed)
    found = inspection.activations(network, image)
    for output, wanted in zip(found, forward(network, image[None]), strict=True):
        assert output.dtype == "float32"
        numpy.testing.assert_allclose(output, wanted[0], rtol=1e-4, atol=1e-5)


def test_the_courses_network():
    digit = picture((28, 28))
    found = inspection.activations(trained.trained_lenet(), digit)
    assert [output.shape for output in found] == [
        (20, 24, 24),
        (20, 12, 12),
        (50, 4, 4),
        (500,),
        (10,),
    ]
    wanted = trained.trained_lenet().probabilities(digit[None])[0]
    numpy.testing.assert_allclose(found.probabilities, wanted, rtol=1e-5)


@pytest.mark.parametrize(("side", "step"), [(1, 1), (3, 2), (5, 4), (11, 1)])
def test_occlusion(side, step):
    network, image = with_random_weights(SMALL), picture()
    whole = forward(network, image[None])[-1][0]
    tops, lefts = range(0, 12 - side + 1, step), range(0, 11 - side + 1, step)
    wanted = numpy.empty((len(tops), len(lefts)))
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            covered = image.copy()
            covered[top : top + side, left : left + side] = 0
            probabilities = forward(network, covered[None])[-1][0]
            wanted[row, column] = whole.max() - probabilities[whole.argmax()]
    found = inspection.occlusion(network, image, side, step)
    assert numpy.ptp(wanted) > 0.005
    numpy.testing.assert_allclose(found, wanted, atol=1e-5)
    assert image.min() > 0


def test_on_blank_paper_nothing_can_be_covered():
    assert not inspection.occlusion(with_random_weights(SMALL), numpy.zeros((12, 11))).any()


def test_networks_of_one_design_share_the_compiled_function(monkeypatch):
    first, second = (with_random_weights(SMALL, seed) for seed in (1, 2))
    inspection.compile_layers(SMALL)
    monkeypatch.setattr(inspection.theano, "function", None)
    outputs = [inspection.activations(network, picture()) for network in (first, second, first)]
    assert numpy.array_equal(outputs[0].probabilities, outputs[2].probabilities)
    assert not numpy.allclose(outputs[0].probabilities, outputs[1].probabilities)


@pytest.mark.parametrize("n_images", [1, 3, CHUNK, CHUNK + 1])
def test_the_probabilities_of_many_images(n_images):
    network, images = with_random_weights(SMALL), pictures(n_images)
    found = inspection.probabilities(network, images)
    assert found.shape == (n_images, 5)
    numpy.testing.assert_allclose(found, forward(network, images)[-1], rtol=1e-4, atol=1e-5)


def test_threads_do_not_get_each_others_answers(hasty_threads):
    networks = [with_random_weights(SMALL, seed) for seed in range(4)]
    images = [pictures(1, seed) for seed in range(4)]
    wanted = [inspection.probabilities(*pair) for pair in zip(networks, images, strict=True)]
    together = threading.Barrier(len(networks))

    def ask(*question):
        together.wait()
        return [inspection.probabilities(*question) for _ in range(N_QUESTIONS)]

    with ThreadPoolExecutor(len(networks)) as threads:
        found = list(threads.map(ask, networks, images))
    for answers, right in zip(found, wanted, strict=True):
        assert all(numpy.array_equal(answer, right) for answer in answers)


def test_a_design_made_of_lists():
    network = LeNet(LeNetDesign(nkerns=[3, 4], image_size=[28, 28]))
    assert inspection.activations(network, picture((28, 28))).layer1.shape == (4, 4, 4)


@pytest.mark.parametrize(
    ("image", "options", "said"),
    [
        (picture((5, 5)), {}, "(1, 5, 5)"),
        (2 * picture(), {}, "0 to 1"),
        (numpy.full((12, 11), numpy.nan), {}, "NaN"),
        (picture(), {"side": 12}, "12 x 12"),
        (picture(), {"side": 0}, "patch"),
        (picture(), {"step": 1.5}, "1.5"),
    ],
)
def test_what_is_refused(image, options, said):
    with pytest.raises(ValueError, match=r".") as caught:
        inspection.occlusion(with_random_weights(SMALL), image, **options)
    assert oracles.is_plain(str(caught.value), said)
    if not options:
        with pytest.raises(ValueError, match=r".") as caught:
            inspection.activations(with_random_weights(SMALL), image)
        assert oracles.is_plain(str(caught.value), said)
