"""Write a finished training's weights into data/: initial, after epochs 1 and 10, and the best.

Usage: python tools/make_weights.py runs/mnist.npz

The checkpoint holds the best weights. The early ones are made again by training for 10 epochs,
which gives the same numbers: the script stops if a validation error differs from the checkpoint's.
"""

import sys

from lenet_helpers import checkpoints, paths, trained
from lenet_helpers.datasets import load_data
from lenet_helpers.lenet import LeNet
from lenet_helpers.mistakes import confusion_counts
from lenet_helpers.train_lenet import lenet_trainer

EPOCHS = {1: "epoch 1", 10: "epoch 10"}


def main(checkpoint, folder=paths.DATA_FOLDER):
    """Train as far as needed, and write one file for each stage."""
    arrays, notes = checkpoints.load(checkpoint)
    settings = notes["settings"]
    datasets = load_data(settings["dataset"])
    network = LeNet()
    trainer = lenet_trainer(
        network, datasets, settings["learning_rate"], settings["batch_size"], max(EPOCHS)
    )
    write("initial", 0, network, datasets, folder)
    for step, recorded in zip(validated(trainer), notes["validations"], strict=False):
        if [step.iteration, step.validation_error] != recorded[:2]:
            sys.exit(f"Epoch {step.epoch} gave {step.validation_error}, not {recorded[1]}.")
        if step.epoch in EPOCHS:
            write(EPOCHS[step.epoch], step.iteration, network, datasets, folder)
    network.set_values([arrays[f"best_param_{i}"] for i in range(len(network.params))])
    write("best", notes["best_iteration"], network, datasets, folder)


def validated(trainer):
    """Yield the steps that end with a validation."""
    return (step for step in trainer if step.validation_error is not None)


def write(stage, iteration, network, datasets, folder):
    """Write the network's weights, rounded, with the errors measured with the rounded ones."""
    rounded = [value.astype(trained.STORED_DTYPE) for value in network.get_values()]
    copy = LeNet()
    copy.set_values(rounded)
    predicted = copy.predict(datasets.test.images)
    notes = {
        "iteration": iteration,
        "validation_error": copy.error(*datasets.validation),
        "test_error": copy.error(*datasets.test),
        "confusion": confusion_counts(datasets.test.labels, predicted).tolist(),
    }
    arrays = {f"param_{i}": value for i, value in enumerate(rounded)}
    checkpoints.save(folder / trained.file_name(stage), arrays, notes)
    print(stage, {key: value for key, value in notes.items() if key != "confusion"}, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
