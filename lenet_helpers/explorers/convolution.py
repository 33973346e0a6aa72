"""Lesson 1: a large picture under filters of any size, number and kind."""

from dataclasses import dataclass
from functools import cache, cached_property

from lenet_helpers import (
    arithmetic,
    checks,
    drawing,
    filters,
    gallery,
    operations,
    pictures,
    shapes,
    words,
)
from lenet_helpers.explorers import filter_choice
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.explorer import Explorer, Picture, View
from lenet_helpers.widgets.upload import Upload

import numpy

LARGEST_FILTER_SIDE = 31
LARGEST_PICTURE_SIDE = 500
MOST_FILTERS = 4
# Of a sum of float32, relative to the sum of its absolute weights; pixels are 1 at the most.
ROUNDING = 2e-6
LARGEST_STEP = 4
# More maps than this are drawn at half their size: they would not fit side by side.
MOST_MAPS_IN_FULL = 2
FILTER_PICTURE_SIDE = 96
UPLOADED = "uploaded"


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture, (rows, columns, 3), and the bytes of its PNG file, which is drawn only once."""

    picture: numpy.ndarray
    png: bytes

    @cached_property
    def minibatch(self):
        """The picture as `operations.convolve` takes it, (1, 3, rows, columns)."""
        return numpy.ascontiguousarray(pictures.as_minibatch(self.picture), dtype="float32")


def feature_maps(picture, filter_rows, filter_columns, n_filters=2, seed=filters.SEED, **options):
    """Return the feature maps of a picture under random filters.

    Parameters
    ----------
    picture : array_like
        (rows, columns, 3), RGB.
    filter_rows, filter_columns : int
        The filters' size, pixels.
    n_filters : int
        How many filters.
    seed : int
        Seeds the filters.
    **options
        `activation`, `border_mode`, `subsample`, `filter_flip`, as for `operations.feature_maps`.

    Returns
    -------
    numpy.ndarray
        (n_filters, output rows, output columns); without options, values from 0 to 1.

    Raises
    ------
    ValueError
        If the picture is not RGB, or the filter does not fit it.
    """
    W, b = filters.random_filters((n_filters, 3, filter_rows, filter_columns), seed)
    return operations.feature_maps(pictures.as_minibatch(picture), W, b, **options)[0]


def explore_convolution(picture="cat"):
    """Return the convolution explorer: a picture, filters, and what comes of them.

    Parameters
    ----------
    picture : {'cat', 'rings', 'squares', 'digit'}
        The picture to begin with. The learner can upload another one.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there is no such picture.
    """
    checks.one_of(picture, gallery.LARGE, words.NAME_PICTURE)
    operations.compile_feature_maps()
    upload = Upload(words.LABEL_UPLOAD, "image/*", decode_photograph)
    samples = {
        words.PICTURE_CAT: "cat",
        words.PICTURE_RINGS: "rings",
        words.PICTURE_SQUARES: "squares",
        words.PICTURE_DIGIT: "digit",
        words.PICTURE_UPLOADED: UPLOADED,
    }
    modes = {mode: mode for mode in shapes.BORDER_MODES}
    activations = {name: name for name in operations.ACTIVATIONS}
    controls = {
        "picture": elements.choice(words.LABEL_PICTURE, picture, samples),
        "upload": elements.alone(upload),
        **filter_choice.filter_controls(filter_choice.RANDOM, 9, LARGEST_FILTER_SIDE),
        "n_filters": elements.integer_slider(words.LABEL_N_FILTERS, 2, 1, MOST_FILTERS),
        "seed": elements.seed(filters.SEED),
        "step_rows": elements.integer_slider(words.LABEL_STEP_ROWS, 1, 1, LARGEST_STEP),
        "step_columns": elements.integer_slider(words.LABEL_STEP_COLUMNS, 1, 1, LARGEST_STEP),
        "border_mode": elements.choice(words.LABEL_BORDER_MODE, "valid", modes),
        "activation": elements.choice(words.LABEL_ACTIVATION, "sigmoid", activations),
        "filter_flip": elements.checkbox(words.LABEL_FILTER_FLIP, True),
    }
    # Before the explorer watches the upload itself: one drawing is enough.
    upload.observe(lambda change: explorer.change(picture=UPLOADED), names="value")
    explorer = Explorer(draw_convolution, controls, EXAMPLES, follow=follow_choices)
    return explorer


EXAMPLES = (
    {},
    {"filter_name": "blur", "filter_rows": 21, "filter_columns": 21, "activation": "none"},
    {"filter_name": "sobel_rows", "filter_rows": 3, "filter_columns": 3, "activation": "none"},
    {"picture": "rings", "filter_rows": 1, "filter_columns": 31, "border_mode": "full"},
)


def draw_convolution(
    picture,
    filter_name,
    filter_rows,
    filter_columns,
    n_filters,
    seed,
    border_mode,
    activation,
    step_rows,
    step_columns,
    filter_flip,
    own,
    upload=None,
):
    """Return the `View` of a picture and its feature maps.

    Parameters
    ----------
    picture : str
        A sample's name, or 'uploaded'.
    filter_name : str
        'random', 'own', or one of `filters.NAMED`.
    filter_rows, filter_columns, step_rows, step_columns : int
        Pixels.
    n_filters, seed : int
        Of the random filters; others come alone.
    border_mode, activation, filter_flip
        As for `operations.feature_maps`.
    own : sequence of sequence of float
        The learner's own weights, in rows.
    upload : Photograph, optional
        The uploaded picture.

    Raises
    ------
    ValueError
        If the settings do not work together.
    """
    if picture == UPLOADED and upload is None:
        raise ValueError(words.NOTHING_UPLOADED)
    photograph = upload if picture == UPLOADED else _sample(picture)
    image = photograph.picture
    if filter_name == filter_choice.RANDOM:
        W, b = filters.random_filters((n_filters, 3, filter_rows, filter_columns), seed)
    else:
        weights = filter_choice.chosen_weights(filter_name, filter_rows, filter_columns, own)
        W, b = filters.for_all_colours(weights), numpy.zeros(1)
    maps = operations.feature_maps(
        photograph.minibatch,
        W,
        b,
        activation,
        border_mode=border_mode,
        subsample=(step_rows, step_columns),
        filter_flip=filter_flip,
    )[0]
    # The learner's own weights may be too large for float32.
    checks.float_array(maps, words.NAME_FEATURE_MAPS, "float32")
    maps = [
        _without_noise(feature_map, ROUNDING * numpy.abs(weights).sum())
        for feature_map, weights in zip(maps, W, strict=True)
    ]
    rows, columns = image.shape[:2]
    pngs = drawing.grey_pictures(maps, 1 if len(maps) <= MOST_MAPS_IN_FULL else 2)
    shown = [
        Picture(words.CAPTION_PICTURE.format(rows=rows, columns=columns), photograph.png, True),
        *(
            Picture(
                words.CAPTION_MAP.format(
                    number=number,
                    rows=len(feature_map),
                    columns=len(feature_map[0]),
                    low=drawing.number(feature_map.min()),
                    high=drawing.number(feature_map.max()),
                ),
                png,
                True,
            )
            for number, (feature_map, png) in enumerate(zip(maps, pngs, strict=True))
        ),
        *(
            Picture(words.CAPTION_FILTER.format(number=number), _filter_picture(weights))
            for number, weights in enumerate(W)
        ),
    ]
    sentence = words.CONVOLUTION_STATE.format(
        rows=arithmetic.conv_arithmetic(rows, W.shape[2], border_mode, step_rows),
        columns=arithmetic.conv_arithmetic(columns, W.shape[3], border_mode, step_columns),
        n_maps=len(maps),
        map_rows=len(maps[0]),
        map_columns=len(maps[0][0]),
        weights=" x ".join(map(str, W.shape)),
        n_weights=W.size,
    )
    return View(tuple(shown), sentence)


def follow_choices(seed, **settings):
    """Return what the choice of a filter changes in other controls, as `Explorer` takes it.

    Parameters
    ----------
    seed : int
        Of the random filters.
    **settings
        The other settings of `draw_convolution`.
    """

    def weights_of(name, rows, columns, own):
        if name == filter_choice.RANDOM:
            # The first filter, as a grey picture sees it: the same in all three colours.
            return filters.random_filters((1, 3, rows, columns), seed)[0][0].sum(axis=0)
        return filter_choice.chosen_weights(name, rows, columns, own)

    is_named = {"disabled": settings["filter_name"] != filter_choice.RANDOM}
    changes = filter_choice.follow_filter(weights_of, settings, LARGEST_FILTER_SIDE)
    return {"n_filters": is_named, "seed": is_named} | changes


def _without_noise(feature_map, noise):
    """Return a map that is even but for rounding as quite even; others as they are.

    Where the weights cancel out, as Sobel's do on an even picture, float32 leaves some millionths,
    and drawn from black to white these would look like a pattern.
    """
    if numpy.ptp(feature_map) > noise:
        return feature_map
    mean = feature_map.mean()
    return numpy.full_like(feature_map, mean if abs(mean) > noise else 0)


@cache
def _sample(name):
    picture = gallery.large_picture(name)
    # It is shared by all explorers.
    picture.setflags(write=False)
    return Photograph(picture, drawing.colour_picture(picture))


def decode_photograph(content, name):
    """Return the `Photograph` that a file's bytes hold, at most 500 pixels a side."""
    picture = pictures.decode_picture(content, name, LARGEST_PICTURE_SIDE)
    return Photograph(picture, drawing.colour_picture(picture))


def _filter_picture(weights):
    """Draw a filter in colours: grey is 0, a channel is bright where its weight is positive."""
    rows, columns = weights.shape[1:]
    largest = numpy.abs(weights).max() or 1
    levels = 0.5 + weights.transpose(1, 2, 0) / (2 * largest)
    times = max(1, FILTER_PICTURE_SIDE // max(rows, columns))
    # White weights need an edge on white paper, black ones on a dark page.
    return drawing.colour_picture(levels, times, has_edge=True)
