"""One training step of LeNet: the course, stock Theano and PyTorch, beside each other."""

import tempfile

from tools.bench import contestants, data
from tools.bench.figures import Table, best, shown, spread, summary

BATCHES = (1, 20, 100, 500, 2000)
BATCHES_ON_ONE_THREAD = (20, 500)
CLASSIC_BATCH = 500
ROUNDS, SECONDS, LEAST = 5, 0.3, 2
# Costs of the first step may differ by so much, nats: the order of sums is not the same.
ROUNDING = 1e-5


def measure(plan):
    """Return a row of figures for each number of threads, batch size and contestant.

    Each batch size has processes of its own, so that their peak memory is that of this size.
    """
    groups = [(plan.threads, batch) for batch in plan.some(BATCHES, (20, CLASSIC_BATCH))]
    if plan.threads > 1:
        groups += [(1, batch) for batch in BATCHES_ON_ONE_THREAD]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        dataset = data.write(folder)
        for threads, batch in groups:
            contestants.say(f"training step, batch {batch}, {threads} threads")
            found = one_group(plan, folder, threads, batch)
            rows += [{"threads": threads, "batch": batch} | row for row in found]
    return {"data": dataset, "rows": rows}


def one_group(plan, folder, threads, batch):
    """Return the rows of one batch size on so many threads."""
    field = contestants.theanos(threads, plan.threads)
    field += contestants.pytorches(plan.torch, threads, not plan.quick)
    with contestants.alive(field) as workers:
        workers = contestants.ask_all(
            workers, plan.left_out, do="prepare", task="training", folder=folder, batch=batch
        )
        facts = {name: worker.answer for name, worker in workers.items()}
        for name in (contestants.STOCK, contestants.STOCK_FLAGS):
            if facts.get(name, {}).get("own ops"):
                raise ValueError(f"{name} is not stock: {facts[name]}")
        # The first step, in which PyTorch compiles, all do at once; it shows that they train
        # the same network on the same images.
        workers = contestants.ask_all(workers.values(), plan.left_out, do="results", n=1)
        costs = {name: worker.answer[0] for name, worker in workers.items()}
        if max(costs.values()) - min(costs.values()) > ROUNDING:
            raise ValueError(f"not the same network, or not the same images: {costs}")
        contestants.in_turn(workers, 1, seconds=SECONDS, least=LEAST)
        rounds = plan.some(ROUNDS, 3)
        seconds = contestants.in_turn(workers, rounds, seconds=SECONDS, least=LEAST)
        return [
            {"contestant": name, "first cost": costs[name], "peak MB": worker.ask(do="memory")}
            | facts[name]
            | summary(seconds[name])
            for name, worker in workers.items()
        ]


def tables(figures):
    """Return a table of all rows."""
    rows = [
        (
            str(row["threads"]),
            str(row["batch"]),
            row["contestant"],
            *map(shown, (row["median"], row["least"])),
            spread(row),
            f"{row['peak MB']:.0f}",
        )
        for row in figures["rows"]
    ]
    headings = ("threads", "batch", "", "median", "least", "middle half", "peak MB")
    return [Table("One training step, milliseconds", headings, rows)]


def summary_lines(figures):
    """Return how many times faster the course is, at the classic batch size."""
    lines = []
    for threads in sorted({row["threads"] for row in figures["rows"]}, reverse=True):
        rows = [
            row
            for row in figures["rows"]
            if (row["threads"], row["batch"]) == (threads, CLASSIC_BATCH)
        ]
        course = best(rows, contestants.COURSE)
        others = [row for row in rows if row["contestant"] == contestants.STOCK]
        others += [row for row in rows if row["contestant"] == contestants.STOCK_FLAGS]
        others += [row for row in [best(rows, contestants.PYTORCH)] if row]
        if course and others:
            ratios = (
                f"{row['median'] / course['median']:.2f} times {row['contestant']}"
                for row in others
            )
            lines.append(
                f"Training step, batch {CLASSIC_BATCH}, threads {threads}: "
                f"the course {shown(course['median'])} ms; its speed is " + ", ".join(ratios)
            )
    return lines
