"""Files in MNIST's formats, written byte by byte: nothing here is shared with the readers."""

import gzip
import pickle
import struct

from numpy.random import RandomState

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def images_idx(images):
    """Return images (n, rows, columns), uint8, as the bytes of an IDX file."""
    return struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.tobytes()


def labels_idx(labels):
    """Return labels (n,), uint8, as the bytes of an IDX file."""
    return struct.pack(">BBBBI", 0, 0, 8, 1, len(labels)) + labels.tobytes()


def random_digits(n, seed=0):
    """Return images (n, 28, 28) and labels (n,) of noise, uint8."""
    rng = RandomState(seed)
    return rng.randint(0, 256, (n, 28, 28)).astype("u1"), rng.randint(0, 10, n).astype("u1")


def mnist_contents(n_train=14, n_test=3):
    """Return a dict of the four files' names and bytes, unpacked."""
    train, test = random_digits(n_train, seed=1), random_digits(n_test, seed=2)
    contents = (images_idx(train[0]), labels_idx(train[1]), images_idx(test[0]))
    return dict(zip(NAMES, (*contents, labels_idx(test[1])), strict=True))


def write_folder(folder, contents, packed):
    """Write files into a folder, gzipped or not; return the folder."""
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder


def splits(dtype="float32", label_dtype="int64", sizes=(5, 3, 2)):
    """Return three pairs of images (n, 784), from 0 to 1, and labels (n,)."""
    rng = RandomState(3)
    return [
        (rng.uniform(0, 1, (n, 784)).astype(dtype), rng.randint(0, 10, n).astype(label_dtype))
        for n in sizes
    ]


def write_pickle(path, content, protocol=2):
    """Write an object, or the bytes of a finished pickle, as a gzipped pickle; return the path."""
    stream = content if isinstance(content, bytes) else pickle.dumps(content, protocol)
    path.write_bytes(gzip.compress(stream, compresslevel=1, mtime=0))
    return path


def python2_pickle(pairs, protocol):
    """Return what Python 2 writes for three pairs of arrays: bytes as its own kind of text."""
    head = b"\x80\x02" if protocol == 2 else b""
    arrays = [b"(" + b"".join(_python2_array(a, protocol) for a in pair) + b"t" for pair in pairs]
    return head + b"(" + b"".join(arrays) + b"t."


def _python2_array(array, protocol):
    def text(value):
        if protocol == 2:
            return b"T" + struct.pack("<I", len(value)) + value
        return b"S" + repr(value)[1:].encode() + b"\n"

    def whole(number):
        return b"J" + struct.pack("<i", number) if protocol == 2 else b"I%d\n" % number

    false = b"\x89" if protocol == 2 else b"I00\n"
    shape = b"(" + b"".join(whole(side) for side in array.shape) + b"t"
    item_type = (
        b"cnumpy\ndtype\n("
        + (text(array.dtype.str[1:].encode()) + whole(0) + whole(1) + b"tR(")
        + (whole(3) + text(b"<") + b"NNN" + whole(-1) + whole(-1) + whole(0) + b"tb")
    )
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
        + (b"(" + whole(0) + b"t" + text(b"b") + b"tR(" + whole(1))
        + (shape + item_type + false + text(array.tobytes()) + b"tb")
    )
