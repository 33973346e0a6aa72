"""Runs: they pause, change their learning rate, go on after a kernel's end, and are compared."""

import gc
import inspect
import json
import math
import pickle
import weakref

from lenet_helpers import checkpoints, datasets, run_data, runs
from lenet_helpers.datasets import Datasets, Split
from lenet_helpers.design import PRESETS, LeNetDesign
from lenet_helpers.lenet import LeNet
from lenet_helpers.runs import RATES, Record, Run, RunSettings, left_run

import numpy
import pytest
import theano
from theano import tensor as T

from tests import oracles

TINY = PRESETS["tiny"]
LARGER = LeNetDesign((2, 3), n_hidden=8, image_size=(32, 33))
N_BATCHES = 11  # of 100 images, in an epoch of the course's digits
WAYS = {3: 0.3, 14: 0.05, 15: 0.05, 20: 1.0}


def settings(**changes):
    return RunSettings(**{"design": TINY, "batch_size": 100, "n_epochs": 3} | changes)


def steps(run, number):
    return [next(run) for _ in range(number)]


def everything(run):
    """Return all that a run has reached but its seconds, arrays as bytes."""
    trainer = run.trainer
    arrays = [*run.network.get_values(), *trainer.best_params]
    rule = trainer.early_stopping
    return (
        [(array.dtype.str, array.shape, array.tobytes()) for array in arrays],
        trainer.costs,
        trainer.validations,
        trainer.extra,
        trainer.why_finished,
        (rule.patience, rule.best_iteration, rule.best_validation_error),
    )


def steered(run, up_to=None):
    """Train with the learning rate changed on the way, to the end or to an iteration."""
    while run.trainer.why_finished is None and run.trainer.iteration != up_to:
        if run.trainer.iteration in WAYS:
            run.learning_rate = WAYS[run.trainer.iteration]
        next(run)
    return run


@pytest.fixture(scope="module")
def undisturbed():
    """What a run in one go has reached at its end, with the learning rate changed on the way."""
    found = everything(steered(Run(settings())))
    assert len(found[1]) == 3 * N_BATCHES
    return found


# --- The numbers ---


def test_every_step_is_the_one_of_a_fresh_expression_at_the_rate_of_then(digits):
    rates = [0.1, 0.1, 0.7, 0.7, 0.002]
    run = Run(settings(batch_size=50))
    for rate in rates:
        run.learning_rate = rate
        next(run)
    found, costs = run.network.get_values(), run.trainer.costs
    network = LeNet(TINY)
    gradients = theano.function(
        [network.x, network.y], [network.cost, *T.grad(network.cost, network.params)]
    )
    for number, rate in enumerate(rates):
        part = slice(50 * number, 50 * number + 50)
        cost, *slopes = gradients(digits.train.images[part], digits.train.labels[part])
        assert costs[number] == pytest.approx(float(cost), rel=1e-5)
        network.set_values(
            [
                value - numpy.float32(rate) * slope
                for value, slope in zip(network.get_values(), slopes, strict=True)
            ]
        )
    for value, wanted in zip(found, network.get_values(), strict=True):
        numpy.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6)


def test_a_run_is_the_trainers_loop(digits):
    run = Run(settings())
    list(run)
    trainer = run.trainer
    assert trainer.iteration == 3 * N_BATCHES == trainer.n_iterations
    assert [row[0] for row in trainer.validations] == [11, 22, 33]
    images, labels = digits.validation
    wrong = (run.network.predict(images) != labels).mean()
    assert trainer.validations[-1][1] == pytest.approx(float(wrong))
    assert trainer.why_finished == "epochs"
    assert next(run, "no more") == "no more"


def test_runs_of_one_network_start_from_the_same_weights():
    first, again = Run(settings()), None
    before = first.network.get_values()
    fresh = LeNet(TINY).get_values()
    assert [value.tobytes() for value in before] == [value.tobytes() for value in fresh]
    steps(first, 5)
    again = Run(settings(learning_rate=0.5))
    assert again.network is first.network
    assert [value.tobytes() for value in again.network.get_values()] == [
        value.tobytes() for value in before
    ]
    assert next(again).cost == first.trainer.costs[0]
    # What the first one has reached stays in its trainer.
    assert len(first.trainer.costs) == 5
    assert [value.tobytes() for value in first.trainer.best_params] == [
        value.tobytes() for value in before
    ]


# --- Pausing and going on ---


@pytest.mark.parametrize("pauses", [[1], [3], [11], [14, 15], [20, 21, 32]])
def test_a_run_that_pauses_ends_as_one_that_does_not(undisturbed, pauses, tmp_path):
    run = Run(settings(), tmp_path / "run.npz")
    for pause in pauses:
        steered(run, pause)
        run.save()
    assert everything(steered(run)) == undisturbed


@pytest.mark.parametrize("pause", [1, 3, 11, 14, 21, 32])
def test_a_run_goes_on_from_its_file(undisturbed, pause, tmp_path):
    first = steered(Run(settings(), tmp_path / "run.npz"), pause)
    first.save()
    reached, seconds = everything(first), first.trainer.seconds
    # Another run takes the network for itself.
    steps(Run(settings(learning_rate=2.0)), 3)
    again = Run(left_run(tmp_path / "run.npz"), tmp_path / "run.npz", go_on=True)
    assert everything(again) == reached
    assert again.trainer.seconds == seconds
    assert again.learning_rate == first.learning_rate
    assert everything(steered(again)) == undisturbed


GO_ON = """
import pickle
from lenet_helpers.runs import Run, left_run
{functions}
WAYS = {ways}
run = Run(left_run({path!r}), {path!r}, go_on=True)
print(pickle.dumps(everything(steered(run))).hex())
"""


def test_a_run_goes_on_in_another_process(undisturbed, tmp_path, run_python):
    path = tmp_path / "run.npz"
    steered(Run(settings(), path), 15).save()
    functions = inspect.getsource(steered) + inspect.getsource(everything)
    process = run_python(GO_ON.format(functions=functions, ways=WAYS, path=str(path)))
    assert process.returncode == 0, process.stderr
    assert pickle.loads(bytes.fromhex(process.stdout)) == undisturbed


def test_a_killed_run_goes_on_from_its_last_validation(undisturbed, tmp_path):
    run = steered(Run(settings(), tmp_path / "run.npz"), 17)
    assert run.trainer.iteration == 17
    again = Run(left_run(tmp_path / "run.npz"), tmp_path / "run.npz", go_on=True)
    assert again.trainer.iteration == 11
    assert again.trainer.extra[RATES] == [[1, 0.1], [4, 0.3]]
    assert everything(steered(again)) == undisturbed


def test_a_new_run_replaces_the_old_file(tmp_path):
    path = tmp_path / "run.npz"
    steps(Run(settings(), path), N_BATCHES)
    assert path.exists()
    assert Run(settings(), path).trainer.iteration == 0
    assert not path.exists()


def test_a_refused_run_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.npz"
    steps(Run(settings(), path), N_BATCHES)
    before = path.read_bytes()
    for wrong in (
        {"learning_rate": -1},
        {"dataset": "nowhere"},
        {"design": LeNetDesign((900, 1))},
    ):
        with pytest.raises((ValueError, FileNotFoundError)):
            Run(settings(**wrong), path)
        assert path.read_bytes() == before


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run(settings())
    steps(run, N_BATCHES)
    run.save()
    assert list(tmp_path.iterdir()) == []


def test_to_go_on_without_a_file_is_to_start(tmp_path):
    assert Run(settings(), tmp_path / "run.npz", go_on=True).trainer.iteration == 0


# --- The learning rate ---


def test_the_rates_are_recorded_with_their_first_iterations():
    run = Run(settings())
    assert run.learning_rate == 0.1
    assert run.record().rates == [[1, 0.1]]
    run.learning_rate = 0.1
    assert run.record().rates == [[1, 0.1]]
    # Nothing was trained at the first one.
    run.learning_rate = 0.3
    assert run.record().rates == [[1, 0.3]]
    steps(run, 2)
    run.learning_rate = 0.3
    assert run.record().rates == [[1, 0.3]]
    run.learning_rate = 0.5
    run.learning_rate = 0.7
    assert run.record().rates == [[1, 0.3], [3, 0.7]]
    # Moved there and back again before a step.
    run.learning_rate = 0.3
    assert run.record().rates == [[1, 0.3]]
    run.learning_rate = 1
    next(run)
    run.learning_rate = 0.3
    next(run)
    assert run.record().rates == [[1, 0.3], [3, 1.0], [4, 0.3]]
    assert run.learning_rate == 0.3


@pytest.mark.parametrize("wrong", [0, -0.1, math.nan, math.inf, -math.inf, "fast", None, 10**400])
def test_a_learning_rate_that_does_not_work(wrong):
    run = Run(settings())
    next(run)
    with pytest.raises(ValueError, match="learning_rate") as caught:
        run.learning_rate = wrong
    assert oracles.is_plain(str(caught.value), wrong, 0.1)
    assert run.record().rates == [[1, 0.1]]
    assert next(run).iteration == 2
    with pytest.raises(ValueError, match="learning_rate"):
        Run(settings(learning_rate=wrong))


# --- What is told of a run ---


def test_the_speed():
    run = Run(settings())
    assert run.examples_per_second is None
    steps(run, 4)
    run.trainer.seconds = 0.5
    assert run.examples_per_second == 4 * 100 / 0.5


def test_a_record_is_a_copy():
    run = Run(settings(batch_size=200))
    run.number = 7
    steps(run, 6)
    record = run.record()
    assert record.number == 7
    assert record.settings is run.settings
    assert record.costs == run.trainer.costs
    assert record.n_train_batches == 5
    assert record.seconds == run.trainer.seconds
    assert [row[0] for row in record.validations] == [5]
    run.learning_rate = 0.5
    steps(run, 4)
    assert len(record.costs) == 6
    assert len(record.validations) == 1
    assert record.rates == [[1, 0.1]]


def test_the_best_of_a_record():
    record = Record(1, settings(), [[1, 0.1]], [1.0], [], 1, 1.0)
    assert record.best is None
    rows = [(1, 0.5, 0.4), (2, 0.3, 0.35), (3, 0.3, None), (4, 0.4, None)]
    assert record._replace(validations=rows).best == (2, 0.3, 0.35)
    run = Run(settings())
    list(run)
    validations = run.trainer.validations
    lowest = min(validations, key=lambda row: row[1])
    assert run.record().best == lowest
    assert lowest[2] == run.trainer.test_error


# --- The file that a run has left ---


def altered(source, target, change):
    """Copy a checkpoint with its notes changed; keep its arrays."""
    arrays, notes = checkpoints.load(source)
    checkpoints.save(target, arrays, change(json.loads(json.dumps(notes))))


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The file of a run that was left after 13 iterations."""
    path = tmp_path_factory.mktemp("left") / "run.npz"
    run = Run(settings(design=LARGER, n_epochs=9), path)
    steps(run, 5)
    run.learning_rate = 0.3
    steps(run, 8)
    run.save()
    return path


def test_the_settings_of_a_run_that_was_left(left):
    assert left_run(left) == settings(design=LARGER, n_epochs=9)
    assert hash(left_run(left).design) == hash(LARGER)
    assert left_run(str(left)) == left_run(left)


def test_no_file_no_run(tmp_path):
    assert left_run(tmp_path / "nothing.npz") is None
    assert left_run(tmp_path) is None
    assert left_run(tmp_path / "no" / "folder.npz") is None


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(left, tmp_path, share):
    content = left.read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(content[: int(share * len(content))])
    assert left_run(path) is None


def test_other_files(left, tmp_path):
    path = tmp_path / "other.npz"
    path.write_bytes(b"no checkpoint")
    assert left_run(path) is None
    numpy.savez(path, a=numpy.ones(3))
    assert left_run(path) is None
    # A run of the training command.
    altered(left, path, lambda notes: notes | {"settings": {"nkerns": [4, 6]}, "extra": {}})
    assert left_run(path) is None


def with_settings(**changes):
    return lambda notes: notes | {"settings": notes["settings"] | changes}


def with_design(**changes):
    return lambda notes: with_settings(design=notes["settings"]["design"] | changes)(notes)


def with_rates(rates):
    return lambda notes: notes | {"extra": {RATES: rates}}


def without(name):
    return lambda notes: {key: value for key, value in notes.items() if key != name}


HOSTILE = {
    "no settings": without("settings"),
    "no extra": without("extra"),
    "settings null": lambda notes: notes | {"settings": None},
    "settings list": lambda notes: notes | {"settings": [1, 2]},
    "settings text": lambda notes: notes | {"settings": "digits"},
    "settings empty": lambda notes: notes | {"settings": {}},
    "settings more": with_settings(colour="red"),
    "dataset number": with_settings(dataset=5),
    "dataset list": with_settings(dataset=["digits"]),
    "dataset null": with_settings(dataset=None),
    "rate text": with_settings(learning_rate="0.1"),
    "rate null": with_settings(learning_rate=None),
    "rate zero": with_settings(learning_rate=0),
    "rate nan": with_settings(learning_rate=math.nan),
    "rate true": with_settings(learning_rate=True),
    "rate huge": with_settings(learning_rate=10**400),
    "batch text": with_settings(batch_size="20"),
    "batch zero": with_settings(batch_size=0),
    "batch fraction": with_settings(batch_size=2.5),
    "epochs list": with_settings(n_epochs=[5]),
    "epochs negative": with_settings(n_epochs=-5),
    "design null": with_settings(design=None),
    "design list": with_settings(design=[1]),
    "design more": with_design(depth=3),
    "design negative": with_design(n_hidden=-1),
    "design text": with_design(nkerns="many"),
    "design ragged": with_design(filter_shapes=[[5, 5], [5]]),
    "design impossible": with_design(filter_shapes=[[50, 50], [5, 5]]),
    "extra null": lambda notes: notes | {"extra": None},
    "extra list": lambda notes: notes | {"extra": [1]},
    "rates null": with_rates(None),
    "rates empty": with_rates([]),
    "rates no list": with_rates({}),
    "rates dict": with_rates({"ab": 1}),
    "rates number": with_rates(0.1),
    "rates flat": with_rates([1, 0.1]),
    "rates three": with_rates([[1, 0.1, 2]]),
    "rates negative": with_rates([[1, -0.1]]),
    "rates zero": with_rates([[1, 0.1], [3, 0]]),
    "rates text": with_rates([[1, "0.1"]]),
    "rates null rate": with_rates([[1, None]]),
    "rates nan": with_rates([[1, math.nan]]),
    "rates infinite": with_rates([[1, math.inf]]),
    "rates huge": with_rates([[1, 10**400]]),
    "rates from text": with_rates([["1", 0.1]]),
    "rates from a fraction": with_rates([[1.5, 0.1]]),
    "rates from before": with_rates([[-3, 0.1]]),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_was_altered(left, tmp_path, change):
    path = tmp_path / "altered.npz"
    altered(left, path, change)
    assert left_run(path) is None


def test_the_altering_itself_breaks_nothing(left, tmp_path):
    path = tmp_path / "same.npz"
    altered(left, path, lambda notes: notes)
    assert left_run(path) == left_run(left)
    altered(left, path, with_settings(learning_rate=1))
    assert left_run(path).learning_rate == 1


def test_another_networks_arrays_are_refused_in_a_sentence(left, tmp_path):
    path = tmp_path / "other.npz"
    altered(left, path, with_design(n_hidden=9))
    plan = left_run(path)
    assert plan.design.n_hidden == 9
    with pytest.raises(ValueError, match="of another network") as caught:
        Run(plan, path, go_on=True)
    assert oracles.is_plain(str(caught.value), path)


# --- What does not work ---


def refused(**changes):
    with pytest.raises(ValueError, match=r"\.$") as caught:
        Run(settings(**changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_network_too_large_for_the_memory():
    design = LeNetDesign((400, 400), n_hidden=8)
    message = refused(design=design, batch_size=20)
    at_once = 500 * design.n_bytes
    assert at_once > run_data.MOST_BYTES
    assert oracles.is_plain(message, f"{at_once / 10**6:,.0f} MB", 500, 400)
    # Small batches take no less: validation takes 500 images at once.
    run_data.check_memory(settings(design=LeNetDesign((20, 50)), batch_size=1))
    # A design that just fits stops fitting with larger batches.
    just = LeNetDesign((100, 100), n_hidden=8)
    run_data.check_memory(settings(design=just, batch_size=500))
    most = run_data.MOST_BYTES // just.n_bytes
    run_data.check_memory(settings(design=just, batch_size=most))
    with pytest.raises(ValueError, match="at once"):
        run_data.check_memory(settings(design=just, batch_size=most + 1))


@pytest.mark.parametrize("size", [(28, 27), (27, 28), (20, 40), (16, 16)])
def test_paper_that_is_too_small(size):
    design = LeNetDesign((2, 3), ((3, 3), (3, 3)), n_hidden=8, image_size=size)
    message = refused(design=design)
    assert oracles.is_plain(message, f"{size[0]} x {size[1]}", "28 x 28")


def test_colours():
    message = refused(design=LeNetDesign((2, 3), n_hidden=8, channels=3))
    assert oracles.is_plain(message, "3 channels", "1 channel")


def test_too_few_classes():
    message = refused(design=LeNetDesign((2, 3), n_hidden=8, n_classes=5))
    assert oracles.is_plain(message, "5 classes", "10 classes")


def test_more_classes_than_digits_train():
    run = Run(settings(design=LeNetDesign((2, 3), n_hidden=8, n_classes=12)))
    assert next(run).cost == pytest.approx(math.log(12), rel=1e-5)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "20", None, True, 5000])
def test_a_batch_size_that_does_not_work(wrong):
    assert oracles.is_plain(refused(batch_size=wrong), "batch_size", wrong)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "20", None, True])
def test_epochs_that_do_not_work(wrong):
    assert oracles.is_plain(refused(n_epochs=wrong), "n_epochs", wrong)


# --- Larger paper ---


@pytest.mark.parametrize("size", [(32, 32), (28, 33), (31, 28), (40, 29)])
def test_images_lie_in_the_middle_of_larger_paper(digits, size):
    laid = datasets.on_larger_paper(digits, size)
    rows, columns = size
    for part, before in zip(laid, digits, strict=True):
        assert isinstance(part, Split)
        assert part.images.shape == (len(before.images), rows * columns)
        assert part.images.dtype == before.images.dtype
        assert part.labels is before.labels
        numpy.testing.assert_array_equal(
            numpy.sort(part.images, axis=1)[:, -784:], numpy.sort(before.images, axis=1)
        )
    top, left = (rows - 28) // 2, (columns - 28) // 2
    for number in (0, 7, 299):
        paper = numpy.zeros(size, "float32")
        for row in range(28):
            for column in range(28):
                paper[top + row, left + column] = digits.test.images[number, 28 * row + column]
        numpy.testing.assert_array_equal(laid.test.images[number].reshape(size), paper)


def test_paper_of_the_same_size_copies_nothing(digits):
    assert datasets.on_larger_paper(digits, (28, 28)) is digits


def test_the_data_are_read_once(monkeypatch):
    assert isinstance(run_data.fitted_data("digits", TINY), Datasets)
    for function in ("load_data", "on_larger_paper"):
        monkeypatch.setattr(datasets, function, None)
    assert run_data.fitted_data("digits", TINY) is run_data.fitted_data("digits", TINY)


def test_a_network_for_larger_paper_trains(digits):
    run = Run(settings(design=LARGER, n_epochs=1))
    step = next(run)
    network = LeNet(LARGER)
    images = datasets.on_larger_paper(digits, (32, 33)).train.images[:100]
    wanted = network.mean_cost(images, digits.train.labels[:100])
    assert step.cost == pytest.approx(wanted, rel=1e-5)
    assert [step.iteration for step in run][-1] == N_BATCHES


def test_data_that_no_small_machine_holds_are_refused(monkeypatch):
    monkeypatch.setattr(run_data, "MOST_DATA_BYTES", 4 * 1797 * 28 * 28)
    run_data.fitted_data.cache_clear()
    run_data.fitted_data("digits", LeNetDesign())
    with pytest.raises(ValueError, match=r"On paper of 29 x 29 pixels .* takes 6 MB"):
        run_data.fitted_data("digits", LeNetDesign(image_size=(29, 29), ignore_border=False))


def test_mnist_fits_on_lenet5s_paper_and_not_on_the_largest():
    n_images = 70_000
    assert 4 * n_images * 32 * 32 <= run_data.MOST_DATA_BYTES < 4 * n_images * 64 * 64


def test_only_one_network_is_kept():
    tiny, smaller = (LeNetDesign(nkerns=(2, n), n_hidden=16) for n in (4, 3))
    runs.Run(runs.RunSettings(design=tiny))
    kept = weakref.ref(run_data.compiled_update("digits", tiny)[0])
    assert kept() is not None
    run_data.make_room(runs.RunSettings(design=tiny))
    assert kept() is not None
    run_data.make_room(runs.RunSettings(design=smaller))
    gc.collect()
    assert kept() is None
