"""The shifts explorer: what moves and what stays, counted by loops."""

import math
import re
from fractions import Fraction
from functools import cache

from lenet_helpers import drawing, figures, gallery, operations
from lenet_helpers.explorers import pooling, shifts

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageColor

from tests import oracles
from tests.test_explorers import (
    captions,
    decoded,
    everything,
    is_impossible,
    refuse_to_compile,
    sentence,
    shown,
    walk,
)

AROUND = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
windows = st.tuples(st.integers(1, 5), st.integers(1, 5))


def shifted_by_loops(feature_map, down, right):
    """Move every cell; what comes in over the border is the border's last cell."""
    shifted = numpy.empty_like(feature_map)
    rows, columns = feature_map.shape
    for row, column in numpy.ndindex(rows, columns):
        from_row = min(max(row - down, 0), rows - 1)
        from_column = min(max(column - right, 0), columns - 1)
        shifted[row, column] = feature_map[from_row, from_column]
    return shifted


def stays_by_loops(feature_map, poolsize, shift):
    before = oracles.pool(feature_map, poolsize, True)
    return oracles.pool(shifted_by_loops(feature_map, *shift), poolsize, True) == before


def spot_by_loops(poolsize, cell):
    # Wherever a shift by 3 moves the maximum, it stays on the map.
    around = [math.ceil(3 / side) for side in poolsize]
    spot = numpy.zeros([(2 * n + 1) * side for n, side in zip(around, poolsize, strict=True)])
    spot[around[0] * poolsize[0] + cell[0], around[1] * poolsize[1] + cell[1]] = 1
    return spot


@cache
def share_by_loops(poolsize):
    """Put the maximum into every cell of its window, move it by every shift, pool, compare."""
    n_stay = 0
    for cell in numpy.ndindex(poolsize):
        spot = spot_by_loops(poolsize, cell)
        n_stay += sum(stays_by_loops(spot, poolsize, shift).all() for shift in AROUND)
    return Fraction(int(n_stay), 8 * poolsize[0] * poolsize[1])


# --- The functions for the lesson ---


def test_unchanged_shifts():
    assert shifts.unchanged_shifts((2, 2)).tolist() == [[3, 3], [3, 3]]
    counts = shifts.unchanged_shifts((3, 3))
    assert counts.tolist() == [[3, 5, 3], [5, 8, 5], [3, 5, 3]]
    assert (counts / 8).mean() == pytest.approx(5 / 9)


@pytest.mark.parametrize("poolsize", [(1, 1), (1, 3), (4, 2), (5, 5)])
def test_unchanged_shifts_stay_inside_the_window(poolsize):
    counts = shifts.unchanged_shifts(poolsize)
    for row, column in numpy.ndindex(poolsize):
        inside = [
            0 <= row + down < poolsize[0] and 0 <= column + right < poolsize[1]
            for down, right in AROUND
        ]
        assert counts[row, column] == sum(inside)


@pytest.mark.parametrize("poolsize", [2, (2,), (0, 2), (1.5, 2)])
def test_wrong_windows_are_refused(poolsize):
    with pytest.raises(ValueError, match="poolsize"):
        shifts.unchanged_shifts(poolsize)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    sides=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    down=st.integers(-9, 9),
    right=st.integers(-9, 9),
)
def test_shift_map_is_the_loops(seed, sides, down, right):
    feature_map = numpy.random.RandomState(seed).rand(*sides)
    before = feature_map.copy()
    found = shifts.shift_map(feature_map, down, right)
    assert numpy.array_equal(found, shifted_by_loops(before, down, right))
    assert numpy.array_equal(feature_map, before)


def test_a_shift_goes_down_and_to_the_right():
    feature_map = numpy.arange(9).reshape(3, 3)
    assert shifts.shift_map(feature_map, 1, 0).tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    assert shifts.shift_map(feature_map, 0, 1).tolist() == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    window=windows,
)
def test_stays_after_shifts_are_the_loops(seed, sides, window):
    window = tuple(map(min, window, sides))
    # Few values: many maxima stay because another cell has the same.
    feature_map = numpy.random.RandomState(seed).randint(0, 3, sides) / 2
    found = shifts.stays_after_shifts(feature_map, window)
    wanted = [stays_by_loops(feature_map, window, shift) for shift in AROUND]
    assert numpy.array_equal(found, wanted)
    others = [(3, -2), (0, 0)]
    found = shifts.stays_after_shifts(feature_map, window, others)
    assert numpy.array_equal(found[0], stays_by_loops(feature_map, window, others[0]))
    assert found[1].all()


# --- The explorer ---


def wanted_map(now):
    window = now["pool_rows"], now["pool_columns"]
    if now["source"] == "spot":
        return spot_by_loops(window, (now["spot_row"] - 1, now["spot_column"] - 1))
    if now["source"] == "digit":
        return gallery.digit_map()
    return pooling.cat_maps()[0][100:160, 120:180]


def grid_of(feature_map, window):
    boxes = [
        (top, left, *window, figures.BLUE)
        for top in range(0, feature_map.shape[0], window[0])
        for left in range(0, feature_map.shape[1], window[1])
    ]
    return drawing.number_grid(feature_map, None, boxes)


def check_greys(png, values, changed=None):
    """Compare a map in greys; a cell that changed is half yellow."""
    times = max(1, 240 // max(values.shape))
    levels = decoded(png)
    assert levels.shape == (values.shape[0] * times, values.shape[1] * times, 3)
    least, most = oracles.grey_levels(values.astype("float64"), 1e-7)
    yellow = numpy.array(ImageColor.getrgb(drawing.FILLS[drawing.MARKED]))
    for row, column in numpy.ndindex(values.shape):
        cell = levels[row * times : (row + 1) * times, column * times : (column + 1) * times]
        low, high = least[row, column], most[row, column]
        if changed is not None and changed[row, column]:
            low, high = numpy.floor((low + yellow) / 2), numpy.floor((high + yellow) / 2)
        assert (cell >= low).all()
        assert (cell <= high).all()


def check(explorer):
    now, pngs = explorer.settings(), shown(explorer)
    window, shift = (now["pool_rows"], now["pool_columns"]), (now["down"], now["right"])
    before = wanted_map(now)
    after = shifted_by_loops(before, *shift)
    pooled = [oracles.pool(one, window, True) for one in (before, after)]
    changed = pooled[0] != pooled[1]
    if now["source"] == "spot":
        fills = numpy.full(changed.shape, drawing.PLAIN)
        for cell in zip(*numpy.nonzero(changed), strict=True):
            fills[cell] = drawing.MARKED
        assert pngs == [
            grid_of(before, window),
            grid_of(after, window),
            drawing.number_grid(pooled[0]),
            drawing.number_grid(pooled[1], fills),
        ]
    else:
        check_greys(pngs[0], before)
        check_greys(pngs[1], after)
        check_greys(pngs[2], pooled[0])
        check_greys(pngs[3], pooled[1], changed)
    assert captions(explorer) == [
        "before the shift",
        "after it",
        "pooled before",
        "pooled after (yellow: changed)",
    ]
    check_sentence(sentence(explorer), now, before, window, shift, changed)


def check_sentence(text, now, before, window, shift, changed):
    vertically, sideways = "up" if shift[0] < 0 else "down", "left" if shift[1] < 0 else "right"
    moved = f"Shifted by {abs(shift[0])} {vertically} and {abs(shift[1])} to the {sideways}"
    counted = f"{changed.size - changed.sum():,} of {changed.size:,} pooled cells stay"
    begin = f"{moved if any(shift) else 'Not shifted'}: {counted} as they were. "
    assert text.startswith(begin)
    share = share_by_loops(window)
    rest = text.removeprefix(begin)
    if now["source"] == "spot":
        n_shifts = 8 * window[0] * window[1]
        assert rest == (
            f"Counted over all cells of a {window[0]} x {window[1]} window and all 8 shifts by "
            f"one pixel, {share * n_shifts} of {n_shifts} leave the whole pooled map as it was: "
            f"{share} = {float(share):.4f}."
        )
        return
    stays = [stays_by_loops(before, window, one).mean() for one in AROUND]
    found = re.fullmatch(
        r"Of all 8 shifts by one pixel, (\d) leave the whole pooled map as it was \(for a single "
        r"maximum (\S+) of the shifts do\); (\d+\.\d) % of the pooled cells stay\.",
        rest,
    )
    assert found, rest
    whole = [stays_by_loops(before, window, one).all() for one in AROUND]
    assert int(found[1]) == sum(whole)
    assert abs(float(found[3]) - 100 * numpy.mean(stays)) <= 0.0501
    assert Fraction(found[2]) == share


def test_a_walk_through_the_shifts(monkeypatch):
    operations._pooling.cache_clear()
    explorer = shifts.explore_shifts()
    pooling.cat_maps()  # lesson 1's, made with the convolution, which is compiled for itself
    refuse_to_compile(monkeypatch)
    n_checked = dict.fromkeys(["spot", "digit", "cat"], 0)
    for _ in walk(explorer, numpy.random.RandomState(0), 150, rarely=["source"]):
        now, controls = explorer.settings(), explorer.controls
        assert not is_impossible(explorer)
        is_spot = now["source"] == "spot"
        for axis in ("row", "column"):
            assert controls[f"spot_{axis}"].max == now[f"pool_{axis}s"]
            assert controls[f"spot_{axis}"].disabled == (not is_spot)
        # The loops take a tenth of a second for a picture.
        if is_spot or n_checked[now["source"]] < 8:
            check(explorer)
            n_checked[now["source"]] += 1
    assert min(n_checked.values()) >= 8


@pytest.mark.parametrize(
    ("window", "share"),
    [((2, 2), "3/8 = 0.3750"), ((3, 3), "5/9 = 0.5556"), ((1, 1), "0 = 0.0000")],
)
def test_the_shares_of_the_lesson(window, share):
    explorer = shifts.explore_shifts()
    explorer.change(pool_rows=window[0], pool_columns=window[1])
    assert sentence(explorer).endswith(f": {share}.")
    check(explorer)


@pytest.mark.parametrize("window", [(5, 5), (1, 5), (4, 3)])
def test_other_shares_are_counted_by_brute_force(window):
    assert (
        shifts.unchanged_shifts(window).sum()
        == share_by_loops(window) * 8 * window[0] * (window[1])
    )
    # (m - 1) n and m (n - 1) straight neighbours in both directions, and the diagonal ones.
    m, n = window
    pairs = 2 * ((m - 1) * n + m * (n - 1)) + 4 * (m - 1) * (n - 1)
    assert share_by_loops(window) == Fraction(pairs, 8 * m * n)


@pytest.mark.parametrize("source", ["spot", "digit", "cat"])
def test_without_a_shift_everything_stays(source):
    explorer = shifts.explore_shifts()
    explorer.change(source=source, down=0, right=0)
    found = re.match(r"Not shifted: (\d+) of (\d+) pooled cells stay", sentence(explorer))
    assert found[1] == found[2]
    assert shown(explorer)[0] == shown(explorer)[1]
    assert shown(explorer)[2] == shown(explorer)[3]


def test_changed_cells_are_marked():
    explorer = shifts.explore_shifts()
    explorer.change(right=-1)
    # The 1 leaves the middle window for the one on its left.
    yellow = ImageColor.getrgb(drawing.FILLS[drawing.MARKED])
    levels = decoded(shown(explorer)[3])
    side = (len(levels) - 1) // 5
    marked = [
        (row, column)
        for row in range(5)
        for column in range(5)
        if tuple(levels[row * side + 5, column * side + 5]) == yellow
    ]
    assert marked == [(2, 1), (2, 2)]
    assert "23 of 25 pooled cells stay" in sentence(explorer)
    check(explorer)


def test_the_maximum_stays_in_a_window_that_shrinks():
    explorer = shifts.explore_shifts()
    explorer.controls["pool_rows"].value = 5
    explorer.controls["spot_row"].value = 5
    check(explorer)
    explorer.controls["pool_rows"].value = 2
    assert explorer.settings()["spot_row"] == 2
    check(explorer)


def test_the_same_settings_give_the_same_bytes():
    explorer = shifts.explore_shifts()
    before = everything(explorer)
    explorer.controls["source"].value = "digit"
    assert everything(explorer) != before
    explorer.controls["source"].value = "spot"
    assert everything(explorer) == before


@pytest.mark.parametrize("source", ["digit", "cat"])
@pytest.mark.parametrize("window", [(2, 2), (3, 5)])
def test_pictures_cell_by_cell(source, window):
    explorer = shifts.explore_shifts()
    explorer.change(source=source, pool_rows=window[0], pool_columns=window[1], down=-2, right=3)
    check(explorer)
