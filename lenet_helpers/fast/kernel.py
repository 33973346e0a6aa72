"""What the course's own ops have in common: their C++ lies in files beside them."""

import hashlib
import inspect
from pathlib import Path

from lenet_helpers import words
from lenet_helpers.fast import openmp

from theano.graph.op import COp
from theano.tensor import as_tensor_variable

FOLDER = Path(__file__).parent
# Compilers may then take rounding away, which here is adding 1.5 * 2^23 and subtracting it again,
# and hold NaN for impossible.
CARELESS = ("-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-fassociative-math")
CARELESS += ("-ffinite-math-only",)


class KernelOp(COp):
    """A Theano op that is computed by C++ from the files that it names.

    A subclass names `files` of this folder in the order in which they are compiled together, the
    last of which connects the kernel with NumPy, and returns a call of it from `c_code`.
    """

    files = ()

    def perform(self, node, inputs, outputs, params=None):
        """Refuse: without a C++ compiler this op does not run."""
        raise NotImplementedError(words.NEEDS_A_COMPILER.format(op=self))

    def c_headers(self, **kwargs):
        """Return the headers that the kernels include."""
        return ["<math.h>", "<string.h>", "<algorithm>", "<exception>", "<vector>"]

    def c_compile_args(self, **kwargs):
        """Return the options for the C++ compiler."""
        return ["-O3", *openmp.compiler_flags()]

    def c_no_compile_args(self, **kwargs):
        """Return the learner's own options that are left out here."""
        return list(CARELESS)

    def c_support_code(self, **kwargs):
        """Return the C++ of all files."""
        return "".join((FOLDER / name).read_text(encoding="utf-8") for name in self.files)

    def c_code_cache_version(self):
        """Return what tells this code from an older one in Theano's cache: a hash of its files."""
        classes = [c for c in type(self).__mro__ if issubclass(c, KernelOp)]
        return (digest(self.c_support_code(), classes),)


def typed(variable, dtype, ndim):
    """Return a Theano variable, or raise TypeError if its dtype or number of axes is another."""
    variable = as_tensor_variable(variable)
    if (variable.dtype, variable.ndim) != (dtype, ndim):
        raise TypeError(words.OTHER_TYPE.format(found=variable.type, dtype=dtype, ndim=ndim))
    return variable


def digest(code, classes):
    """Return a hash of C++ and of the Python files that some classes of ops are written in."""
    texts = [code, *map(_file_of, classes)]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _file_of(op_class):
    try:
        return Path(inspect.getsourcefile(op_class)).read_text(encoding="utf-8")
    except (TypeError, OSError):
        return ""  # a notebook's cell has no file, but its C++ is in the hash
