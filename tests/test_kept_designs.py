"""The design that lesson 3 keeps for lesson 4: it comes back, or is refused in one sentence."""

import json
import os

from lenet_helpers import kept_designs
from lenet_helpers.design import PRESETS, LeNetDesign
from lenet_helpers.kept_designs import check_size, keep_design, kept_design

import numpy
import pytest

from tests import oracles

OTHER = LeNetDesign(
    (3, 4), ((4, 3), (2, 5)), ((2, 3), (3, 2)), 7, 3, (23, 30), channels=3, ignore_border=False
)
FIELDS = {
    "nkerns": [20, 50],
    "filter_shapes": [[5, 5], [5, 5]],
    "poolsizes": [[2, 2], [2, 2]],
    "n_hidden": 500,
    "n_classes": 10,
    "image_size": [28, 28],
    "channels": 1,
    "ignore_border": True,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.json"


@pytest.mark.parametrize("design", [*PRESETS.values(), OTHER])
def test_a_design_comes_back(path, design):
    keep_design(design, path)
    assert kept_design(path) == design


def test_the_last_one_is_kept(path):
    keep_design(OTHER, path)
    keep_design(PRESETS["tiny"], path)
    assert kept_design(path) == PRESETS["tiny"]
    assert os.listdir(path.parent) == [path.name]


def test_it_lies_in_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path / "not there yet"))
    assert kept_design() is None
    keep_design(OTHER)
    assert kept_design() == OTHER
    assert os.listdir(tmp_path / "not there yet") == [kept_designs.FILE_NAME]


def test_the_file_is_plain_json(path):
    keep_design(LeNetDesign(), path)
    assert json.loads(path.read_text()) == FIELDS


def test_no_file_is_no_design(path):
    assert kept_design(path) is None
    assert kept_design(path / "below no folder") is None


def altered(**changes):
    return json.dumps(FIELDS | changes).encode()


def without(name):
    return json.dumps({key: value for key, value in FIELDS.items() if key != name}).encode()


WHOLE = json.dumps(FIELDS).encode()
HOSTILE = {
    "empty": b"",
    "not JSON": b"nkerns = (20, 50)",
    "not text": bytes(range(256)),
    "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.",
    "a list": b"[20, 50]",
    "a number": b"431080",
    "null": b"null",
    "a text": b'"course"',
    "an empty object": b"{}",
    "a field more": altered(seed=1),
    "a field less": without("channels"),
    "a text for a number": altered(n_hidden="500"),
    "a fraction": altered(n_hidden=500.0),
    "a bool for a number": altered(channels=True),
    "a number for a bool": altered(ignore_border=1),
    "null for a pair": altered(image_size=None),
    "three filters": altered(nkerns=[1, 2, 3]),
    "nested too little": altered(filter_shapes=[5, 5]),
    "nested too deeply": b"[" * 9000,
    "negative": altered(n_classes=-10),
    "infinite": WHOLE.replace(b"500", b"1e999"),
    "not a number": WHOLE.replace(b"500", b"NaN"),
    "a huge number": altered(n_hidden=10**30),
    "thousands of digits": WHOLE.replace(b"500", b"9" * 5000),
    "a huge image, pooled away": altered(
        image_size=[10**9, 10**9], poolsizes=[[10**8, 10**8], [1, 1]]
    ),
    "a filter that does not fit": altered(filter_shapes=[[29, 5], [5, 5]]),
    "longer than any design": WHOLE + b" " * 20_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_in_one_sentence(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r".") as caught:
        kept_design(path)
    assert oracles.is_plain(str(caught.value), path, "lesson 3")
    assert caught.value.__suppress_context__
    assert path.read_bytes() == content


@pytest.mark.parametrize("length", range(0, len(WHOLE), 7))
def test_a_file_that_was_cut_off_is_refused(path, length):
    path.write_bytes(WHOLE[:length])
    with pytest.raises(ValueError, match=r"broken or altered"):
        kept_design(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"broken or altered"):
        kept_design(tmp_path)


def test_any_altered_byte_gives_a_design_or_one_sentence(path):
    random = numpy.random.RandomState(0)
    for _ in range(300):
        content = bytearray(WHOLE)
        content[random.randint(len(content))] = random.randint(256)
        path.write_bytes(content)
        try:
            wanted = check_size(LeNetDesign(**json.loads(content)))
        except (ValueError, TypeError):
            with pytest.raises(ValueError, match=r"broken or altered"):
                kept_design(path)
        else:
            assert kept_design(path) == wanted


def test_a_write_that_fails_leaves_the_last_design(path, monkeypatch):
    keep_design(OTHER, path)

    def fail(*_arguments):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        keep_design(LeNetDesign(), path)
    assert kept_design(path) == OTHER
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("value", [None, "course", FIELDS])
def test_only_designs_are_kept(path, value):
    with pytest.raises(ValueError, match="must be a LeNetDesign"):
        keep_design(value, path)
    assert not path.exists()


def test_the_largest_that_is_kept(path):
    # 26 + 26 + (n_in + 1) x units + (units + 1) x classes
    largest = LeNetDesign((1, 1), n_hidden=740_738, n_classes=10)
    count = 26 + 26 + 17 * 740_738 + 740_739 * 10
    assert largest.n_parameters == count <= 20_000_000
    keep_design(largest, path)
    assert kept_design(path) == largest
    larger = LeNetDesign((1, 1), n_hidden=740_741, n_classes=10)
    with pytest.raises(ValueError, match=r".") as caught:
        keep_design(larger, path)
    assert oracles.is_plain(str(caught.value), f"{larger.n_parameters:,}", "20,000,000")
    assert kept_design(path) == largest


def test_memory_has_its_limit_too():
    maps = LeNetDesign((30, 1), ((1, 1), (1, 1)), ((1, 1), (1, 1)), 1, 2, (910, 910))
    with pytest.raises(ValueError, match=r".") as caught:
        check_size(maps)
    assert oracles.is_plain(str(caught.value), f"{maps.n_bytes:,}", "100,000,000")
