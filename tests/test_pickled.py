"""`mnist.pkl.gz`: every way it is written is read, and nothing in it is ever run."""

import gzip
import os
import pickle
import pickletools
import struct
import subprocess
import sys
import tracemalloc

from lenet_helpers.datasets import load_data, pickled

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tests import data_files


def assert_holds(found, expected):
    """The loaded parts are the pairs of arrays, in the course's dtypes."""
    for part, (images, labels) in zip(found, expected, strict=True):
        assert (part.images.dtype, part.labels.dtype) == ("float32", "int32")
        assert_array_equal(part.images, images.astype("float32"))
        assert_array_equal(part.labels, labels)


def assert_refused(path, *fragments):
    """Loading raises a ValueError that names the file, in one line."""
    with pytest.raises(ValueError, match=r"mnist\.pkl\.gz") as caught:
        load_data(path)
    assert type(caught.value) is ValueError
    assert "\n" not in str(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mnist.pkl.gz"


# --- What is read ---


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4"])
@pytest.mark.parametrize("label_dtype", ["int64", "uint8"])
def test_every_protocol_of_python_3(path, protocol, dtype, label_dtype):
    expected = data_files.splits(dtype, label_dtype)
    assert_holds(load_data(data_files.write_pickle(path, expected, protocol)), expected)


@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_python_2s_own_texts_of_bytes(path, protocol, dtype):
    expected = data_files.splits(dtype)
    stream = data_files.python2_pickle(expected, protocol)
    assert isinstance(pickle.loads(stream, encoding="bytes")[0][0], numpy.ndarray)
    with pytest.raises(UnicodeDecodeError):
        pickle.loads(stream)  # Python 3's own pickles need no encoding
    assert_holds(load_data(data_files.write_pickle(path, stream)), expected)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("container", [list, tuple])
def test_arrays_in_fortran_order(path, protocol, container):
    expected = [(numpy.asfortranarray(images), labels) for images, labels in data_files.splits()]
    assert expected[0][0].flags.f_contiguous
    content = container(container(pair) for pair in expected)
    assert_holds(load_data(data_files.write_pickle(path, content, protocol)), expected)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_the_names_of_numpy_2(path, monkeypatch, protocol):
    core = numpy.core
    for name, function in (
        ("multiarray", core.multiarray._reconstruct),
        ("numeric", core.numeric._frombuffer),
    ):
        monkeypatch.setitem(sys.modules, f"numpy._core.{name}", getattr(core, name))
        monkeypatch.setattr(function, "__module__", f"numpy._core.{name}")
    expected = data_files.splits()
    stream = pickle.dumps(expected, protocol)
    assert b"numpy._core." in stream
    assert b"numpy.core." not in stream
    assert_holds(load_data(data_files.write_pickle(path, stream)), expected)


def test_arrays_are_the_callers_own(path):
    found = load_data(data_files.write_pickle(path, data_files.splits()))
    found.train.images[0] = 0  # frombuffer's arrays can't be written to


# --- Files that are broken ---


def test_a_file_that_is_cut_off_anywhere(path):
    whole = data_files.write_pickle(path, data_files.splits(sizes=(2, 1, 1))).read_bytes()
    for end in {*range(40), *range(40, len(whole), 101), len(whole) - 1}:
        path.write_bytes(whole[:end])
        assert_refused(path)


def test_a_pickle_that_is_cut_off_inside_a_whole_gzip(path):
    stream = pickle.dumps(data_files.splits(sizes=(1, 1, 1)), 2)
    for end in {*range(0, len(stream), 61), len(stream) - 1}:
        assert_refused(data_files.write_pickle(path, stream[:end]))


@pytest.mark.parametrize("content", [b"", b"a text", pickle.dumps(data_files.splits(), 2)])
def test_a_file_that_is_no_gzip(path, content):
    path.write_bytes(content)
    assert_refused(path)


def test_a_file_that_unpacks_to_too_much(path, monkeypatch):
    path.write_bytes(gzip.compress(bytes(20_000_000)))
    monkeypatch.setattr(pickled, "MAX_BYTES", 1_000_000)
    tracemalloc.start()
    assert_refused(path, "1,000,000 bytes")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def changed(part, images=None, labels=None):
    """Return good splits of which one part has other images or labels."""
    pairs = data_files.splits()
    old_images, old_labels = pairs[part]
    pairs[part] = (
        old_images if images is None else images(old_images),
        old_labels if labels is None else labels(old_labels),
    )
    return pairs


def with_value(value):
    """Return a function that puts a value into the last place of a copy of an array."""

    def put(array):
        array = array.copy()
        array[(-1,) * array.ndim] = value
        return array

    return put


@pytest.mark.parametrize(
    "content",
    [
        5,
        None,
        [],
        {},
        "abc",
        [1, 2, 3],
        [(1, 2)] * 3,
        ["ab", "cd", "ef"],
        data_files.splits()[:2],
        data_files.splits() + data_files.splits()[:1],
        [(*pair, 0) for pair in data_files.splits()],
        [(pair[0].tolist(), pair[1].tolist()) for pair in data_files.splits()],
        changed(0, images=lambda x: x.astype(object)),
        changed(1, labels=lambda y: y.astype(object)),
        changed(0, images=lambda x: x.astype("U4")),
        changed(0, images=lambda x: x.astype("S4")),
        changed(0, images=lambda x: x.astype("complex64")),
        changed(0, images=lambda x: (x * 255).astype("uint8")),
        changed(2, images=lambda x: x[:, :783]),
        changed(2, images=lambda x: x.reshape(-1, 28, 28)),
        changed(2, images=lambda x: x[:0], labels=lambda y: y[:0]),
        changed(2, images=lambda x: x[:1]),
        changed(1, images=with_value(numpy.nan)),
        changed(1, images=with_value(numpy.inf)),
        changed(1, images=with_value(1.001)),
        changed(1, images=with_value(-0.001)),
        changed(1, labels=with_value(10)),
        changed(1, labels=with_value(-1)),
        changed(1, labels=lambda y: y.astype("float64")),
        changed(1, labels=lambda y: y[:, None]),
    ],
)
@pytest.mark.parametrize("protocol", [2, 5])
def test_anything_but_three_pairs_of_such_arrays(path, content, protocol):
    assert_refused(data_files.write_pickle(path, content, protocol))


@pytest.mark.parametrize(
    "shape", [(2**40, 784), (2**62, 2**62), (-1, 784), (0, 2**62), (5.0, 784)]
)
def test_a_shape_that_is_not_the_contents(path, shape):
    good = data_files.splits(sizes=(5, 1, 1))
    stream = pickle.dumps(good, 2)
    old = pickle.dumps((5, 784), 2)[2:-3]  # without the head, the memo and the stop
    new = pickle.dumps(shape, 2)[2:-3]
    assert stream.count(old) == 1
    assert_refused(data_files.write_pickle(path, stream.replace(old, new)))


# --- Files that would run something ---


class Calls:
    """An object whose pickle calls a function when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile_calls(marker):
    """Return calls that make a file `marker` when they are run."""
    return {
        "os.system": Calls(os.system, f"touch '{marker}'"),
        "builtins.eval": Calls(eval, f"open({str(marker)!r}, 'w').close()"),
        "builtins.exec": Calls(exec, f"open({str(marker)!r}, 'w').close()"),
        "subprocess.Popen": Calls(subprocess.Popen, ["touch", str(marker)]),
        "io.open": Calls(open, str(marker), "w"),
        "os.mkdir": Calls(os.mkdir, str(marker)),
        "numpy.save": Calls(numpy.save, str(marker), 1),
    }


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("name", hostile_calls(""))
@pytest.mark.parametrize("place", ["alone", "beside", "inside"])
def test_no_call_is_run(path, tmp_path, name, protocol, place):
    marker = tmp_path / "marker"
    call = hostile_calls(marker)[name]
    good = data_files.splits(sizes=(1, 1, 1))
    hostile_array = numpy.array([call], dtype=object)
    content = {"alone": call, "beside": [*good, call], "inside": [(hostile_array, 0), *good]}
    data_files.write_pickle(path, content[place], protocol)
    # An array of objects is refused before the call inside it is looked at.
    assert_refused(path, "three pairs" if place == "inside" else "no part of an array")
    assert not marker.exists()


@pytest.mark.parametrize(
    "stream",
    [
        b"cos\nsystem\n(S'touch {}'\ntR.",
        b"(S'touch {}'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'touch {}'\no.",  # OBJ
        b"\x80\x04\x8c\x02os\x8c\x06system\x93(S'touch {}'\ntR.",
        b"cnumpy\nos.system\n(S'touch {}'\ntR.",
        b"\x80\x04\x8c\x05numpy\x8c\x09os.system\x93(S'touch {}'\ntR.",
        b"c_codecs\nencode\n0cposix\nsystem\n(S'touch {}'\ntR.",
    ],
)
def test_no_opcode_calls_the_system(path, tmp_path, stream):
    stream = stream.replace(b"{}", str(tmp_path / "marker").encode())
    assert_refused(data_files.write_pickle(path, stream), "system, which is no part of an array")
    assert not (tmp_path / "marker").exists()


def test_the_hostile_calls_do_work_in_a_plain_pickle(tmp_path):
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(hostile_calls(marker)["os.system"]))
    assert marker.exists()


@pytest.mark.parametrize(
    "name",
    [("numpy.core.multiarray", "_reconstruct"), ("_codecs", "encode"), ("numpy", "ndarray")],
)
def test_a_pickle_can_not_alter_the_reader(path, name):
    attribute = b"X\x0c\x00\x00\x00__defaults__"
    stream = b"\x80\x02c%s\n%s\nN}%s(K\x01K\x02ts\x86b." % (*map(str.encode, name), attribute)
    assert_refused(data_files.write_pickle(path, stream))
    good = data_files.splits()
    for protocol in (0, 2):
        assert_holds(load_data(data_files.write_pickle(path, good, protocol)), good)
    stand_in = pickled._STAND_INS[name]
    assert getattr(stand_in, "__defaults__", None) is None


@pytest.mark.parametrize("put", [b"r" + struct.pack("<I", 2**28), b"p%d\n" % 2**28])
def test_a_few_bytes_can_not_take_gigabytes(path, monkeypatch, put):
    # Python's unpickler in C would make room for 2**29 objects, 4 GB.
    monkeypatch.setattr(pickled, "MAX_BYTES", 1_000_000)
    tracemalloc.start()
    assert_refused(data_files.write_pickle(path, b"\x80\x02K\x01" + put + b"."))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


# --- Files altered at random ---


@pytest.fixture(scope="module")
def altered(tmp_path_factory):
    return tmp_path_factory.mktemp("altered") / "mnist.pkl.gz"


SMALL = data_files.splits(sizes=(2, 1, 1))
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(protocol=st.integers(0, 5), changes=CHANGES)
def test_altered_bytes_give_the_same_arrays_or_a_value_error(altered, protocol, changes):
    data = bytearray(data_files.write_pickle(altered, SMALL, protocol).read_bytes())
    for position, value in changes:
        # Every other change goes to the head of the file.
        data[position // 2 % (20 if position % 2 else len(data))] = value
    altered.write_bytes(data)
    found = load_or_none(altered)
    if found is not None:
        assert_holds(found, SMALL)


@settings(max_examples=400, deadline=None)
@given(protocol=st.integers(0, 5), changes=CHANGES)
def test_an_altered_pickle_gives_sound_arrays_or_a_value_error(altered, protocol, changes):
    stream = bytearray(pickle.dumps(SMALL, protocol))
    opcodes = [at for _, _, at in pickletools.genops(bytes(stream))]
    for position, value in changes:
        # The opcodes and their short arguments, not the pixels between them.
        at = opcodes[position // 4 % len(opcodes)] + position % 4
        stream[at % len(stream)] = value
    found = load_or_none(data_files.write_pickle(altered, bytes(stream)))
    for part in found or ():
        assert (part.images.dtype, part.labels.dtype) == ("float32", "int32")
        assert part.images.shape == (len(part.labels), 784)
        assert len(part.labels) > 0
        assert part.images.min() >= 0
        assert part.images.max() <= 1
        assert set(part.labels) <= set(range(10))


def load_or_none(path):
    """Return what is loaded, or None after a ValueError; any other error goes on."""
    try:
        return load_data(path)
    except ValueError as error:
        message = str(error)
    assert str(path) in message
    return None
