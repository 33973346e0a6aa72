"""The digits, MNIST's IDX files and the way `load_data` finds them; pickles have a file apart."""

import gzip
import hashlib
import re
import runpy
import struct
import tracemalloc

from lenet_helpers import datasets, paths
from lenet_helpers.datasets import idx, load_data

import numpy
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image
from sklearn.datasets import load_digits

from tests import data_files
from tests.conftest import REPOSITORY

ENDINGS = pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])


@pytest.fixture(autouse=True)
def small_validation_set(monkeypatch):
    """Keep 4 training images for validation, not 10,000, so that a test's files are small."""
    monkeypatch.setattr(datasets, "N_VALIDATION", 4)


def assert_refused(folder, *fragments, kind=ValueError):
    """Loading raises an error of `kind` in a few words, which name what is wrong."""
    with pytest.raises(kind) as caught:
        load_data(folder)
    message = str(caught.value)
    assert type(caught.value) is kind
    assert "\n" not in message
    assert len(message) < 250 + len(str(folder))
    for fragment in fragments:
        assert fragment in message


# --- The digits ---


def test_the_digits_are_as_the_readme_says(digits):
    assert [len(part.images) for part in digits] == [1197, 300, 300]
    for images, labels in digits:
        assert images.shape == (len(labels), 784)
        assert (images.dtype, labels.dtype) == ("float32", "int32")
        assert images.min() == 0
        assert 0.9 < images.max() <= 255 / 256
        assert_array_equal(images * 256, numpy.round(images * 256))
        assert set(labels) == set(range(10))


def test_every_part_has_every_digit_in_its_share(digits):
    everywhere = numpy.bincount(load_digits().target)
    counts = [numpy.bincount(part.labels) for part in digits]
    assert_array_equal(sum(counts), everywhere)
    for part, count in zip(digits, counts, strict=True):
        assert numpy.abs(count - everywhere * len(part.labels) / 1797).max() < 2


def test_the_readme_tells_the_files_sums():
    readme = (REPOSITORY / "data" / "README.md").read_text(encoding="utf-8")
    for name in ("cat.jpg", "digits.npz"):
        sha256 = re.search(rf"\| `{name}` .*`([0-9a-f]{{64}})`", readme)[1]
        content = (REPOSITORY / "data" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256


def test_make_data_makes_the_same_files_again(tmp_path):
    runpy.run_path(str(REPOSITORY / "tools" / "make_data.py"))["main"](tmp_path)
    with (
        Image.open(tmp_path / "cat.jpg") as made,
        Image.open(paths.DATA_FOLDER / "cat.jpg") as cat,
    ):
        assert cat.size == (500, 500)
        assert_array_equal(numpy.asarray(made), numpy.asarray(cat))
    made, kept = numpy.load(tmp_path / "digits.npz"), numpy.load(paths.DATA_FOLDER / "digits.npz")
    assert made.files == kept.files
    for name in kept.files:
        assert made[name].dtype == kept[name].dtype == "uint8"
        assert_array_equal(made[name], kept[name])


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", "half"])
def test_an_altered_digits_file_is_named_with_advice(monkeypatch, tmp_path, content):
    if content == "half":
        content = datasets.DIGITS_FILE.read_bytes()[:50_000]
    (tmp_path / "digits.npz").write_bytes(content)
    monkeypatch.setattr(datasets, "DIGITS_FILE", tmp_path / "digits.npz")
    assert_refused("digits", "digits.npz", "git checkout")


def test_a_missing_digits_file_is_named_with_advice(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DIGITS_FILE", tmp_path / "digits.npz")
    assert_refused("digits", "digits.npz", "git checkout", kind=FileNotFoundError)


# --- IDX folders ---


@ENDINGS
@pytest.mark.parametrize("as_text", [False, True])
def test_an_idx_folder_is_split_into_three(tmp_path, packed, as_text):
    folder = data_files.write_folder(tmp_path, data_files.mnist_contents(14, 3), packed)
    found = load_data(str(folder) if as_text else folder)
    train_images, train_labels = data_files.random_digits(14, seed=1)
    test_images, test_labels = data_files.random_digits(3, seed=2)
    assert [len(part.labels) for part in found] == [10, 4, 3]
    for part, images, labels in (
        (found.train, train_images[:10], train_labels[:10]),
        (found.validation, train_images[10:], train_labels[10:]),
        (found.test, test_images, test_labels),
    ):
        assert (part.images.dtype, part.labels.dtype) == ("float32", "int32")
        assert_array_equal(part.images, images.reshape(-1, 784) / 256)
        assert_array_equal(part.labels, labels)


def test_ten_thousand_training_images_are_kept_for_validation(monkeypatch, tmp_path):
    monkeypatch.undo()
    contents = data_files.mnist_contents(10_002, 1)
    found = load_data(data_files.write_folder(tmp_path, contents, packed=False))
    assert [len(part.labels) for part in found] == [2, 10_000, 1]


@pytest.mark.parametrize("n_train", [1, 4])
def test_too_few_training_images(tmp_path, n_train):
    folder = data_files.write_folder(tmp_path, data_files.mnist_contents(n_train), packed=False)
    assert_refused(folder, str(folder), f"{n_train} training images")


@ENDINGS
@pytest.mark.parametrize("name", data_files.NAMES)
def test_one_missing_file_is_named(tmp_path, packed, name):
    contents = data_files.mnist_contents()
    del contents[name]
    folder = data_files.write_folder(tmp_path, contents, packed)
    assert_refused(folder, str(folder), name, f"{name}.gz", kind=FileNotFoundError)


@ENDINGS
@pytest.mark.parametrize("name", data_files.NAMES)
def test_a_file_that_is_cut_off_anywhere(tmp_path, packed, name):
    folder = data_files.write_folder(tmp_path, data_files.mnist_contents(6, 2), packed)
    path = folder / (f"{name}.gz" if packed else name)
    whole = path.read_bytes()
    ends = {*range(min(40, len(whole))), *range(40, len(whole), 331), len(whole) - 1}
    for end in ends:
        path.write_bytes(whole[:end])
        assert_refused(folder, str(path))
    path.write_bytes(whole)
    load_data(folder)


@pytest.mark.parametrize(
    "head",
    [
        struct.pack(">BBBBIII", 0, 0, 9, 3, 6, 28, 28),  # signed bytes
        struct.pack(">BBBBIII", 0, 0, 8, 1, 6, 28, 28),  # one axis
        struct.pack(">BBBBIII", 1, 0, 8, 3, 6, 28, 28),
        struct.pack("<IIII", 2051, 6, 28, 28),  # the other byte order
    ],
)
def test_a_wrong_magic_number(tmp_path, head):
    contents = data_files.mnist_contents(6)
    name = data_files.NAMES[0]
    contents[name] = head + contents[name][16:]
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, name, "first bytes are wrong")


@pytest.mark.parametrize(
    ("shape", "promised"),
    [
        ((7, 28, 28), "5,488"),
        ((5, 28, 28), "3,920"),
        ((2**31, 2**15, 2**14), f"{2**60:,}"),
        ((2**32 - 1, 2**32 - 1, 2**32 - 1), f"{(2**32 - 1) ** 3:,}"),
        ((2**32 - 1, 0, 28), "0"),
        ((0, 2**32 - 1, 2**32 - 1), "0"),
    ],
)
def test_a_head_that_promises_more_or_less_than_there_is(tmp_path, shape, promised):
    contents = data_files.mnist_contents(6)
    name = data_files.NAMES[0]
    contents[name] = struct.pack(">BBBBIII", 0, 0, 8, 3, *shape) + contents[name][16:]
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, name, f"{6 * 784:,} bytes", f"promises {promised};")


@pytest.mark.parametrize("shape", [(0, 28, 28), (0, 2**32 - 1, 2**32 - 1), (2**32 - 1, 0, 5)])
def test_a_file_of_no_images(tmp_path, shape):
    contents = data_files.mnist_contents(6)
    contents[data_files.NAMES[0]] = struct.pack(">BBBBIII", 0, 0, 8, 3, *shape)
    contents[data_files.NAMES[1]] = struct.pack(">BBBBI", 0, 0, 8, 1, 0)
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, data_files.NAMES[0], "no image")


def test_images_and_labels_that_do_not_belong_together(tmp_path):
    contents = data_files.mnist_contents(6)
    contents[data_files.NAMES[1]] = data_files.mnist_contents(7)[data_files.NAMES[1]]
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, "6 images", "7 labels")


@pytest.mark.parametrize("name", data_files.NAMES[1::2])
@pytest.mark.parametrize("label", [10, 255])
def test_a_label_that_is_no_digit(tmp_path, name, label):
    contents = data_files.mnist_contents(6)
    contents[name] = contents[name][:-1] + bytes([label])
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, name, f"label {label}", "0 to 9")


@pytest.mark.parametrize("sides", [(14, 56), (27, 28), (28, 29), (1, 1)])
def test_images_with_other_sides(tmp_path, sides):
    contents = data_files.mnist_contents(6)
    contents[data_files.NAMES[0]] = data_files.images_idx(numpy.zeros((6, *sides), "uint8"))
    folder = data_files.write_folder(tmp_path, contents, packed=False)
    assert_refused(folder, data_files.NAMES[0], "28 x 28")


@ENDINGS
def test_a_file_that_unpacks_to_too_much(tmp_path, monkeypatch, packed):
    contents = data_files.mnist_contents(6)
    contents[data_files.NAMES[0]] = bytes(10_000_000)
    folder = data_files.write_folder(tmp_path, contents, packed)
    monkeypatch.setattr(idx, "MAX_BYTES", 1_000_000)
    tracemalloc.start()
    assert_refused(folder, data_files.NAMES[0], "1,000,000 bytes")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.fixture(scope="module")
def altered_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("altered")


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    packed=st.booleans(),
    number=st.integers(0, 3),
    changes=st.lists(
        st.tuples(st.integers(0, 60) | st.integers(0, 3000), st.integers(0, 255)),
        min_size=1,
        max_size=3,
    ),
    tail=st.binary(max_size=3),
)
@example(packed=True, number=0, changes=[(3, 0xFF)], tail=b"")
def test_altered_bytes_give_whole_arrays_or_a_value_error(
    altered_folder, packed, number, changes, tail
):
    contents = data_files.mnist_contents(6, 2)
    data_files.write_folder(altered_folder, contents, packed=True)
    for name in data_files.NAMES:
        (altered_folder / name).unlink(missing_ok=True)
    name = data_files.NAMES[number]
    path = altered_folder / (f"{name}.gz" if packed else name)
    altered = bytearray(path.read_bytes() if packed else contents[name])
    for position, value in changes:
        altered[position % len(altered)] = value
    path.write_bytes(altered + tail)
    try:
        found = load_data(altered_folder)
    except ValueError as error:
        found, message = None, str(error)
    if found is None:
        assert str(altered_folder) in message
        return
    # A plain file carries no check sum: other pixels may come out, but never other shapes.
    assert [part.images.shape for part in found] == [(2, 784), (4, 784), (2, 784)]
    assert all(part.labels.max() < 10 and part.images.max() < 1 for part in found)
    if packed:
        expected = numpy.frombuffer(contents[data_files.NAMES[0]], "u1", offset=16) / 256
        read = numpy.concatenate([found.train.images.ravel(), found.validation.images.ravel()])
        assert_array_equal(read, expected)


# --- Which data set a name means ---


def test_mnist_comes_from_the_folder_that_the_environment_names(monkeypatch, tmp_path):
    data_files.write_folder(tmp_path, data_files.mnist_contents(14, 3), packed=True)
    monkeypatch.setenv("LENET_MNIST", str(tmp_path))
    expected = load_data(tmp_path)
    monkeypatch.chdir(tmp_path)  # where there is no mnist.pkl.gz
    for name in ("mnist", "mnist.pkl.gz"):
        for part, expected_part in zip(load_data(name), expected, strict=True):
            assert_array_equal(part.images, expected_part.images)
            assert_array_equal(part.labels, expected_part.labels)


def test_a_file_called_mnist_pkl_gz_comes_first(monkeypatch, tmp_path):
    data_files.write_pickle(tmp_path / "mnist.pkl.gz", data_files.splits(sizes=(7, 1, 1)))
    monkeypatch.setenv("LENET_MNIST", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    assert len(load_data("mnist.pkl.gz").train.labels) == 7


@pytest.mark.parametrize("folder", ["/no/such/folder", "~no-such-user/mnist"])
def test_an_environment_variable_that_names_no_folder(monkeypatch, folder):
    monkeypatch.setenv("LENET_MNIST", folder)
    assert_refused("mnist", "LENET_MNIST", folder, kind=FileNotFoundError)


@pytest.mark.parametrize(
    "name",
    [
        "Digits",
        "minst",
        "/no/such/file",
        "no/mnist.pkl.gz",
        "~no-such-user/x",
        "a\0b",
        "x" * 5000,
    ],
)
def test_a_name_that_is_no_data_set(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert_refused(name, "'digits'", "'mnist'", kind=FileNotFoundError)


@pytest.mark.parametrize("thing", [None, 5, b"digits", ["digits"]])
def test_a_thing_that_is_no_name(thing):
    assert_refused(thing, repr(thing), "'digits'")


def test_a_path_below_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    data_files.write_folder(tmp_path / "mine", data_files.mnist_contents(6, 2), packed=True)
    assert len(load_data("~/mine").test.labels) == 2


def test_a_gzipped_file_that_is_named_as_plain(tmp_path):
    folder = data_files.write_folder(tmp_path, data_files.mnist_contents(6), packed=False)
    path = folder / data_files.NAMES[0]
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert_refused(folder, str(path))
