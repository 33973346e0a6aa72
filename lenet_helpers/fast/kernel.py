"""What the course's own ops have in common: their C++ lies in files beside them."""

import hashlib
from pathlib import Path

from lenet_helpers.fast import openmp

from theano.graph.op import COp

FOLDER = Path(__file__).parent


class KernelOp(COp):
    """A Theano op that is computed by C++ from the files that it names.

    A subclass names `files` of this folder in the order in which they are compiled together, the
    last of which connects the kernel with NumPy, and returns a call of it from `c_code`.
    """

    files = ()

    def perform(self, node, inputs, outputs):
        """Refuse: without a C++ compiler this op does not run."""
        raise NotImplementedError(str(self))

    def c_headers(self, **kwargs):
        """Return the headers that the kernels include."""
        return ["<math.h>", "<string.h>", "<algorithm>", "<exception>", "<vector>"]

    def c_compile_args(self, **kwargs):
        """Return the options for the C++ compiler."""
        return ["-O3", *openmp.compiler_flags()]

    def c_support_code(self, **kwargs):
        """Return the C++ of all files."""
        return "".join((FOLDER / name).read_text(encoding="utf-8") for name in self.files)

    def c_code_cache_version(self):
        """Return what tells this code from an older one in Theano's cache: a hash of all of it."""
        own = FOLDER / (type(self).__module__.rpartition(".")[2] + ".py")
        # An op that a notebook makes has no file here.
        code = self.c_support_code() + (own.read_text(encoding="utf-8") if own.is_file() else "")
        return (hashlib.sha256(code.encode()).hexdigest(),)
