"""MLflow: what a run logs is data; one function hands it over, others read the registry back.

MLflow's client is called explicitly, with its address: no autolog, no active run, no global
tracking address. MLflow is imported here and nowhere else, for it costs seconds and 223 MB.
"""

import os
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as library_version
from pathlib import Path

from matplotlib.figure import Figure
from sqlalchemy.exc import SQLAlchemyError

from leads.errors import DamagedArtifactError, SettingsError, UnknownModelError

# MLflow reads these when it is imported. Unless told otherwise it reports usage to its makers,
# logs the creation of its tables, prints addresses where `--json` allows one object only, and
# asks a server that is not there for minutes.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Metric, Param
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

EXPERIMENT = "leadscore"
REGISTERED_NAME = "leadscore"
MODEL_FOLDER = "model"

_UNKNOWN = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
_EXISTS = "RESOURCE_ALREADY_EXISTS"
_PARAMS_PER_CALL = 100


@dataclass(frozen=True)
class RunRecord:
    """What a training run leaves behind.

    `figures` and `texts` are named by their file (`calibration.png`, `report.md`); a metric that
    is not defined is None and is left out.
    """

    params: Mapping[str, object]
    metrics: Mapping[str, float | None]
    tags: Mapping[str, str]
    figures: Mapping[str, Figure]
    artifact_folder: Path
    texts: Mapping[str, str]


@dataclass(frozen=True)
class LoggedRun:
    """Where a run went: MLflow's id, and the version registered from it."""

    run_id: str
    version: str


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registry; `created_at` in microseconds, `source` the artifact's address."""

    version: str
    run_id: str
    created_at: int
    metrics: Mapping[str, float]
    source: str


def log_run(
    record: RunRecord,
    *,
    tracking_uri: str,
    artifact_root: Path,
    registered_name: str = REGISTERED_NAME,
) -> LoggedRun:
    """Log a run, upload its artifact under `model/` and register that as a new version.

    The run ends FAILED when anything of this raises. Without an MLflow server the files go to
    `artifact_root`. Raises `SettingsError` when MLflow cannot be used.
    """
    with _explained(tracking_uri):
        client = _client(tracking_uri)
        experiment_id = _experiment_id(client, tracking_uri, artifact_root)
        with _run(client, experiment_id, record.tags) as (run_id, artifact_uri):
            _log(client, run_id, record)
            version = _register(client, run_id, f"{artifact_uri}/{MODEL_FOLDER}", registered_name)
    return LoggedRun(run_id, version)


def registered_versions(
    tracking_uri: str, registered_name: str = REGISTERED_NAME
) -> list[RegisteredVersion]:
    """All registered versions, newest first; [] if there are none."""
    with _explained(tracking_uri):
        client = _client(tracking_uri)
        found = _all_versions(client, registered_name)
        return [_registered(client, one) for one in found]


def artifact_path(tracking_uri: str, version: str, registered_name: str = REGISTERED_NAME) -> Path:
    """The local folder of a version's artifact, downloaded if MLflow keeps it elsewhere.

    Raises `UnknownModelError` for a version that is not registered and `DamagedArtifactError`
    when its files are gone.
    """
    with _explained(tracking_uri):
        client = _client(tracking_uri)
        source = _known_version(client, version, registered_name).source
    try:
        return Path(download_artifacts(artifact_uri=source, tracking_uri=tracking_uri))
    except MlflowException as error:
        raise DamagedArtifactError(
            f"the files of model version {version} are not at {source} ({error}); "
            "bring that folder back or train a new version"
        ) from error


def mlflow_ui_command(tracking_uri: str) -> str:
    """The command that shows the runs; for an MLflow server its address, where it shows them."""
    if _is_server(tracking_uri):
        return tracking_uri
    return f"mlflow ui --backend-store-uri {shlex.quote(tracking_uri)}"


def _client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _is_server(tracking_uri: str) -> bool:
    return tracking_uri.startswith(("http://", "https://"))


@contextmanager
def _explained(tracking_uri: str) -> Iterator[None]:
    """MLflow's errors as ours, with the address and what to do."""
    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        reason = str(error).partition("\n")[0]
        raise SettingsError(
            f"MLflow at {tracking_uri}: {reason}; check MLFLOW_TRACKING_URI"
        ) from error
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"MLflow at {tracking_uri} needs a driver: {error.msg}; run: pip install {error.name}"
        ) from error


def _experiment_id(client: MlflowClient, tracking_uri: str, artifact_root: Path) -> str:
    """The experiment's id; created with an absolute place for its files if it is not there."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return _new_experiment(client, tracking_uri, artifact_root)
    place = experiment.artifact_location
    if "://" not in place and not Path(place).is_dir():
        raise SettingsError(
            f"MLflow at {tracking_uri} keeps the files of its runs in {place}, which is gone: "
            "MLflow's folders cannot be moved; move it back or start a new MLFLOW_TRACKING_URI"
        )
    return str(experiment.experiment_id)


def _new_experiment(client: MlflowClient, tracking_uri: str, artifact_root: Path) -> str:
    if _is_server(tracking_uri):
        return str(client.create_experiment(EXPERIMENT))
    root = artifact_root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    return str(client.create_experiment(EXPERIMENT, artifact_location=str(root)))


@contextmanager
def _run(
    client: MlflowClient, experiment_id: str, tags: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """A run's id and the address of its files; FINISHED at the end, FAILED if anything raises."""
    own = {"leadscore.version": library_version("leadscore")}
    run = client.create_run(experiment_id, tags={**own, **tags})
    status = "FAILED"
    try:
        yield run.info.run_id, run.info.artifact_uri
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)


def _log(client: MlflowClient, run_id: str, record: RunRecord) -> None:
    now_ms = int(time.time() * 1000)
    defined = {name: value for name, value in record.metrics.items() if value is not None}
    metrics = [Metric(name, float(value), now_ms, 0) for name, value in defined.items()]
    params = [Param(name, str(value)) for name, value in record.params.items()]
    client.log_batch(run_id, metrics=metrics)
    for start in range(0, len(params), _PARAMS_PER_CALL):
        client.log_batch(run_id, params=params[start : start + _PARAMS_PER_CALL])
    for name, figure in record.figures.items():
        client.log_figure(run_id, figure, name)
    for name, text in record.texts.items():
        client.log_text(run_id, text, name)
    client.log_artifacts(run_id, str(record.artifact_folder), MODEL_FOLDER)


def _register(client: MlflowClient, run_id: str, source: str, registered_name: str) -> str:
    try:
        client.create_registered_model(registered_name)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise
    return str(client.create_model_version(registered_name, source, run_id).version)


def _all_versions(client: MlflowClient, registered_name: str) -> list[ModelVersion]:
    versions: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name='{registered_name}'", page_token=token)
        versions += page
        token = page.token
        if not token:
            return sorted(versions, key=lambda one: -int(one.version))


def _registered(client: MlflowClient, version: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(
        version=str(version.version),
        run_id=version.run_id,
        created_at=version.creation_timestamp * 1000,
        metrics=_metrics_of_run(client, version.run_id),
        source=version.source,
    )


def _metrics_of_run(client: MlflowClient, run_id: str) -> dict[str, float]:
    """A run's metrics; none if the run was purged from MLflow."""
    try:
        return dict(client.get_run(run_id).data.metrics)
    except MlflowException as error:
        if error.error_code not in _UNKNOWN:
            raise
        return {}


def _known_version(client: MlflowClient, version: str, registered_name: str) -> ModelVersion:
    try:
        return client.get_model_version(registered_name, version)
    except MlflowException as error:
        if error.error_code not in _UNKNOWN:
            raise
        raise UnknownModelError(
            f"no model version {version!r} is registered; `leadscore models` lists them"
        ) from error
