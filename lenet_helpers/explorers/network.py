"""Lesson 3: a LeNet's shapes and parameters under other numbers of filters and filter sizes."""

from lenet_helpers import figures, words
from lenet_helpers.design import LeNetDesign
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View


def draw_design(nkerns0, nkerns1, filter_side0, filter_side1):
    """Return the `View` of a network's shapes.

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
    png = figures.to_png(figures.network(layers, design.image_shape()))
    return View((Picture(words.CAPTION_DESIGN, png),), sentence)


def explore_design():
    """Return sliders for a LeNet's filters, and a drawing of every layer's shape."""
    nkerns = [
        elements.integer_slider(words.LABEL_NKERNS.format(layer=layer), start, 1, most)
        for layer, start, most in ((0, 20, 64), (1, 50, 128))
    ]
    sides = [
        elements.integer_slider(words.LABEL_FILTER_SIDE.format(layer=layer), 5, 1, 15)
        for layer in (0, 1)
    ]
    controls = {
        "nkerns0": nkerns[0],
        "nkerns1": nkerns[1],
        "filter_side0": sides[0],
        "filter_side1": sides[1],
    }
    examples = [{}, {"nkerns0": 6, "nkerns1": 16}, {"filter_side0": 9, "filter_side1": 3}]
    return Explorer(draw_design, controls, examples)
