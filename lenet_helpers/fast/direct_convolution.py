"""A convolution as one Theano op for every filter shape, border and step.

Theano's own op fixes border and step when it is compiled, and copies every patch of the picture.
An explorer whose controls change both many times a second needs neither.
"""

from lenet_helpers.fast.kernel import KernelOp

from theano import tensor as T
from theano.graph.basic import Apply


class DirectConvolution(KernelOp):
    """Correlate images with filters; border and steps are numbers given at run time.

    Inputs are the images (batch, input maps, rows, columns) and the filters (filters, input maps,
    filter rows, filter columns), both float32 and finite, and a vector of four int64: the zeros
    added at each end of the rows and of the columns, and the steps in rows and
    columns. The result is (batch, filters, output rows, output columns), float32. Nothing
    is turned here. At run time arrays that do not fit together raise ValueError.
    """

    # Theano compiles an op without properties anew in every process.
    __props__ = ("dtype",)
    dtype = "float32"
    files = ("lanes.h", "threads.h", "direct_convolution.cpp", "direct_convolution_op.cpp")

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
