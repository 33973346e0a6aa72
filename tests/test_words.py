"""Every word that learners see is in words.py, is used, and gets the fields it asks for."""

import ast
import re
import string
from pathlib import Path

import lenet_helpers
from lenet_helpers import words

import pytest

PACKAGE = Path(lenet_helpers.__file__).parent
# The tasks are pages of the lessons: their words are translated with the notebooks'.
TASKS = set(PACKAGE.glob("exercises/lesson_*.py"))
MODULES = sorted({path for path in PACKAGE.rglob("*.py") if path.name != "words.py"} - TASKS)
TREES = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in MODULES}
TEMPLATES = {name: text for name, text in vars(words).items() if name.isupper()}

TAG = re.compile(r"<[^<>]*>")
TWO_WORDS = re.compile(r"[^\W\d_]{2,}[.,:;!?)\"']*\s+[(\"']*[^\W\d_]{2,}")
# Not English: the command to type, the smallest C program, and how CSS lays controls out.
NOT_WORDS = {
    "repeat(auto-fill, minmax(min(23em, 100%), 1fr))",
    "python -m lenet_helpers",
    "#include <Python.h>\nint main() { return 0; } // ",
}
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# The tool that stores the lessons' outputs writes a word of the course's into them.
TOOLS = Path(lenet_helpers.__file__).parent.parent / "tools"


def strings_but_docstrings(tree):
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node, clean=False) is not None
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and node not in docstrings:
            yield node.value


def uses_of_words(tree):
    """Yield (the attribute node of words.X, X)."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "words"
        ):
            yield node, node.attr


def calls_of_format(tree):
    """Yield (X, the call) for every words.X.format(...)."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
            and isinstance(node.func.value, ast.Attribute)
            and isinstance(node.func.value.value, ast.Name)
            and node.func.value.value.id == "words"
        ):
            yield node.func.value.attr, node


def fields(template):
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    return {re.split(r"[.\[]", name)[0] for name in names}


@pytest.mark.parametrize("module", TREES)
def test_no_words_outside_of_words(module):
    found = [
        text
        for text in strings_but_docstrings(TREES[module])
        if text not in NOT_WORDS and TWO_WORDS.search(TAG.sub(" ", text))
    ]
    assert found == []


def test_the_exceptions_are_needed():
    used = {text for tree in TREES.values() for text in strings_but_docstrings(tree)}
    assert used >= NOT_WORDS


def test_words_are_texts():
    assert all(isinstance(text, str) and text for text in TEMPLATES.values())


def test_no_word_is_given_twice():
    tree = ast.parse(Path(words.__file__).read_text(encoding="utf-8"))
    names = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_every_word_is_used():
    tools = [ast.parse(path.read_text(encoding="utf-8")) for path in TOOLS.glob("*.py")]
    used = {name for tree in [*TREES.values(), *tools] for _, name in uses_of_words(tree)}
    assert set(TEMPLATES) - used == set()


@pytest.mark.parametrize("module", TREES)
def test_every_use_names_a_word(module):
    assert {name for _, name in uses_of_words(TREES[module])} <= set(TEMPLATES)


@pytest.mark.parametrize("module", TREES)
def test_every_format_supplies_just_the_fields(module):
    for name, call in calls_of_format(TREES[module]):
        assert not call.args, name
        assert {keyword.arg for keyword in call.keywords} == fields(TEMPLATES[name]), name


# shapes._tuple_of fills these three in: each has the one field `value`, and a pair also `name`.
FILLED_BY_SHAPES = {
    "NOT_A_PAIR": {"name", "value"},
    "IMAGE_SHAPE_NOT_FOUR": {"value"},
    "FILTER_SHAPE_NOT_FOUR": {"value"},
}


@pytest.mark.parametrize("module", TREES)
def test_every_template_is_filled_in(module):
    formatted = {id(call.func.value) for _, call in calls_of_format(TREES[module])}
    for node, name in uses_of_words(TREES[module]):
        if module == "shapes.py" and name in FILLED_BY_SHAPES:
            assert fields(TEMPLATES[name]) == FILLED_BY_SHAPES[name]
        elif id(node) not in formatted:
            assert not fields(TEMPLATES[name]), name
