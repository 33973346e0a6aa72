"""Pictures: whatever file or array a learner brings, and digits brought into MNIST's form."""

from lenet_helpers import paths, pictures

import numpy
import pytest
from PIL import Image, ImageDraw

from tests import oracles

DIGITS = numpy.load(paths.DATA_FOLDER / "digits.npz")
IMAGES, LABELS = DIGITS["test_images"], DIGITS["test_labels"]
# A digit goes through an enlargement and back. Two resamplings and a shift by up to a pixel leave
# these mean differences of a pixel (1 is the full range): of any digit, and of all on average.
# Two different digits differ by 0.12 on average.
ANY_DIFFERENCE, MEAN_DIFFERENCE = 0.07, 0.025


def refused(call, *said, error=ValueError):
    with pytest.raises(error, match=r".") as caught:
        call()
    assert oracles.is_plain(str(caught.value), *said)


def centre_of_mass(image):
    rows, columns = numpy.indices(image.shape) + 0.5
    return numpy.array([(rows * image).sum(), (columns * image).sum()]) / image.sum()


# --- Files ---


def test_the_cat():
    cat = pictures.load_picture()
    assert cat.shape == (500, 500, 3)
    assert cat.dtype == "float64"
    assert cat.min() >= 0
    assert cat.max() <= 255 / 256
    wanted = numpy.asarray(Image.open(paths.DATA_FOLDER / "cat.jpg"), dtype="float64") / 256.0
    assert numpy.array_equal(cat, wanted)


GRADIENT = numpy.linspace(0, 255, 12 * 10).reshape(12, 10).round().astype("uint8")


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_files_of_every_mode_become_rgb(tmp_path, mode):
    image = Image.fromarray(GRADIENT)
    wanted = GRADIENT
    if mode == "1":
        wanted = numpy.where(GRADIENT > 127, 255, 0)
        image = Image.fromarray(wanted.astype("uint8")).convert("1")
    elif mode == "I;16":
        image = Image.fromarray(GRADIENT.astype("uint16") * 256 + 200)
        assert image.mode == "I;16"
    elif mode in ("RGBA", "LA"):
        # Half transparent over white.
        image = image.convert(mode)
        image.putalpha(128)
        wanted = GRADIENT * (128 / 255) + 255 * (127 / 255)
    else:
        image = image.convert(mode)
    image.save(tmp_path / "it.png")
    found = pictures.load_picture(tmp_path / "it.png")
    assert found.shape == (12, 10, 3)
    for channel in range(3):
        numpy.testing.assert_allclose(found[:, :, channel] * 256, wanted, atol=1.01)


def test_colours_keep_their_order(tmp_path):
    colours = numpy.random.RandomState(0).randint(0, 256, (5, 6, 3)).astype("uint8")
    Image.fromarray(colours).save(tmp_path / "it.png")
    assert numpy.array_equal(pictures.load_picture(str(tmp_path / "it.png")), colours / 256)


def test_broken_files(tmp_path):
    good = (paths.DATA_FOLDER / "cat.jpg").read_bytes()
    for name, content in {
        "empty.jpg": b"",
        "text.jpg": b"no picture at all",
        "cut.jpg": good[: len(good) // 2],
        "head.jpg": good[:30],
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        refused(lambda path=path: pictures.load_picture(path), path)
        refused(lambda path=path: pictures.prepare_digit(path), path)
    refused(lambda: pictures.load_picture(tmp_path), tmp_path)
    missing = tmp_path / "missing.jpg"
    refused(lambda: pictures.load_picture(missing), missing, error=FileNotFoundError)


def test_a_file_that_unpacks_to_too_much(monkeypatch):
    # Pillow refuses more than twice this.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100 * 100)
    refused(pictures.load_picture, "cat.jpg", "more pixels")


# --- Minibatches of one picture ---


def test_as_minibatch():
    picture = numpy.random.RandomState(0).rand(4, 5, 3).astype("float32")
    found = pictures.as_minibatch(picture)
    assert found.shape == (1, 3, 4, 5)
    assert found.dtype == "float32"
    for row, column, channel in numpy.ndindex(4, 5, 3):
        assert found[0, channel, row, column] == picture[row, column, channel]


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (numpy.ones((4, 5)), ("(4, 5)", "grey")),
        (numpy.ones((4, 5, 4)), ("(4, 5, 4)", "RGBA")),
        (numpy.ones((3, 4, 5)), ("(3, 4, 5)", "5 channels")),
        (numpy.ones((4, 5, 1)), ("(4, 5, 1)", "1 channels")),
        (numpy.ones((1, 3, 4, 5)), ("(1, 3, 4, 5)",)),
        (numpy.ones(5), ("(5,)",)),
        (numpy.full((4, 5, 3), numpy.nan), ("the picture", "60 of 60")),
        (numpy.ones((0, 5, 3)), ("the picture", "(0, 5, 3)")),
        ([[1, 2], [3]], ("the picture", "different lengths")),
        ("cat.jpg", ("the picture", "<U7")),
    ],
)
@pytest.mark.filterwarnings("error")
def test_as_minibatch_refuses(picture, said):
    refused(lambda: pictures.as_minibatch(picture), *said)


def test_shrink_averages():
    picture = numpy.random.RandomState(0).randint(0, 256, (6, 8, 3)) / 256
    found = pictures.shrink(picture, (3, 2))
    assert found.shape == (3, 2, 3)
    wanted = [
        [picture[2 * i : 2 * i + 2, 4 * j : 4 * j + 4].mean((0, 1)) for j in (0, 1)]
        for i in range(3)
    ]
    numpy.testing.assert_allclose(found, wanted, atol=1 / 256)
    refused(lambda: pictures.shrink(picture, 3), "the image size", "3")


# --- Digits ---


def drawn_large(image, scale, top, left, ink, paper):
    """Return a digit as a picture of its own: enlarged, moved about, in other greys."""
    side = 28 * scale
    large = numpy.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
    canvas = numpy.zeros((side + 60, side + 90))
    canvas[top : top + side, left : left + side] = large
    return (paper + (ink - paper) * (canvas / 255)).round().astype("uint8")


FORMS = {
    "light on dark": lambda levels: levels,
    "dark on light": lambda levels: 255 - levels,
    "fractions": lambda levels: levels / 256,
    "colour": lambda levels: numpy.stack([levels] * 3, axis=2),
    "opaque": lambda levels: numpy.dstack([levels] * 3 + [numpy.full_like(levels, 255)]),
    "dark strokes on transparency": lambda levels: numpy.dstack([0 * levels] * 3 + [levels]),
    "Pillow": lambda levels: Image.fromarray(255 - levels),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_digits_come_back_and_are_recognised(form):
    train, labels = DIGITS["train_images"].reshape(-1, 784) / 256, DIGITS["train_labels"]
    random = numpy.random.RandomState(0)
    n_right, differences, indices = 0, [], range(0, 300, 6)
    for index in indices:
        scale, top, left = random.randint(3, 10), random.randint(0, 60), random.randint(0, 90)
        found = pictures.prepare_digit(form(drawn_large(IMAGES[index], scale, top, left, 255, 0)))
        assert found.shape == (28, 28)
        assert found.dtype == "float64"
        assert found.min() >= 0
        assert found.max() <= 255 / 256
        assert numpy.abs(centre_of_mass(found) - 14).max() <= 1
        differences.append(numpy.abs(found - IMAGES[index] / 256).mean())
        nearest = ((train - found.ravel()) ** 2).sum(axis=1).argmin()
        n_right += labels[nearest] == LABELS[index]
    assert max(differences) < ANY_DIFFERENCE
    assert numpy.mean(differences) < MEAN_DIFFERENCE
    assert n_right >= 0.9 * len(indices)


def test_faint_ink_on_grey_paper_becomes_full_ink():
    levels = drawn_large(IMAGES[0], 5, 20, 30, ink=90, paper=150)
    found = pictures.prepare_digit(levels)
    assert found.max() > 0.9
    assert numpy.abs(found - IMAGES[0] / 256).mean() < ANY_DIFFERENCE


def test_the_longer_side_has_20_pixels():
    levels = numpy.zeros((200, 300))
    levels[50:150, 100:130] = 255
    found = pictures.scale_and_centre(levels)
    rows, columns = numpy.flatnonzero(found.any(axis=1)), numpy.flatnonzero(found.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (4, 23, 11, 16)


def test_28_x_28_is_taken_as_it_is():
    assert numpy.array_equal(pictures.prepare_digit(IMAGES[0]), IMAGES[0] / 256)
    assert numpy.array_equal(pictures.prepare_digit(IMAGES[0] / 256), IMAGES[0] / 256)
    refused(lambda: pictures.prepare_digit(numpy.ones((28, 28))), "(28, 28)", "blank")


def test_28_x_28_is_prepared_where_it_is_dark_on_light_or_off_the_centre():
    narrow = [image / 256 for image in IMAGES if not image[:, -4:].any()]
    assert len(narrow) > 20
    for prepared in narrow[:20]:
        moved = numpy.roll(prepared, 4, axis=1)
        for other in (1 - prepared, moved):
            assert abs(pictures.prepare_digit(other) - prepared).mean() < 0.02


def test_a_digit_in_a_file(tmp_path):
    levels = drawn_large(IMAGES[3], 6, 10, 70, 255, 0)
    Image.fromarray(levels).save(tmp_path / "it.png")
    found = pictures.prepare_digit(str(tmp_path / "it.png"))
    assert numpy.array_equal(found, pictures.prepare_digit(levels))
    assert numpy.array_equal(found, pictures.prepare_digit(tmp_path / "it.png"))


def grain():
    return numpy.random.RandomState(0).randint(240, 250, (60, 60))


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (numpy.zeros((60, 60)), ("(60, 60)", "blank")),
        (numpy.ones((60, 60)), ("(60, 60)", "blank")),
        (grain(), ("(60, 60)", "blank")),
        (Image.new("RGBA", (50, 60)), ("(60, 50)", "blank")),
        (Image.new("L", (0, 5)), ("the picture", "(5, 0)")),
        (numpy.full((60, 60), numpy.nan), ("the picture", "3600 of 3600")),
        (numpy.full((60, 60), 1.5), ("1.5", "at most 1")),
        (numpy.full((60, 60), -1), ("-1", "0 to 255")),
        (numpy.full((60, 60), 256), ("256", "at most 255")),
        (numpy.ones((60, 60, 2)), ("(60, 60, 2)",)),
        (numpy.ones((1, 60, 60, 3)), ("(1, 60, 60, 3)",)),
        (numpy.ones(784), ("(784,)",)),
        (numpy.zeros((0, 60)), ("the picture", "(0, 60)")),
        ([[0, 1], [0]], ("the picture", "different lengths")),
        (None, ("the picture", "object")),
        (numpy.ones((60, 60), dtype=complex), ("the picture", "complex128")),
    ],
)
@pytest.mark.filterwarnings("error")
def test_prepare_digit_refuses(picture, said):
    refused(lambda: pictures.prepare_digit(picture), *said)


def test_thin_strokes_stay_strong():
    image = Image.new("L", (1000, 1000))
    pen = ImageDraw.Draw(image)
    pen.point((100, 100), 255)
    pen.point((950, 950), 255)
    prepared = pictures.prepare_digit(image)
    assert prepared.max() == 255 / 256
    assert prepared[:14, :14].max() > 0.9
    assert prepared[14:, 14:].max() > 0.9
    refused(lambda: pictures.scale_and_centre(numpy.zeros((9, 9))), "(9, 9)", "blank")
