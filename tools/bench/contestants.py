"""Who is compared, and how: a process for each, all of them alive at once, asked in turn.

The speed of a shared machine drifts from minute to minute. Short bursts, A B C A B C ..., let
every change hit all alike. Who waits for a question sleeps.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import ENVIRONMENT

ROOT = Path(__file__).resolve().parent.parent.parent
COURSE, STOCK = "course", "stock Theano"
STOCK_FLAGS = "stock Theano, the course's flags"
PYTORCH = "PyTorch"
STARTED = time.monotonic()


@dataclass(frozen=True)
class Contestant:
    """A name, the worker's module with its arguments, and what its environment needs."""

    name: str
    module: str
    arguments: tuple = ()
    python: str = sys.executable
    variables: dict = field(default_factory=dict)


class WorkerError(Exception):
    """A contestant could not do what it was asked for."""


def theanos(threads, n_all):
    """Return the course and stock Theano on so many threads, of `n_all` that there are.

    Stock Theano gets what it is without this course: its own default of freeing every
    intermediate result (``allow_gc``), and as many threads for its products as the others. Float
    type and linked BLAS are the course's, because without them it would not work at all. On all
    threads the course's own settings choose, as they do for a learner.
    """
    module, off = "tools.bench.theano_worker", {"LENET_FAST": "off"}
    chosen = {} if threads == n_all else on_threads(threads)
    own_flags = ENVIRONMENT.get("THEANO_FLAGS", "")
    flags = ",".join(part for part in (own_flags, "allow_gc=True") if part)
    return [
        Contestant(COURSE, module, variables=chosen),
        Contestant(STOCK, module, variables=on_threads(threads) | off | {"THEANO_FLAGS": flags}),
        Contestant(STOCK_FLAGS, module, variables=chosen | off),
    ]


def pytorches(python, threads, with_compiled=True):
    """Return PyTorch in each of its forms, all tuned; none, if there is no Python that has it."""
    # Without these the allocator gives large arrays back to the system after every step, and
    # the next step pays for fresh pages.
    tuned = {"MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000"}
    forms = [(), ("channels_last",)]
    forms += [("compiled",), ("compiled", "channels_last")] if with_compiled else []
    return [
        Contestant(
            f"{PYTORCH}, {', '.join(form) or 'eager'}",
            "tools.bench.torch_worker",
            form,
            python,
            on_threads(threads) | tuned,
        )
        for form in forms
        if python
    ]


def on_threads(threads):
    """Return the environment variables that ask for so many threads."""
    return {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


class Worker:
    """A contestant's process."""

    def __init__(self, contestant, **variables):
        self.name, self.answer = contestant.name, None
        # Closed when the process has ended; shown if it ends too early.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [contestant.python, "-m", contestant.module, *contestant.arguments],
            cwd=ROOT,
            env=ENVIRONMENT | contestant.variables | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            self.process.kill()
        self.process.communicate()
        self.errors.close()

    def ask(self, **question):
        """Ask and wait for the answer; raise WorkerError if there is none."""
        self.send(**question)
        return self.receive()

    def send(self, **question):
        """Ask, without waiting."""
        # A worker that is gone is noticed when its answer is missing.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()

    def receive(self):
        """Wait for the answer, and keep it as `answer`; raise WorkerError if there is none."""
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines() or ["it said nothing"]
            raise WorkerError(f"{self.name} ended: {said[-1]}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.name}: {answer['error'].splitlines()[0]}")
        self.answer = answer["answer"]
        return self.answer


@contextlib.contextmanager
def alive(contestants):
    """Start all contestants; give the list of their workers, and end them afterwards."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Worker(contestant)) for contestant in contestants]


def ask_all(workers, left_out, **question):
    """Ask all at once; return a dict of the workers that answered, by name.

    What kept the others from it goes into the list `left_out`.
    """
    for worker in workers:
        worker.send(**question)
    ready = {}
    for worker in workers:
        try:
            worker.receive()
        except WorkerError as error:
            left_out.append(str(error))
        else:
            ready[worker.name] = worker
    return ready


def in_turn(workers, rounds, **question):
    """Ask for bursts, A B C A B C ...; return the seconds of all calls by name."""
    seconds = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            seconds[name] += worker.ask(do="burst", **question)
    return seconds


def say(text):
    """Tell on stderr what is being measured, and how long it has taken so far."""
    print(f"{time.monotonic() - STARTED:5.0f} s  {text}", file=sys.stderr, flush=True)
