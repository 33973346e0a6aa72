"""Builds and runs programs around the kernels' C++, with any compiler and its sanitizers."""

import os
import shutil
import subprocess

from lenet_helpers.fast import kernel

import pytest

EMPTY_PROGRAM = "int main() { return 0; }\n"


def run_harness(compiler, text, folder, *options, **variables):
    """Return what a program prints; skip the test where compiler and options don't work.

    `variables` are added to the program's environment.
    """
    command = shutil.which(compiler) or pytest.skip(f"left out: there is no {compiler}")
    if _build_and_run(command, EMPTY_PROGRAM, folder / "empty", options, variables).returncode:
        pytest.skip(f"left out: {compiler} can't do {options} here")
    done = _build_and_run(command, text, folder / "harness", options, variables)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _build_and_run(command, text, program, options, variables):
    """Return the finished program, or the compiler if that failed."""
    source = program.with_suffix(".cpp")
    source.write_text(text, encoding="utf-8")
    flags = ["-std=c++11", "-O2", "-Wall", "-Werror", "-Wno-unknown-pragmas", *options]
    command = [command, *flags, f"-I{kernel.FOLDER}", str(source), "-o", str(program)]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if compiled.returncode:
        return compiled
    # Where a debugger watches, as in some containers, the search for leaks can't run.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"} | variables
    return subprocess.run([program], capture_output=True, text=True, timeout=120, env=environment)
