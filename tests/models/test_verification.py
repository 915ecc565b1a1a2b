"""A candidate that could take a server down is found out in a process of its own."""

from dataclasses import replace

import pytest

from leads.errors import DamagedArtifactError
from models.artifact import write_artifact
from models.verification import verify_in_child


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


def test_whole_artifact_passes(folder, trained_artifact):
    verify_in_child(folder, write_artifact(folder, trained_artifact))


def test_wrong_hash_is_found(folder, trained_artifact):
    write_artifact(folder, trained_artifact)
    with pytest.raises(DamagedArtifactError, match=r"manifest\.json has the hash"):
        verify_in_child(folder, "0" * 64)


def test_text_that_lightgbm_refuses_is_found(folder, trained_artifact, booster_text):
    text = booster_text.replace("num_class=1", "num_clas=11")
    manifest_hash = write_artifact(folder, replace(trained_artifact, boosters=(booster_text, text)))
    with pytest.raises(DamagedArtifactError, match=r"LightGBM: .*number of classes"):
        verify_in_child(folder, manifest_hash)


@pytest.mark.parametrize(
    ("field", "damaged", "message"),
    [
        ("leaf_value=", "leaf_valuf=", r"killed the process \(SIGABRT\)"),
        ("left_child=1", "left_child=0", r"took longer than 3 s"),
        ("left_child=1", "left_child=9", r"booster_0\.txt scores .* contributions that miss it"),
    ],
    ids=["aborts", "never ends", "scores wrongly"],
)
def test_text_that_lightgbm_swallows_is_found(
    folder, trained_artifact, booster_text, field, damaged, message
):
    text = booster_text.replace(field, damaged, 1)
    manifest_hash = write_artifact(folder, replace(trained_artifact, boosters=(text,)))
    with pytest.raises(DamagedArtifactError, match=message + ".*; promote another version"):
        verify_in_child(folder, manifest_hash, timeout_seconds=3)


def test_endless_loading_is_given_up(folder, trained_artifact):
    manifest_hash = write_artifact(folder, trained_artifact)
    with pytest.raises(DamagedArtifactError, match=r"took longer than 0\.01 s"):
        verify_in_child(folder, manifest_hash, timeout_seconds=0.01)


def test_users_own_modules_of_the_same_names_are_not_run(
    folder, trained_artifact, tmp_path, monkeypatch
):
    manifest_hash = write_artifact(folder, trained_artifact)
    (folder / "about.json").write_text("{}")
    (tmp_path / "json.py").write_text("raise SystemExit(0)")
    (tmp_path / "path" / "models").mkdir(parents=True)
    (tmp_path / "path" / "models" / "__init__.py").write_text("raise SystemExit(0)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    with pytest.raises(DamagedArtifactError, match=r"about\.json does not match"):
        verify_in_child(folder, manifest_hash)
