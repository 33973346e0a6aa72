"""Fetching MNIST's four files, with pooch: each is checked against its SHA-256."""

from lenet_helpers import paths, words

import pooch

SOURCES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
TIMEOUT_SECONDS = 20


def fetch_mnist(prefix=""):
    """Return the folder with MNIST's files, after fetching those that are not there yet.

    Every source is tried in turn. A file appears under its name only when it is whole and its
    SHA-256 is right.

    Parameters
    ----------
    prefix : {'', 'train', 't10k'}
        Which part to fetch: all four files (11 MB), or two (10 MB or 1.7 MB).

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ConnectionError
        If a file can't be had from any source.
    PermissionError
        If the cache folder can't be made.
    """
    folder = paths.cache_folder() / "mnist"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermissionError(words.NO_CACHE_FOLDER.format(folder=folder, why=error)) from None
    for name, sha256 in SHA256.items():
        if name.startswith(prefix):
            _fetch(name, sha256, folder)
    return folder


def _fetch(name, sha256, folder):
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS)
    reasons = []
    for source in SOURCES:
        try:
            pooch.retrieve(source + name, f"sha256:{sha256}", name, folder, downloader=downloader)
            return
        # requests' errors are OSErrors; a wrong SHA-256 is pooch's ValueError.
        except OSError as error:
            reasons.append(words.SOURCE_FAILED.format(source=source, why=type(error).__name__))
        except ValueError:
            reasons.append(words.SOURCE_ALTERED.format(source=source))
    raise ConnectionError(words.DOWNLOAD_FAILED.format(name=name, reasons="; ".join(reasons)))
