"""Lesson 3: a LeNet of the learner's own design, drawn and counted, and built in Theano."""

from lenet_helpers import words
from lenet_helpers.design import PRESETS, LeNetDesign
from lenet_helpers.explorers.network_build import Workshop
from lenet_helpers.network_drawing import network
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View

LARGEST_IMAGE, MOST_CHANNELS = 64, 4
MOST_FILTERS = (64, 128)
LARGEST_FILTER, LARGEST_WINDOW = 15, 8
MOST_HIDDEN, MOST_CLASSES = 1000, 100
# The labels name their layer, which takes more room than other explorers' labels.
LABEL_WIDTH, CONTROL_WIDTH = "12.8em", "27em"
# The words on the button that brings a preset, and what the sentence adds for it.
PRESET_WORDS = {
    "course": (words.LABEL_PRESET_COURSE, words.NOTE_COURSE),
    "lenet5": (words.LABEL_PRESET_LENET5, words.NOTE_LENET5),
    "tiny": (words.LABEL_PRESET_TINY, words.NOTE_TINY),
}


def draw_design(**settings):
    """Return the `View` of a network: its drawing, a table of its steps, and its totals.

    Parameters
    ----------
    image_rows, image_columns, channels : int
        The images: pixels, and input maps.
    nkerns0, nkerns1 : int
        Filters in layer 0 and layer 1.
    filter_rows0, filter_columns0, filter_rows1, filter_columns1 : int
        Their sides, pixels.
    pool_rows0, pool_columns0, pool_rows1, pool_columns1 : int
        The pooling windows' sides, cells.
    n_hidden, n_classes : int
        Units of the hidden layer and of the softmax.
    ignore_border : bool
        Whether pooling drops the cells that fill no whole window.

    Raises
    ------
    ValueError
        If the design does not work; the message names the layer.
    """
    design = design_of(**settings)
    layers = design.layers()
    notes = [note for name, (_, note) in PRESET_WORDS.items() if PRESETS[name] == design]
    sentence = words.DESIGN_STATE.format(
        parts=" + ".join(f"{layer.n_parameters:,}" for layer in layers),
        total=design.n_parameters,
        largest=max(layers, key=lambda layer: layer.n_parameters).name,
        multiply_adds=design.n_multiply_adds,
        memory=design.n_bytes,
        note="".join(notes),
    )
    picture = Picture(words.CAPTION_DESIGN, network(layers, design.image_shape()))
    return View((picture,), sentence, table=table_of(design))


def table_of(design):
    """Return the `Table` of a design: a row a step, and the totals."""
    rows = [
        (
            layer.name,
            step.name,
            " x ".join(f"{side:,}" for side in step.output_shape[1:]),
            *(f"{n:,}" for n in (step.n_parameters, step.n_multiply_adds, step.n_bytes)),
        )
        for layer in design.layers()
        for step in layer.steps
    ]
    heads = (words.HEAD_LAYER, words.HEAD_STEP, words.HEAD_SHAPE, words.HEAD_PARAMETERS)
    heads += (words.HEAD_MULTIPLY_ADDS, words.HEAD_MEMORY)
    counts = (design.n_parameters, design.n_multiply_adds, design.n_bytes)
    totals = (words.HEAD_TOTAL, "", "", *(f"{n:,}" for n in counts))
    return elements.Table(words.TABLE_DESIGN, heads, tuple(rows), totals, n_names=2)


def design_of(**settings):
    """Return the `LeNetDesign` of an explorer's settings, as `draw_design` takes them."""

    def both(*names):
        return tuple(tuple(settings[f"{name}{layer}"] for name in names) for layer in (0, 1))

    return LeNetDesign(
        nkerns=(settings["nkerns0"], settings["nkerns1"]),
        filter_shapes=both("filter_rows", "filter_columns"),
        poolsizes=both("pool_rows", "pool_columns"),
        n_hidden=settings["n_hidden"],
        n_classes=settings["n_classes"],
        image_size=(settings["image_rows"], settings["image_columns"]),
        channels=settings["channels"],
        ignore_border=settings["ignore_border"],
    )


def settings_of(design):
    """Return the explorer's settings for a `LeNetDesign`, as a dict."""
    settings = dict(zip(("image_rows", "image_columns"), design.image_size, strict=True))
    settings["channels"] = design.channels
    for layer in (0, 1):
        settings[f"nkerns{layer}"] = design.nkerns[layer]
        for name, sides in (("filter", design.filter_shapes), ("pool", design.poolsizes)):
            settings[f"{name}_rows{layer}"], settings[f"{name}_columns{layer}"] = sides[layer]
    return settings | {
        "n_hidden": design.n_hidden,
        "n_classes": design.n_classes,
        "ignore_border": design.ignore_border,
    }


def explore_design():
    """Return an explorer in which a LeNet is designed, built in Theano, and kept for lesson 4.

    Returns
    -------
    Explorer
    """
    known = {name: settings_of(design) for name, design in PRESETS.items()}
    controls = _controls(known["course"])
    workshop = Workshop(lambda: design_of(**explorer.settings()))
    presets = [elements.wide_button(label) for label, _ in PRESET_WORDS.values()]
    heading = elements.heading(words.LABEL_PRESETS)
    extras = [elements.wrapping_box([heading, *presets]), workshop]
    examples = [known[name] for name in PRESET_WORDS]
    explorer = Explorer(draw_design, controls, examples, extras, sentence_first=True)
    for name, button in zip(PRESET_WORDS, presets, strict=True):
        button.on_click(lambda button, name=name: explorer.change(**known[name]))
    for control in controls.values():
        control.observe(lambda change: workshop.clear(), names="value")
    return explorer


def _controls(first):
    """Return the controls, which stand in pairs where two belong together."""
    largest = {
        "image_rows": (words.LABEL_IMAGE_ROWS, LARGEST_IMAGE),
        "image_columns": (words.LABEL_IMAGE_COLUMNS, LARGEST_IMAGE),
        "channels": (words.LABEL_CHANNELS, MOST_CHANNELS),
    }
    for layer in (0, 1):
        labels = {
            "nkerns": (words.LABEL_LAYER_NKERNS.format(layer=layer), MOST_FILTERS[layer]),
            "filter_rows": (words.LABEL_LAYER_FILTER_ROWS.format(layer=layer), LARGEST_FILTER),
            "filter_columns": (
                words.LABEL_LAYER_FILTER_COLUMNS.format(layer=layer),
                LARGEST_FILTER,
            ),
            "pool_rows": (words.LABEL_LAYER_POOL_ROWS.format(layer=layer), LARGEST_WINDOW),
            "pool_columns": (words.LABEL_LAYER_POOL_COLUMNS.format(layer=layer), LARGEST_WINDOW),
        }
        largest |= {f"{name}{layer}": label for name, label in labels.items()}
    largest["n_hidden"] = (words.LABEL_HIDDEN, MOST_HIDDEN)
    largest["n_classes"] = (words.LABEL_CLASSES, MOST_CLASSES)
    controls = {
        name: elements.integer_slider(label, first[name], 2 if name == "n_classes" else 1, most)
        for name, (label, most) in largest.items()
    }
    for control in controls.values():
        control.style.description_width, control.layout.width = LABEL_WIDTH, CONTROL_WIDTH
    for name in ("channels", "nkerns0", "nkerns1"):
        elements.alone(controls[name])
    controls["ignore_border"] = elements.checkbox(
        words.LABEL_IGNORE_BORDER, first["ignore_border"]
    )
    return controls
