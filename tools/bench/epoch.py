"""One epoch of training on as many digits as MNIST has, and a validation."""

import tempfile

from tools.bench import contestants, data, network
from tools.bench.figures import Table, best, shown, summary

BATCH = 500
ROUNDS = 2


def measure(plan):
    """Return the figures of each contestant, and the memory of the course's command line."""
    field = contestants.theanos(plan.threads, plan.threads)[:2]
    field += contestants.pytorches(plan.torch, plan.threads, not plan.quick)
    with tempfile.TemporaryDirectory() as folder:
        dataset = data.write(folder, network.N_TRAIN + network.N_VALIDATION)
        contestants.say("epoch: all get ready")
        with contestants.alive(field) as workers:
            workers = contestants.ask_all(
                workers, plan.left_out, do="prepare", task="epoch", folder=folder, batch=BATCH
            )
            contestants.say("epoch")
            rounds = plan.some(ROUNDS, 1)
            seconds = contestants.in_turn(workers, rounds, seconds=0, least=1, untimed=0)
            rows = [
                {"contestant": name, "peak MB": worker.ask(do="memory")} | summary(seconds[name])
                for name, worker in workers.items()
            ]
    return {"data": dataset, "threads": plan.threads, "rows": rows, "command": command(plan)}


def command(plan):
    """Return seconds and peak memory of ``python -m lenet_helpers train`` on MNIST, or None."""
    if not data.has_mnist():
        plan.left_out.append("the memory of training on MNIST: it is not on this machine")
        return None
    contestants.say("python -m lenet_helpers train --dataset mnist --epochs 1")
    course = contestants.theanos(plan.threads, plan.threads)[0]
    with contestants.Worker(course) as worker:
        answer = worker.ask(do="prepare", task="train command", dataset="mnist")
        return answer | {"peak MB": worker.ask(do="memory")}


def tables(figures):
    """Return a table of all contestants."""
    rows = [
        (
            row["contestant"],
            *(shown(row[key] / 1000) for key in ("median", "least", "most")),
            f"{row['peak MB']:.0f}",
        )
        for row in figures["rows"]
    ]
    images = {"mnist": "MNIST", "digits": "the course's digits, repeated"}[figures["data"]]
    title = (
        f"One epoch on 50,000 images ({images}), batch {BATCH}, with a validation on 10,000, "
        f"threads {figures['threads']}, seconds"
    )
    return [Table(title, ("", "median", "least", "most", "peak MB"), rows)]


def summary_lines(figures):
    """Return how long the course's epoch takes, and what its command needs."""
    names = contestants.COURSE, contestants.STOCK, contestants.PYTORCH
    course, *others = (best(figures["rows"], name) for name in names)
    lines = []
    if course:
        texts = [
            f"{row['contestant']} {shown(row['median'] / 1000)} s"
            for row in (course, *others)
            if row
        ]
        lines.append(f"Epoch with validation: {', '.join(texts)}")
    if figures["command"]:
        lines.append(
            f"python -m lenet_helpers train --dataset mnist --epochs 1: "
            f"{shown(figures['command']['seconds'])} s, "
            f"{figures['command']['peak MB']:.0f} MB at the peak"
        )
    return lines
