"""The benchmark is a command, not a test: here it only has to compare like with like."""

import importlib.util
import json
import os
import sys

import numpy
import pytest

from tools.bench import (
    __main__,
    contestants,
    data,
    explorers,
    figures,
    network,
    report,
    theano_worker,
    training,
    worker,
)

TORCH = os.environ.get("TORCH") or (sys.executable if importlib.util.find_spec("torch") else None)


@pytest.fixture
def plan(clean_environment, monkeypatch):
    monkeypatch.setattr(contestants, "ENVIRONMENT", clean_environment)
    return __main__.Plan(threads=1, torch=None, quick=True)


@pytest.mark.parametrize("form", ["Theano", "PyTorch"])
def test_all_train_the_same_network(plan, tmp_path, form):
    if form == "PyTorch" and not TORCH:
        pytest.skip("PyTorch is not installed; TORCH=/path/to/python can name one that has it")
    data.write(tmp_path)
    field = contestants.theanos(1, 2)
    field = field if form == "Theano" else [field[0], *contestants.pytorches(TORCH, 1, False)]
    with contestants.alive(field) as workers:
        settings = {"task": "training", "folder": str(tmp_path), "batch": 20}
        assert len(contestants.ask_all(workers, plan.left_out, do="prepare", **settings)) >= 3
        costs = [each.ask(do="results", n=4) for each in workers]
    assert plan.left_out == []
    # The second to fourth show that the gradients are the same, too.
    for others in costs[1:]:
        numpy.testing.assert_allclose(others, costs[0], rtol=0, atol=1e-5)
    assert len(set(costs[0])) == 4


def test_weights_and_images_are_what_their_files_say(tmp_path):
    data.write(tmp_path, 500)
    model, (images, labels) = theano_worker._network(tmp_path, 500)
    weights = data.weights()
    assert [part.shape for part in weights] == list(network.SHAPES)
    numpy.testing.assert_array_equal(model.layer1.W.get_value(), weights[2])
    numpy.testing.assert_array_equal(model.layer3.b.get_value(), weights[7])
    assert images.shape == (500, 784)
    assert 0 <= images.min() < images.max() < 1
    assert set(labels) == set(range(10))


def test_a_worker_tells_what_went_wrong_and_goes_on(plan, tmp_path):
    (course, *_) = contestants.theanos(1, 2)
    with contestants.Worker(course) as asked:
        with pytest.raises(contestants.WorkerError, match="course: FileNotFoundError"):
            asked.ask(do="prepare", task="training", folder=str(tmp_path), batch=20)
        assert asked.ask(do="memory") > 20


def test_a_contestant_that_ends_is_left_out(plan):
    broken = contestants.Contestant("broken", "tools.bench.no_such_module")
    with contestants.alive([broken]) as workers:
        assert contestants.ask_all(workers, plan.left_out, do="prepare", task="x") == {}
    assert "broken ended: " in plan.left_out[0]
    assert "no_such_module" in plan.left_out[0]


def test_contestants_are_asked_in_turn():
    asked = []

    class Fake:
        def __init__(self, name):
            self.name = name

        def ask(self, **question):
            asked.append(self.name)
            return [len(asked)]

    found = contestants.in_turn({name: Fake(name) for name in "ABC"}, 2, seconds=1, least=1)
    assert asked == list("ABCABC")
    assert found == {"A": [1, 4], "B": [2, 5], "C": [3, 6]}


def test_stock_is_stock_and_keeps_nothing(plan, tmp_path):
    """Its worker sees theano-pymc's own default; with the course's flags it sees the course's."""
    found = [contestant.variables for contestant in contestants.theanos(2, 2)]
    assert found[0] == {}
    assert found[1]["LENET_FAST"] == found[2]["LENET_FAST"] == "off"
    assert found[1]["OMP_NUM_THREADS"] == "2"
    assert "allow_gc=True" in found[1]["THEANO_FLAGS"]
    assert "THEANO_FLAGS" not in found[2]


def test_minibatches_are_whole_and_begin_anew():
    bounds = network.minibatches(10, 4)
    assert [next(bounds) for _ in range(3)] == [(0, 4), (4, 8), (0, 4)]


def test_a_burst_is_as_long_as_asked_for():
    calls = []
    times = worker.burst(lambda: calls.append(None), seconds=0, least=3, untimed=2)
    assert len(times) == 3
    assert len(calls) == 5


def test_the_summary_of_known_seconds():
    row = figures.summary(numpy.arange(1, 102) / 1000)
    numbers = {"count": 101, "least": 1, "5th": 6, "25th": 26, "median": 51}
    assert row == pytest.approx(numbers | {"75th": 76, "95th": 96, "most": 101})


def test_the_best_form_is_that_of_the_least_median():
    rows = [
        {"contestant": "PyTorch, eager", "median": 3},
        {"contestant": "PyTorch, compiled", "median": 2},
        {"contestant": "course", "median": 1},
    ]
    assert figures.best(rows, "PyTorch") == rows[1]
    assert figures.best(rows, "JAX") is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(1234.5, "1234"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.1234, "0.123")],
)
def test_figures_have_three_digits(number, text):
    assert figures.shown(number) == text


def test_ratios_are_those_of_medians():
    groups = [("course", 10), ("stock Theano", 150), ("PyTorch, a", 40), ("PyTorch, b", 25)]
    rows = [
        {"threads": 2, "batch": 500, "contestant": name, "median": median}
        for name, median in groups
    ]
    (line,) = training.summary_lines({"rows": rows})
    assert "15.00 times stock Theano" in line
    assert "2.50 times PyTorch, b" in line
    assert "PyTorch, a" not in line


def test_the_page_shows_the_figures_in_the_file():
    text = __main__.PAGE.read_text(encoding="utf-8")
    stored = json.loads(__main__.PAGE.with_suffix(".json").read_text(encoding="utf-8"))
    assert report.page(text, stored) == text
    row = stored["measured"]["training"]["rows"][0]
    assert f"| {row['contestant']} | {figures.shown(row['median'])} |" in text
    assert "/" not in "".join(map(str, stored["machine"].values()))


def test_figures_of_a_busy_machine_are_marked():
    for load, n_warnings in ((1.0, 0), (1.01, 1)):
        about = {"load at the start": load, "cores to use": 2}
        empty = {"machine": about, "measured": {}, "left out": []}
        assert report.as_text(empty).count("Busy: ") == n_warnings
        assert report.as_markdown(empty).count("Busy: ") == n_warnings


def test_a_page_without_its_marks_is_refused():
    with pytest.raises(ValueError, match="lacks the line"):
        report.page("no marks", {"machine": {}, "measured": {}, "left out": []})


def test_a_topic_that_fails_takes_nothing_with_it(plan, monkeypatch, capsys):
    monkeypatch.setattr(explorers, "N_CHANGES", 5)
    monkeypatch.setattr(training, "measure", lambda plan: 1 / 0)
    monkeypatch.setattr(explorers.browser, "CHROMIUM", None)
    plan.quick = False
    found = __main__.run(["training", "explorers"], plan)
    assert list(found["measured"]) == ["explorers"]
    assert "training: ZeroDivisionError" in found["left out"][1]
    assert "no chromium" in found["left out"][2]
    for name, row in found["measured"]["explorers"]["in the kernel"].items():
        assert name in report.as_text(found)
        assert row["count"] == 5
        assert 0 < row["least"] <= row["median"] <= row["95th"] <= row["most"]
    assert json.loads(json.dumps(found)) == found
    capsys.readouterr()


def test_unknown_topics_are_named(capsys):
    with pytest.raises(SystemExit):
        __main__.main(["--only", "training speed"])
    assert "no such topic: speed" in capsys.readouterr().err


def test_every_change_is_another_setting():
    explorer = explorers.convolution.explore_convolution()
    controls = [explorer.controls[name] for name in ("filter_rows", "filter_flip", "border_mode")]
    rng = numpy.random.RandomState(0)
    for _ in range(20):
        before = explorer.settings()
        assert explorers.change_one(controls, rng) > 0
        assert explorer.settings() != before


def test_what_a_control_can_take():
    controls = explorers.convolution.explore_convolution().controls
    assert list(explorers.choices(controls["filter_rows"])) == list(range(1, 32))
    assert explorers.choices(controls["filter_flip"]) == [False, True]
    assert explorers.choices(controls["border_mode"]) == ["valid", "half", "full"]
    assert "own" not in explorers.choices(controls["filter_name"])
    assert len(explorers.choices(controls["own"])) == 0
    assert len(explorers.choices(controls["upload"])) == 0
