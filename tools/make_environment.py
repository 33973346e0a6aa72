"""Make environment.yml, for conda and Binder, from the exact pins in requirements/course.txt."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements" / "course.txt"

# Binder copies no other file before it installs, so the pins are written out. It takes a range of
# Pythons for its own default, so the version is exact.
HEAD = """\
# Made from requirements/course.txt by `make lock`: change that, not this.
name: lenet-course
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def make_environment(pins):
    """Return the text of environment.yml for the lines of course.txt."""
    # In YAML's single quotes a quote is written twice.
    quoted = ("'" + pin.replace("'", "''") + "'" for pin in pins)
    return HEAD + "".join(f"      - {pin}\n" for pin in quoted)


if __name__ == "__main__":
    text = make_environment(PINS.read_text(encoding="utf-8").splitlines())
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
