"""Fetching MNIST, from servers on this machine that behave well or badly."""

import gzip
import hashlib
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lenet_helpers import datasets
from lenet_helpers.datasets import download, load_data, load_mnist_test

import numpy
import pooch
import pytest

from tests import data_files

FILES = {
    f"{name}.gz": gzip.compress(content, mtime=0)
    for name, content in data_files.mnist_contents(14, 3).items()
}
PUBLISHED = dict(download.SHA256)
FIRST_NAME = next(iter(FILES))


class Server(ThreadingHTTPServer):
    """Sends `FILES`; `answer(handler, content)` says how. It counts the requests."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests = []
        self.stopping = threading.Event()
        self.hung_to_the_end = False  # the client had more patience than a stalling server
        self.url = f"http://127.0.0.1:{self.server_port}/mnist/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        self.server.answer(self, FILES[self.path.removeprefix("/mnist/")])

    def log_message(self, *arguments):
        pass


def send(handler, content, status=200, promised=None):
    handler.send_response(status)
    handler.send_header("Content-Length", str(promised or len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def send_altered(handler, content):
    send(handler, content[:-1] + bytes([content[-1] ^ 1]))


def send_empty(handler, content):
    send(handler, b"")


def send_other(handler, content):
    send(handler, b"<html>Log in to this network first</html>")


def send_part(handler, content):
    send(handler, content[: len(content) // 2], promised=len(content))


def send_404(handler, content):
    send(handler, b"not found", status=404)


def send_500(handler, content):
    send(handler, content, status=500)


def send_half_and_stall(handler, content):
    send(handler, content[: len(content) // 2], promised=len(content))
    handler.wfile.flush()
    handler.server.hung_to_the_end |= not handler.server.stopping.wait(15)


def hang_up(handler, content):
    handler.close_connection = True


def redirect_for_ever(handler, content):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


BAD = [
    send_altered,
    send_empty,
    send_other,
    send_part,
    send_404,
    send_500,
    send_half_and_stall,
    hang_up,
    redirect_for_ever,
]


@contextmanager
def serving(answer):
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def good():
    with serving(send) as server:
        yield server


@pytest.fixture
def closed_port():
    """The address of a source that does not answer at all."""
    with serving(send) as server:
        return server.url


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """The folder where downloads go; sums are those of the test's small files."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(download, "SHA256", sums)
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(datasets, "N_VALIDATION", 4)
    monkeypatch.setenv("LENET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LENET_MNIST", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def sources(monkeypatch):
    def use(*urls):
        monkeypatch.setattr(download, "SOURCES", urls)

    return use


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_the_published_sums_are_of_mnists_four_files():
    assert set(PUBLISHED) == {f"{name}.gz" for name in data_files.NAMES}
    assert len(set(PUBLISHED.values())) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in PUBLISHED.values())


def test_a_download_is_used_and_never_repeated(good, sources, cache, capfd, caplog):
    sources(good.url)
    pooch.get_logger().setLevel("INFO")
    pooch.get_logger().addHandler(caplog.handler)
    assert len(load_data("mnist").train.labels) == 10
    assert contents(cache) == FILES
    assert sorted(good.requests) == sorted(f"/mnist/{name}" for name in FILES)
    assert download.fetch_mnist() == cache
    assert len(load_data("mnist.pkl.gz").test.labels) == 3
    assert len(good.requests) == 4
    pooch.get_logger().removeHandler(caplog.handler)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_the_test_digits_alone_need_two_files(good, sources, cache):
    sources(good.url)
    found = load_mnist_test()
    assert sorted(good.requests) == [f"/mnist/{name}" for name in sorted(FILES) if "t10k" in name]
    assert set(contents(cache)) == {name for name in FILES if "t10k" in name}
    wanted = load_data("mnist").test
    assert numpy.array_equal(found.images, wanted.images)
    assert numpy.array_equal(found.labels, wanted.labels)
    assert (found.images.dtype, found.labels.dtype) == (wanted.images.dtype, wanted.labels.dtype)


def test_no_request_is_made_where_the_environment_names_a_folder(
    good, sources, cache, monkeypatch, tmp_path
):
    sources(good.url)
    folder = data_files.write_folder(tmp_path / "own", data_files.mnist_contents(), packed=True)
    monkeypatch.setenv("LENET_MNIST", str(folder))
    load_data("mnist")
    assert len(load_mnist_test().labels) == len(load_data(folder).test.labels)
    assert (good.requests, contents(cache)) == ([], {})


def test_the_second_source_is_used_where_the_first_is_down(good, closed_port, sources, cache):
    sources(closed_port, good.url)
    download.fetch_mnist()
    assert contents(cache) == FILES


@pytest.mark.parametrize("answer", BAD)
def test_the_second_source_is_used_where_the_first_is_bad(
    good, sources, cache, monkeypatch, answer
):
    # One file is enough: a stalling source costs its time limit for each.
    monkeypatch.setattr(download, "SHA256", {FIRST_NAME: download.SHA256[FIRST_NAME]})
    with serving(answer) as bad:
        sources(bad.url, good.url)
        download.fetch_mnist()
        assert bad.requests[0] == good.requests[0] == f"/mnist/{FIRST_NAME}"
    assert not bad.hung_to_the_end
    assert contents(cache) == {FIRST_NAME: FILES[FIRST_NAME]}


@pytest.mark.parametrize("answer", BAD)
def test_all_sources_bad(closed_port, sources, cache, answer):
    with serving(answer) as bad:
        sources(closed_port, bad.url)
        with pytest.raises(ConnectionError) as caught:
            load_data("mnist")
    assert not bad.hung_to_the_end
    message = str(caught.value)
    assert FIRST_NAME in message
    assert f"{closed_port} did not answer" in message
    if answer in (send_altered, send_empty, send_other):
        assert f"{bad.url} sent another file" in message
    else:
        assert f"{bad.url} did not answer" in message
    assert "LENET_MNIST" in message
    assert "\n" not in message
    assert contents(cache) == {}


def test_files_that_are_there_stay_when_another_can_not_be_had(sources, cache):
    last = list(FILES)[-1]

    def all_but_the_last(handler, content):
        (send_404 if handler.path.endswith(last) else send)(handler, content)

    with serving(all_but_the_last) as server:
        sources(server.url)
        with pytest.raises(ConnectionError, match=last):
            download.fetch_mnist()
        assert set(contents(cache)) == set(FILES) - {last}
        server.answer = send
        download.fetch_mnist()
        assert len(server.requests) == 5
    assert contents(cache) == FILES


@pytest.mark.parametrize("altered", [b"", b"something else", FILES[FIRST_NAME][:-1]])
def test_an_altered_file_in_the_cache_is_fetched_again(good, sources, cache, altered):
    sources(good.url)
    download.fetch_mnist()
    (cache / FIRST_NAME).write_bytes(altered)
    download.fetch_mnist()
    assert contents(cache) == FILES
    assert good.requests[4:] == [f"/mnist/{FIRST_NAME}"]


def test_an_altered_file_in_the_cache_is_not_used_offline(good, closed_port, sources, cache):
    sources(good.url)
    download.fetch_mnist()
    (cache / FIRST_NAME).write_bytes(FILES[FIRST_NAME][:-1])
    sources(closed_port)
    with pytest.raises(ConnectionError, match=f"{FIRST_NAME} can't be downloaded"):
        load_data("mnist")
    assert set(contents(cache)) == set(FILES)


def test_offline_with_whole_files_in_the_cache(good, closed_port, sources):
    sources(good.url)
    download.fetch_mnist()
    sources(closed_port)
    assert len(load_data("mnist").train.labels) == 10


def test_a_cache_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    monkeypatch.setenv("LENET_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(PermissionError, match="LENET_CACHE") as caught:
        download.fetch_mnist()
    assert str(tmp_path / "file" / "cache") in str(caught.value)
