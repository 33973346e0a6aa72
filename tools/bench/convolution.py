"""One convolution of a picture of 500 x 500 pixels, RGB, with the explorer's filter sizes."""

from tools.bench import contestants
from tools.bench.contestants import Contestant
from tools.bench.figures import Table, best, shown, summary

SIDES = (3, 9, 15, 21, 31)
# CorrMM copies each patch: at 21 x 21 it would take 1.2 GB and more than half a second.
LARGEST_FOR_CORRMM = 9
N_FILTERS = 2
ROUNDS, SECONDS, LEAST = 5, 0.1, 3


def measure(plan):
    """Return a row of figures for each filter size and contestant."""
    field = [*contestants.theanos(plan.threads, plan.threads)[:2], *fourier(plan.threads)]
    field += contestants.pytorches(plan.torch, plan.threads, with_compiled=False)
    rows = []
    with contestants.alive(field) as workers:
        for side in SIDES:
            contestants.say(f"convolution, filters of {side} x {side}")
            asked = [
                worker
                for worker in workers
                if worker.name != contestants.STOCK or side <= LARGEST_FOR_CORRMM
            ]
            settings = {"task": "convolution", "side": side, "n_filters": N_FILTERS}
            ready = contestants.ask_all(asked, plan.left_out, do="prepare", **settings)
            rounds = plan.some(ROUNDS, 2)
            seconds = contestants.in_turn(ready, rounds, seconds=SECONDS, least=LEAST, untimed=2)
            rows += [
                {"contestant": name, "side": side} | summary(found)
                for name, found in seconds.items()
            ]
    return {"threads": plan.threads, "rows": rows}


def fourier(threads):
    """Return SciPy's two ways of convolving by Fourier transforms."""
    variables = contestants.on_threads(threads)
    return [
        Contestant(f"scipy, {name}", "tools.bench.scipy_worker", (name,), variables=variables)
        for name in ("fftconvolve", "oaconvolve")
    ]


def tables(figures):
    """Return a table of medians, a row for each contestant."""
    names = list(dict.fromkeys(row["contestant"] for row in figures["rows"]))
    medians = {(row["contestant"], row["side"]): row["median"] for row in figures["rows"]}
    rows = [
        (name, *(shown(medians[name, n]) if (name, n) in medians else "" for n in SIDES))
        for name in names
    ]
    title = (
        f"{N_FILTERS} filters on a picture of 500 x 500, RGB, threads {figures['threads']}, "
        "milliseconds, medians"
    )
    return [Table(title, ("filters of", *(f"{side} x {side}" for side in SIDES)), rows)]


def summary_lines(figures):
    """Return how the course's convolution compares with the fastest of the others."""
    texts = []
    for side in SIDES:
        rows = [row for row in figures["rows"] if row["side"] == side]
        other = best([row for row in rows if row["contestant"] != contestants.COURSE], "")
        course = best(rows, contestants.COURSE)
        if course and other:
            ratio = other["median"] / course["median"]
            texts.append(f"{ratio:.2f} times {other['contestant']} at {side} x {side}")
    return [f"Convolution: the course's speed is {'; '.join(texts)}"] if texts else []
