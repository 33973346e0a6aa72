"""Where a compiled function spends its time, and how fast this machine is: all measured live."""

import time

from lenet_helpers.work import Machine

import numpy
import theano
from theano import tensor as T
from theano.compile.profiling import ProfileStats

N_WARM_UPS, N_CALLS = 2, 15
# Beside a busy neighbour small products are the fastest: they are over before it gets its turn.
MATRIX_SIDES = (256, 512, 768)


def training_step(network, mode=None, learning_rate=0.1):
    """Compile one step of gradient descent, with Theano's own profiler in it.

    Parameters
    ----------
    network : lenet_helpers.lenet.LeNet
        What has a `cost` of the inputs `x` and `y`, and `params`.
    mode : theano.compile.mode.Mode, optional
        How to compile it; without it, as everything in the course is compiled.
    learning_rate : float
        The size of the step.

    Returns
    -------
    theano.compile.function.types.Function
        Takes images and labels, changes the parameters and returns the cost.
    """
    grads = T.grad(network.cost, network.params)
    return theano.function(
        [network.x, network.y],
        network.cost,
        updates=[(p, p - learning_rate * g) for p, g in zip(network.params, grads, strict=True)],
        mode=mode,
        # With profile=True Theano would print pages when the kernel ends.
        profile=ProfileStats(atexit_print=False),
    )


def time_by_op(function, *arguments):
    """Return how long each kind of op takes in one call, the slowest first.

    Parameters
    ----------
    function : theano.compile.function.types.Function
        Compiled with a profile, as `training_step` is.
    arguments
        What to call it with; its updates are made, too.

    Returns
    -------
    dict
        {name of the op's class: seconds}, each the shortest of fifteen calls after two that don't
        count: what disturbs a measurement only adds to it.
    """
    calls = []
    for _ in range(N_WARM_UPS + N_CALLS):
        function.profile.reset()
        function(*arguments)
        calls.append({kind.__name__: t for kind, t in function.profile.class_time().items()})
    counted = calls[N_WARM_UPS:]
    shortest = {name: min(call[name] for call in counted) for name in counted[0]}
    return dict(sorted(shortest.items(), key=lambda pair: -pair[1]))


def best_seconds(functions, *arguments):
    """Return the shortest of fifteen calls of each function after two that don't count.

    They take turns, so that a busy neighbour slows them all.

    Parameters
    ----------
    functions : dict
        {name: callable}.
    arguments
        What to call each of them with.

    Returns
    -------
    dict
        {name: seconds}
    """
    seconds = {name: [] for name in functions}
    for _ in range(N_WARM_UPS + N_CALLS):
        for name, function in functions.items():
            started = time.perf_counter()
            function(*arguments)
            seconds[name].append(time.perf_counter() - started)
    return {name: min(measured[N_WARM_UPS:]) for name, measured in seconds.items()}


def measure_machine(n_bytes):
    """Return this machine's limits as a `Machine`, for arrays of about so many bytes.

    The peak is that of Theano's fastest product of two square float32 matrices, two operations a
    multiply-add; the bandwidth that of NumPy copying an array, which reads and writes each byte. A
    small array stays in the processor's cache, where it is read faster.
    """
    a, b = T.fmatrices("a", "b")
    multiply = theano.function([a, b], T.dot(a, b))
    peaks = []
    for side in MATRIX_SIDES:
        matrix = numpy.random.RandomState(0).rand(side, side).astype("float32")
        (multiplying,) = best_seconds({"multiply": multiply}, matrix, matrix).values()
        peaks.append(2 * side**3 / multiplying)
    source = numpy.ones(n_bytes, dtype="uint8")
    target = numpy.empty_like(source)
    (copying,) = best_seconds({"copy": numpy.copyto}, target, source).values()
    return Machine(max(peaks), 2 * n_bytes / copying)
