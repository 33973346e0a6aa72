"""The map of the course: which exercises are solved, and a report of it for a teacher."""

import csv
import html
import os

from lenet_helpers import checkpoints, words
from lenet_helpers.exercises import (
    lesson_0,
    lesson_1,
    lesson_2,
    lesson_3,
    lesson_4,
    lesson_5,
    lesson_6,
    progress,
)

from IPython.display import display

LESSONS = (lesson_0, lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6)
REPORT_NAME = "progress_report.csv"
COLUMNS = ("lesson", "exercise", "solved", "attempts", "hints", "saw_solution")


class CourseMap:
    """Which exercises of the course are solved; a table in a notebook, text elsewhere.

    Parameters
    ----------
    records : dict
        What `progress.read` returns.
    """

    def __init__(self, records):
        self.records = records

    def _solved(self, exercise):
        return bool(exercise.key in self.records and self.records[exercise.key].solved)

    def _state(self, exercise):
        if self._solved(exercise):
            return words.MAP_SOLVED
        return words.MAP_TRIED if exercise.key in self.records else words.MAP_OPEN

    @property
    def summary(self):
        """How many are solved, and what comes next: a sentence or two."""
        exercises = [exercise for lesson in LESSONS for exercise in lesson.EXERCISES]
        left = [exercise for exercise in exercises if not self._solved(exercise)]
        count = words.MAP_COUNT.format(solved=len(exercises) - len(left), total=len(exercises))
        if not left:
            return f"{count} {words.MAP_ALL}"
        return f"{count} {words.MAP_NEXT.format(lesson=left[0].lesson, title=left[0].title)}"

    def __repr__(self):
        lines = [
            words.MAP_LINE.format(
                lesson=number,
                title=lesson.TITLE,
                exercises="; ".join(f"{e.title} ({self._state(e)})" for e in lesson.EXERCISES),
            )
            for number, lesson in enumerate(LESSONS)
        ]
        return "\n".join([*lines, self.summary])

    def _repr_html_(self):
        heads = (words.MAP_LESSON, words.MAP_EXERCISES)
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in heads)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left;vertical-align:top;font-weight:normal">'
            f'<a href="{lesson.NOTEBOOK}">{number}. {html.escape(lesson.TITLE)}</a></th>'
            f'<td style="text-align:left">{"<br>".join(map(self._line, lesson.EXERCISES))}</td>'
            "</tr>"
            for number, lesson in enumerate(LESSONS)
        )
        caption = f'<caption style="text-align:left">{words.MAP_CAPTION}</caption>'
        head = f"<thead><tr>{head}</tr></thead>"
        table = f"<table>{caption}{head}<tbody>{rows}</tbody></table>"
        return f"{table}<p>{html.escape(self.summary)}</p>"

    def _line(self, exercise):
        mark = {words.MAP_SOLVED: "✓", words.MAP_TRIED: "…", words.MAP_OPEN: "○"}
        state = self._state(exercise)
        return (
            f'<span aria-hidden="true">{mark[state]}</span> '
            f"{html.escape(exercise.title)} ({html.escape(state)})"
        )


def show_progress():
    """Show the map of the course, or say why the file that keeps it can't be read."""
    try:
        display(CourseMap(progress.read()))
        if progress.is_read_only():
            print(words.READ_ONLY_PROGRESS.format(path=progress.path()))
    except (OSError, ValueError) as error:
        print(error)


def export_report(path=REPORT_NAME):
    """Write a table of all exercises for a teacher; it names nobody.

    Parameters
    ----------
    path : str or path
        A file that ends in .csv, which spreadsheets open: lesson, exercise, the day it was solved,
        answers checked, the last hint seen, and whether the solution was seen before.
    """
    is_path = isinstance(path, str | os.PathLike)
    if not is_path or os.path.splitext(path)[1].lower() != ".csv":
        # Another file, such as a lesson, must not be written over.
        print(words.REPORT_NOT_CSV.format(path=path))
        return
    try:
        records = progress.read()
        lines = [
            (exercise.lesson, exercise.name, record.solved, record.attempts)
            + (record.hints, "yes" if record.saw_solution else "no")
            for lesson in LESSONS
            for exercise in lesson.EXERCISES
            for record in [records.get(exercise.key, progress.Record())]
        ]
        with checkpoints.replaced(os.path.expanduser(path)) as file:
            text = _Lines()
            csv.writer(text).writerows([COLUMNS, *lines])
            file.write("".join(text).encode())
    except OSError as error:
        print(words.REPORT_FAILED.format(path=path, message=error.strerror or error))
    except ValueError as error:
        print(words.REPORT_FAILED.format(path=path, message=error))
    else:
        print(words.REPORT_WRITTEN.format(path=path))


class _Lines(list):
    write = list.append
