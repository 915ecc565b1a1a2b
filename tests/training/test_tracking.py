"""What a run leaves behind is found again in MLflow, with its version and its files."""

import os
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
from models.artifact import Artifact, read_artifact, write_artifact
from training.plots import lift_plot
from training.tracking import (
    RunRecord,
    artifact_path,
    log_run,
    mlflow_ui_command,
    registered_versions,
)

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
    assert Path(listed[0].source) == artifact_path(tracking_uri, second.version)


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
import sys
from pathlib import Path
from training.tracking import RunRecord, artifact_path, log_run, os
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
