"""What runs need in memory: data on fitting paper, a compiled update, and room for both."""

import gc
from functools import lru_cache

from lenet_helpers import datasets, shapes, words
from lenet_helpers.lenet import CHUNK, LeNet
from lenet_helpers.train_lenet import compile_update

# For the feature maps of a minibatch; their gradients and Theano's copies take as much again.
MOST_BYTES = 400 * 10**6
# MNIST takes 220 MB as it is, and 287 MB on LeNet-5's paper.
MOST_DATA_BYTES = 300 * 10**6
N_DIGITS = 10
# The data set and the design that are kept in memory.
_present = []


def check_memory(settings):
    """Raise ValueError if a run's feature maps need more memory than a small machine has."""
    n_bytes = settings.design.n_bytes
    batch_size = shapes.positive_integer(settings.batch_size, words.NAME_BATCH_SIZE)
    at_once = max(batch_size, CHUNK)
    if at_once * n_bytes > MOST_BYTES:
        raise ValueError(
            words.RUN_TOO_LARGE.format(
                kilobytes=n_bytes / 1000,
                n_images=at_once,
                megabytes=at_once * n_bytes / 10**6,
                most=MOST_BYTES // 10**6,
            )
        )


def make_room(settings):
    """Forget the data and the network of other runs: there may be no room for two.

    Parameters
    ----------
    settings : RunSettings
        The run to come; what it needs too is kept.
    """
    if _present != [settings.dataset, settings.design]:
        compiled_update.cache_clear()
        fitted_data.cache_clear()
        if settings.dataset not in _present:
            loaded_data.cache_clear()
        _present[:] = [settings.dataset, settings.design]
        # Networks hang in Theano's circles of references.
        gc.collect()


@lru_cache(maxsize=1)
def fitted_data(dataset, design):
    """Load a data set, its images laid on paper as large as a design's images.

    Parameters
    ----------
    dataset : str
        As `load_data` takes it.
    design : LeNetDesign
        For grey images of at least 28 x 28 pixels.

    Returns
    -------
    Datasets

    Raises
    ------
    ValueError
        If the design takes smaller images, colours, or fewer classes than there are digits.
    """
    if design.channels != 1:
        raise ValueError(words.DESIGN_NOT_GREY.format(channels=design.channels))
    if design.n_classes < N_DIGITS:
        raise ValueError(
            words.DESIGN_TOO_FEW_CLASSES.format(n_classes=design.n_classes, n_digits=N_DIGITS)
        )
    loaded = loaded_data(dataset)
    n_bytes = 4 * design.n_pixels * sum(len(part.images) for part in loaded)
    if n_bytes > MOST_DATA_BYTES:
        raise ValueError(
            words.DATA_TOO_LARGE.format(
                rows=design.image_size[0],
                columns=design.image_size[1],
                megabytes=n_bytes / 10**6,
                most=MOST_DATA_BYTES // 10**6,
            )
        )
    return datasets.on_larger_paper(loaded, design.image_size)


@lru_cache(maxsize=1)
def loaded_data(dataset):
    """Load a data set as `load_data` does, and keep the last one; do not change it."""
    return datasets.load_data(dataset)


# A compiled update takes seconds to get, so the last one is kept.
@lru_cache(maxsize=1)
def compiled_update(dataset, design):
    """Build a network, and compile its update for a data set.

    Parameters
    ----------
    dataset, design
        As for `fitted_data`.

    Returns
    -------
    tuple
        (LeNet, the function that `compile_update` gives, the network's initial parameters).
    """
    network = LeNet(design)
    update = compile_update(network, fitted_data(dataset, design).train)
    return network, update, network.get_values()
