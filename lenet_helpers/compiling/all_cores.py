"""Compiles the C++ modules of a function on all cores, where Theano compiles one after another.

Theano links a function node by node, and asks its cache for each node's module. When the cache
first lacks one, all that the function will ask for are compiled side by side and put into the
cache in Theano's regular way; then linking goes on and finds them there. A module that could not
be compiled is left to Theano, which tries again and tells the error in its own words.
"""

import logging
import os
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from lenet_helpers.compiling import progress
from lenet_helpers.compiling.compiler import (
    SOURCE,
    WORTH_A_HEADER,
    Compilers,
    Source,
    forget_old_headers,
    ready_header,
)
from lenet_helpers.fast import threads

import filelock
import wrapt
from theano.configdefaults import config
from theano.graph.fg import FunctionGraph
from theano.graph.op import COp
from theano.link.c import cmodule
from theano.link.c.basic import CLinker
from theano.link.vm import VMLinker

# Compilers at once: each takes up to 160 MB, and a free machine of Binder's has 1 GB.
MOST_COMPILERS = 4

logger = logging.getLogger(__name__)
# The nodes of the function that this thread is linking, as long as nothing was compiled for it.
_nodes = ContextVar("nodes", default=())


def apply():
    """Put this module's work around Theano's linker and its cache."""
    if os.name == "posix":
        wrapt.wrap_function_wrapper(VMLinker, "make_all", remember_nodes)
        wrapt.wrap_function_wrapper(cmodule.ModuleCache, "module_from_key", compile_ahead)


def remember_nodes(wrapped, linker, arguments, keywords):
    """Link a function as Theano does, and let `compile_ahead` know all its nodes meanwhile."""
    token = _nodes.set(tuple(linker.schedule(linker.fgraph)))
    try:
        return wrapped(*arguments, **keywords)
    finally:
        _nodes.reset(token)


def compile_ahead(wrapped, cache, arguments, keywords):
    """Fetch a module as Theano does; if it is the first one missing, compile all of them first."""
    key = arguments[0] if arguments else keywords["key"]
    nodes = _nodes.get()
    if nodes and key not in cache.entry_from_key:
        # Once for each function: what fails now is Theano's to do.
        _nodes.set(())
        try:
            compile_missing(cache, nodes)
        except Exception as error:
            logger.debug("%r", error)
    return wrapped(*arguments, **keywords)


@dataclass(frozen=True)
class Module:
    """A module that the cache lacks; Theano's cache takes it, once compiled, from `folder`."""

    key: tuple
    hash: str
    source: Source
    folder: Path = None

    def get_src_code(self):
        """Return the C++ code."""
        return self.source.code

    def compile_cmodule(self, location):
        """Move the compiled module to `location` and import it."""
        for path in (self.folder / SOURCE, self.source.library(self.folder)):
            shutil.move(path, location)
        Path(location, "__init__.py").touch()
        return cmodule.dlimport(str(self.source.library(Path(location))))


def compile_missing(cache, nodes):
    """Compile what the cache lacks for the nodes, on all cores, and put it into the cache."""
    modules = missing_modules(cache, nodes)
    if not modules or config.cmodule__remove_gxx_opt:
        return
    with _turn(cache) as (folder, headers):
        if folder is None:
            return
        # Perhaps another process has compiled them while this one waited for its turn.
        cache.refresh(cleanup=False)
        known = cache.module_hash_to_key_data
        modules = {module.hash: module for module in modules if module.hash not in known}
        if modules:
            _compile(cache, list(modules.values()), folder, headers)


def missing_modules(cache, nodes):
    """Return a list of the `Module`s, without a folder, that the cache does not know."""
    modules = []
    for node in nodes:
        kind = type(node.op)
        own_way = getattr(kind, "make_thunk", None) is not COp.make_thunk
        if own_way or kind.make_c_thunk is not COp.make_c_thunk:
            continue
        try:
            # Exactly what make_c_thunk does, so that it finds the key.
            linker = CLinker().accept(FunctionGraph(node.inputs, node.outputs), no_recycling=[])
            key = linker.cmodule_key()
            if key is None or key in cache.entry_from_key:
                continue
            if linker.c_compiler() is cmodule.GCC_compiler:
                modules.append(_module(linker, key))
        except Exception as error:
            # No C++ for this one, or a mistake in it: Theano will come to it, and tell.
            logger.debug("%s: %r", node.op, error)
    return modules


def _module(linker, key):
    code = linker.get_src_code()
    source = Source(
        name=linker.get_dynamic_module().code_hash,
        code=code,
        options=tuple(linker.compile_args()),
        include_dirs=(*linker.header_dirs(), *cmodule.std_include_dirs()),
        lib_dirs=(*linker.lib_dirs(), *cmodule.std_lib_dirs()),
        libs=(*linker.libraries(), *cmodule.std_libs()),
    )
    return Module(key, cmodule.get_module_hash(code, key), source)


@contextmanager
def _turn(cache):
    """Wait for the other processes that compile; yield a new folder, and that of the headers.

    Two that compile the same at once would take twice as long; one after the other, the second
    finds all it needs. After Theano's own limit of waiting, None stands for both folders.
    """
    work, headers = Path(f"{cache.dirname}-work"), Path(f"{cache.dirname}-headers")
    work.mkdir(exist_ok=True)
    try:
        lock = filelock.FileLock(f"{work}.lock").acquire(timeout=config.compile__timeout)
    except filelock.Timeout:
        yield None, None
        return
    with lock:
        # Whatever lies there was left by a process that was killed.
        for left in work.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as folder:
            yield Path(folder), headers


def _compile(cache, modules, folder, headers):
    compilers = Compilers()
    pool = ThreadPoolExecutor(min(threads.thread_count(), MOST_COMPILERS))
    bar = progress.bar(len(modules))
    try:
        header_of = _headers(compilers, pool, modules, headers)
        builds = {}
        for number, module in enumerate(modules):
            placed = Module(module.key, module.hash, module.source, folder / str(number))
            header = header_of[module.source.header_options()]
            builds[pool.submit(compilers.build, module.source, placed.folder, header)] = placed
        _compile_base()
        for build in as_completed(builds):
            with suppress(Exception):
                if build.result():
                    cache.module_from_key(builds[build].key, builds[build])
            bar.update()
        forget_old_headers(headers)
    finally:
        # At the end nothing runs any more; after Ctrl-C nothing goes on in the background.
        compilers.stop()
        pool.shutdown(cancel_futures=True)
        bar.close()


def _headers(compilers, pool, modules, headers):
    """Return, for each set of options, a callable that returns the header to include, or None.

    While a header is being precompiled the other cores start on modules without it.
    """
    sets = Counter(module.source.header_options() for module in modules)
    header_of = {}
    for module in modules:
        options = module.source.header_options()
        if options in header_of:
            continue
        ready = ready_header(module.source, headers)
        if ready or sets[options] < WORTH_A_HEADER:
            header_of[options] = lambda ready=ready: ready
            continue
        made = pool.submit(compilers.precompile, module.source, headers)
        header_of[options] = lambda made=made: made.result() if made.done() else None
    return header_of


def _compile_base():
    """Let Theano compile the two modules that every function needs, while the others compile."""
    with suppress(Exception):
        from theano.link.c import cutils, cvm  # noqa: F401
