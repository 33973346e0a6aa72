"""Answers to lesson 1's exercises."""

import numpy
from scipy import signal


def _is_hand_made(my_map):
    right = signal.convolve2d([[1, 2, 0], [0, 3, 1], [2, 1, 4]], [[1, 0], [2, -1]], mode="valid")
    found = numpy.array(my_map, dtype=float)
    found = found[0] if found.ndim == 3 else found
    return found.shape == right.shape and numpy.allclose(found, right)


def _is_side(map_side):
    for side in range(1, 14):
        for filter_side in range(1, side + 1):
            for step in range(1, 5):
                zeros = {"valid": 0, "half": filter_side // 2, "full": filter_side - 1}
                for mode, n in zeros.items():
                    # Every place where the filter lies inside the padded picture.
                    places = [p for p in range(side + 2 * n) if p + filter_side <= side + 2 * n]
                    if map_side(side, filter_side, mode, step) != len(places[::step]):
                        return False
    return True


def _is_count(weights, cells, products):
    return (weights, cells, products) == (1200, 12_544, 940_800)


def _two_axes(my_filter):
    weights = numpy.array(my_filter, dtype=float)
    return weights.reshape(weights.shape[-2:])


def _finds(my_filter):
    block = numpy.zeros((5, 4))
    block[2:4, 1:3] = 9
    wanted = numpy.zeros((4, 4))
    wanted[1, 1:3], wanted[3, 1:3] = 9, -9
    found = signal.convolve2d(block, _two_axes(my_filter), mode="valid")
    return found.shape == wanted.shape and numpy.allclose(found, wanted, atol=1e-3)


def _is_even(my_filter):
    x = numpy.arange(16.0).reshape(4, 4)
    found = signal.convolve2d(x, _two_axes(my_filter), mode="valid")
    return found.shape == (3, 3) and numpy.allclose(found, 4, atol=1e-3)


def _is_full(convolve_full):
    rng = numpy.random.RandomState(11)
    for _ in range(20):
        n_maps = rng.randint(1, 4)
        x = rng.randint(-4, 5, size=(n_maps, *rng.randint(1, 7, size=2))).astype(float)
        W = rng.randint(-4, 5, size=(n_maps, *rng.randint(1, 5, size=2))).astype(float)
        right = sum(signal.convolve2d(x[k], W[k], mode="full") for k in range(n_maps))
        found = numpy.asarray(convolve_full(x.copy(), W.copy()))
        if found.shape != right.shape or not numpy.allclose(found, right, atol=1e-4):
            return False
    return True


IS_RIGHT = {
    "convolve_by_hand": _is_hand_made,
    "write_map_side": _is_side,
    "count_layer": _is_count,
    "find_filter": _finds,
    "even_map": _is_even,
    "write_full": _is_full,
}
TINIES = """\
tiny = numpy.array([[1, 2, 0], [0, 3, 1], [2, 1, 4]])
tiny_filter = numpy.array([[1, 0], [2, -1]])
"""
RIGHT = {
    "convolve_by_hand": [
        "my_map = [[6, -1], [7, 3]]",
        "my_map = ((6.0, -1.0), (7.0, 3.0))",
        TINIES + "my_map = convolve(tiny[None], tiny_filter[None])",
        TINIES + "my_map = convolve(tiny[None], tiny_filter[None]).astype(int)",
        TINIES
        + "my_map = conv2d(tiny[None, None] * 1.0, tiny_filter[None, None] * 1.0)[0, 0].eval()",
    ],
    "write_map_side": [
        """\
def map_side(side, filter_side, border_mode, step):
    if border_mode == "half":
        side = side + 2 * (filter_side // 2)
    elif border_mode == "full":
        side = side + 2 * (filter_side - 1)
    return len(range(0, side - filter_side + 1, step))""",
        """\
def map_side(side, filter_side, border_mode, step):
    shape = conv_output_shape((1, 1, side, 1), (1, 1, filter_side, 1), border_mode, (step, 1))
    return shape[2]""",
        """\
def map_side(side, filter_side, border_mode, step):
    zeros = {"valid": 0, "half": int(filter_side / 2), "full": filter_side - 1}
    return numpy.ceil((side + 2 * zeros[border_mode] - filter_side + 1) / step)""",
    ],
    "count_layer": [
        "weights, cells, products = 1200, 12544, 940800",
        "weights, cells = 1200.0, 28 * 28 * 16\nproducts = 28 * 28 * weights",
        """\
_, *maps = conv_output_shape((1, 3, 32, 32), (16, 3, 5, 5))
weights, cells = numpy.prod((16, 3, 5, 5)), numpy.prod(maps)
products = cells * 75""",
    ],
    "find_filter": [
        "my_filter = numpy.array([[[1.0], [-1.0]]])",
        "my_filter = ((1,), (-1,))",
        "my_filter = numpy.array([[-1], [1]])[::-1, ::-1]",
    ],
    "even_map": [
        "my_filter = [[0, 1], [0, -1]]",
        "my_filter = numpy.array([[[4.0, -4.0], [0.0, 0.0]]])",
        "my_filter = [[0.5, 0.5], [-0.5, -0.5]]",
        "my_filter = [[0.8, 0], [0, -0.8]]",
        "my_filter = ((10, -22), (42, -30))",
        "my_filter = numpy.array([[0, 0], [4, -4]])",
    ],
    "write_full": [
        """\
def convolve_full(image, W):
    maps, rows, columns = W.shape
    padded = numpy.zeros(
        (maps, image.shape[1] + 2 * rows - 2, image.shape[2] + 2 * columns - 2)
    )
    padded[:, rows - 1 : rows - 1 + image.shape[1], columns - 1 : columns - 1 + image.shape[2]] = (
        image
    )
    return convolve(padded, W)""",
        """\
from scipy import signal
def convolve_full(image, W):
    return sum(signal.convolve2d(x, w) for x, w in zip(image, W))""",
        """\
def convolve_full(image, W):
    image, W = image.astype("float32"), W.astype("float32")
    return conv2d(image[None], W[None], border_mode="full").eval()[0, 0]""",
    ],
}
WRONG = {
    "convolve_by_hand": [
        ("my_map = [[-2, 7], [3, 1]]", "correlation"),
        (TINIES + "my_map = convolve(tiny[None], tiny_filter[None, ::-1])", "columns only"),
        (TINIES + "my_map = convolve(tiny[None], tiny_filter[None, :, ::-1])", "rows only"),
        (TINIES + "my_map = convolve(tiny[None], tiny_filter.T[None, ::-1, ::-1])", "exchanged"),
        ("my_map = [[6, -1], [7, 4]]", "cell [1, 1] is 4"),
        ("my_map = [[5, -1], [7, 3]]", "[[1, 2], [0, 3]]"),
        ("my_map = numpy.zeros((3, 3))", "(3, 3)"),
        ("my_map = [6, -1, 7, 3]", "two rows"),
        ('my_map = "6, -1"', "text"),
        ("my_map = [[6, -1], [7]]", "can't be read"),
    ],
    "write_map_side": [
        (
            "def map_side(side, filter_side, border_mode, step):\n"
            "    return side - filter_side + 1",
            "'half', 1) gives 492; 500 would be right",
        ),
        (
            "def map_side(side, filter_side, border_mode, step):\n    return side - filter_side",
            "gives 491; 492 would be right",
        ),
        (
            """\
def map_side(side, filter_side, border_mode, step):
    zeros = {"valid": 0, "half": filter_side // 2, "full": filter_side - 1}[border_mode]
    return (side + zeros - filter_side) // step + 1""",
            "gives 496; 500",
        ),
        (
            """\
def map_side(side, filter_side, border_mode, step):
    zeros = {"valid": 0, "half": filter_side // 2, "full": filter_side - 1}[border_mode]
    return (side + 2 * zeros - filter_side + 1) / step""",
            "would be right",
        ),
        (
            """\
def map_side(side, filter_side, border_mode, step):
    zeros = {"half": filter_side // 2, "full": filter_side - 1}[border_mode]
    return (side + 2 * zeros - filter_side) // step + 1""",
            "KeyError",
        ),
        (
            """\
def map_side(side, filter_side, border_mode, step):
    if border_mode != "valid":
        side = side if border_mode == "half" else side + 2 * (filter_side - 1)
        return (side - 1) // step + 1
    return (side - filter_side) // step + 1""",
            "508 would be right",
        ),
        ("map_side = 492", "no function"),
        ("def map_side(*_):\n    return '492'", "text"),
        ("def map_side(side, filter_side):\n    return 1", "TypeError"),
    ],
    "count_layer": [
        ("weights, cells, products = 400, 12544, 940800", "every input map"),
        ("weights, cells, products = 1216, 12544, 940800", "biases"),
        ("weights, cells, products = 75, 12544, 940800", "one filter"),
        ("weights, cells, products = 1, 12544, 940800", "filter shape"),
        ("weights, cells, products = 1200, 784, 940800", "one feature map"),
        ("weights, cells, products = 1200, 37632, 940800", "added up"),
        ("weights, cells, products = 1200, 16384, 940800", "smaller than the picture"),
        ("weights, cells, products = 1200, 2, 940800", "shape of the maps"),
        ("weights, cells, products = 1200, 12544, 313600", "all three"),
        ("weights, cells, products = 1200, 12544, 15052800", "others"),
        ("weights, cells, products = 1200, 12544, 12544", "sum of many"),
        ("weights, cells, products = 1200, 12544, 3", "How many"),
        ("weights, cells, products = 1200, None, 3", "can't be read"),
        ("weights, cells, products = 1200, (1, 16, 28, 28), 3", "one number"),
    ],
    "find_filter": [
        ("my_filter = [[-1], [1]]", "signs changed"),
        ("my_filter = [[1, -1]]", "5 x 3"),
        ("my_filter = [[1, 0], [-1, 0]]", "2 x 2"),
        ("my_filter = [[9], [-9]]", "gives 81 in cell [1, 1]"),
        ("my_filter = [[1], [1]]", "gives 18 in cell [2, 1]"),
        ("my_filter = [1, -1]", "(2,)"),
        ("my_filter = exercises.WANTED", "4 x 4"),
        ("my_filter = numpy.zeros((7, 7))", "larger"),
        ("my_filter = [[], []]", "(2, 0)"),
        ("my_filter = None", "can't be read"),
        ('my_filter = "sobel"', "text"),
    ],
    "even_map": [
        ("my_filter = [[-1, 0], [1, 0]]", "only the sign"),
        ("my_filter = [[1, -1], [0, 0]]", "but 1; 4 is asked for"),
        ("my_filter = [[0, 0], [0, 0]]", "but 0; 4 is asked for"),
        ("my_filter = [[1, 0], [0, 0]]", "add up to 1"),
        ("my_filter = [[1], [-1]]", "2 x 1"),
        ("my_filter = numpy.full((5, 5), 4)", "larger"),
        ("my_filter = 4", "()"),
        ("my_filter = convolve", "can't be read"),
        ("my_filter = [[numpy.inf, 0], [0, 0]]", "infinity"),
    ],
    "write_full": [
        ("convolve_full = convolve", "shape"),
        (
            """\
def convolve_full(image, W):
    padded = numpy.pad(image, [(0, 0), *((n - 1, n - 1) for n in W.shape[1:])])
    return convolve(padded, W[:, ::-1, ::-1])""",
            "correlation",
        ),
        (
            """\
def convolve_full(image, W):
    padded = numpy.pad(image, [(0, 0), *((n - 1, n - 1) for n in W.shape[1:])])
    return [convolve(padded[k : k + 1], W[k : k + 1]) for k in range(len(W))]""",
            "a map for each input map",
        ),
        (
            """\
def convolve_full(image, W):
    return convolve(numpy.pad(image, [(0, 0), *((n, n) for n in W.shape[1:])]), W)""",
            "shape",
        ),
        (
            """\
def convolve_full(image, W):
    return convolve(numpy.pad(image, [(n - 1, n - 1) for n in W.shape]), W)""",
            "ValueError",
        ),
        (
            """\
def convolve_full(image, W):
    return numpy.convolve(image, W)""",
            "ValueError",
        ),
        ("def convolve_full(image, W):\n    convolve(image, W)", "returned nothing"),
        ("convolve_full = [[1]]", "no function"),
        ("def convolve_full(image, W):\n    while True:\n        W = W + 1", "never"),
    ],
}
