"""Learners' functions are run with care: whatever they do, there is a result or one sentence."""

import functools
import re
import signal
import sys
import threading
import time

from lenet_helpers import words
from lenet_helpers.exercises import running, time_limit
from lenet_helpers.exercises.answers import Unanswered, Wrong

import numpy
import pytest
import theano
import theano.tensor as T

SECONDS = 0.3
PATIENCE = 30


@pytest.fixture
def refused(run_there):
    """A function that calls another with care, and returns what is said about it."""

    def call(function, *arguments):
        said = []

        def run():
            try:
                running.call(function, *arguments, seconds=SECONDS)
            except Wrong as wrong:
                said.append(str(wrong))

        run_there(run)
        (text,) = said
        assert "\n" not in text
        return text

    return call


def loop():
    while True:
        pass


def catches_everything():
    n = 0
    while True:
        try:
            n += 1
        except:  # noqa: E722
            n = 0


def calls_and_catches_everything():
    n = 0
    while True:
        try:
            n = abs(n) + 1
        except:  # noqa: E722
            n = 0


def sleeps_and_catches_everything():
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def catches_twice():
    while True:
        try:
            try:  # noqa: SIM105
                time.sleep(0.01)
            except:  # noqa: E722
                pass
        except BaseException:
            pass


def never_leaves_finally():
    while True:
        try:
            time.sleep(0.01)
        finally:
            continue  # noqa: B012


def comprehension():
    return [n + 1 for n in iter(int, 1)]


def generator_expression():
    return sum(n for n in iter(int, 1))


def sleeps():
    time.sleep(1000)


def numpy_in_c():
    square = numpy.ones((200, 200))
    while True:
        square @ square


def theano_in_c():
    while True:
        SQUARE(3.0)


class Looping:
    def __call__(self):
        while True:
            pass

    def method(self):
        while True:
            pass


class LoopsWhenMade:
    def __init__(self):
        while True:
            pass


X = T.dscalar("x")
SQUARE = theano.function([X], X**2)
ENDLESS = [
    loop,
    lambda: loop(),
    calls_and_catches_everything,
    sleeps_and_catches_everything,
    catches_twice,
    never_leaves_finally,
    comprehension,
    generator_expression,
    sleeps,
    functools.partial(time.sleep, 1000),
    numpy_in_c,
    theano_in_c,
    Looping(),
    Looping().method,
    LoopsWhenMade,
]
if sys.version_info >= (3, 11):
    # Python 3.10 never looks for a signal in this loop: see `time_limit.limited`.
    ENDLESS.append(catches_everything)


@pytest.mark.parametrize("function", ENDLESS, ids=lambda f: getattr(f, "__name__", "object"))
def test_an_endless_loop_ends(refused, function):
    assert "had not ended after 0.3 seconds" in refused(function)


TRIES_AGAIN = """
import lenet_helpers
import threading
from lenet_helpers.exercises import running
def tries_again():
    try:
        return tries_again()
    except RecursionError:
        return tries_again()
def told():
    try:
        running.call(tries_again, seconds=0.3)
    except running.Wrong as wrong:
        print("had not ended after 0.3 seconds" in str(wrong))
told()
thread = threading.Thread(target=told)
thread.start()
thread.join()
"""


def test_an_endless_recursion_that_tries_again_ends(run_python):
    # In a process of its own: what fails at the recursion's end, such as Hypothesis's callback of
    # the garbage collector, pytest would write down with all the thousands of errors before it.
    done = run_python(TRIES_AGAIN)
    assert done.stdout == "True\nTrue\n", done.stderr[-2000:]


def test_after_an_endless_loop_everything_is_as_before(refused):
    def alarm(*_):
        raise AssertionError

    # Pytest has an alarm of its own.
    (left, _), tracer = signal.getitimer(signal.ITIMER_REAL), sys.gettrace()
    before = signal.signal(signal.SIGALRM, alarm)
    try:
        for function in (loop, sleeps_and_catches_everything, lambda: 1 / 0, sleeps):
            refused(function)
            assert signal.getsignal(signal.SIGALRM) is alarm
            assert left - PATIENCE < signal.getitimer(signal.ITIMER_REAL)[0] <= left
            assert sys.gettrace() is tracer
        assert running.call(lambda: 3) == 3
        assert signal.getsignal(signal.SIGALRM) is alarm
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_later_error_does_not_mention_an_earlier_loop():
    for function in (catches_twice, never_leaves_finally):
        with pytest.raises(Wrong):
            running.call(function, seconds=SECONDS)
        assert sys.exc_info() == (None, None, None)


def test_the_learners_own_alarm_still_rings():
    rung = []
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    try:
        started = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        assert running.call(lambda: time.sleep(0.1) or 1, seconds=0.3) == 1
        assert not rung
        while not rung and time.monotonic() < started + PATIENCE:
            time.sleep(0.01)
        assert rung[0] - started >= 0.45
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)


def test_a_limit_within_a_limit():
    def outer():
        with pytest.raises(time_limit.TooLong):
            time_limit.limited(loop, seconds=0.1)
        loop()

    with pytest.raises(time_limit.TooLong):
        time_limit.limited(outer, seconds=0.3)


def test_an_interrupt_is_the_learners_own_wish():
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    before = signal.getsignal(signal.SIGALRM)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        running.call(loop)
    assert signal.getsignal(signal.SIGALRM) is before


def test_theanos_compiler_has_more_time(run_there, refused, monkeypatch):
    compile_function = theano.compile.function.pfunc

    def slow(*arguments, **named):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            pass
        return compile_function(*arguments, **named)

    monkeypatch.setattr(sys.modules["theano.compile.function"], "pfunc", slow)
    found = []

    def run():
        found.append(running.call(lambda: (T.constant(2.0) * 3).eval(), seconds=SECONDS))

    run_there(run)
    assert found == [6.0]

    def compiles_without_end():
        while True:
            theano.function([], T.constant(2.0) * 3)

    monkeypatch.setattr(time_limit, "SECONDS_COMPILING", 0.5)
    assert "had not ended" in refused(compiles_without_end)


STOPPING = [
    (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
    (lambda: sys.exit(), "SystemExit"),
    (lambda: sys.exit("bye"), "SystemExit: bye"),
    (lambda rows: rows, "TypeError"),
    (lambda: [][1], "IndexError"),
    (lambda: (_ for _ in ()).throw(GeneratorExit), "GeneratorExit"),
    (lambda: next(iter([])), "StopIteration"),
    (lambda: numpy.ones((2, 3)) @ numpy.ones((2, 3)), "ValueError: matmul"),
    (lambda: numpy.empty(10**18), "MemoryError"),
    (functools.partial(int, "four"), "int() stopped with ValueError"),
    (SQUARE, "your_function() stopped with TypeError"),
    (numpy.zeros, "zeros() stopped with TypeError"),
]


@pytest.mark.parametrize(("function", "said"), STOPPING, ids=[said for _, said in STOPPING])
def test_an_exception_becomes_a_sentence(refused, function, said):
    text = refused(function)
    assert said in text
    assert text.endswith(".")
    assert ": ." not in text


def test_endless_recursion_is_named(refused):
    def again():
        return again()

    assert "again() stopped with RecursionError" in refused(again)
    assert "`return again()`" in refused(again)


def test_the_learners_own_line_is_quoted(refused):
    def deep(rows):
        return numpy.zeros(rows)

    class Network:
        def __init__(self, rows):
            self.rows = numpy.zeros(rows)

        def __call__(self, rows):
            return numpy.zeros(rows)

        def shape(self, rows):
            return numpy.zeros(rows)

    network = Network(1)
    for function in (deep, network, network.shape, functools.partial(deep, -1)):
        arguments = () if isinstance(function, functools.partial) else (-1,)
        assert "in your line `return numpy.zeros(rows)`" in refused(function, *arguments)
    text = refused(Network, -1)
    assert text.startswith("Network(-1) stopped with ValueError")
    assert "`self.rows = numpy.zeros(rows)`" in text


def test_errors_that_cannot_be_told(refused):
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    def silent():
        raise Silent

    def long():
        raise ValueError("x" * 10**6 + "\nand more")

    assert "silent() stopped with Silent. " in refused(silent)
    assert len(refused(long)) < 400


@pytest.mark.parametrize("value", [3, None, "max", [len], numpy.ones(99), object()])
def test_what_is_no_function(refused, value):
    assert "is no function" in refused(value)


def test_dots_are_no_function_yet():
    with pytest.raises(Unanswered):
        running.call(...)
    with pytest.raises(Unanswered):
        running.call(lambda: ...)


def test_functions_that_return_no_value(refused):
    def generator():
        yield 1

    async def coroutine():
        return 1

    assert "`return`" in refused(lambda: None)
    for function in (generator, coroutine):
        assert "`return`, not `yield`" in refused(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x**2,
        numpy.square,
        SQUARE,
        functools.partial(pow, exp=2),
        numpy.vectorize(lambda x: x * x),
        (2.0).__mul__,
        type("Square", (), {"__call__": lambda self, x: x * x})(),
        float,
    ],
)
def test_functions_in_every_form(function):
    assert running.call(function, 2.0) in (4.0, 2.0)


def test_arguments_stay_as_they_are():
    def spoil(array, rows, lines, names):
        array[:] = 0
        rows.append(1)
        lines[0][0] = 7
        names["rows"].clear()
        return 1

    given = (numpy.ones(3), [5], ([1], 2), {"rows": [1]})
    running.call(spoil, *given)
    assert given[0].tolist() == [1, 1, 1]
    assert given[1:] == ([5], ([1], 2), {"rows": [1]})


def test_the_right_function_gets_whole_arguments_too():
    def spoil(array):
        array *= 0
        return array.sum()

    with pytest.raises(Wrong, match=re.escape("spoil([1.0, 1.0]) gives 0; 2 would be right")):
        running.compare(spoil, numpy.sum, [(numpy.ones(2),)])


def test_what_a_function_prints_is_shown_up_to_a_length(capsys):
    assert running.call(lambda: print("shape (2, 3)") or 1) == 1
    assert capsys.readouterr().out == "shape (2, 3)\n"

    def chatters():
        while True:
            print("again and again")

    with pytest.raises(Wrong, match="had not ended"):
        running.call(chatters, seconds=SECONDS)
    printed = capsys.readouterr().out
    assert printed.endswith(words.PRINTED_TOO_MUCH)
    assert printed.count(words.PRINTED_TOO_MUCH) == 1
    assert printed.count("again and again\n") == 20

    def says_one_line(n_letters):
        print("x" * n_letters, flush=True)
        return 1

    with pytest.raises(Wrong, match="would be right"):
        running.compare(says_one_line, lambda n: 1 + n // 99, [(n,) for n in range(100)])
    printed = capsys.readouterr().out
    assert printed.count("x\n") == 19  # the first of 20 lines is empty
    running.call(says_one_line, 10**6)
    assert len(capsys.readouterr().out) < 2100


def test_a_call_as_it_is_written():
    def pool(*_):
        pass

    assert running.written(pool, ((2, 2), True)) == "pool((2, 2), True)"
    assert running.written(pool, (numpy.zeros((9, 9)),)) == "pool(<an array of shape (9, 9)>)"
    assert running.written(lambda x: x, (1,)) == "your_function(1)"
    assert running.written(SQUARE, (1,)) == "your_function(1)"
    assert running.written(functools.partial(functools.partial(pool)), ()) == "pool()"

    class Nameless:
        def __getattr__(self, name):
            raise RuntimeError

        def __call__(self):
            return 1

    assert running.written(Nameless(), ()) == "your_function()"
    assert running.call(Nameless()) == 1


COMPARED = [
    (lambda x: x + 1, None),
    (lambda x: (x + 1).tolist(), None),
    (lambda x: (x + 1).astype("float32"), None),
    (lambda x: T.constant(x) + 1, None),
    (lambda x: theano.shared(x + 1), None),
    (lambda x: numpy.ma.array(x + 1), None),
    (lambda x: x, "gives [1, 2]; [2, 3] would be right"),
    (lambda x: x + 1.001, "gives [2.001, 3.001]; [2, 3]"),
    (lambda x: 1, "gives one number; an array of shape (2,)"),
    (lambda x: (x + 1)[None], "shape (1, 2); an array of shape (2,)"),
    (lambda x: "big", "your_function([1.0, 2.0]) gives what is no answer: 'big' is a text"),
    (lambda x: x == 1, "no answer"),
    (lambda x: [x, [1]], "no answer"),
    (lambda x: x * numpy.nan, "NaN"),
    (lambda x: x + 1j, "no answer"),
    (lambda x: numpy.ma.array(x + 1, mask=[0, 1]), "masked"),
    (lambda x: numpy.broadcast_to(0, (10**6, 10**6)), "1,000,000,000,000 numbers"),
    (lambda x: T.vector("x"), "inputs"),
]


@pytest.mark.parametrize(("function", "said"), COMPARED)
def test_a_function_is_compared(function, said):
    cases = [(numpy.array([1.0, 2.0]),)]
    if said is None:
        running.compare(function, lambda x: x + 1, cases)
    else:
        with pytest.raises(Wrong, match=re.escape(said)):
            running.compare(function, lambda x: x + 1, cases)


def test_many_numbers_are_compared_cell_by_cell():
    def off(x):
        x[2, 1] += 0.5
        return x

    with pytest.raises(Wrong, match=re.escape("has 7.5 in cell [2, 1]; 7 would be right")):
        running.compare(off, lambda x: x, [(numpy.arange(9.0).reshape(3, 3),)])


def test_one_number_may_be_an_array():
    running.compare(lambda x: [x], lambda x: x, [(3,)])
    running.compare(lambda x: x, lambda x: [[x]], [(3,)])


def test_the_tolerance_is_for_each_unit_of_the_largest():
    running.compare(lambda x: x + 0.5, lambda x: x, [(1e6,)])
    with pytest.raises(Wrong):
        running.compare(lambda x: x + 2, lambda x: x, [(1e6,)])


def test_memory_that_happens_to_be_zero_is_no_answer():
    def halfway(n):
        cells = numpy.empty(n)
        cells[: n // 2] = 0
        return cells

    for n in (2, 6, 100, 10_000):
        numpy.zeros(n)
        with pytest.raises(Wrong, match="would be right"):
            running.compare(halfway, numpy.zeros, [(n,)])


def test_zeros_have_no_sign():
    with pytest.raises(Wrong, match=re.escape("gives [0, 1]; [0, 0] would be right")):
        running.compare(lambda x: -x, numpy.zeros_like, [(numpy.array([0.0, -1.0]),)])


def test_the_first_wrong_case_is_told():
    with pytest.raises(Wrong, match=re.escape("f(2) gives 5; 4 would be right")):
        running.compare(f, lambda n: n * n, [(0,), (1,), (2,), (3,)])


def f(n):
    return n * n if n < 2 else 5
