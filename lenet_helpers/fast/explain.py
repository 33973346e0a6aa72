"""Tells which ops of a compiled function are the course's."""

from collections import Counter
from dataclasses import dataclass

from lenet_helpers import words
from lenet_helpers.fast.conv_pool import ConvPool, ConvPoolGradient
from lenet_helpers.fast.direct_convolution import Convolution, DirectConvolution
from lenet_helpers.fast.elementwise import FAST
from lenet_helpers.fast.pooling import Pooling, PoolingGradient
from lenet_helpers.fast.products import ThreadedDot, ThreadedDotScalar, ThreadedGemm

from theano.scalar import Composite
from theano.tensor.elemwise import Elemwise

NAMES = {
    DirectConvolution: words.OP_CONVOLUTION,
    Convolution: words.OP_CONVOLUTION,
    Pooling: words.OP_POOLING,
    PoolingGradient: words.OP_POOLING_GRADIENT,
    ThreadedDot: words.OP_PRODUCT,
    ThreadedDotScalar: words.OP_PRODUCT,
    ThreadedGemm: words.OP_PRODUCT_AND_SUM,
}


@dataclass(frozen=True)
class Explanation:
    """Which ops a compiled function has.

    Attributes
    ----------
    course : dict
        How often each of the course's ops occurs, by what it computes.
    theano : dict
        The same of Theano's own ops, by their class. Views of an array, and numbers that
        only tell sizes and positions, are left out: they cost nothing.
    """

    course: dict
    theano: dict

    def __str__(self):
        parts = (words.OPS_OF_COURSE, self.course), (words.OPS_OF_THEANO, self.theano)
        lines = []
        for title, counts in parts:
            ops = [words.OP_COUNTED.format(count=counts[name], op=name) for name in counts]
            lines += [title, *(ops or [words.NO_OPS])]
        return "\n".join(lines)


def explain(function):
    """Return which ops of a compiled function are the course's, and which are Theano's.

    Parameters
    ----------
    function : callable
        From ``theano.function``.

    Returns
    -------
    Explanation
        Printed, it is a list of both.

    Raises
    ------
    ValueError
        If it is no compiled function.
    """
    graph = getattr(getattr(function, "maker", None), "fgraph", None)
    if graph is None:
        raise ValueError(words.NOT_COMPILED.format(value=function))
    course, stock = Counter(), Counter()
    for node in graph.toposort():
        name = _name_of_fast(node.op)
        if name is not None:
            course[name] += 1
        elif _computes(node):
            stock[type(node.op).__name__] += 1
    return Explanation(dict(sorted(course.items())), dict(sorted(stock.items())))


def _name_of_fast(op):
    """Return in words what one of the course's ops computes, or None for another's."""
    if isinstance(op, ConvPool):
        if op.activation == "none":
            return words.OP_LAYER.format(window=_window(op))
        return words.OP_ACTIVATED_LAYER.format(window=_window(op), activation=op.activation)
    if isinstance(op, ConvPoolGradient):
        if op.of_images:
            return words.OP_LAYER_GRADIENT.format(window=_window(op))
        return words.OP_FIRST_LAYER_GRADIENT.format(window=_window(op))
    if isinstance(op, Elemwise):
        fast = {type(scalar_op) for scalar_op in FAST.values()}
        return words.OP_ELEMENTWISE if fast & set(_scalar_ops(op.scalar_op)) else None
    return NAMES.get(type(op))


def _window(op):
    return "{} x {}".format(*op.poolsize)


def _scalar_ops(op):
    """Return the types of the scalar ops that one is made of."""
    if isinstance(op, Composite):
        return [type(node.op) for node in op.fgraph.toposort()]
    return [type(op)]


def _computes(node):
    """Tell whether a node makes numbers that are no sizes and positions."""
    return not getattr(node.op, "view_map", None) and any(
        getattr(output, "dtype", "").startswith("float") for output in node.outputs
    )
