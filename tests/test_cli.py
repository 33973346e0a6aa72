"""The command line: what it offers, prints and returns."""

import re
import subprocess
import sys

from lenet_helpers import __main__ as cli
from lenet_helpers import train_lenet

import pytest

from tests import data_files

SMALL = ["train", "--epochs", "1", "--nkerns", "2", "3"]


def assert_refused(capfd, arguments, *fragments):
    """The command ends with status 2 and one line on stderr."""
    assert cli.main(arguments) == 2
    output, errors = capfd.readouterr()
    # The progress bar draws over its own line with carriage returns.
    *bar, message = errors.rstrip("\n").replace("\r", "\n").split("\n")
    assert message.startswith("Error: ")
    assert "Traceback" not in errors
    assert len(output.splitlines()) == 1
    for fragment in fragments:
        assert fragment in message
    return bar


def test_help_lists_every_setting_with_its_default(capfd):
    with pytest.raises(SystemExit) as caught:
        cli.main(["train", "--help"])
    assert caught.value.code == 0
    text = " ".join(capfd.readouterr().out.split())
    for setting in ("dataset", "epochs", "learning-rate", "nkerns", "batch-size", "checkpoint"):
        assert f"--{setting}" in text
    for default in ("digits", "20", "0.1", "[20, 50]"):
        assert f"(without it: {default})" in text
    assert "None" not in text
    assert "50 for digits, else 500" in text


def test_help_alone_names_the_command(capfd):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    assert "train" in capfd.readouterr().out


def test_the_module_runs_as_a_command(clean_environment):
    command = [sys.executable, "-m", "lenet_helpers"]
    run = {"env": clean_environment, "capture_output": True, "text": True, "timeout": 120}
    result = subprocess.run([*command, "train", "--dataset", "nowhere"], **run)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: There is no data set 'nowhere'")
    result = subprocess.run([*command, "train", "--help"], **run)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_training_prints_its_result(capfd):
    assert cli.main([*SMALL, "--batch-size", "100"]) == 0
    output, errors = capfd.readouterr()
    first, last = output.splitlines()
    assert "'digits'" in first
    found = re.fullmatch(
        r"Best validation error (\d+\.\d\d) % at iteration 11, with test error (\d+\.\d\d) %; "
        r"11 iterations in \d+\.\d s\.",
        last,
    )
    result = train_lenet.evaluate_lenet(0.1, 1, "digits", [2, 3], 100)
    assert float(found[1]) == round(100 * result.validation_error, 2)
    assert float(found[2]) == round(100 * result.test_error, 2)
    assert "11/11" in errors


@pytest.mark.parametrize(
    ("dataset", "expected"), [("digits", 50), ("mnist", 500), ("a/folder", 500)]
)
def test_the_batch_size_follows_the_data_set(monkeypatch, dataset, expected):
    given = {}

    def record(**arguments):
        given.update(arguments)
        raise ValueError

    monkeypatch.setattr(train_lenet, "evaluate_lenet", record)
    cli.main(["train", "--dataset", dataset])
    assert (given["batch_size"], given["dataset"]) == (expected, dataset)
    cli.main(["train", "--dataset", dataset, "--batch-size", "7"])
    assert given["batch_size"] == 7


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--dataset", "minst"], "There is no data set 'minst'"),
        (["--learning-rate", "-1"], "learning_rate is -1"),
        (["--learning-rate", "nan"], "learning_rate is nan"),
        (["--epochs", "0"], "n_epochs is 0"),
        (["--batch-size", "0"], "batch_size is 0"),
        (["--batch-size", "5000"], "at most 1197"),
        (["--nkerns", "0", "5"], "0"),
        (["--checkpoint", "/dev/null/run.npz"], "run.npz"),
    ],
)
def test_a_setting_that_does_not_work(capfd, arguments, fragment):
    assert not assert_refused(capfd, [*SMALL, *arguments], fragment)


@pytest.mark.parametrize(
    "arguments",
    [[], ["test"], ["train", "--epochs", "many"], ["train", "--nkerns", "5"], ["train", "--what"]],
)
def test_arguments_that_are_none(capfd, arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("usage: python -m lenet_helpers")


def test_a_broken_data_set(capfd, tmp_path):
    folder = data_files.write_folder(tmp_path, data_files.mnist_contents(), packed=True)
    assert_refused(capfd, [*SMALL, "--dataset", str(folder)], "14 training images")
    path = folder / f"{data_files.NAMES[0]}.gz"
    path.write_bytes(path.read_bytes()[:100])
    assert_refused(capfd, [*SMALL, "--dataset", str(folder)], "broken or cut off")


def test_a_learning_rate_that_is_too_large(capfd):
    bar = assert_refused(capfd, [*SMALL, "--learning-rate", "1e30"], "smaller learning rate")
    assert "2/23" in bar[-1]


def test_a_checkpoint_of_another_run(capfd, tmp_path):
    checkpoint = ["--checkpoint", str(tmp_path / "run.npz")]
    assert cli.main([*SMALL, "--batch-size", "400", *checkpoint]) == 0
    before = (tmp_path / "run.npz").read_bytes()
    capfd.readouterr()
    assert_refused(capfd, [*SMALL, "--batch-size", "300", *checkpoint], "same settings")
    assert (tmp_path / "run.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("checkpoint", "advice"),
    [
        ([], "With --checkpoint FILE"),
        (["--checkpoint", "missing.npz"], "starts from the beginning"),
        (["--checkpoint", __file__], "The same command goes on"),
    ],
    ids=["no checkpoint", "before an epoch", "after an epoch"],
)
def test_an_interrupt(capfd, monkeypatch, checkpoint, advice):
    def interrupt(**arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_lenet, "evaluate_lenet", interrupt)
    assert cli.main([*SMALL, *checkpoint]) == 130
    errors = capfd.readouterr().err
    assert errors.startswith("Stopped. ")
    assert advice in errors
    assert errors.count("\n") == 1
