"""The LeNet designer: what it draws, counts and says, and that Theano builds just that."""

import asyncio
import json
import re
from html.parser import HTMLParser
from math import prod

from lenet_helpers import kept_designs, network_drawing, words
from lenet_helpers.design import PRESETS, LeNetDesign
from lenet_helpers.explorers import network, network_build
from lenet_helpers.explorers.network_build import theano_report
from lenet_helpers.lenet import LeNet

import ipywidgets
import numpy
import pytest
import theano

from tests import oracles
from tests.test_design import Counted, designs_drawn
from tests.test_explorers import (
    by_type,
    is_impossible,
    plain,
    refuse_to_compile,
    sentence,
    shown,
    walk,
)

COURSE = {
    "image_rows": 28,
    "image_columns": 28,
    "channels": 1,
    "nkerns0": 20,
    "filter_rows0": 5,
    "filter_columns0": 5,
    "pool_rows0": 2,
    "pool_columns0": 2,
    "nkerns1": 50,
    "filter_rows1": 5,
    "filter_columns1": 5,
    "pool_rows1": 2,
    "pool_columns1": 2,
    "n_hidden": 500,
    "n_classes": 10,
    "ignore_border": True,
}


class Tables(HTMLParser):
    """The rows of a table: (tag, scope, text) of each cell."""

    def __init__(self, markup):
        super().__init__()
        self.rows, self.captions, self.is_caption = [], [], False
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attributes).get("scope"), ""])
        self.is_caption = tag == "caption"

    def handle_data(self, data):
        if self.is_caption:
            self.captions.append(data)
        elif self.rows and self.rows[-1]:
            self.rows[-1][-1][2] += data


def texts(box):
    return [[text for *_, text in row] for row in Tables(box.value).rows]


def table(explorer):
    return texts(explorer.children[-1])


def workshop(explorer):
    (box,) = (box for box in explorer.children if isinstance(box, network_build.Workshop))
    return box


def press(explorer, label):
    (button,) = (b for b in by_type(explorer, ipywidgets.Button) if b.description == label)
    button.click()


def kept_text(explorer):
    return plain(workshop(explorer).children[1].value)


def built_text(explorer):
    return plain(workshop(explorer).children[2].value)


def report(explorer):
    return texts(workshop(explorer).children[3])


def fields_of(settings):
    """The fields of a design, as `Counted` takes them."""
    both = [
        [(settings[f"{name}_rows{n}"], settings[f"{name}_columns{n}"]) for n in (0, 1)]
        for name in ("filter", "pool")
    ]
    nkerns = settings["nkerns0"], settings["nkerns1"]
    size = settings["image_rows"], settings["image_columns"]
    counts = settings["n_hidden"], settings["n_classes"]
    return (nkerns, *both, *counts, size, settings["channels"], settings["ignore_border"])


def settings_for(fields):
    nkerns, filters, windows, n_hidden, n_classes, size, channels, border = fields
    settings = {"image_rows": size[0], "image_columns": size[1], "channels": channels}
    for n in (0, 1):
        settings |= {f"nkerns{n}": nkerns[n]}
        settings |= {f"filter_rows{n}": filters[n][0], f"filter_columns{n}": filters[n][1]}
        settings |= {f"pool_rows{n}": windows[n][0], f"pool_columns{n}": windows[n][1]}
    return settings | {
        "n_hidden": n_hidden,
        "n_classes": n_classes,
        "ignore_border": border,
    }


def wanted_table(shapes, products, weights):
    names = ["convolution", "pooling", "convolution", "pooling", "flatten", "hidden", "softmax"]
    layers = ["layer0", "layer0", "layer1", "layer1", "layer2", "layer2", "layer3"]
    memory = [4 * prod(shape) for shape in shapes]
    rows = [
        [layer, name, " x ".join(f"{n:,}" for n in shape), f"{w:,}", f"{p:,}", f"{m:,}"]
        for layer, name, shape, w, p, m in zip(
            layers, names, shapes, weights, products, memory, strict=True
        )
    ]
    return [*rows, ["in all", "", "", *(f"{sum(n):,}" for n in (weights, products, memory))]]


# --- The pure functions ---


def test_the_courses_sentence():
    text = network.draw_design(**COURSE).sentence
    assert text.startswith(
        "520 + 25,050 + 400,500 + 5,010 = 431,080 parameters; layer2 has the most. One image "
        "takes 2,293,000 multiply-adds, and 78,840 bytes"
    )
    assert text.endswith(words.NOTE_COURSE)


def test_another_designs_sentence():
    text = network.draw_design(
        **COURSE
        | {"nkerns0": 64, "nkerns1": 128, "filter_rows0": 1, "filter_columns0": 1}
        | {"filter_rows1": 13, "filter_columns1": 13}
    ).sentence
    counts = (64 * 2, 128 * (64 * 13 * 13 + 1), 500 * (128 + 1), 10 * 501)
    assert text.startswith(" + ".join(f"{n:,}" for n in counts) + f" = {sum(counts):,} ")
    assert "layer1 has the most." in text
    assert text.endswith("for the outputs of all steps.")


@pytest.mark.parametrize(
    ("name", "note"),
    [("course", words.NOTE_COURSE), ("lenet5", words.NOTE_LENET5), ("tiny", words.NOTE_TINY)],
)
def test_a_preset_has_its_note_and_no_other(name, note):
    settings = network.settings_of(PRESETS[name])
    assert network.draw_design(**settings).sentence.endswith(note)
    settings["n_hidden"] += 1
    notes = [words.NOTE_COURSE, words.NOTE_LENET5, words.NOTE_TINY]
    assert not any(text in network.draw_design(**settings).sentence for text in notes)


@pytest.mark.parametrize(("fields", "counted"), designs_drawn(5, 20, works=True))
def test_the_drawing_and_the_table_are_of_the_design(fields, counted):
    settings = settings_for(fields)
    assert network.design_of(**settings) == LeNetDesign(*fields)
    assert network.settings_of(LeNetDesign(*fields)) == settings
    (picture,), *_, content = network.draw_design(**settings)
    design = LeNetDesign(*fields)
    assert picture.png == network_drawing.network(design.layers(), design.image_shape())
    wanted = wanted_table(counted.shapes, counted.products, counted.weights)
    assert [*map(list, content.rows), list(content.totals)] == wanted


# --- Against Theano ---


def measured(fields):
    """Build a network, and run every step of it by a function of its own."""
    built = LeNet(LeNetDesign(*fields))
    layers = built.layer0, built.layer1, built.layer2, built.layer3
    outputs = []
    for layer in layers[:2]:
        outputs += [layer.conv_out, layer.output]
    outputs += [layers[2].input, layers[2].output, layers[3].p_y_given_x]
    random = numpy.random.RandomState(0)
    images = random.rand(1, prod(fields[5]) * fields[6]).astype(theano.config.floatX)
    shapes = [theano.function([built.x], output)(images).shape[1:] for output in outputs]
    return shapes, [sum(p.get_value().size for p in layer.params) for layer in layers]


@pytest.mark.parametrize(("fields", "counted"), designs_drawn(7, 10, works=True))
def test_ten_random_designs_are_what_theano_builds(fields, counted):
    explorer = network.explore_design()
    explorer.change(**settings_for(fields))
    shapes, counts = measured(fields)
    shown_rows = table(explorer)[1:-1]
    assert [row[2] for row in shown_rows] == [" x ".join(f"{n:,}" for n in s) for s in shapes]
    assert [row[3] for row in shown_rows if row[3] != "0"] == [f"{n:,}" for n in counts]
    assert table(explorer)[-1][3] == f"{sum(counts):,}"
    found = theano_report(LeNetDesign(*fields))
    assert [shape for _, _, shape, _ in found] == [(1, *shape) for shape in shapes]
    assert [n for *_, n in found if n is not None] == counts
    assert [row[:2] for row in shown_rows] == [[layer, step] for layer, step, *_ in found]
    assert found == network_build.drawn_report(LeNetDesign(*fields))


def broken_designs():
    """Ten designs that can't work, of every kind: part, layer, axis, border, channels."""
    found = designs_drawn(11, 200, works=False)
    chosen, kinds = [], set()
    for fields, counted in found:
        kind = counted.refused, fields[7]
        if kind not in kinds:
            kinds.add(kind)
            chosen.append((fields, counted))
    rest = [one for one in found if one not in chosen]
    return [*chosen, *rest][:10]


@pytest.mark.parametrize(("fields", "counted"), broken_designs())
def test_ten_broken_designs_are_refused_at_the_right_layer(fields, counted):
    explorer = network.explore_design()
    before = shown(explorer), table(explorer)
    explorer.change(**settings_for(fields))
    layer, part = counted.refused
    assert is_impossible(explorer)
    assert f"In {layer}: A {'filter' if part == 'filter' else 'pooling window'} of" in sentence(
        explorer
    )
    sides = fields[{"filter": 1, "window": 2}[part]][int(layer[-1])]
    assert f" of {sides[0]} x {sides[1]} " in sentence(explorer)
    assert (shown(explorer), table(explorer)) == before
    press(explorer, words.LABEL_BUILD)
    assert f"In {layer}:" in built_text(explorer)
    press(explorer, words.LABEL_KEEP)
    assert f"In {layer}:" in kept_text(explorer)


def test_broken_designs_are_of_many_kinds():
    chosen = broken_designs()
    assert len(chosen) == 10
    assert len({counted.refused for _, counted in chosen}) == 4
    assert {fields[7] for fields, _ in chosen} == {True, False}
    assert any(fields[5][0] != fields[5][1] for fields, _ in chosen)
    assert any(fields[6] > 1 for fields, _ in chosen)


# --- The explorer ---


def test_the_controls():
    explorer = network.explore_design()
    assert explorer.settings() == COURSE
    ends = {
        name: (control.min, control.max)
        for name, control in explorer.controls.items()
        if name != "ignore_border"
    }
    assert ends["image_rows"] == ends["image_columns"] == (1, 64)
    assert (ends["channels"], ends["n_classes"], ends["n_hidden"]) == ((1, 4), (2, 100), (1, 1000))
    labels = {name: control.description for name, control in explorer.controls.items()}
    assert labels["filter_rows0"] == "layer0: filter rows"
    assert labels["pool_columns1"] == "layer1: window columns"


def test_a_broken_design_keeps_the_last_drawing():
    explorer = network.explore_design()
    before = shown(explorer), table(explorer)
    explorer.change(filter_rows1=13, filter_columns1=13)
    assert "In layer1: A filter of 13 x 13 pixels does not fit into 12 x 12" in sentence(explorer)
    assert is_impossible(explorer)
    assert (shown(explorer), table(explorer)) == before
    # The advice works.
    assert "Use at most 11 x 11, or images of at least 32 x 32 pixels." in sentence(explorer)
    explorer.change(image_rows=32, image_columns=32)
    assert not is_impossible(explorer)
    explorer.change(image_rows=28, image_columns=28, filter_rows1=11, filter_columns1=11)
    assert not is_impossible(explorer)


def test_the_preset_buttons():
    explorer = network.explore_design()
    for label, name in (
        (words.LABEL_PRESET_LENET5, "lenet5"),
        (words.LABEL_PRESET_TINY, "tiny"),
        (words.LABEL_PRESET_COURSE, "course"),
    ):
        explorer.controls["n_hidden"].value = 77
        press(explorer, label)
        assert network.design_of(**explorer.settings()) == PRESETS[name]
        assert f"{PRESETS[name].n_parameters:,} parameters" in sentence(explorer)
    # From a design that does not work, too.
    explorer.change(image_rows=1, pool_rows0=8)
    assert is_impossible(explorer)
    press(explorer, words.LABEL_PRESET_LENET5)
    assert "51,902 parameters" in sentence(explorer)


def test_500_moves_compile_nothing_and_say_what_is_true(monkeypatch):
    explorer = network.explore_design()
    refuse_to_compile(monkeypatch)
    random, worked, n_broken = numpy.random.RandomState(3), set(), 0
    before = shown(explorer), table(explorer)
    for _ in walk(explorer, random, 500):
        settings = explorer.settings()
        # The loops of `Counted` take long for many maps: shapes and refusals need only one.
        few = settings | {"nkerns0": 1, "nkerns1": 1}
        counted = Counted(fields_of(few))
        if counted.refused:
            n_broken += 1
            assert is_impossible(explorer)
            assert f"In {counted.refused[0]}: " in sentence(explorer)
            assert (shown(explorer), table(explorer)) == before
            # Back to one that works, now and then, or the walk would hardly leave the broken.
            if not random.randint(4):
                press(explorer, words.LABEL_PRESET_TINY)
                explorer.change(image_rows=int(random.randint(30, 65)))
        else:
            worked.add(tuple(settings.values()))
            n_maps = [settings["nkerns0"]] * 2 + [settings["nkerns1"]] * 2
            shapes = [(n, *s[1:]) for n, s in zip(n_maps, counted.shapes, strict=False)]
            shapes += [(prod(shapes[-1]),), (settings["n_hidden"],), (settings["n_classes"],)]
            assert [row[2] for row in table(explorer)[1:-1]] == [
                " x ".join(f"{n:,}" for n in shape) for shape in shapes
            ]
            total = table(explorer)[-1][3]
            assert f" = {total} parameters;" in sentence(explorer)
        before = shown(explorer), table(explorer)
    assert len(worked) > 100
    assert n_broken > 50


# --- The buttons that do something ---


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def reports(monkeypatch):
    """Count the builds, and build nothing."""
    asked = []

    def record(design):
        asked.append(design)
        return network_build.drawn_report(design)

    monkeypatch.setattr(network_build, "theano_report", record)
    monkeypatch.setattr(network_build, "PAUSE_SECONDS", 0.01)
    return asked


async def until_built(explorer):
    await workshop(explorer)._task


def run(steps):
    asyncio.run(steps())


def test_build_shows_theanos_report():
    explorer = network.explore_design()
    press_tiny = words.LABEL_PRESET_TINY

    async def steps():
        press(explorer, press_tiny)
        press(explorer, words.LABEL_BUILD)
        assert built_text(explorer) == words.BUILDING
        assert report(explorer) == []
        await until_built(explorer)

    run(steps)
    assert built_text(explorer).startswith("As drawn: one image of zeros went through 7 steps")
    assert "1,466 parameters" in built_text(explorer)
    _, *rows = report(explorer)
    assert [row[:2] for row in rows] == [row[:2] for row in table(explorer)[1:-1]]
    assert [row[2] for row in rows] == [row[3] for row in rows]
    assert [row[3] for row in rows] == ["1 x " + row[2] for row in table(explorer)[1:-1]]
    assert [row[4] or "0" for row in rows] == [row[3] for row in table(explorer)[1:-1]]
    assert [row[5] for row in rows] == [row[4] for row in rows]


def test_a_changed_control_clears_the_report(reports, cache):
    explorer = network.explore_design()

    async def steps():
        press(explorer, words.LABEL_BUILD)
        await until_built(explorer)
        press(explorer, words.LABEL_KEEP)
        assert len(report(explorer)) == 8
        assert kept_text(explorer)
        explorer.controls["n_hidden"].value = 499
        assert (report(explorer), built_text(explorer), kept_text(explorer)) == ([], "", "")

    run(steps)


def test_a_quick_second_click_builds_once(reports, monkeypatch):
    explorer = network.explore_design()
    record = network_build.theano_report

    def slow(design):
        # While Theano has the kernel, clicks wait in its queue, and come right afterwards.
        for _ in range(3):
            asyncio.get_running_loop().call_soon(press, explorer, words.LABEL_BUILD)
        return record(design)

    monkeypatch.setattr(network_build, "theano_report", slow)

    async def steps():
        press(explorer, words.LABEL_BUILD)
        press(explorer, words.LABEL_BUILD)
        await until_built(explorer)
        await asyncio.sleep(0.05)

    run(steps)
    assert len(reports) == 1
    assert "As drawn" in built_text(explorer)
    run(steps)
    assert len(reports) == 2


def test_a_control_that_moves_during_the_build(reports, monkeypatch):
    explorer = network.explore_design()
    record = network_build.theano_report

    def moved(design):
        if design == LeNetDesign():
            asyncio.get_running_loop().call_soon(
                explorer.controls["n_hidden"].set_trait, "value", 9
            )
        return record(design)

    monkeypatch.setattr(network_build, "theano_report", moved)

    async def steps():
        press(explorer, words.LABEL_BUILD)
        await until_built(explorer)

    run(steps)
    assert (report(explorer), built_text(explorer)) == ([], "")
    # And a second click for the new design is not lost.

    async def again():
        explorer.controls["n_hidden"].value = 500
        press(explorer, words.LABEL_BUILD)
        explorer.controls["n_hidden"].value = 8
        assert built_text(explorer) == ""
        press(explorer, words.LABEL_BUILD)
        assert built_text(explorer) == words.BUILDING
        await until_built(explorer)

    reports.clear()
    run(again)
    assert [design.n_hidden for design in reports] == [8]
    assert report(explorer)[6][3] == "1 x 8"


def test_a_control_that_moves_before_the_build_begins(reports):
    explorer = network.explore_design()

    async def steps():
        press(explorer, words.LABEL_BUILD)
        await asyncio.sleep(0)  # the build is on its way
        explorer.controls["n_hidden"].value = 7
        await until_built(explorer)

    run(steps)
    assert reports == []
    assert (report(explorer), built_text(explorer)) == ([], "")


def test_a_design_that_is_too_large_is_not_built(reports):
    explorer = network.explore_design()
    explorer.change(image_rows=64, image_columns=64, n_hidden=1000, pool_rows0=1, pool_rows1=1)
    n_parameters = network.design_of(**explorer.settings()).n_parameters
    assert n_parameters > 20_000_000
    press(explorer, words.LABEL_BUILD)
    assert oracles.is_plain(built_text(explorer), f"{n_parameters:,}", "20,000,000")
    assert reports == []
    with pytest.raises(ValueError, match="20,000,000"):
        theano_report(network.design_of(**explorer.settings()))


def test_a_build_that_fails_is_told_without_a_traceback(reports, monkeypatch):
    explorer = network.explore_design()

    def fail(design):
        raise MemoryError("Apply node that caused the error: ...\nTraceback ...")

    monkeypatch.setattr(network_build, "theano_report", fail)

    async def steps():
        press(explorer, words.LABEL_BUILD)
        await until_built(explorer)

    run(steps)
    assert oracles.is_plain(built_text(explorer), "MemoryError")
    assert report(explorer) == []


def test_what_theano_builds_otherwise_is_named():
    drawn = network_build.drawn_report(LeNetDesign())
    built = [list(row) for row in drawn]
    built[1][2], built[5][3] = (1, 20, 13, 12), 400_501
    _, text = network_build.compare(drawn, built)
    assert text == (
        "Theano built something else than was drawn: layer0 pooling is 1 x 20 x 13 x 12, not "
        "1 x 20 x 12 x 12; layer2 hidden is 400,501, not 400,500."
    )


def test_keep(cache):
    explorer = network.explore_design()
    press(explorer, words.LABEL_PRESET_LENET5)
    press(explorer, words.LABEL_KEEP)
    press(explorer, words.LABEL_KEEP)
    assert kept_text(explorer) == "Kept: lesson 4 can now train this network of 51,902 parameters."
    assert kept_designs.kept_design() == PRESETS["lenet5"]
    assert json.loads((cache / kept_designs.FILE_NAME).read_text())["nkerns"] == [6, 16]


def test_keep_where_nothing_can_be_written(cache, monkeypatch):
    (cache / "file").write_text("no folder")
    monkeypatch.setenv("LENET_CACHE", str(cache / "file"))
    explorer = network.explore_design()
    press(explorer, words.LABEL_KEEP)
    assert oracles.is_plain(kept_text(explorer), cache / "file", "could not be kept")


# --- The table ---


def test_the_table_can_be_read_out():
    explorer = network.explore_design()
    markup = explorer.children[-1].value
    found = Tables(markup)
    assert found.captions == [words.TABLE_DESIGN]
    head, *rows = found.rows
    assert [cell[:2] for cell in head] == [["th", "col"]] * 6
    for row in rows:
        assert [cell[:2] for cell in row] == [["th", "row"]] * 2 + [["td", None]] * 4
    assert re.findall(r"<(thead|tbody|tfoot)>", markup) == ["thead", "tbody", "tfoot"]
    numbers = re.findall(r'<td style="text-align:(\w+);', markup)
    assert set(numbers) == {"right"}
    # Colours are the page's own, in light and in dark.
    assert not re.search(r"[^-]color|background", markup)
