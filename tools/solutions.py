"""Lessons with their exercises solved: for the tests, and for the teachers' answer key."""

import ast
import copy
import dis
import importlib
import re
import types

CALL = re.compile(r"^exercises\.(\w+)\.check\((.*)\)$", re.M)
MODULE = re.compile(r"^from lenet_helpers\.exercises import (lesson_\d) as exercises$", re.M)


def exercise_of(notebook, cell):
    """Return the `Exercise` that a code cell checks, or None."""
    called = CALL.search(cell.source) if cell.cell_type == "code" else None
    if called is None:
        return None
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    module = importlib.import_module(f"lenet_helpers.exercises.{MODULE.search(code)[1]}")
    return getattr(module, called[1])


def solved_source(exercise, source):
    """Return a cell's source with the solution where the answer is asked for."""
    if not source.startswith(exercise.start + "\n"):
        raise ValueError(f"the cell of {exercise.name} does not begin with its start:\n{source}")
    return exercise.solution_code + source.removeprefix(exercise.start)


def solved(notebook):
    """Return a copy of a lesson in which every exercise is solved."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        exercise = exercise_of(notebook, cell)
        if exercise is not None:
            cell.source = solved_source(exercise, cell.source)
    return notebook


def needed_cells(notebook, cell, source):
    """Return the code cells before `cell` that bind the names in a source, in the lesson's order.

    So do the cells that those need in turn. Exercises don't count, and a cell whose names are all
    bound again before they are read is left out.
    """
    before = []
    for other in notebook.cells:
        if other is cell:
            break
        if other.cell_type == "code" and exercise_of(notebook, other) is None:
            before.append(other)
    needed, wanted = [], _names(compile(source, "<answer>", "exec"))
    for other in reversed(before):
        if _bound(other.source) & wanted:
            needed.insert(0, other)
            wanted = (wanted - _bound(other.source)) | _read(other.source)
    return needed


def _read(source):
    """Return the names that a cell takes from those before it."""
    code = compile(source, "<cell>", "exec")
    inner = set().union(*map(_names, _inner(code))) - _bound(source)
    bound = set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            bound.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in bound:
            inner.add(step.argval)
    return inner


def _names(code):
    """Return the names that compiled code looks up outside of its functions."""
    steps = dis.get_instructions(code)
    own = {step.argval for step in steps if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    return own.union(*map(_names, _inner(code)))


def _inner(code):
    return [part for part in code.co_consts if isinstance(part, types.CodeType)]


def _bound(source):
    """Return the names that a cell binds at its top level."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            names |= {
                part.id
                for part in ast.walk(node)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
    return names
