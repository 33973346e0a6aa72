"""Make what teachers need of the lessons: `make answers`.

The answer key, docs/answer_key.ipynb, has every exercise with its task, a solution and the check
of it. docs/teaching.md has tables of lessons and exercises, each between two marks.
"""

import os
import re
from pathlib import Path

from lenet_helpers.exercises import course_map

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import run_lessons, solutions

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
KEY, GUIDE = ROOT / "docs" / "answer_key.ipynb", ROOT / "docs" / "teaching.md"
MARKS = "<!-- {name}: made by make answers -->", "<!-- end of {name} -->"
EXERCISE = "exercise"

TITLE = """\
# Answer key

For teachers. Each exercise of the course with its task, one solution of several, and what its \
check says. The lessons' own cells that the solutions need stand before them, without their \
outputs. How to teach with it: [teaching.md](teaching.md).

`make answers` makes this page from the lessons, and every solution is checked: don't edit it."""
OWN_PROGRESS = """\
# Your own progress stays as it is.
import os
import tempfile

os.environ["LENET_PROGRESS"] = os.path.join(tempfile.mkdtemp(), "progress.json")"""
TIME = re.compile(
    r"\*Time:\* (\d+) minutes of [\w ]+,(?: (\d+) of exercises,)? ([\w ]+) of computing\."
)


def lessons():
    """Yield (number, module, notebook) of every lesson."""
    for number, module in enumerate(course_map.LESSONS):
        yield number, module, nbformat.read(NOTEBOOKS / module.NOTEBOOK, as_version=4)


def answer_key():
    """Return the answer key as a notebook that was not run."""
    cells = [new_markdown_cell(TITLE), new_code_cell(OWN_PROGRESS)]
    for number, module, notebook in lessons():
        cells += _answers(number, module, notebook)
    for number, cell in enumerate(cells, 1):
        cell.id = f"key-{number:03}"
    return new_notebook(cells=cells)


def _answers(number, module, notebook):
    """Return the cells of one lesson, or none if it has no exercise."""
    found = [(solutions.exercise_of(notebook, cell), cell) for cell in notebook.cells]
    found = [(exercise, cell) for exercise, cell in found if exercise]
    solved = {e.key: solutions.solved_source(e, cell.source) for e, cell in found}
    needed = {
        other.id
        for exercise, cell in found
        for other in solutions.needed_cells(notebook, cell, solved[exercise.key])
    }
    if not found:
        return []
    lesson = f"## Lesson {number}: [{module.TITLE}](../notebooks/{module.NOTEBOOK})"
    cells = [new_markdown_cell(lesson)]
    # In the lesson's order: a later cell may bind a name again.
    cells += [new_code_cell(cell.source) for cell in notebook.cells if cell.id in needed]
    for place, (exercise, cell) in enumerate(found, 1):
        told = (
            f"### {number}.{place} {exercise.title}\n\n{_task(notebook, cell)}\n\n"
            f"*It tests* whether a learner {exercise.tests}. "
            f"*Common mistakes:* {exercise.mistakes}"
        )
        cells.append(new_markdown_cell(told))
        cells.append(new_code_cell(solved[exercise.key], metadata={"tags": [EXERCISE]}))
    return cells


def _task(notebook, cell):
    """Return an exercise's task: the last Markdown cell before it, without number and title."""
    before = notebook.cells[: notebook.cells.index(cell)]
    text = [other.source for other in before if other.cell_type == "markdown"][-1]
    title = re.search(r"^\*\*\d+\. .+?\*\*\s*", text, re.M)
    text = text[title.end() :] if title else text
    # The key lies in another folder than the lessons.
    return re.sub(r"\]\((?!https?:|#)", "](../notebooks/", text)


def times_table():
    """Return how long each lesson takes, as it says itself: a table in Markdown."""
    rows, total = [], 0
    for number, module, notebook in lessons():
        found = TIME.search("\n".join(cell.source for cell in notebook.cells))
        if found is None:
            raise ValueError(f"{module.NOTEBOOK} does not say how long it takes: {TIME.pattern}")
        minutes, of_exercises, machine = found.groups()
        total += int(minutes) + int(of_exercises or 0)
        name = f"[{number} {module.TITLE}](../notebooks/{module.NOTEBOOK})"
        of_exercises = f"{of_exercises} min" if of_exercises else "included"
        rows.append((name, f"{minutes} min", len(module.EXERCISES), of_exercises, machine))
    n_exercises = sum(row[2] for row in rows)
    rows.append(("together", f"{total // 60} h {total % 60} min in all", n_exercises, "", ""))
    head = ("lesson", "reading and trying", "exercises", "minutes of exercises", "machine")
    return _table(head, rows)


def exercises_table():
    """Return what every exercise tests, and what goes wrong: a table in Markdown."""
    rows = [
        (f"{number}.{place}", exercise.title, exercise.tests, exercise.mistakes)
        for number, module in enumerate(course_map.LESSONS)
        for place, exercise in enumerate(module.EXERCISES, 1)
    ]
    return _table(("number", "exercise", "the learner ...", "common mistakes"), rows)


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    texts = [[str(text).replace("|", "\\|") for text in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in texts)


def with_tables(guide):
    """Return the guide's text with its tables as they are now."""
    for name, table in (("times", times_table()), ("exercises", exercises_table())):
        first, last = (mark.format(name=name) for mark in MARKS)
        before, between, after = guide.partition(first)
        _, end, after = after.partition(last)
        if not (between and end):
            raise ValueError(f"the guide lacks {first} or {last}")
        guide = f"{before}{first}\n{table}\n{last}{after}"
    return guide


def main():
    """Write both files; a solution that is not correct ends it before anything is written."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    guide = with_tables(GUIDE.read_text(encoding="utf-8"))
    key = answer_key()
    run_lessons.execute(key, KEY.parent)
    for cell in key.cells:
        if cell.cell_type == "code" and EXERCISE in cell.metadata.get("tags", ()):
            verdict = said(cell)
            if not verdict.startswith("Correct:"):
                raise SystemExit(f"{cell.source}\n\n{verdict}")
        elif cell.cell_type == "code":
            cell.outputs = []
    run_lessons.write(key, KEY)
    GUIDE.write_text(guide, encoding="utf-8")


def said(cell):
    """Return the text of the last thing that an executed cell shows: the verdict on an answer."""
    shown = [output.data["text/plain"] for output in cell.outputs if "data" in output]
    return shown[-1] if shown else ""


if __name__ == "__main__":
    main()
