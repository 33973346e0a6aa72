"""How Theano's functions are compiled: its cache repaired, all cores used, the wait shown."""

import importlib

# Whoever imports Theano first sets engine.prepare off, which needs the modules of this folder: so
# it is done before the first of them is begun.
importlib.import_module("theano")
