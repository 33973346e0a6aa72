"""Make data/cat.jpg and data/digits.npz from scikit-image's and scikit-learn's own files.

Run it with `make data`; a test checks that the files in data/ are what it makes.
"""

import sys
from pathlib import Path

from lenet_helpers import paths, pictures

import numpy
from PIL import Image
from skimage import data
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CAT_SIDE = 500
JPEG_QUALITY = 92
# The file orders its digits by writer; split at random, every part has digits of most writers.
SPLIT_SEED = 0
N_VALIDATION = 300
N_TEST = 300


def make_cat():
    """Return the middle square of Chelsea's picture, 500 x 500 RGB."""
    chelsea = Image.fromarray(data.chelsea())
    side = min(chelsea.size)
    left, top = (chelsea.width - side) // 2, (chelsea.height - side) // 2
    square = chelsea.crop((left, top, left + side, top + side))
    return square.resize((CAT_SIDE, CAT_SIDE), Image.Resampling.LANCZOS)


def make_digits():
    """Return a dict of arrays: the digits as 28 x 28 uint8, in three parts, with their labels."""
    digits = load_digits()
    scaled = [pictures.scale_and_centre(image * (255 / 16)) for image in digits.images]
    images = numpy.stack(scaled).astype("uint8")
    labels = digits.target.astype("uint8")
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=N_TEST, random_state=SPLIT_SEED, stratify=labels
    )
    train_images, validation_images, train_labels, validation_labels = train_test_split(
        train_images,
        train_labels,
        test_size=N_VALIDATION,
        random_state=SPLIT_SEED,
        stratify=train_labels,
    )
    return {
        "train_images": train_images,
        "train_labels": train_labels,
        "validation_images": validation_images,
        "validation_labels": validation_labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }


def main(folder):
    """Write both files into a folder."""
    make_cat().save(folder / "cat.jpg", quality=JPEG_QUALITY, optimize=True)
    numpy.savez_compressed(folder / "digits.npz", **make_digits())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else paths.DATA_FOLDER)
