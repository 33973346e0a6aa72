"""A contestant's side of the talk: questions come on stdin, answers go to stdout, as JSON lines.

Needs nothing but Python, because a contestant's Python may have nothing but its library.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

BYTES_IN_MB = 1e6


def serve(tasks):
    """Answer questions until stdin ends.

    Parameters
    ----------
    tasks : dict
        By name a function ``task(**settings)`` that makes everything ready and returns what is
        to be timed, a function without arguments, and a dict of facts to be reported.
    """
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    call = None
    for line in sys.stdin:
        question = json.loads(line)
        kind = question.pop("do")
        try:
            if kind == "prepare":
                call, answer = tasks[question.pop("task")](**question)
            elif kind == "burst":
                answer = burst(call, **question)
            elif kind == "results":
                answer = [float(call()) for _ in range(question["n"])]
            else:
                answer = peak_memory()
        except Exception as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers)
        else:
            print(json.dumps({"answer": answer}), file=answers)


def burst(call, seconds, least, untimed=1):
    """Return the seconds of each call, for about so many seconds, but at least so many calls.

    The first calls are not timed: while the others had their turn, the processor's caches
    forgot this one's data, and its threads went to sleep.
    """
    for _ in range(untimed):
        call()
    times = []
    while sum(times) < seconds or len(times) < least:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return times


def warm_up(call, seconds=1, least=10):
    """Call so often that everything is allocated, compiled and awake."""
    burst(call, seconds, least, untimed=0)


def peak_memory():
    """Return the most memory that this process ever had in use, MB: code, libraries and all."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike ru_maxrss it does not begin with the size of the process that started this one.
        lines = status.read_text(encoding="utf-8").splitlines()
        (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(peak) * 1024 / BYTES_IN_MB
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else 1024) / BYTES_IN_MB
