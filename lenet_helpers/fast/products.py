"""Matrix products of float32 on the threads that the other kernels use.

Theano hands a product to BLAS in one call. On threads of its own BLAS gains nothing for a LeNet's
small products, and fights with the OpenMP threads of the convolutions. Here each of those threads
calls a BLAS that has one, or multiplies in tiles where the processor has them (tiles.h).
"""

from lenet_helpers.fast.kernel import KernelOp

from theano.configdefaults import config
from theano.graph.opt import copy_stack_trace, in2out, local_optimizer
from theano.tensor.blas import Dot22, Dot22Scalar, Gemm, ldflags


class _Product(KernelOp):
    """What links a product with the BLAS that Theano has found.

    Where Theano runs Python in the place of C, NumPy computes, as in Theano's own ops.
    """

    # Theano compiles an op without properties anew in every process.
    __props__ = ("dtype",)
    dtype = "float32"
    files = (
        "lanes.h",
        "threads.h",
        "team.h",
        "parts.h",
        "matrix.h",
        "transpose.h",
        "tiles.h",
        "products_tiles.cpp",
        "products.cpp",
        "arrays.h",
        "products_op.cpp",
    )

    def c_headers(self, **kwargs):
        """Return the headers that the kernel includes."""
        return [*super().c_headers(**kwargs), "<limits.h>"]

    def c_compile_args(self, **kwargs):
        """Return the options for the C++ compiler, BLAS's among them."""
        return [*super().c_compile_args(**kwargs), *ldflags(libs=False, flags=True)]


def number(name):
    """Return the C++ for the value of a float32 array without axes."""
    return f"*(npy_float32*)PyArray_DATA({name})"


class ThreadedDot(_Product, Dot22):
    """The product of two float32 matrices; else as Theano's Dot22."""

    perform = Dot22.perform

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        (a, b), (out,) = inputs, outputs
        return f"if(!apply_dot(1,{a},{b},&{out})){{{sub['fail']}}}"


class ThreadedDotScalar(_Product, Dot22Scalar):
    """The product of two float32 matrices and a number; else as Theano's Dot22Scalar."""

    perform = Dot22Scalar.perform

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        (a, b, alpha), (out,) = inputs, outputs
        return f"if(!apply_dot({number(alpha)},{a},{b},&{out})){{{sub['fail']}}}"


class ThreadedGemm(_Product, Gemm):
    """``beta * c + alpha * dot(a, b)`` of float32 matrices; else as Theano's Gemm."""

    __props__ = ("dtype", "inplace")
    perform = Gemm.perform

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        (c, alpha, a, b, beta), (out,) = inputs, outputs
        numbers = f"{c},{number(alpha)},{a},{b},{number(beta)}"
        return f"if(!apply_gemm({sub['params']}->inplace,{numbers},&{out})){{{sub['fail']}}}"


def _threaded(op):
    """Return the op that takes the place of one of Theano's, or None."""
    if type(op) is Gemm:
        return ThreadedGemm(op.inplace)
    return {Dot22: ThreadedDot(), Dot22Scalar: ThreadedDotScalar()}.get(type(op))


@local_optimizer([Dot22, Dot22Scalar, Gemm])
def threaded_product(fgraph, node):
    """Return a node's result by the threaded op, or None where there is none."""
    op = _threaded(node.op)
    # Without a BLAS to link Theano takes NumPy's, through Python, which only one thread can call.
    if op is None or node.outputs[0].dtype != "float32" or not (config.cxx and ldflags()):
        return None
    result = op(*node.inputs)
    copy_stack_trace(node.outputs[0], result)
    return [result]


rewrite = in2out(threaded_product)
