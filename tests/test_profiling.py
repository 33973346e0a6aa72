"""Times are measured, not tested; but what was measured, and how often, can be told."""

from types import SimpleNamespace

from lenet_helpers import profiling
from lenet_helpers.fast.rewrites import stock_mode
from lenet_helpers.lenet import LeNet

import numpy
import pytest
import theano
from theano import tensor as T
from theano.compile import profiling as theanos

IMAGES = numpy.random.RandomState(0).rand(10, 784).astype("float32")
LABELS = (numpy.arange(10) % 10).astype("int32")


class Loop:
    """Some op; its profile below tells how long it took."""


class Copy:
    """Another."""


def test_a_training_step_is_that_of_lesson_4():
    network, other = LeNet(), LeNet()
    step = profiling.training_step(network, stock_mode(), learning_rate=0.5)
    grads = T.grad(other.cost, other.params)
    costs = [step(IMAGES, LABELS), step(IMAGES, LABELS)]
    for cost in costs:
        assert cost == pytest.approx(other.mean_cost(IMAGES, LABELS), rel=1e-5)
        values = theano.function([other.x, other.y], grads)(IMAGES, LABELS)
        for param, slope in zip(other.params, values, strict=True):
            param.set_value(param.get_value() - numpy.float32(0.5) * slope)
    for param, wanted in zip(network.params, other.params, strict=True):
        numpy.testing.assert_allclose(param.get_value(), wanted.get_value(), atol=1e-5)


def test_the_profile_prints_nothing_when_the_kernel_ends():
    before = list(theanos._atexit_print_list)
    step = profiling.training_step(LeNet(), stock_mode())
    assert step.profile is not None
    assert theanos._atexit_print_list == before


def test_the_times_of_all_ops_the_slowest_first():
    step = profiling.training_step(LeNet(), stock_mode())
    times = profiling.time_by_op(step, IMAGES, LABELS)
    assert set(times) == {type(node.op).__name__ for node in step.maker.fgraph.toposort()}
    assert list(times.values()) == sorted(times.values(), reverse=True)
    assert times["CorrMM"] > 0


# What a clock shows: the first two calls don't count, the shortest of the fifteen others do.
FIRST = (1, 1, 7, 4, 3, 4, 5, 5, 9, 8, 9, 8, 9, 8, 9, 8, 2)
SECOND = (9, 1, 5, 9, 9, 6, 9, 9, 5, 8, 9, 8, 9, 8, 9, 8, 3)


def test_an_ops_time_is_its_shortest():
    clock, resets = iter(zip(FIRST, SECOND, strict=True)), []
    profile = SimpleNamespace(reset=lambda: resets.append(1))

    def call(argument):
        assert argument == "images"
        profile.class_time = lambda: dict(zip((Loop, Copy), next(clock), strict=True))

    call.profile = profile
    found = profiling.time_by_op(call, "images")
    assert list(found.items()) == [("Copy", 3), ("Loop", 2)]
    assert len(resets) == 17
    assert next(clock, None) is None


def test_functions_that_take_turns(monkeypatch):
    marks, called = [], []
    for seconds in (one for both in zip(FIRST, SECOND, strict=True) for one in both):
        start = 100 * len(marks)
        marks += [start, start + seconds]
    clock = iter(marks)
    monkeypatch.setattr(profiling, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    functions = {name: lambda text, name=name: called.append(name + text) for name in "ab"}
    assert profiling.best_seconds(functions, "!") == {"a": 2, "b": 3}
    assert called == ["a!", "b!"] * 17


def test_the_machine_is_measured_in_operations_and_bytes(monkeypatch):
    seen, seconds = [], iter([0.01, 0.02, 0.5, 0.25])

    def best_seconds(functions, *arguments):
        (function,) = functions.values()
        seen.append(arguments)
        function(*arguments)
        return {"it": next(seconds)}

    monkeypatch.setattr(profiling, "best_seconds", best_seconds)
    machine = profiling.measure_machine(1_000_000)
    *products, (target, source) = seen
    shapes = [(a.shape, b.shape, a.dtype) for a, b in products]
    assert shapes == [((n, n), (n, n), "float32") for n in (256, 512, 768)]
    # The second product is the fastest, for its size.
    assert machine.peak == 2 * 512**3 / 0.02
    assert source.nbytes == target.nbytes == 1_000_000
    assert numpy.array_equal(source, target)
    assert machine.bandwidth == 2 * 1_000_000 / 0.25
