"""Runs the C++ compiler as Theano would, several at once, with precompiled headers.

A module that Theano generates is a few hundred lines under the headers of Python, NumPy and the
standard library, which take two thirds of the compiler's time. Read once and stored as the
compiler's own memory of them, they take none.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass

from theano.configdefaults import config
from theano.link.c import cmodule

SOURCE, HEADER, RULE, STAMP = "mod.cpp", "common.h", "read.d", "stamp.json"
# What nearly every module includes, in its own order.
INCLUDES = (
    "<Python.h>",
    "<iostream>",
    '"theano_mod_helper.h"',
    "<math.h>",
    "<numpy/arrayobject.h>",
    "<numpy/arrayscalars.h>",
    "<vector>",
    "<algorithm>",
)
# A precompiled header takes as long as three modules, and 40 MB of the disk.
WORTH_A_HEADER = 5
HEADERS_KEPT = 4


@dataclass(frozen=True)
class Source:
    """The C++ of one module, and how to compile it.

    Attributes
    ----------
    name : str
        The module's name, which its code contains.
    code : str
        All of its C++.
    options : tuple of str
        For the compiler, as Theano gives them.
    include_dirs, lib_dirs, libs : tuple of str
        Folders of headers and libraries, and libraries, without ``-I``, ``-L`` and ``-l``.
    """

    name: str
    code: str
    options: tuple
    include_dirs: tuple
    lib_dirs: tuple
    libs: tuple

    def header_options(self):
        """Return the options that decide what a precompiled header holds; the linker's do not."""
        options = [part for part in self.options if not part.startswith(("-Wl,", "-L", "-l"))]
        folders = (f"-I{folder}" for folder in self.include_dirs if folder)
        # Nobody debugs these modules, and their debug information is a fifth of the work.
        return ("-g0", "-fvisibility=hidden", *options, *folders)

    def command(self, folder, header):
        """Return the command that compiles the file in `folder`, as Theano puts it together."""
        rest = (part for part in self.options if part.startswith(("-Wl,", "-L", "-l")))
        folders = (f"-L{path}" for path in self.lib_dirs if path)
        return [
            *(config.cxx, cmodule.get_gcc_shared_library_arg(), *self.header_options()),
            *(("-include", str(header)) if header else ()),
            *(*rest, *folders, "-o", str(self.library(folder)), str(folder / SOURCE)),
            *(f"-l{name}" for name in self.libs),
        ]

    def library(self, folder):
        """Return the path of the compiled module in `folder`."""
        return folder / f"{self.name}.{cmodule.get_lib_extension()}"


class Compilers:
    """Compilers that run side by side in threads of this process, and can be stopped at once."""

    def __init__(self):
        self.running = set()
        self._lock = threading.Lock()
        self._stopped = False

    def build(self, source, folder, header=None):
        """Compile a module in `folder`, a new one; return whether there is one now.

        `header` is a callable that returns the path of the header whose precompiled form is ready,
        or None. If the compiler refuses it the module is compiled without.
        """
        if not self._write(folder / SOURCE, source.code + "\n"):
            return False
        header = header() if header else None
        done = self.run(source.command(folder, header))
        if not done and header:
            done = self.run(source.command(folder, None))
        return done and source.library(folder).is_file()

    def _write(self, path, text):
        """Write the first file of a new folder; return whether it was not too late for that.

        Ctrl-C may come while a thread starts, of which its pool then knows nothing. Such a thread
        must make no folder where what was left is being deleted.
        """
        with self._lock:
            if not self._stopped:
                path.parent.mkdir(parents=True)
                path.write_text(text, encoding="utf-8")
            return not self._stopped

    def run(self, command):
        """Run a command and return whether it worked; its messages are nobody's."""
        with self._lock:
            if self._stopped:
                return False
            # In a session of its own: the compiler is several processes, which `stop` ends.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.running.add(process)
        try:
            return process.wait() == 0
        finally:
            with self._lock:
                self.running.discard(process)

    def stop(self):
        """End all that run, and start no others."""
        with self._lock:
            self._stopped = True
            running = list(self.running)
            for process in running:
                with suppress(ProcessLookupError):  # it may have ended just now
                    if process.returncode is None:
                        os.killpg(process.pid, signal.SIGKILL)
        for process in running:
            process.wait()

    def precompile(self, source, headers):
        """Make the precompiled header for modules like `source`, in the folder `headers`.

        Returns
        -------
        pathlib.Path or None
            What to include, or None if the compiler failed.
        """
        folder = header_folder(source, headers)
        path = folder / HEADER
        options = ("-x", "c++-header", "-MD", "-MF", str(folder / RULE), "-o", f"{path}.gch")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            written = self._write(path, "".join(f"#include {name}\n" for name in INCLUDES))
            command = [config.cxx, *source.header_options(), *options, str(path)]
            if not (written and self.run(command)):
                return None
            stamps = {name: _stamp(name) for name in _files_read(folder / RULE)}
            # The stamp comes last: without it the header counts as half made.
            (folder / STAMP).write_text(json.dumps(stamps), encoding="utf-8")
        except OSError:
            return None
        return path


def header_folder(source, headers):
    """Return where the precompiled header for modules like `source` lies, made or not."""
    compiler = os.stat(shutil.which(config.cxx) or config.cxx)
    parts = (cmodule.GCC_compiler.version_str(), int(compiler.st_mtime), compiler.st_size)
    key = repr((*parts, INCLUDES, source.header_options()))
    return headers / hashlib.sha256(key.encode()).hexdigest()[:16]


def ready_header(source, headers):
    """Return the header for modules like `source` if its precompiled form is valid, else None.

    The compiler itself does not notice a header that has changed since; the stamp does.
    """
    folder = header_folder(source, headers)
    try:
        stamps = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        valid = all(_stamp(name) == stamp for name, stamp in stamps.items())
    except (OSError, ValueError, AttributeError):
        return None
    return folder / HEADER if valid else None


def forget_old_headers(headers):
    """Delete all but the latest precompiled headers."""
    folders = sorted(headers.glob("*"), key=os.path.getmtime)
    for folder in folders[:-HEADERS_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _files_read(rule):
    """Return the paths in the compiler's rule for make: a target, a colon, all that it read."""
    text = rule.read_text(encoding="utf-8").replace("\\\n", " ").partition(": ")[2]
    return [name.replace("\\ ", " ") for name in re.split(r"(?<!\\)\s+", text.strip())]


def _stamp(name):
    found = os.stat(name)
    # Whole seconds: an image's layers keep no more.
    return [int(found.st_mtime), found.st_size]
