"""The exercises and predictions of lesson 1, on the convolution op."""

from lenet_helpers import figures, filters, gallery, operations, shapes
from lenet_helpers.exercises import answers, running
from lenet_helpers.exercises.answers import Wrong
from lenet_helpers.exercises.exercise import Exercise
from lenet_helpers.widgets.prediction import Prediction

import numpy

TITLE, NOTEBOOK = "The convolution op", "01_convolution.ipynb"

TINY = [[1, 2, 0], [0, 3, 1], [2, 1, 4]]
TINY_FILTER = [[1, 0], [2, -1]]
# (batch, input maps, rows, columns) and (filters, input maps, filter rows, filter columns)
LAYER_IMAGE, LAYER_FILTERS = (1, 3, 32, 32), (16, 3, 5, 5)
# A bright block, and how it changes from row to row.
BLOCK = numpy.pad(numpy.full((2, 2), 9.0), [(2, 1), (1, 1)])
WANTED = numpy.diff(BLOCK, axis=0)
# The picture x of the lesson, and the number that is wanted in every cell.
RAMP, EVEN = numpy.arange(16.0).reshape(4, 4), 4
ROUNDING = 1e-4


def _correlated(picture, weights):
    """Return the map of a filter that is laid on a picture as it is; both have two axes."""
    windows = numpy.lib.stride_tricks.sliding_window_view(picture, weights.shape)
    return (windows * weights).sum(axis=(2, 3))


def _convolved(picture, weights):
    return _correlated(picture, weights[::-1, ::-1])


def _is_same(found, right):
    return found.shape == right.shape and bool((abs(found - right) <= ROUNDING).all())


def _check_convolve_by_hand(my_map):
    picture, weights = numpy.array(TINY, dtype=float), numpy.array(TINY_FILTER, dtype=float)
    right = _convolved(picture, weights)
    found = answers.array(my_map)
    found = found[0] if found.ndim == 3 and len(found) == 1 else found
    if found.shape == (right.size,):
        raise Wrong("yours are four numbers in a row; write two rows: [[a, b], [c, d]].")
    if found.shape != right.shape:
        raise Wrong(
            f"yours has the shape {found.shape}. The filter must lie inside the picture: its top "
            "row can stand on rows 0 and 1, its left column on columns 0 and 1."
        )
    for other, text in (
        (
            weights,
            "that is the correlation: you laid the filter on the picture as it is. A "
            "convolution turns it by 180 degrees first.",
        ),
        (weights[::-1], "you turned the filter's rows only; its columns change places, too."),
        (weights[:, ::-1], "you turned the filter's columns only; its rows change places, too."),
        (
            weights.T,
            "you exchanged the filter's rows and columns; a turn by 180 degrees reverses both.",
        ),
    ):
        if _is_same(found, _correlated(picture, other)):
            raise Wrong(text)
    off = numpy.argwhere(abs(found - right) > ROUNDING)
    if len(off):
        row, column = off[0]
        patch = picture[row : row + 2, column : column + 2].astype(int).tolist()
        raise Wrong(
            f"your cell [{row}, {column}] is {found[row, column]:g}. The patch under the filter "
            f"is {patch} there; multiply it by the turned filter, and add the products."
        )
    return "you turned the filter, and added four products for each of the four cells."


def _check_write_map_side(map_side):
    def cases():
        for mode in shapes.BORDER_MODES:
            yield 500, 9, mode, 1
        yield 500, 9, "valid", 2
        yield 28, 5, "valid", 1
        yield 7, 7, "valid", 1
        yield 6, 4, "half", 1
        rng = numpy.random.RandomState(5)
        for number in range(90):
            side, step = int(rng.randint(1, 40)), int(rng.randint(1, 6))
            yield side, int(rng.randint(1, side + 1)), shapes.BORDER_MODES[number % 3], step

    running.compare(map_side, shapes.conv_output_length, cases())
    return "97 pictures, filters, border modes and steps, all as Theano has them."


def _check_count_layer(weights, cells, products):
    weights, cells, products = map(answers.whole_number, (weights, cells, products))
    n_filters, n_maps, *sides = LAYER_FILTERS
    _, _, *map_sides = shapes.conv_output_shape(LAYER_IMAGE, LAYER_FILTERS)
    n_window, n_cells = n_maps * sides[0] * sides[1], n_filters * map_sides[0] * map_sides[1]
    n_weights = n_filters * n_window
    known_weights = {
        n_weights // n_maps: "Each filter has a grid for every input map, and there are three.",
        n_weights + n_filters: "The biases are counted in; the weights alone are asked for.",
        n_window: "So many has one filter.",
    }
    known_cells = {
        n_cells // n_filters: "So many has one feature map, and each filter makes one.",
        n_cells * n_maps: "The three input maps are added up: a filter makes one map of them.",
        n_filters * LAYER_IMAGE[2] * LAYER_IMAGE[3]: "The maps are smaller than the picture.",
    }
    known_products = {
        n_cells * n_window // n_maps: "A window covers all three input maps.",
        n_cells * n_weights: "A cell belongs to one filter, and needs no weights of the others.",
        n_cells: "Each cell is a sum of many products.",
    }
    _refuse("weights", weights, n_weights, known_weights, "What does the filter shape say?")
    _refuse("cells", cells, n_cells, known_cells, "What is the shape of the maps?")
    _refuse("products", products, n_cells * n_window, known_products, "How many has a cell?")
    return (
        f"{n_weights:,} weights make {products:,} multiplications: each weight is used once for "
        f"every cell of its map, {map_sides[0] * map_sides[1]} times."
    )


def _refuse(name, found, right, known, otherwise):
    """Raise `Wrong` unless a count is right; `known` says what a wrong one may come from."""
    if found != right:
        raise Wrong(f"you have {found:,} {name}. {known.get(found, otherwise)}")


def _one_filter(value, picture):
    """Return a filter's weights with two axes; `Wrong` if it has more or does not fit."""
    weights = answers.array(value)
    while weights.ndim > 2 and len(weights) == 1:
        weights = weights[0]
    if weights.ndim != 2 or 0 in weights.shape:
        raise Wrong(
            f"yours has the shape {weights.shape}; a filter has rows and columns, such as "
            "[[1, 2], [3, 4]]."
        )
    if weights.shape[0] > picture.shape[0] or weights.shape[1] > picture.shape[1]:
        raise Wrong(f"a filter of {_size(weights)} is larger than the picture.")
    return weights


def _size(array):
    return " x ".join(map(str, array.shape))


def _check_find_filter(my_filter):
    weights = _one_filter(my_filter, BLOCK)
    found = _convolved(BLOCK, weights)
    if found.shape != WANTED.shape:
        raise Wrong(
            f"a filter of {_size(weights)} makes a map of {_size(found)}, but the wanted one has "
            f"{_size(WANTED)} cells. So which size has the filter?"
        )
    if _is_same(-found, WANTED):
        raise Wrong(
            "your map is the wanted one with all signs changed: the filter is turned before it "
            "is laid on the picture."
        )
    off = numpy.argwhere(abs(found - WANTED) > ROUNDING)
    if len(off):
        row, column = off[0]
        raise Wrong(
            f"your filter gives {found[row, column]:g} in cell [{row}, {column}], where the "
            f"wanted map has {WANTED[row, column]:g}."
        )
    return "turned, your filter subtracts the upper pixel from the lower: it finds level edges."


def _check_even_map(my_filter):
    weights = _one_filter(my_filter, RAMP)
    if weights.shape != (2, 2):
        raise Wrong(f"yours is a filter of {_size(weights)}; one of 2 x 2 is asked for.")
    found = _convolved(RAMP, weights)
    total, cell = weights.sum(), found[0, 0]
    if numpy.ptp(found) > ROUNDING:
        raise Wrong(
            f"your map goes from {found.min():g} to {found.max():g}. Your weights add up to "
            f"{total:g}, so that the map grows with the picture; what must they add up to?"
        )
    if abs(cell + EVEN) <= ROUNDING:
        raise Wrong(
            f"your map is {cell:g} everywhere, so only the sign is wrong: the filter is turned "
            "before it is laid on the picture."
        )
    if abs(cell - EVEN) > ROUNDING:
        raise Wrong(f"your map is the same everywhere, but {cell:g}; {EVEN} is asked for.")
    return (
        f"your weights add up to 0, and your map is {EVEN} everywhere. There are many more such "
        "filters: down a row x grows by 4, to the right by 1."
    )


def _full(image, weights):
    """Convolve with border_mode='full': every pixel lays the filter down, times its value."""
    sides = numpy.add(image.shape[1:], weights.shape[1:]) - 1
    result = numpy.zeros(sides)
    for m, i, j in numpy.ndindex(*image.shape):
        rows, columns = weights.shape[1:]
        result[i : i + rows, j : j + columns] += image[m, i, j] * weights[m]
    return result


def _check_write_full(convolve_full):
    def cases():
        yield numpy.array([[[1.0, 2.0]]]), numpy.array([[[1.0, 10.0]]])
        yield numpy.array([[[1.0, 2.0], [3.0, 4.0]]]), numpy.array([[[0.0, 1.0], [2.0, 3.0]]])
        rng = numpy.random.RandomState(6)
        for _ in range(12):
            n_maps = rng.randint(1, 4)
            image = rng.randint(-5, 6, size=(n_maps, *rng.randint(2, 7, size=2)))
            yield image.astype(float), rng.randint(-3, 4, (n_maps, *rng.randint(1, 4, 2))) * 1.0

    image, weights = numpy.arange(12.0).reshape(2, 2, 3), numpy.arange(8.0).reshape(2, 2, 2)
    found = answers.array(running.call(convolve_full, image, weights))
    called = running.written(convolve_full, (image, weights))
    if _is_same(found, _full(image, weights[:, ::-1, ::-1])):
        raise Wrong(f"{called} is the correlation: the filter is not turned.")
    if found.ndim == 3 and len(found) == len(image):
        raise Wrong(f"{called} has a map for each input map; add them up to one.")
    running.compare(convolve_full, _full, cases())
    return "14 pictures of one to three maps, with filters of many sizes."


EXERCISES = (
    convolve_by_hand := Exercise(
        lesson=1,
        name="convolve_by_hand",
        title="Convolve by hand",
        tests="convolves a small picture by hand, with the filter turned",
        start=f"""\
tiny = numpy.array({TINY})
tiny_filter = numpy.array({TINY_FILTER})
my_map = ...""",
        solution=f"""\
tiny = numpy.array({TINY})
tiny_filter = numpy.array({TINY_FILTER})
my_map = [
    [-1 * 1 + 2 * 2 + 0 * 0 + 1 * 3, -1 * 2 + 2 * 0 + 0 * 3 + 1 * 1],
    [-1 * 0 + 2 * 3 + 0 * 2 + 1 * 1, -1 * 3 + 2 * 1 + 0 * 1 + 1 * 4],
]""",
        hints=(
            "A 2 x 2 filter has 3 - 2 + 1 places from top to bottom, and as many from left to "
            "right. So what is the shape of the map?",
            "Turn the filter by 180 degrees first: its last number comes first.",
            "Turned, it is [[-1, 2], [0, 1]]. Cell [0, 0] lies over [[1, 2], [0, 3]]: "
            "-1 * 1 + 2 * 2 + 0 * 0 + 1 * 3.",
        ),
        checker=_check_convolve_by_hand,
        mistakes="They forget to turn the filter, which gives the correlation.",
    ),
    write_map_side := Exercise(
        lesson=1,
        name="write_map_side",
        title="The size of the map",
        tests="writes the arithmetic of a convolution's output shape, with border mode and step",
        start="""\
def map_side(side, filter_side, border_mode, step):
    return ...""",
        solution="""\
def map_side(side, filter_side, border_mode, step):
    zeros = {"valid": 0, "half": filter_side // 2, "full": filter_side - 1}
    return (side + 2 * zeros[border_mode] - filter_side) // step + 1""",
        hints=(
            'Begin with "valid" and steps of 1: side - filter_side + 1. Then let the border mode '
            "make the picture larger.",
            'The border gets zeros at both ends: none with "valid", filter_side // 2 with "half", '
            'filter_side - 1 with "full".',
            "The filter's first pixel can move from 0 to side + 2 * zeros - filter_side. Every "
            "step-th place counts, the first one, too: divide with //, then add 1.",
        ),
        checker=_check_write_map_side,
        mistakes="They add the zeros once instead of at both ends, or round up with a step.",
    ),
    count_layer := Exercise(
        lesson=1,
        name="count_layer",
        title="Count a layer",
        tests="counts a layer's weights, cells and multiplications from its shapes",
        start="weights = ...\ncells = ...\nproducts = ...",
        solution="""\
weights = 16 * 3 * 5 * 5
cells = 16 * 28 * 28
products = cells * 3 * 5 * 5""",
        hints=(
            "The filter shape says how many weights there are: multiply its four numbers.",
            "The maps have 32 - 5 + 1 rows and as many columns, and there is one for each filter.",
            "Each cell adds up 3 * 5 * 5 products. Multiply that by the number of cells.",
        ),
        checker=_check_count_layer,
        mistakes="They forget that every filter has a grid of weights for each input map.",
    ),
    find_filter := Exercise(
        lesson=1,
        name="find_filter",
        title="Find the filter",
        tests="finds size and weights of a filter from a picture and its feature map",
        start="my_filter = ...",
        solution="my_filter = [[1], [-1]]",
        hints=(
            "The size first: 5 rows became 4, and 4 columns are still 4.",
            "From top to bottom, the map is positive where the block begins, and negative where "
            "it ends: what does that say about two pixels, one below the other?",
            "Each cell is the lower pixel minus the upper one. Laid on the picture the filter is "
            "[[-1], [1]]; and it was turned before.",
        ),
        checker=_check_find_filter,
        mistakes="They write the filter as it is laid on the picture, before the turn.",
    ),
    even_map := Exercise(
        lesson=1,
        name="even_map",
        title="An even map of an uneven picture",
        tests="finds one of many filters by what its weights must add up to",
        start="my_filter = ...",
        solution="my_filter = [[1, 0], [-1, 0]]",
        hints=(
            "x grows by 1 from column to column, and by 4 from row to row. Which differences of "
            "pixels are the same everywhere?",
            "A difference has one positive and one negative weight, which add up to 0. The lower "
            "pixel minus the upper one is 4 everywhere.",
            "Laid on the picture it could be [[-1, 0], [1, 0]]. Turn it by 180 degrees to get the "
            "filter.",
        ),
        checker=_check_even_map,
        mistakes="Their weights do not add up to 0, or have the sign of the correlation.",
    ),
    write_full := Exercise(
        lesson=1,
        name="write_full",
        title="Over the border",
        tests="writes a convolution with border_mode='full' for several input maps",
        start="""\
def convolve_full(image, W):
    return ...""",
        solution="""\
def convolve_full(image, W):
    rows, columns = W.shape[1] - 1, W.shape[2] - 1
    padded = numpy.pad(image, [(0, 0), (rows, rows), (columns, columns)])
    return convolve(padded, W)""",
        hints=(
            "A full convolution is a valid one of a larger picture, with zeros around it. The "
            "lesson's convolve does the rest.",
            "One row less than the filter has is added at the top and at the bottom; likewise "
            "left and right.",
            "numpy.pad(image, [(0, 0), (top, bottom), (left, right)]) adds zeros; the first pair "
            "is for the input maps, which get none.",
        ),
        checker=_check_write_full,
        mistakes="They add as many zeros as the filter is long, or pad the input maps, too.",
    ),
)


def block_and_wanted():
    """Return a figure of the picture and the map of `find_filter`, and its sentence."""
    sentence = (
        f"The picture, a bright block of 9s in {_size(BLOCK)} pixels, and the wanted map of "
        f"{_size(WANTED)} cells: 9 along the block's upper edge, -9 along its lower one, 0 "
        "elsewhere."
    )
    return figures.matrices([BLOCK, WANTED], ["picture", "wanted map"]), sentence


def _theanos(picture, weights):
    return operations.convolve(picture[None, None], weights[None, None])[0, 0].round(4)


def predict_edges():
    """Ask which sign a Sobel filter gives to left and right edges."""

    def answer():
        sobel = filters.named_filter("sobel_columns", 3, 3)
        top = _theanos(gallery.small_picture("cross"), sobel)[0]
        edges = top[top != 0]
        signs = (int(numpy.sign(edges[0])), int(numpy.sign(edges[-1])))
        return signs, (
            f"The map's top row, over the upright beam, is {top.astype(int).tolist()}. Where the "
            "picture grows brighter from left to right, right minus left is positive."
        )

    return Prediction(
        {
            "negative left, positive right": (-1, 1),
            "positive left, negative right": (1, -1),
            "positive at both": (1, 1),
        },
        answer,
    )


def predict_faded_lines():
    """Ask which lines fade under a blur of 15 rows and 1 column."""

    def answer():
        blur = filters.named_filter("blur", 15, 1)
        stripes = numpy.tile(numpy.arange(60) // 5 % 2, (60, 1)).astype(float)
        kept = {
            name: float(numpy.ptp(_theanos(picture, blur)))
            for name, picture in (("upright", stripes), ("level", stripes.T))
        }
        faded = min(kept, key=kept.get)
        right = faded if numpy.ptp(list(kept.values())) > ROUNDING else "both"
        return right, (
            f"Of stripes 5 pixels wide, upright ones keep {100 * kept['upright']:.0f} % of their "
            f"contrast, level ones {100 * kept['level']:.0f} %: the mean over 15 rows mixes what "
            "lies one above the other, and leaves columns apart."
        )

    return Prediction(
        {"upright lines": "upright", "level lines": "level", "both alike": "both"}, answer
    )


def predict_dot():
    """Ask what the convolution of a single dot with a filter looks like."""

    def answer():
        weights = filters.named_filter("emboss", 3, 3)
        dot = gallery.small_picture("dot")
        (row, column), value = numpy.argwhere(dot)[0], dot.max()
        found = _theanos(dot, weights)[row - 2 : row + 1, column - 2 : column + 1]
        looks = {"turned": weights[::-1, ::-1], "as it is": weights}
        right = next((name for name, w in looks.items() if _is_same(found, value * w)), "dot")
        return right, (
            f"Of the filter emboss, {weights.astype(int).tolist()}, the dot makes "
            f"{found.astype(int).tolist()}: the filter times {value:g}, the dot's value. At each "
            "place the window sees the dot under another of its cells, and that turns it back."
        )

    return Prediction(
        {
            "a single dot": "dot",
            "the filter, turned by 180°": "turned",
            "the filter as it is": "as it is",
        },
        answer,
    )
