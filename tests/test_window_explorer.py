"""The sliding window and the turned filter: every number that they show, worked out by loops."""

import asyncio
import math
import re

from lenet_helpers import drawing, figures, filters, gallery, operations, words
from lenet_helpers.explorers import window
from lenet_helpers.widgets import player

import ipywidgets
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageColor

from tests import oracles
from tests.test_explorers import (
    by_type,
    captions,
    click,
    decoded,
    everything,
    grid_fields,
    is_impossible,
    is_shown,
    refuse_to_compile,
    sentence,
    shown,
    walk,
)

PICTURES = ["dot", "cross", "edge", "ring", "ramp"]
BORDER_MODES = ["valid", "half", "full"]
MAP = 1  # the number of the picture that shows the feature map
CLOSE = {"rtol": 1e-5, "atol": 6e-5}

seeds = st.integers(0, 1000)
steps = st.tuples(st.integers(1, 4), st.integers(1, 4))


def padded_by_loops(picture, filter_shape, border_mode):
    """Lay a picture into zeros, cell by cell."""
    zeros = [{"valid": 0, "half": n // 2, "full": n - 1}[border_mode] for n in filter_shape]
    shape = [n + 2 * around for n, around in zip(picture.shape, zeros, strict=True)]
    padded = numpy.zeros(shape)
    for row, column in numpy.ndindex(picture.shape):
        padded[row + zeros[0], column + zeros[1]] = picture[row, column]
    return padded, zeros


def step_by_loops(padded, weights, row, column, subsample, filter_flip):
    """Return the patch, the filter as it is laid on it, their products and the sum."""
    patch, applied, products = (numpy.zeros(weights.shape) for _ in range(3))
    total = 0
    for u, v in numpy.ndindex(weights.shape):
        patch[u, v] = padded[row * subsample[0] + u, column * subsample[1] + v]
        turned = (weights.shape[0] - 1 - u, weights.shape[1] - 1 - v)
        applied[u, v] = weights[turned] if filter_flip else weights[u, v]
        products[u, v] = patch[u, v] * applied[u, v]
        total += products[u, v]
    return patch, applied, products, total


def oracle_map(picture, weights, border_mode="valid", subsample=(1, 1), filter_flip=True):
    arrays = picture[None, None], weights[None, None]
    return oracles.convolve(*arrays, border_mode, subsample, filter_flip)[0, 0]


# --- One step ---


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    filter_sides=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    border_mode=st.sampled_from(BORDER_MODES),
    subsample=steps,
    filter_flip=st.booleans(),
)
def test_every_position_is_the_loops(
    seed, sides, filter_sides, border_mode, subsample, filter_flip
):
    if border_mode == "valid":
        filter_sides = tuple(map(min, sides, filter_sides))
    random = numpy.random.RandomState(seed)
    # Whole numbers, whose products and sums float32 holds exactly.
    picture = random.randint(0, 10, sides).astype("float64")
    weights = random.randint(-4, 5, filter_sides).astype("float64")
    options = border_mode, subsample, filter_flip
    wanted_map = oracle_map(picture, weights, *options)
    padded, _ = padded_by_loops(picture, filter_sides, border_mode)
    for position, (row, column) in enumerate(numpy.ndindex(wanted_map.shape)):
        found = window.window_step(picture, weights, position, *options)
        assert (found.row, found.column) == (row, column)
        assert (found.top, found.left) == (row * subsample[0], column * subsample[1])
        wanted = step_by_loops(padded, weights, row, column, subsample, filter_flip)
        assert numpy.array_equal(found.padded, padded)
        for array, right in zip(found[3:6], wanted[:3], strict=True):
            assert numpy.array_equal(array, right)
        assert found.total == wanted[3] == wanted_map[row, column]
        assert numpy.array_equal(found.feature_map, wanted_map)
    last = window.window_step(picture, weights, wanted_map.size + 5, *options)
    assert (last.row, last.column) == (row, column)


def test_a_filter_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="4 x 2"):
        window.window_step(numpy.ones((3, 3)), numpy.ones((4, 2)), 0)


# --- The explorer ---


def wanted_weights(now):
    if now["filter_name"] == "random":
        random = numpy.random.RandomState(23455)
        return random.randint(-2, 3, (now["filter_rows"], now["filter_columns"])) + 0.0
    if now["filter_name"] == "own":
        return numpy.array(now["own"])
    return filters.named_filter(now["filter_name"], now["filter_rows"], now["filter_columns"])


def cell_size(png, shape):
    height, width = decoded(png).shape[:2]
    return (height - 1) // shape[0], (width - 1) // shape[1]


def colour_at(png, shape, row, column, inside=5):
    """Return the colour of a cell, a few pixels from its top left corner."""
    down, across = cell_size(png, shape)
    return tuple(decoded(png)[row * down + inside, column * across + inside])


def is_framed(png, shape, row, column, rows, columns):
    """Say whether a rectangle of cells has corners of the frame's colour, and no other cell."""
    down, across = cell_size(png, shape)
    red = (decoded(png) == ImageColor.getrgb(figures.RED)).all(axis=2)
    lines = numpy.flatnonzero(red.any(axis=1)), numpy.flatnonzero(red.any(axis=0))
    wanted = [(row * down, (row + rows) * down), (column * across, (column + columns) * across)]
    return [(found.min(), found.max()) for found in lines] == wanted and all(
        red[y, x] for y in wanted[0] for x in wanted[1]
    )


def drawings(array, fills=None):
    """Return the grids in which a map that Theano computed may be drawn."""
    # As it is, or without the noise that float32 leaves where sums should be 0.
    cleaned = numpy.round(array.astype("float64"), 4)
    return [drawing.number_grid(numbers, fills) for numbers in (array, cleaned)]


def check_step(explorer):
    """Compare all that the explorer shows with loops."""
    now, pngs = explorer.settings(), shown(explorer)
    picture, weights = gallery.small_picture(now["picture"]), wanted_weights(now)
    options = now["border_mode"], (now["step_rows"], now["step_columns"]), now["filter_flip"]
    wanted_map = oracle_map(picture, weights, *options)
    assert now["position"] < wanted_map.size
    assert explorer.controls["position"].max == wanted_map.size - 1
    row, column = divmod(now["position"], wanted_map.shape[1])
    padded, zeros = padded_by_loops(picture, weights.shape, now["border_mode"])
    patch, applied, products, total = step_by_loops(padded, weights, row, column, *options[1:])
    for place, array in ((2, patch), (3, applied), (4, products)):
        assert pngs[place] == drawing.number_grid(array)
    # Outside of the picture the cells are grey.
    fills = numpy.full(padded.shape, drawing.PADDING)
    for inner_row, inner_column in numpy.ndindex(picture.shape):
        fills[inner_row + zeros[0], inner_column + zeros[1]] = drawing.PLAIN
    place = row * now["step_rows"], column * now["step_columns"], *weights.shape
    assert pngs[0] == drawing.number_grid(padded, fills, [(*place, figures.RED)])
    found_map = window.window_step(picture, weights, now["position"], *options).feature_map
    numpy.testing.assert_allclose(found_map, wanted_map, **CLOSE)
    done = numpy.full(wanted_map.shape, drawing.PLAIN)
    done[row, column] = drawing.MARKED
    assert pngs[MAP] in drawings(found_map, done)
    said = captions(explorer)[3]
    assert said == ("filter, turned" if now["filter_flip"] else "filter, not turned")
    check_sentence(sentence(explorer), picture, patch, applied, total, (row, column), wanted_map)


def check_sentence(text, picture, patch, applied, total, cell, wanted_map):
    rows, columns = wanted_map.shape
    found = re.fullmatch(
        r"Row (\d+), column (\d+) of (\d+) x (\d+) cells: (.+) = (\S+); Theano's cell is (\S+)\.\n"
        r"Rows: \(?(\d+) .* (\d+)\. Columns: \(?(\d+) .* (\d+)\.",
        text,
    )
    assert found, text
    numbers = [int(found[n]) for n in (1, 2, 3, 4, 8, 9, 10, 11)]
    # The picture's rows go into the arithmetic, the map's rows come out.
    lengths = picture.shape[0], rows, picture.shape[1], columns
    assert numbers == [cell[0] + 1, cell[1] + 1, rows, columns, *lengths]
    for shown_number in (found[6], found[7]):
        assert abs(float(shown_number) - total) <= 0.00501 * abs(total) + 1e-5
    if patch.size > 9:
        assert found[5] == f"the sum of {patch.size} products"
        return
    terms = [term.split(" x ") for term in found[5].split(" + ")]
    numbers = [(float(pixel), float(weight.strip("()"))) for pixel, weight in terms]
    wanted = numpy.stack([patch.ravel(), applied.ravel()], axis=1)
    numpy.testing.assert_allclose(numbers, wanted, rtol=0.00501)
    assert all((float(weight.strip("()")) < 0) == weight.startswith("(") for _, weight in terms)


def start(monkeypatch, explore):
    """Return an explorer after which nothing may be compiled."""
    operations._convolution.cache_clear()
    explorer = explore()
    refuse_to_compile(monkeypatch)
    return explorer


def test_the_first_view():
    explorer = window.explore_window()
    assert sentence(explorer) == (
        "Row 2, column 2 of 6 x 6 cells: 0 x (-1) + 0 x 0 + 9 x 1 + 0 x (-2) + 0 x 0 + 9 x 2 + "
        "9 x (-1) + 9 x 0 + 9 x 1 = 27; Theano's cell is 27.\n"
        "Rows: 8 - 3 + 1 = 6. Columns: 8 - 3 + 1 = 6."
    )
    check_step(explorer)


def test_a_walk_through_many_settings(monkeypatch):
    explorer = start(monkeypatch, window.explore_window)
    last, seen = everything(explorer), set()
    for _ in walk(explorer, numpy.random.RandomState(1), 200):
        now = explorer.settings()
        sobel = {"sobel_rows": "filter_rows", "sobel_columns": "filter_columns"}
        if now[sobel.get(now["filter_name"], "filter_rows")] == 1 and now["filter_name"] in sobel:
            assert words.SOBEL_TOO_SMALL in sentence(explorer)
            assert is_impossible(explorer)
            assert everything(explorer)[:2] == last[:2]
        else:
            check_step(explorer)
            assert is_shown(explorer.controls["own"]) == (now["filter_name"] == "own")
        last = everything(explorer)
        seen |= {now["picture"], now["filter_name"], now["border_mode"], now["filter_flip"]}
    assert len(seen) >= 5 + 9 + 3 + 2 - 1


def test_all_positions_one_after_the_other():
    explorer = window.explore_window()
    explorer.change(border_mode="half", filter_rows=2, step_columns=3)
    position = explorer.controls["position"]
    for number in range(position.max + 1):
        position.value = number
        check_step(explorer)


@pytest.mark.parametrize("name", ["edges", "sharpen"])
@pytest.mark.parametrize("picture", ["edge", "ramp", "ring"])
def test_the_two_sums_are_shown_as_the_same_number(picture, name):
    image, weights = gallery.small_picture(picture), filters.named_filter(name, 3, 3)
    explorer = window.explore_window(picture)
    explorer.controls["filter_name"].value = name
    for position in range(0, 36, 5):
        explorer.controls["position"].value = position
        two = re.search(r" = (\S+); Theano's cell is (\S+)\.\n", sentence(explorer))
        total, theanos = two.groups()
        # Not 1.11e-16 on one side and 0, or 1.49e-08, on the other: learners compare them.
        assert total == theanos
        exact = oracle_map(image, weights)[divmod(position, 6)]
        assert (abs(exact) < 1e-9) == (total == "0")


@pytest.mark.parametrize("picture", ["edge", "ramp"])
def test_zeros_of_a_map_are_drawn_as_zeros(picture):
    image, weights = gallery.small_picture(picture), filters.named_filter("edges", 3, 3)
    wanted = numpy.round(oracle_map(image, weights), 4)
    explorer = window.explore_filter_flip(picture)
    explorer.controls["filter_name"].value = "edges"
    fills = numpy.full(wanted.shape, drawing.PLAIN)
    assert shown(explorer)[3] == drawing.number_grid(wanted, fills)
    explorer = window.explore_window(picture)
    explorer.controls["filter_name"].value = "edges"
    explorer.controls["position"].value = 0
    fills[0, 0] = drawing.MARKED
    assert shown(explorer)[MAP] == drawing.number_grid(wanted, fills)


def test_pixels_of_the_frame_and_of_the_marked_cell():
    explorer = window.explore_window()
    yellow = ImageColor.getrgb(drawing.FILLS[drawing.MARKED])
    for position in (0, 5, 17, 35):
        explorer.controls["position"].value = position
        row, column = divmod(position, 6)
        pngs = shown(explorer)
        assert is_framed(pngs[0], (8, 8), row, column, 3, 3)
        marked = [
            cell for cell in numpy.ndindex(6, 6) if colour_at(pngs[MAP], (6, 6), *cell) == yellow
        ]
        assert marked == [(row, column)]


def test_pixels_of_the_border_are_grey():
    explorer = window.explore_window()
    explorer.controls["border_mode"].value = "full"
    explorer.controls["position"].value = 99
    grey = ImageColor.getrgb(drawing.FILLS[drawing.PADDING])
    png = shown(explorer)[0]
    for row, column in numpy.ndindex(12, 12):
        is_outside = not (2 <= row < 10 and 2 <= column < 10)
        assert (colour_at(png, (12, 12), row, column) == grey) == is_outside
    assert is_framed(png, (12, 12), 9, 9, 3, 3)


def test_the_position_stays_on_a_map_that_shrinks():
    explorer = window.explore_window()
    position = explorer.controls["position"]
    position.value = 35
    explorer.controls["filter_rows"].value = 5
    assert (position.value, position.max) == (23, 23)
    check_step(explorer)
    explorer.controls["step_columns"].value = 3
    assert (position.value, position.max) == (7, 7)
    check_step(explorer)
    explorer.controls["step_columns"].value = 1
    assert (position.value, position.max) == (7, 23)


# --- Clicks ---


SHAPES = [
    {},
    {"filter_rows": 1, "filter_columns": 5},
    {"border_mode": "full", "filter_columns": 4, "step_rows": 2},
    {"step_rows": 3, "step_columns": 2},
    {"filter_name": "random", "step_rows": 3, "step_columns": 3, "filter_rows": 5},
    {"filter_name": "own", "filter_rows": 2, "filter_columns": 3, "border_mode": "half"},
]


@pytest.mark.parametrize("changes", SHAPES)
def test_a_click_on_a_cell_moves_the_window_there(changes):
    explorer = window.explore_window()
    explorer.change(**changes)
    now = explorer.settings()
    options = now["border_mode"], (now["step_rows"], now["step_columns"])
    shape = oracle_map(gallery.small_picture("cross"), wanted_weights(now), *options).shape
    for row, column in numpy.ndindex(shape):
        wanted = {"position": row * shape[1] + column}
        # The corners of every cell, then its middle.
        for inside in ((0.01, 0.01), (0.99, 0.01), (0.01, 0.99), (0.99, 0.99)):
            place = (column + inside[0]) / shape[1], (row + inside[1]) / shape[0]
            assert window.move_window(now, MAP, *place) == wanted
        click(explorer, MAP, (column + 0.5) / shape[1], (row + 0.5) / shape[0])
        assert explorer.settings()["position"] == wanted["position"]
    check_step(explorer)


def test_a_click_on_the_very_edge_is_one_on_the_last_cell():
    explorer = window.explore_window()
    for right, down, wanted in [(1, 1, 35), (0, 0, 0), (1, 0, 5), (0, 1, 30), (1.02, -0.02, 5)]:
        click(explorer, MAP, right, down)
        assert explorer.settings()["position"] == wanted


@pytest.mark.parametrize("number", [0, 2, 3, 4])
def test_a_click_on_another_picture_does_nothing(number):
    explorer = window.explore_window()
    before, now = everything(explorer), explorer.settings()
    click(explorer, number, 0.9, 0.9)
    assert window.move_window(now, number, 0.9, 0.9) == {}
    assert (everything(explorer), explorer.settings()) == (before, now)


def test_a_click_while_the_setting_is_impossible_does_nothing():
    explorer = window.explore_window()
    explorer.controls["filter_columns"].value = 1
    assert is_impossible(explorer)
    before, now = everything(explorer), explorer.settings()
    click(explorer, MAP, 0.9, 0.9)
    assert (everything(explorer), explorer.settings()) == (before, now)


# --- The player ---


def buttons(explorer):
    return {button.description: button for button in by_type(explorer, ipywidgets.Button)}


def test_the_buttons_step_through_the_positions():
    explorer = window.explore_window()
    position = explorer.controls["position"]
    for label, wanted in [("Step", 8), ("Step", 9), ("Back", 8)]:
        buttons(explorer)[label].click()
        assert position.value == wanted
        check_step(explorer)


def test_the_player_runs_to_the_end_and_follows_the_map(monkeypatch):
    monkeypatch.setattr(player, "SECONDS_PER_STEP", 0.001)
    explorer = window.explore_window()
    explorer.change(step_rows=3, step_columns=3, position=0)
    seen = []
    position = explorer.controls["position"]
    position.observe(lambda change: seen.append(change["new"]), names="value")

    async def play():
        buttons(explorer)["Play"].click()
        while buttons(explorer)["Play"].disabled:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(play(), 20))
    assert seen == [1, 2, 3]
    check_step(explorer)


# --- Own numbers ---


def test_own_numbers_begin_with_the_last_filters_and_can_be_edited():
    explorer = window.explore_window()
    explorer.controls["filter_name"].value = "own"
    assert explorer.settings()["own"] == ((1, 0, -1), (2, 0, -2), (1, 0, -1))
    assert explorer.controls["filter_rows"].max == 5
    check_step(explorer)
    grid_fields(explorer.controls["own"])[5].value = 7
    assert explorer.settings()["own"] == ((1, 0, -1), (2, 0, 7), (1, 0, -1))
    check_step(explorer)
    explorer.controls["filter_rows"].value = 4
    assert explorer.settings()["own"] == ((1, 0, -1), (2, 0, 7), (1, 0, -1), (0, 0, 0))
    check_step(explorer)


# --- filter_flip ---


def check_flip(explorer):
    now, pngs = explorer.settings(), shown(explorer)
    picture, weights = gallery.small_picture(now["picture"]), wanted_weights(now)
    turned = numpy.zeros(weights.shape)
    for u, v in numpy.ndindex(weights.shape):
        turned[u, v] = weights[weights.shape[0] - 1 - u, weights.shape[1] - 1 - v]
    maps = [oracle_map(picture, weights, filter_flip=flip) for flip in (True, False)]
    found = [
        operations.convolve([[picture]], [[weights]], filter_flip=flip)[0, 0]
        for flip in (True, False)
    ]
    fills = numpy.full(maps[0].shape, drawing.PLAIN)
    n_different = 0
    for cell in numpy.ndindex(maps[0].shape):
        if abs(maps[0][cell] - maps[1][cell]) > 1e-4:
            fills[cell] = drawing.MARKED
            n_different += 1
    drawn = (picture, weights, turned)
    assert pngs[:3] == [drawing.number_grid(array) for array in drawn]
    for png, array, wanted in zip(pngs[3:], found, maps, strict=True):
        numpy.testing.assert_allclose(array, wanted, **CLOSE)
        assert png in drawings(array, fills)
    why = "this filter is another one."
    if not n_different:
        why = "but on this picture both give the same."
    if numpy.allclose(weights, turned):
        why = "this filter looks the same."
    text = sentence(explorer)
    assert text.startswith(f"The two maps differ in {n_different} of {fills.size} cells (yellow):")
    assert text.endswith(why)
    assert not (why == "looks the same" and n_different)


def test_a_walk_through_both_maps(monkeypatch):
    explorer = start(monkeypatch, window.explore_filter_flip)
    last = everything(explorer)
    n_checked = 0
    for _ in walk(explorer, numpy.random.RandomState(0), 120):
        if is_impossible(explorer):
            assert words.SOBEL_TOO_SMALL in sentence(explorer)
            assert everything(explorer)[:2] == last[:2]
        else:
            check_flip(explorer)
            n_checked += 1
        last = everything(explorer)
    assert n_checked > 80


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize(
    ("name", "is_symmetric"),
    [
        ("identity", True),
        ("blur", True),
        ("sharpen", True),
        ("edges", True),
        ("sobel_rows", False),
        ("sobel_columns", False),
        ("emboss", False),
        ("random", False),
    ],
)
def test_symmetric_filters_say_so(picture, name, is_symmetric):
    explorer = window.explore_filter_flip(picture)
    explorer.controls["filter_name"].value = name
    text = sentence(explorer)
    assert ("looks the same" in text) == is_symmetric
    if is_symmetric:
        assert "differ in 0 of 36 cells" in text
    check_flip(explorer)


def test_a_symmetric_filter_of_an_even_size_is_not_the_identity():
    explorer = window.explore_filter_flip()
    explorer.change(filter_name="identity", filter_rows=4, filter_columns=4)
    # The 1 stands right below the middle; turned, above and to the left of it.
    assert "differ in 2 of 25 cells" in sentence(explorer)
    assert "is another one" in sentence(explorer)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_a_filter_made_symmetric_by_hand(seed, rows, columns):
    half = numpy.random.RandomState(seed).randint(-9, 10, (rows, columns)) / 4
    own = half + half[::-1, ::-1]
    view = window.draw_filter_flip("ramp", "own", rows, columns, own)
    assert f"differ in 0 of {(9 - rows) * (9 - columns)} cells" in view.sentence
    assert "looks the same" in view.sentence
    assert math.prod(own.shape) == rows * columns
