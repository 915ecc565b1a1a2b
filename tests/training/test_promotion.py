"""Promotion: a better model replaces the champion, a worse or damaged one never does."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from crm.store import Champion, Store
from leads.clock import format_time
from leads.errors import DamagedArtifactError, UnknownModelError
from models.artifact import MANIFEST, read_artifact, write_artifact
from models.scorer import Scorer
from tests.training.simulated_crm import (
    RECIPE,
    simulated_timelines,
    until_of,
    with_shuffled_closings,
)
from training.artifacts import artifact_of
from training.evaluation import MODEL, holdout_cut, judge, judge_forward
from training.fitting import fit_model
from training.promotion import FEWEST_LEADS, compare, promote
from training.registry import artifact_path
from training.tracking import RunRecord, log_run

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


def champion_at(timelines, until: int) -> Scorer:
    """A model that learned up to a moment, as the champion."""
    fitted = fit_model(timelines, until, 1, RECIPE)
    return Scorer(artifact_of(fitted, timelines, {"until": format_time(until)}), "6")


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def cut(timelines):
    return holdout_cut(timelines, until_of(timelines))


@pytest.fixture(scope="module")
def challenger(timelines):
    return judge_forward(timelines, until_of(timelines), 1, RECIPE)


@pytest.fixture(scope="module")
def by_lot(timelines, challenger, cut):
    """A challenger that learned from outcomes drawn by lot, judged on the real ones."""
    shuffled = with_shuffled_closings(timelines)
    return judge(shuffled, cut, challenger.view.snapshots, challenger.label, 1, RECIPE)


# Which is better.


def test_better_challenger_is_promoted(timelines, challenger, cut):
    verdict = compare(challenger, champion_at(with_shuffled_closings(timelines), cut))

    assert verdict.promote
    assert re.fullmatch(
        r"log loss differs by -0\.\d{4} \(-0\.\d{4} to -0\.\d{4}, 95 %\) from version 6 on "
        r"\d+ later leads; not worse, and newer",
        verdict.reason,
    )


def test_challenger_that_learned_from_chance_is_refused(timelines, by_lot, cut):
    verdict = compare(by_lot, champion_at(timelines, cut))

    assert not verdict.promote
    assert re.search(
        r"differs by \+0\.\d{4} .* later leads; the upper end is above 0\.002$", verdict.reason
    )


def test_equal_challenger_is_promoted_for_it_is_newer(timelines, challenger, cut):
    verdict = compare(challenger, champion_at(timelines, cut))

    assert verdict.promote
    assert verdict.reason.startswith("log loss differs by +0.0000 (+0.0000 to +0.0000, 95 %)")


def test_too_few_later_leads_decide_nothing(timelines, challenger):
    late = int(np.quantile(challenger.view.as_of, 0.97))

    verdict = compare(challenger, champion_at(timelines, late))

    assert not verdict.promote
    n_leads = len(np.unique(challenger.view.snapshots.lead[challenger.view.as_of > late]))
    assert 0 < n_leads < FEWEST_LEADS
    assert verdict.reason == (
        f"only {n_leads} decided leads are later than what version 6 learned from; 100 are needed "
        "to compare, or promote it yourself"
    )


def test_only_snapshots_later_than_the_champion_count(timelines, challenger, cut):
    """A challenger that is right on what the champion has seen, and nowhere else, is refused."""
    moment = int(np.quantile(challenger.view.as_of, 0.3))
    champion = champion_at(timelines, moment)
    seen = challenger.view.as_of <= moment
    prophet = np.where(challenger.label == 1, 0.999, 0.001)
    worse = np.where(challenger.label == 1, 0.1, 0.6)
    probability = {MODEL: np.where(seen, prophet, worse)}

    assert not compare(replace(challenger, probability=probability), champion).promote
    probability = {MODEL: np.where(seen, worse, prophet)}
    assert compare(replace(challenger, probability=probability), champion).promote


def test_both_are_compared_on_the_same_leads(timelines, challenger, cut):
    """A small gain on every lead is seen although leads differ far more than models do."""
    champion = champion_at(timelines, cut)
    p = challenger.probability[MODEL]
    better = np.where(challenger.label == 1, p + 0.01 * (1 - p), 0.99 * p)

    verdict = compare(replace(challenger, probability={MODEL: better}), champion)

    low, high = (float(x) for x in re.search(r"\((\S+) to (\S+),", verdict.reason).groups())
    assert low < high < 0
    assert high - low < 0.01


# How it comes to serve.


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


@pytest.fixture
def registered(training, home):
    """The trained model registered in an MLflow of this test's own; its version and address."""
    source = artifact_path(training.tracking_uri, training.trained.version)
    record = RunRecord({}, {}, {}, {}, source, {})
    uri = f"sqlite:///{home}/mlflow.db"
    return log_run(record, tracking_uri=uri, artifact_root=home / "runs").version, uri


def no_progress(step: str) -> None:
    pass


def test_promoted_version_is_exported_and_serves(store, home, registered, training, old_champion):
    version, uri = registered
    steps = []

    manifest_hash = promote(version, store, home / "models", uri, steps.append)

    assert manifest_hash == training.trained.manifest_hash
    assert store.champion() == Champion(version, manifest_hash, store.champion().promoted_at)
    assert store.champion() != old_champion
    Scorer(read_artifact(home / "models" / version, manifest_hash), version)
    assert steps == ["exporting the model", "trying it in a process of its own"]


def test_promoting_twice_changes_nothing(store, home, registered):
    version, uri = registered
    first = promote(version, store, home / "models", uri, no_progress)

    assert promote(version, store, home / "models", uri, no_progress) == first


def test_champion_changes_only_after_the_model_was_tried(store, home, registered, old_champion):
    version, uri = registered
    champions = []

    promote(version, store, home / "models", uri, lambda _: champions.append(store.champion()))

    assert champions == [old_champion, old_champion]


def test_version_that_is_not_registered_leaves_the_champion(store, home, registered, old_champion):
    _, uri = registered

    with pytest.raises(UnknownModelError, match="no model version '99' is registered"):
        promote("99", store, home / "models", uri, no_progress)
    assert store.champion() == old_champion


@pytest.mark.parametrize("name", ["booster_0.txt", "calibration.json", MANIFEST])
def test_damaged_file_leaves_the_champion(store, home, registered, old_champion, name):
    version, uri = registered
    path = artifact_path(uri, version) / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))

    with pytest.raises(DamagedArtifactError, match=re.escape(name)):
        promote(version, store, home / "models", uri, no_progress)

    assert store.champion() == old_champion
    assert not (home / "models" / version).exists()


def test_trees_that_cannot_be_loaded_leave_the_champion(store, home, training, old_champion):
    """Damaged before its hash was taken: only trying it finds out."""
    source = artifact_path(training.tracking_uri, training.trained.version)
    artifact = read_artifact(source)
    broken = artifact.boosters[0].replace("leaf_value=", "leaf_valuf=", 1)
    write_artifact(home / "broken", replace(artifact, boosters=(broken, *artifact.boosters[1:])))
    uri = f"sqlite:///{home}/mlflow.db"
    record = RunRecord({}, {}, {}, {}, home / "broken", {})
    version = log_run(record, tracking_uri=uri, artifact_root=home / "runs").version

    with pytest.raises(DamagedArtifactError, match=r"killed the process|LightGBM"):
        promote(version, store, home / "models", uri, no_progress)

    assert store.champion() == old_champion


_PROMOTE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from crm.store import Store
from training.promotion import promote

home, version, uri, last = sys.argv[1:]

def progress(step):
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)

with Store.open(Path(home) / "store.db") as store:
    promote(version, store, Path(home) / "models", uri, progress)
"""


@pytest.mark.parametrize("last", ["exporting the model", "trying it in a process of its own"])
def test_killed_promotion_leaves_the_champion_and_can_be_repeated(home, registered, last):
    version, uri = registered
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
        manifest_hash = promote(version, store, home / "models", uri, no_progress)
        assert store.champion().manifest_hash == manifest_hash
