"""The rewrite that finds LeNet's layers, and their gradients, in a graph.

What it looks for is what Theano has made of ``tanh(pool_2d(conv2d(x, W), ...) + b)``, and of the
gradient of that, when it has chosen its own ops:

    CorrMM -> Pool -> add -> tanh                                      becomes ConvPool
    mul by (1 - tanh ** 2) -> MaxPoolGrad -> CorrMM_gradWeights, CorrMM_gradInputs, Sum
                                                                       becomes ConvPoolGradient

Activations that are none of these stay with Theano, behind a `ConvPool` of the rest.
"""

from lenet_helpers.fast.conv_pool import MOST_POOLED, ConvPool, ConvPoolGradient

from theano import scalar
from theano import tensor as T
from theano.graph.basic import Constant
from theano.graph.opt import GlobalOptimizer, copy_stack_trace
from theano.graph.toolbox import ReplaceValidate
from theano.tensor.elemwise import DimShuffle, Elemwise, Sum
from theano.tensor.nnet.corr import CorrMM, CorrMM_gradInputs, CorrMM_gradWeights
from theano.tensor.signal.pool import MaxPoolGrad, Pool

SCALAR_OPS = {"tanh": scalar.Tanh, "sigmoid": T.nnet.sigm.ScalarSigmoid}


class FuseLayers(GlobalOptimizer):
    """Replaces every layer that it recognises, together with its gradient, at once."""

    def add_requirements(self, fgraph):
        """Ask for replacements that are undone if the graph would be invalid."""
        fgraph.attach_feature(ReplaceValidate())

    def apply(self, fgraph):
        """Rewrite one graph."""
        for node in fgraph.toposort():
            if node in fgraph.apply_nodes and is_pooled_convolution(node):
                replacements = Layer(fgraph, node).replacements()
                fgraph.replace_all_validate(replacements, reason="FuseLayers")


class Layer:
    """One layer in a graph: a node of `Pool` behind a `CorrMM`, and what stands around it."""

    def __init__(self, fgraph, pool):
        self.fgraph = fgraph
        self.pool = pool
        self.conv = pool.inputs[0].owner
        self.images, self.filters = self.conv.inputs
        self.poolsize = numbers(pool.inputs[1])
        self.ignore_border = pool.op.ignore_border

    def replacements(self):
        """Return pairs (variable, what computes it from now on); none if anything is unusual."""
        gradient = self.gradient()
        others = self.other_clients(self.conv.outputs[0], self.pool, gradient)
        if others or (gradient and not self.is_ordinary(gradient)):
            return []
        activation, bias, activated = self.activation(gradient)
        if bias is None:
            bias = T.alloc(T.constant(0, dtype="float32"), self.filters.shape[0])
        op = ConvPool(self.poolsize, self.ignore_border, activation, bool(gradient))
        maps, *winners = op(self.images, self.filters, bias, return_list=True)
        # So that an error names the learner's own lines, those of the convolution first.
        copy_stack_trace([self.conv.outputs[0], self.pool.outputs[0], *activated], maps)
        pairs = []
        for old in activated:
            new = maps
            if is_reshaped(old):
                reshape = old.owner.inputs[0].owner
                new = reshape.op(maps, reshape.inputs[1])
                copy_stack_trace(old, new)
            pairs.append((old, new))
        if gradient:
            pairs += self.gradient_replacements(gradient, activation, activated, maps, winners)
        return [(old, T.patternbroadcast(new, old.broadcastable)) for old, new in pairs]

    def clients(self, variable):
        """Return the nodes that use a variable; None stands for the graph's outputs."""
        return [None if c == "output" else c for c, _ in self.fgraph.clients[variable]]

    def other_clients(self, variable, *nodes):
        """Return the nodes that use a variable, but for those named."""
        return [c for c in self.clients(variable) if c is None or c not in nodes]

    # --- forwards ---

    def activation(self, gradient):
        """Return what is fused: the activation's name, the bias, and the variables replaced.

        A layer whose sums are asked for elsewhere, as by the gradient of a relu, is fused up to
        the pooling; the rest stays as it is.
        """
        pooled = self.pool.outputs[0]
        clients = self.other_clients(pooled, gradient)
        relu = None if gradient else self.relu(pooled, clients)
        if relu:
            return relu
        bias = bias_of(clients[0], pooled) if len(clients) == 1 else None
        if bias is None:
            return "none", None, [pooled]
        sums = clients[0].outputs[0]
        activated = []
        for client in self.clients(sums):
            if client and isinstance(client.op, T.Reshape) and client.inputs[0] is sums:
                activated += self.clients(client.outputs[0])
            else:
                activated.append(client)
        for name, scalar_op in SCALAR_OPS.items():
            if all(is_elementwise(node, scalar_op) for node in activated):
                return name, bias, [node.outputs[0] for node in activated]
        if len(activated) == 1 and is_maximum_with_zero(activated[0]) and not gradient:
            return "relu", bias, [activated[0].outputs[0]]
        return "none", bias, [sums]

    def relu(self, pooled, clients):
        """Return the activation if it is a relu, by now 0.5 * (pooled + b + |pooled + b|)."""
        for node in clients:
            if not is_elementwise(node, scalar.Add) or len(node.inputs) != 3:
                continue
            absolute = [v for v in node.inputs if v.owner and is_elementwise(v.owner, scalar.Abs)]
            inner = absolute[0].owner.inputs[0].owner if absolute else None
            bias = bias_of(inner, pooled)
            above = self.clients(node.outputs[0])
            if (
                bias is not None
                and set(node.inputs) == {*inner.inputs, absolute[0]}
                and set(clients) == {node, inner}
                and self.clients(inner.outputs[0]) == [absolute[0].owner]
                and self.clients(absolute[0]) == [node]
                and len(above) == 1
                and is_half(above[0], node.outputs[0])
            ):
                return "relu", bias, [above[0].outputs[0]]
        return None

    # --- backwards ---

    def gradient(self):
        """Return the node of `MaxPoolGrad` that belongs to this layer, or None."""
        for client in self.clients(self.pool.outputs[0]):
            if (
                client
                and isinstance(client.op, MaxPoolGrad)
                and client.inputs[:2] == [self.conv.outputs[0], self.pool.outputs[0]]
            ):
                return client
        return None

    def is_ordinary(self, gradient):
        """Tell whether only the gradients of filters and images are made of this gradient."""
        return all(
            client is not None
            and isinstance(client.op, CorrMM_gradWeights | CorrMM_gradInputs)
            and is_plain(client.op)
            and client.inputs[:2] in ([self.images, at_conv], [self.filters, at_conv])
            for at_conv in gradient.outputs
            for client in self.clients(at_conv)
        )

    def gradient_replacements(self, gradient, activation, activated, maps, winners):
        """Return pairs (variable, what computes it from now on) for the gradients."""
        at_pool = gradient.inputs[2]
        uses = self.other_clients(at_pool, gradient)
        sums = [c for c in uses if c and is_sum_over_all_but_maps(c)]
        at_maps = None
        if len(uses) == len(sums):
            at_maps = without_slope(at_pool, activation, activated)
        if at_maps is None:
            activation, at_maps = "none", at_pool
        ends = {type(c.op): c.outputs[0] for c in self.clients(gradient.outputs[0])}
        of_images = ends.get(CorrMM_gradInputs)
        op = ConvPoolGradient(self.poolsize, self.ignore_border, activation, of_images is not None)
        results = op(self.images, self.filters, maps, *winners, at_maps, return_list=True)
        pairs = [(ends.get(CorrMM_gradWeights), results[0]), (of_images, results[-1])]
        pairs += [(node.outputs[0], results[1]) for node in sums]
        copy_stack_trace([old for old, _ in pairs if old is not None], results)
        return [(old, new) for old, new in pairs if old is not None]


def is_pooled_convolution(node):
    """Tell whether a node is a max-pooling of a convolution, and all of a kind that we have."""
    if not isinstance(node.op, Pool) or node.op.mode != "max" or node.op.ndim != 2:
        return False
    conv = node.inputs[0].owner
    if conv is None or not isinstance(conv.op, CorrMM) or not is_plain(conv.op):
        return False
    poolsize, stride, padding = map(numbers, node.inputs[1:])
    return (
        all(variable.dtype == "float32" for variable in [*conv.inputs, *node.outputs])
        and poolsize is not None
        and poolsize == stride
        and padding == (0, 0)
        and min(poolsize) > 0
        and poolsize[0] * poolsize[1] <= MOST_POOLED
    )


def is_plain(op):
    """Tell whether a convolution has no border, no steps, no dilation, and no groups."""
    return (
        op.border_mode in ("valid", (0, 0), ((0, 0), (0, 0)))
        and op.subsample == (1, 1)
        and op.filter_dilation == (1, 1)
        and op.num_groups == 1
        and not op.unshared
    )


def numbers(variable):
    """Return the numbers of a constant vector as a tuple, or None if it is no constant."""
    return tuple(map(int, variable.data)) if isinstance(variable, Constant) else None


def is_elementwise(node, scalar_op):
    """Tell whether a node applies one scalar op to every element."""
    return (
        node is not None
        and isinstance(node.op, Elemwise)
        and isinstance(node.op.scalar_op, scalar_op)
    )


def is_constant(variable, number):
    """Tell whether a variable is a constant that holds this number, and nothing else."""
    return isinstance(variable, Constant) and bool((variable.data == number).all())


def is_reshaped(activated):
    """Tell whether an activation is applied to sums that were given another shape."""
    inner = activated.owner.inputs[0].owner
    if not isinstance(activated.owner.op, Elemwise):
        return False
    return inner is not None and isinstance(inner.op, T.Reshape)


def bias_of(node, pooled):
    """Return the bias (filters,) that a node adds to the pooled maps, or None."""
    if not is_elementwise(node, scalar.Add) or len(node.inputs) != 2 or pooled not in node.inputs:
        return None
    other = node.inputs[node.inputs[0] is pooled].owner
    if (
        other is None
        or not isinstance(other.op, DimShuffle)
        or other.outputs[0].dtype != "float32"
    ):
        return None
    # A bias of length 1 by its type would be the same number for all maps.
    is_bias = other.op.new_order == ("x", 0, "x", "x") and not any(other.inputs[0].broadcastable)
    return other.inputs[0] if is_bias and other.inputs[0].ndim == 1 else None


def is_maximum_with_zero(node):
    """Tell whether a node is ``T.maximum(..., 0)``."""
    return is_elementwise(node, scalar.ScalarMaximum) and is_constant(node.inputs[1], 0)


def is_half(node, variable):
    """Tell whether a node halves a variable."""
    return (
        is_elementwise(node, scalar.Mul)
        and len(node.inputs) == 2
        and variable in node.inputs
        and is_constant(node.inputs[node.inputs[0] is variable], 0.5)
    )


def is_sum_over_all_but_maps(node):
    """Tell whether a node sums over images, rows and columns, as the gradient of a bias does."""
    axes = tuple(node.op.axis or ()) if isinstance(node.op, Sum) else None
    return axes == (0, 2, 3) and node.outputs[0].dtype == "float32"


def without_slope(gradient, activation, activated):
    """Return what a gradient was before it was multiplied by the activation's slope, or None.

    The slope of tanh at its result y is 1 - y * y, that of sigmoid y * (1 - y).
    """
    node = gradient.owner
    if activation not in SCALAR_OPS or not is_elementwise(node, scalar.Mul):
        return None

    def is_one_minus(factor, is_subtracted):
        owner = factor.owner
        return (
            is_elementwise(owner, scalar.Sub)
            and is_constant(owner.inputs[0], 1)
            and is_subtracted(owner.inputs[1])
        )

    def is_square(variable):
        owner = variable.owner
        return is_elementwise(owner, scalar.Sqr) and owner.inputs[0] in activated

    def is_activated(variable):
        return variable in activated

    slope = {
        "tanh": [lambda factor: is_one_minus(factor, is_square)],
        "sigmoid": [is_activated, lambda factor: is_one_minus(factor, is_activated)],
    }[activation]
    rest = list(node.inputs)
    for is_part in slope:
        part = next((factor for factor in rest if is_part(factor)), None)
        if part is None:
            return None
        rest = [factor for factor in rest if factor is not part] + [part] * (
            sum(factor is part for factor in rest) - 1
        )
    if not rest or any(factor.broadcastable != gradient.broadcastable for factor in rest):
        return None
    return rest[0] if len(rest) == 1 else T.mul(*rest)
