"""Filters with names against the textbook, SciPy, and what they must do to simple pictures."""

import math

from lenet_helpers import filters, operations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.signal import convolve2d

from tests import oracles

NAMES = ["identity", "blur", "sharpen", "edges", "sobel_rows", "sobel_columns", "emboss"]
# What the weights of a filter sum up to: 1 keeps the brightness, 0 makes an even area black.
SUMS = dict.fromkeys(NAMES, 1) | {"edges": 0, "sobel_rows": 0, "sobel_columns": 0}
# For a true convolution, which turns them by 180 degrees before it applies them.
TEXTBOOK = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9, 1 / 9, 1 / 9]] * 3,
    "edges": [[-1 / 9, -1 / 9, -1 / 9], [-1 / 9, 8 / 9, -1 / 9], [-1 / 9, -1 / 9, -1 / 9]],
    "sharpen": [[-1 / 9, -1 / 9, -1 / 9], [-1 / 9, 17 / 9, -1 / 9], [-1 / 9, -1 / 9, -1 / 9]],
    "sobel_columns": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "sobel_rows": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    # The textbook lays it on as it is; a convolution turns it first.
    "emboss": [[2, 1, 0], [1, 1, -1], [0, -1, -2]],
}
SIDES = [1, 2, 3, 4, 5, 8, 9, 21, 31]
SIZES = [(rows, columns) for rows in SIDES for columns in SIDES]
PICTURE = numpy.random.RandomState(0).rand(40, 45)

lengths = st.integers(1, 31)
measuring = st.integers(2, 31)


def applied(weights, picture=PICTURE):
    """Return the true convolution, wherever the whole filter lies on the picture."""
    return convolve2d(picture, weights, mode="valid")


# --- The weights ---


def test_the_names():
    assert list(filters.NAMED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_three_by_three_is_the_textbooks(name):
    numpy.testing.assert_allclose(filters.named_filter(name, 3, 3), TEXTBOOK[name], atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_every_size_from_1_to_31(name):
    for rows in range(1, 32):
        for columns in range(1, 32):
            if (name, rows) == ("sobel_rows", 1) or (name, columns) == ("sobel_columns", 1):
                continue
            weights = filters.named_filter(name, rows, columns)
            assert weights.shape == (rows, columns)
            assert weights.dtype == "float64"
            assert numpy.isfinite(weights).all()
            assert weights.sum() == pytest.approx(SUMS[name], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(rows=lengths, columns=lengths)
def test_identity_blur_edges_and_sharpen_belong_together(rows, columns):
    identity, blur, edges, sharpen = (
        filters.named_filter(name, rows, columns)
        for name in ("identity", "blur", "edges", "sharpen")
    )
    assert sorted(set(identity.ravel())) in ([0, 1], [1])
    assert (blur == blur[0, 0]).all()
    numpy.testing.assert_allclose(edges + blur, identity, atol=1e-15)
    numpy.testing.assert_allclose(sharpen - edges, identity, atol=1e-15)


@settings(max_examples=50, deadline=None)
@given(rows=lengths, columns=measuring)
def test_sobel_filters_are_symmetric(rows, columns):
    weights = filters.named_filter("sobel_columns", rows, columns)
    numpy.testing.assert_allclose(weights[:, ::-1], -weights, atol=1e-12)
    numpy.testing.assert_allclose(weights[::-1], weights, atol=1e-12)
    assert numpy.abs(weights).sum() == pytest.approx(8)
    assert numpy.linalg.matrix_rank(weights) == 1
    other = filters.named_filter("sobel_rows", columns, rows)
    assert numpy.array_equal(weights.T, other)


def test_a_large_sobel_filter_smooths_with_binomial_coefficients():
    weights = filters.named_filter("sobel_columns", 5, 5)
    # The usual 5 x 5 Sobel filter, whose absolute values sum up to 96.
    usual = numpy.outer([1, 4, 6, 4, 1], [1, 2, 0, -2, -1])
    numpy.testing.assert_allclose(weights, usual * 8 / 96)


@settings(max_examples=50, deadline=None)
@given(rows=lengths, columns=lengths)
def test_emboss_is_antisymmetric_around_the_picture(rows, columns):
    weights = filters.named_filter("emboss", rows, columns)
    slope = weights - filters.named_filter("identity", rows, columns)
    numpy.testing.assert_allclose(slope[::-1, ::-1], -slope, atol=1e-12)
    assert numpy.abs(slope).sum() == pytest.approx(0 if rows * columns == 1 else 8)
    # Before it is turned, it falls by the same step to the right and to the bottom.
    steps = numpy.append(numpy.diff(slope, axis=0).ravel(), numpy.diff(slope, axis=1).ravel())
    if steps.size:
        assert steps.max() < 0
        assert numpy.ptp(steps) == pytest.approx(0, abs=1e-12)


def test_a_filter_may_be_changed_and_the_next_one_is_whole():
    for name in NAMES:
        filters.named_filter(name, 3, 3)[:] = 7
        wanted = TEXTBOOK[name]
        numpy.testing.assert_allclose(filters.named_filter(name, 3, 3), wanted, atol=1e-15)


# --- What they do to a picture ---


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 3), (5, 1), (7, 9), (21, 31)])
def test_identity_of_an_odd_size_leaves_a_picture_as_it_is(rows, columns):
    weights = filters.named_filter("identity", rows, columns)
    assert numpy.array_equal(convolve2d(PICTURE, weights, mode="same"), PICTURE)
    maps = operations.convolve([[PICTURE]], [[weights]], "half")
    assert numpy.array_equal(maps[0, 0], PICTURE.astype("float32"))


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_blur_is_scipys_mean(rows, columns):
    found = applied(filters.named_filter("blur", rows, columns))
    whole = ndimage.uniform_filter(PICTURE, size=(rows, columns))
    # SciPy's windows have their middle at size // 2, whether that is even or odd.
    inside = whole[rows // 2 :, columns // 2 :][: found.shape[0], : found.shape[1]]
    numpy.testing.assert_allclose(found, inside, atol=1e-12)


@pytest.mark.parametrize(("name", "axis"), [("sobel_rows", 0), ("sobel_columns", 1)])
def test_sobel_is_scipys_with_its_sign(name, axis):
    # SciPy's is positive where it brightens to the right, or to the bottom.
    wanted = ndimage.sobel(PICTURE, axis=axis)[1:-1, 1:-1]
    numpy.testing.assert_allclose(
        applied(filters.named_filter(name, 3, 3)), wanted, rtol=0, atol=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(smoothed=lengths, measured=measuring)
def test_sobel_measures_its_own_direction_only(smoothed, measured):
    across = numpy.tile(numpy.arange(45.0), (40, 1))
    down = numpy.tile(numpy.arange(40.0)[:, None], (1, 45))
    columns = filters.named_filter("sobel_columns", smoothed, measured)
    rows = filters.named_filter("sobel_rows", measured, smoothed)
    for weights, seen, unseen in [(columns, across, down), (rows, down, across)]:
        response = applied(weights, seen)
        assert response.min() > 0
        assert numpy.ptp(response) == pytest.approx(0, abs=1e-9)
        numpy.testing.assert_allclose(applied(weights, unseen), 0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_an_even_area_stays_or_becomes_black(name):
    for rows, columns in [(2, 2), (3, 3), (4, 7), (9, 9), (31, 30)]:
        maps = applied(filters.named_filter(name, rows, columns), numpy.full((40, 45), 0.5))
        numpy.testing.assert_allclose(maps, 0.5 * SUMS[name], atol=1e-9)


def test_sharpen_steepens_an_edge_and_edges_shows_only_it():
    edge = numpy.zeros((9, 12))
    edge[:, 6:] = 1
    sharp = applied(filters.named_filter("sharpen", 3, 3), edge)[0]
    assert numpy.argmin(sharp) == 4  # the last dark cell
    assert numpy.argmax(sharp) == 5  # the first bright one
    assert (sharp.min(), sharp.max()) == pytest.approx((-1 / 3, 4 / 3))
    shown = applied(filters.named_filter("edges", 3, 3), edge)[0]
    assert numpy.flatnonzero(abs(shown) > 1e-9).tolist() == [4, 5]


def test_emboss_adds_a_constant_to_a_diagonal_slope():
    slope = numpy.add.outer(numpy.arange(20.0), numpy.arange(20.0))
    for side in (3, 5, 9):
        middle = slope[side // 2 : -(side // 2), side // 2 : -(side // 2)]
        moved = applied(filters.named_filter("emboss", side, side), slope) - middle
        assert moved.min() > 1
        assert numpy.ptp(moved) == pytest.approx(0, abs=1e-9)
    # Along the other diagonal nothing changes.
    other = slope[:, ::-1]
    found = applied(filters.named_filter("emboss", 3, 3), other)
    numpy.testing.assert_allclose(found, other[1:-1, 1:-1], atol=1e-9)


# --- Wrong input ---


@pytest.mark.parametrize("name", ["Blur", "sobel", "", None, 3])
def test_unknown_names(name):
    with pytest.raises(ValueError, match=r".") as caught:
        filters.named_filter(name, 3, 3)
    assert oracles.is_plain(str(caught.value), repr(name), ", ".join(NAMES))


@pytest.mark.parametrize("side", [0, -1, 2.5, 3.0, True, None, "3", float("nan")])
@pytest.mark.parametrize("name", NAMES)
def test_wrong_sizes(name, side):
    for size in [(side, 3), (3, side)]:
        with pytest.raises(ValueError, match=r".") as caught:
            filters.named_filter(name, *size)
        assert oracles.is_plain(str(caught.value), repr(side))


@pytest.mark.parametrize(
    ("name", "refused", "fine"),
    [("sobel_rows", (1, 4), (4, 1)), ("sobel_columns", (4, 1), (1, 4))],
)
def test_sobel_needs_two_pixels_to_measure_between(name, refused, fine):
    with pytest.raises(ValueError, match="at least 2 pixels") as caught:
        filters.named_filter(name, *refused)
    assert oracles.is_plain(str(caught.value))
    assert filters.named_filter(name, *fine).shape == fine


# --- Random filters ---


def test_the_demonstrations_random_filters():
    W, b = filters.random_filters((2, 3, 9, 9))
    rng = numpy.random.RandomState(23455)
    bound = 1 / numpy.sqrt(243)
    assert numpy.array_equal(W, rng.uniform(-bound, bound, (2, 3, 9, 9)))
    assert numpy.array_equal(b, rng.uniform(-0.5, 0.5, 2))
    assert W[0, 0, 0, :3] == pytest.approx([0.04297323, -0.0494174, 0.02168239], rel=1e-6)
    assert b == pytest.approx([-0.3943425, 0.16818965], rel=1e-6)


def test_random_filters_of_other_shapes_and_seeds():
    W, b = filters.random_filters((40, 3, 7, 5), seed=1)
    assert (W.shape, b.shape) == ((40, 3, 7, 5), (40,))
    bound = 1 / math.sqrt(3 * 7 * 5)
    assert 0.99 * bound < abs(W).max() <= bound
    assert 0.4 < abs(b).max() <= 0.5
    again, _ = filters.random_filters((40, 3, 7, 5), seed=1)
    other, _ = filters.random_filters((40, 3, 7, 5), seed=2)
    assert numpy.array_equal(W, again)
    assert not (other == W).any()


@pytest.mark.parametrize("shape", [(3, 7, 5), 3, None, (2, 3, 0, 5), (2, 3, 1.5, 5)])
def test_wrong_shapes_of_random_filters(shape):
    with pytest.raises(ValueError, match=r".") as caught:
        filters.random_filters(shape)
    assert oracles.is_plain(str(caught.value))


# --- Other sizes, and colours ---


def test_resized():
    weights = [[1, 2, 3], [4, 5, 6]]
    cases = {
        (2, 3): weights,
        (1, 2): [[1, 2]],
        (3, 4): [[1, 2, 3, 0], [4, 5, 6, 0], [0, 0, 0, 0]],
        (1, 5): [[1, 2, 3, 0, 0]],
        (3, 1): [[1], [4], [0]],
    }
    for size, wanted in cases.items():
        found = filters.resized(weights, *size)
        assert found.dtype == "float64"
        assert found.tolist() == wanted


def test_resized_returns_a_copy():
    weights = numpy.ones((3, 3))
    for size in [(3, 3), (2, 2), (4, 4)]:
        filters.resized(weights, *size)[:] = 7
    assert (weights == 1).all()


def test_one_filter_for_all_colours_sees_their_mean():
    weights = filters.named_filter("sharpen", 5, 3)
    bank = filters.for_all_colours(weights)
    assert bank.shape == (1, 3, 5, 3)
    picture = numpy.random.RandomState(0).rand(1, 3, 12, 13)
    found = operations.convolve(picture, bank)[0, 0]
    grey = applied(weights, picture[0].mean(axis=0))
    numpy.testing.assert_allclose(found, grey, rtol=1e-4, atol=1e-5)


def test_very_long_filters_stay_finite():
    for name in NAMES:
        assert numpy.isfinite(filters.named_filter(name, 2000, 3)).all()


def test_a_picture_has_three_colours():
    weights = filters.named_filter("blur", 2, 2)
    assert numpy.array_equal(filters.for_all_colours(weights), numpy.full((1, 3, 2, 2), 1 / 12))
