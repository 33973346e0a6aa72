"""Making the weights that come with the course, on a small training."""

from lenet_helpers import checkpoints, paths, trained
from lenet_helpers.datasets import load_data
from lenet_helpers.lenet import LeNet
from lenet_helpers.train_lenet import lenet_trainer

import numpy
import pytest

from tools import make_weights

SETTINGS = {"dataset": "digits", "learning_rate": 0.1, "nkerns": [20, 50], "batch_size": 200}
N_EPOCHS = 3


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """(checkpoint, the network's parameters after each epoch)."""
    checkpoint = tmp_path_factory.mktemp("weights") / "run.npz"
    network, values = LeNet(), []
    trainer = lenet_trainer(
        network, load_data("digits"), 0.1, 200, N_EPOCHS, checkpoint=checkpoint, settings=SETTINGS
    )
    for step in trainer:
        if step.validation_error is not None:
            values.append(network.get_values())
    return checkpoint, values


@pytest.fixture
def two_early_epochs(monkeypatch):
    monkeypatch.setattr(make_weights, "EPOCHS", {1: "epoch 1", 2: "epoch 10"})


def test_every_stage_is_written_and_measured(
    training, two_early_epochs, tmp_path, monkeypatch, digits
):
    checkpoint, values = training
    make_weights.main(checkpoint, tmp_path)
    monkeypatch.setattr(paths, "DATA_FOLDER", tmp_path)
    arrays, notes = checkpoints.load(checkpoint)
    wanted = {
        "initial": (0, LeNet().get_values()),
        "epoch 1": (5, values[0]),
        "epoch 10": (10, values[1]),
        "best": (notes["best_iteration"], [arrays[f"best_param_{i}"] for i in range(8)]),
    }
    for name, (iteration, parameters) in wanted.items():
        stage = trained.load_stage.__wrapped__(name)
        assert stage.iteration == iteration
        for stored, exact in zip(stage.values, parameters, strict=True):
            assert stored.dtype == "float16"
            numpy.testing.assert_array_equal(stored, exact.astype("float16"))
        network = LeNet()
        network.set_values(stage.values)
        predicted = network.predict(digits.test.images)
        assert stage.test_error == (predicted != digits.test.labels).mean()
        assert stage.validation_error == network.error(*digits.validation)
        assert stage.confusion.trace() == (predicted == digits.test.labels).sum()


def test_another_training_is_not_taken_for_this_one(training, two_early_epochs, tmp_path):
    arrays, notes = checkpoints.load(training[0])
    notes["validations"][0][1] += 0.01
    checkpoints.save(tmp_path / "other.npz", arrays, notes)
    with pytest.raises(SystemExit, match="Epoch 1 gave"):
        make_weights.main(tmp_path / "other.npz", tmp_path)
