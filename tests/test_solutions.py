"""Which cells of a lesson an answer needs, and what becomes of an exercise's cell."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import solutions

CELLS = """\
import numpy
---
size = 3
---
unused = 7
---
scale = size
---
def area(side):
    unused = side
    return unused * scale
---
for n in range(3):
    print(n)
---
n = 5
---
size = size + 1
---
squares = [unused * unused for unused in range(size)]"""


def lesson(*sources):
    return new_notebook(cells=[new_markdown_cell("## Text"), *map(new_code_cell, sources)])


def needed(source):
    book = lesson(*CELLS.split("\n---\n"), source)
    return [cell.source for cell in solutions.needed_cells(book, book.cells[-1], source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("answer = 1", []),
        ("answer = numpy.pi", ["import numpy"]),
        # What a function reads when it is called, but not its own names.
        ("answer = area(2)", ["size = 3", "scale = size", "def area"]),
        ("def answer(size):\n    return size", []),
        ("def answer():\n    return n", ["n = 5"]),
        # A name that is bound anew from its old value needs both.
        ("answer = size", ["size = 3", "size = size + 1"]),
        ("answer = squares", ["size = 3", "size = size + 1", "squares"]),
        ("answer = [n for n in range(3)]", []),
        ("answer = unknown", []),
    ],
)
def test_the_cells_that_an_answer_needs(source, expected):
    found = needed(source)
    assert len(found) == len(expected), found
    for cell, start in zip(found, expected, strict=True):
        assert cell.startswith(start)


@pytest.mark.parametrize("source", ["answer = area(2)", "answer = squares", "answer = n + size"])
def test_they_are_enough(source):
    every, few = {}, {}
    for cell in CELLS.split("\n---\n"):
        exec(cell, every)
    for cell in needed(source):
        exec(cell, few)
    exec(source, every)
    exec(source, few)
    assert few["answer"] == every["answer"]
