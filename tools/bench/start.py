"""How long it takes until the training function is ready, in fresh processes."""

import tempfile
import time

from tools.bench import contestants
from tools.bench.figures import Table, shown, summary

ROUNDS, WARM_STARTS = 2, 3
PARTS = ("import", "build", "process")


def measure(plan):
    """Return the figures of cold starts (an empty folder for compiled code) and warm ones."""
    course, stock, _ = contestants.theanos(plan.threads, plan.threads)
    starts = {}
    for _ in range(plan.some(ROUNDS, 1)):
        for who in (course, stock):
            contestants.say(f"a cold start and {WARM_STARTS} warm ones: {who.name}")
            with tempfile.TemporaryDirectory() as cache:
                for kind in ("cold", *["warm"] * WARM_STARTS):
                    starts.setdefault((who.name, kind), []).append(one_start(who, cache))
    return {
        "rows": [
            {"contestant": name, "start": kind}
            | {part: summary([start[part] for start in found]) for part in PARTS}
            for (name, kind), found in starts.items()
        ]
    }


def one_start(contestant, cache):
    """Return the seconds of one start, with compiled code kept in the folder `cache`."""
    began = time.perf_counter()
    with contestants.Worker(contestant, LENET_CACHE=cache) as worker:
        answer = worker.ask(do="prepare", task="start")
        return answer | {"process": time.perf_counter() - began}


def tables(figures):
    """Return a table of medians."""
    rows = [
        (
            row["contestant"],
            row["start"],
            *(shown(row[part]["median"] / 1000) for part in PARTS),
            str(row["process"]["count"]),
        )
        for row in figures["rows"]
    ]
    headings = (
        *("", "start", "import of the package and Theano", "network and training function"),
        *("the process in all", "processes"),
    )
    return [Table("Until LeNet's training function is ready, seconds, medians", headings, rows)]


def summary_lines(figures):
    """Return the seconds of the course's starts."""
    return [
        f"LeNet's training function is ready after {shown(row['build']['median'] / 1000)} s "
        f"({row['start']} start, imports apart)"
        for row in figures["rows"]
        if row["contestant"] == contestants.COURSE
    ]
