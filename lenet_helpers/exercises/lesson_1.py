"""The exercises and predictions of lesson 1, on the convolution op."""

TITLE, NOTEBOOK = "The convolution op", "01_convolution.ipynb"

EXERCISES = ()
