"""Checkpoints: what comes back is what was written, or an error and nothing changed."""

import json
import os
import zipfile

from lenet_helpers import checkpoints
from lenet_helpers.training import Trainer

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_training import Model, Param

SETTINGS = {"dataset": "digits", "learning_rate": 0.1, "nkerns": (4, 6)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.npz"


def state(trainer):
    """Everything that a checkpoint must bring back, in a form that compares bit for bit."""
    rule = trainer.early_stopping
    arrays = [param.get_value() for param in trainer.params] + list(trainer.best_params)
    return (
        [(array.dtype.str, array.shape, array.tobytes()) for array in arrays],
        (trainer.costs, trainer.validations, trainer.seconds),
        (rule.patience, rule.best_validation_error, rule.best_iteration),
    )


def trained(n_steps=7, errors=(0.5, 0.2, 0.3)):
    """Return a trainer after some steps, at awkward parameters."""
    model = Model(list(errors), cost=lambda n: 0.1 * n / 3)
    trainer = model.trainer(settings=SETTINGS)
    for _ in range(n_steps):
        next(trainer)
    model.params[0].set_value(numpy.array([1e-38, -0.0], "float32"))
    return trainer


def fresh(**options):
    return Model([0.9]).trainer(**{"settings": SETTINGS, **options})


# --- Round trips ---


@pytest.mark.parametrize("n_steps", [0, 1, 7, 12])
def test_a_round_trip_is_exact(path, n_steps):
    trainer, other = trained(n_steps), fresh()
    trainer.save(path)
    other.load(path)
    assert state(other) == state(trainer)
    other = fresh(checkpoint=path)
    assert state(other) == state(trainer)


def test_a_run_that_goes_on_ends_like_one_that_was_never_stopped(path):
    def run(n_steps, model):
        trainer = model.trainer(n_batches=3, n_epochs=5, checkpoint=path)
        for _ in range(n_steps):
            next(trainer)
        return trainer

    errors = [0.5, 0.2, 0.3, 0.1, 0.4]
    never_stopped = Model(errors)
    straight = never_stopped.trainer(n_batches=3, n_epochs=5)
    list(straight)
    run(7, Model(errors))  # stopped one step after the second checkpoint
    model = Model(errors)
    # The model's own counts are no part of a checkpoint: it recites from where the run stopped.
    model.n_updates, model.n_validations = 6, 2
    resumed = run(9, model)
    straight.seconds = resumed.seconds
    assert state(resumed) == state(straight)
    assert resumed.why_finished == straight.why_finished == "epochs"


def test_a_checkpoint_is_written_at_each_validation(path):
    trainer = fresh(n_batches=2, checkpoint=path)
    next(trainer)
    assert not path.exists()
    next(trainer)
    first = path.read_bytes()
    next(trainer)
    assert path.read_bytes() == first
    next(trainer)
    assert path.read_bytes() != first


def test_a_missing_folder_is_made(tmp_path):
    trained().save(tmp_path / "a" / "b" / "run.npz")
    assert os.listdir(tmp_path / "a" / "b") == ["run.npz"]


def test_no_pickle_is_in_the_file(path):
    trained().save(path)
    with numpy.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    assert {array.dtype.kind for array in arrays.values()} == {"f", "U"}


@given(
    arrays=st.dictionaries(
        st.from_regex("[a-z_]{1,8}", fullmatch=True).filter(
            lambda name: name not in ("notes", "file")
        ),
        st.lists(st.floats(width=32)).map(lambda numbers: numpy.array(numbers, "float32")),
        max_size=4,
    ),
    notes=st.dictionaries(
        st.text(max_size=5), st.floats(allow_nan=False) | st.integers() | st.text(), max_size=4
    ),
)
def test_any_arrays_and_notes_come_back(tmp_path_factory, arrays, notes):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    checkpoints.save(path, arrays, notes)
    found, found_notes = checkpoints.load(path)
    assert found_notes == notes
    assert {name: a.tobytes() for name, a in found.items()} == {
        name: a.tobytes() for name, a in arrays.items()
    }


# --- Checkpoints of another run, and broken ones ---


def assert_refused(path, kind=ValueError, fragment="checkpoint"):
    """Loading raises one sentence that names the file, and changes nothing."""
    trainer = trained(4, errors=(0.7, 0.6))
    before = state(trainer)
    with pytest.raises(kind, match=fragment) as caught:
        trainer.load(path)
    assert type(caught.value) is kind
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert state(trainer) == before


@pytest.mark.parametrize(
    "other", [{}, {**SETTINGS, "learning_rate": 0.2}, {**SETTINGS, "nkerns": [4, 7]}, {"more": 1}]
)
def test_the_checkpoint_of_other_settings_is_refused(path, other):
    Model([0.5]).trainer(settings=other).save(path)
    assert_refused(path, fragment="same settings, or another file")
    with pytest.raises(ValueError, match="same settings"):
        fresh(checkpoint=path)


@pytest.mark.parametrize(
    "params",
    [
        [Param([0, 0])],
        [Param([0, 0]), Param([0.5])],
        [Param([0, 0, 0]), Param([[0.5]])],
        [Param([[0.5]]), Param([0, 0])],
        [Param([0, 0]), Param([[0.5]]), Param([1])],
    ],
)
def test_the_checkpoint_of_another_network_is_refused(path, params):
    Trainer(None, 1, None, None, params, 1, settings=SETTINGS).save(path)
    assert_refused(path, fragment="another network")


def test_the_checkpoint_of_another_float_type_is_refused(path):
    model = Model([0.5])
    for param in model.params:
        param.value = param.value.astype("float64")
    model.trainer(settings=SETTINGS).save(path)
    assert_refused(path, fragment="another network")


def test_a_missing_file(path):
    assert_refused(path, FileNotFoundError, "no checkpoint")


def test_a_folder(tmp_path):
    assert_refused(tmp_path)


def test_a_file_that_is_cut_off_anywhere(path):
    trained().save(path)
    whole = path.read_bytes()
    for end in {*range(0, len(whole), 29), len(whole) - 1}:
        path.write_bytes(whole[:end])
        assert_refused(path)


def test_files_of_other_kinds(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n, a picture")
    assert_refused(path)
    with open(path, "wb") as file:
        numpy.save(file, numpy.zeros(3))
    assert_refused(path)
    numpy.savez(path, something=numpy.zeros(3))
    assert_refused(path)
    numpy.savez(path, notes=numpy.array("no JSON"))
    assert_refused(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.txt", "{}")
    assert_refused(path)


def test_a_pickle_is_not_read(path, tmp_path):
    class Call:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "marker"),)

    arrays, notes = {"param_0": numpy.array([Call()])}, numpy.array("{}")
    numpy.savez(path, **arrays, notes=notes)
    assert_refused(path)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("text", ["5", "null", '"text"', "[1]", "{}", "[[1, 2]]", "[" * 100_000])
def test_notes_that_are_no_runs(path, text):
    trainer = trained()
    arrays = {
        f"{kind}param_{i}": p.get_value()
        for kind in ("", "best_")
        for i, p in enumerate(trainer.params)
    }
    numpy.savez(path, **arrays, notes=numpy.array(text))
    assert_refused(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("costs", "abc"),
        ("costs", None),
        ("costs", [1, "x"]),
        ("costs", [[1]]),
        ("seconds", "long"),
        ("seconds", None),
        ("validations", 5),
        ("validations", [5]),
        ("patience", "long"),
        ("patience", None),
        ("best_validation_error", [0.1]),
        ("best_iteration", "first"),
    ],
)
def test_notes_of_the_wrong_kind(path, name, value):
    trained().save(path)
    with numpy.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    notes = json.loads(str(arrays.pop("notes")))
    assert name in notes
    numpy.savez(path, **arrays, notes=numpy.array(json.dumps({**notes, name: value})))
    assert_refused(path)
    del notes[name]
    numpy.savez(path, **arrays, notes=numpy.array(json.dumps(notes)))
    assert_refused(path)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=3)
)
def test_altered_bytes_bring_back_the_same_or_are_refused(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "altered.npz"
    trainer, other = trained(), fresh()
    trainer.save(path)
    data, untouched = bytearray(path.read_bytes()), state(other)
    for position, value in changes:
        data[position % len(data)] = value
    path.write_bytes(data)
    try:
        other.load(path)
        expected = state(trainer)
    except ValueError as error:
        assert type(error) is ValueError  # noqa: PT017
        expected = untouched
    assert state(other) == expected


# --- Writing is all or nothing ---


def fail(*arguments, **options):
    raise OSError(28, "No space left on device")


def write_a_part_and_fail(file, **arrays):
    file.write(b"PK\3\4 half a file")
    file.flush()
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "name", "replacement", "error"),
    [
        (numpy, "savez", write_a_part_and_fail, KeyboardInterrupt),
        (numpy, "savez", fail, OSError),
        (os, "fsync", fail, OSError),
        (os, "replace", fail, OSError),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_failure_leaves_the_old_file(path, monkeypatch, module, name, replacement, error, there):
    trainer = trained(4)
    if there:
        trainer.save(path)
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}
    assert list(before) == (["run.npz"] if there else [])
    next(trainer)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, replacement)
        with pytest.raises(error):
            trainer.save(path)
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir()} == before
    trainer.save(path)
    assert fresh(checkpoint=path).iteration == 5


def test_a_reader_never_sees_a_part(path, monkeypatch):
    """Whenever bytes are on their way to the disk, the file under the name is the old one."""
    trainer = trained(4)
    trainer.save(path)
    old = path.read_bytes()
    seen = []
    for module, name in ((numpy, "savez"), (os, "fsync"), (os, "replace")):
        original = getattr(module, name)

        def look_first(*arguments, original=original, **options):
            seen.append(path.read_bytes())
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, look_first)
    next(trainer)
    trainer.save(path)
    assert seen == [old] * 3
    assert path.read_bytes() != old


@pytest.mark.parametrize("path", [".", 5, None])
def test_a_folder_or_no_path_at_all_is_no_checkpoint(path):
    with pytest.raises(ValueError, match="name of a file") as caught:
        checkpoints.load(path)
    assert repr(str(path)) in str(caught.value)
    assert "delete" not in str(caught.value)
