"""House rules for the lessons: order, sizes, stored outputs, links, and sentences for figures."""

import re
from pathlib import Path

from lenet_helpers import words

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
MAX_CELL_LINES = 20
MAX_CODE_LINES = 90
MAX_IMPORT_LINES = 12
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STAND_IN = words.STAND_IN.partition("{")[0]
IGNORE, WIDGET, TIMING = "nbval-ignore-output", "widget", "timing"
EXERCISE = "exercise"


@pytest.fixture(params=LESSONS, ids=NAMES)
def lesson(request):
    notebook = nbformat.read(request.param, as_version=4)
    nbformat.validate(notebook)
    return request.param, notebook.cells


def code_cells(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def texts(cells):
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def test_there_are_seven_lessons_in_order():
    assert [name[:2] for name in NAMES] == ["00", "01", "02", "03", "04", "05", "06"]


def test_cells_were_run_in_order_and_once(lesson):
    _, cells = lesson
    counts = [cell.execution_count for cell in code_cells(cells)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_are_stored_and_clean(lesson):
    _, cells = lesson
    outputs = [output for cell in code_cells(cells) for output in cell.outputs]
    assert len(outputs) >= len(code_cells(cells)) // 2
    assert not [output for output in outputs if output.output_type == "error"]
    # A warning on stderr would greet every learner.
    assert not [output.text for output in outputs if output.get("name") == "stderr"]


def test_a_cell_that_shows_something_has_stored_it(lesson):
    _, cells = lesson
    for cell in code_cells(cells):
        if re.search(r"^ *(print|show|theano\.printing\.debugprint)\(", cell.source, re.M):
            assert cell.outputs, cell.source


def test_cells_and_lessons_are_short(lesson):
    _, cells = lesson
    # What stands in an exercise is the learner's own.
    sources = [c.source.splitlines() for c in code_cells(cells) if EXERCISE not in tags(c)]
    assert max(map(len, sources)) <= MAX_CELL_LINES
    assert sum(1 for lines in sources for line in lines if line.strip()) <= MAX_CODE_LINES
    assert len([line for line in sources[0] if line.strip()]) <= MAX_IMPORT_LINES


def is_widget(output):
    """Tell whether a stored output stands for a widget, by itself or by a picture of it."""
    alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
    return WIDGET_VIEW in output.get("data", {}) or alt.startswith(STAND_IN)


def test_only_widgets_and_timings_are_exempt_from_comparison(lesson):
    path, cells = lesson
    for cell in code_cells(cells):
        assert "nbval" not in cell.source.lower()
        has_widget = any(map(is_widget, cell.outputs))
        exempt = tags(cell) - {WIDGET, TIMING, EXERCISE}
        assert exempt <= {IGNORE}
        assert (IGNORE in exempt) == bool(tags(cell) & {WIDGET, TIMING})
        assert (WIDGET in tags(cell)) == has_widget
    timed = [cell.source for cell in code_cells(cells) if TIMING in tags(cell)]
    # Versions and speeds are shown by the self-check of the start lesson, and in figures of the
    # lesson that measures.
    if path == LESSONS[6]:
        assert all(re.search(r"^show\(\*(shares|times|measured)\(", cell, re.M) for cell in timed)
    else:
        assert timed == (["check_environment()"] if path == LESSONS[0] else [])


def test_every_figure_has_its_sentence(lesson):
    _, cells = lesson
    for cell in code_cells(cells):
        pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        printed = [
            o.data["text/markdown"] for o in cell.outputs if "text/markdown" in o.get("data", {})
        ]
        for picture in pictures:
            sentence = picture.metadata["image/png"]["alt"]
            assert sentence.endswith(".")
            assert len(sentence.split()) > 4
            assert sentence in printed


def test_the_anatomy_of_a_lesson(lesson):
    path, cells = lesson
    first, second = texts(cells)[:2]
    title, question, links = [part for part in first.split("\n\n") if part][:3]
    assert title.startswith("# ")
    assert re.fullmatch(r"\*\*[^*]+\?\*\*", question)
    verbs = re.findall(r"^\d\. \*\*(\w+)\*\*", second, re.M)
    assert second.startswith("## You will be able to")
    headings = [h for text in texts(cells) for h in re.findall(r"^## \d\. (\w+)", text, re.M)]
    assert len(verbs) == 3
    assert [verb.lower() for verb in headings] == [verb.lower() for verb in verbs]
    assert re.search(r"\*Prerequisites:\*.*\*Time:\*", second, re.S)
    assert texts(cells)[-1].startswith("## Summary")
    assert "**Sources:**" in texts(cells)[-1]
    if path.name != NAMES[0]:
        assert any("**Mistakes in the old text.**" in text for text in texts(cells))
        assert NAMES[NAMES.index(path.name) - 1] in first + links


def test_links_between_files_lead_somewhere(lesson):
    path, cells = lesson
    for text in texts(cells):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (path.parent / target).exists(), target


def test_no_path_of_any_machine_is_stored(lesson):
    path, _ = lesson
    assert not re.search(r"/(home|root|Users|tmp|work|usr)/", path.read_text(encoding="utf-8"))


def printed_by(number):
    cells = nbformat.read(LESSONS[number], as_version=4).cells
    outputs = [output for cell in code_cells(cells) for output in cell.outputs]
    shown = [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs]
    return re.sub(r"\s+", " ", " ".join(shown))


# The figures that the lessons exist to show, from published sources and from measurements made
# before this course was written: lesson number, text as it must appear among the live outputs.
FIGURES = [
    (1, "15.588457268119896"),
    (1, "0.06415002990995841"),
    (1, "[ 0.04297323 -0.0494174 0.02168239]"),
    (1, "[-0.3943425 0.16818965]"),
    (1, "(1, 2, 492, 492)"),
    (1, "[0.40267237 0.54194857]"),
    (1, "CorrMM"),
    (2, "[[0.72032449 0.39676747] [0.6852195 0.87811744]]"),
    (2, "[0.66379465 0.94459476 0.58655504]"),
    (2, "(3, 2, 2, 2)"),
    (2, "(3, 2, 3, 3)"),
    (2, "True gives 98, False gives 99"),
    (2, "[[3 3] [3 3]]"),
    (2, "[[3 5 3] [5 8 5] [3 5 3]]"),
    (2, "0.5556"),
    (3, "0.08596023825918792"),
    (3, "0.06793662204867575"),
    (3, "0.13397727"),
    (3, "-0.00317098"),
    (3, "0.01625422"),
    (3, "(500, 1, 28, 28) -> (500, 20, 24, 24)"),
    (3, "(500, 50, 8, 8) -> (500, 50, 4, 4)"),
    (3, "(500, 500) -> (500, 10)"),
    (3, "520 + 25,050 + 400,500 + 5,010 = 431,080"),
    (3, "2.302585"),
    (4, "2.302585"),
    (4, "[2.302585, 2.284162, 2.263281]"),
    (4, "validation 90.09 %, test 90.20 %"),
    (4, "validation 9.23 %, test 9.52 %"),
    (4, "best validation 0.91 %, test 0.92 %"),
    (5, "initial 90.09 % 90.20 % 90.00 %"),
    (5, "epoch 1 9.23 % 9.52 % 42.33 %"),
    (5, "epoch 10 1.97 % 1.88 % 19.00 %"),
    (5, "best 0.91 % 0.92 % 7.00 %"),
    (5, "9,908 of 10,000"),
    (6, "CorrMM_gradInputs 1,600,000"),
    (6, "one image, in all 6,591,000"),
    (6, "over a tenth of the time without a multiply-add: True"),
    (6, "equal to NumPy's: True equal to Theano's: True"),
    (6, "2 x 2, ignore_border=True: PoolGradient"),
    (6, "3 x 3, ignore_border=True: MaxPoolGrad"),
    (6, "2 x 2, ignore_border=False: MaxPoolGrad"),
    (6, "MaxPoolGrad left: False yours is faster: True"),
    (6, "3,975,000 of 6,591,000 multiply-adds remain"),
]


@pytest.mark.parametrize(("number", "figure"), FIGURES)
def test_the_lessons_show_the_known_figures(number, figure):
    assert figure in printed_by(number)


def test_the_start_lesson_gives_the_minutes_of_every_lesson():
    table = "\n".join(texts(nbformat.read(LESSONS[0], as_version=4).cells))
    for path in LESSONS:
        text = "\n".join(texts(nbformat.read(path, as_version=4).cells))
        pattern = r"\*Time:\* (\d+) minutes of reading, (\d+) of exercises, (.*) of computing"
        reading, exercises, machine = re.search(pattern, text).groups()
        minutes = {"half a minute": "0.5", "a minute": "1"}[machine]
        row = next(
            line for line in table.splitlines() if line.startswith("| [") and path.name in line
        )
        assert row.endswith(f"| {reading} min | {exercises} min | {minutes} min |"), path.name


def test_a_prediction_stands_before_every_explorer(lesson):
    _, cells = lesson
    before = ""
    for cell in code_cells(cells):
        if WIDGET in tags(cell) and not cell.source.startswith("exercises.predict_"):
            assert before.startswith("exercises.predict_"), cell.source
        before = cell.source
