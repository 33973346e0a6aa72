"""Every figure can be drawn, looks like what went in, and comes with its sentence."""

import base64
import inspect
import io
import subprocess
import sys
import warnings

from lenet_helpers import figures

import numpy
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

RANDOM = numpy.random.RandomState(0)
PICTURE = RANDOM.rand(30, 40, 3)
MAPS = RANDOM.rand(2, 22, 32)
DIGITS = RANDOM.rand(13, 28, 28)
MATRIX = RANDOM.rand(5, 5)
WINNERS = MATRIX > 0.5
LOST = numpy.arange(25).reshape(5, 5) % 5 == 4
COUNTS = numpy.arange(100).reshape(10, 10)

CASES = {
    "picture_and_maps": [(PICTURE, MAPS), (PICTURE[:, :, 0], MAPS[:1] * 0, ["one", "two"])],
    "image_row": [([PICTURE], ["one"]), ([PICTURE, MAPS[0]], ["one", "two"])],
    "digit_grid": [(DIGITS, [str(i) for i in range(13)]), (0 * DIGITS[:1], ["0"], 3)],
    "map_grid": [(MAPS, ["0", "1"], 0.5), (MAPS[:1], ["0"], 2.0, 3)],
    "pooling": [
        (MATRIX, MATRIX[:2, :2], (2, 2), WINNERS, LOST),
        (MATRIX, MATRIX[:1, :1], (5, 5), WINNERS, 0 * LOST),
        (MATRIX, MATRIX[:3, :2], (2, 3), WINNERS, 0 * LOST),
    ],
    "matrices": [([MATRIX], ["one"]), ([MATRIX, 0 * MATRIX[:2]], ["one", "two"])],
    "histograms": [([MAPS], ["one"]), ([MAPS, numpy.zeros(9)], ["one", "two"])],
    "error_curve": [([10, 20], [0.5, 0.25], "it"), ([10, 20, 30], [0.09, 0.05, 0.02], "it", True)],
    "confusion": [(COUNTS,), (0 * COUNTS,), (numpy.eye(3, dtype=int),)],
}
CALLS = [
    pytest.param(name, arguments, id=f"{name} {number}")
    for name, cases in CASES.items()
    for number, arguments in enumerate(cases)
]


def test_every_figure_function_is_tried():
    functions = {
        name
        for name, function in inspect.getmembers(figures, inspect.isfunction)
        if function.__module__ == figures.__name__ and not name.startswith("_")
    }
    assert functions - {"show", "to_png", "percent_axis"} == set(CASES)


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_figures_render_without_a_warning(name, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = getattr(figures, name)(*arguments)
        png = figures.to_png(figure)
    assert isinstance(figure, Figure)
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    width, height = image.size
    assert 90 <= width <= 1300
    assert 100 <= height <= 900
    # Something is drawn: not every pixel has the same colour.
    assert len(image.convert("L").getcolors()) > 1


def test_pictures_are_drawn_as_they_are():
    figure = figures.picture_and_maps(PICTURE, MAPS)
    drawn = [axis.images[0] for axis in figure.axes]
    for image, wanted in zip(drawn, [PICTURE, *MAPS], strict=True):
        assert numpy.array_equal(image.get_array(), wanted)
    # Each map from its smallest value (black) to its largest.
    assert drawn[1].get_cmap().name == "gray"
    assert drawn[1].get_clim() == (MAPS[0].min(), MAPS[0].max())
    assert [axis.get_title() for axis in figure.axes] == [
        "picture",
        "feature map 0",
        "feature map 1",
    ]


def test_titles_stand_over_their_pictures():
    assert [axis.get_title() for axis in figures.image_row(MAPS, ["one", "two"]).axes] == [
        "one",
        "two",
    ]
    with pytest.raises(ValueError, match="zip"):
        figures.image_row(MAPS, ["one"])


def test_digit_grid_has_rows_of_ten():
    figure = figures.digit_grid(DIGITS, [str(i) for i in range(13)])
    used = [axis for axis in figure.axes if axis.images]
    assert len(figure.axes) == 20
    assert [axis.get_title() for axis in used] == [str(i) for i in range(13)]


def test_the_maps_of_a_grid_have_one_scale_around_zero():
    figure = figures.map_grid(MAPS, ["first", "second"], 0.5, n_columns=3)
    used = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in used] == ["first", "second"]
    for axis, values in zip(used, MAPS, strict=True):
        (image,) = axis.images
        assert numpy.array_equal(image.get_array(), values)
        assert image.norm(0) == 0.5
        assert image.get_clim() == (-0.5, 0.5)
        red, green, blue, _ = image.cmap(image.norm(0.4))
        assert red == green == blue > 0.5


def test_pooling_draws_windows_and_hatches_what_is_lost():
    figure = figures.pooling(MATRIX, MATRIX[:2, :2], (2, 2), WINNERS, LOST)
    left, right = figure.axes
    bold = [text.get_position()[::-1] for text in left.texts if text.get_fontweight() == "bold"]
    assert sorted(bold) == [tuple(cell) for cell in numpy.argwhere(WINNERS)]
    patches = [patch for patch in left.patches if isinstance(patch, Rectangle)]
    hatched = [patch for patch in patches if patch.get_hatch()]
    windows = [patch for patch in patches if not patch.get_hatch()]
    cells = sorted((round(p.get_y() + 0.5), round(p.get_x() + 0.5)) for p in hatched)
    assert cells == [tuple(cell) for cell in numpy.argwhere(LOST)]
    assert sorted((p.get_y() + 0.5, p.get_x() + 0.5) for p in windows) == [
        (0, 0),
        (0, 2),
        (2, 0),
        (2, 2),
    ]
    assert {(p.get_height(), p.get_width()) for p in windows} == {(2, 2)}
    assert numpy.array_equal(left.images[0].get_array(), WINNERS)
    assert [text.get_text() for text in right.texts] == [f"{v:.3g}" for v in MATRIX[:2, :2].flat]


def test_pooling_cuts_windows_off_at_the_border():
    figure = figures.pooling(MATRIX, MATRIX[:3, :2], (2, 3), WINNERS, 0 * LOST)
    sizes = [(p.get_height(), p.get_width()) for p in figure.axes[0].patches]
    assert sizes == [(2, 3), (2, 2), (2, 3), (2, 2), (1, 3), (1, 2)]


def test_confusion_writes_counts_and_marks_mistakes():
    counts = numpy.array([[5, 1], [0, 3]])
    (axis,) = figures.confusion(counts).axes
    written = {text.get_position()[::-1]: text for text in axis.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (0, 0): "5",
        (0, 1): "1",
        (1, 1): "3",
    }
    assert [written[place].get_fontweight() for place in ((0, 0), (0, 1))] == ["normal", "bold"]
    numpy.testing.assert_allclose(axis.images[0].get_array(), [[5 / 6, 1 / 6], [0, 1]])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted digit", "right digit")


def test_show_displays_one_picture_and_its_sentence(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", shown.append)
    figures.show(figures.image_row([PICTURE], ["one"]), "A picture of noise.")
    picture, sentence = shown
    data, metadata = DisplayFormatter().format(picture)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "A picture of noise."
    # As prose it wraps between words; as plain text it has no quotes around it.
    data, _ = DisplayFormatter().format(sentence)
    assert data == dict.fromkeys(["text/plain", "text/markdown"], "A picture of noise.")


def test_show_takes_a_png_file_as_it_is(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", shown.append)
    png = figures.to_png(figures.matrices([MATRIX], ["one"]))
    figures.show(png, "Five by five numbers.")
    data, _ = DisplayFormatter().format(shown[0])
    assert base64.b64decode(data["image/png"]) == png


def test_no_pyplot():
    code = (
        "import lenet_helpers.figures as figures, sys\n"
        "figures.to_png(figures.histograms([[1, 2]], ['one']))\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
