"""Every check lets good values through and refuses bad ones in words that name them."""

import warnings

from lenet_helpers import checks

import numpy
import pytest
from theano import tensor as T

from tests import oracles


@pytest.mark.parametrize("float_type", ["float32", "float64"])
@pytest.mark.parametrize(
    "values",
    [3, 2.5, [1, 2], ((1, 2), (3, 4)), numpy.arange(6).reshape(1, 2, 3), numpy.float16([0.5])],
)
def test_float_array_takes_numbers(values, float_type):
    array = checks.float_array(values, "it", float_type)
    assert array.dtype == float_type
    assert numpy.array_equal(array, values)


def test_float_array_copies_only_to_convert():
    array = numpy.ones(3, dtype="float32")
    assert checks.float_array(array, "it", "float32") is array
    assert checks.float_array(array, "it", "float64") is not array


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[1, 2], [3]], ["different lengths"]),
        ([[[1, 2], [3, 4]], [[1], [2]]], ["different lengths"]),
        (["1", "2"], ["<U1"]),
        ("text", ["<U4"]),
        (None, ["object"]),
        ([None, 1.0], ["object"]),
        ([1 + 2j], ["complex128"]),
        ([True, False], ["bool"]),
        (T.matrix("x"), ["object"]),
        ([], ["(0,)"]),
        (numpy.zeros((2, 0, 3)), ["(2, 0, 3)"]),
        ([1.0, float("nan"), 2.0], ["1 of 3"]),
        ([[float("inf"), -float("inf")], [0.0, 1.0]], ["2 of 4"]),
    ],
)
def test_float_array_refuses(values, said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="my values") as caught:
            checks.float_array(values, "my values", "float32")
    assert oracles.is_plain(str(caught.value), *said)


def test_float_array_refuses_what_overflows_float32():
    with pytest.raises(ValueError, match="1 of 2") as caught:
        checks.float_array([1e300, 1.0], "my values", "float32")
    assert oracles.is_plain(str(caught.value), "my values")
    assert checks.float_array([1e300, 1.0], "my values", "float64")[0] == 1e300


def test_one_of_takes_what_is_known():
    known = {"max": 1, "average": 2}
    for names in (known, ("max", "average"), ["average", "max"], {"max", "average"}):
        assert checks.one_of("max", names, "mode") == "max"


@pytest.mark.parametrize(
    "value",
    ["min", "MAX", "ma", "", "max, average", None, 1, ["max"], {"max": 1}, b"max", {"max"}],
)
def test_one_of_refuses_everything_else_and_lists_what_is_known(value):
    for known in ({"max": 1, "average": 2}, ("max", "average")):
        with pytest.raises(ValueError, match="my mode") as caught:
            checks.one_of(value, known, "my mode")
        assert oracles.is_plain(str(caught.value), f"my mode is {value!r};", "max, average")


def test_images_4d():
    images = checks.images_4d(numpy.ones((2, 3, 4, 5), dtype=int), 3, "float32")
    assert images.shape == (2, 3, 4, 5)
    assert images.dtype == "float32"
    assert checks.images_4d(images, None, "float32") is images
    for shape in ((4, 5), (2, 4, 5), (1, 2, 3, 4, 5), (7,)):
        with pytest.raises(ValueError, match="the images") as caught:
            checks.images_4d(numpy.ones(shape), 3, "float32")
        assert oracles.is_plain(str(caught.value), shape, "four axes")
    with pytest.raises(ValueError, match="my filters") as caught:
        checks.images_4d(images, 4, "float32", "my filters")
    assert oracles.is_plain(str(caught.value), (2, 3, 4, 5), "3 channels", "made for 4")


def test_image_rows_takes_all_three_forms():
    images = numpy.random.RandomState(0).rand(2, 1, 4, 5)
    rows = images.reshape(2, 20)
    for form in (images, images[:, 0], rows, rows.tolist()):
        found = checks.image_rows(form, (None, 1, 4, 5), "float64")
        assert numpy.array_equal(found, rows)
    colour = numpy.random.RandomState(0).rand(2, 3, 4, 5)
    found = checks.image_rows(colour, (500, 3, 4, 5), "float64")
    assert numpy.array_equal(found, colour.reshape(2, 60))


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [
        ((20,), (None, 1, 4, 5)),
        ((4, 5), (None, 1, 4, 5)),
        ((2, 5, 4), (None, 1, 4, 5)),
        ((2, 3, 4, 5), (None, 1, 4, 5)),
        ((2, 21), (None, 1, 4, 5)),
        ((), (None, 1, 4, 5)),
        ((2, 4, 5), (None, 3, 4, 5)),
        ((2, 4, 5, 3), (None, 3, 4, 5)),
    ],
)
def test_image_rows_refuses_other_shapes(shape, image_shape):
    with pytest.raises(ValueError, match="shape") as caught:
        checks.image_rows(numpy.zeros(shape), image_shape, "float32")
    wanted = ", ".join(map(str, image_shape[1:]))
    assert oracles.is_plain(str(caught.value), shape, f"(batch, {wanted})")


@pytest.mark.parametrize(("low", "high"), [(0, 255), (-0.5, 1), (0, 1.001)])
def test_image_rows_refuses_other_ranges(low, high):
    images = numpy.full((2, 1, 4, 5), low, dtype="float64")
    images[1, 0, 2, 3] = high
    with pytest.raises(ValueError, match="pixels") as caught:
        checks.image_rows(images, (None, 1, 4, 5), "float32")
    assert oracles.is_plain(str(caught.value), f"from {low} to {high};")


def test_image_rows_refuses_what_float_array_refuses():
    with pytest.raises(ValueError, match="1 of 20 values are NaN"):
        checks.image_rows([[float("nan")] + 19 * [0]], (None, 1, 4, 5), "float32")
    with pytest.raises(ValueError, match="nothing in it"):
        checks.image_rows(numpy.zeros((0, 20)), (None, 1, 4, 5), "float32")


@pytest.mark.parametrize("labels", [[0, 2, 1], numpy.array([0, 2, 1], dtype="uint8")])
def test_class_labels(labels):
    found = checks.class_labels(labels, 3, 3)
    assert found.dtype == "int32"
    assert found.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0.0, 1.0, 2.0], ["float64"]),
        ([True, False, True], ["bool"]),
        (["0", "1", "2"], ["<U1"]),
        ([None, 1, 2], ["object"]),
        ([[0], [1, 2], [2]], ["the labels", "different lengths"]),
        ([0, 1], ["(2,)", "(3,)"]),
        ([[0], [1], [2]], ["(3, 1)", "(3,)"]),
        (0, ["()", "(3,)"]),
        ([0, 3, 1], ["label 3", "0 to 2"]),
        ([0, -1, 7], ["label -1", "0 to 2"]),
    ],
)
def test_class_labels_refuses(labels, said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="label") as caught:
            checks.class_labels(labels, 3, 3)
    assert oracles.is_plain(str(caught.value), *said)


def test_symbolic():
    for variable in (T.ftensor4("x"), T.ftensor4("x") * 2):
        assert checks.symbolic(variable, 4, "float32", "MyLayer") is variable
    for value in (numpy.zeros((1, 1, 2, 2)), [[1.0]], None, "x", 5):
        with pytest.raises(ValueError, match="MyLayer") as caught:
            checks.symbolic(value, 4, "float32", "MyLayer")
        assert oracles.is_plain(str(caught.value), type(value).__name__, "Theano variable")
    for variable, axes in ((T.fmatrix("x"), 2), (T.fscalar("x"), 0)):
        with pytest.raises(ValueError, match="MyLayer") as caught:
            checks.symbolic(variable, 4, "float32", "MyLayer")
        assert oracles.is_plain(str(caught.value), f"{axes} axes", "4 are needed")
    for variable, dtype in ((T.dtensor4("x"), "float64"), (T.itensor4("x"), "int32")):
        with pytest.raises(ValueError, match="MyLayer") as caught:
            checks.symbolic(variable, 4, "float32", "MyLayer")
        assert oracles.is_plain(str(caught.value), dtype, "float32")
