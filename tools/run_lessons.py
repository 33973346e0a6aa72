"""Run the lessons from top to bottom in fresh kernels and store their outputs: `make lessons`.

Give names to run some of them: python tools/run_lessons.py notebooks/02_max_pooling.ipynb
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from lenet_helpers import words

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_output

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CELL_TIMEOUT_SECONDS = 600
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(notebook, folder):
    """Execute a notebook in a fresh kernel that works in a folder; a cell that fails raises."""
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        # Times of execution would change the file at every run.
        record_timing=False,
        # Widgets are made anew by the learner's kernel; their stored state would only grow old.
        store_widget_state=False,
    )
    # Without it the kernel warns that other users of the machine could listen.
    client.create_kernel_manager().transport_encryption = "auto"
    client.execute()


def run(path):
    """Execute one lesson in place; a cell that fails ends it with that cell's traceback."""
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [stored for output in cell.outputs for stored in stand_ins(output)]
    write(notebook, path)


def write(notebook, path):
    """Write an executed notebook as JupyterLab would."""
    # Just what JupyterLab writes when it opens a notebook: anything else, and a lesson that was
    # only read would ask to be saved.
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = notebook.metadata["language_info"]
    notebook.metadata = {"kernelspec": kernel, "language_info": language}
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def stand_ins(output):
    """Return what is stored in the place of an output: where no kernel runs, no widget works."""
    data = output.get("data", {})
    if WIDGET_VIEW not in data:
        return [output]
    if "image/png" in data:
        # An explorer's picture and sentence, stored as a figure's are.
        sentence = data["text/plain"]
        picture = {"image/png": data["image/png"], "text/plain": sentence}
        prose = {"text/markdown": sentence, "text/plain": sentence}
        return [
            new_output("display_data", picture, metadata={"image/png": {"alt": sentence}}),
            new_output("display_data", prose),
        ]
    data["text/plain"] = words.STORED_WIDGET
    # A fixed number keeps a widget from changing the file at every run.
    data[WIDGET_VIEW]["model_id"] = "0" * 32
    return [output]


def main(names):
    """Run the named lessons, or all of them in order."""
    # The stored outputs must not depend on how many cores this machine has.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # The map of the course is stored as who begins it finds it.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LENET_PROGRESS"] = str(Path(folder) / "progress.json")
        run_all(names)


def run_all(names):
    """Run the named lessons, or all of them, and say how long each took."""
    for path in map(Path, names or sorted(NOTEBOOKS.glob("*.ipynb"))):
        started = time.perf_counter()
        run(path)
        print(f"{path.name}: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
