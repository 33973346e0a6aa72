"""tanh and the sigmoid inside Theano's elementwise loops: which op runs, and its numbers."""

from lenet_helpers.fast import elementwise, kernel, rewrites

import numpy
import pytest
import theano
from scipy import special
from theano import tensor as T

rewrites.register()
FUNCTIONS = {"tanh": (T.tanh, numpy.tanh), "sigmoid": (T.nnet.sigmoid, special.expit)}
BOTH = pytest.mark.parametrize("name", FUNCTIONS)


def has_fast_op(function):
    """Return whether a compiled function computes tanh or the sigmoid by the course's ops."""
    code = [node.op.c_support_code() for node in function.maker.fgraph.apply_nodes]
    return "fast_tanh" in "".join(code)


def numbers(*shape, seed=0):
    return (4 * numpy.random.RandomState(seed).randn(*shape)).astype("float32")


def is_close(found, right):
    return found.dtype == "float32" and numpy.allclose(found, right, rtol=4e-7, atol=0)


@BOTH
def test_the_fast_op_takes_the_place_of_theanos(name):
    symbolic, numeric = FUNCTIONS[name]
    x, bias = T.fmatrix(), T.fvector()
    fast = theano.function([x, bias], symbolic(x + bias))
    stock = theano.function([x, bias], symbolic(x + bias), mode=rewrites.stock_mode())
    assert has_fast_op(fast)
    assert not has_fast_op(stock)
    arrays = numbers(37, 53), numbers(53, seed=1)
    right = numeric((arrays[0] + arrays[1]).astype("float64"))
    assert is_close(fast(*arrays), right)
    assert is_close(stock(*arrays), right)


@BOTH
def test_other_types_stay_theanos(name):
    symbolic, numeric = FUNCTIONS[name]
    for variable in [T.dvector(), T.ivector()]:
        function = theano.function([variable], symbolic(variable))
        assert not has_fast_op(function)
        values = numpy.array([-2, 0, 3], variable.dtype)
        numpy.testing.assert_allclose(function(values), numeric(values.astype("f8")), rtol=1e-6)


@BOTH
def test_every_layout_has_the_same_numbers(name):
    symbolic, numeric = FUNCTIONS[name]
    x = T.ftensor3()
    alone, joined = (theano.function([x], symbolic(part)) for part in (x, 1.0 - x))
    whole = numbers(6, 35, 34)
    layouts = [
        whole,
        whole[::2],
        whole[:, ::-1, 3:30],
        whole.T,
        whole.transpose(0, 2, 1)[..., ::3],
    ]
    layouts += [whole[:1, :1, :1], whole[:, :0], numpy.asfortranarray(whole)]
    for layout in layouts:
        assert is_close(alone(layout), numeric(layout.astype("f8")))
        assert is_close(joined(layout), numeric((1 - layout).astype("f8")))


@BOTH
def test_every_broadcast_has_the_right_numbers(name):
    symbolic, numeric = FUNCTIONS[name]
    x, other, scalar = numbers(5, 19), numbers(5, seed=1), numbers(1, seed=2)[0]
    matrix, vector, single = T.fmatrix(), T.fvector(), T.fscalar()
    by_column = theano.function([matrix, vector], symbolic(matrix + vector.dimshuffle(0, "x")))
    by_scalar = theano.function([matrix, single], symbolic(matrix * single))
    without_axes = theano.function([single], symbolic(single))
    assert is_close(by_column(x, other), numeric((x + other[:, None]).astype("f8")))
    assert is_close(by_scalar(x, scalar), numeric((x * scalar).astype("f8")))
    assert is_close(without_axes(scalar), numeric(scalar.astype("f8")))
    assert all(map(has_fast_op, [by_column, by_scalar, without_axes]))


@BOTH
def test_the_gradient_is_that_of_theanos_op(name):
    symbolic, numeric = FUNCTIONS[name]
    x = T.fmatrix()
    function = theano.function([x], T.grad(symbolic(x).sum(), x))
    values = numbers(30, 40)
    y = numeric(values.astype("f8"))
    right = 1 - y * y if name == "tanh" else y * (1 - y)
    assert has_fast_op(function)
    # Where 1 - y * y has lost its digits, float32 can't have them.
    numpy.testing.assert_allclose(function(values), right, rtol=1e-5, atol=2e-6)


@BOTH
def test_a_result_may_overwrite_an_inner_array_but_no_input(name):
    symbolic, numeric = FUNCTIONS[name]
    x = T.fmatrix()
    function = theano.function([x], symbolic(T.dot(x, x)))
    nodes = function.maker.fgraph.apply_nodes
    assert any(getattr(node.op, "destroy_map", None) for node in nodes)
    assert has_fast_op(function)
    values = numbers(40, 40) / 20
    before = values.copy()
    right = numeric(values.astype("f8") @ values)
    numpy.testing.assert_allclose(function(values), right, rtol=1e-5, atol=1e-5)
    assert numpy.array_equal(values, before)


@BOTH
def test_numbers_that_are_none_and_infinite_ones(name):
    symbolic, numeric = FUNCTIONS[name]
    x = T.fvector()
    function = theano.function([x], symbolic(x))
    # More than a vector, so that these pass through the vectors and through what is left.
    specials = numpy.tile(numpy.float32([numpy.nan, numpy.inf, -numpy.inf, -0.0, 1e-42]), 11)
    found, right = function(specials), numeric(specials.astype("f8")).astype("f4")
    assert numpy.array_equal(found, right, equal_nan=True)
    known = ~numpy.isnan(right)
    assert numpy.array_equal(numpy.signbit(found)[known], numpy.signbit(right)[known])


def test_every_run_has_the_same_bits():
    x = T.fmatrix()
    function = theano.function([x], T.tanh(x))
    values = numbers(123, 45)
    assert len({function(values).tobytes() for _ in range(5)}) == 1


def test_another_text_has_another_version_in_the_cache(monkeypatch, tmp_path):
    versions = {op.c_code_cache_version() for op in elementwise.FAST.values()}
    assert len(versions) == len(elementwise.FAST)
    fast = next(iter(elementwise.FAST.values()))
    for name in fast.files:
        (tmp_path / name).write_text((kernel.FOLDER / name).read_text("utf-8") + "\n", "utf-8")
    version = fast.c_code_cache_version()
    monkeypatch.setattr(kernel, "FOLDER", tmp_path)
    assert fast.c_code_cache_version() != version


def test_options_that_make_numbers_careless_change_no_digit(run_python):
    code = """
import lenet_helpers, numpy, theano
from lenet_helpers.fast.conv_pool import ConvPool
from theano import tensor as T
x, W, b = T.ftensor4(), T.ftensor4(), T.fvector()
function = theano.function([x, W, b], [T.tanh(x), ConvPool((1, 1), True, "tanh", False)(x, W, b)])
values = numpy.linspace(-3, 3, 100).astype("float32").reshape(1, 1, 10, 10)
for found in function(values, numpy.ones((1, 1, 1, 1), "f"), numpy.zeros(1, "f")):
    print(abs(found - numpy.tanh(values.astype("float64"))).max() < 1e-6)
"""
    assert run_python(code, THEANO_FLAGS="gcc__cxxflags=-O3 -ffast-math").stdout == "True\n" * 2


def test_another_python_file_of_an_op_is_compiled_anew(tmp_path, run_python):
    op = """
from lenet_helpers.fast.kernel import KernelOp
from theano.graph.basic import Apply
class Mine(KernelOp):
    __props__ = ("files",)
    files = ()
    def make_node(self, x):
        return Apply(self, [x], [x.type()])
    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        fill = f"PyArray_FILLWBYTE({y}, NUMBER);"
        return f"Py_XDECREF({y}); {y} = (PyArrayObject*)PyArray_Copy({x}); {fill}"
"""
    code = """
import lenet_helpers, numpy, theano, my_op
from theano import tensor as T
x = T.tensor(dtype="uint8", broadcastable=(False,))
print(theano.function([x], my_op.Mine()(x))(numpy.zeros(1, "uint8"))[0])
"""
    for number in "34":
        (tmp_path / "my_op.py").write_text(op.replace("NUMBER", number), encoding="utf-8")
        assert run_python("import sys; sys.path.insert(0, '.')\n" + code).stdout == f"{number}\n"
