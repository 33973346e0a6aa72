"""Every control of the explorers, moved by keyboard and by mouse in a real browser.

What the page shows after each move is computed again here, with NumPy and SciPy; only the letters
in the cells of a grid of numbers are drawn by the course's own code.
"""

import base64
import io
import json
import math
import re
import time
from functools import cache
from itertools import pairwise, product
from typing import NamedTuple

from lenet_helpers import drawing, figures, gallery, words

import numpy
import pytest
from PIL import Image
from playwright.sync_api import expect
from scipy import signal
from scipy.special import binom

from tests import browser as shared
from tests import oracles
from tools import browser as tool

address, browser, page = shared.address, shared.browser, shared.page
pytestmark = shared.needs_chromium

EXPLORERS = {
    "convolution": "lenet_helpers.explorers.convolution.explore_convolution",
    "window": "lenet_helpers.explorers.window.explore_window",
    "flip": "lenet_helpers.explorers.window.explore_filter_flip",
    "pooling": "lenet_helpers.explorers.pooling.explore_pooling",
    "shifts": "lenet_helpers.explorers.shifts.explore_shifts",
}
CELL = """\
from {module} import {function}
{name} = {function}()
first_{name} = {name}.settings()
first_{name}.pop("upload", None)
{name}
"""
FORGET = """\
if "upload" in {name}.controls:
    {name}.controls["upload"].value = None
"""
BEGIN = """\
import json
{name}.change(**first_{name} | {given})
print(json.dumps(first_{name}))
"""
SEED = 23455


# --- What the explorers must show, computed apart ---


class Grid(NamedTuple):
    """A grid of numbers: what its cells are filled with, and the frames around some.

    Without frames only sizes and colours are compared.
    """

    values: numpy.ndarray
    fills: numpy.ndarray
    frames: tuple | None = ()


class Shown(NamedTuple):
    """What an explorer must show: parts of its sentence and of its captions, and pictures."""

    parts: list
    pictures: list
    captions: tuple = ()


def plain(values):
    return Grid(values, numpy.full(values.shape, drawing.PLAIN))


def in_words(value):
    return str(int(value)) if float(value).is_integer() else f"{value:.3g}"


def filled_up(numbers, rows, columns):
    result = numpy.zeros((rows, columns))
    for row, column in product(range(rows), range(columns)):
        if row < len(numbers) and column < len(numbers[0]):
            result[row, column] = numbers[row][column]
    return result


def sobel(rows, columns):
    smooth = binom(rows - 1, numpy.arange(rows))
    change = numpy.array([1.0, -1.0])
    for _ in range(columns - 2):
        change = numpy.convolve(change, [1, 1])
    weights = numpy.outer(smooth, change)
    return 8 * weights / abs(weights).sum()


def emboss(rows, columns):
    slope = -(numpy.arange(rows)[:, None] + numpy.arange(columns)).astype(float)
    slope -= slope.mean()
    return 8 * slope / abs(slope).sum() + identity(rows, columns)


def identity(rows, columns):
    weights = numpy.zeros((rows, columns))
    weights[rows // 2, columns // 2] = 1
    return weights


def blur(rows, columns):
    return numpy.ones((rows, columns)) / (rows * columns)


FILTERS = {
    "identity": identity,
    "blur": blur,
    "sharpen": lambda *shape: 2 * identity(*shape) - blur(*shape),
    "edges": lambda *shape: identity(*shape) - blur(*shape),
    "sobel_rows": lambda rows, columns: sobel(columns, rows).T,
    "sobel_columns": sobel,
    "emboss": emboss,
}


def weights_of(settings):
    shape = settings["filter_rows"], settings["filter_columns"]
    if settings["filter_name"] == "own":
        return filled_up(settings["own"], *shape)
    return FILTERS[settings["filter_name"]](*shape)


def small_weights_of(settings):
    if settings["filter_name"] != "random":
        return weights_of(settings)
    shape = settings["filter_rows"], settings["filter_columns"]
    return numpy.random.RandomState(SEED).randint(-2, 3, shape).astype(float)


def padded(picture, shape, border_mode):
    zeros = {"valid": lambda n: 0, "half": lambda n: n // 2, "full": lambda n: n - 1}[border_mode]
    return numpy.pad(picture, [(zeros(side), zeros(side)) for side in shape])


def convolved(picture, weights, settings):
    applied = weights if settings.get("filter_flip", True) else weights[::-1, ::-1]
    whole = padded(picture, weights.shape, settings.get("border_mode", "valid"))
    steps = settings.get("step_rows", 1), settings.get("step_columns", 1)
    return signal.convolve(whole, applied, "valid")[:: steps[0], :: steps[1]]


ACTIVATIONS = {
    "none": lambda sums: sums,
    "sigmoid": oracles.sigmoid,
    "tanh": numpy.tanh,
    "relu": lambda sums: sums.clip(0, None),
}


def random_filters(n_filters, rows, columns, seed):
    generator = numpy.random.RandomState(seed)
    bound = 1 / math.sqrt(3 * rows * columns)
    W = generator.uniform(-bound, bound, (n_filters, 3, rows, columns))
    return W, generator.uniform(-0.5, 0.5, n_filters)


def greys(values):
    spread = values.max() - values.min()
    return numpy.floor((values - values.min()) * (255 / spread if spread else 0))


def halved(levels):
    """The mean of two by two pixels; of one or two where the number of pixels is odd."""
    rows, columns = levels.shape
    even = numpy.pad(levels, [(0, rows % 2), (0, columns % 2)], constant_values=numpy.nan)
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    return numpy.nanmean(blocks, axis=(1, 3))


def filter_picture(weights):
    rows, columns = weights.shape[1:]
    levels = 128 + 128 * weights.transpose(1, 2, 0) / abs(weights).max()
    times = 96 // max(rows, columns)
    large = numpy.kron(levels, numpy.ones((times, times, 1)))
    frame = numpy.full((large.shape[0] + 2, large.shape[1] + 2, 3), 128.0)
    frame[1:-1, 1:-1] = large
    return frame.clip(0, 255)


@cache
def large_picture(name):
    if name == "cat":
        return numpy.asarray(Image.open(tool.ROOT / "data" / "cat.jpg").convert("RGB")) / 256
    return gallery.large_picture(name)


def feature_maps(picture, settings):
    shape = settings["filter_rows"], settings["filter_columns"]
    if settings["filter_name"] == "random":
        W, b = random_filters(settings["n_filters"], *shape, settings["seed"])
    else:
        W, b = numpy.stack([weights_of(settings)] * 3)[None] / 3, [0]
    activate = ACTIVATIONS[settings["activation"]]
    maps = [
        activate(sum(convolved(picture[:, :, n], weights[n], settings) for n in range(3)) + biases)
        for weights, biases in zip(W, b, strict=True)
    ]
    return W, maps


def convolution_shown(settings, upload=None):
    picture = large_picture(settings["picture"]) if upload is None else upload / 256
    W, maps = feature_maps(picture, settings)
    drawn = [greys(values) for values in maps]
    if len(maps) > 2:
        drawn = [halved(levels) for levels in drawn]
    pictures = [picture * 256, *drawn, *map(filter_picture, W)]
    rows, columns = maps[0].shape
    parts = [
        f"= {rows}. Columns",
        f"{len(maps)} x {rows} x {columns} cells",
        " x ".join(map(str, W.shape)) + f" = {W.size:,} weights",
    ]
    if settings["step_rows"] > 1:
        parts[0] = f"{rows}. Columns"
    captions = [f"{picture.shape[0]} x {picture.shape[1]}"]
    captions += [f"map {n}, {rows} x {columns}, from" for n in range(len(maps))]
    return Shown(parts, pictures, (*captions, *(f"filter {n}" for n in range(len(maps)))))


def window_shown(settings):
    picture = gallery.small_picture(settings["picture"])
    weights = small_weights_of(settings)
    result = convolved(picture, weights, settings)
    rows, columns = result.shape
    row, column = divmod(min(settings["position"], result.size - 1), columns)
    whole = padded(picture, weights.shape, settings["border_mode"])
    outside = padded(numpy.ones(picture.shape), weights.shape, settings["border_mode"]) == 0
    top, left = row * settings["step_rows"], column * settings["step_columns"]
    patch = whole[top : top + len(weights), left : left + len(weights[0])]
    applied = weights[::-1, ::-1] if settings["filter_flip"] else weights
    marked = numpy.full(result.shape, drawing.PLAIN)
    marked[row, column] = drawing.MARKED
    total = in_words(round((patch * applied).sum(), 9))
    terms = " + ".join(
        f"{in_words(pixel)} x " + (f"({in_words(weight)})" if weight < 0 else in_words(weight))
        for pixel, weight in zip(patch.ravel(), applied.ravel(), strict=True)
    )
    if weights.size > 9:
        terms = f"{weights.size} products"
    parts = [
        f"Row {row + 1}, column {column + 1} of {rows} x {columns} cells",
        f"{terms} = {total};",
        f"cell is {total}.",
    ]
    frame = (top, left, *weights.shape, figures.RED)
    fills = numpy.where(outside, drawing.PADDING, drawing.PLAIN)
    pictures = [
        Grid(whole, fills, (frame,)),
        Grid(result.round(9), marked),
        plain(patch),
        plain(applied),
        plain(patch * applied),
    ]
    turned = "filter, turned" if settings["filter_flip"] else "filter, not turned"
    return Shown(parts, pictures, ("picture", "feature map", "patch", turned, "products"))


def flip_shown(settings):
    picture = gallery.small_picture(settings["picture"])
    weights = small_weights_of(settings)
    maps = [convolved(picture, applied, {}) for applied in (weights, weights[::-1, ::-1])]
    differs = abs(maps[0] - maps[1]) > 1e-3
    fills = numpy.where(differs, drawing.MARKED, drawing.PLAIN)
    grids = [Grid(values.round(9), fills) for values in maps]
    parts = [f"differ in {differs.sum()} of {differs.size} cells"]
    pictures = [plain(picture), plain(weights), plain(weights[::-1, ::-1]), *grids]
    return Shown(parts, pictures)


@cache
def cat_maps():
    settings = {"filter_name": "random", "filter_rows": 9, "filter_columns": 9, "n_filters": 2}
    settings |= {"seed": SEED, "activation": "sigmoid"}
    maps = feature_maps(large_picture("cat"), settings)[1]
    return numpy.asarray(maps, dtype="float32").astype("float64")


def pooling_map(settings):
    if settings["source"].startswith("cat"):
        return cat_maps()[int(settings["source"][-1])]
    shape = settings["map_rows"], settings["map_columns"]
    if settings["source"] == "random":
        return numpy.random.RandomState(settings["seed"]).randint(0, 10, shape).astype(float)
    if settings["source"] == "own":
        return filled_up(settings["own"], *shape)
    return numpy.random.RandomState(1).rand(3, 2, 5, 5)[int(settings["source"] == "second"), 0]


def pooling_shown(settings):
    values = pooling_map(settings)
    window = settings["pool_rows"], settings["pool_columns"]
    stride = settings["stride_rows"], settings["stride_columns"]
    stride = window if settings["stride_is_window"] else stride
    border, mode = settings["ignore_border"], settings["mode"]
    results = {keep: oracles.pool(values, window, keep, stride, mode) for keep in (True, False)}
    rows, columns = results[border].shape
    row, column = divmod(min(settings["position"], rows * columns - 1), columns)
    places = list(
        product(*map(oracles.window_starts, values.shape, window, stride, (border, border)))
    )
    fills = numpy.full(values.shape, drawing.LOST)
    winners = numpy.zeros(values.shape, dtype=bool)
    for top, left in places:
        part = slice(top, top + window[0]), slice(left, left + window[1])
        fills[part] = drawing.PLAIN
        winners[part] |= values[part] == values[part].max()
    n_lost = (fills == drawing.LOST).sum()
    if mode == "max":
        fills[winners] = drawing.WINNER
    value = in_words(results[border][row, column])
    parts = [
        f"With {border}, {n_lost:,} of {values.size:,} cells",
        f"row {row + 1}, column {column + 1}: {value}.",
    ]
    captions = [f"ignore_border={border}"]
    if max(values.shape) > 10:
        lost = (fills == drawing.LOST)[..., None]
        pictures = [numpy.where(lost, (230, 159, 0), greys(values)[..., None])]
        start = [
            min(max(n * step - 3, 0), side - 10)
            for n, step, side in zip((row, column), stride, values.shape, strict=True)
        ]
        part = tuple(slice(first, first + 10) for first in start)
        pictures.append(Grid(values[part], fills[part], None))
        top, left = start
        captions.append(f"rows {top + 1} to {top + 10}, columns {left + 1} to {left + 10}")
    else:
        parts.append(f"{winners.sum()} win theirs" if mode == "max" else "(hatched). ")
        frames = []
        if stride[0] >= window[0] and stride[1] >= window[1]:
            frames = [(*place, figures.BLUE) for place in places]
        frames.append((*places[row * columns + column], figures.RED))
        frames = [
            (
                top,
                left,
                min(window[0], len(values) - top),
                min(window[1], len(values[0]) - left),
                c,
            )
            for top, left, c in frames
        ]
        pictures = [Grid(values, fills, tuple(frames))]
    for keep, result in results.items():
        captions.append(f"ignore_border={keep}: {result.shape[0]} x {result.shape[1]}")
        if max(result.shape) > 10:
            pictures.append(greys(result))
            continue
        marks = numpy.full(result.shape, drawing.PLAIN)
        if keep == border:
            marks[row, column] = drawing.MARKED
        pictures.append(Grid(result, marks))
    return Shown(parts, pictures, tuple(captions))


def shifted(values, down, right):
    result = numpy.empty_like(values)
    last_row, last_column = values.shape[0] - 1, values.shape[1] - 1
    for row, column in numpy.ndindex(*values.shape):
        result[row, column] = values[
            min(max(row - down, 0), last_row), min(max(column - right, 0), last_column)
        ]
    return result


def spot(window, row, column):
    # Wherever a shift by 3 moves the maximum, it stays on the map.
    around = [-(-3 // side) for side in window]
    values = numpy.zeros([(2 * n + 1) * side for n, side in zip(around, window, strict=True)])
    values[around[0] * window[0] + row, around[1] * window[1] + column] = 1
    return values


@cache
def stays(window, source, *place):
    """Of the 8 shifts by one pixel, the pooled cells that keep their value."""
    values = shift_map(source, window, place)
    shifts = numpy.stack(
        [shifted(values, *by) for by in product((-1, 0, 1), repeat=2) if by != (0, 0)]
    )
    return oracles.max_pool(shifts, window, True) == oracles.max_pool(values, window, True)


def shift_map(source, window, place=(0, 0)):
    if source == "spot":
        return spot(window, *place)
    return gallery.digit_map() if source == "digit" else cat_maps()[0][100:160, 120:180]


def shifts_shown(settings):
    window = settings["pool_rows"], settings["pool_columns"]
    down, right = settings["down"], settings["right"]
    place = settings["spot_row"] - 1, settings["spot_column"] - 1
    place = tuple(min(at, side - 1) for at, side in zip(place, window, strict=True))
    before = shift_map(settings["source"], window, place)
    after = shifted(before, down, right)
    pooled = [oracles.max_pool(values, window, True) for values in (before, after)]
    changed = pooled[0] != pooled[1]
    parts = [
        f"{abs(down)} {'up' if down < 0 else 'down'} and {abs(right)} to the "
        f"{'left' if right < 0 else 'right'}"
        if down or right
        else "Not shifted",
        f": {(~changed).sum()} of {changed.size} pooled cells",
    ]
    cells = list(product(range(window[0]), range(window[1])))
    kept = sum(int(stays(window, "spot", *cell).all(axis=(1, 2)).sum()) for cell in cells)
    if settings["source"] == "spot":
        parts.append(f"{kept} of {8 * len(cells)} leave the whole")
        parts.append(f"{kept / (8 * len(cells)):.4f}")
        frames = [
            (top * window[0], left * window[1], *window, figures.BLUE)
            for top, left in numpy.ndindex(pooled[0].shape)
        ]
        marks = numpy.where(changed, drawing.MARKED, drawing.PLAIN)
        pictures = [plain(before)._replace(frames=frames), plain(after)._replace(frames=frames)]
        return Shown(parts, [*pictures, plain(pooled[0]), Grid(pooled[1], marks)])
    parts.append(f"{100 * stays(window, settings['source']).mean():.1f} % of the pooled")
    levels = [numpy.stack([greys(values)] * 3, axis=2) for values in (before, after, *pooled)]
    levels[3][changed] = (levels[3][changed] + (255, 226, 122)) / 2
    times = [240 // max(values.shape) for values in levels]
    enlarged = [
        numpy.kron(values, numpy.ones((n, n, 1))) for values, n in zip(levels, times, strict=True)
    ]
    return Shown(parts, enlarged)


SHOWN = {
    "convolution": convolution_shown,
    "window": window_shown,
    "flip": flip_shown,
    "pooling": pooling_shown,
    "shifts": shifts_shown,
}


# --- What the page shows ---


class Driver:
    """An explorer in the page: its controls by their labels, its pictures and its sentence."""

    explorers = EXPLORERS

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.box, self.settings = None, {}

    def begin(self, **given):
        """Bring the explorer into view, with its first settings but for those given."""
        self.box = tool.show_cell(self.page, list(self.explorers).index(self.name))
        self.run(FORGET.format(name=self.name))
        answer = self.run(BEGIN.format(name=self.name, given=given))
        self.settings = json.loads(answer) | given
        return self

    def run(self, code):
        """Run code in the kernel, and return what it prints."""
        return tool.run_in_kernel(self.page, code)

    def has(self, upload=None, **changes):
        """Wait until the page shows the settings with these changes, and keep them."""
        self.settings |= changes
        settings = dict(self.settings)
        compute = SHOWN[self.name]
        wanted = compute(settings) if upload is None else compute(settings, upload)
        deadline = time.monotonic() + shared.PATIENCE_SECONDS
        while (problem := self.difference(wanted)) is not None:
            assert time.monotonic() < deadline, f"{changes}: {problem}"
            self.page.wait_for_timeout(20)

    def difference(self, wanted):
        """Return what the page shows differently, or None."""
        said = self.sentence.inner_text()
        missing = [part for part in wanted.parts if part not in said]
        if missing:
            return f"{missing} is not in {said!r}"
        pictures = self.pictures()
        if pictures is None or len(pictures) != len(wanted.pictures):
            return f"{pictures and len(pictures)} pictures, not {len(wanted.pictures)}"
        for number, caption in enumerate(wanted.captions):
            if caption not in pictures[number][0]:
                return f"caption {pictures[number][0]!r} without {caption!r}"
        for number, (picture, (_, found)) in enumerate(
            zip(wanted.pictures, pictures, strict=True)
        ):
            compare = grid_difference if isinstance(picture, Grid) else level_difference
            problem = compare(picture, found)
            if problem:
                return f"picture {number}: {problem}"
        return None

    def pictures(self):
        """Return (caption, pixels) of each picture in the page; None while one is exchanged."""
        encoded = self.box.evaluate(
            """async box => {
                const pictures = [...box.querySelectorAll("img")].map(async image => {
                    const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
                    const text = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
                    return [image.closest(".widget-vbox").innerText, btoa(text)];
                });
                try { return await Promise.all(pictures); } catch (error) { return null; }
            }"""
        )
        if encoded is None:
            return None
        return [
            (caption, numpy.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")))
            for caption, png in encoded
        ]

    @property
    def sentence(self):
        return self.box.get_by_role("status").last

    def sources(self):
        return self.box.locator("img").evaluate_all("images => images.map(image => image.src)")

    def container(self, label):
        text = self.page.get_by_text(label, exact=True)
        return self.box.locator(".widget-hslider").filter(has=text)

    def handle(self, label):
        return self.container(label).get_by_role("slider")

    def place(self, label, value):
        """Return where on the page a slider's value lies."""
        handle = self.handle(label)
        handle.scroll_into_view_if_needed()
        low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
        box = self.container(label).locator(".noUi-base").bounding_box()
        share = (value - low) / (high - low)
        # Just inside the ends, which have round corners.
        across = min(max(share * box["width"], 1), box["width"] - 1)
        return box["x"] + across, box["y"] + box["height"] / 2

    def choice(self, label, text):
        group = self.box.locator(".widget-toggle-buttons")
        group = group.filter(has=self.page.get_by_text(label, exact=True))
        return group.get_by_role("button", name=text, exact=True)

    def control(self, label):
        return self.box.get_by_label(label, exact=True)

    def button(self, name):
        return self.box.get_by_role("button", name=name, exact=True)

    def click_picture(self, number, right, down):
        """Click into a picture, at fractions of its width and height."""
        image = self.box.locator("img").nth(number)
        image.scroll_into_view_if_needed()
        box = image.bounding_box()
        self.page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])

    def upload(self, path, content):
        path.write_bytes(content)
        with self.page.expect_file_chooser() as chooser:
            self.box.get_by_role("button", name=words.LABEL_UPLOAD).click()
        chooser.value.set_files(path)


def level_difference(wanted, found):
    if found.shape[:2] != wanted.shape[:2]:
        return f"{found.shape} pixels, not {wanted.shape}"
    wanted = wanted.reshape(*wanted.shape[:2], -1)
    off = numpy.abs(numpy.floor(wanted).clip(0, 255) - found).max()
    return None if off <= 1 else f"{off} grey levels off"


def grid_difference(wanted, found):
    rows, columns = wanted.values.shape
    height, width = drawing.CELL_HEIGHT, (found.shape[1] - 1) // columns
    if found.shape != (rows * height + 1, columns * width + 1, 3):
        return f"{found.shape} pixels for {rows} x {columns} cells"
    # Beside the number, and inside the frames.
    colours = found[5::height, 5::width][:rows, :columns]
    of_fills = numpy.array(
        [[int(fill[n : n + 2], 16) for n in (1, 3, 5)] for fill in drawing.FILLS]
    )
    if (colours != of_fills[wanted.fills]).any():
        return "other colours in the cells"
    hatched = (found[4::height, 4::width][:rows, :columns] != colours).any(axis=2)
    if (hatched != (wanted.fills == drawing.LOST)).any():
        return "other cells are hatched"
    if wanted.frames is None:
        return None
    drawn = drawing.from_png(drawing.number_grid(*wanted))
    return None if numpy.array_equal(drawn, found) else "other numbers or frames"


# --- The page ---


def cells_of(explorers):
    """Return the cells of a notebook with one explorer a cell."""
    paths = {name: path.rsplit(".", 1) for name, path in explorers.items()}
    return [
        CELL.format(module=module, function=function, name=name).strip()
        for name, (module, function) in paths.items()
    ]


@pytest.fixture(scope="module")
def open_notebook(browser, address):
    cells = cells_of(EXPLORERS)
    with shared.open_cells(browser, address, cells) as page:
        yield page


@pytest.fixture
def explorer(page):
    """A function that brings an explorer to its first settings, but for those given."""
    return lambda name, **given: Driver(page, name).begin(**given)


# --- Every control, by keyboard and by mouse ---

FREE_STRIDE = {"stride_is_window": False}
# (explorer, setting, label, value to click on, settings given besides)
SLIDERS = [
    ("convolution", "filter_rows", words.LABEL_FILTER_ROWS, 31, {}),
    ("convolution", "filter_columns", words.LABEL_FILTER_COLUMNS, 4, {}),
    ("convolution", "n_filters", words.LABEL_N_FILTERS, 4, {"filter_rows": 8}),
    ("convolution", "step_rows", words.LABEL_STEP_ROWS, 4, {}),
    ("convolution", "step_columns", words.LABEL_STEP_COLUMNS, 3, {"border_mode": "half"}),
    ("window", "filter_rows", words.LABEL_FILTER_ROWS, 5, {}),
    ("window", "filter_columns", words.LABEL_FILTER_COLUMNS, 2, {}),
    ("window", "step_rows", words.LABEL_STEP_ROWS, 3, {}),
    ("window", "step_columns", words.LABEL_STEP_COLUMNS, 2, {"border_mode": "full"}),
    ("window", "position", words.LABEL_POSITION, 35, {}),
    ("flip", "filter_rows", words.LABEL_FILTER_ROWS, 1, {}),
    ("flip", "filter_columns", words.LABEL_FILTER_COLUMNS, 5, {}),
    ("pooling", "map_rows", words.LABEL_MAP_ROWS, 10, {"source": "random"}),
    ("pooling", "map_columns", words.LABEL_MAP_COLUMNS, 7, {"source": "random"}),
    ("pooling", "pool_rows", words.LABEL_POOL_ROWS, 5, {}),
    ("pooling", "pool_columns", words.LABEL_POOL_COLUMNS, 4, {}),
    ("pooling", "stride_rows", words.LABEL_STRIDE_ROWS, 4, FREE_STRIDE),
    ("pooling", "stride_columns", words.LABEL_STRIDE_COLUMNS, 5, FREE_STRIDE),
    ("pooling", "position", words.LABEL_POOLED_CELL, 3, {}),
    ("shifts", "pool_rows", words.LABEL_POOL_ROWS, 5, {}),
    ("shifts", "pool_columns", words.LABEL_POOL_COLUMNS, 1, {}),
    ("shifts", "spot_row", words.LABEL_SPOT_ROW, 2, {}),
    ("shifts", "spot_column", words.LABEL_SPOT_COLUMN, 2, {}),
    ("shifts", "down", words.LABEL_SHIFT_DOWN, -3, {}),
    ("shifts", "right", words.LABEL_SHIFT_RIGHT, 3, {"source": "digit"}),
]
SIDE_BY_SIDE, FLIP = words.LABEL_STRIDE_IS_WINDOW, words.LABEL_FILTER_FLIP
# (explorer, setting, label, settings given besides); all are ticked at first
CHECKBOXES = [
    ("convolution", "filter_flip", FLIP, {"filter_name": "emboss", "filter_rows": 4}),
    ("window", "filter_flip", FLIP, {}),
    ("pooling", "stride_is_window", SIDE_BY_SIDE, {}),
    ("pooling", "ignore_border", words.LABEL_IGNORE_BORDER, {}),
]
LARGE_PICTURES = {
    words.PICTURE_RINGS: "rings",
    words.PICTURE_SQUARES: "squares",
    words.PICTURE_DIGIT: "digit",
    words.PICTURE_CAT: "cat",
}
SMALL_PICTURES = {
    words.PICTURE_CROSS: "cross",
    words.PICTURE_EDGE: "edge",
    words.PICTURE_RING: "ring",
    words.PICTURE_RAMP: "ramp",
    words.PICTURE_DOT: "dot",
}
FILTER_NAMES = {
    words.FILTER_IDENTITY: "identity",
    words.FILTER_BLUR: "blur",
    words.FILTER_SHARPEN: "sharpen",
    words.FILTER_EDGES: "edges",
    words.FILTER_SOBEL_ROWS: "sobel_rows",
    words.FILTER_SOBEL_COLUMNS: "sobel_columns",
    words.FILTER_EMBOSS: "emboss",
    words.FILTER_RANDOM: "random",
}
BORDER_MODES = {name: name for name in ("half", "full", "valid")}
ACTIVATION_NAMES = {name: name for name in ("none", "sigmoid", "tanh", "relu")}
POOLING_MAPS = {
    words.MAP_SECOND: "second",
    words.MAP_RANDOM: "random",
    words.MAP_CAT.format(number=0): "cat0",
    words.MAP_CAT.format(number=1): "cat1",
    words.MAP_FIRST: "first",
}
MODES = {name: name for name in ("average", "max")}
SHIFTED_MAPS = {
    words.PICTURE_DIGIT: "digit",
    words.MAP_CAT.format(number=0): "cat",
    words.SHIFT_SPOT: "spot",
}
# (explorer, setting, label, choices in the order in which they are tried)
CHOICES = [
    ("convolution", "picture", words.LABEL_PICTURE, LARGE_PICTURES),
    ("convolution", "filter_name", words.LABEL_FILTER, FILTER_NAMES),
    ("convolution", "border_mode", words.LABEL_BORDER_MODE, BORDER_MODES),
    ("convolution", "activation", words.LABEL_ACTIVATION, ACTIVATION_NAMES),
    ("window", "picture", words.LABEL_PICTURE, SMALL_PICTURES),
    ("window", "filter_name", words.LABEL_FILTER, FILTER_NAMES),
    ("window", "border_mode", words.LABEL_BORDER_MODE, BORDER_MODES),
    ("flip", "picture", words.LABEL_PICTURE, SMALL_PICTURES),
    ("flip", "filter_name", words.LABEL_FILTER, FILTER_NAMES),
    ("pooling", "source", words.LABEL_MAP, POOLING_MAPS),
    ("pooling", "mode", words.LABEL_MODE, MODES),
    ("shifts", "source", words.LABEL_MAP, SHIFTED_MAPS),
]

# (explorer, setting, label, largest value, what makes it larger than at first)
GROWN = [
    ("window", "position", words.LABEL_POSITION, 99, {"border_mode": "full"}),
    ("pooling", "position", words.LABEL_POOLED_CELL, 24, {"pool_rows": 1, "pool_columns": 1}),
    ("shifts", "spot_row", words.LABEL_SPOT_ROW, 5, {"pool_rows": 5}),
]


def name_of(value):
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_opens(explorer, name):
    explorer(name).has()


@pytest.mark.parametrize(("name", "setting", "label", "value", "given"), SLIDERS, ids=name_of)
def test_a_slider_by_keyboard(explorer, name, setting, label, value, given):
    driver = explorer(name, **given)
    before = driver.settings[setting]
    handle = driver.handle(label)
    handle.focus()
    handle.press("ArrowRight")
    driver.has(**{setting: before + 1})
    handle.press("ArrowLeft")
    driver.has(**{setting: before})
    expect(handle).to_be_focused()


@pytest.mark.parametrize(("name", "setting", "label", "value", "given"), SLIDERS, ids=name_of)
def test_a_slider_by_mouse(explorer, name, setting, label, value, given):
    driver = explorer(name, **given)
    driver.page.mouse.click(*driver.place(label, value))
    driver.has(**{setting: value})


@pytest.mark.parametrize(("name", "setting", "label", "last", "given"), GROWN, ids=name_of)
def test_end_is_the_last_value_after_the_range_has_grown(
    explorer, name, setting, label, last, given
):
    driver = explorer(name, **given)
    handle = driver.handle(label)
    expect(handle).to_have_attribute("aria-valuemax", f"{last}.0")
    handle.press("End")
    driver.has(**{setting: last})
    expect(handle).to_be_focused()
    handle.press("Home")
    driver.has(**{setting: int(setting != "position")})


def test_a_slider_is_dragged(explorer):
    driver = explorer("window")
    driver.page.mouse.move(*driver.place(words.LABEL_POSITION, 7))
    driver.page.mouse.down()
    for position in (12, 20, 28):
        driver.page.mouse.move(*driver.place(words.LABEL_POSITION, position))
    driver.has(position=28)
    driver.page.mouse.up()
    driver.has(position=28)


def test_a_sliders_number_is_typed(explorer):
    driver = explorer("window")
    number = driver.container(words.LABEL_POSITION).locator(".widget-readout")
    number.click()
    driver.page.keyboard.press("Control+A")
    driver.page.keyboard.type("22")
    driver.page.keyboard.press("Enter")
    driver.has(position=22)


@pytest.mark.parametrize(("name", "setting", "label", "given"), CHECKBOXES, ids=name_of)
def test_a_checkbox(explorer, name, setting, label, given):
    driver = explorer(name, **given)
    box = driver.control(label)
    box.focus()
    box.press("Space")
    driver.has(**{setting: False})
    driver.box.get_by_text(label, exact=True).click()
    driver.has(**{setting: True})
    box.click()
    driver.has(**{setting: False})


@pytest.mark.parametrize(("name", "setting", "label", "choices"), CHOICES, ids=name_of)
def test_a_choice_by_mouse(explorer, name, setting, label, choices):
    given = {"filter_rows": 3, "filter_columns": 4} if name == "convolution" else {}
    driver = explorer(name, **given)
    for text, value in choices.items():
        driver.choice(label, text).click()
        driver.has(**{setting: value})


@pytest.mark.parametrize(("name", "setting", "label", "choices"), CHOICES, ids=name_of)
def test_a_choice_by_keyboard(explorer, name, setting, label, choices):
    driver = explorer(name)
    (first, value), *_, (last, last_value) = choices.items()
    driver.choice(label, first).focus()
    driver.page.keyboard.press("Space")
    driver.has(**{setting: value})
    driver.choice(label, last).focus()
    driver.page.keyboard.press("Enter")
    driver.has(**{setting: last_value})
    expect(driver.choice(label, last)).to_be_focused()


@pytest.mark.parametrize(
    ("name", "before", "given"),
    [("convolution", SEED, {}), ("pooling", 1, {"source": "random"})],
    ids=name_of,
)
def test_a_seed(explorer, name, before, given):
    driver = explorer(name, **given)
    field = driver.control(words.LABEL_SEED)
    field.focus()
    field.press("ArrowUp")
    driver.has(seed=before + 1)
    field.click()
    driver.page.keyboard.press("Control+A")
    driver.page.keyboard.type("7")
    driver.page.keyboard.press("Enter")
    driver.has(seed=7)


# --- Numbers of the learner's own ---


@pytest.mark.parametrize("name", ["convolution", "window", "flip"])
def test_a_filter_of_ones_own(explorer, name):
    driver = explorer(name, filter_name="emboss", filter_rows=3, filter_columns=3)
    driver.choice(words.LABEL_FILTER, words.FILTER_OWN).click()
    own = [[2, 1, 0], [1, 1, -1], [0, -1, -2]]
    driver.has(filter_name="own", own=own)
    own = type_cells(driver, own)
    # The grid follows the sliders.
    driver.handle(words.LABEL_FILTER_COLUMNS).press("ArrowRight")
    driver.has(filter_columns=4)
    expect(driver.control("row 3, column 4")).to_have_value("0")


def test_a_map_of_ones_own(explorer):
    driver = explorer("pooling")
    driver.choice(words.LABEL_MAP, words.MAP_OWN).click()
    own = pooling_map(driver.settings).round(3).tolist()
    driver.has(source="own", own=own)
    type_cells(driver, own)
    driver.handle(words.LABEL_MAP_ROWS).press("ArrowLeft")
    driver.has(map_rows=4)
    expect(driver.control("row 5, column 1")).to_be_hidden()


def type_cells(driver, own):
    """Change one number by keyboard and one after a click; return them all."""
    own = [list(row) for row in own]
    expect(driver.control(f"row {len(own)}, column {len(own[0])}")).to_be_visible()
    driver.control("row 1, column 1").focus()
    driver.page.keyboard.press("Tab")
    expect(driver.control("row 1, column 2")).to_be_focused()
    driver.page.keyboard.press("Control+A")
    driver.page.keyboard.type("-3.5")
    driver.page.keyboard.press("Enter")
    own[0][1] = -3.5
    driver.has(own=own)
    driver.control("row 2, column 2").click()
    driver.page.keyboard.press("Control+A")
    driver.page.keyboard.type("4")
    driver.page.keyboard.press("Tab")
    own[1][1] = 4
    driver.has(own=own)
    return own


# --- Clicks on pictures ---


def test_every_cell_of_the_map_shows_its_window(explorer):
    driver = explorer("window")
    for row, column in product(range(6), repeat=2):
        driver.click_picture(1, (column + 0.5) / 6, (row + 0.5) / 6)
        driver.has(position=6 * row + column)


def test_other_pictures_do_not_move_the_window(explorer):
    driver = explorer("window")
    for number in (0, 2, 3, 4):
        driver.click_picture(number, 0.9, 0.9)
    driver.handle(words.LABEL_POSITION).press("ArrowRight")
    driver.has(position=8)


def test_every_pooled_cell_shows_its_window(explorer):
    driver = explorer("pooling")
    for border, side in ((True, 2), (False, 3)):
        for row, column in product(range(side), repeat=2):
            driver.click_picture(2 - border, (column + 0.5) / side, (row + 0.5) / side)
            driver.has(ignore_border=border, position=side * row + column)


def test_the_last_cell_of_the_other_result_at_the_first_click(explorer):
    driver = explorer("pooling")
    driver.click_picture(2, 0.9, 0.9)
    driver.has(ignore_border=False, position=8)


def test_a_large_map_shows_where_it_was_clicked(explorer):
    driver = explorer("pooling", source="cat0", pool_rows=5, pool_columns=5)
    driver.click_picture(2, 0.501, 0.999)
    driver.has(position=98 * 97 + 49)
    driver.click_picture(3, 0.999, 0.999)
    driver.has(ignore_border=False, position=99 * 99 - 1)


# --- Pictures from the learner's disk ---


def file_of(image, kind="png", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(*shape):
    return numpy.random.RandomState(0).randint(0, 256, shape).astype("uint8")


def with_transparency():
    pixels = noise(60, 80, 4)
    pixels[:, :, 3] = numpy.where(pixels[:, :, 3] < 64, 0, 255)
    seen = numpy.where(pixels[:, :, 3:] == 255, pixels[:, :, :3], 255)
    return file_of(Image.fromarray(pixels)), seen


def grey_of_16_bits():
    levels = numpy.random.RandomState(1).randint(0, 2**16, (50, 70)).astype("uint16")
    return file_of(Image.fromarray(levels)), numpy.stack([levels // 256] * 3, axis=2)


def jpeg():
    content = file_of(Image.fromarray(noise(40, 90, 3)), "jpeg")
    return content, numpy.asarray(Image.open(io.BytesIO(content)))


def of_30_megabytes():
    image = Image.fromarray(noise(2800, 3600, 3))
    content = file_of(image, compress_level=0)
    image.thumbnail((500, 500))
    return content, numpy.asarray(image)


@pytest.mark.parametrize("make", [with_transparency, grey_of_16_bits, jpeg, of_30_megabytes])
def test_an_uploaded_picture(explorer, tmp_path, make):
    content, pixels = make()
    driver = explorer("convolution", filter_rows=5, border_mode="half")
    driver.upload(tmp_path / "mine.png", content)
    driver.has(pixels, picture="uploaded")
    button = driver.choice(words.LABEL_PICTURE, words.PICTURE_UPLOADED)
    expect(button).to_have_class(re.compile("mod-active"))
    expect(driver.box.get_by_role("status").first).to_have_text("mine.png is loaded.")


def test_a_broken_file_leaves_the_picture(explorer, tmp_path):
    content, pixels = with_transparency()
    driver = explorer("convolution")
    driver.has()
    before = driver.sources()
    driver.upload(tmp_path / "broken.png", content[:500])
    expect(driver.box.get_by_role("status").first).to_contain_text("broken.png")
    expect(driver.box.get_by_role("status").first).not_to_contain_text("is loaded")
    assert driver.sources() == before
    driver.upload(tmp_path / "whole.png", content)
    driver.has(pixels, picture="uploaded")


def test_nothing_was_uploaded(explorer):
    driver = explorer("convolution")
    before = driver.sources()
    driver.choice(words.LABEL_PICTURE, words.PICTURE_UPLOADED).click()
    expect(driver.sentence).to_contain_text("no picture of your own yet")
    assert driver.sources() == before
    driver.choice(words.LABEL_PICTURE, words.PICTURE_DIGIT).click()
    driver.has(picture="digit")


def test_an_impossible_setting(explorer, tmp_path):
    driver = explorer("convolution")
    driver.has()
    before = driver.sources()
    pixels = noise(6, 6, 3)
    driver.upload(tmp_path / "small.png", file_of(Image.fromarray(pixels)))
    expect(driver.sentence).to_contain_text("This setting does not work.")
    assert driver.sources() == before
    driver.handle(words.LABEL_FILTER_ROWS).press("Home")
    expect(driver.handle(words.LABEL_FILTER_ROWS)).to_have_attribute("aria-valuenow", "1.0")
    expect(driver.sentence).to_contain_text("This setting does not work.")
    assert driver.sources() == before
    for _ in range(4):
        driver.handle(words.LABEL_FILTER_COLUMNS).press("ArrowLeft")
    driver.has(pixels, picture="uploaded", filter_rows=1, filter_columns=5)


# --- Buttons ---


def test_step_and_back(explorer):
    driver = explorer("window")
    driver.button(words.LABEL_STEP).focus()
    driver.page.keyboard.press("Enter")
    driver.has(position=8)
    driver.page.keyboard.press("Space")
    driver.has(position=9)
    driver.button(words.LABEL_BACK).click()
    driver.has(position=8)
    driver.button(words.LABEL_STEP).click()
    driver.has(position=9)
    driver.button(words.LABEL_BACK).focus()
    driver.page.keyboard.press("Space")
    driver.has(position=8)


@pytest.mark.parametrize("way", ["click", "press"])
def test_play_and_pause(explorer, way):
    driver = explorer("window")
    play, pause = driver.button(words.LABEL_PLAY), driver.button(words.LABEL_PAUSE)
    act = {"click": lambda button: button.click(), "press": lambda button: button.press("Enter")}
    expect(pause).to_be_disabled()
    act[way](play)
    driver.has(position=8)
    driver.has(position=9)
    expect(play).to_be_disabled()
    act[way](pause)
    expect(pause).to_be_disabled()
    said = driver.sentence.inner_text()
    driver.page.wait_for_timeout(900)
    assert driver.sentence.inner_text() == said
    reached = int(driver.container(words.LABEL_POSITION).locator(".widget-readout").inner_text())
    driver.has(position=reached)


def test_play_ends_at_the_last_cell(explorer):
    driver = explorer("window", position=34)
    driver.button(words.LABEL_PLAY).click()
    driver.has(position=35)
    expect(driver.button(words.LABEL_PLAY)).to_be_enabled()
    expect(driver.button(words.LABEL_PAUSE)).to_be_disabled()


# --- The page as a whole ---


def test_controls_that_have_no_effect_are_disabled(explorer):
    driver = explorer("convolution", filter_name="blur")
    seed, number = driver.control(words.LABEL_SEED), driver.container(words.LABEL_N_FILTERS)
    expect(seed).to_be_disabled()
    expect(number.locator(".noUi-target")).to_have_attribute("disabled", "true")
    driver.choice(words.LABEL_FILTER, words.FILTER_RANDOM).click()
    expect(seed).to_be_enabled()
    expect(number.locator(".noUi-target")).not_to_have_attribute("disabled", "true")


def test_tab_reaches_all_controls_in_the_order_of_reading(explorer):
    driver = explorer("window")
    reachable = driver.box.locator("input, button:enabled, [role=slider]").filter(visible=True)
    driver.choice(words.LABEL_PICTURE, words.PICTURE_DOT).focus()
    places, visited = [], 0
    while True:
        place = driver.box.evaluate(
            """box => {
                const active = document.activeElement;
                const {top, bottom, left} = active.getBoundingClientRect();
                const isReadout = active.classList.contains("widget-readout");
                return box.contains(active) ? [top, bottom, left, isReadout] : null;
            }"""
        )
        if place is None:
            break
        *place, is_readout = place
        visited += not is_readout
        places.append(place)
        driver.page.keyboard.press("Tab")
    assert visited == reachable.count() > 20
    for (_, bottom, left), (next_top, next_bottom, next_left) in pairwise(places):
        is_below, is_beside = next_top >= bottom - 12, abs(next_bottom - bottom) < 24
        assert (is_beside and next_left > left) or is_below


def test_a_cell_keeps_the_focus(explorer):
    driver = explorer("pooling", source="own")
    field = driver.control("row 1, column 1")
    field.focus()
    field.press("ArrowUp")
    field.press("Enter")
    expect(driver.sentence).to_contain_text("With True")
    expect(field).to_be_focused()


@pytest.mark.parametrize(
    ("name", "label"),
    [("convolution", words.LABEL_FILTER_ROWS), ("window", words.LABEL_POSITION)],
)
def test_pictures_do_not_flicker(explorer, name, label):
    driver = explorer(name)
    driver.has()
    setting = {"convolution": "filter_rows", "window": "position"}[name]
    count, height = driver.box.locator("img").count(), driver.box.bounding_box()["height"]
    driver.box.evaluate(
        """box => {
            window.frames_seen = [];
            const look = () => {
                // The size in the page: an old picture stays painted until the new one is decoded.
                const heights = [...box.querySelectorAll("img")].map(image => image.offsetHeight);
                window.frames_seen.push([heights, box.getBoundingClientRect().height]);
                window.is_looking = requestAnimationFrame(look);
            };
            look();
        }"""
    )
    for _ in range(10):
        driver.handle(label).press("ArrowRight")
    driver.has(**{setting: driver.settings[setting] + 10})
    frames = driver.page.evaluate("() => { cancelAnimationFrame(is_looking); return frames_seen }")
    assert len(frames) > 10
    assert all(len(heights) == count and min(heights) > 30 for heights, _ in frames)
    assert min(seen for _, seen in frames) > height - 40
