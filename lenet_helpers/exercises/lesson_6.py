"""The exercises and predictions of lesson 6, on how the course was made fast."""

TITLE, NOTEBOOK = "How it was made fast", "06_how_it_was_made_fast.ipynb"

EXERCISES = ()
