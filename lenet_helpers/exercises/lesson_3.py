"""The exercises and predictions of lesson 3, on building LeNet."""

TITLE, NOTEBOOK = "Building LeNet", "03_building_lenet.ipynb"

EXERCISES = ()
