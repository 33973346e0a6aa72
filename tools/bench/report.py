"""What was measured, as text for the terminal and as the figures of docs/performance.md."""

from tools.bench import convolution, epoch, explorers, start, training

TOPICS = {
    "training": training,
    "epoch": epoch,
    "start": start,
    "convolution": convolution,
    "explorers": explorers,
}
BEGIN = "<!-- Made by `python -m tools.bench --page`; don't write here. -->"
END = "<!-- The end of what is made. -->"


def as_text(figures):
    """Return all that was measured, for the terminal."""
    parts = [table.as_text() for table in _tables(figures)]
    left_out = [f"Left out: {text}" for text in figures["left out"]]
    parts += ["\n".join([*left_out, *_summary(figures), _machine(figures)])]
    return "\n\n".join(parts)


def as_markdown(figures):
    """Return all that was measured, for the page."""
    parts = [_machine(figures), *(f"- {line}." for line in _summary(figures))]
    return "\n\n".join([parts[0], "\n".join(parts[1:]), *_markdown_tables(figures)])


def page(text, figures):
    """Return the text of the page with other figures between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page lacks the line {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{as_markdown(figures)}\n\n{END}{after}"


def _tables(figures):
    measured = figures["measured"]
    return [table for name in measured for table in TOPICS[name].tables(measured[name])]


def _markdown_tables(figures):
    return [table.as_markdown() for table in _tables(figures)]


def _summary(figures):
    measured = figures["measured"]
    lines = [line for name in measured for line in TOPICS[name].summary_lines(measured[name])]
    return [*_busy(figures["machine"]), *lines]


def _busy(about):
    load, cores = about.get("load at the start", 0), about.get("cores to use", 1)
    if load <= cores / 2:
        return []
    return [
        f"Busy: the load was {load} on {cores} cores before the start. Libraries suffer from "
        "neighbours in different measure, so these figures don't say which is faster"
    ]


def _machine(figures):
    return "; ".join(f"{name}: {text}" for name, text in figures["machine"].items() if text != "")
