"""Write a training's validations from its checkpoint into a .csv file that lesson 4 can draw.

Usage: python tools/export_run.py runs/mnist.npz data/mnist_run.csv
"""

import csv
import sys

from lenet_helpers import checkpoints


def main(checkpoint, path):
    """Write one line for every validation: iteration, validation error, test error or nothing."""
    _, notes = checkpoints.load(checkpoint)
    with open(path, "w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["iteration", "validation_error", "test_error"])
        writer.writerows(notes["validations"])


if __name__ == "__main__":
    main(*sys.argv[1:])
