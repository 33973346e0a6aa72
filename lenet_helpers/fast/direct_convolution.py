"""A convolution that copies no patches: an op for explorers, and one for a learner's own conv2d.

Theano's op CorrMM copies every patch of the picture, and has border and step built in. An explorer
whose controls change both many times a second needs neither: `DirectConvolution`. A learner's
`conv2d` becomes a `Convolution`, which computes as Theano does where that is faster.
"""

from lenet_helpers.fast.kernel import KernelOp

from theano import tensor as T
from theano.graph.basic import Apply
from theano.graph.opt import copy_stack_trace, in2out, local_optimizer
from theano.tensor.nnet.corr import CorrMM


class DirectConvolution(KernelOp):
    """Correlate images with filters; border and steps are numbers given at run time.

    Inputs are the images (batch, input maps, rows, columns) and the filters (filters, input maps,
    filter rows, filter columns), both float32, and a vector of four int64: the zeros
    added at each end of the rows and of the columns, and the steps in rows and
    columns. The result is (batch, filters, output rows, output columns), float32. Nothing
    is turned here. At run time arrays that do not fit together raise ValueError.
    """

    # Theano compiles an op without properties anew in every process.
    __props__ = ("dtype",)
    dtype = "float32"
    files = (
        "lanes.h",
        "threads.h",
        "parts.h",
        "tiles.h",
        "direct_convolution.cpp",
        "direct_convolution_tiles.cpp",
        "arrays.h",
        "direct_convolution_op.cpp",
    )

    def make_node(self, images, filters, geometry):
        """Return the node that applies this op to three Theano variables, or raise TypeError."""
        images, filters = (T.as_tensor_variable(part) for part in (images, filters))
        geometry = T.as_tensor_variable(geometry)
        wanted = [(images, self.dtype, 4), (filters, self.dtype, 4), (geometry, "int64", 1)]
        for variable, dtype, ndim in wanted:
            if (variable.dtype, variable.ndim) != (dtype, ndim):
                raise TypeError(variable.type)
        broadcastable = (images.broadcastable[0], filters.broadcastable[0], False, False)
        maps = T.TensorType(self.dtype, broadcastable)()
        return Apply(self, [images, filters, geometry], [maps])

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        arrays, (maps,), fail = ",".join(inputs), outputs, sub["fail"]
        return f"if(!apply_direct_convolution({arrays},&{maps})){{{fail}}}"


direct_convolution = DirectConvolution()


class Convolution(CorrMM):
    """Theano's CorrMM for float32, which computes directly where that is faster.

    Which of both is faster hangs on shapes that are known only at run time: many filters share the
    work of copying patches, few do not. Gradients are CorrMM's.
    """

    def c_support_code(self, **kwargs):
        """Return the C++ of both ways."""
        return direct_convolution.c_support_code() + super().c_support_code(**kwargs)

    def c_headers(self, **kwargs):
        """Return the headers of both ways."""
        return direct_convolution.c_headers() + super().c_headers(**kwargs)

    def c_compile_args(self, **kwargs):
        """Return the options for the C++ compiler."""
        return direct_convolution.c_compile_args() + super().c_compile_args(**kwargs)

    def c_code_cache_version(self):
        """Return what tells this code from an older one in Theano's cache."""
        return direct_convolution.c_code_cache_version() + super().c_code_cache_version()

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that chooses one of both ways."""
        (maps,), params, fail = outputs, sub["params"], sub["fail"]
        numbers = [f"{params}->{part}" for part in ("padH_l", "padW_l", "dH", "dW")]
        arguments = ",".join([*inputs, *numbers])
        directly = f"if(!convolve_directly(&{maps},{arguments})){{{fail}}}"
        as_theano_does = super().c_code(node, name, inputs, outputs, sub)
        return f"if(is_better_direct({arguments})){{{directly}}}else{{{as_theano_does}}}"


@in2out
@local_optimizer([CorrMM])
def use_direct_convolution(fgraph, node):
    """Rewrite a graph so that convolutions are computed directly where that is faster."""
    op = node.op
    if type(op) is not CorrMM or node.outputs[0].dtype != DirectConvolution.dtype:
        return None
    plain = not op.unshared and op.num_groups == 1 and op.filter_dilation == (1, 1)
    symmetric = all(before == after for before, after in op.pad)
    if not (plain and symmetric):
        return None
    maps = Convolution(op.border_mode, op.subsample)(*node.inputs)
    copy_stack_trace(node.outputs[0], maps)
    return [maps]
