"""The exercises and predictions of the start lesson."""

TITLE, NOTEBOOK = "Start", "00_start.ipynb"

EXERCISES = ()
