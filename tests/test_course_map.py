"""The map of the course says the same to everyone, and the report for teachers names nobody."""

import csv
import getpass
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from lenet_helpers import words
from lenet_helpers.exercises import course_map, progress
from lenet_helpers.exercises.course_map import LESSONS, CourseMap, export_report, show_progress
from lenet_helpers.exercises.progress import Record

import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EXERCISES = [exercise for lesson in LESSONS for exercise in lesson.EXERCISES]
SOLVED = Record(2, 1, False, "2026-11-23")


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "own" / "progress.json"))
    return tmp_path / "own" / "progress.json"


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text as a screen reader has it."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag != "br":
            self.open.append(dict(attributes).get("aria-hidden") == "true")
        self.text += " "

    def handle_endtag(self, tag):
        self.open.pop()
        self.text += " "

    def handle_data(self, data):
        if not any(self.open):
            self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def page_of(records):
    return Page(CourseMap(records)._repr_html_())


def some():
    """Records of a learner who has solved the first exercise, and tried the second."""
    return {EXERCISES[0].key: SOLVED, EXERCISES[1].key: Record(hints=1)}


def test_nothing_is_solved():
    first, total = EXERCISES[0], len(EXERCISES)
    assert CourseMap({}).summary == (
        f"0 of {total} exercises are solved. Next: {first.title}, in lesson {first.lesson}."
    )


def test_some_are_solved():
    second, total = EXERCISES[1], len(EXERCISES)
    assert CourseMap(some()).summary == (
        f"1 of {total} exercises are solved. Next: {second.title}, in lesson {second.lesson}."
    )


def test_all_are_solved():
    total = len(EXERCISES)
    records = {exercise.key: SOLVED for exercise in EXERCISES}
    assert CourseMap(records).summary == (
        f"{total} of {total} exercises are solved. {words.MAP_ALL}"
    )


def test_exercises_of_another_course_do_not_count():
    assert CourseMap({"9.old": SOLVED}).summary == CourseMap({}).summary


def test_the_table_has_heads_and_a_caption():
    page = page_of(some())
    assert len(page.all("caption")) == 1
    assert [th["scope"] for th in page.all("th")] == ["col", "col", *["row"] * len(LESSONS)]
    assert page.open == []


def test_links_lead_to_the_lessons():
    links = [link["href"] for link in page_of({}).all("a")]
    assert links == [lesson.NOTEBOOK for lesson in LESSONS]
    for lesson, link in zip(LESSONS, links, strict=True):
        notebook = json.loads((NOTEBOOKS / link).read_text("utf-8"))
        heading = "".join(notebook["cells"][0]["source"]).splitlines()[0]
        assert lesson.TITLE.lower() in heading.lower()


@pytest.mark.parametrize("make", [dict, some], ids=["none", "some"])
def test_states_are_words_on_the_page_and_in_plain_text(make):
    records = make()
    page, plain = " ".join(page_of(records).text.split()), repr(CourseMap(records))
    for exercise in EXERCISES:
        state = words.MAP_OPEN
        if exercise.key in records:
            state = words.MAP_SOLVED if records[exercise.key].solved else words.MAP_TRIED
        assert f"{exercise.title} ({state})" in page
        assert f"{exercise.title} ({state})" in plain
    for number, lesson in enumerate(LESSONS):
        assert f"{number}. {lesson.TITLE}" in page
        assert f"{number}. {lesson.TITLE}: " in plain
    assert CourseMap(records).summary in page
    assert plain.endswith(CourseMap(records).summary)
    assert "color" not in CourseMap(records)._repr_html_()


def test_titles_are_escaped(monkeypatch):
    monkeypatch.setattr(EXERCISES[0], "title", "<b>4 & 5")
    monkeypatch.setattr(LESSONS[0], "TITLE", "<i>")
    page = page_of({})
    assert not page.all("b")
    assert not page.all("i")
    assert "<b>4 & 5" in page.text


def test_progress_is_shown(file, monkeypatch):
    shown = []
    monkeypatch.setattr(course_map, "display", shown.append)
    show_progress()
    assert shown[0].records == {}
    progress.note_attempt(EXERCISES[0].key, True)
    show_progress()
    assert "1 of " in shown[1].summary


@pytest.mark.parametrize("content", ["", "[]", "{'broken'", '{"1.x": 3}'])
def test_a_broken_file_is_told_of(file, capsys, content):
    file.parent.mkdir()
    file.write_text(content)
    show_progress()
    assert capsys.readouterr().out == words.BROKEN_PROGRESS.format(path=file) + "\n"
    export_report()
    assert "can't be written: The file of your progress" in capsys.readouterr().out
    assert file.read_text() == content


def test_a_read_only_file_is_told_of(file, capsys):
    progress.note_attempt(EXERCISES[0].key, True)
    file.chmod(0o400)
    show_progress()
    assert words.READ_ONLY_PROGRESS.format(path=file) in capsys.readouterr().out


def test_the_report_opens_as_a_table(tmp_path, capsys):
    progress.note_hint(EXERCISES[0].key, 2)
    progress.note_solution(EXERCISES[0].key)
    progress.note_attempt(EXERCISES[0].key, True)
    export_report()
    assert (
        capsys.readouterr().out == words.REPORT_WRITTEN.format(path="progress_report.csv") + "\n"
    )
    with open(tmp_path / "progress_report.csv", newline="", encoding="ascii") as report:
        text = report.read()
        report.seek(0)
        lines = list(csv.DictReader(report))
    assert len(lines) == len(EXERCISES)
    day = progress.read()[EXERCISES[0].key].solved
    assert lines[0] == {
        "lesson": str(EXERCISES[0].lesson),
        "exercise": EXERCISES[0].name,
        "solved": day,
        "attempts": "1",
        "hints": "2",
        "saw_solution": "yes",
    }
    assert lines[1]["solved"] == ""
    assert getpass.getuser() not in text
    assert str(tmp_path) not in text
    # A spreadsheet takes what begins so for a formula.
    assert not re.search(r"(^|[,\"])[=+@\t\r-]", text.replace("\r\n", "\n"), re.M)


@pytest.mark.parametrize("name", ["mine.csv", "MINE.CSV", "new/folder/mine.csv", "~/mine.csv"])
def test_the_report_goes_where_it_is_wanted(tmp_path, monkeypatch, capsys, name):
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (name, Path(name)):
        export_report(path)
        assert "is written" in capsys.readouterr().out
    assert (tmp_path / name.removeprefix("~/")).stat().st_size > 50


@pytest.mark.parametrize(
    "path", ["", "mine", "lesson.ipynb", "own/progress.json", None, 3, ".csv"]
)
def test_other_names_are_no_reports(tmp_path, capsys, path):
    (tmp_path / "lesson.ipynb").write_text("precious")
    export_report(path)
    printed = capsys.readouterr().out
    assert printed == words.REPORT_NOT_CSV.format(path=path) + "\n"
    assert [each.name for each in tmp_path.iterdir()] == ["lesson.ipynb"]
    assert (tmp_path / "lesson.ipynb").read_text() == "precious"


def test_a_report_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("mine")
    for path in (
        "folder.csv",
        "file/report.csv",
        "/proc/report.csv",
        "x" * 300 + ".csv",
        "\0.csv",
    ):
        export_report(path)
        printed = capsys.readouterr().out
        assert "can't be written: " in printed
        assert printed.count("\n") == 1
        assert str(tmp_path) not in printed
        assert ".tmp" not in printed
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder.csv"]
