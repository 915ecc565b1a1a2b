"""Promotion: a whole model comes to serve at once, a damaged one never does, the old one can."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from crm.current_scores import CurrentScore
from crm.store import Champion, Store
from leads.errors import DamagedArtifactError, InvalidInputError, UnknownModelError
from models.artifact import MANIFEST, read_artifact, write_artifact
from models.scorer import Scorer
from training.promotion import find_candidate, former_champion, promote
from training.registry import artifact_path
from training.tracking import RunRecord, log_run

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

STEPS = [
    "finding the model",
    "trying it in a process of its own",
    "exporting the model",
    "making it the champion",
]


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def store(home):
    with Store.open(home / "store.db") as opened:
        yield opened


@pytest.fixture
def old_champion(store):
    store.set_champion("0", "f" * 64)
    return store.champion()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def uri(runs):
    """An MLflow of this module's own: its tables take a second to make."""
    return f"sqlite:///{runs}/mlflow.db"


def register(folder, uri, runs) -> str:
    """Register an artifact's folder; the answer is its version, whose files are a copy."""
    return log_run(
        RunRecord({}, {}, {}, {}, folder, {}), tracking_uri=uri, artifact_root=runs
    ).version


@pytest.fixture(scope="module")
def trained_folder(training):
    return artifact_path(training.tracking_uri, training.trained.version)


@pytest.fixture
def version(trained_folder, uri, runs):
    """The trained model, registered anew."""
    return register(trained_folder, uri, runs)


def no_progress(step: str) -> None:
    pass


def score_by(version: str, lead_id: str = "a") -> CurrentScore:
    """A current score of one lead."""
    return CurrentScore(
        lead_id=lead_id, as_of=0, pipeline="b2b", stage="New", owner=None, status="open",
        win_probability=0.5, score=50, base_probability=0.4, factors=[], model_version=version,
    )  # fmt: skip


def scored_by(store) -> set[str]:
    """The versions that the current scores are of."""
    return {score.model_version for score in store.ranked_leads().items}


def test_promoted_version_is_exported_and_serves(store, home, version, uri, training, old_champion):
    steps = []

    candidate = find_candidate(version, uri, steps.append)
    promote(candidate, store, home / "models", steps.append)

    assert candidate.manifest_hash == training.trained.manifest_hash
    promoted = Champion(version, candidate.manifest_hash, store.champion().promoted_at)
    assert store.champions() == [promoted, old_champion]
    Scorer(read_artifact(home / "models" / version, candidate.manifest_hash), version)
    assert steps == STEPS


def test_looking_at_a_candidate_changes_nothing(store, home, version, uri, old_champion):
    scorer = find_candidate(version, uri, no_progress).scorer()

    assert scorer.version == version
    assert store.champion() == old_champion
    assert not (home / "models").exists()


def test_promoting_twice_changes_nothing(store, home, version, uri, old_champion):
    candidate = find_candidate(version, uri, no_progress)
    promote(candidate, store, home / "models", no_progress)
    promote(candidate, store, home / "models", no_progress)

    assert [one.version for one in store.champions()] == [version, "0"]


def test_champion_changes_with_its_scores_and_last(store, home, version, uri, old_champion):
    store.replace_scores([score_by("0")])
    seen = []

    def look(step: str) -> None:
        seen.append((store.champion(), scored_by(store)))

    candidate = find_candidate(version, uri, look)
    promote(candidate, store, home / "models", look, [score_by(version)])

    assert seen == [(old_champion, {"0"})] * len(STEPS)
    assert store.champion().version == version
    assert scored_by(store) == {version}


def test_version_that_is_not_registered_is_named(version, uri):
    with pytest.raises(UnknownModelError, match="no model version '99' is registered"):
        find_candidate("99", uri, no_progress)


@pytest.mark.parametrize("name", ["booster_0.txt", "calibration.json", MANIFEST])
def test_damaged_file_is_no_candidate(version, uri, name):
    path = artifact_path(uri, version) / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))

    with pytest.raises(DamagedArtifactError, match=re.escape(name)):
        find_candidate(version, uri, no_progress)


def test_file_changed_after_it_was_tried_leaves_the_champion(
    store, home, version, uri, old_champion
):
    candidate = find_candidate(version, uri, no_progress)
    path = candidate.folder / "calibration.json"
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))

    with pytest.raises(DamagedArtifactError, match=r"calibration\.json"):
        promote(candidate, store, home / "models", no_progress)

    assert store.champion() == old_champion
    assert not (home / "models" / version).exists()


def test_trees_that_cannot_be_loaded_are_no_candidate(home, trained_folder, uri, runs):
    """Damaged before its hash was taken: only trying it finds out."""
    artifact = read_artifact(trained_folder)
    broken = artifact.boosters[0].replace("leaf_value=", "leaf_valuf=", 1)
    write_artifact(home / "broken", replace(artifact, boosters=(broken, *artifact.boosters[1:])))
    version = register(home / "broken", uri, runs)

    with pytest.raises(DamagedArtifactError, match=r"killed the process|LightGBM"):
        find_candidate(version, uri, no_progress)


_PROMOTE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from crm.store import Store
from training.promotion import find_candidate, promote

home, version, uri, last = sys.argv[1:]

def progress(step):
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)

with Store.open(Path(home) / "store.db") as store:
    promote(find_candidate(version, uri, progress), store, Path(home) / "models", progress)
"""


@pytest.mark.parametrize("last", STEPS[2:])
def test_killed_promotion_leaves_the_champion_and_can_be_repeated(home, version, uri, last):
    with Store.open(home / "store.db") as store:
        store.set_champion("0", "f" * 64)
        old_champion = store.champion()

    killed = subprocess.run(
        [sys.executable, "-c", _PROMOTE_AND_DIE, str(home), version, uri, last],
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    with Store.open(home / "store.db") as store:
        assert store.champion() == old_champion
        candidate = find_candidate(version, uri, no_progress)
        promote(candidate, store, home / "models", no_progress)
        assert store.champion().manifest_hash == candidate.manifest_hash


# The champion before.


@pytest.fixture
def two_champions(store, home, version, uri):
    """The trained model promoted, and after it one that is gone."""
    promote(find_candidate(version, uri, no_progress), store, home / "models", no_progress)
    store.set_champion("99", "f" * 64)
    return store.champions()


def test_champion_before_comes_back_with_its_bytes(
    store, home, version, uri, two_champions, training
):
    former, scorer = former_champion(store, home / "models", uri)

    assert former == two_champions[1]
    assert (former.version, former.manifest_hash) == (version, training.trained.manifest_hash)
    assert scorer.version == version
    assert store.champions() == two_champions


def test_no_champion_before_is_an_error(store, home, uri):
    with pytest.raises(
        InvalidInputError, match=r"to go back to: none was promoted yet; `leadscore"
    ):
        former_champion(store, home / "models", uri)

    store.set_champion("3", "f" * 64)
    with pytest.raises(InvalidInputError, match=r"to go back to: there was none before version 3;"):
        former_champion(store, home / "models", uri)


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_champion_before_is_taken_from_mlflow_if_its_folder_is_damaged(
    store, home, version, uri, two_champions, damage
):
    folder = home / "models" / version
    if damage == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "booster_0.txt").write_text("tree\n")

    former, _ = former_champion(store, home / "models", uri)

    assert former == two_champions[1]
    read_artifact(folder, former.manifest_hash)


def test_champion_before_that_cannot_be_had_is_an_error(store, home, version, uri, two_champions):
    shutil.rmtree(home / "models" / version)
    path = artifact_path(uri, version) / "calibration.json"
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))

    with pytest.raises(
        DamagedArtifactError,
        match=rf"version {version} cannot come back: .*missing.*; nor from MLflow: .*calibration",
    ):
        former_champion(store, home / "models", uri)
    assert store.champions() == two_champions


def test_another_model_under_the_same_number_does_not_come_back(store, home, trained_folder):
    """An MLflow that was lost counts from 1 again."""
    store.set_champion("1", "a" * 64)
    store.set_champion("99", "f" * 64)
    uri = f"sqlite:///{home}/another.db"
    assert register(trained_folder, uri, home / "runs") == "1"

    with pytest.raises(DamagedArtifactError, match=r"nor from MLflow: .* has the hash"):
        former_champion(store, home / "models", uri)
