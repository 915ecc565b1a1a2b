"""What a training logged is read back from MLflow as it was."""

import shutil
from dataclasses import replace

import pytest

from leads.errors import DamagedArtifactError, UnknownModelError
from training.curves import Curves
from training.registry import artifact_path
from training.run_reading import read_training, side_by_side, trainings

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


@pytest.fixture(scope="module")
def logged(training):
    return read_training(training.tracking_uri, training.trained.version)


def test_trainings_are_listed_with_their_figures(training):
    listed = trainings(training.tracking_uri)

    assert list(listed.version) == ["1"]
    assert list(listed.champion) == [False]
    holdout = training.trained.report["holdout"]
    assert listed.auc.iloc[0] == pytest.approx(holdout["auc"]["value"])
    assert listed.ece.iloc[0] == pytest.approx(holdout["ece"]["value"])


def test_no_trainings_are_an_empty_table(tmp_path):
    listed = trainings(f"sqlite:///{tmp_path}/mlflow.db")
    assert list(listed.columns[:3]) == ["version", "champion", "trained"]
    assert len(listed) == 0


def test_training_is_read_as_it_was_logged(logged, training):
    assert logged.run_id == training.trained.run_id
    assert logged.report["holdout"] == training.trained.report["holdout"]
    assert logged.params["source"] == "a small CRM"
    assert logged.card.startswith("# Model card: win")
    assert isinstance(logged.curves, Curves)
    auc = logged.curves.by_age[0].auc
    assert auc == next(iter(training.trained.report["holdout"]["by_age"].values()))["auc"]["value"]


def test_two_trainings_stand_side_by_side(logged):
    other = replace(
        logged,
        version="2",
        params={**logged.params, "seed": "9"},
        metrics={"holdout.auc": 0.5, "holdout.auc.low": 0.4},
    )

    table = side_by_side(logged, other)

    assert list(table.columns) == ["version 1", "version 2"]
    assert list(table.loc["seed"]) == ["1", "9"]
    assert "learning_rate" not in table.index
    assert list(table.loc["holdout.auc"]) == [logged.metrics["holdout.auc"], 0.5]
    assert "holdout.auc.low" not in table.index
    assert table.loc["holdout.brier", "version 2"] is None


def test_unknown_version_is_named(training):
    with pytest.raises(UnknownModelError, match="no model version '9' is registered; known are 1"):
        read_training(training.tracking_uri, "9")


def test_run_whose_files_are_gone_is_reported(training):
    files = artifact_path(training.tracking_uri, "1").parents[1]
    moved = files.with_name("moved")
    shutil.move(files, moved)
    try:
        with pytest.raises(DamagedArtifactError, match="the run of version 1 cannot be read"):
            read_training(training.tracking_uri, "1")
    finally:
        shutil.move(moved, files)
