"""Lesson 3: a design built in Theano, and what Theano says of it."""

import asyncio
import gc

from lenet_helpers import kept_designs, paths, words
from lenet_helpers.lenet import LeNet
from lenet_helpers.widgets import elements

import ipywidgets
import numpy
import theano

PAUSE_SECONDS = 0.1


def theano_report(design):
    """Build a network, run one image of zeros through it, and measure what comes out.

    Parameters
    ----------
    design : LeNetDesign
        The sizes.

    Returns
    -------
    list of tuple
        (layer, step, shape, parameters): the names of the lessons; the shape of the array that
        Theano computed, its first entry, the batch, 1; the entries of W and b together at the
        step that weighs, and None at the others.

    Raises
    ------
    ValueError
        If the design is too large for `kept_designs.check_size`.
    """
    # The last network still hangs in Theano's circles of references: there may be no room for two.
    gc.collect()
    network = LeNet(kept_designs.check_size(design))
    layer0, layer1, layer2, layer3 = network.layer0, network.layer1, network.layer2, network.layer3
    steps = [
        ("layer0", words.STEP_CONVOLUTION, layer0.conv_out, layer0),
        ("layer0", words.STEP_POOLING, layer0.output, None),
        ("layer1", words.STEP_CONVOLUTION, layer1.conv_out, layer1),
        ("layer1", words.STEP_POOLING, layer1.output, None),
        ("layer2", words.STEP_FLATTEN, layer2.input, None),
        ("layer2", words.STEP_HIDDEN, layer2.output, layer2),
        ("layer3", words.STEP_SOFTMAX, layer3.p_y_given_x, layer3),
    ]
    run = theano.function([network.x], [output for _, _, output, _ in steps])
    arrays = run(numpy.zeros((1, design.n_pixels), dtype=theano.config.floatX))
    return [
        (name, step, array.shape, layer and sum(p.get_value().size for p in layer.params))
        for (name, step, _, layer), array in zip(steps, arrays, strict=True)
    ]


def drawn_report(design):
    """Return what `theano_report` should say, from the design's own arithmetic."""
    return [
        (layer.name, step.name, (1, *step.output_shape[1:]), step.n_parameters or None)
        for layer in design.layers()
        for step in layer.steps
    ]


def compare(drawn, built):
    """Return a `Table` of two reports side by side, and a sentence on whether they agree.

    Parameters
    ----------
    drawn, built : list of tuple
        As `drawn_report` and `theano_report` return them.
    """
    rows, differences = [], []
    for (layer, step, *wanted), (_, _, *found) in zip(drawn, built, strict=True):
        rows.append((layer, step, *map(_in_words, (wanted[0], found[0], wanted[1], found[1]))))
        differences += [
            words.BUILT_DIFFERENCE.format(
                layer=layer, step=step, found=_in_words(is_), drawn=_in_words(should)
            )
            for is_, should in zip(found, wanted, strict=True)
            if is_ != should
        ]
    total = sum(n_parameters or 0 for *_, n_parameters in built)
    heads = (words.HEAD_LAYER, words.HEAD_STEP, words.HEAD_DRAWN_SHAPE, words.HEAD_THEANO_SHAPE)
    heads += (words.HEAD_DRAWN_PARAMETERS, words.HEAD_THEANO_PARAMETERS)
    sentence = words.BUILT_AS_DRAWN.format(n_steps=len(built), total=total)
    if differences:
        sentence = words.BUILT_OTHERWISE.format(differences="; ".join(differences))
    return elements.Table(words.TABLE_BUILT, heads, tuple(rows), n_names=2), sentence


class Workshop(ipywidgets.VBox):
    """Two buttons that take a design: one builds it in Theano, one keeps it for lesson 4.

    Parameters
    ----------
    read_design : callable
        ``read_design()`` returns the learner's present `LeNetDesign`, or raises ValueError with
        a sentence for the learner.
    """

    def __init__(self, read_design):
        self.read_design, self._task, self._asked = read_design, None, None
        build = elements.wide_button(words.LABEL_BUILD, is_primary=True)
        keep = elements.wide_button(words.LABEL_KEEP)
        self._kept, self._built = elements.quiet_status(), elements.quiet_status()
        self._table = elements.table_box()
        super().__init__(
            [elements.wrapping_box([build, keep]), self._kept, self._built, self._table]
        )
        build.on_click(self._build)
        keep.on_click(self._keep)

    def clear(self):
        """Take away what was said: it belongs to another design."""
        self._asked = None
        self._kept.value = ""
        self._say("")

    def _say(self, sentence, content=None):
        elements.show_table(self._table, content)
        self._built.value = elements.status(sentence) if sentence else ""

    def _build(self, button):
        is_running = self._task is not None and not self._task.done()
        self._kept.value = ""
        try:
            design = kept_designs.check_size(self.read_design())
        except ValueError as error:
            self._asked = None
            self._say(str(error))
            return
        # The button stays enabled, because one that is disabled loses the keyboard's focus; so a
        # quick second click comes here, too.
        if is_running and design == self._asked:
            return
        self._say(words.BUILDING)
        self._asked = design
        if not is_running:
            # Keeping the task keeps it alive: the event loop itself holds only a weak reference.
            self._task = asyncio.ensure_future(self._run())

    async def _run(self):
        design = None
        # Another design may have been asked for while Theano had the kernel's time.
        while self._asked is not design:
            design = self._asked
            if design is None:
                return
            # The page hears that it is being built before that begins.
            await asyncio.sleep(PAUSE_SECONDS)
            if self._asked is not design:
                continue
            try:
                content, sentence = compare(drawn_report(design), theano_report(design))
            except Exception as error:
                # Whatever fails in Theano or its compiler: a traceback would help no learner.
                content, sentence = None, words.BUILD_FAILED.format(kind=type(error).__name__)
            self._say(sentence, content)
            # Clicks that came in the meantime are handled now, and find the build still going.
            await asyncio.sleep(PAUSE_SECONDS)

    def _keep(self, button):
        try:
            design = self.read_design()
            kept_designs.keep_design(design)
            sentence = words.KEPT.format(total=design.n_parameters)
        except ValueError as error:
            sentence = str(error)
            self._say("")  # the same may stand there already
        except OSError as error:
            folder, why = paths.cache_folder(), error.strerror or type(error).__name__
            sentence = words.NOT_KEPT.format(why=why, folder=folder)
        self._kept.value = elements.status(sentence)


def _in_words(value):
    """Return a shape, a number or None as a table shows it."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else " x ".join(f"{side:,}" for side in value)
