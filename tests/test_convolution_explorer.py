"""The convolution explorer: what it shows, pixel by pixel, against SciPy's convolution."""

import math
import re
from functools import cache
from types import SimpleNamespace

from lenet_helpers import filters, gallery, operations, paths, words
from lenet_helpers.explorers import convolution

import numpy
import pytest
from PIL import Image

from tests import oracles
from tests.test_explorers import (
    as_file,
    captions,
    decoded,
    everything,
    frames,
    grid_fields,
    is_impossible,
    is_shown,
    refuse_to_compile,
    sentence,
    shown,
    upload,
    walk,
)

PICTURE = numpy.random.RandomState(0).randint(0, 256, (40, 30, 3)) / 256
MAP = re.compile(r"feature map (\d), (\d+) x (\d+), from (\S+) to (\S+)")
STATE = re.compile(
    r"Rows: (\(?\d+ .*)\. Columns: (\(?\d+ .*)\. (\d+) x (\d+) x (\d+) cells in the feature maps, "
    r"(\d+) x (\d+) x (\d+) x (\d+) = ([\d,]+) weights in the filters\."
)
# How far float32's sums lie from float64's, for each unit in the sum of all weights.
FLOAT32 = 3e-6


# --- The function for the lesson ---


def test_feature_maps_are_the_oracles():
    W, b = filters.random_filters((3, 3, 4, 6))
    images = PICTURE.transpose(2, 0, 1)[numpy.newaxis]
    wanted = oracles.sigmoid(oracles.convolve(images, W) + b.reshape(1, 3, 1, 1))
    found = convolution.feature_maps(PICTURE, 4, 6, n_filters=3)
    numpy.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("border_mode", ["valid", "half", "full"])
@pytest.mark.parametrize("filter_flip", [True, False])
@pytest.mark.parametrize("sides", [(1, 1), (4, 6), (3, 5), (2, 7)])
def test_the_oracle_with_scipy_is_the_one_with_loops(sides, border_mode, filter_flip):
    random = numpy.random.RandomState(0)
    picture, W, b = random.rand(11, 12, 3), random.randn(2, 3, *sides), random.randn(2)
    images, options = picture.transpose(2, 0, 1)[numpy.newaxis], (border_mode, (2, 3), filter_flip)
    wanted = oracles.convolve(images, W, *options)[0] + b.reshape(2, 1, 1)
    found = oracles.feature_maps(picture, W, b, "none", *options)
    numpy.testing.assert_allclose(found, wanted, atol=1e-12)


def test_an_rgba_picture_is_refused_in_words():
    with pytest.raises(ValueError, match="RGBA"):
        convolution.feature_maps(numpy.ones((40, 30, 4)), 3, 3)


# --- The walk ---


def resized(rows, n_rows, n_columns):
    return tuple(
        tuple(
            rows[row][column] if row < len(rows) and column < len(rows[0]) else 0.0
            for column in range(n_columns)
        )
        for row in range(n_rows)
    )


def wanted_filters(now, own):
    """Return the weights and biases that the settings ask for, drawn as the demonstration does."""
    rows, columns = now["filter_rows"], now["filter_columns"]
    if now["filter_name"] == "random":
        random, bound = numpy.random.RandomState(now["seed"]), 1 / math.sqrt(3 * rows * columns)
        W = random.uniform(-bound, bound, (now["n_filters"], 3, rows, columns))
        return W, random.uniform(-0.5, 0.5, now["n_filters"])
    if now["filter_name"] == "own":
        weights = numpy.array(resized(own, min(rows, 7), min(columns, 7)))
    else:
        weights = filters.named_filter(now["filter_name"], rows, columns)
    return numpy.array([[weights / 3] * 3]), numpy.zeros(1)


def wanted_state(now, own, uploaded):
    """Return the picture, the filters and the maps of some settings; None if they can't be."""
    name, sides = now["filter_name"], (now["filter_rows"], now["filter_columns"])
    if now["picture"] == "uploaded" and uploaded is None:
        return None
    if (name, sides[0]) == ("sobel_rows", 1) or (name, sides[1]) == ("sobel_columns", 1):
        return None
    picture = uploaded if now["picture"] == "uploaded" else gallery.LARGE[now["picture"]]()
    W, b = wanted_filters(now, own)
    if now["border_mode"] == "valid" and (
        W.shape[2] > picture.shape[0] or W.shape[3] > picture.shape[1]
    ):
        return None
    maps = oracles.feature_maps(
        picture,
        W,
        b,
        now["activation"],
        now["border_mode"],
        (now["step_rows"], now["step_columns"]),
        now["filter_flip"],
    )
    return SimpleNamespace(picture=picture, W=W, maps=maps)


def check_picture(explorer, picture):
    rows, columns = picture.shape[:2]
    assert captions(explorer)[0] == f"picture, {rows} x {columns}"
    assert numpy.array_equal(decoded(shown(explorer)[0]), numpy.floor(picture * 256))


def check_map(caption, png, number, values, error, is_half):
    """Compare a feature map's caption and all its pixels."""
    found = MAP.fullmatch(caption)
    assert found, caption
    assert [int(found[n]) for n in (1, 2, 3)] == [number, *values.shape]
    for text, extreme in ((found[4], values.min()), (found[5], values.max())):
        # Three digits are shown.
        assert abs(float(text) - extreme) <= 0.00501 * abs(extreme) + error
    if numpy.ptp(values) < 1e-12:
        # An even map: float32 may leave noise, for which the test on even maps is there.
        assert decoded(png).shape == tuple(-(-side // (1 + is_half)) for side in values.shape)
        return
    # Where float32's rounding may reach over the edge of a grey level, the next one is right too.
    least, most = oracles.grey_levels(values, error)
    if is_half:
        least, most = (oracles.block_means(levels, 2) for levels in (least, most))
    levels = decoded(png)
    assert levels.shape == least.shape
    assert (least <= levels).all()
    assert (levels <= most).all()
    # Only where an activation leaves next to nothing of a map are there more than two.
    assert (most - least).max() <= 1 or numpy.ptp(values) < 1000 * error


def check_filter(png, weights):
    """Compare the picture of a filter, cell by cell, with its weights."""
    rows, columns = weights.shape[1:]
    levels, side = decoded(png), max(1, 96 // max(rows, columns))
    assert levels.shape == (rows * side + 2, columns * side + 2, 3)
    largest = abs(weights).max() or 1
    for row, column in numpy.ndindex(rows, columns):
        top, left = 1 + row * side, 1 + column * side
        cell = levels[top : top + side, left : left + side]
        wanted = 256 * (0.5 + weights[:, row, column] / (2 * largest))
        assert (abs(cell - wanted.clip(0, 255)) <= 1).all()
    framed = levels.copy()
    framed[1:-1, 1:-1] = 128
    assert (framed == 128).all()


def check_sentence(text, wanted):
    found = STATE.fullmatch(text)
    assert found, text
    for worked_out, length, cells in zip(
        found.groups(), wanted.picture.shape[:2], wanted.maps.shape[1:], strict=False
    ):
        assert re.match(rf"\(?{length} [+-] ", worked_out)
        assert re.findall(r"\d+", worked_out)[-1] == str(cells)
    assert tuple(map(int, found.groups()[2:5])) == wanted.maps.shape
    assert tuple(map(int, found.groups()[5:9])) == wanted.W.shape
    assert found[10] == f"{wanted.W.size:,}"


def check(explorer, wanted):
    """Compare all that is shown with what SciPy says."""
    W, maps = wanted.W, wanted.maps
    pngs, texts, n_maps = shown(explorer), captions(explorer), len(maps)
    assert len(pngs) == 1 + 2 * n_maps
    check_picture(explorer, wanted.picture)
    for number, values in enumerate(maps):
        error = FLOAT32 * (abs(W[number]).sum() + 0.5)
        place = 1 + number
        check_map(texts[place], pngs[place], number, values, error, n_maps > 2)
        assert texts[1 + n_maps + number] == f"filter {number}"
        check_filter(pngs[1 + n_maps + number], W[number])
    check_sentence(sentence(explorer), wanted)


def check_controls(explorer, own):
    """Compare the controls that follow others: the grid, the ends of sliders, what is disabled."""
    controls, now = explorer.controls, explorer.settings()
    is_own, is_random = now["filter_name"] == "own", now["filter_name"] == "random"
    assert is_shown(controls["own"]) == is_own
    assert controls["filter_rows"].max == controls["filter_columns"].max == (7 if is_own else 31)
    assert controls["n_filters"].disabled == controls["seed"].disabled == (not is_random)
    numpy.testing.assert_allclose(now["own"], own, atol=1e-9)
    if is_own:
        numbers = [field.value for field in grid_fields(controls["own"])]
        assert numbers == [number for row in now["own"] for number in row]


@pytest.fixture
def small_samples(monkeypatch):
    """Put small pictures into the places of the large ones that are computed."""
    random = numpy.random.RandomState(7)
    for name, sides in {"rings": (44, 30), "squares": (37, 61)}.items():
        picture = random.randint(0, 256, (*sides, 3)) / 256
        monkeypatch.setitem(gallery.LARGE, name, lambda picture=picture: picture)
    convolution._sample.cache_clear()
    yield
    convolution._sample.cache_clear()


def start(monkeypatch, picture="cat"):
    """Return an explorer after which nothing may be compiled."""
    # What other tests have compiled must not help.
    for kept in (operations._convolution, operations._activation):
        kept.cache_clear()
    explorer = convolution.explore_convolution(picture)
    refuse_to_compile(monkeypatch)
    return explorer


class Watch:
    """Look at an explorer after every step, knowing what the one before has left."""

    def __init__(self, explorer):
        self.explorer, self.uploaded, self.n_impossible = explorer, None, 0
        self.seen = {name: set() for name in explorer.settings() if name != "upload"}
        self.numbers, self.is_edited = {}, False
        self.own = self.wanted_own(explorer.settings())
        self.remember()

    def wanted_own(self, now):
        """What the grid must hold: numbers once typed stay, others follow the last filter."""
        sides = [min(now[name], 7) for name in ("filter_rows", "filter_columns")]
        if now["filter_name"] != "own":
            if self.is_edited or (now["filter_name"] == "sobel_rows" and sides[0] < 2):
                return self.own
            if now["filter_name"] == "sobel_columns" and sides[1] < 2:
                return self.own
            if now["filter_name"] == "random":
                weights = filters.random_filters((1, 3, *sides), now["seed"])[0][0].sum(axis=0)
            else:
                weights = filters.named_filter(now["filter_name"], *sides)
            self.numbers = {cell: round(x, 3) for cell, x in numpy.ndenumerate(weights)}
        return [[self.numbers.get((i, j), 0) for j in range(sides[1])] for i in range(sides[0])]

    def remember(self):
        now = self.explorer.settings()
        self.last = everything(self.explorer)[:2]
        for name, values in self.seen.items():
            values.add(now[name])

    def look(self, moved):
        now = self.explorer.settings()
        if moved == "own":
            self.is_edited = True
            self.numbers |= dict(numpy.ndenumerate(numpy.array(now["own"])))
        self.own = self.wanted_own(now)
        wanted = wanted_state(now, self.own, self.uploaded)
        if wanted is None:
            assert is_impossible(self.explorer), now
            assert everything(self.explorer)[:2] == self.last
            self.n_impossible += 1
        else:
            check(self.explorer, wanted)
            check_controls(self.explorer, self.own)
        self.remember()


def test_a_walk_through_500_settings(small_samples, monkeypatch):
    explorer = start(monkeypatch, "digit")
    watch, random = Watch(explorer), numpy.random.RandomState(0)
    steps = walk(explorer, random, 500)
    for n_steps, name in enumerate(steps):
        watch.look(name)
        if n_steps % 25 == 24:
            # The smallest ones make large filters impossible.
            levels = random.randint(0, 256, (*random.randint(3, 50, 2), 3))
            watch.uploaded = levels / 256
            upload(explorer, as_file(levels))
            assert explorer.settings()["picture"] == "uploaded"
            watch.look("upload")
        elif n_steps % 4 == 0 and explorer.settings()["picture"] == "cat":
            explorer.controls["picture"].value = "digit"  # the cat's 250,000 pixels take long
            watch.look("picture")
    # The walk came round.
    assert 10 < watch.n_impossible < 250
    found = {name: len(values) for name, values in watch.seen.items()}
    least = {"picture": 4, "filter_name": 8, "border_mode": 3, "activation": 4, "own": 5}
    assert all(found[name] >= number for name, number in least.items()), found
    assert min(found["step_rows"], found["step_columns"], found["n_filters"]) >= 3, found
    assert min(found["filter_rows"], found["filter_columns"]) > 10, found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"filter_rows": 31, "filter_columns": 31, "n_filters": 4},
        {"filter_name": "sobel_rows", "filter_rows": 3, "filter_columns": 3, "step_rows": 2},
        {"filter_name": "blur", "border_mode": "full", "activation": "none"},
    ],
)
def test_the_cat(changes, monkeypatch):
    explorer = start(monkeypatch)
    explorer.change(**changes)
    check(explorer, wanted_state(explorer.settings(), (), None))


def test_the_cat_is_the_file():
    explorer = convolution.explore_convolution()
    cat = numpy.asarray(Image.open(paths.DATA_FOLDER / "cat.jpg").convert("RGB"))
    assert numpy.array_equal(decoded(shown(explorer)[0]), cat)


def test_the_first_view():
    explorer = convolution.explore_convolution()
    assert sentence(explorer) == (
        "Rows: 500 - 9 + 1 = 492. Columns: 500 - 9 + 1 = 492. 2 x 492 x 492 cells in the feature "
        "maps, 2 x 3 x 9 x 9 = 486 weights in the filters."
    )
    assert captions(explorer)[0] == "picture, 500 x 500"
    assert [text[:30] for text in captions(explorer)[1:3]] == [
        "feature map 0, 492 x 492, from",
        "feature map 1, 492 x 492, from",
    ]
    assert captions(explorer)[3:] == ["filter 0", "filter 1"]


def test_large_maps_are_drawn_at_half_their_size_if_there_are_many():
    explorer = convolution.explore_convolution("digit")
    sizes = {}
    for n_filters in (1, 2, 3, 4):
        explorer.controls["n_filters"].value = n_filters
        maps = shown(explorer)[1 : 1 + n_filters]
        (sizes[n_filters],) = {decoded(png).shape for png in maps}
        assert len(frames(explorer)) == 1 + 2 * n_filters
    # 216 cells: 224 - 9 + 1.
    assert sizes == {1: (216, 216), 2: (216, 216), 3: (108, 108), 4: (108, 108)}


def test_going_back_gives_the_same_bytes():
    explorer = convolution.explore_convolution("digit")
    before = everything(explorer)
    other = {"filter_rows": 4, "n_filters": 4, "seed": 1, "border_mode": "full"}
    kept = {name: explorer.settings()[name] for name in other}
    explorer.change(**other)
    assert everything(explorer) != before
    explorer.change(**kept)
    assert everything(explorer) == before


@pytest.mark.parametrize("name", list(filters.NAMED))
def test_number_and_seed_are_for_random_filters_only(name):
    explorer = convolution.explore_convolution("digit")
    controls = explorer.controls
    assert not controls["n_filters"].disabled
    assert not controls["seed"].disabled
    controls["filter_name"].value = name
    assert controls["n_filters"].disabled
    assert controls["seed"].disabled
    assert len(frames(explorer)) == 3
    controls["filter_name"].value = "random"
    assert not controls["n_filters"].disabled
    assert not controls["seed"].disabled


# --- Settings that can't be ---


def check_kept_and_recovers(explorer, break_it, said, mend_it):
    before = everything(explorer)
    break_it()
    wanted = words.IMPOSSIBLE_SETTING.partition("{message}")
    assert sentence(explorer).startswith(wanted[0])
    assert sentence(explorer).endswith(wanted[2])
    assert said in sentence(explorer)
    assert everything(explorer)[:2] == before[:2]
    mend_it()
    assert not is_impossible(explorer)


def test_nothing_is_uploaded_yet():
    explorer = convolution.explore_convolution("digit")
    menu, before = explorer.controls["picture"], everything(explorer)
    check_kept_and_recovers(
        explorer,
        lambda: setattr(menu, "value", "uploaded"),
        words.NOTHING_UPLOADED,
        lambda: setattr(menu, "value", "digit"),
    )
    assert everything(explorer) == before


@pytest.mark.parametrize(
    ("name", "slider"), [("sobel_columns", "filter_columns"), ("sobel_rows", "filter_rows")]
)
def test_a_sobel_filter_needs_two_cells_where_it_measures(name, slider):
    explorer = convolution.explore_convolution("digit")
    explorer.controls["filter_name"].value = name
    side = explorer.controls[slider]
    check_kept_and_recovers(
        explorer,
        lambda: setattr(side, "value", 1),
        words.SOBEL_TOO_SMALL,
        lambda: setattr(side, "value", 2),
    )


def test_a_filter_larger_than_the_uploaded_picture():
    explorer = convolution.explore_convolution("digit")
    content = as_file(numpy.random.RandomState(0).randint(0, 256, (5, 4, 3)))

    def shrink():
        explorer.controls["filter_rows"].value = 5
        assert is_impossible(explorer)
        explorer.controls["filter_columns"].value = 4

    check_kept_and_recovers(
        explorer,
        lambda: upload(explorer, content),
        "A filter of 9 x 9 pixels does not fit into 5 x 4 pixels",
        shrink,
    )
    assert captions(explorer)[0] == "picture, 5 x 4"
    assert "feature map 0, 1 x 1" in captions(explorer)[1]
    explorer.controls["filter_rows"].value = 31
    assert is_impossible(explorer)
    # With zeros around it, the picture is large enough.
    explorer.controls["border_mode"].value = "full"
    assert "feature map 0, 35 x 7" in captions(explorer)[1]


def test_what_follows_a_choice_follows_it_while_the_setting_is_impossible():
    explorer = convolution.explore_convolution("digit")
    upload(explorer, as_file(numpy.full((5, 4, 3), 100)))
    assert is_impossible(explorer)
    explorer.controls["filter_name"].value = "own"
    assert is_impossible(explorer)  # 7 x 7 is too large as well
    # The sentence speaks of 7 x 7: sliders and grid must not show something else.
    assert explorer.controls["filter_rows"].value == 7
    assert is_shown(explorer.controls["own"])


# --- Uploading ---


def test_an_uploaded_picture_is_shown_at_once():
    explorer = convolution.explore_convolution("digit")
    levels = numpy.random.RandomState(0).randint(0, 256, (20, 33, 3))
    upload(explorer, as_file(levels))
    assert explorer.settings()["picture"] == "uploaded"
    check_picture(explorer, levels / 256)
    check(explorer, wanted_state(explorer.settings(), (), levels / 256))
    explorer.controls["picture"].value = "digit"
    assert captions(explorer)[0] == "picture, 224 x 224"
    explorer.controls["picture"].value = "uploaded"
    check_picture(explorer, levels / 256)


def test_another_upload_takes_the_first_ones_place():
    explorer = convolution.explore_convolution("digit")
    random = numpy.random.RandomState(0)
    # The same size twice, then others: arrays are not compared like numbers.
    for sides in [(20, 33), (20, 33), (33, 20), (9, 9)]:
        levels = random.randint(0, 256, (*sides, 3))
        upload(explorer, as_file(levels))
        check_picture(explorer, levels / 256)


def test_a_large_upload_is_made_smaller():
    explorer = convolution.explore_convolution("digit")
    upload(explorer, as_file(numpy.full((300, 1000, 3), 77)))
    assert captions(explorer)[0] == "picture, 150 x 500"


def test_a_file_that_is_no_picture_changes_nothing():
    explorer = convolution.explore_convolution("digit")
    before = everything(explorer)
    upload(explorer, b"no picture", "text.png")
    assert everything(explorer) == before
    assert explorer.settings()["picture"] == "digit"
    said = explorer.controls["upload"].children[1].value
    assert "text.png can&#x27;t be read as a picture" in said


def test_an_upload_is_drawn_once(monkeypatch):
    explorer, calls = convolution.explore_convolution("digit"), []
    draw = explorer.draw
    monkeypatch.setattr(explorer, "draw", lambda **now: calls.append(now) or draw(**now))
    for level in (10, 20):
        calls.clear()
        upload(explorer, as_file(numpy.full((20, 20, 3), level)))
        assert [now["picture"] for now in calls] == ["uploaded"]


# --- The learner's own numbers ---


@cache
def rounded_sobel():
    return tuple(tuple(map(float, row)) for row in filters.named_filter("sobel_rows", 3, 3))


def own_explorer(name="sobel_rows", sides=(3, 3)):
    explorer = convolution.explore_convolution("digit")
    explorer.change(filter_name=name, filter_rows=sides[0], filter_columns=sides[1])
    explorer.controls["filter_name"].value = "own"
    return explorer


def check_own(explorer):
    wanted = wanted_state(explorer.settings(), explorer.settings()["own"], None)
    check(explorer, wanted)
    check_controls(explorer, explorer.settings()["own"])


def test_own_numbers_begin_with_the_last_filters():
    explorer = own_explorer()
    assert explorer.settings()["own"] == rounded_sobel()
    assert [field.value for field in grid_fields(explorer.controls["own"])] == [
        number for row in rounded_sobel() for number in row
    ]
    check_own(explorer)


@pytest.mark.parametrize("name", ["blur", "edges", "sharpen", "emboss"])
def test_own_numbers_are_rounded(name):
    explorer = own_explorer(name, (3, 7))
    exact = filters.named_filter(name, 3, 7)
    found = numpy.array(explorer.settings()["own"])
    assert (found == numpy.round(exact, 3)).all()
    check_own(explorer)


def test_an_edited_cell_changes_the_map():
    explorer = own_explorer()
    for number, value in [(0, 5.0), (4, -2.5), (8, 0.125), (8, -1.0)]:
        before = shown(explorer)
        grid_fields(explorer.controls["own"])[number].value = value
        assert shown(explorer)[1] != before[1]
        assert explorer.settings()["own"][number // 3][number % 3] == value
        check_own(explorer)


def test_sliders_resize_the_grid():
    explorer = own_explorer()
    explorer.controls["filter_rows"].value = 5
    assert explorer.settings()["own"] == (*rounded_sobel(), (0.0,) * 3, (0.0,) * 3)
    explorer.controls["filter_columns"].value = 2
    assert len(grid_fields(explorer.controls["own"])) == 10
    check_own(explorer)
    explorer.controls["filter_rows"].value = 1
    assert explorer.settings()["own"] == (rounded_sobel()[0][:2],)
    check_own(explorer)


def test_typed_numbers_come_back():
    explorer = own_explorer()
    grid_fields(explorer.controls["own"])[8].value = 5.25
    mine = explorer.settings()["own"]
    explorer.controls["filter_rows"].value = 1
    explorer.controls["filter_rows"].value = 3
    assert explorer.settings()["own"] == mine
    explorer.controls["filter_name"].value = "blur"
    explorer.controls["filter_name"].value = "own"
    assert explorer.settings()["own"] == mine
    check_own(explorer)


def test_own_numbers_begin_with_a_large_filter_in_a_size_that_the_grid_can_have():
    explorer = own_explorer("identity", (31, 21))
    wanted = numpy.zeros((7, 7))
    wanted[3, 3] = 1
    assert numpy.array_equal(explorer.settings()["own"], wanted)


def test_an_even_map_keeps_its_value():
    explorer = convolution.explore_convolution("digit")
    levels = numpy.full((9, 9, 3), 128)
    upload(explorer, as_file(levels))
    explorer.change(filter_name="own", filter_rows=1, filter_columns=1, activation="none")
    grid_fields(explorer.controls["own"])[0].value = -1.0
    assert "from -0.5 to -0.5" in captions(explorer)[1]


def test_own_filters_have_at_most_7_x_7_numbers():
    explorer = own_explorer("blur", (7, 3))
    rows = explorer.controls["filter_rows"]
    explorer.controls["filter_name"].value = "blur"
    rows.value = 20
    assert rows.max == 31
    explorer.controls["filter_name"].value = "own"
    assert (rows.max, rows.value) == (7, 7)
    assert "1 x 3 x 7 x 3 = 63 weights" in sentence(explorer)
    check_own(explorer)
    explorer.controls["filter_name"].value = "blur"
    assert (rows.max, rows.value) == (31, 7)
    rows.value = 31
    assert "1 x 3 x 31 x 3 = 279 weights" in sentence(explorer)


def test_a_filter_of_zeros_makes_an_even_map():
    explorer = own_explorer()
    explorer.controls["activation"].value = "none"
    for field in grid_fields(explorer.controls["own"]):
        field.value = 0
    assert captions(explorer)[1] == "feature map 0, 222 x 222, from 0 to 0"
    assert not decoded(shown(explorer)[1]).any()
    assert (decoded(shown(explorer)[2]) == 128).all()


def test_noise_of_float32_is_not_drawn_from_black_to_white():
    explorer = convolution.explore_convolution("digit")
    explorer.controls["activation"].value = "none"
    # Each pixel of the digit is 8 x 8 cells large: 4 rows of a filter, in steps of 4, see no edge.
    explorer.change(filter_name="sobel_rows", filter_rows=4, filter_columns=14)
    explorer.change(step_rows=4, step_columns=4)
    wanted = wanted_state(explorer.settings(), (), None)
    assert abs(wanted.maps).max() < 1e-12
    assert len(set(decoded(shown(explorer)[1]).ravel())) == 1


def test_fields_are_hidden_until_own_numbers_are_chosen():
    explorer = convolution.explore_convolution("digit")
    assert not is_shown(explorer.controls["own"])
    explorer.controls["filter_name"].value = "own"
    assert is_shown(explorer.controls["own"])
    explorer.controls["filter_name"].value = "identity"
    assert not is_shown(explorer.controls["own"])
