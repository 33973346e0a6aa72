"""The small parts of explorers: sliders, menus, pictures and sentences, all of one look."""

import html
from typing import NamedTuple

from lenet_helpers import words

import ipywidgets

LARGEST_SEED = 2**31 - 1

LABEL_STYLE = {"description_width": "10.5em"}
CONTROL_LAYOUT = {"width": "24em", "max_width": "100%", "margin": "2px 0"}
# Two controls stand side by side, such as rows and columns, if the page is wide enough.
CONTROLS_LAYOUT = {
    "display": "grid",
    "grid_template_columns": "repeat(auto-fill, minmax(min(23em, 100%), 1fr))",
    "max_width": "56em",
}
# So do pictures, as many as there is room for.
WRAPPING = {"display": "flex", "flex_flow": "wrap", "align_items": "flex-start"}
# Beside another: as wide as there is room for, but not narrower than two pictures.
WIDE_LAYOUT = {"flex": "1 1 30em", "min_width": "0"}
# A box stretches its pictures over the whole page unless they align to its start. With ipywidgets'
# margin at their sides, those as wide as their box would make it scroll.
PICTURE_LAYOUT = {
    "max_width": "100%",
    "height": "auto",
    "align_self": "flex-start",
    "margin": "2px 0",
}

# A table that is wider than the page scrolls in its own box.
TABLE_LAYOUT = {"max_width": "100%", "overflow": "auto", "flex": "0 0 auto"}
# A thin line below a row, half transparent: it shows on light pages and on dark ones.
CELL_STYLE = "border:solid #8886;border-width:0 0 1px;padding:1px 0.7em;"


class Table(NamedTuple):
    """A table of texts.

    Attributes
    ----------
    caption : str
        What the table is about.
    heads : tuple of str
        One for each column.
    rows : sequence of tuple of str
        As many texts each.
    totals : tuple of str
        The last row, set apart; empty for none.
    n_names : int
        So many columns from the left name what the row is about; numbers stand in the others.
    """

    caption: str
    heads: tuple
    rows: tuple
    totals: tuple = ()
    n_names: int = 1


def integer_slider(label, value, smallest, largest):
    """Return a slider for whole numbers from `smallest` to `largest`."""
    slider = ipywidgets.IntSlider(
        value,
        smallest,
        largest,
        description=label,
        style=LABEL_STYLE,
        layout=CONTROL_LAYOUT,
    )
    slider.observe(_draw_anew, names="max")
    return slider


def long_slider(label, value, largest):
    """Return a slider from 0 for many values, on a line of its own."""
    slider = alone(integer_slider(label, value, 0, largest))
    slider.layout.width = "48em"
    return slider


def choice_slider(label, value, choices):
    """Return a slider over a sequence of choices."""
    return ipywidgets.SelectionSlider(
        options=choices, value=value, description=label, style=LABEL_STYLE, layout=CONTROL_LAYOUT
    )


def choice(label, value, choices):
    """Return buttons to choose from, on a line of their own.

    `choices` is a dict from what a button says to what it means. A menu would need the arrow keys,
    which JupyterLab takes away to move to the next cell.
    """
    return alone(
        ipywidgets.ToggleButtons(
            options=list(choices.items()),
            value=value,
            description=label,
            style=LABEL_STYLE | {"button_width": "auto"},
            # The label beside the buttons, as with the other controls.
            layout={"width": "auto", "display": "flex"},
        )
    )


def seed(value):
    """Return a field for a random seed: the range is too long for a slider."""
    return ipywidgets.BoundedIntText(
        value,
        0,
        LARGEST_SEED,
        description=words.LABEL_SEED,
        style=LABEL_STYLE,
        layout=CONTROL_LAYOUT,
    )


def checkbox(label, value):
    """Return a box to tick, on a line of its own: its label is a sentence."""
    layout = CONTROL_LAYOUT | {"width": "48em"}
    return alone(ipywidgets.Checkbox(value, description=label, indent=False, layout=layout))


def button(label, is_primary=False):
    """Return a button."""
    return ipywidgets.Button(description=label, button_style="primary" if is_primary else "")


def wide_button(label, is_primary=False):
    """Return a button that is as wide as its words."""
    wide = button(label, is_primary)
    wide.layout.width = "auto"
    return wide


def controls_box(controls):
    """Return a box whose controls stand in two columns, or in one on a narrow page."""
    return ipywidgets.Box(list(controls), layout=CONTROLS_LAYOUT)


def alone(control):
    """Give a control a line of its own, and return it."""
    # ipywidgets sets grid_column, and then takes it back with an empty grid_area.
    control.layout.grid_area = "auto / 1 / auto / -1"
    return control


def wrapping_box(children=()):
    """Return a box whose children stand side by side, in as many rows as needed."""
    return ipywidgets.Box(list(children), layout=WRAPPING)


def hidden_picture():
    """Return an image widget that shows once it has bytes to show."""
    # Without bytes a browser shows the sign of a broken picture.
    return ipywidgets.Image(format="png", layout=PICTURE_LAYOUT | {"display": "none"})


def show_picture(picture, png):
    """Put the bytes of a PNG file into an image widget."""
    picture.value = png
    picture.layout.display = None


def status(text):
    """Return a sentence as HTML; screen readers read a new one out."""
    lines = html.escape(text).replace("\n", "<br>")
    return f'<p role="status" aria-live="polite">{lines}</p>'


def quiet_status():
    """Return a widget for a `status` that is not always there; empty, it takes no room."""
    # It must be in the page from the start, or screen readers would miss its first sentence.
    return ipywidgets.HTML(layout={"height": "auto", "margin": "0"})


def caption(text):
    """Return the words above a picture as HTML."""
    text = html.escape(text)
    return f'<span style="display: inline-block; font-size: 90%; line-height: 1.2">{text}</span>'


def heading(text):
    """Return words that stand before a row of buttons."""
    return ipywidgets.HTML(caption(text), layout={"margin": "2px 0.7em 2px 2px"})


def table_box():
    """Return a widget for a table; it takes no room as long as there is none."""
    return ipywidgets.HTML(layout=TABLE_LAYOUT | {"display": "none"})


def show_table(box, content):
    """Put a `Table` into a `table_box`, or None to empty it."""
    box.value = "" if content is None else table(content)
    box.layout.display = "none" if content is None else None


def table(content):
    """Return a `Table` as HTML: numbers to the right, the totals in bold."""
    body = "".join(_row(row, content.n_names) for row in content.rows)
    foot = _row(content.totals, content.n_names, "font-weight:bold;") if content.totals else ""
    return (
        '<table style="border-collapse:collapse;line-height:1.35;'
        'font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;padding:2px 0.7em">{html.escape(content.caption)}'
        f"</caption><thead>{_row(content.heads, content.n_names, is_head=True)}</thead>"
        f"<tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"
    )


def _draw_anew(change):
    """Let the page draw a slider anew whose range has grown."""
    # The End key goes to the largest value of the time when the page drew the slider (noUiSlider
    # 15.4), and ipywidgets draws it anew only when it is turned.
    if change.new > change.old:
        for orientation in ("vertical", "horizontal"):
            change.owner.orientation = orientation


def _row(texts, n_names, style="", is_head=False):
    """Return a row of a table; without a style of its own, its names are not in bold."""
    cells = []
    for number, text in enumerate(texts):
        is_name = number < n_names
        side = f"text-align:{'left' if is_name else 'right'};{CELL_STYLE}{style}"
        side += "" if is_head else "white-space:nowrap;"
        # A row is named by its first cells, so that screen readers say them with every number.
        kind, scope = ("th", "col" if is_head else "row") if is_head or is_name else ("td", "")
        scope = f' scope="{scope}"' if scope else ""
        side += "" if is_head or style else "font-weight:normal;"
        cells.append(f'<{kind}{scope} style="{side}">{html.escape(text)}</{kind}>')
    return f"<tr>{''.join(cells)}</tr>"
