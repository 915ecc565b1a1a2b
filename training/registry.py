"""The registry: versions of the model, where their files are, and which one is the champion.

The champion that serves is the one of the store. MLflow's alias follows it, so that a data team
finds it there; `leadscore models` says when somebody moved the alias.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from leads.errors import DamagedArtifactError, UnknownModelError
from models.artifact import MANIFEST, sha256
from training.mlflow_client import REGISTERED_NAME, UNKNOWN_CODES, explained, mlflow_client
from training.pyfunc import ARTIFACT_FOLDER

CHAMPION = "champion"
MANIFEST_TAG = "leadscore.manifest_hash"

_EXISTS = "RESOURCE_ALREADY_EXISTS"
_RUNS_PER_CALL = 100


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registry; `created_at` in microseconds, `source` its folder's address.

    `manifest_hash` names the model itself: it stays when a lost MLflow counts from 1 again.
    """

    version: str
    run_id: str
    created_at: int
    metrics: Mapping[str, float]
    source: str
    manifest_hash: str


def register(
    client: MlflowClient,
    run_id: str,
    source: str,
    manifest_hash: str,
    description: str,
    registered_name: str,
) -> str:
    """Register a folder of a run as the next version; the answer is the version."""
    try:
        client.create_registered_model(registered_name)
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise
    created = client.create_model_version(
        registered_name, source, run_id, {MANIFEST_TAG: manifest_hash}, description=description
    )
    return str(created.version)


def registered_versions(
    tracking_uri: str, registered_name: str = REGISTERED_NAME
) -> list[RegisteredVersion]:
    """All registered versions, newest first; [] if there are none."""
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        found = _all_versions(client, registered_name)
        metrics = _metrics_of_runs(client, [one.run_id for one in found])
    return [
        RegisteredVersion(
            version=str(one.version),
            run_id=one.run_id,
            created_at=one.creation_timestamp * 1000,
            metrics=metrics.get(one.run_id, {}),
            source=one.source,
            manifest_hash=one.tags.get(MANIFEST_TAG, ""),
        )
        for one in found
    ]


def artifact_path(tracking_uri: str, version: str, registered_name: str = REGISTERED_NAME) -> Path:
    """The local folder of a version's artifact, downloaded if MLflow keeps it elsewhere.

    Raises `UnknownModelError` for a version that is not registered and `DamagedArtifactError`
    when its files are gone, or are another model than the one that was registered.
    """
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        known = _known_version(client, version, registered_name)
    source = f"{known.source}/{ARTIFACT_FOLDER}"
    try:
        folder = Path(download_artifacts(artifact_uri=source, tracking_uri=tracking_uri))
    except MlflowException as error:
        raise DamagedArtifactError(
            f"the files of model version {version} are not at {source} ({error}); "
            "bring that folder back or train a new version"
        ) from error
    _check_same(folder, known.tags.get(MANIFEST_TAG), version)
    return folder


def set_champion_alias(
    tracking_uri: str, version: str, registered_name: str = REGISTERED_NAME
) -> None:
    """Point MLflow's alias `champion` at a version.

    Raises `UnknownModelError` for a version that is not registered.
    """
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        _known_version(client, version, registered_name)
        client.set_registered_model_alias(registered_name, CHAMPION, version)


def champion_alias(tracking_uri: str, registered_name: str = REGISTERED_NAME) -> str | None:
    """The version that MLflow's alias `champion` points to; None where there is no such alias."""
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        try:
            aliases = client.get_registered_model(registered_name).aliases
        except MlflowException as error:
            if error.error_code not in UNKNOWN_CODES:
                raise
            return None
    version = aliases.get(CHAMPION)
    return None if version is None else str(version)


def _check_same(folder: Path, manifest_hash: str | None, version: str) -> None:
    """Whether a folder's manifest is the one that was registered; a missing one is found later."""
    manifest = folder / MANIFEST
    if not manifest_hash or not manifest.is_file():
        return
    present = sha256(manifest.read_bytes())
    if present != manifest_hash:
        raise DamagedArtifactError(
            f"{manifest} has the hash {present[:12]}…, but version {version} was registered with "
            f"{manifest_hash[:12]}…: it is another model; bring its files back or train a new "
            "version"
        )


def _all_versions(client: MlflowClient, registered_name: str) -> list[ModelVersion]:
    versions: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name='{registered_name}'", page_token=token)
        versions += page
        token = page.token
        if not token:
            return sorted(versions, key=lambda one: -int(one.version))


def _metrics_of_runs(client: MlflowClient, run_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The metrics of runs by id, a hundred runs a question; runs purged from MLflow are absent."""
    experiments = [one.experiment_id for one in client.search_experiments()]
    found: list[Run] = []
    for at in range(0, len(run_ids), _RUNS_PER_CALL):
        listed = ", ".join(f"'{run_id}'" for run_id in run_ids[at : at + _RUNS_PER_CALL])
        found += client.search_runs(experiments, f"attributes.run_id IN ({listed})")
    return {run.info.run_id: dict(run.data.metrics) for run in found}


def _known_version(client: MlflowClient, version: str, registered_name: str) -> ModelVersion:
    try:
        return client.get_model_version(registered_name, version)
    except MlflowException as error:
        if error.error_code not in UNKNOWN_CODES:
            raise
        raise UnknownModelError(
            f"no model version {version!r} is registered; `leadscore models` lists them"
        ) from error
