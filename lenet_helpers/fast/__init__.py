"""Fast replacements of Theano's ops: C++ kernels in files of their own, Python around them.

To read it, begin with `rewrites`, the list of all that is replaced, and `conv_pool_rewrite`, which
finds LeNet's layers in a graph. Their ops are in `conv_pool`; the C++ begins with lanes.h
(vectors), transpose.h (images side by side in their lanes) and conv_pool.h (the layer), and goes
on with one file for each kernel: conv_pool_forward.cpp, conv_pool_gradient_dense.cpp and
conv_pool_gradient_sparse.cpp. Files that end in _op connect a kernel with NumPy. `explain` tells
which ops a compiled function has; lesson 6 tells how all of it came about.
"""
