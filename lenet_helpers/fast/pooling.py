"""Max and average pooling as one Theano op for every window and step.

Theano's own op looks at every cell of every window, and needs a function for each mode. Explorers,
whose controls change all this many times a second, use `pooling` with numbers given at run time;
what `pool_2d` makes in a learner's graph is replaced where its window is known.
"""

from lenet_helpers.fast.kernel import KernelOp, typed

import numpy
from theano import tensor as T
from theano.graph.basic import Apply, Constant
from theano.graph.opt import copy_stack_trace, in2out, local_optimizer
from theano.tensor.signal.pool import MaxPoolGrad, Pool

C_TYPES = {"float32": "npy_float32", "float64": "npy_float64"}
# Without padding both averages are the same.
AVERAGES = {"max": False, "average_exc_pad": True, "average_inc_pad": True}


class Pooling(KernelOp):
    """Pool the last two axes of maps; the rest is given at run time.

    Inputs are the maps (..., rows, columns), float32 or float64, and a vector of six int64: the
    window's rows and columns, the steps in rows and columns, 1 if cells that fill no whole window
    are ignored or else 0, and 1 for the average of the cells that a window really holds or 0 for
    their maximum. The result is (..., pooled rows, pooled columns) in the maps' dtype, the maximum
    to the bit that of Theano's Pool, also with NaN. Windows or steps below 1 raise ValueError.
    """

    # Theano compiles an op without properties anew in every process.
    __props__ = ("c_types",)
    c_types = tuple(C_TYPES)
    files = ("threads.h", "pooling.cpp", "arrays.h", "pooling_op.cpp")

    def make_node(self, maps, numbers):
        """Return the node that applies this op to two Theano variables, or raise TypeError."""
        maps, numbers = T.as_tensor_variable(maps), T.as_tensor_variable(numbers)
        if maps.dtype not in C_TYPES or maps.ndim < 2:
            raise TypeError(maps.type)
        if (numbers.dtype, numbers.ndim) != ("int64", 1):
            raise TypeError(numbers.type)
        broadcastable = (*maps.broadcastable[:-2], False, False)
        return Apply(self, [maps, numbers], [T.TensorType(maps.dtype, broadcastable)()])

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        arrays, (pooled,), fail = ",".join(inputs), outputs, sub["fail"]
        c_type = C_TYPES[node.inputs[0].dtype]
        return f"if(!apply_pooling<{c_type}>({arrays},&{pooled})){{{fail}}}"


pooling = Pooling()


class PoolingGradient(KernelOp):
    """The gradient of maps that were pooled by their maxima.

    Inputs are the maps, their maxima, the gradients of these, and the numbers as for `Pooling`;
    the first three have the same dtype, float32 or float64. Every cell that equals the maximum of
    its window gets the window's gradient, to the bit as from Theano's MaxPoolGrad.
    """

    __props__ = ("c_types",)
    c_types = Pooling.c_types
    files = Pooling.files

    def make_node(self, maps, largest, gradients, numbers):
        """Return the node that applies this op to four Theano variables."""
        maps, numbers = pooling.make_node(maps, numbers).inputs
        parts = [typed(part, maps.dtype, maps.ndim) for part in (largest, gradients)]
        return Apply(self, [maps, *parts, numbers], [maps.type()])

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        arrays, (spread,), fail = ",".join(inputs), outputs, sub["fail"]
        c_type = C_TYPES[node.inputs[0].dtype]
        return f"if(!apply_pooling_gradient<{c_type}>({arrays},&{spread})){{{fail}}}"


pooling_gradient = PoolingGradient()


@in2out
@local_optimizer([Pool, MaxPoolGrad])
def use_pooling(fgraph, node):
    """Rewrite a graph so that maps are pooled by these ops where windows are known."""
    op = node.op
    fast = {Pool: pooling, MaxPoolGrad: pooling_gradient}.get(type(op))
    if fast is None or op.ndim != 2 or op.mode not in AVERAGES:
        return None
    arrays, settings = node.inputs[:-3], node.inputs[-3:]
    dtypes = {part.dtype for part in arrays}
    if len(dtypes) > 1 or not dtypes <= set(C_TYPES):
        return None
    if not all(isinstance(part, Constant) for part in settings):
        return None
    window, steps, padding = (part.data for part in settings)
    if any(padding) or min(*window, *steps) < 1:
        return None
    numbers = [*window, *steps, op.ignore_border, AVERAGES[op.mode]]
    output = fast(*arrays, numpy.array(numbers, dtype="int64"))
    copy_stack_trace(node.outputs[0], output)
    return [output]
