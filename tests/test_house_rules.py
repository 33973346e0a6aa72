"""House rules for the whole checkout: format, lint, docstrings, and arrows that point one way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lenet_helpers"
MODULES = sorted(PACKAGE.rglob("*.py"))

WIDGETS = ("explorer", "number_grid", "player", "upload", "digit_pad", "prediction")
EXPLORERS = ("pixels", "convolution", "window", "network", "training", "drawn_digit")
# From the ground up: a module may import only what stands on a line before its own.
FLOORS = [
    ["words"],
    ["paths"],
    ["fast", "fast.threads"],
    ["checkpoints", "theano_setup", "compiling", "compiling.compiler", "compiling.progress"],
    ["fast.openmp", "compiling.cache_repairs", "compiling.processor", "compiling.all_cores"],
    ["fast.kernel"],
    ["fast.direct_convolution", "fast.pooling", "fast.elementwise", "fast.products"],
    ["fast.conv_pool"],
    ["fast.conv_pool_rewrite"],
    ["fast.rewrites", "fast.explain"],
    ["engine"],
    ["__init__"],
    ["shapes", "fitting", "turns"],
    ["early_stopping"],
    ["checks", "design", "training", "arithmetic", "mistakes"],
    ["work"],
    ["filters", "pictures", "figures", "layers", "operations", "kept_designs"],
    ["curves", "drawing", "strokes", "photographs", "speed_figures", "profiling"],
    ["network_drawing", "sheets", "roofline_drawing"],
    ["panels"],
    ["widgets", "widgets.elements", "widgets.names"],
    [f"widgets.{name}" for name in WIDGETS],
    ["widgets.loader", "widgets.training"],
    ["widgets.studio"],
    ["datasets.files", "datasets.download"],
    ["datasets.idx", "datasets.pickled"],
    ["datasets", "lenet"],
    ["train_lenet"],
    ["run_data"],
    ["inspection", "runs", "trained", "self_check", "gallery"],
    ["explorers", "explorers.filter_choice", "explorers.network_build"],
    [f"explorers.{name}" for name in EXPLORERS],
    ["explorers.pooling", "explorers.studio", "explorers.early_stopping", "explorers.roofline"],
    ["explorers.shifts"],
    ["explorers.learned"],
    ["explorers.mistakes"],
    ["exercises", "exercises.time_limit"],
    ["exercises.answers"],
    ["exercises.running", "exercises.progress"],
    ["exercises.exercise"],
    [f"exercises.lesson_{number}_checks" for number in (3, 4, 5)],
    [f"exercises.lesson_{number}" for number in range(7)],
    ["exercises.course_map"],
    ["__main__"],
]
WITHOUT_THEANO = [
    "words",
    "paths",
    "shapes",
    "fitting",
    "design",
    "checks",
    "training",
    "checkpoints",
]
WITHOUT_THEANO += [
    "arithmetic",
    "filters",
    "pictures",
    "figures",
    "drawing",
    "network_drawing",
    "kept_designs",
    "strokes",
    "photographs",
    "widgets",
    "datasets",
    "datasets.idx",
]
WITHOUT_THEANO += ["datasets.files", "mistakes", "fast.threads"]
WITHOUT_THEANO += ["work", "speed_figures", "roofline_drawing"]
WITHOUT_THEANO += ["datasets.pickled", "datasets.download"]
WITHOUT_THEANO += ["exercises.time_limit"]
WITHOUT_THEANO += ["exercises.answers", "exercises.running", "exercises.progress"]


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imported_names(path):
    """Yield (package, name) of every import of a module, `from lenet_helpers import x` as x."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            is_module = node.module in ("lenet_helpers", "lenet_helpers.datasets")
            known = [name for name in inner if name.removeprefix("lenet_helpers.") in floor_of()]
            yield from known if is_module and known else [node.module]


def floor_of():
    return {name: number for number, names in enumerate(FLOORS) for name in names}


def test_every_module_has_its_floor():
    assert sorted(floor_of()) == sorted(module_name(path) for path in MODULES)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_arrows_point_one_way(path):
    floors = floor_of()
    own = module_name(path)
    for name in imported_names(path):
        inner = name.removeprefix("lenet_helpers.")
        if name.startswith("lenet_helpers") and inner in floors and inner != own:
            assert floors[inner] < floors[own], f"{own} imports {inner}"


@pytest.mark.parametrize("name", WITHOUT_THEANO)
def test_modules_that_need_no_theano_import_none(name):
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    path = path if path.exists() else PACKAGE / name.replace(".", "/") / "__init__.py"
    assert not [other for other in imported_names(path) if other.split(".")[0] == "theano"]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_every_public_thing_has_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), path
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            public = [part for part in methods if not part.name.startswith("_")]
            assert all(map(ast.get_docstring, public)), f"{path.name}: {node.name}"


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_format_and_lint(arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--quiet", str(ROOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def tracked_texts():
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout.split("\n")
    kinds = (".py", ".md", ".sh", ".yml", ".toml", ".ipynb", ".in", "Makefile", "run", "start")
    return [ROOT / name for name in names if name.endswith(kinds) and (ROOT / name).is_file()]


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    # The letters of a stored picture are random.
    picture = re.compile(r'"image/png": "[^"]*"')
    texts = {path: picture.sub("", path.read_text("utf-8")) for path in tracked_texts()}
    assert not [path.name for path, text in texts.items() if marks.search(text)]


def test_the_readme_is_short_and_true():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) < 100
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / target).exists(), target
    for lesson in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{lesson.name}" in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|    )make (\w+)", readme):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for module in [name for names in FLOORS for name in names if "." not in name]:
        if module not in ("__init__", "__main__"):
            assert re.search(rf"\b{module}\b", readme), module
