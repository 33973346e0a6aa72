"""Widgets without a browser: they draw, follow their controls, and show errors in words."""

import asyncio
import base64
import io
import itertools
import re
from types import SimpleNamespace

from lenet_helpers import words
from lenet_helpers.widgets import elements, number_grid, player, training
from lenet_helpers.widgets.explorer import Explorer, Picture, View
from lenet_helpers.widgets.number_grid import NumberGrid
from lenet_helpers.widgets.player import Player
from lenet_helpers.widgets.upload import Upload

import ipywidgets
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

PNG = b"\x89PNG "


def by_type(box, kind):
    """Return every widget of a kind that is shown, in order; hidden pictures count."""
    is_hidden = isinstance(box, ipywidgets.HTML) and box.layout.display == "none"
    found = [box] if isinstance(box, kind) and not is_hidden else []
    for child in getattr(box, "children", ()):
        found += by_type(child, kind)
    return found


def send(widget, data, buffers=()):
    """Let a widget receive a message as if it came from the browser."""
    widget.comm.handle_msg({"content": {"data": data}, "buffers": list(buffers)})


@pytest.fixture
def sent(monkeypatch):
    """A list that grows with every state that a widget sends: (widget, names)."""
    messages, send_state = [], ipywidgets.Widget.send_state

    def spy(self, key=None):
        messages.append((self, key))
        send_state(self, key)

    monkeypatch.setattr(ipywidgets.Widget, "send_state", spy)
    return messages


@pytest.fixture
def made():
    """A list of the widgets that are made."""
    widgets = []
    ipywidgets.Widget.on_widget_constructed(widgets.append)
    yield widgets
    ipywidgets.Widget.on_widget_constructed(None)


def run(steps):
    asyncio.run(asyncio.wait_for(steps(), timeout=20))


# --- Elements ---


def test_controls_have_their_labels_and_values():
    slider = elements.integer_slider("Rows (pixels)", 9, 1, 15)
    assert (slider.value, slider.min, slider.max) == (9, 1, 15)
    choice = elements.choice_slider("Rate", 0.1, (0.01, 0.1, 1.0))
    assert (choice.value, choice.options) == (0.1, (0.01, 0.1, 1.0))
    box = elements.checkbox("ignore_border", True)
    assert box.value is True
    menu = elements.choice("mode", "average", {"the largest": "max", "the mean": "average"})
    assert menu.value == "average"
    assert menu.label == "the mean"
    field = elements.seed(5)
    assert (field.value, field.min, field.max) == (5, 0, 2**31 - 1)
    labels = [control.description for control in (slider, choice, box, menu, field)]
    assert labels == ["Rows (pixels)", "Rate", "ignore_border", "mode", "Random seed"]


def test_buttons():
    assert elements.button("Train", is_primary=True).button_style == "primary"
    assert elements.button("Stop").button_style == ""
    assert elements.button("Stop").description == "Stop"


def test_a_checkbox_has_a_line_of_its_own():
    assert elements.checkbox("a sentence", False).layout.get_state()["grid_area"].endswith("-1")
    slider = elements.integer_slider("a number", 1, 1, 2)
    assert slider.layout.grid_area is None
    assert elements.alone(slider) is slider
    assert slider.layout.grid_area.endswith("-1")


def test_boxes_hold_their_children_in_order():
    children = [elements.button(label) for label in "abc"]
    assert list(elements.controls_box(iter(children)).children) == children
    assert list(elements.wrapping_box(children).children) == children
    assert elements.wrapping_box().children == ()


def test_a_picture_is_hidden_until_it_has_bytes():
    picture = elements.hidden_picture()
    assert picture.layout.display == "none"
    elements.show_picture(picture, PNG)
    assert picture.layout.display is None
    assert picture.value == PNG
    assert picture.format == "png"


def test_texts_are_escaped():
    assert "a &lt;b&gt; &amp; c" in elements.caption("a <b> & c")
    html = elements.status("1 < 2\n3 > <br>")
    assert "1 &lt; 2<br>3 &gt; &lt;br&gt;" in html
    assert 'aria-live="polite"' in html


# --- Explorer ---


def png(red, width=4, height=3):
    """Return a PNG file of a plain picture; `red` tells one from the other."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (red, 0, 0)).save(buffer, "png")
    return buffer.getvalue()


def explorer(**options):
    """Return an explorer of a number and a tick; 13 is impossible, 14 is a bug."""
    calls = []

    def draw(side, flip):
        calls.append((side, flip))
        if side == 13:
            raise ValueError("A side of <13> & more")
        if side == 14:
            raise KeyError(side)
        pictures = [Picture(f"picture {n} of <{side}>", png(10 * side + n)) for n in range(side)]
        changes = {"flip": {"disabled": side > 5}, "side": {"min": 0}}
        return View(tuple(pictures), f"Side {side} < {flip} & so on.\nLine 2", changes)

    side, flip = elements.integer_slider("Side", 3, 0, 20), elements.checkbox("Flip", False)
    box = Explorer(draw, {"side": side, "flip": flip}, **options)
    return SimpleNamespace(box=box, calls=calls, side=side, flip=flip)


def shown(box):
    return [bytes(image.value) for image in by_type(box, ipywidgets.Image)]


def sentence(box):
    return by_type(box, ipywidgets.HTML)[-1].value


def reds(side):
    return [png(10 * side + n) for n in range(side)]


def test_an_explorer_draws_once_at_the_start():
    it = explorer()
    assert it.calls == [(3, False)]
    assert shown(it.box) == reds(3)
    assert it.box.settings() == {"side": 3, "flip": False}
    assert by_type(it.box, ipywidgets.ValueWidget)[:2] == [it.side, it.flip]


def test_an_explorer_redraws_when_any_control_moves():
    it = explorer()
    it.side.value = 7
    assert shown(it.box) == reds(7)
    it.flip.value = True
    assert it.calls == [(3, False), (7, False), (7, True)]
    assert "Side 7 &lt; True" in sentence(it.box)
    it.side.description = "Other"
    assert len(it.calls) == 3


def test_the_sentence_is_escaped_and_has_lines():
    html = sentence(explorer().box)
    assert "Side 3 &lt; False &amp; so on.<br>Line 2" in html
    assert 'aria-live="polite"' in html


def captions(box):
    return [re.sub("<[^>]*>", "", widget.value) for widget in by_type(box, ipywidgets.HTML)[:-1]]


def test_every_picture_has_its_caption_above_it():
    it = explorer()
    assert captions(it.box) == [f"picture {n} of &lt;3&gt;" for n in range(3)]
    order = by_type(it.box, (ipywidgets.HTML, ipywidgets.Image))
    assert [type(widget) for widget in order] == [ipywidgets.HTML, ipywidgets.Image] * 3 + [
        ipywidgets.HTML
    ]
    it.side.value = 1
    assert captions(it.box) == ["picture 0 of &lt;1&gt;"]


def test_an_explorer_shows_a_table_between_pictures_and_sentence():
    def draw(side):
        table = elements.Table("A <caption>", ("name", "n"), (("a & b", f"{side}"),), ("all", "9"))
        return View((Picture("it", png(side)),), "yes", table=table if side != 2 else None)

    side = elements.integer_slider("Side", 3, 0, 20)
    box = Explorer(draw, {"side": side})
    *_, shelf, table, status = box.children
    assert shown(shelf) == [png(3)]
    assert "A &lt;caption&gt;</caption>" in table.value
    assert ">a &amp; b</th>" in table.value
    assert ">3</td>" in table.value
    assert "yes" in status.value
    side.value = 4
    assert ">4</td>" in table.value
    assert table.layout.display is None
    side.value = 2
    assert (table.value, table.layout.display) == ("", "none")
    side.value = 5
    assert ">5</td>" in table.value
    assert table.layout.display is None


def test_a_table_without_totals_has_no_empty_row():
    table = elements.Table("it", ("name", "n"), (("a", "1"), ("b", "2")))
    assert elements.table(table).count("<tr>") == 3
    assert "<tfoot></tfoot>" in elements.table(table)
    assert elements.table(table._replace(totals=("in all", "3"))).count("font-weight:bold") == 2


def test_an_impossible_setting_is_said_the_pictures_stay_and_it_recovers():
    it = explorer()
    it.side.value = 13
    assert shown(it.box) == reds(3)
    wanted = words.IMPOSSIBLE_SETTING.format(message="A side of &lt;13&gt; &amp; more")
    assert wanted in sentence(it.box)
    it.side.value = 12
    assert shown(it.box) == reds(12)
    assert "Side 12" in sentence(it.box)
    assert "13" not in sentence(it.box)


def test_an_impossible_setting_at_the_start():
    def draw(side):
        if side == 3:
            raise ValueError("no")
        return View((Picture("it", PNG),), "yes")

    side = elements.integer_slider("Side", 3, 1, 20)
    box = Explorer(draw, {"side": side})
    assert "no" in sentence(box)
    assert shown(box) == []
    side.value = 4
    assert "yes" in sentence(box)
    assert shown(box) == [PNG]


def test_no_other_error_is_hidden():
    it = explorer()
    with pytest.raises(KeyError):
        it.side.value = 14
    with pytest.raises(KeyError):
        it.box.change(flip=True)
    it.box.change(side=2)
    assert shown(it.box) == reds(2)
    it.side.value = 5  # still watched
    assert shown(it.box) == reds(5)


def test_a_view_changes_other_controls_without_another_draw():
    it = explorer()
    assert not it.flip.disabled
    it.side.value = 6
    assert it.flip.disabled
    it.side.value = 5
    assert not it.flip.disabled
    calls = []

    def draw(a, b):
        calls.append((a, b))
        return View((), "", {"b": {"value": 2 * a, "max": 100}, "a": {"max": 9}})

    a, b = (elements.integer_slider(name, 1, 0, 50) for name in "ab")
    Explorer(draw, {"a": a, "b": b})
    a.value = 5
    assert b.value == 10
    assert (a.max, b.max) == (9, 100)
    assert calls == [(1, 1), (5, 2)]
    b.value = 7  # the learner's own change draws
    assert calls[2:] == [(5, 7)]


def test_change_sets_several_controls_and_draws_once():
    it = explorer()
    it.box.change(side=5, flip=True)
    assert it.calls == [(3, False), (5, True)]
    assert it.box.settings() == {"side": 5, "flip": True}
    assert shown(it.box) == reds(5)


def test_a_change_that_fails_leaves_the_explorer_awake():
    it = explorer()
    with pytest.raises(KeyError):
        it.box.change(nothing=1)
    it.side.value = 4
    assert shown(it.box) == reds(4)


@given(st.lists(st.integers(0, 6), max_size=6))
@settings(max_examples=15, deadline=None)
def test_there_may_be_more_pictures_or_fewer_each_time(sides):
    it = explorer()
    for side in sides:
        it.side.value = side
        assert shown(it.box) == reds(side)
        assert captions(it.box) == [f"picture {n} of &lt;{side}&gt;" for n in range(side)]


def test_what_stays_the_same_is_not_sent_again(sent, made):
    it = explorer()
    images = by_type(it.box, ipywidgets.Image)
    sent.clear(), made.clear()
    it.box.change(side=3)
    assert (sent, made) == ([], [])
    it.flip.value = True
    last = by_type(it.box, ipywidgets.HTML)[-1]
    assert sent == [(it.flip, "value"), (last, "value")]
    sent.clear()
    it.side.value = 2
    assert {widget for widget, _ in sent} >= set(images[:2])
    # Without its own news a picture out of sight stays as it is.
    assert images[2] not in {widget for widget, _ in sent}
    assert made == []


def test_extras_stand_between_controls_and_pictures():
    extra = elements.button("Extra")
    it = explorer(extras=[extra])
    order = by_type(it.box, (ipywidgets.IntSlider, ipywidgets.Button, ipywidgets.Image))
    assert [type(widget) for widget in order[:2]] == [ipywidgets.IntSlider, ipywidgets.Button]
    assert order[1] is extra
    assert len(order) == 5


def frame_layout(box):
    (image,) = by_type(box, ipywidgets.Image)
    frame = next(part for part in by_type(box, ipywidgets.VBox) if image in part.children)
    return [
        (layout.width, layout.max_width, layout.min_width, layout.flex, layout.height)
        for layout in (image.layout, frame.layout)
    ]


@pytest.mark.parametrize("first", [0, 1])
def test_every_picture_gets_the_room_that_it_needs(first):
    def draw(shrinks):
        return View((Picture("it", png(5, 300 + 99 * shrinks, 300), bool(shrinks)),), "")

    alone = Explorer(draw, {"shrinks": elements.integer_slider("s", 1 - first, 0, 1)})
    shrinks = elements.integer_slider("s", first, 0, 1)
    box = Explorer(draw, {"shrinks": shrinks})
    assert frame_layout(box) != frame_layout(alone)
    # The same frame now shows a picture of the other kind.
    shrinks.value = 1 - first
    assert frame_layout(box) == frame_layout(alone)


def test_a_picture_that_shrinks_is_enlarged_only_as_far_as_its_caption_needs():
    for width in (20, 200, 1000):
        view = View((Picture("it", png(5, width, 300), True),), "")
        image = by_type(Explorer(lambda view=view: view, {}), ipywidgets.Image)[0]
        assert image.layout.width == "100%"
        assert int(image.layout.max_width.removesuffix("px")) <= max(width, 150)


# --- Clicks ---


def click(box, number, right, down, width=200, height=50):
    frames = [part for part in by_type(box, ipywidgets.VBox) if hasattr(part, "event")]
    event = {
        "type": "click",
        "relativeX": right,
        "relativeY": down,
        "boundingRectWidth": width,
        "boundingRectHeight": height,
    }
    send(frames[number].event, {"method": "custom", "content": event})


def test_a_click_tells_the_picture_and_the_place():
    clicks = []

    def on_click(settings, number, right, down):
        clicks.append((settings, number, right, down))
        return {"side": 5, "flip": True}

    it = explorer(on_click=on_click)
    click(it.box, 1, 50, 40)
    assert clicks == [({"side": 3, "flip": False}, 1, 0.25, 0.8)]
    assert it.calls == [(3, False), (5, True)]
    click(it.box, 4, 0, 0)  # a picture that was not there at first
    assert clicks[1] == ({"side": 5, "flip": True}, 4, 0, 0)


@given(st.floats(-300, 500), st.floats(-300, 500))
@settings(max_examples=20, deadline=None)
def test_a_click_never_lies_outside_its_picture(right, down):
    places = []
    it = explorer(on_click=lambda settings, number, *place: places.append(place) or {})
    click(it.box, 0, right, down)
    for found, wanted in zip(places[0], (right / 200, down / 50), strict=True):
        assert 0 <= found < 1
        assert found == pytest.approx(min(max(wanted, 0), 1), abs=0.001)
        # On the largest grid an explorer draws, the edge still belongs to the last cell.
        assert int(found * 100) == min(max(int(wanted * 100), 0), 99)


def test_a_click_on_an_old_picture_does_nothing():
    def on_click(settings, number, right, down):
        raise ValueError("out of date")

    it = explorer(on_click=on_click)
    before = sentence(it.box)
    click(it.box, 0, 1, 1)
    assert it.calls == [(3, False)]
    assert sentence(it.box) == before


def test_without_on_click_nothing_watches_for_clicks(made):
    explorer()
    assert not [widget for widget in made if "Event" in type(widget).__name__]
    made.clear()
    it = explorer(on_click=lambda *_: {})
    it.side.value = 4
    it.side.value = 3
    it.side.value = 4
    events = [widget for widget in made if "Event" in type(widget).__name__]
    assert [event.source for event in events] == by_type(it.box, ipywidgets.Image)


# --- The stand-in for pages without a kernel ---


EXAMPLES = ({}, {"side": 5}, {"flip": True})


def test_the_stand_in_shows_the_examples_whatever_the_learner_did():
    it = explorer(examples=EXAMPLES)
    wanted = it.box.stand_in()
    it.box.change(side=13, flip=True)
    it.calls.clear()
    assert it.box.stand_in() == wanted
    assert it.calls == [(3, False), (5, False), (3, True)]
    assert it.side.value == 13
    file, text = wanted
    assert Image.open(io.BytesIO(file)).format == "PNG"
    for number, state in enumerate(["Side 3 < False", "Side 5 < False", "Side 3 < True"], 1):
        assert f"({number}) {state} & so on. Line 2" in text


def test_the_bundle_holds_widget_picture_and_sentence():
    it = explorer(examples=EXAMPLES)
    bundle = it.box._repr_mimebundle_()
    file, text = it.box.stand_in()
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == it.box.model_id
    assert base64.b64decode(bundle["image/png"], validate=True) == file
    assert bundle["text/plain"] == text
    assert "\n" not in text
    image = Image.open(io.BytesIO(file)).convert("RGB")
    colours = {colour for _, colour in image.getcolors(10**6)}
    # The little pictures of all three examples, in reds that nothing else has.
    assert {red for red, green, _ in colours if green == 0} >= {30, 31, 32, 50, 51, 52, 53, 54}


# --- NumberGrid ---


def numbers(grid):
    return [field.value for field in by_type(grid, ipywidgets.FloatText)]


def changes_of(widget):
    changes = []
    widget.observe(lambda change: changes.append(change["new"]), names="value")
    return changes


def test_a_grid_shows_its_label_and_its_numbers():
    grid = NumberGrid("My <numbers>", [[1, 2.5, -3], [0, 1e-3, 7]])
    assert grid.value == ((1, 2.5, -3), (0, 1e-3, 7))
    assert {type(number) for row in grid.value for number in row} == {float}
    assert numbers(grid) == [1, 2.5, -3, 0, 1e-3, 7]
    assert "My &lt;numbers&gt;" in by_type(grid, ipywidgets.HTML)[0].value
    labels = [field.description for field in by_type(grid, ipywidgets.FloatText)]
    assert labels[0] == "row 1, column 1"
    assert labels[5] == "row 2, column 3"
    assert len(set(labels)) == 6
    (box,) = by_type(grid, ipywidgets.GridBox)
    assert box.layout.grid_template_columns.startswith("repeat(3,")


def test_an_edited_field_changes_the_value_once():
    grid = NumberGrid("", [[1, 2], [3, 4]])
    changes = changes_of(grid)
    by_type(grid, ipywidgets.FloatText)[2].value = 9
    assert changes == [((1, 2), (9, 4))]
    assert grid.value == ((1, 2), (9, 4))
    by_type(grid, ipywidgets.FloatText)[2].value = 9
    assert len(changes) == 1


def test_a_new_value_fills_the_fields_and_changes_once(sent, made):
    grid = NumberGrid("", [[1, 2], [3, 4]])
    changes, fields = changes_of(grid), by_type(grid, ipywidgets.FloatText)
    made.clear(), sent.clear()
    grid.value = ((1.0, 2.0), (5.0, 4.0))
    assert changes == [((1, 2), (5, 4))]
    assert numbers(grid) == [1, 2, 5, 4]
    assert made == []
    # One number is new, and nothing else travels.
    assert sent == [(fields[2], "value")]


matrices = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10**6)).map(
    lambda it: number_grid.rounded(numpy.random.RandomState(it[2]).randn(it[0], it[1]))
)


@given(st.lists(matrices, min_size=2, max_size=4), st.data())
@settings(max_examples=15, deadline=None)
def test_a_grid_takes_any_shape_after_any_other(values, data):
    grid = NumberGrid("", values[0])
    changes = changes_of(grid)
    for value in values[1:]:
        grid.value = value
        assert numbers(grid) == [number for row in value for number in row]
        (box,) = by_type(grid, ipywidgets.GridBox)
        assert box.layout.grid_template_columns.startswith(f"repeat({len(value[0])},")
        row = data.draw(st.integers(0, len(value) - 1))
        column = data.draw(st.integers(0, len(value[0]) - 1))
        by_type(grid, ipywidgets.FloatText)[row * len(value[0]) + column].value = 77
        wanted = [list(numbers) for numbers in value]
        wanted[row][column] = 77
        assert grid.value == tuple(map(tuple, wanted))
        assert changes[-2:] == [value, grid.value] or changes[-1] == grid.value
    assert len(changes) <= 2 * len(values) - 2


def test_a_hidden_grid_makes_no_fields_until_it_is_seen(sent, made):
    grid = NumberGrid("", [[1.0]])
    grid.visible = False
    assert grid.layout.display == "none"
    sent.clear(), made.clear()
    largest = number_grid.as_rows(numpy.arange(49).reshape(7, 7))
    grid.value = largest
    assert grid.value == largest
    assert (made, sent) == ([], [])
    grid.visible = True
    assert grid.layout.display is None
    assert numbers(grid) == list(range(49))
    by_type(grid, ipywidgets.FloatText)[48].value = -1
    assert grid.value == (*largest[:6], (42, 43, 44, 45, 46, 47, -1))


def test_rows_of_numbers():
    values = numpy.array([[1 / 3, -2], [1234.56789, 1e-9]])
    assert number_grid.as_rows(values) == ((1 / 3, -2), (1234.56789, 1e-9))
    assert number_grid.rounded(values) == ((0.333, -2), (1234.568, 0))
    assert number_grid.rounded([[numpy.float32(0.1)]]) == ((0.1,),)


def test_a_grid_is_a_control_of_an_explorer():
    grid, drawn = NumberGrid("", [[1, 2]]), []

    def draw(own):
        drawn.append(own)
        # The grid follows what is drawn, as a hidden one follows a filter that is chosen.
        return View((), "", {"own": {"value": tuple(tuple(sorted(row)) for row in own)}})

    Explorer(draw, {"own": grid})
    by_type(grid, ipywidgets.FloatText)[0].value = 5
    assert drawn == [((1, 2),), ((5, 2),)]
    assert numbers(grid) == [2, 5]


# --- Player ---


def a_player(monkeypatch, value=0, smallest=0, largest=5):
    monkeypatch.setattr(player, "SECONDS_PER_STEP", 0.002)
    slider = elements.integer_slider("Position", value, smallest, largest)
    return Player(slider), slider


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def playing(it):
    return it.play.disabled, it.pause.disabled


def test_a_player_steps_within_the_sliders_limits(monkeypatch):
    it, slider = a_player(monkeypatch, 1, 1, 3)
    found = []
    for button in (it.back, it.step, it.step, it.step, it.step, it.back):
        button.click()
        found.append(slider.value)
    assert found == [1, 2, 3, 3, 3, 2]
    labels = [button.description for button in by_type(it, ipywidgets.Button)]
    assert labels == ["Back", "Step", "Play", "Pause"]
    assert playing(it) == (False, True)


def test_a_player_plays_to_the_end_and_then_from_the_start(monkeypatch):
    it, slider = a_player(monkeypatch, 2)
    seen = changes_of(slider)

    async def steps():
        it.play.click()
        assert playing(it) == (True, False)
        await until(lambda: not it.play.disabled)
        assert seen == [3, 4, 5]
        assert playing(it) == (False, True)
        seen.clear()
        it.play.click()
        await until(lambda: not it.play.disabled)
        assert seen == [0, 1, 2, 3, 4, 5]

    run(steps)


def test_a_player_pauses_and_goes_on(monkeypatch):
    it, slider = a_player(monkeypatch, largest=10**6)

    async def steps():
        it.play.click()
        await until(lambda: slider.value >= 3)
        it.pause.click()
        paused_at = slider.value
        assert playing(it) == (False, True)
        await asyncio.sleep(0.03)
        assert slider.value == paused_at
        it.play.click()
        await until(lambda: slider.value >= paused_at + 3)
        # A step by hand pauses, too.
        it.back.click()
        stopped_at = slider.value
        await asyncio.sleep(0.03)
        assert slider.value == stopped_at
        assert playing(it) == (False, True)

    run(steps)


def test_quick_clicks_leave_one_player_at_work(monkeypatch):
    it, slider = a_player(monkeypatch, largest=10**6)

    async def tasks():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - n_before

    async def steps():
        nonlocal n_before
        n_before = len(asyncio.all_tasks())
        it.play.click()
        it.play.click()
        assert await tasks() == 1
        for _ in range(3):
            it.pause.click()
            it.play.click()
        assert await tasks() == 1
        assert playing(it) == (True, False)
        await until(lambda: slider.value >= 3)
        it.pause.click()
        it.play.click()
        assert await tasks() == 1
        it.pause.click()
        it.pause.click()
        assert await tasks() == 0

    n_before = 0
    run(steps)


def test_a_player_keeps_up_with_a_slider_that_grows_shorter(monkeypatch):
    it, slider = a_player(monkeypatch, largest=10**6)

    async def steps():
        it.play.click()
        await until(lambda: slider.value >= 3)
        slider.max = 2
        await until(lambda: not it.play.disabled)
        assert slider.value == 2
        slider.min = 2
        it.play.click()
        await until(lambda: not it.play.disabled)
        assert slider.value == 2

    run(steps)


# --- Upload ---


def an_upload():
    decoded = []

    def decode(content, name):
        assert type(content) is bytes
        decoded.append(name)
        if content == b"broken":
            raise ValueError(f"{name} <is> broken.")
        if content == b"bug":
            raise KeyError(name)
        return numpy.full((len(content), 2), 0.5)

    it = Upload("Upload it", "image/*", decode)
    (button,) = by_type(it, ipywidgets.FileUpload)
    assert (button.description, button.accept, button.multiple) == ("Upload it", "image/*", False)
    return it, button, decoded


def choose(button, name, content):
    """Choose a file: what the browser sends then."""
    file = {"name": name, "type": "image/png", "size": len(content), "last_modified": 1e12}
    data = {"method": "update", "state": {"value": [file]}}
    data["buffer_paths"] = [["value", 0, "content"]]
    send(button, data, [memoryview(content)])


def test_a_file_is_decoded_and_not_kept(sent):
    it, button, _ = an_upload()
    assert it.value is None
    changes = changes_of(it)
    sent.clear()
    choose(button, "<my> cat.png", b"12345")
    assert it.value.shape == (5, 2)
    assert len(changes) == 1
    assert words.UPLOADED.format(name="&lt;my&gt; cat.png") in sentence(it)
    assert not button.value
    # The browser's copy goes, too.
    assert (button, "value") in sent


def test_a_broken_file_is_said_and_the_last_one_stays():
    it, button, decoded = an_upload()
    choose(button, "broken.png", b"broken")
    assert it.value is None
    assert "broken.png &lt;is&gt; broken." in sentence(it)
    choose(button, "good.png", b"123")
    assert "good.png" in sentence(it)
    choose(button, "broken.png", b"broken")
    assert it.value.shape == (3, 2)
    assert "broken.png &lt;is&gt; broken." in sentence(it)
    assert not button.value
    assert decoded == ["broken.png", "good.png", "broken.png"]


def test_the_same_file_can_be_chosen_again():
    it, button, decoded = an_upload()
    changes = changes_of(it)
    for _ in range(3):
        choose(button, "cat.png", b"123")
        assert not button.value
    assert decoded == ["cat.png"] * 3
    assert len(changes) == 3
    choose(button, "broken.png", b"broken")
    choose(button, "cat.png", b"123")
    assert "cat.png" in sentence(it)


def test_an_upload_calls_no_other_error_a_broken_file(caplog):
    it, button, _ = an_upload()
    before = sentence(it)
    choose(button, "bug.png", b"bug")
    # Without a notebook ipywidgets logs what a message's handler raises.
    assert "KeyError: 'bug.png'" in caplog.text
    assert sentence(it) == before
    choose(button, "good.png", b"123")
    assert it.value.shape == (3, 2)


# --- TrainingView ---


class FakeTrainer:
    """Steps without a network; the step whose number is `fails_at` raises."""

    def __init__(self, n_iterations, fails_at=None):
        self.iteration, self.n_iterations, self.fails_at = 0, n_iterations, fails_at

    @property
    def why_finished(self):
        return "epochs" if self.iteration >= self.n_iterations else None

    def __iter__(self):
        return self

    def __next__(self):
        if self.why_finished:
            raise StopIteration
        if self.iteration + 1 == self.fails_at:
            raise ValueError("the cost is <nan>")
        self.iteration += 1
        return self.iteration


def draw_trainer(trainer):
    picture = Picture("it", png(trainer.iteration))
    return View((picture,), f"Iteration {trainer.iteration} <b>.")


def test_training_view_draws_now_and_then(monkeypatch):
    clock = itertools.count(100, 0.1)
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    drawn = []

    def draw(trainer):
        drawn.append(trainer.iteration)
        return draw_trainer(trainer)

    view = training.TrainingView(draw)
    trainer = FakeTrainer(50)
    for _ in trainer:
        view.update(trainer)
    assert drawn[0] == 1
    assert drawn[-1] == 50
    # 50 steps of a tenth of a second, and a picture every 0.7 seconds.
    assert 5 <= len(drawn) <= 9
    assert (view.bar.value, view.bar.max) == (50, 50)
    assert shown(view.shelf) == [png(50)]
    assert "Iteration 50 &lt;b&gt;." in view.sentence.value


def test_training_view_says_and_finishes():
    view = training.TrainingView(draw_trainer)
    view.say("Wait & see")
    assert "Wait &amp; see" in view.sentence.value
    trainer = FakeTrainer(9)
    next(trainer)
    view.finish(trainer)
    next(trainer)
    view.finish(trainer)
    assert shown(view.shelf) == [png(2)]
    assert (view.bar.value, view.bar.max) == (2, 9)
    assert view.bar.description == words.LABEL_PROGRESS
    _, *rest = view.box.children
    assert rest == [view.bar, view.sentence, view.shelf, view.table]
