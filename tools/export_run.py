"""Write a finished training into a .json file that lesson 4 can tell of.

Usage: python tools/export_run.py runs/mnist.npz data/mnist_run.json
"""

import json
import sys
from pathlib import Path

from lenet_helpers import checkpoints
from lenet_helpers.datasets import load_data
from lenet_helpers.design import LeNetDesign
from lenet_helpers.lenet import LeNet


def main(checkpoint, path):
    """Write settings, seconds, errors before training, first costs, and all validations."""
    _, notes = checkpoints.load(checkpoint)
    settings = notes["settings"]
    network = LeNet(LeNetDesign(nkerns=tuple(settings["nkerns"])))
    _, validation_set, test_set = load_data(settings["dataset"])
    run = {
        "settings": settings,
        "seconds": round(notes["seconds"]),
        "untrained_errors": [network.error(*validation_set), network.error(*test_set)],
        "first_costs": notes["costs"][:100],
        "validations": notes["validations"],
    }
    Path(path).write_text(json.dumps(run).replace("], [", "],\n["), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
