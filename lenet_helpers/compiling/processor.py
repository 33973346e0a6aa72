"""Finds the compiler's options for this very processor, and remembers them.

Theano compiles for the processor at hand, but names it by its parts instead of ``-march=native``,
so that its cache tells machines apart.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import wrapt
from theano.configdefaults import config, gcc_version_str
from theano.link.c import cmodule
from theano.link.c.cmodule import GCC_compiler

MEMORY = "processor.json"
# The lines of /proc/cpuinfo that differ from moment to moment, without spaces and capitals.
FLEETING = ("cpumhz", "bogomips")
# What every x86-64 has, and clang has no options for.
OF_EVERY_PROCESSOR = ("64bit", "cx8", "cmov")


def apply():
    """Put `remember_processor` around Theano's search for the compiler's options."""
    wrapt.wrap_function_wrapper(GCC_compiler, "compile_args", remember_processor)


def remember_processor(wrapped, _, arguments, keywords):
    """Ask the compiler only once what this processor can do.

    Theano asks by running the compiler four times in every process, a third of a second. Its
    answer is good for this compiler on this processor, and kept in the folder of the cache.
    """
    wanted = keywords.get("march_flags", arguments[0] if arguments else True)
    chosen = "march=" in config.gcc__cxxflags
    if GCC_compiler.march_flags is not None or not wanted or chosen:
        return wrapped(*arguments, **keywords)
    path, identity = Path(config.compiledir) / MEMORY, _identity()
    known = _read(path, identity)
    GCC_compiler.march_flags = options_of_clang() if known is None else known
    found = wrapped(*arguments, **keywords)
    if identity and known is None and GCC_compiler.march_flags:
        _write(path, {"identity": identity, "flags": GCC_compiler.march_flags})
    return found


def options_of_clang():
    """Return what ``-march=native`` stands for with clang on Linux, or None with other compilers.

    Theano takes over what clang tells its own inner program, which clang itself refuses; so it
    would compile for the oldest processor of the kind.
    """
    command = [config.cxx, "-march=native", "-E", "-v", "-"]
    try:
        told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return None
    processor = re.search(r" -target-cpu (\S+)", told.stderr)
    if not processor or sys.platform != "linux":
        return None
    features = re.findall(r" -target-feature ([+-])(\S+)", told.stderr)
    options = [f"-march={processor[1]}"]
    for sign, name in sorted(features):
        if name not in OF_EVERY_PROCESSOR:
            options.append(f"-m{name}" if sign == "+" else f"-mno-{name}")
    GCC_compiler.march_flags = []  # or else this attempt would lead here again
    compiled, ran = cmodule.try_march_flag(options)
    return options if compiled and ran else None


def _identity():
    """Return a text for this compiler on this processor, or None where the system tells none."""
    try:
        block = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
        compiler = os.stat(shutil.which(config.cxx) or config.cxx)
    except OSError:
        return None
    lines = ("".join(line.lower().split()) for line in block.split("\n"))
    lasting = [line for line in lines if not line.startswith(FLEETING)]
    parts = (config.cxx, gcc_version_str, compiler.st_mtime_ns, compiler.st_size)
    return repr((*parts, config.gcc__cxxflags, lasting))


def _read(path, identity):
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
        return memory["flags"] if identity and memory["identity"] == identity else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(path, memory):
    try:
        # In one go, because other processes may read it.
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=MEMORY, delete=False, encoding="utf-8"
        ) as file:
            json.dump(memory, file)
        os.replace(file.name, path)
    except OSError:
        return  # a folder that can't be written: ask again next time
