"""Puts the course's ops in the place of Theano's own, in every graph that is compiled.

The learner writes plain Theano. When a function is compiled, Theano rewrites its graph in many
steps, in an order given by numbers; these rewrites join in. What they do not recognise stays as
it is. All carry the name in `TAG`, so that Theano's own switch turns them off:
``theano.config.optimizer_excluding``, or `stock_mode` for one function.
"""

from lenet_helpers.fast import elementwise, products
from lenet_helpers.fast.conv_pool_rewrite import FuseLayers
from lenet_helpers.fast.direct_convolution import use_direct_convolution
from lenet_helpers.fast.pooling import use_pooling

from theano.compile import get_default_mode, optdb
from theano.graph.opt import MergeOptimizer

TAG = "lenet_fast"
# After the specialisations (2) have made CorrMM out of conv2d, and before elementwise ops are
# fused (49).
AFTER_SPECIALISATION = 48.8
# After Theano has put its matrix products into place (70).
AFTER_PRODUCTS = 90
# Positions, names and rewrites; those of single ops come after those of whole layers.
REWRITES = [
    # The same expression written twice, as by T.grad, must be one to be recognised.
    (AFTER_SPECIALISATION, "merge", MergeOptimizer()),
    (AFTER_SPECIALISATION + 0.01, "layers", FuseLayers()),
    (AFTER_SPECIALISATION + 0.1, "convolution", use_direct_convolution),
    (AFTER_SPECIALISATION + 0.1, "pooling", use_pooling),
    (AFTER_SPECIALISATION + 0.15, "elementwise", elementwise.rewrite),
    (AFTER_PRODUCTS, "products", products.rewrite),
]


def register():
    """Register all rewrites; a second call does nothing."""
    for position, name, rewrite in REWRITES:
        if f"{TAG}_{name}" not in optdb.__db__:
            optdb.register(f"{TAG}_{name}", rewrite, position, "fast_run", TAG)


def stock_mode():
    """Return the mode for ``theano.function(mode=...)`` that leaves stock Theano as it is."""
    return get_default_mode().excluding(TAG)
