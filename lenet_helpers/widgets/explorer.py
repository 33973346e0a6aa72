"""An explorer: controls, pictures and a sentence around a plain function.

Pictures travel as PNG bytes into image widgets, which neither flicker nor make the page jump.
"""

import base64
from contextlib import contextmanager
from typing import NamedTuple

from lenet_helpers import drawing, words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.names import PICTURE, names

import ipyevents
import ipywidgets

NARROWEST_PICTURE, WIDEST_PICTURE, NARROWEST_CAPTION = 240, 340, 150


class Picture(NamedTuple):
    """A picture of an explorer: the words above it and the bytes of a PNG file.

    One that `shrinks` is as wide as there is room for, others keep their size as far as possible.
    """

    caption: str
    png: bytes
    shrinks: bool = False


class View(NamedTuple):
    """What an explorer shows for some settings: pictures, perhaps a table, and a sentence.

    `changes` is for controls that depend on what was drawn: {name of a control: {trait: value}}.
    """

    pictures: tuple
    sentence: str
    changes: dict = {}  # noqa: RUF012
    table: elements.Table | None = None


class WithStandIn(ipywidgets.VBox):
    """A box of widgets with a picture that stands in its place where no kernel runs.

    A subclass tells it by ``stand_in()``: a PNG file and a sentence.
    """

    def __init__(self, children):
        super().__init__([names(), *children])

    def _repr_mimebundle_(self, **kwargs):
        # A page without a kernel can't show widgets, and takes the picture.
        bundle = super()._repr_mimebundle_(**kwargs)
        png, bundle["text/plain"] = self.stand_in()
        return bundle | {"image/png": base64.b64encode(png).decode("ascii")}


class Explorer(WithStandIn):
    """Controls around a function, which is called whenever a control moves.

    Parameters
    ----------
    draw : callable
        ``draw(**settings)`` takes every control's value by its name and returns a `View`. If it
        raises ValueError, the message takes the sentence's place and the last pictures stay.
    controls : dict
        A widget with a `value` for each setting.
    examples : sequence of dict
        Settings that differ from the first ones; a picture of them all stands in the explorer's
        place where no kernel runs.
    extras : sequence of ipywidgets.Widget
        What stands between controls and pictures.
    follow : callable, optional
        ``follow(**settings)`` returns changes, as a `View` has them, for controls that depend on
        others whether the settings work together or not.
    on_click : callable, optional
        ``on_click(settings, number, right, down)`` is told which picture was clicked, and where,
        as fractions of its width and height; it returns new settings as a dict.
    sheet_height : int
        Pixels that the highest picture may have in the examples' picture.
    sheet_columns : int, optional
        Pictures that stand side by side in it; without it, all of an example's.
    aside : str, optional
        The name of a control that stands beside all the rest, where the page is wide enough.
    sentence_first : bool
        Whether the sentence stands above the pictures, in sight while controls are moved.
    """

    def __init__(
        self,
        draw,
        controls,
        examples=({},),
        extras=(),
        follow=None,
        on_click=None,
        sheet_height=drawing.SHEET_HEIGHT_OF_ROW,
        sheet_columns=None,
        aside=None,
        sentence_first=False,
    ):
        self.draw, self.controls, self.examples = draw, controls, examples
        self.follow, self.on_click = follow, on_click
        self.sheet_height, self.sheet_columns = sheet_height, sheet_columns
        self._first_settings = self.settings()
        self._is_paused, self._shown_settings = False, None
        self._shelf = Shelf(self._clicked if on_click else None)
        self._table, self._sentence = elements.table_box(), ipywidgets.HTML()
        others = [control for name, control in controls.items() if name != aside]
        first, last = ((self._sentence,), ()) if sentence_first else ((), (self._sentence,))
        column = (elements.controls_box(others), *extras, *first, self._shelf, self._table, *last)
        if aside:
            wide = ipywidgets.VBox(column, layout=elements.WIDE_LAYOUT)
            column = [elements.wrapping_box([controls[aside], wide])]
        super().__init__(column)
        for control in controls.values():
            control.observe(self._update, names="value")
        self._update()

    def settings(self):
        """Return every control's value by its name."""
        return {name: control.value for name, control in self.controls.items()}

    def change(self, **values):
        """Set several controls, and draw once."""
        with self._paused():
            for name, value in values.items():
                control = self.controls[name]
                # Its limit may belong to the last settings; the next drawing sets it right.
                if hasattr(control, "max") and control.max < value:
                    control.max = value
                control.value = value
        self._update()

    def stand_in(self):
        """Return a PNG file of several settings, and the sentence that belongs to it."""
        views = [self.draw(**self._first_settings | example) for example in self.examples]
        rows = [row for view in views for row in self._sheet_rows(view)]
        sentence = words.STAND_IN.format(
            states=" ".join(f"({n}) {view.sentence}" for n, view in enumerate(views, 1))
        ).replace("\n", " ")
        return drawing.sheet(rows, self.sheet_height), sentence

    def _sheet_rows(self, view):
        pictures = [(picture.caption, picture.png) for picture in view.pictures]
        columns = self.sheet_columns or len(pictures)
        lines = [pictures[n : n + columns] for n in range(0, len(pictures), columns)]
        return [(line, "") for line in lines[:-1]] + [(lines[-1], view.sentence)]

    @contextmanager
    def _paused(self):
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False

    def _update(self, change=None):
        if self._is_paused:
            return
        if self.follow:
            self._apply(self.follow(**self.settings()))
        settings = self.settings()
        if settings == self._shown_settings:
            return
        try:
            view = self.draw(**settings)
        except ValueError as error:
            self._sentence.value = elements.status(words.IMPOSSIBLE_SETTING.format(message=error))
            self._shown_settings = None
            return
        self._apply(view.changes)
        self._shelf.show(view.pictures)
        elements.show_table(self._table, view.table)
        self._sentence.value = elements.status(view.sentence)
        self._shown_settings = self.settings()

    def _apply(self, changes):
        with self._paused():
            for name, traits in changes.items():
                for trait, value in traits.items():
                    setattr(self.controls[name], trait, value)

    def _clicked(self, number, right, down):
        try:
            changes = self.on_click(self.settings(), number, right, down)
        except ValueError:
            return  # the picture is an old one, and the sentence says why
        self.change(**changes)


def cell_at(shape, right, down):
    """Return which cell of a grid of (rows, columns) was clicked, counted row by row from 0.

    `right` and `down` say where in the picture, as fractions from 0 to below 1.
    """
    rows, columns = shape
    return int(down * rows) * columns + int(right * columns)


class Shelf(ipywidgets.Box):
    """Pictures side by side, each under its caption, in as many rows as needed.

    Parameters
    ----------
    on_click : callable, optional
        ``on_click(number, right, down)`` is told which picture was clicked, and where.
    """

    def __init__(self, on_click=None):
        self._frames, self._on_click = [], on_click
        super().__init__(layout=elements.WRAPPING)

    def show(self, pictures):
        """Show these pictures and no others; those that stay the same are not sent again."""
        while len(self._frames) < len(pictures):
            self._frames.append(_Frame(len(self._frames), self._on_click))
        for frame, picture in zip(self._frames, pictures, strict=False):
            frame.show(picture)
        shown = tuple(self._frames[: len(pictures)])
        if self.children != shown:
            self.children = shown


class _Frame(ipywidgets.VBox):
    """A caption and a picture, which tells where it was clicked."""

    def __init__(self, number, clicked):
        self.caption, self.picture = ipywidgets.HTML(), elements.hidden_picture()
        self.number, self.clicked, self.event = number, clicked, None
        super().__init__([self.caption, self.picture], layout={"margin": "0 1em 0.5em 0"})
        self.add_class(PICTURE)

    def show(self, picture):
        """Show another picture."""
        self.caption.value = elements.caption(picture.caption)
        elements.show_picture(self.picture, picture.png)
        # This place may have held a picture of the other kind.
        width = flex = widest = None
        if picture.shrinks:
            width = drawing.from_png(picture.png).width
            widest = f"{min(max(width, NARROWEST_CAPTION), WIDEST_PICTURE)}px"
            flex = f"1 1 {min(max(width, NARROWEST_CAPTION), NARROWEST_PICTURE)}px"
        self.layout.flex, self.layout.max_width = flex, widest
        self.picture.layout.width = "100%" if picture.shrinks else None
        self.picture.layout.max_width = widest if width else "100%"
        if self.clicked and self.event is None:
            self.event = ipyevents.Event(source=self.picture, watched_events=["click"])
            self.event.on_dom_event(self._handle)

    def _handle(self, event):
        right = event["relativeX"] / event["boundingRectWidth"]
        down = event["relativeY"] / event["boundingRectHeight"]
        # A click on the very edge is one on the last cell.
        self.clicked(self.number, min(max(right, 0), 0.9999), min(max(down, 0), 0.9999))
