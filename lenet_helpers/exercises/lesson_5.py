"""The exercises and predictions of lesson 5, on what LeNet learned."""

TITLE, NOTEBOOK = "What LeNet learned", "05_what_lenet_learned.ipynb"

EXERCISES = ()
