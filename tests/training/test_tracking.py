"""What a run leaves behind is found again in MLflow, with its version and its files."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from leads.errors import DamagedArtifactError, SettingsError, UnknownModelError
from models.artifact import MANIFEST, Artifact, read_artifact, sha256, write_artifact
from training.mlflow_client import mlflow_ui_command
from training.plots import lift_plot
from training.registry import (
    artifact_path,
    champion_alias,
    registered_versions,
    set_champion_alias,
)
from training.tracking import ChildRun, RunRecord, TrainingData, log_run

# MLflow's own tables use a loader that SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

ARTIFACT = Artifact({}, [], {}, {"slope": 1.5}, 0.1, {}, ("tree\n",), {"name": "win"})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home") / "not yet there"


@pytest.fixture(scope="module")
def tracking_uri(home):
    return f"sqlite:///{home}/mlflow.db"


@pytest.fixture
def record(tmp_path):
    write_artifact(tmp_path / "artifact", ARTIFACT)
    return RunRecord(
        params={"seed": 7, **{f"choice_{i}": i / 3 for i in range(150)}},
        metrics={"auc": 0.75, "brier": 0.1 + 0.2, "ece": None},
        tags={"until": "2026-03-01T10:00:00Z"},
        figures={"lift.png": lift_plot([])},
        artifact_folder=tmp_path / "artifact",
        texts={"report.md": "# Köp 成交"},
    )


@pytest.fixture
def client(tracking_uri):
    return MlflowClient(tracking_uri, registry_uri=tracking_uri)


@pytest.fixture
def logged(record, tracking_uri, home):
    return log_run(record, tracking_uri=tracking_uri, artifact_root=home / "runs")


def test_run_holds_all_of_its_record(logged, record, tracking_uri):
    run = MlflowClient(tracking_uri).get_run(logged.run_id)

    assert run.info.status == "FINISHED"
    assert run.data.params == {name: str(value) for name, value in record.params.items()}
    assert run.data.metrics == {"auc": 0.75, "brier": 0.1 + 0.2}
    assert run.data.tags["until"] == "2026-03-01T10:00:00Z"
    assert run.data.tags["leadscore.version"] == "0.1.0"


def test_files_of_a_run_lie_in_the_given_folder(logged, tracking_uri, home):
    files = home / "runs" / logged.run_id / "artifacts"

    assert MlflowClient(tracking_uri).get_run(logged.run_id).info.artifact_uri == str(files)
    assert (files / "lift.png").read_bytes().startswith(b"\x89PNG")
    assert (files / "report.md").read_text(encoding="utf-8") == "# Köp 成交"


def test_registered_version_leads_to_the_same_artifact(logged, tracking_uri):
    folder = artifact_path(tracking_uri, logged.version)
    assert read_artifact(folder) == ARTIFACT


def test_curves_are_logged_step_by_step(record, client, tracking_uri, home):
    curve = {"log_loss": [(25, 0.6), (50, 0.55), (100, None)]}
    logged = log_run(
        replace(record, series=curve), tracking_uri=tracking_uri, artifact_root=home / "runs"
    )
    history = client.get_metric_history(logged.run_id, "log_loss")
    assert [(one.step, one.value) for one in history] == [(25, 0.6), (50, 0.55)]


def test_nested_runs_lie_below_theirs(record, client, tracking_uri, home):
    months = tuple(
        ChildRun(
            f"2026-0{month}",
            params={"month": month},
            metrics={"auc": 0.7 + month / 100, "ece": None},
            series={"auc_by_age": [(0, 0.6), (1, 0.7)]},
        )
        for month in (1, 2)
    )
    logged = log_run(
        replace(record, name="backtest", children=months),
        tracking_uri=tracking_uri,
        artifact_root=home / "runs",
    )

    parent = client.get_run(logged.run_id)
    below = client.search_runs(
        [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{logged.run_id}'"
    )
    assert parent.info.run_name == "backtest"
    assert {run.info.run_name: run.data.params for run in below} == {
        "2026-01": {"month": "1"},
        "2026-02": {"month": "2"},
    }
    assert {run.info.status for run in below} == {"FINISHED"}
    assert sorted(run.data.metrics["auc"] for run in below) == [0.71, 0.72]
    history = client.get_metric_history(below[0].info.run_id, "auc_by_age")
    assert [(one.step, one.value) for one in history] == [(0, 0.6), (1, 0.7)]


def test_run_without_a_model_registers_no_version(record, tracking_uri, home):
    before = registered_versions(tracking_uri)

    logged = log_run(
        replace(record, artifact_folder=None),
        tracking_uri=tracking_uri,
        artifact_root=home / "runs",
    )

    assert logged.version == ""
    assert registered_versions(tracking_uri) == before


def test_summary_and_data_are_shown_with_the_run(record, client, tracking_uri, home):
    told = replace(
        record,
        summary="Worth using from day 3 on.",
        data=TrainingData("the store at commit 7", "ab" * 32, '{"leads": 700}'),
    )
    logged = log_run(told, tracking_uri=tracking_uri, artifact_root=home / "runs")

    run = client.get_run(logged.run_id)
    (learned_from,) = run.inputs.dataset_inputs
    assert run.data.tags["mlflow.note.content"] == "Worth using from day 3 on."
    assert client.get_model_version("leadscore", logged.version).description == told.summary
    assert learned_from.dataset.name == "the store at commit 7"
    assert learned_from.dataset.digest == ("ab" * 32)[:36]
    assert learned_from.dataset.profile == '{"leads": 700}'


def test_hash_of_the_model_is_kept_with_its_run_and_version(logged, client, tracking_uri):
    folder = artifact_path(tracking_uri, logged.version)
    manifest_hash = sha256((folder / MANIFEST).read_bytes())

    assert client.get_run(logged.run_id).data.tags["leadscore.manifest_hash"] == manifest_hash
    assert registered_versions(tracking_uri)[0].manifest_hash == manifest_hash


def test_another_model_in_the_place_of_a_version_is_refused(logged, tracking_uri):
    folder = artifact_path(tracking_uri, logged.version)
    shutil.rmtree(folder)
    write_artifact(folder, replace(ARTIFACT, background_margin=0.2))
    read_artifact(folder)

    with pytest.raises(DamagedArtifactError, match=r"manifest\.json has the hash .* another model"):
        artifact_path(tracking_uri, logged.version)


def test_alias_points_to_the_champion(logged, tracking_uri):
    set_champion_alias(tracking_uri, "1")
    assert champion_alias(tracking_uri) == "1"

    set_champion_alias(tracking_uri, logged.version)
    assert champion_alias(tracking_uri) == logged.version


def test_alias_is_none_where_there_is_none(logged, tracking_uri):
    assert champion_alias(tracking_uri, "nobody") is None


def test_alias_of_a_version_that_is_not_registered_is_refused(logged, tracking_uri):
    set_champion_alias(tracking_uri, logged.version)
    with pytest.raises(UnknownModelError, match="no model version '99' is registered"):
        set_champion_alias(tracking_uri, "99")
    assert champion_alias(tracking_uri) == logged.version


def test_versions_count_up_and_are_listed_newest_first(record, tracking_uri, home):
    before = registered_versions(tracking_uri)
    first, second = (
        log_run(
            replace(record, metrics={"auc": auc}),
            tracking_uri=tracking_uri,
            artifact_root=home / "runs",
        )
        for auc in (0.5, 0.6)
    )
    listed = registered_versions(tracking_uri)

    assert int(second.version) == int(first.version) + 1
    assert [one.version for one in listed[:2]] == [second.version, first.version]
    assert listed[2:] == before
    assert [one.metrics for one in listed[:2]] == [{"auc": 0.6}, {"auc": 0.5}]
    assert [one.run_id for one in listed[:2]] == [second.run_id, first.run_id]
    assert abs(listed[0].created_at / 1e6 - time.time()) < 60
    assert Path(listed[0].source) / "artifact" == artifact_path(tracking_uri, second.version)


def test_models_of_another_name_are_apart(record, tracking_uri, home):
    other = log_run(
        record, tracking_uri=tracking_uri, artifact_root=home / "runs", registered_name="other"
    )
    assert other.version == "1"
    assert [one.version for one in registered_versions(tracking_uri, "other")] == ["1"]


@pytest.mark.parametrize("version", ["99", "champion", ""])
def test_unknown_version_is_named(tracking_uri, version):
    with pytest.raises(UnknownModelError, match=f"no model version '{version}' is registered"):
        artifact_path(tracking_uri, version)


def test_version_whose_files_are_gone_is_reported(logged, tracking_uri):
    folder = artifact_path(tracking_uri, logged.version)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(DamagedArtifactError, match=f"version {logged.version} are not at {folder}"):
        artifact_path(tracking_uri, logged.version)


def test_run_that_cannot_be_logged_whole_ends_failed(record, tracking_uri, home):
    registered = registered_versions(tracking_uri)
    broken = replace(record, metrics={"auc (%)!": 1.0}, tags={"kind": "broken"})
    with pytest.raises(SettingsError, match=r"MLflow at sqlite.*Invalid value \"auc \(%\)!\""):
        log_run(broken, tracking_uri=tracking_uri, artifact_root=home / "runs")

    client = MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name("leadscore").experiment_id
    (run,) = client.search_runs([experiment], "tags.kind = 'broken'")
    assert run.info.status == "FAILED"
    assert registered_versions(tracking_uri) == registered


def test_moved_folder_is_noticed_before_a_run_begins(record, logged, tracking_uri, home):
    (home / "runs").rename(home / "elsewhere")
    try:
        with pytest.raises(SettingsError, match=f"{home}/runs, which is gone.*move it back"):
            log_run(record, tracking_uri=tracking_uri, artifact_root=home / "elsewhere")
    finally:
        (home / "elsewhere").rename(home / "runs")


def test_registry_of_the_environment_is_not_used(logged, tracking_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "nonsense://x")
    assert registered_versions(tracking_uri)[0].version == logged.version


def test_no_global_state_of_mlflow_is_touched(logged, tracking_uri):
    assert mlflow.active_run() is None
    assert mlflow.get_tracking_uri() != tracking_uri


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("nonsense://x", "MLflow at nonsense://x: .*check MLFLOW_TRACKING_URI"),
        ("sqlite:///{folder}/text.db", "text.db: .*file is not a database; check MLFLOW"),
        ("mysql+mysqldb://localhost/x", "needs a driver: .*; run: pip install MySQLdb"),
    ],
)
def test_unusable_tracking_address_is_named(tmp_path, uri, message):
    (tmp_path / "text.db").write_text("not a database " * 100)
    with pytest.raises(SettingsError, match=message):
        registered_versions(uri.format(folder=tmp_path))


@pytest.mark.parametrize(
    ("uri", "command"),
    [
        ("sqlite:////srv/mlflow.db", "mlflow ui --backend-store-uri sqlite:////srv/mlflow.db"),
        ("sqlite:////my home/m.db", "mlflow ui --backend-store-uri 'sqlite:////my home/m.db'"),
        ("https://mlflow.example.com", "https://mlflow.example.com"),
    ],
)
def test_command_that_shows_the_runs(uri, command):
    assert mlflow_ui_command(uri) == command


LOGS_ONE_RUN = """
import os
import sys
from pathlib import Path
from training.registry import artifact_path
from training.tracking import RunRecord, log_run
from models.artifact import read_artifact

folder, uri = Path(sys.argv[1]), sys.argv[2]
record = RunRecord({}, {"auc": 0.5}, {}, {}, folder / "artifact", {})
logged = log_run(record, tracking_uri=uri, artifact_root=folder / "runs")
read_artifact(artifact_path(uri, logged.version))
print(logged.version, os.environ["MLFLOW_DISABLE_TELEMETRY"])
"""


def _log_in_a_fresh_process(tmp_path, uri):
    write_artifact(tmp_path / "artifact", ARTIFACT)
    (tmp_path / "here").mkdir()
    command = [sys.executable, "-c", LOGS_ONE_RUN, str(tmp_path), uri]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    return subprocess.run(
        command,
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_first_run_prints_nothing_and_leaves_nothing_in_the_current_folder(tmp_path):
    answer = _log_in_a_fresh_process(tmp_path, f"sqlite:///{tmp_path}/mlflow.db")

    assert (answer.stdout, answer.stderr) == ("1 true\n", "")
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.slow
def test_run_goes_to_an_mlflow_server_and_back(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)),
            *("--backend-store-uri", f"sqlite:///{tmp_path}/server.db"),
            *("--artifacts-destination", str(tmp_path / "server")),
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health")
        answer = _log_in_a_fresh_process(tmp_path, f"http://127.0.0.1:{port}")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    assert (answer.stdout, answer.stderr) == ("1 true\n", "")
    assert not (tmp_path / "runs").exists()


def _wait_for(address, seconds=60.0):
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, f"{address} did not answer within {seconds:g} s"
            time.sleep(0.2)
        else:
            return
