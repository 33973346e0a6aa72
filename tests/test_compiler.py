"""The C++ compiler is run with precompiled headers, which may be broken, stale or missing."""

import dataclasses
import importlib.util
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lenet_helpers.compiling import compiler

import pytest
from theano.link.c import cmodule

COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]
PLAIN = """#include <Python.h>
#include <iostream>
#include "theano_mod_helper.h"
static struct PyModuleDef moduledef = {PyModuleDef_HEAD_INIT, "answer", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_answer(void) {
    PyObject* made = PyModule_Create(&moduledef);
    PyModule_AddIntConstant(made, "value", 42 GATE);
    return made;
}
"""


@pytest.fixture(params=COMPILERS)
def plain(request, monkeypatch):
    """The source of a module whose value is 42, for one compiler after the other."""
    monkeypatch.setattr(compiler.config, "cxx", shutil.which(request.param))
    return lambda gate="": compiler.Source(
        name="answer",
        code=PLAIN.replace("GATE", gate),
        options=("-O2", "-fPIC"),
        include_dirs=tuple(cmodule.std_include_dirs()),
        lib_dirs=tuple(cmodule.std_lib_dirs()),
        libs=tuple(cmodule.std_libs()),
    )


def value(source, folder):
    spec = importlib.util.spec_from_file_location("answer", source.library(folder))
    return importlib.util.module_from_spec(spec).value


def test_a_module_is_compiled_with_a_precompiled_header(plain, tmp_path):
    # Only the header defines NPY_FLOAT32 here.
    source, compilers = plain("+ 0 * NPY_FLOAT32"), compiler.Compilers()
    assert compiler.ready_header(source, tmp_path / "headers") is None
    header = compilers.precompile(source, tmp_path / "headers")
    assert header == compiler.ready_header(source, tmp_path / "headers")
    assert not compilers.build(source, tmp_path / "without")
    assert compilers.build(source, tmp_path / "with", lambda: header)
    assert value(source, tmp_path / "with") == 42
    # Were there no precompiled form, the compiler would read the text beside it.
    header.write_text("#error")
    assert compiler.ready_header(source, tmp_path / "headers") is None


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000])
def test_a_module_is_compiled_though_the_precompiled_header_is_broken(plain, tmp_path, content):
    source, compilers = plain(), compiler.Compilers()
    header = compilers.precompile(source, tmp_path / "headers")
    Path(f"{header}.gch").write_bytes(content)
    assert compilers.build(source, tmp_path / "module", lambda: header)
    assert value(source, tmp_path / "module") == 42


def test_a_precompiled_header_is_out_of_date_when_a_header_changes(plain, tmp_path):
    (tmp_path / "own" / "numpy").mkdir(parents=True)
    own = tmp_path / "own" / "numpy" / "arrayscalars.h"
    own.write_text("// the first that is found")
    source = dataclasses.replace(
        plain(), include_dirs=(str(own.parent.parent), *plain().include_dirs)
    )
    headers = tmp_path / "headers"
    assert compiler.Compilers().precompile(source, headers)
    assert compiler.ready_header(source, headers)
    own.write_text("// changed since then")
    assert compiler.ready_header(source, headers) is None
    own.unlink()
    assert compiler.ready_header(source, headers) is None


def test_other_options_have_another_precompiled_header(plain, tmp_path):
    source = plain()
    folders = {
        compiler.header_folder(dataclasses.replace(source, options=options), tmp_path)
        for options in [("-O2",), ("-O3",), ("-O3", "-Wl,-rpath,/opt"), ("-O3", "-L/opt")]
    }
    assert len(folders) == 2


def test_a_compiler_that_precompiles_nothing_leaves_no_header(plain, tmp_path):
    source = dataclasses.replace(plain(), options=("--no-such-option",))
    assert compiler.Compilers().precompile(source, tmp_path) is None
    assert compiler.ready_header(source, tmp_path) is None


def test_only_the_latest_headers_are_kept(tmp_path):
    for age in range(7):
        (tmp_path / str(age)).mkdir()
        os.utime(tmp_path / str(age), (1000 - age, 1000 - age))
    compiler.forget_old_headers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3"]


def test_stopped_compilers_end_at_once_and_start_nothing(tmp_path):
    compilers = compiler.Compilers()
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(compilers.run, sleep)
        while not compilers.running:
            time.sleep(0.005)
        compilers.stop()
        assert running.result(timeout=60) is False
    assert compilers.run([sys.executable, "-c", ""]) is False


def test_stopped_compilers_write_nothing(plain, tmp_path):
    # The folder may just be being deleted, and would not be empty in the end.
    compilers = compiler.Compilers()
    compilers.stop()
    assert compilers.build(plain(), tmp_path / "module") is False
    assert compilers.precompile(plain(), tmp_path) is None
    assert list(tmp_path.iterdir()) == []
