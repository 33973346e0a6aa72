"""Makes Theano ready for the course, as soon as somebody imports it.

Importing `lenet_helpers` alone does not import Theano, so what has to be changed in it waits for
its import.
"""

import os

import wrapt

# Theano is changed from outside, function by function, so only in the version that was read.
THEANO_VERSION = "1.1.2"
STOCK = "off"


def await_theano():
    """Call `prepare` when Theano has been imported; at once, if it was."""
    wrapt.register_post_import_hook(prepare, "theano")


def prepare(theano):
    """Repair Theano's compile cache, and let its graphs be rewritten.

    Parameters
    ----------
    theano : module
        Theano, imported. Another version than 1.1.2 is left as it is. With LENET_FAST=off in the
        environment the graphs stay stock Theano's, for comparison.
    """
    if theano.__version__ != THEANO_VERSION:
        return
    from lenet_helpers.compiling import all_cores, cache_repairs, processor

    for part in (cache_repairs, processor, all_cores):
        part.apply()
    if os.environ.get("LENET_FAST") != STOCK:
        _rewrite_from_first_query(theano.compile.optdb)


def _rewrite_from_first_query(optdb):
    """Register the rewrites when Theano first asks how to rewrite a graph.

    Not before: a module of the course's ops may be what imports Theano, and then the rewrites,
    which import that module, would find it half made.
    """
    query = optdb.query

    def first_query(*tags, **keywords):
        from lenet_helpers.fast import rewrites

        rewrites.register()
        vars(optdb).pop("query", None)  # from now on the method of its class
        return query(*tags, **keywords)

    optdb.query = first_query
