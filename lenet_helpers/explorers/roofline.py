"""Lesson 6: what limits a convolution-pooling layer, the processor's arithmetic or its memory."""

from lenet_helpers import shapes, words, work
from lenet_helpers.roofline_drawing import Point, roofline, short
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View

BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
LARGEST_IMAGE, MOST_MAPS, MOST_FILTERS, LARGEST_FILTER, LARGEST_WINDOW = 64, 64, 128, 15, 8
APART, TOGETHER = 1, 2
PARTS = (words.STEP_CONVOLUTION, words.STEP_POOLING, words.STEP_BIAS_TANH)


def draw_roofline(machine, filter_side, window, input_maps, filters, side, batch_size):
    """Return the `View` of a convolution-pooling layer under the roof of a machine.

    Parameters
    ----------
    machine : lenet_helpers.work.Machine
        The machine.
    filter_side, window : int
        Rows and columns of the filters, pixels, and of the pooling window, cells.
    input_maps, filters : int
        Maps of an image, and of the convolution's result.
    side : int
        Rows and columns of an image, pixels.
    batch_size : int
        Images.

    Raises
    ------
    ValueError
        If the filter is larger than the image, or the window larger than the feature map.
    """
    image_shape = (batch_size, input_maps, side, side)
    filter_shape = (filters, input_maps, filter_side, filter_side)
    maps = shapes.conv_output_shape(image_shape, filter_shape)
    pooled = shapes.pool_output_shape(maps, (window, window), ignore_border=True)
    apart = (
        work.convolution(image_shape, filter_shape),
        work.max_pooling(maps, (window, window)),
        work.bias_tanh(pooled),
    )
    together = work.conv_pool(image_shape, filter_shape, (window, window))
    points = [
        Point(name, part.intensity, machine.attainable(part.intensity), group)
        for name, part, group in [
            *((name, part, APART) for name, part in zip(PARTS, apart, strict=True)),
            (words.ROOF_TOGETHER, together, TOGETHER),
        ]
    ]
    seconds = sum(machine.least_seconds(part) for part in apart)
    sentence = words.ROOF_STATE.format(
        convolution=_limit(machine, apart[0]),
        n_apart=short(work.total(apart).n_bytes / 1e6),
        milliseconds=short(1e3 * seconds),
        limit=_limit(machine, together),
        n_together=short(together.n_bytes / 1e6),
        least=short(1e3 * machine.least_seconds(together)),
        times=short(seconds / machine.least_seconds(together)),
    )
    return View((Picture(words.CAPTION_ROOF, roofline(machine, points)),), sentence)


def explore_roofline(machine):
    """Return sliders for a convolution-pooling layer, and what limits it on a machine.

    Parameters
    ----------
    machine : lenet_helpers.work.Machine
        The machine, as `profiling.measure_machine` finds it.

    Returns
    -------
    Explorer
    """
    controls = {
        "filter_side": elements.integer_slider(words.LABEL_FILTER_SIDE, 5, 1, LARGEST_FILTER),
        "window": elements.integer_slider(words.LABEL_WINDOW_SIDE, 2, 1, LARGEST_WINDOW),
        "input_maps": elements.integer_slider(words.LABEL_INPUT_MAPS, 1, 1, MOST_MAPS),
        "filters": elements.integer_slider(words.LABEL_N_FILTERS, 20, 1, MOST_FILTERS),
        "side": elements.integer_slider(words.LABEL_IMAGE_SIDE, 28, 1, LARGEST_IMAGE),
        "batch_size": elements.choice_slider(words.LABEL_BATCH_SIZE, 100, BATCH_SIZES),
    }
    layer1 = {"side": 12, "input_maps": 20, "filters": 50}
    return Explorer(
        lambda **settings: draw_roofline(machine, **settings),
        controls,
        [{}, layer1, {"filter_side": 1, "batch_size": 1}],
        sheet_height=300,
    )


def _limit(machine, part):
    """Return in words which of a machine's limits holds for some work, and its intensity."""
    intensity = short(part.intensity)
    if part.intensity < machine.ridge:
        return words.ROOF_MEMORY.format(intensity=intensity)
    return words.ROOF_ARITHMETIC.format(intensity=intensity)
