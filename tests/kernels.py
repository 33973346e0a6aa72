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
    command = [compiler, options, "-std=c++11", "-O1", "-Wall", "-Werror", *SANITIZERS]
    if not (shutil.which(compiler) and _runs("int main() {}", folder / "empty", command)):
        pytest.skip(f"left out: {compiler} has no sanitizers here, or no {options}")
    command += [f"-march={processor}", f"-I{kernel.FOLDER}"]
    program = folder / "harness"
    compiled = _compile(source, program, command)
    assert compiled.returncode == 0, compiled.stderr
    # Where a debugger watches, as in some containers, the search for leaks can't run.
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _compile(source, program, command):
    program.with_suffix(".cpp").write_text(source)
    command = [*command, program.with_suffix(".cpp"), "-o", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def _runs(source, program, command):
    compiled = _compile(source, program, command)
    return not compiled.returncode and not subprocess.run([program]).returncode
