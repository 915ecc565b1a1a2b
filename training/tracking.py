"""MLflow: what a run logs is data, and one function hands it over."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version as library_version
from pathlib import Path

from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

from features.population import Population
from leads.errors import SettingsError
from models.artifact import MANIFEST, sha256
from training.mlflow_client import REGISTERED_NAME, explained, is_server, mlflow_client
from training.model_folder import write_model_folder
from training.plots import save_figure
from training.registry import MANIFEST_TAG, register

EXPERIMENT = "leadscore"
MODEL_FOLDER = "model"

_PARAMS_PER_CALL = 100
_METRICS_PER_CALL = 500
_LONGEST_DIGEST = 36
_LONGEST_NOTE = 5_000

# A figure by step: pairs of (step, value), drawn as a curve by MLflow.
Series = Mapping[str, Sequence[tuple[int, float | None]]]


@dataclass(frozen=True)
class ChildRun:
    """A run below another, such as a member of the bag or a month of a backtest."""

    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    series: Series = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingData:
    """What a run learned from: a name for people, a hash of its content, and its size and span."""

    name: str
    content_hash: str
    profile: str


@dataclass(frozen=True)
class RunRecord:
    """What a run leaves behind.

    `figures` and `texts` are named by their file (`calibration.png`, `report.md`); a metric that
    is not defined is None and is left out. With `artifact_folder` the run made a model: MLflow can
    serve it among the leads of `population`, with `input_example` as the body of an example.
    `summary` is one or two sentences, shown with the run and the version.
    """

    params: Mapping[str, object]
    metrics: Mapping[str, float | None]
    tags: Mapping[str, str]
    figures: Mapping[str, Figure]
    artifact_folder: Path | None
    texts: Mapping[str, str]
    name: str | None = None
    summary: str = ""
    series: Series = field(default_factory=dict)
    children: tuple[ChildRun, ...] = ()
    data: TrainingData | None = None
    population: Population | None = None
    input_example: str = "{}"


@dataclass(frozen=True)
class LoggedRun:
    """Where a run went: MLflow's id, and the version registered from it."""

    run_id: str
    version: str


def log_run(
    record: RunRecord,
    *,
    tracking_uri: str,
    artifact_root: Path,
    registered_name: str = REGISTERED_NAME,
) -> LoggedRun:
    """Log a run with its files and its nested runs; register its artifact as a new version.

    The run ends FAILED when anything of this raises. Without an MLflow server the files go to
    `artifact_root`. A run without an artifact has no version: "". Raises `SettingsError` when
    MLflow cannot be used.
    """
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        experiment_id = _experiment_id(client, tracking_uri, artifact_root)
        with _run(client, experiment_id, _tags(record), record.name) as (run_id, artifact_uri):
            _log_figures(client, run_id, record.params, record.metrics, record.series)
            _log_data(client, run_id, record.data)
            _log_files(client, run_id, record)
            for child in record.children:
                _log_child(client, experiment_id, run_id, child)
            source = f"{artifact_uri}/{MODEL_FOLDER}"
            version = _registered(client, run_id, source, record, registered_name)
    return LoggedRun(run_id, version)


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
    if is_server(tracking_uri):
        return str(client.create_experiment(EXPERIMENT))
    root = artifact_root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    return str(client.create_experiment(EXPERIMENT, artifact_location=str(root)))


@contextmanager
def _run(
    client: MlflowClient, experiment_id: str, tags: Mapping[str, str], name: str | None
) -> Iterator[tuple[str, str]]:
    """A run's id and the address of its files; FINISHED at the end, FAILED if anything raises."""
    own = {"leadscore.version": library_version("leadscore"), "mlflow.source.name": "leadscore"}
    run = client.create_run(experiment_id, tags={**own, **tags}, run_name=name)
    status = "FAILED"
    try:
        yield run.info.run_id, run.info.artifact_uri
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)


def _tags(record: RunRecord) -> dict[str, str]:
    """The record's tags; `mlflow.note.content` is what MLflow shows as the run's description."""
    tags = dict(record.tags)
    if record.summary:
        tags["mlflow.note.content"] = record.summary[:_LONGEST_NOTE]
    if record.artifact_folder is not None:
        tags[MANIFEST_TAG] = _manifest_hash(record.artifact_folder)
    return tags


def _manifest_hash(artifact_folder: Path) -> str:
    return sha256((artifact_folder / MANIFEST).read_bytes())


def _log_figures(
    client: MlflowClient,
    run_id: str,
    params: Mapping[str, object],
    metrics: Mapping[str, float | None],
    series: Series,
) -> None:
    """Parameters and figures, in as few calls as MLflow's limits allow."""
    steps = [(name, 0, value) for name, value in metrics.items()]
    steps += [(name, step, value) for name, points in series.items() for step, value in points]
    now_ms = int(time.time() * 1000)
    logged = [Metric(name, float(v), now_ms, step) for name, step, v in steps if v is not None]
    named = [Param(name, str(value)) for name, value in params.items()]
    while logged or named:
        client.log_batch(
            run_id, metrics=logged[:_METRICS_PER_CALL], params=named[:_PARAMS_PER_CALL]
        )
        logged, named = logged[_METRICS_PER_CALL:], named[_PARAMS_PER_CALL:]


def _log_data(client: MlflowClient, run_id: str, data: TrainingData | None) -> None:
    """What was learned from, as MLflow's dataset; its digest is short, the whole is a parameter."""
    if data is None:
        return
    digest = data.content_hash[:_LONGEST_DIGEST]
    dataset = Dataset(data.name, digest, "leadscore", data.name, profile=data.profile)
    purpose = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, [DatasetInput(dataset, [purpose])])


def _log_files(client: MlflowClient, run_id: str, record: RunRecord) -> None:
    """All files of a run, prepared in one folder and handed over in one call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, figure in record.figures.items():
            save_figure(figure, folder / file)
        for file, text in record.texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        if record.artifact_folder is not None:
            write_model_folder(
                folder / MODEL_FOLDER,
                record.artifact_folder,
                record.population,
                record.input_example,
                run_id,
            )
        client.log_artifacts(run_id, name)


def _log_child(client: MlflowClient, experiment_id: str, parent_id: str, child: ChildRun) -> None:
    tags = {"mlflow.parentRunId": parent_id}
    with _run(client, experiment_id, tags, child.name) as (run_id, _):
        _log_figures(client, run_id, child.params, child.metrics, child.series)


def _registered(
    client: MlflowClient, run_id: str, source: str, record: RunRecord, registered_name: str
) -> str:
    if record.artifact_folder is None:
        return ""
    manifest_hash = _manifest_hash(record.artifact_folder)
    return register(client, run_id, source, manifest_hash, record.summary, registered_name)
