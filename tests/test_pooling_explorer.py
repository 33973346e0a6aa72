"""The pooling explorer: results, windows, winners and lost cells against loops."""

import re
from itertools import product

from lenet_helpers import arithmetic, drawing, figures, filters, gallery, operations, words
from lenet_helpers.explorers import pooling

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracles
from tests.test_explorers import (
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

LESSON = numpy.random.RandomState(1).rand(3, 2, 5, 5)
# As lesson 2 prints them, window (2, 2): of the first map with ignore_border=True, of the second
# with False.
PRINTED_DROPPED = [[0.72032449, 0.39676747], [0.6852195, 0.87811744]]
PRINTED_KEPT = [
    [0.67883553, 0.58930554, 0.69975836],
    [0.66379465, 0.94459476, 0.58655504],
    [0.90340192, 0.80739129, 0.39767684],
]


# --- The function for the lesson ---


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 1000),
    sides=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    window=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    stride=st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(1, 9))),
    ignore_border=st.booleans(),
)
def test_winners_and_lost_are_the_loops(seed, sides, window, stride, ignore_border):
    window = tuple(map(min, window, sides))
    # Few values: ties happen, and a lost cell may equal a winner.
    feature_map = numpy.random.RandomState(seed).randint(0, 4, sides) / 4
    setting = feature_map, window, ignore_border, stride
    found = pooling.winners_and_lost(*setting)
    assert numpy.array_equal(found, oracles.winners_and_lost(*setting))
    for mode in ("max", "average"):
        fast = oracles.pool_by_axes(*setting, mode)
        numpy.testing.assert_allclose(fast, oracles.pool(*setting, mode), rtol=1e-12)


def test_a_cell_equal_to_its_neighbours_maximum_does_not_win():
    winners, lost = pooling.winners_and_lost(numpy.array([[1, 2, 2, 3]]), (1, 2), True)
    assert winners.tolist() == [[False, True, False, True]]
    assert not lost.any()


def test_overlapping_windows_have_a_cell_in_common():
    winners, lost = pooling.winners_and_lost(numpy.array([[1, 3, 2, 0]]), (1, 2), True, (1, 1))
    assert winners.tolist() == [[False, True, True, False]]
    assert not lost.any()


def test_windows_with_gaps_lose_what_lies_between():
    winners, lost = pooling.winners_and_lost(numpy.arange(7).reshape(1, 7), (1, 2), True, (1, 3))
    assert winners.tolist() == [[False, True, False, False, True, False, False]]
    assert lost.tolist() == [[False, False, True, False, False, True, True]]


# --- What the explorer shows ---


def wanted_map(now):
    """Return the feature map that the settings ask for."""
    shape = now["map_rows"], now["map_columns"]
    if now["source"] in ("first", "second"):
        return LESSON[0 if now["source"] == "first" else 1, 0]
    if now["source"] == "random":
        return numpy.random.RandomState(now["seed"]).randint(0, 10, shape).astype("float64")
    if now["source"] == "own":
        wanted = numpy.zeros([min(side, 7) for side in shape])
        for cell in numpy.ndindex(wanted.shape):
            if cell[0] < len(now["own"]) and cell[1] < len(now["own"][0]):
                wanted[cell] = now["own"][cell[0]][cell[1]]
        return wanted
    # Which cells tie and win hangs on the last digit; the maps themselves are tested below.
    return pooling.cat_maps()[int(now["source"][-1])]


def window_and_stride(now):
    window = now["pool_rows"], now["pool_columns"]
    stride = now["stride_rows"], now["stride_columns"]
    return window, window if now["stride_is_window"] else stride


def winners_and_lost(feature_map, now):
    """Find winners and lost cells: small maps by loops, large ones axis by axis."""
    (window, stride), border = window_and_stride(now), now["ignore_border"]
    if max(feature_map.shape) <= 10:
        return oracles.winners_and_lost(feature_map, window, border, stride)
    pooled = oracles.pool_by_axes(feature_map, window, border, stride)
    # A cell wins if the smallest maximum of all its windows is its own value.
    for axis in (0, 1):
        length = feature_map.shape[axis]
        lines = pooled if axis == 0 else pooled.T
        spread = numpy.full((length, lines.shape[1]), numpy.inf)
        starts = oracles.window_starts(length, window[axis], stride[axis], border)
        for start, values in zip(starts, lines, strict=True):
            place = slice(start, start + window[axis])
            spread[place] = numpy.minimum(spread[place], values)
        pooled = spread if axis == 0 else spread.T
    return pooled == feature_map, numpy.isinf(pooled)


def wanted_numbers(feature_map, now, cell, corner=(0, 0)):
    """Draw a part of a map in numbers, its windows and cells by loops."""
    (window, stride), border = window_and_stride(now), now["ignore_border"]
    winners, lost = winners_and_lost(feature_map, now)
    part = tuple(slice(start, start + 10) for start in corner)
    values = feature_map[part]
    fills = numpy.full(values.shape, drawing.PLAIN)
    for row, column in numpy.ndindex(values.shape):
        place = corner[0] + row, corner[1] + column
        if winners[place] and now["mode"] == "max":
            fills[row, column] = drawing.WINNER
        if lost[place]:
            fills[row, column] = drawing.LOST
    spans = []
    for axis in (0, 1):
        starts = oracles.window_starts(feature_map.shape[axis], window[axis], stride[axis], border)
        # Of every window, what can be seen of it: its first and last cell in the part.
        spans.append(
            [
                (
                    max(start - corner[axis], 0),
                    min(start + window[axis] - corner[axis], values.shape[axis]),
                )
                for start in starts
            ]
        )

    def frame(rows, columns, colour):
        return rows[0], columns[0], rows[1] - rows[0], columns[1] - columns[0], colour

    boxes = []
    if stride[0] >= window[0] and stride[1] >= window[1]:  # others overlap
        near = [[span for span in axis if span[0] < span[1]] for axis in spans]
        boxes = [frame(*pair, figures.BLUE) for pair in product(*near)]
    boxes.append(frame(spans[0][cell[0]], spans[1][cell[1]], figures.RED))
    assert min(boxes[-1][2:4]) > 0  # the chosen window is always in sight
    return drawing.number_grid(values, fills, boxes)


def check_large_map(now, feature_map, cell, pngs, texts):
    """Check the greys of a large map, and the part of it that is shown in numbers."""
    lost = winners_and_lost(feature_map, now)[1]
    levels = decoded(pngs[0])
    least, most = oracles.grey_levels(feature_map.astype("float64"), 1e-7)
    # Cells that no window holds are orange; that colour has the place of the brightest grey.
    least = numpy.minimum(least, 254)
    assert (levels[lost] == (230, 159, 0)).all()
    for channel in range(3):
        assert (levels[~lost][:, channel] >= least[~lost]).all()
        assert (levels[~lost][:, channel] <= most[~lost]).all()
    found = re.fullmatch(r"rows (\d+) to (\d+), columns (\d+) to (\d+), in numbers", texts[1])
    top, bottom, left, right = map(int, found.groups())
    assert (bottom - top, right - left) == (9, 9)
    assert 1 <= top < bottom <= feature_map.shape[0]
    assert 1 <= left < right <= feature_map.shape[1]
    assert pngs[1] == wanted_numbers(feature_map, now, cell, (top - 1, left - 1))


def check(explorer):
    """Compare all that is shown with loops."""
    now = explorer.settings()
    feature_map, (window, stride) = wanted_map(now), window_and_stride(now)
    pngs, texts, is_large = shown(explorer), captions(explorer), max(feature_map.shape) > 10
    assert len(pngs) == 3 + is_large
    pool = oracles.pool_by_axes if is_large else oracles.pool
    pooled = {
        border: pool(feature_map.astype("float64"), window, border, stride, now["mode"])
        for border in (True, False)
    }
    chosen = pooled[now["ignore_border"]]
    assert now["position"] < chosen.size
    assert explorer.controls["position"].max == chosen.size - 1
    cell = divmod(now["position"], chosen.shape[1])
    assert texts[0] == f"feature map, windows with ignore_border={now['ignore_border']}"
    if is_large:
        check_large_map(now, feature_map, cell, pngs, texts)
    else:
        assert pngs[0] == wanted_numbers(feature_map, now, cell)
    for place, (border, result) in enumerate(pooled.items(), 1 + is_large):
        rows, columns = result.shape
        assert texts[place] == f"pooled, ignore_border={border}: {rows} x {columns}"
        if is_large:
            least, most = oracles.grey_levels(result, 1e-9)
            levels = decoded(pngs[place])
            assert (least <= levels).all()
            assert (levels <= most).all()
        else:
            fills = numpy.full(result.shape, drawing.PLAIN)
            if border == now["ignore_border"]:
                fills[cell] = drawing.MARKED
            assert pngs[place] == drawing.number_grid(result, fills)
    check_sentence(sentence(explorer), now, feature_map, pooled, cell)


def check_sentence(text, now, feature_map, pooled, cell):
    window, stride = window_and_stride(now)
    winners, lost = winners_and_lost(feature_map, now)
    parts = [
        [
            arithmetic.pool_arithmetic(feature_map.shape[axis], window[axis], border, stride[axis])
            for axis in (0, 1)
        ]
        for border in (True, False)
    ]
    for border, (rows, columns) in zip((True, False), parts, strict=True):
        # What the arithmetic ends with is what the loops find.
        cells = tuple(int(re.findall(r"\d+", text)[-1]) for text in (rows, columns))
        assert cells == pooled[border].shape
    won = f", {winners.sum():,} win theirs (blue)" if now["mode"] == "max" else ""
    value = drawing.number(pooled[now["ignore_border"]][cell])
    assert text == (
        f"ignore_border=True: rows {parts[0][0]}; columns {parts[0][1]}.\n"
        f"ignore_border=False: rows {parts[1][0]}; columns {parts[1][1]}.\n"
        f"With {now['ignore_border']}, {lost.sum():,} of {lost.size:,} cells lie in no window "
        f"(hatched){won}. "
        f"The orange window gives row {cell[0] + 1}, column {cell[1] + 1}: {value}."
    )


def check_controls(explorer, typed=None):
    """Compare the controls that follow others; `typed` is the learner's own map, if it has one."""
    now, controls = explorer.settings(), explorer.controls
    source = now["source"]
    has_size = source in ("random", "own")
    assert controls["map_rows"].disabled == controls["map_columns"].disabled == (not has_size)
    largest = 7 if source == "own" else 10
    assert controls["map_rows"].max == controls["map_columns"].max == largest
    assert controls["seed"].disabled == (source != "random")
    assert is_shown(controls["own"]) == (source == "own")
    for axis in ("rows", "columns"):
        assert controls[f"stride_{axis}"].disabled == now["stride_is_window"]
        if now["stride_is_window"]:
            assert now[f"stride_{axis}"] == now[f"pool_{axis}"]
    if source == "own":
        numbers = [field.value for field in grid_fields(controls["own"])]
        assert numbers == list(wanted_map(now).ravel())
    elif typed:
        assert now["own"] == typed  # what was typed is not lost
    else:
        numpy.testing.assert_allclose(now["own"], wanted_map(now)[:7, :7], atol=0.000501)


def test_a_walk_through_500_settings(monkeypatch):
    operations._pooling.cache_clear()
    explorer = pooling.explore_pooling()
    pooling.cat_maps()  # lesson 1's, made with the convolution, which is compiled for itself
    refuse_to_compile(monkeypatch)
    n_impossible, last = 0, everything(explorer)
    seen = {name: set() for name in explorer.controls}
    random = numpy.random.RandomState(0)
    typed = None
    for n_steps, moved in enumerate(walk(explorer, random, 500)):
        now = explorer.settings()
        if moved == "own" or (typed and now["source"] == "own"):
            typed = now["own"]
        window, _ = window_and_stride(now)
        shape = wanted_map(now).shape
        if window[0] > shape[0] or window[1] > shape[1]:
            n_impossible += 1
            assert is_impossible(explorer), now
            said = f"{window[0]} x {window[1]}", f"{shape[0]} x {shape[1]}"
            assert all(words in sentence(explorer) for words in said)
            assert everything(explorer)[:2] == last[:2]
            if random.randint(2):
                # Otherwise nearly all steps would be impossible ones.
                explorer.change(
                    pool_rows=random.randint(1, min(shape[0], 10) + 1),
                    pool_columns=random.randint(1, min(shape[1], 10) + 1),
                )
                check(explorer)
        else:
            check(explorer)
            check_controls(explorer, typed)
            for name, values in seen.items():
                values.add(now[name])
        if n_steps % 3 == 0 and now["source"].startswith("cat"):
            explorer.controls["source"].value = "random"  # the cat's maps take long
        last = everything(explorer)
    assert 20 < n_impossible < 300
    n_seen = {name: len(values) for name, values in seen.items()}
    assert n_seen["source"] >= 5
    assert n_seen["mode"] == n_seen["ignore_border"] == n_seen["stride_is_window"] == 2
    others = set(n_seen) - {"source", "mode", "ignore_border", "stride_is_window"}
    assert all(n_seen[name] >= 6 for name in others), n_seen


def test_the_first_view():
    explorer = pooling.explore_pooling()
    assert sentence(explorer) == (
        "ignore_border=True: rows 5 / 2 = 2.5, rounded down: 2; columns 5 / 2 = 2.5, rounded "
        "down: 2.\n"
        "ignore_border=False: rows 5 / 2 = 2.5, rounded up: 3; columns 5 / 2 = 2.5, rounded "
        "up: 3.\n"
        "With True, 9 of 25 cells lie in no window (hatched), 4 win theirs (blue). The orange "
        "window gives row 1, column 1: 0.72."
    )
    check(explorer)
    check_controls(explorer)


@pytest.mark.parametrize(
    ("source", "ignore_border", "printed"),
    [("first", True, PRINTED_DROPPED), ("second", False, PRINTED_KEPT)],
)
def test_the_lessons_maps_give_what_the_lesson_prints(source, ignore_border, printed):
    feature_map = pooling.lesson_map(source)
    found = operations.pool(feature_map, (2, 2), ignore_border)
    numpy.testing.assert_allclose(found, printed, atol=5e-9)
    explorer = pooling.explore_pooling()
    explorer.change(source=source, ignore_border=ignore_border)
    for position, value in enumerate(numpy.ravel(printed)):
        explorer.controls["position"].value = position
        assert sentence(explorer).endswith(f": {value:.3g}.")
        check(explorer)


def test_the_lessons_maps_begin_as_printed():
    assert pooling.lesson_map("first")[0, :2] == pytest.approx([0.417022005, 0.720324493])
    assert pooling.lesson_map("second")[0, :2] == pytest.approx([0.01936696, 0.67883553])


def test_the_cats_maps_are_the_demonstrations():
    W, b = filters.random_filters((2, 3, 9, 9))
    picture = gallery.large_picture("cat")
    wanted = oracles.feature_maps(picture, W, b, "sigmoid", "valid", (1, 1), True)
    numpy.testing.assert_allclose(pooling.cat_maps(), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("stride", "mode"), [(None, "max"), ((7, 3), "average"), ((2, 10), "max")]
)
def test_a_large_map(stride, mode):
    explorer = pooling.explore_pooling()
    explorer.change(source="cat1", pool_rows=5, pool_columns=4, mode=mode)
    if stride:
        explorer.controls["stride_is_window"].value = False
        explorer.change(stride_rows=stride[0], stride_columns=stride[1])
    # The first window, one inside and the last ones: the part in numbers ends at the map's border.
    for ignore_border in (True, False):
        explorer.controls["ignore_border"].value = ignore_border
        position = explorer.controls["position"]
        for number in (0, position.max // 2 + 3, position.max):
            position.value = number
            check(explorer)


def test_one_cell_pooled_alone():
    explorer = pooling.explore_pooling()
    explorer.change(source="random", pool_rows=1, pool_columns=1, map_rows=1, map_columns=1)
    assert explorer.controls["position"].max == 0
    check(explorer)
    explorer.change(map_rows=10)
    check(explorer)


def test_the_average_has_no_winners():
    explorer = pooling.explore_pooling()
    explorer.controls["mode"].value = "average"
    assert "win theirs" not in sentence(explorer)
    check(explorer)


def test_the_stride_follows_the_window_until_it_is_set_free():
    explorer = pooling.explore_pooling()
    controls = explorer.controls
    controls["pool_rows"].value = 3
    assert controls["stride_rows"].value == 3
    assert controls["stride_rows"].disabled
    controls["stride_is_window"].value = False
    assert not controls["stride_rows"].disabled
    controls["pool_rows"].value = 2
    assert controls["stride_rows"].value == 3
    check(explorer)


def test_the_same_settings_give_the_same_bytes():
    explorer = pooling.explore_pooling()
    before = everything(explorer)
    explorer.controls["mode"].value = "average"
    explorer.controls["pool_rows"].value = 4
    assert everything(explorer) != before
    explorer.controls["mode"].value = "max"
    explorer.controls["pool_rows"].value = 2
    assert everything(explorer) == before


# --- Impossible settings ---


def test_a_window_larger_than_the_map_keeps_the_pictures():
    explorer = pooling.explore_pooling()
    before = everything(explorer)
    explorer.controls["pool_rows"].value = 6
    said = words.IMPOSSIBLE_SETTING.partition("{message}")
    assert sentence(explorer).startswith(said[0])
    assert sentence(explorer).endswith(said[2])
    assert "6 x 2" in sentence(explorer)
    assert everything(explorer)[:2] == before[:2]
    explorer.controls["pool_rows"].value = 2
    assert everything(explorer) == before


def test_a_map_can_be_made_larger_when_the_window_is_too_large():
    explorer = pooling.explore_pooling()
    explorer.controls["pool_rows"].value = 8
    assert is_impossible(explorer)
    explorer.controls["source"].value = "random"
    assert is_impossible(explorer)  # it has 5 rows as well
    # The way out that a learner sees first: more rows.
    assert not explorer.controls["map_rows"].disabled
    explorer.controls["map_rows"].value = 9
    assert not is_impossible(explorer)


# --- Clicks ---


SHAPES = [
    {},
    {"source": "second", "pool_rows": 3},
    {"source": "random", "map_rows": 10, "map_columns": 7, "pool_columns": 4},
    {"source": "random", "stride_is_window": False, "stride_rows": 1, "stride_columns": 3},
    {"source": "own", "map_rows": 7, "map_columns": 3, "pool_rows": 4},
]


@pytest.mark.parametrize("changes", SHAPES)
@pytest.mark.parametrize("began_with", [True, False])
def test_a_click_on_a_cell_of_a_result_selects_both(changes, began_with):
    explorer = pooling.explore_pooling()
    explorer.change(**changes)
    now = explorer.settings()
    feature_map, (window, stride) = wanted_map(now), window_and_stride(now)
    for number, border in ((1, True), (2, False)):
        shape = oracles.pool(feature_map, window, border, stride).shape
        for row, column in numpy.ndindex(shape):
            explorer.change(ignore_border=began_with)
            wanted = {"ignore_border": border, "position": row * shape[1] + column}
            for inside in (0.02, 0.98):
                place = (column + inside) / shape[1], (row + inside) / shape[0]
                assert pooling.choose_window(now, number, *place) == wanted
            click(explorer, number, (column + 0.5) / shape[1], (row + 0.5) / shape[0])
            found = explorer.settings()
            assert {name: found[name] for name in wanted} == wanted
    check(explorer)


@pytest.mark.parametrize("began_with", [True, False])
def test_a_click_on_a_large_result(began_with):
    explorer = pooling.explore_pooling()
    explorer.change(source="cat0", pool_rows=5, pool_columns=5)
    for number, border, side in ((2, True, 98), (3, False, 99)):
        for row, column in ((50, 20), (side - 1, side - 1)):
            explorer.change(ignore_border=began_with)
            click(explorer, number, (column + 0.5) / side, (row + 0.5) / side)
            found = explorer.settings()
            assert found["ignore_border"] == border
            assert found["position"] == row * side + column
    check(explorer)


@pytest.mark.parametrize(("source", "numbers"), [("first", [0]), ("cat0", [0, 1])])
def test_a_click_on_a_feature_map_does_nothing(source, numbers):
    explorer = pooling.explore_pooling()
    explorer.controls["source"].value = source
    before, now = everything(explorer), explorer.settings()
    for number in numbers:
        click(explorer, number, 0.9, 0.9)
        assert (everything(explorer), explorer.settings()) == (before, now)


def test_a_click_while_the_setting_is_impossible_does_nothing():
    explorer = pooling.explore_pooling()
    explorer.controls["pool_rows"].value = 6
    before, now = everything(explorer), explorer.settings()
    click(explorer, 2, 0.9, 0.9)
    assert (everything(explorer), explorer.settings()) == (before, now)


# --- The learner's own map ---


def test_own_numbers_begin_with_the_last_map():
    explorer = pooling.explore_pooling()
    explorer.controls["source"].value = "own"
    assert numpy.array_equal(explorer.settings()["own"], LESSON[0, 0].round(3))
    check(explorer)
    check_controls(explorer)


def test_an_edited_cell_changes_the_results():
    explorer = pooling.explore_pooling()
    explorer.controls["source"].value = "own"
    for number, value in [(0, 9.0), (12, -3.5), (24, 100.0)]:
        before = shown(explorer)
        grid_fields(explorer.controls["own"])[number].value = value
        assert explorer.settings()["own"][number // 5][number % 5] == value
        assert shown(explorer)[0] != before[0]
        check(explorer)
    # Only windows that reach over the border hold the last cell.
    assert "The orange window gives row 1, column 1: 9." in sentence(explorer)


def test_sliders_resize_an_own_map():
    explorer = pooling.explore_pooling()
    explorer.controls["source"].value = "own"
    explorer.controls["map_rows"].value = 7
    explorer.controls["map_columns"].value = 3
    assert len(grid_fields(explorer.controls["own"])) == 21
    check(explorer)
    check_controls(explorer)


def test_own_maps_have_at_most_7_x_7_numbers():
    explorer = pooling.explore_pooling()
    explorer.change(source="random", map_rows=10)
    explorer.controls["source"].value = "own"
    rows = explorer.controls["map_rows"]
    assert (rows.value, rows.max) == (7, 7)
    check(explorer)
    explorer.controls["source"].value = "random"
    assert rows.max == 10
    rows.value = 10
    check(explorer)
