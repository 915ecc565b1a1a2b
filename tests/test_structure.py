"""The house rules that code can hold: the order of imports, docstrings, sizes, no local paths."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each top-level package may import of the others.
MAY_IMPORT = {
    "leads": set(),
    "features": {"leads"},
    "models": {"leads", "features"},
    "funnel": {"leads"},
    "crm": {"leads"},
    "training": {"leads", "features", "models", "funnel", "crm"},
    "serving": {"leads", "features", "models", "funnel", "crm"},
    "leadscore": {"leads", "features", "models", "funnel", "crm", "training", "serving"},
}
PACKAGES = [name for name in MAY_IMPORT if (ROOT / name).is_dir()]
# Where an outside library may be imported: what costs seconds and megabytes stays out of scoring.
ONLY_IN = {
    "mlflow": {"training"},
    "lightgbm": {"training"},
    "pandas": {"crm", "funnel", "training", "leadscore"},
}
# The one place that loads modules by their name.
COMMAND_TABLE_PACKAGE = "leadscore"
LOADERS = {"import_module", "__import__", "run_module", "spec_from_file_location"}

MOST_BODY_LINES = 50
MOST_MODULE_LINES = 400

# Put together here, so that this file does not name what it forbids.
MACHINE_PATHS = [
    "/" + folder + r"/[\w.-]" for folder in ("work", "home", "root", "Users", "mnt", "data/home")
]
REGISTRY_HOSTS = [
    r"py" + r"pi\.org", r"python" + r"hosted\.org", r"index" + r"-url", r"npm" + r"js\.(org|com)",
    r"conda" + r"\.anaconda\.org", r"proxy\.gol" + r"ang\.org", r"crates" + r"\.io",
    r"https?://[^\s\"']*/simple\b",
]  # fmt: skip
FORBIDDEN = re.compile("|".join(rf"(?<![\w.]){pattern}" for pattern in MACHINE_PATHS) + "|" +
                       "|".join(REGISTRY_HOSTS))  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product, by its path from the root."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in paths
    }


def package_of(path: str) -> str:
    return path.split("/")[0]


def imports_of(tree: ast.AST) -> Iterator[str]:
    """The modules that are imported anywhere in a tree; a relative one begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def loads_by_name(tree: ast.AST) -> bool:
    """Whether a tree calls something that imports a module by its name."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(f, "attr", getattr(f, "id", None)) in LOADERS for f in called)


def wrong_imports(trees: dict[str, ast.Module]) -> list[str]:
    """Imports against the order of packages."""
    return [
        f"{path} imports {module}"
        for path, tree in trees.items()
        for module in imports_of(tree)
        if package_of(module.replace(".", "/")) in set(MAY_IMPORT) - {package_of(path)}
        and package_of(module.replace(".", "/")) not in MAY_IMPORT[package_of(path)]
    ]


def misplaced_libraries(trees: dict[str, ast.Module]) -> list[str]:
    """Outside libraries imported where they must not be."""
    return [
        f"{path} imports {module}"
        for path, tree in trees.items()
        for module in imports_of(tree)
        if package_of(path) not in ONLY_IN.get(module.split(".")[0], {package_of(path)})
    ]


def own_imports_in_functions(trees: dict[str, ast.Module]) -> list[str]:
    """Imports of the product's own modules that are not at the top of their module."""
    return [
        f"{path}: {node.name} imports {module}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
        for module in imports_of(node)
        if module.split(".")[0] in MAY_IMPORT
    ]


def undocumented(path: str, tree: ast.Module) -> list[str]:
    """The public module, classes, functions and methods without a docstring."""
    found = [] if ast.get_docstring(tree) else [path]
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    while scopes:
        for node in scopes.pop().body:
            if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                found.append(f"{path}: {node.name}")
            if isinstance(node, ast.ClassDef):
                scopes.append(node)
    return found


def body_lines(function: Function) -> int:
    """The lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def committed_files() -> list[Path]:
    """The files that git knows; `pytest.skip` outside of a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_packages_import_only_those_below_them():
    assert wrong_imports(sources()) == []


def test_no_import_is_relative():
    relative = [
        f"{path} imports {module}"
        for path, tree in sources().items()
        for module in imports_of(tree)
        if module.startswith(".")
    ]
    assert relative == []


def test_own_modules_are_imported_at_the_top():
    assert own_imports_in_functions(sources()) == []


def test_only_the_command_table_loads_modules_by_name():
    loading = [path for path, tree in sources().items() if loads_by_name(tree)]
    assert len(loading) <= 1
    assert {package_of(path) for path in loading} <= {COMMAND_TABLE_PACKAGE}


def test_heavy_libraries_stay_where_they_belong():
    assert misplaced_libraries(sources()) == []


def test_everything_public_has_a_docstring():
    missing = [name for path, tree in sources().items() for name in undocumented(path, tree)]
    assert missing == []


def test_functions_are_short():
    long = [
        f"{path}: {node.name} has {body_lines(node)} lines"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and body_lines(node) > MOST_BODY_LINES
    ]
    assert long == []


def test_modules_are_short():
    lengths = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in sources()}
    assert {path: n for path, n in lengths.items() if n > MOST_MODULE_LINES} == {}


def test_no_committed_file_names_a_machine_or_a_registry():
    found = []
    for path in committed_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in FORBIDDEN.finditer(text)]
    assert found == []


def parsed(**texts: str) -> dict[str, ast.Module]:
    """Modules named `package__module`, as `sources` gives them."""
    return {name.replace("__", "/") + ".py": ast.parse(text) for name, text in texts.items()}


@pytest.mark.parametrize(
    ("package", "text", "allowed"),
    [
        ("features", "import leads.view", True),
        ("features", "from models.scorer import Scorer", False),
        ("models", "def f():\n    import training.fitting", False),
        ("crm", "from features import plan", False),
        ("serving", "import training", False),
        ("training", "from serving.app import app", False),
        ("leads", "import leadscore", False),
        ("leadscore", "import serving, training.fitting", True),
        ("crm", "from crm.store import LeadStore", True),
        ("models", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import crm", False),
    ],
)
def test_import_against_the_order_is_seen(package, text, allowed):
    assert (wrong_imports(parsed(**{f"{package}__module": text})) == []) == allowed


@pytest.mark.parametrize(
    ("package", "text", "allowed"),
    [
        ("serving", "def f():\n    import mlflow.pyfunc", False),
        ("training", "import mlflow", True),
        ("models", "from lightgbm import Booster", False),
        ("features", "import pandas as pd", False),
        ("crm", "import pandas as pd", True),
        ("leads", "import numpy", True),
    ],
)
def test_library_in_the_wrong_place_is_seen(package, text, allowed):
    assert (misplaced_libraries(parsed(**{f"{package}__module": text})) == []) == allowed


def test_other_faults_are_seen():
    inner = parsed(models__module="def f():\n    from leads import view")
    assert own_imports_in_functions(inner) == ["models/module.py: f imports leads"]
    assert loads_by_name(ast.parse("importlib.import_module('training.fitting')"))
    bare = ast.parse("class A:\n    def b(self): ...\n    def _c(self): ...")
    assert undocumented("x.py", bare) == ["x.py", "x.py: A", "x.py: b"]
    function = ast.parse('def f():\n    """It says."""\n    a = 1\n    return a').body[0]
    assert body_lines(function) == 2


@pytest.mark.parametrize(
    "text",
    [
        "open('/" + "work/main/x.csv')",
        "/" + "home/anna/.venv/bin/python",
        "--index" + "-url https://example.com/" + "simple",
        "https://py" + "pi.org/project/numpy",
    ],
)
def test_path_of_a_machine_or_a_registry_is_seen(text):
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", ["notes/home/page", "teamwork/main", "a simple/plain rule"])
def test_other_text_is_not_taken_for_a_path(text):
    assert not FORBIDDEN.search(text)
