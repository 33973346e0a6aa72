"""Pictures: whatever file or array a learner brings, and digits brought into MNIST's form."""

import io
import struct
import sys
import time
import zlib

from lenet_helpers import paths, pictures

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, features

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


def file(image, kind="PNG", **options):
    """Return a Pillow image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(width, height):
    """Return a file whose head promises many pixels, while its body is tiny."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# Above what is allowed, and above what Pillow warns of and refuses by itself.
HUGE = [(8000, 5001), (10_000, 10_000), (50_000, 50_000)]


@pytest.mark.parametrize("size", HUGE)
@pytest.mark.filterwarnings("error")
def test_a_file_that_unpacks_to_too_much(tmp_path, size):
    path = tmp_path / "huge.png"
    path.write_bytes(huge_png(*size))
    refused(lambda: pictures.load_picture(path), path, "more than 40 million pixels")
    refused(lambda: pictures.prepare_digit(path), path, "more than 40 million pixels")


# A camera notes how it was held; this is how the stored picture must be turned to stand upright.
TURNS = {
    1: lambda levels: levels,
    2: lambda levels: levels[:, ::-1],
    3: lambda levels: levels[::-1, ::-1],
    4: lambda levels: levels[::-1],
    5: lambda levels: levels.swapaxes(0, 1),
    6: lambda levels: numpy.rot90(levels, -1),
    7: lambda levels: levels[::-1, ::-1].swapaxes(0, 1),
    8: lambda levels: numpy.rot90(levels),
}
COLOURS = numpy.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype("uint8")


def orientation(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


@pytest.mark.parametrize("number", TURNS)
def test_photographs_stand_upright(tmp_path, number):
    (tmp_path / "it.png").write_bytes(file(Image.fromarray(COLOURS), exif=orientation(number)))
    wanted = TURNS[number](COLOURS) / 256
    assert numpy.array_equal(pictures.load_picture(tmp_path / "it.png"), wanted)
    found = pictures.decode_picture((tmp_path / "it.png").read_bytes(), "it.png", 7)
    assert numpy.array_equal(found, wanted)


# --- Uploads ---


def decode(content, largest_side=100, name="it.png"):
    """Decode a file, and check what is true of every picture."""
    found = pictures.decode_picture(content, name, largest_side)
    assert found.ndim == 3
    assert found.shape[2] == 3
    assert found.dtype == "float64"
    assert min(found.shape[:2]) >= 1
    assert max(found.shape[:2]) <= largest_side
    assert found.min() >= 0
    assert found.max() <= 255 / 256
    return found


def half_transparent(colour):
    return colour * (128 / 255) + 255 * (127 / 255)


def grey_and(mode):
    """Return a gradient in a mode of Pillow's, and its levels over white."""
    grey, levels = Image.fromarray(GRADIENT), GRADIENT.astype(float)
    if mode == "1":
        levels = numpy.where(GRADIENT > 127, 255.0, 0)
        return Image.fromarray(levels.astype("uint8")).convert("1"), levels
    if mode == "I;16":
        return Image.fromarray(GRADIENT.astype("uint16") * 256 + 200), levels
    if mode in ("RGBA", "LA"):
        grey = grey.convert(mode)
        grey.putalpha(128)
        return grey, half_transparent(levels)
    return grey.convert(mode), levels


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_uploads_of_every_mode(mode):
    image, levels = grey_and(mode)
    found = decode(file(image))
    for channel in range(3):
        numpy.testing.assert_allclose(found[:, :, channel] * 256, levels, atol=1.01)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_large_uploads_of_every_mode_become_smaller(mode):
    image, levels = grey_and(mode)
    large = image.resize((240, 288), Image.Resampling.NEAREST)
    found = decode(file(large), 48)
    assert found.shape == (48, 40, 3)
    # A cell has become 4 x 4 pixels; away from its edges nothing else shows through.
    inner = found.reshape(12, 4, 10, 4, 3)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    for channel in range(3):
        numpy.testing.assert_allclose(inner[:, :, channel] * 256, levels, atol=8)


def test_transparent_pixels_do_not_bleed_when_a_picture_becomes_smaller():
    levels = numpy.zeros((200, 200, 4), dtype="uint8")
    levels[::2, :, :] = 0, 0, 255, 255  # the other rows are black, and wholly transparent
    found = decode(file(Image.fromarray(levels)), 50)
    wanted = [0.5 * 255 / 256, 0.5 * 255 / 256, 255 / 256]
    numpy.testing.assert_allclose(
        found[5:-5, 5:-5], numpy.broadcast_to(wanted, (40, 40, 3)), atol=0.02
    )


def test_a_palette_with_a_transparent_colour():
    image = Image.fromarray(numpy.array([[0, 1], [2, 0]], dtype="uint8"), "P")
    image.putpalette([200, 0, 0, 0, 100, 0, 0, 0, 50])
    found = decode(file(image, transparency=0))
    assert (found * 256).astype(int).tolist() == [
        [[255] * 3, [0, 100, 0]],
        [[0, 0, 50], [255] * 3],
    ]


def test_a_jpeg_of_inks():
    colour = (200, 40, 90)
    inks = Image.new("CMYK", (20, 10), tuple(255 - level for level in colour) + (0,))
    for kind in ("JPEG", "TIFF"):
        found = decode(file(inks, kind))
        assert abs(found * 256 - colour).max() <= 4
        assert found.shape == (10, 20, 3)


def test_the_first_picture_of_an_animation():
    frames = [Image.new("RGB", (9, 6), colour) for colour in ("#C80000", "#00C800", "#0000C8")]
    for kind in ("GIF", "WEBP", "PNG"):
        if kind == "WEBP" and not features.check("webp"):
            continue
        options = {"lossless": True} if kind == "WEBP" else {}
        content = file(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert Image.open(io.BytesIO(content)).n_frames == 3
        found = decode(content)
        assert (found * 256 == [200, 0, 0]).all()


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP", "PPM", "GIF"])
def test_other_kinds_of_files(kind):
    if kind == "WEBP" and not features.check("webp"):
        pytest.skip("this Pillow has no WebP")
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decode(file(Image.fromarray(COLOURS), kind, **options))
    assert numpy.array_equal(found, COLOURS / 256)


@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_a_large_photograph_stands_upright(number):
    levels = numpy.zeros((400, 600, 3), dtype="uint8")
    levels[:100, :100] = 250  # top left
    content = file(Image.fromarray(levels), "JPEG", exif=orientation(number))
    found = decode(content, 60)
    wanted = TURNS[number](levels[5::10, 5::10]) / 256
    assert found.shape == wanted.shape
    assert abs(found - wanted).mean() < 0.02


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((1, 1), (1, 1, 3)),
        ((100, 100), (100, 100, 3)),
        ((100, 1), (1, 100, 3)),
        ((101, 100), (99, 100, 3)),
        ((5000, 3), (1, 100, 3)),
        ((3, 5000), (100, 1, 3)),
        ((300, 200), (67, 100, 3)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_longer_side_is_limited_and_the_shape_kept(size, wanted, kind):
    found = decode(file(Image.new("RGB", size, "#804020"), kind))
    assert found.shape == wanted
    assert abs(found * 256 - [128, 64, 32]).max() <= 3


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 120), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_size_becomes_small_enough(rows, columns, largest_side, is_photograph):
    image = Image.new("RGB", (columns, rows), "#804020")
    found = decode(file(image, "JPEG" if is_photograph else "PNG"), largest_side)
    scale = min(1, largest_side / max(rows, columns))
    assert found.shape[0] == pytest.approx(max(rows * scale, 1), abs=1)
    assert found.shape[1] == pytest.approx(max(columns * scale, 1), abs=1)


def test_small_pictures_stay_as_they_are():
    assert numpy.array_equal(decode(file(Image.fromarray(COLOURS)), 7), COLOURS / 256)


def large_photograph():
    image = Image.new("RGB", (6000, 4000), "#204080")
    image.paste("#E0C060", (0, 0, 3000, 2000))
    return file(image, "JPEG", quality=50)


def test_a_large_photograph_is_read_quickly():
    content = large_photograph()
    start = time.monotonic()
    found = decode(content, 500)
    # Read in full it would take half a second, and more on a slow machine.
    assert time.monotonic() - start < 2
    assert found.shape == (333, 500, 3)
    assert abs(found[20, 20] * 256 - [224, 192, 96]).max() <= 4
    assert abs(found[300, 480] * 256 - [32, 64, 128]).max() <= 4


MEASURE = """
import pathlib, re
from lenet_helpers import pictures

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1000

content, small = pathlib.Path("it").read_bytes(), pathlib.Path("small").read_bytes()
pictures.decode_picture(small, "small", 500)
before = peak()
assert pictures.decode_picture(content, "it", 500).shape[1] == 500
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells no peak of memory")
def test_a_large_photograph_needs_little_memory(run_python, tmp_path):
    (tmp_path / "it").write_bytes(large_photograph())
    (tmp_path / "small").write_bytes(file(Image.new("RGB", (50, 50)), "JPEG"))
    done = run_python(MEASURE)
    assert done.returncode == 0, done.stderr
    # In full, 24 million pixels are 72 MB even without a copy.
    assert float(done.stdout) < 40


@pytest.mark.parametrize("size", HUGE)
@pytest.mark.filterwarnings("error")
def test_uploads_of_too_many_pixels(size):
    refused(lambda: decode(huge_png(*size)), "it.png", "more than 40 million pixels")


def test_a_small_file_of_too_many_pixels():
    content = file(Image.new("1", (8000, 6000)))
    assert len(content) < 10_000
    refused(lambda: decode(content, name="tiny.png"), "tiny.png", "more than 40 million pixels")


@pytest.mark.parametrize(
    "name", ["it.png", "ä ß.png", "{x}.png", "{0}{}", "%s %d", "<b>.png", "", "a/b\\c", "'\""]
)
def test_a_broken_upload_is_called_by_its_name(name):
    refused(lambda: decode(b"no picture", name=name), f"{name} can't be read")
    refused(lambda: decode(huge_png(9000, 9000), name=name), f"{name} has more")


CAT = (paths.DATA_FOLDER / "cat.jpg").read_bytes()
NOISE = numpy.random.RandomState(0).randint(0, 256, (40, 30, 3)).astype("uint8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"\x89PNG\r\n\x1a\n",
        "kein Bild, nur Text ä".encode(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.4",
        b"GIF89a",
        b"PK\3\4" + bytes(50),
        CAT[: len(CAT) // 2],
        CAT[:30],
        file(Image.fromarray(NOISE))[:-700],
        file(Image.fromarray(NOISE), "GIF")[:600],
        file(Image.fromarray(NOISE), "BMP")[:-9],
        file(Image.fromarray(NOISE), "TIFF")[:-900],
    ],
    ids=range(14),
)
def test_uploads_that_are_no_pictures(content):
    refused(lambda: decode(content), "it.png", "can't be read")


def is_read_or_refused(content):
    try:
        decode(content)
    except ValueError as error:
        return oracles.is_plain(str(error), "it.png")
    return True


def photograph_with_odd_notes():
    # The camera's notes give the height of the picture as a word.
    exif = orientation(6)
    exif[0x010F] = "cam"
    data = exif.tobytes().replace(b"\x01\x0f\x00\x02", b"\x01\x01\x00\x02")
    return file(Image.fromarray(NOISE), "JPEG", exif=data)


BROKEN_INSIDE = {"a photograph with odd notes": photograph_with_odd_notes()}
# Pillow's readers raise errors of many kinds: here NotImplementedError and RuntimeError.
broken = bytearray(file(Image.fromarray(NOISE), "DDS"))
broken[80:84] = bytes([1, 0, 0, 0])
BROKEN_INSIDE["DDS of an unknown kind"] = bytes(broken)
if features.check("avif"):
    whole = file(Image.fromarray(NOISE), "AVIF")
    BROKEN_INSIDE["AVIF without its list of parts"] = whole.replace(b"iloc", b"free")


@pytest.mark.parametrize("content", BROKEN_INSIDE.values(), ids=BROKEN_INSIDE)
def test_files_broken_inside(content):
    assert is_read_or_refused(content)


WHOLE = {
    "JPEG": file(Image.fromarray(NOISE), "JPEG", exif=orientation(6)),
    "PNG": file(Image.fromarray(NOISE)),
    "palette": file(Image.fromarray(NOISE).convert("P")),
    "GIF": file(Image.fromarray(NOISE), "GIF"),
    "BMP": file(Image.fromarray(NOISE), "BMP"),
    "TIFF": file(Image.fromarray(NOISE), "TIFF"),
}


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_any_damage_is_survived_or_said(kind, changes, share):
    content = bytearray(WHOLE[kind])
    for place, byte in changes:
        content[int(place * len(content))] = byte
    if share < 0.5:
        content = content[: int(2 * share * len(content))]
    assert is_read_or_refused(bytes(content))


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
