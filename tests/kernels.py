"""Compiles the course's C++ for several processors, by both compilers, under sanitizers."""

import os
import platform
import shutil
import subprocess

from lenet_helpers.fast import kernel

import pytest

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def processor_flags():
    if platform.machine() != "x86_64" or not os.path.exists("/proc/cpuinfo"):
        return set()
    with open("/proc/cpuinfo") as file:
        return set(next(line for line in file if line.startswith("flags")).split())


def has_tiles(compiler, processor):
    """Return whether kernels that are compiled so multiply in tiles here (tiles.h)."""
    if processor != "x86-64-v4" or "amx_bf16" not in processor_flags():
        return False
    version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True).stdout
    return int(version.split(".")[0]) >= {"g++": 11, "clang++": 12}[compiler]


# Vectors of 4, 8 and 16 numbers, with what the processor must have for them.
NEEDED = {"x86-64": "sse2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl"}
PROCESSORS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            flag not in processor_flags(), reason=f"left out: this processor has no {flag}"
        ),
    )
    for name, flag in NEEDED.items()
]


def everywhere(test):
    """Call a test for each processor and compiler, with and without OpenMP."""
    for name, values in [
        ("options", ["-fopenmp", "-Wno-unknown-pragmas"]),
        ("compiler", ["g++", "clang++"]),
        ("processor", PROCESSORS),
    ]:
        test = pytest.mark.parametrize(name, values)(test)
    return test


def run_with_sanitizers(source, folder, processor, compiler, options):
    """Compile a program that includes kernels, run it, and return what it printed.

    Where the compiler has no sanitizers, or no OpenMP, the test is left out.
    """
    options = ["-O1", *SANITIZERS, f"-march={processor}", options]
    return run_harness(source, folder, compiler, *options)


def run_harness(source, folder, compiler, *options, **variables):
    """Compile a program that includes kernels, run it, and return what it printed.

    Where there is no such compiler, or not these options of it, the test is left out. `variables`
    are added to the program's environment.
    """
    if not shutil.which(compiler):
        pytest.skip(f"left out: there is no {compiler}")
    command = [compiler, "-std=c++11", "-Wall", "-Werror", *options]
    if _build_and_run("int main() {}", folder / "empty", command, variables).returncode:
        pytest.skip(f"left out: {compiler} can't do {' '.join(options)} here")
    command.append(f"-I{kernel.FOLDER}")
    done = _build_and_run(source, folder / "harness", command, variables)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _build_and_run(source, program, command, variables):
    """Return the finished program, or the compiler if that failed."""
    text = program.with_suffix(".cpp")
    text.write_text(source, encoding="utf-8")
    command = [*command, text, "-o", program]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if compiled.returncode:
        return compiled
    # Where a debugger watches, as in some containers, the search for leaks can't run.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"} | variables
    return subprocess.run([program], capture_output=True, text=True, timeout=120, env=environment)
