"""tanh and the sigmoid of whole vectors, inside the loops that Theano writes for elementwise ops.

Theano joins neighbouring elementwise ops into one loop of C++ in which tanh is a call of the C
library, one number at a time. The scalar ops below take its place with code that the compiler
turns into vectors together with the rest of the loop.
"""

from lenet_helpers.fast import kernel

from theano import scalar
from theano.configdefaults import config
from theano.graph.opt import copy_stack_trace, in2out, local_optimizer
from theano.tensor.elemwise import Elemwise
from theano.tensor.nnet.sigm import ScalarSigmoid


class _Fast:
    """What the two have in common; the rest is that of Theano's own scalar op."""

    files = ("lanes.h", "activations.h")

    def c_support_code(self, **kwargs):
        """Return the C++ of the functions."""
        texts = [(kernel.FOLDER / name).read_text(encoding="utf-8") for name in self.files]
        return "\n".join(["#include <string.h>", *texts])

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the statement for one number."""
        return f"{outputs[0]} = {self.function}({inputs[0]});"

    def c_code_cache_version(self):
        """Return what tells this code from an older one in Theano's cache: a hash of its files."""
        return (kernel.digest(self.c_support_code(), [_Fast]), self.function)


class FastTanh(_Fast, scalar.Tanh):
    """tanh of a float32."""

    function = "fast_tanh"


class FastSigmoid(_Fast, ScalarSigmoid):
    """The logistic sigmoid 1 / (1 + exp(-x)) of a float32."""

    function = "fast_sigmoid"


FAST = {
    scalar.Tanh: FastTanh(scalar.same_out, name="fast_tanh"),
    ScalarSigmoid: FastSigmoid(scalar.same_out, name="fast_sigmoid"),
}


@local_optimizer([Elemwise])
def fast_elementwise(fgraph, node):
    """Return a node's result by the fast scalar op, or None where there is none."""
    fast = FAST.get(type(getattr(node.op, "scalar_op", None)))
    types = [variable.dtype for variable in (*node.inputs, *node.outputs)]
    if fast is None or types != ["float32", "float32"]:
        return None
    # Theano's loops keep the learner's options.
    if set(config.gcc__cxxflags.split()) & set(kernel.CARELESS):
        return None
    result = Elemwise(fast)(*node.inputs)
    copy_stack_trace(node.outputs[0], result)
    return [result]


rewrite = in2out(fast_elementwise)
