"""`leadscore models` lists versions with their figures, and says where MLflow disagrees."""

import re
import shutil

import pytest
from mlflow import MlflowClient

from crm.store import Champion
from leadscore.commands.models import disagreement
from tests.leadscore.running import run_json, run_leadscore
from training.registry import RegisteredVersion

SERVED = Champion("2", "b" * 64, 0)


def registered(version: str, letter: str) -> RegisteredVersion:
    return RegisteredVersion(version, "run", 0, {}, "folder", letter * 64)


VERSIONS = [registered("3", "c"), registered("2", "b"), registered("1", "a")]


def test_nothing_is_said_where_mlflow_agrees():
    assert disagreement(SERVED, "2", VERSIONS) is None
    assert disagreement(None, None, VERSIONS) is None


@pytest.mark.parametrize(
    ("champion", "alias", "versions", "said"),
    [
        (
            SERVED, "3", VERSIONS,
            "^alias champion in MLflow points to version 3, this installation serves 2; run .* 3`",
        ),
        (
            None, "3", VERSIONS,
            "points to version 3, this installation serves no model; run `leadscore promote 3`",
        ),
        (SERVED, None, VERSIONS, "MLflow has no alias champion, .* run `leadscore promote 2`"),
        (SERVED, "1", VERSIONS[2:], "serves version 2, which MLflow does not list"),
        (SERVED, "2", [registered("2", "f")], "version 2 in MLflow is another model than version"),
    ],
)  # fmt: skip
def test_disagreement_is_said_with_what_to_do(champion, alias, versions, said):
    assert re.search(said, disagreement(champion, alias, versions))


def test_figures_are_listed_and_an_alias_moved_in_mlflow_is_said(trained, tmp_path):
    """Moved with MLflow's own client, as a data team would."""
    home = tmp_path / "home"
    shutil.copytree(trained[0], home)
    holdout = trained[1]["holdout"]
    uri = f"sqlite:///{home}/mlflow.db"
    client = MlflowClient(uri, registry_uri=uri)
    first = client.get_model_version("leadscore", "1")
    second = client.create_model_version("leadscore", first.source, first.run_id).version
    client.set_registered_model_alias("leadscore", "champion", second)

    told = run_json(home, "models")

    assert (told["champion"], told["alias"]) == ("1", str(second))
    assert told["note"] == (
        f"alias champion in MLflow points to version {second}, this installation serves 1; "
        f"run `leadscore promote {second}` or move it back"
    )
    assert told["note"] in run_leadscore(home, "models").stdout
    served = next(model for model in told["models"] if model["champion"])
    assert served["version"] == "1"
    for name in ("auc", "log_loss", "brier", "ece"):
        assert served[f"holdout.{name}"] == pytest.approx(holdout[name]["value"])
