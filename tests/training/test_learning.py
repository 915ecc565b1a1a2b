"""A training: judged forward in time, learned from everything, logged and registered."""

from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient

from features.population import population_of
from leads.clock import format_time, parse_time
from leads.view import Snapshots, look
from models.artifact import MANIFEST, read_artifact, sha256
from models.calibration import sigmoid
from models.scorer import Scorer
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import RECIPE, simulated_timelines, small_model, until_of
from training.evaluation import MODEL
from training.evidence import evidence_record
from training.leak_audit import Overruled, audit
from training.learning import Source, judgement, train
from training.registry import artifact_path, registered_versions

# MLflow's own tables use a loader that SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


def test_training_registers_a_version(training):
    (version,) = registered_versions(training.tracking_uri)

    assert version.version == training.trained.version == "1"
    assert version.run_id == training.trained.run_id
    auc = training.trained.report["holdout"]["auc"]["value"]
    assert version.metrics["holdout.auc"] == pytest.approx(auc)


def test_registered_model_is_the_one_that_was_trained(training):
    folder = artifact_path(training.tracking_uri, training.trained.version)

    artifact = read_artifact(folder, training.trained.manifest_hash)

    assert sha256((folder / MANIFEST).read_bytes()) == training.trained.manifest_hash
    assert artifact.boosters == small_model().boosters
    assert Scorer(artifact, "1").plan.columns == small_model().plan.columns


def test_model_carries_its_card(training):
    folder = artifact_path(training.tracking_uri, training.trained.version)
    about = read_artifact(folder).about

    assert about["name"] == "win"
    assert about["until"] == format_time(until_of(simulated_timelines()))
    assert parse_time(about["trained_at"]) > parse_time(about["until"])
    assert about["n_leads"] == small_model().n_leads
    assert about["base_rate"] == small_model().base_rate
    assert about["history"]["name"] == small_model().history.history.name == "everything"
    assert about["columns"] == len(small_model().plan.columns)
    assert about["window_days"] == {"b2b": 180, "b2c": 90}
    filled_at_close = ["contract_number", "final_discount", "lost_reason"]
    assert [one["field"] for one in about["quarantined"]] == filled_at_close
    assert (about["suspicious"], about["allowed"], about["denied"]) == ([], [], [])
    first, newest = parse_time(about["first_created_at"]), parse_time(about["newest_event_at"])
    assert first == simulated_timelines().created_at.min()
    assert newest == simulated_timelines().newest_event_at()
    assert about["holdout"] == training.trained.report["holdout"]
    assert about["baselines"] == training.trained.report["baselines"]


def test_training_is_judged_on_what_it_reports(training):
    timelines = simulated_timelines()
    again = judgement(training.trained.judged, timelines, until_of(timelines))
    audited = audit(timelines, until_of(timelines)).as_record()
    fitted = {
        "history": small_model().history.as_record(),
        "signals": [choice.as_record() for choice in small_model().signals],
        "evidence": evidence_record(small_model().evidence),
    }
    assert {**again, **audited, **fitted} == training.trained.report
    assert np.isfinite(training.trained.judged.probability[MODEL]).all()


def test_steps_are_told_in_order(training):
    assert training.steps == (
        "looking for fields that tell the outcome",
        "judging: computing signals",
        "judging: calibrating forward in time",
        "judging: fitting the bag",
        "judging: fitting the baselines",
        "learning: computing signals",
        "learning: calibrating forward in time",
        "learning: fitting the bag",
        "describing the model",
        "logging to MLflow",
    )


def test_without_a_closed_lead_a_usual_rate_is_registered_and_nothing_is_judged(tmp_path):
    timelines = timelines_of([lead(n, lead_id=str(n)) for n in range(30)])

    trained = train(
        timelines,
        at(29),
        0,
        Source("open", "0"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifact_root=tmp_path / "runs",
        recipe=RECIPE,
    )

    found = trained.report
    assert found["holdout"]["n_leads"] == 0
    assert found["holdout"]["auc"] == {"value": None, "low": None, "high": None}
    assert found["worth"]["support"] is None
    assert found["worth"]["sentence"].startswith("Not judged yet: too few later leads are decided")
    assert "about 300 more closed leads" in found["evidence"]["sentence"]
    artifact = read_artifact(artifact_path(f"sqlite:///{tmp_path}/mlflow.db", trained.version))
    scorer = Scorer(artifact, trained.version)
    view = look(timelines, Snapshots(np.arange(30), timelines.created_at))
    shown = scorer.describe(scorer.score(view, population_of(timelines)), 0)
    assert (shown.support, shown.win_probability) == ("thin", pytest.approx(0.2))


def test_until_leaves_out_what_came_later(tmp_path):
    timelines = simulated_timelines()
    until = int(np.quantile(timelines.created_at, 0.8))

    trained = train(
        timelines,
        until,
        1,
        Source("a small CRM", "0123abcd"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifact_root=tmp_path / "runs",
        recipe=replace(RECIPE, members=1, rounds=(10,)),
    )

    assert (trained.judged.view.as_of <= until).all()
    assert parse_time(about_of(tmp_path, trained)["newest_event_at"]) <= until
    about = about_of(tmp_path, trained)
    assert about["until"] == format_time(until)
    assert about["n_leads"] < small_model().n_leads


def test_nothing_is_learned_from_denied_fields_and_the_run_says_what_was_overruled(tmp_path):
    timelines = simulated_timelines()

    trained = train(
        timelines,
        until_of(timelines),
        1,
        Source("a small CRM", "0123abcd"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifact_root=tmp_path / "runs",
        recipe=replace(RECIPE, members=1, rounds=(10,)),
        overruled=Overruled(allowed=("lost_reason",), denied=("source", "amount")),
    )

    aside = ["contract_number", "final_discount", "source", "amount"]
    assert [one["field"] for one in trained.report["quarantined"]] == aside
    assert [one["field"] for one in trained.report["suspicious"]] == ["lost_reason"]
    assert [one.attribute for one in trained.timelines.quarantined] == aside
    # Judged, too, without them: the view's timelines are those that it learned from.
    assert trained.judged.view.timelines.quarantined == trained.timelines.quarantined

    about = about_of(tmp_path, trained)
    assert about["quarantined"] == trained.report["quarantined"]
    assert (about["allowed"], about["denied"]) == (["lost_reason"], ["source", "amount"])
    folder = artifact_path(f"sqlite:///{tmp_path}/mlflow.db", trained.version)
    plan = Scorer(read_artifact(folder), trained.version).plan
    names = {column.name for column in plan.columns}
    assert "attribute_owner" in names
    assert not [name for name in names if any(field in name.split("_") for field in aside)]

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    run = client.get_run(trained.run_id)
    assert run.data.params["allowed"] == "lost_reason"
    assert run.data.params["denied"] == "source, amount"
    assert run.data.tags["quarantined"] == ", ".join(aside)


def about_of(folder, trained) -> dict[str, object]:
    return read_artifact(artifact_path(f"sqlite:///{folder}/mlflow.db", trained.version)).about


def test_records_without_a_signal_get_the_base_rate_model(tmp_path):
    """Closings drawn by lot among leads of one pipeline that differ in nothing else."""
    generator = np.random.default_rng(4)
    leads = [lead(day / 4, lead_id=f"l{day}", pipeline="b2c") for day in range(400)]
    events = [
        moved(
            day / 4 + generator.uniform(1, 6),
            str(generator.choice(["Köpt", "Förlorad"])),
            lead_id=f"l{day}",
            event_id=f"e{day}",
        )
        for day in range(400)
    ]
    timelines = timelines_of(leads, events)

    trained = train(
        timelines,
        at(110),
        0,
        Source("coin flips", "0123"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifact_root=tmp_path / "artifacts",
        recipe=RECIPE,
    )

    assert trained.report["worth"]["support"] == "none"
    folder = artifact_path(f"sqlite:///{tmp_path}/mlflow.db", trained.version)
    artifact = read_artifact(folder, trained.manifest_hash)
    assert artifact.boosters == ()
    assert artifact.about["support"] == "none"
    card = (folder.parents[1] / "model_card.md").read_text(encoding="utf-8")
    assert "Nothing: it says the same of every lead." in card
    assert sigmoid(np.array([artifact.background_margin]))[0] == pytest.approx(0.5, abs=0.1)
