"""The weights that come with the course: whole, of one training, and as good as they say."""

import json

from lenet_helpers import paths, trained
from lenet_helpers.lenet import LeNet

import numpy
import pytest

RECORDED = {0: None} | {
    iteration: (validation, test)
    for iteration, validation, test in json.loads(
        (paths.DATA_FOLDER / "mnist_run.json").read_text(encoding="ascii")
    )["validations"]
}


@pytest.mark.parametrize("name", trained.STAGES)
def test_a_stage_belongs_to_the_recorded_training(name):
    stage = trained.load_stage(name)
    if stage.iteration:
        validation_error, test_error = RECORDED[stage.iteration]
        assert (stage.validation_error, stage.test_error) == (validation_error, test_error)
    assert stage.confusion.sum() == 10_000
    assert stage.confusion.trace() == round(10_000 * (1 - stage.test_error))


def test_the_stages_are_in_order_and_the_last_is_the_best():
    stages = [trained.load_stage(name) for name in trained.STAGES]
    assert [stage.iteration for stage in stages] == [0, 100, 1000, 17_400]
    errors = [stage.validation_error for stage in stages]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == min(row[0] for row in RECORDED.values() if row)
    # The right digits are MNIST's, however a network answers.
    assert {tuple(stage.confusion.sum(axis=1)) for stage in stages} == {
        (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    }


def test_each_stage_has_one_network_to_share():
    for name in trained.STAGES:
        shared, own = trained.shared_lenet(name), trained.trained_lenet(name)
        assert shared is trained.shared_lenet(name)
        assert shared is not own
        pairs = zip(shared.get_values(), own.get_values(), strict=True)
        assert all(numpy.array_equal(*pair) for pair in pairs)
    assert len({trained.shared_lenet(name) for name in trained.STAGES}) == 4


@pytest.mark.parametrize("name", trained.STAGES)
def test_the_network_gets_the_stages_weights(name):
    network = trained.trained_lenet(name)
    stored = trained.load_stage(name).values
    assert [value.dtype for value in stored] == ["float16"] * 8
    for value, ours in zip(stored, network.get_values(), strict=True):
        assert ours.dtype == "float32"
        numpy.testing.assert_array_equal(value.astype("float32"), ours)


def test_the_initial_weights_are_a_fresh_networks():
    fresh = LeNet().get_values()
    for value, ours in zip(trained.load_stage("initial").values, fresh, strict=True):
        numpy.testing.assert_array_equal(value, ours.astype("float16"))


def test_a_stage_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"the stage is 'worst'; it must be one of initial"):
        trained.load_stage("worst")
