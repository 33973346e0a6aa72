"""Summaries of measured seconds, and the tables that show them."""

from dataclasses import dataclass

import numpy

PERCENTILES = {"5th": 5, "25th": 25, "median": 50, "75th": 75, "95th": 95}


@dataclass(frozen=True)
class Table:
    """A title, a row of headings, and rows of texts; the first columns of each are names."""

    title: str
    headings: tuple
    rows: list

    def as_text(self):
        """Return the table for a terminal, its columns aligned."""
        lines = [self.headings, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.headings))]
        aligned = [
            "  ".join(
                text.rjust(width) if is_number(self.rows, n) else text.ljust(width)
                for n, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *aligned])

    def as_markdown(self):
        """Return the table as Markdown."""
        marks = ["---:" if is_number(self.rows, n) else "---" for n in range(len(self.headings))]
        lines = [self.headings, marks, *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])


def is_number(rows, column):
    """Return whether a column holds figures, which stand to the right."""
    return all(not row[column] or row[column][0].isdigit() for row in rows)


def summary(seconds):
    """Return count, extremes and percentiles of some seconds, as a dict in milliseconds."""
    milliseconds = 1000 * numpy.asarray(seconds)
    percentiles = numpy.percentile(milliseconds, list(PERCENTILES.values()))
    return {
        "count": len(seconds),
        "least": float(milliseconds.min()),
        **dict(zip(PERCENTILES, map(float, percentiles), strict=True)),
        "most": float(milliseconds.max()),
    }


def spread(row):
    """Return where the middle half of all calls lies, as text."""
    return f"{shown(row['25th'])} to {shown(row['75th'])}"


def best(rows, beginning):
    """Return the row with the least median among those whose contestant's name begins so."""
    rows = [row for row in rows if row["contestant"].startswith(beginning)]
    return min(rows, key=lambda row: row["median"], default=None)


def shown(number):
    """Return a number as text, with three figures."""
    decimals = sum(number < bound for bound in (1, 10, 100))
    return f"{number:.{decimals}f}"
