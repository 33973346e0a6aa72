"""The real MNIST, where it is on this machine: the figures that the lessons tell."""

import json
import os
from pathlib import Path

from lenet_helpers import trained
from lenet_helpers.datasets import load_data
from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import LeNet
from lenet_helpers.mistakes import confusion_counts
from lenet_helpers.train_lenet import lenet_trainer

import numpy
import pytest

from tests.conftest import REPOSITORY

FOLDER = Path(os.environ.get("LENET_MNIST") or REPOSITORY.parent / "shared" / "mnist")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="MNIST was left out: put its four IDX files into a folder and name it in LENET_MNIST.",
)


@pytest.fixture(scope="module")
def mnist():
    return load_data(FOLDER)


@pytest.fixture(scope="module")
def two_epochs(mnist):
    """(errors of the untrained network, trainer after two epochs)."""
    network = LeNet(LeNetDesign())
    untrained = network.error(*mnist.validation), network.error(*mnist.test)
    trainer = lenet_trainer(network, mnist, n_epochs=2)
    for _ in trainer:
        pass
    return untrained, trainer


def test_mnist_has_three_parts(mnist):
    assert [part.images.shape for part in mnist] == [(50_000, 784), (10_000, 784), (10_000, 784)]
    assert [part.labels.shape for part in mnist] == [(50_000,), (10_000,), (10_000,)]
    for images, labels in mnist:
        assert (images.dtype, labels.dtype) == ("float32", "int32")
        assert (images.min(), images.max()) == (0, 255 / 256)
        assert set(numpy.unique(labels)) == set(range(10))


def test_the_untrained_network_guesses_zero(mnist, two_epochs):
    untrained, _ = two_epochs
    assert [round(100 * error, 2) for error in untrained] == [90.09, 90.20]
    # All probabilities are equal, and argmax takes the first class.
    shares = [float((part.labels != 0).mean()) for part in (mnist.validation, mnist.test)]
    assert list(untrained) == pytest.approx(shares, abs=1e-9)


def test_the_first_costs(two_epochs):
    _, trainer = two_epochs
    assert len(trainer.costs) == 200
    assert [round(cost, 6) for cost in trainer.costs[:3]] == [2.302585, 2.284162, 2.263281]


# One was recorded with stock Theano, the other with this course's ops.
@pytest.mark.parametrize("name", ["mnist_run.json", "mnist_fast_run.json"])
def test_the_published_runs_start_the_same(two_epochs, name):
    untrained, trainer = two_epochs
    run = json.loads((REPOSITORY / "data" / name).read_text(encoding="ascii"))
    assert run["untrained_errors"] == list(untrained)
    assert trainer.costs[:100] == pytest.approx(run["first_costs"], abs=1e-5)
    for found, recorded in zip(trainer.validations, run["validations"], strict=False):
        assert found[0] == recorded[0]
        # After epoch 1 the network gives one of the 10,000 images two classes with the same
        # probability, but for 0.00001: which one it gets depends on the order of adding.
        assert abs(found[1] - recorded[1]) < 1.5e-4
        assert found[2] == recorded[2]


def test_the_first_epoch(two_epochs):
    _, trainer = two_epochs
    iteration, validation_error, test_error = trainer.validations[0]
    assert iteration == 100
    assert round(100 * test_error, 2) == 9.52
    assert abs(round(10_000 * validation_error) - 923) <= 1


@pytest.mark.parametrize("name", trained.STAGES)
def test_the_weights_of_the_course_are_as_good_as_they_say(mnist, name):
    stage, network = trained.load_stage(name), trained.trained_lenet(name)
    predicted = network.predict(mnist.test.images)
    test_error = float((predicted != mnist.test.labels).mean())
    validation_error = network.error(*mnist.validation)
    # Images between two classes may fall to either side with another order of adding.
    assert abs(test_error - stage.test_error) <= 0.0001
    assert abs(validation_error - stage.validation_error) <= 0.0001
    counts = confusion_counts(mnist.test.labels, predicted)
    assert abs(counts - stage.confusion).sum() <= 4
    if name == "best":
        assert test_error <= 0.01
