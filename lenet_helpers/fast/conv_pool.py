"""A layer as one Theano op, and its gradient as another.

Theano's own ops write the convolved maps into memory, four times as many numbers as are left after
pooling, and read them again for pooling, for its gradient and for the bias. Here they never leave
the cache, and the gradient visits only the cells that won: see the kernels beside this file.
"""

from lenet_helpers import words
from lenet_helpers.fast.kernel import KernelOp, typed

from theano import tensor as T
from theano.graph.basic import Apply
from theano.graph.params_type import ParamsType
from theano.scalar import bool as bool_t
from theano.scalar import int64

# The C++ names of what can be applied to a layer's sums.
ACTIVATIONS = {"none": "NoActivation", "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
MOST_POOLED = 16  # cells of a window, one bit each
SHARED = (
    "lanes.h",
    "threads.h",
    "parts.h",
    "transpose.h",
    "activations.h",
    "conv_pool.h",
    "arrays.h",
    "conv_pool_op.h",
)


class _LayerOp(KernelOp):
    # What Theano hands to the C code at run time: layers of any window share one compiled module.
    params_type = ParamsType(pool_rows=int64, pool_columns=int64, ignore_border=bool_t)

    @property
    def pool_rows(self):
        return self.poolsize[0]

    @property
    def pool_columns(self):
        return self.poolsize[1]

    def _call(self, function, inputs, outputs, n_outputs, sub):
        """Return the C code that calls a function template with one argument after the other."""
        results = [f"&{output}" for output in outputs] + ["NULL"] * (n_outputs - len(outputs))
        params = [f"{sub['params']}->{name}" for name in self.params_type.fields]
        fields = ",".join(params)
        arguments = ",".join([*inputs, *results])
        return f"if(!{function}({fields},{arguments})){{{sub['fail']}}}"


class ConvPool(_LayerOp):
    """activation(max_pool(correlate(images, filters)) + bias), and which cells won.

    Inputs are the images (batch, input maps, rows, columns), the filters (filters, input maps,
    filter rows, filter columns) and the bias (filters,), float32. Nothing is turned here. Results
    are the maps (batch, filters, pooled rows, pooled columns), float32, and, unless `winners` is
    False, the winners, of the same shape, uint16: its bits tell which cells of the window, row by
    row, hold the maximum.

    Parameters
    ----------
    poolsize : tuple of int
        The window's (rows, columns), together at most 16 cells.
    ignore_border : bool
        As Theano's ``pool_2d``.
    activation : {'none', 'tanh', 'sigmoid', 'relu'}
        What the sums are sent through.
    winners : bool
        Whether they are computed; only a gradient needs them.
    """

    __props__ = ("poolsize", "ignore_border", "activation", "winners")
    files = (
        *SHARED,
        "tiles.h",
        "conv_pool_forward.cpp",
        "conv_pool_forward_tiles.cpp",
        "conv_pool_forward_op.cpp",
    )

    def __init__(self, poolsize, ignore_border, activation, winners=True):
        self.poolsize = tuple(poolsize)
        self.ignore_border = ignore_border
        self.activation = activation
        self.winners = winners

    def make_node(self, images, filters, bias):
        """Return the node that applies this op to three Theano variables."""
        images, filters = (typed(part, "float32", 4) for part in (images, filters))
        bias = typed(bias, "float32", 1)
        pattern = (images.broadcastable[0], filters.broadcastable[0], False, False)
        maps = T.TensorType("float32", pattern)()
        winners = [T.TensorType("uint16", pattern)()] if self.winners else []
        return Apply(self, [images, filters, bias], [maps, *winners])

    def infer_shape(self, fgraph, node, shapes):
        """Return the shapes of the results as Theano expressions."""
        (batch, _, *image), (n_filters, _, *filter_sides), _ = shapes
        extra = [0 if self.ignore_border else side - 1 for side in self.poolsize]
        sides = [
            (length - filter_side + 1 + more) // window
            for length, filter_side, more, window in zip(
                image, filter_sides, extra, self.poolsize, strict=True
            )
        ]
        return [(batch, n_filters, *sides)] * len(node.outputs)

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        kind = f"{ACTIVATIONS[self.activation]},{str(self.winners).lower()}"
        return self._call(f"apply_conv_pool<{kind}>", inputs, outputs, 2, sub)


class ConvPoolGradient(_LayerOp):
    """The gradients of filters, bias and, if asked for, images of a `ConvPool`.

    Inputs are its images and filters, its maps and winners, and the gradient of the maps, of their
    shape, float32. Results are the gradients of the filters and the bias, and, if `of_images`, of
    the images; each has the shape of what it is the gradient of.

    Parameters
    ----------
    poolsize, ignore_border, activation
        Those of the `ConvPool`. A relu's slope can't be told by its result: Theano computes it.
    of_images : bool
        Whether the gradient of the images is asked for.
    """

    __props__ = ("poolsize", "ignore_border", "activation", "of_images")
    files = (
        *SHARED,
        "conv_pool_gradient_dense.cpp",
        "conv_pool_gradient_sparse.cpp",
        "conv_pool_gradient_op.cpp",
    )

    def __init__(self, poolsize, ignore_border, activation, of_images):
        if activation == "relu":
            raise ValueError(words.NO_SLOPE_OF_RELU)
        self.poolsize = tuple(poolsize)
        self.ignore_border = ignore_border
        self.activation = activation
        self.of_images = of_images

    def make_node(self, images, filters, maps, winners, gradients):
        """Return the node that applies this op to five Theano variables."""
        numbers = [typed(part, "float32", 4) for part in (images, filters, maps, gradients)]
        images, filters, maps, gradients = numbers
        winners = typed(winners, "uint16", 4)
        results = [filters.type(), T.TensorType("float32", filters.broadcastable[:1])()]
        if self.of_images:
            results.append(images.type())
        return Apply(self, [images, filters, maps, winners, gradients], results)

    def infer_shape(self, fgraph, node, shapes):
        """Return the shapes of the results: those of filters, bias and images."""
        return [shapes[1], shapes[1][:1], shapes[0]][: len(node.outputs)]

    def c_code(self, node, name, inputs, outputs, sub):
        """Return the C code that calls the kernel."""
        kind = f"{ACTIVATIONS[self.activation]},{str(self.of_images).lower()}"
        return self._call(f"apply_conv_pool_gradient<{kind}>", inputs, outputs, 3, sub)
