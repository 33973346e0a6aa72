"""Lesson 3: a LeNet's shapes and parameters under other numbers of filters and filter sizes."""

from lenet_helpers import figures, widgets, words
from lenet_helpers.design import LeNetDesign


def draw_design(nkerns0, nkerns1, filter_side0, filter_side1):
    """Return a PNG file of a network's shapes, and the sentence that belongs to it.

    Parameters
    ----------
    nkerns0, nkerns1 : int
        Filters in layer 0 and layer 1.
    filter_side0, filter_side1 : int
        Rows and columns of their filters, pixels.

    Raises
    ------
    ValueError
        If the design does not work; the message names the layer.
    """
    design = LeNetDesign(
        nkerns=(nkerns0, nkerns1),
        filter_shapes=((filter_side0, filter_side0), (filter_side1, filter_side1)),
    )
    layers = design.layers()
    sentence = words.DESIGN_STATE.format(
        parts=" + ".join(f"{layer.n_parameters:,}" for layer in layers),
        total=design.n_parameters,
        largest=max(layers, key=lambda layer: layer.n_parameters).name,
    )
    return figures.to_png(figures.network(layers, design.image_shape())), sentence


def explore_design():
    """Return sliders for a LeNet's filters, and a drawing of every layer's shape."""
    return widgets.explore(
        draw_design,
        nkerns0=widgets.integer_slider(words.LABEL_NKERNS.format(layer=0), 20, 1, 64),
        nkerns1=widgets.integer_slider(words.LABEL_NKERNS.format(layer=1), 50, 1, 128),
        filter_side0=widgets.integer_slider(words.LABEL_FILTER_SIDE.format(layer=0), 5, 1, 15),
        filter_side1=widgets.integer_slider(words.LABEL_FILTER_SIDE.format(layer=1), 5, 1, 15),
    )
