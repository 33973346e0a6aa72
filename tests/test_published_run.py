"""The course's own result on MNIST: as good as the classic one, in minutes."""

import json

from lenet_helpers import paths

import pytest


def recorded(name):
    return json.loads((paths.DATA_FOLDER / name).read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def run():
    return recorded("mnist_fast_run.json")


def test_it_is_the_classic_training(run):
    stock = recorded("mnist_run.json")
    assert run["settings"] == stock["settings"]
    assert run["untrained_errors"] == stock["untrained_errors"]
    assert [row[0] for row in run["validations"]] == list(range(100, 20_001, 100))


def test_two_hundred_epochs_in_ten_minutes(run):
    assert run["seconds"] < 600


def test_the_test_error_at_the_best_validation(run):
    best = min(run["validations"], key=lambda row: row[1])
    assert best[1] <= 0.0095
    assert best[2] <= 0.0095


def test_the_record_says_what_the_page_says(run):
    page = (paths.DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    best = min(run["validations"], key=lambda row: row[1])
    minutes, seconds = divmod(run["seconds"], 60)
    wanted = (
        f"{minutes} minutes {seconds} seconds; {100 * best[1]:.2f} % validation and "
        f"{100 * best[2]:.2f} % test error at iteration {best[0]:,}"
    )
    assert wanted in page.replace("\n", " ")
