"""Every notebook runs from top to bottom as it is, and is kept without its output."""

import ast
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from crm.store import Store
from tests.training.simulated_crm import RECIPE
from training.learning import Source, train

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def trained_twice(trained, tmp_path_factory) -> Path:
    """A home with a store, a champion, and a second model that is not promoted."""
    home = tmp_path_factory.mktemp("notebooks") / "home"
    shutil.copytree(trained[0], home)
    with Store.open(home / "leadscore.db") as store:
        timelines = store.timelines()
    train(
        timelines,
        timelines.newest_event_at() or 0,
        1,
        Source("the same store", "0123abcd"),
        tracking_uri=f"sqlite:///{home}/mlflow.db",
        artifact_root=home / "mlartifacts",
        recipe=RECIPE,
    )
    return home


def executed(path: Path, home: Path) -> nbformat.NotebookNode:
    """A notebook after all of its cells ran in the notebooks' folder; raises if one failed."""
    notebook = nbformat.read(path, as_version=4)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    own = {"LEADSCORE_HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env={**kept, **own})
    return notebook


def shown(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """What the code cells show, by the kind of each output."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [dict(output.get("data", {})) for cell in cells for output in cell.outputs]


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == ["01_judge_a_model.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_kept_without_output(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_has_no_logic_of_its_own(path):
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    names = {type(node) for node in ast.walk(ast.parse(text.replace("%matplotlib", "# ")))}
    assert not names & {ast.FunctionDef, ast.ClassDef, ast.For, ast.If, ast.While, ast.BinOp}


def test_judging_a_model_shows_its_card_its_curves_and_a_lead(trained_twice):
    notebook = executed(FOLDER / "01_judge_a_model.ipynb", trained_twice)

    outputs = shown(notebook)
    texts = "\n".join(str(output.get("text/plain", "")) for output in outputs)
    cards = [output["text/markdown"] for output in outputs if "text/markdown" in output]
    pictures = [output for output in outputs if "image/png" in output]
    assert len(pictures) == 7
    assert cards[0].startswith("# Model card: win")
    assert "version 1" in texts
    assert "holdout.auc" in texts
    assert "members" in texts
