"""A grid of numbers that can be edited, cell by cell."""

from lenet_helpers import words
from lenet_helpers.widgets import elements
from lenet_helpers.widgets.names import GROUP

import ipywidgets
import traitlets

# More fields than this could not be looked over.
LARGEST_SIDE = 7
DIGITS = 3
CELL_LAYOUT = {"width": "5.4em", "margin": "1px"}


class NumberGrid(ipywidgets.VBox):
    """A label and a field for each number; Tab goes from field to field, Enter sets a number.

    Parameters
    ----------
    label : str
        What the numbers are.
    value : sequence of sequence of float
        The rows; all of one length.

    Attributes
    ----------
    value : tuple of tuple of float
        The numbers. A value of another shape makes a grid of that shape.
    visible : bool
        Whether the grid takes part in the page. A hidden one sends nothing to the browser.
    suggested : tuple of tuple of float
        Setting it sets the value, unless the learner has typed a number: that must not be lost.
    shape : tuple of int
        The value's (rows, columns). Setting it cuts the grid or makes it larger; cells that come
        back hold their last number, and new ones 0.
    """

    value = traitlets.Tuple()
    visible = traitlets.Bool(True)

    def __init__(self, label, value):
        self._fields, self._is_filling, self._numbers, self._is_edited = {}, False, {}, False
        self._grid = ipywidgets.GridBox()
        super().__init__([ipywidgets.HTML(elements.caption(label)), self._grid])
        self.add_class(GROUP)
        self.observe(self._fill, names=["value", "visible"])
        self.value = as_rows(value)

    @property
    def suggested(self):
        """The value, as far as the learner has not changed it."""
        return self.value

    @suggested.setter
    def suggested(self, value):
        """Set the value, as far as the learner has not changed it."""
        if not self._is_edited:
            self._numbers.clear()
            self.value = value

    @property
    def shape(self):
        """The value's (rows, columns)."""
        return len(self.value), len(self.value[0])

    @shape.setter
    def shape(self, shape):
        """Cut the value, or make it larger."""
        rows, columns = shape
        self.value = tuple(
            tuple(self._numbers.get((row, column), 0.0) for column in range(columns))
            for row in range(rows)
        )

    def _fill(self, change):
        for row, numbers in enumerate(self.value):
            self._numbers.update(((row, column), x) for column, x in enumerate(numbers))
        self.layout.display = None if self.visible else "none"
        if not self.visible:
            return
        self._is_filling = True
        try:
            fields = []
            for row, numbers in enumerate(self.value):
                for column, number in enumerate(numbers):
                    field = self._field(row, column)
                    field.value = number
                    fields.append(field)
        finally:
            self._is_filling = False
        if self._grid.children != tuple(fields):
            self._grid.layout.grid_template_columns = f"repeat({self.shape[1]}, auto)"
            self._grid.layout.width = "max-content"
            self._grid.children = fields

    def _field(self, row, column):
        if (row, column) not in self._fields:
            field = ipywidgets.FloatText(
                # There is no room for a label; screen readers read it even so.
                description=words.LABEL_CELL.format(row=row + 1, column=column + 1),
                style={"description_width": "0px"},
                layout=CELL_LAYOUT,
            )
            field.observe(self._read, names="value")
            self._fields[row, column] = field
        return self._fields[row, column]

    def _read(self, change):
        if self._is_filling:
            return
        self._is_edited = True
        self.value = tuple(
            tuple(self._fields[row, column].value for column in range(len(numbers)))
            for row, numbers in enumerate(self.value)
        )


def as_rows(values):
    """Return numbers, in rows, as a tuple of tuples of float."""
    return tuple(tuple(map(float, row)) for row in values)


def rounded(values):
    """Return numbers, in rows, as a grid takes them, rounded to what a field can show."""
    return tuple(tuple(round(number, DIGITS) for number in row) for row in as_rows(values))
