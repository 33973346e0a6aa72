"""The exercises and predictions of lesson 4, on training."""

TITLE, NOTEBOOK = "Training LeNet", "04_training_lenet.ipynb"

EXERCISES = ()
