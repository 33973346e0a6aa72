"""Repairs of what theano-pymc 1.1.2 compiles anew in every process.

Nothing of Theano is rewritten: `apply` puts functions around its own. Each one's docstring says
what is wrong and why the repair is safe.
"""

import hashlib

import wrapt
from theano.graph.op import ExternalCOp, Op
from theano.link.c.basic import CLinker
from theano.link.c.interface import CLinkerObject
from theano.tensor.elemwise import Elemwise

# A C module for folding constants takes half a second; in Python so few numbers take no time.
FEW_NUMBERS = 1000


def apply():
    """Put the repairs around Theano's functions."""
    wrapt.wrap_function_wrapper(CLinker, "cmodule_key_", keep_versions)
    wrapt.wrap_function_wrapper(ExternalCOp, "c_code_cache_version", hash_alike)
    Op.python_constant_folding = Elemwise.python_constant_folding = fold_in_python


def keep_versions(wrapped, linker, arguments, keywords):
    """Give a module a lasting key though one of its ops has no properties.

    Theano counts the properties of each op among the versions of its code, and takes an empty one
    for "no version known: compile it anew". ``__props__ = ()`` says something else: all ops of
    this class are the same. An op whose code has no version stays without.
    """
    key = wrapped(*arguments, **keywords)
    if key is None or key[0]:
        return key
    version = tuple(_versions(linker.schedule(arguments[0])))
    return (version, key[1]) if all(version) else key


def _versions(nodes):
    for node in nodes:
        if hasattr(node.op, "c_code_cache_version_apply"):
            yield node.op.c_code_cache_version_apply(node)
        if hasattr(node.op, "__props__"):
            yield node.op.__props__ or ("none",)
        for variable in (*node.inputs, *node.outputs):
            if isinstance(variable.type, CLinkerObject):
                yield variable.type.c_code_cache_version()


def hash_alike(wrapped, op, arguments, keywords):
    """Give the C code of a file the same version in every process.

    Theano takes Python's `hash` of the text, which differs from process to process, so every
    transposition (DimShuffle) was compiled again and the cache grew.
    """
    version = wrapped(*arguments, **keywords)
    code = "\0".join(op.func_codes)
    return (hashlib.sha256(code.encode()).hexdigest(), *version[1:]) if version else version


def fold_in_python(op, node):
    """Say whether a node of constants is better computed in Python than compiled.

    While Theano simplifies a graph it computes what depends on constants alone, once, and would
    compile C for that: half a second for a handful of numbers.
    """
    if sum(getattr(constant.data, "size", 1) for constant in node.inputs) > FEW_NUMBERS:
        return False
    storage = {constant: [constant.data] for constant in node.inputs}
    storage |= {variable: [None] for variable in node.outputs}
    computed = {variable: [variable in node.inputs] for variable in storage}
    try:
        op.make_thunk(node, storage, computed, [], impl="py")()
    except Exception:
        return False  # it is written in C alone, or fails: then by Theano's own way
    return True
