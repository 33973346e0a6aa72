"""What all contestants train: the network's sizes, and files with its weights and the images.

The files hold bare numbers, so that a contestant needs no more than its own library to read them.
"""

LEARNING_RATE = 0.1
IMAGE_SIDE = 28
# W and b of each layer from the input on: two convolutions, two matrices.
SHAPES = ((20, 1, 5, 5), (20,), (50, 20, 5, 5), (50,), (800, 500), (500,), (500, 10), (10,))
# Images for the training step: all its batch sizes fit in.
N_STEP = 2000
N_TRAIN = 50_000
N_VALIDATION = 10_000
# Images that are validated at once.
CHUNK = 500
WEIGHTS, IMAGES, LABELS = "weights.float32", "images.float32", "labels.int32"


def minibatches(n_images, batch):
    """Yield the bounds (start, stop) of one whole minibatch after the other, without end."""
    while True:
        for start in range(0, n_images - batch + 1, batch):
            yield start, start + batch
