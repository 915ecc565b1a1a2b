"""Runs read back from MLflow: what a training logged, for a notebook or a report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from leads.clock import moment_of
from leads.errors import DamagedArtifactError, UnknownModelError
from training.curves import Curves, curves_from_record
from training.mlflow_client import explained, mlflow_client
from training.recalibration import RECALIBRATED_FROM
from training.registry import champion_alias, registered_versions
from training.training_record import CARD_FILE, CURVES_FILE, REPORT_FILE

_METRICS = ("auc", "log_loss", "brier", "ece", "lift_at_10")
_ENDS = (".low", ".high")


@dataclass(frozen=True)
class LoggedTraining:
    """A training as it was logged; `report` is that of `train --json`, `card` is Markdown.

    A recalibrated version has the report and the curves of the one whose level was moved.
    """

    version: str
    run_id: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    report: Mapping[str, Any]
    curves: Curves
    card: str


def trainings(tracking_uri: str) -> pd.DataFrame:
    """The registered versions, newest first: one row each, with its figures on later leads."""
    champion = champion_alias(tracking_uri)
    rows = [
        {
            "version": one.version,
            "champion": one.version == champion,
            "trained": moment_of(one.created_at),
            **{name: one.metrics.get(f"holdout.{name}") for name in _METRICS},
        }
        for one in registered_versions(tracking_uri)
    ]
    return pd.DataFrame(rows, columns=["version", "champion", "trained", *_METRICS])


def read_training(tracking_uri: str, version: str) -> LoggedTraining:
    """What the training of a registered version logged.

    Raises `UnknownModelError` for a version that is not registered and `DamagedArtifactError`
    when the files of its run are gone.
    """
    known = {one.version: one.run_id for one in registered_versions(tracking_uri)}
    if version not in known:
        raise UnknownModelError(
            f"no model version {version!r} is registered; known are {', '.join(known) or 'none'}"
        )
    with explained(tracking_uri):
        client = mlflow_client(tracking_uri)
        run = client.get_run(known[version])
        texts = _texts(client, known[version], version, (CARD_FILE,))
        judged = _judged_version(client, known, version)
        texts |= _texts(client, known[judged], judged, (REPORT_FILE, CURVES_FILE))
    return LoggedTraining(
        version=version,
        run_id=known[version],
        params=run.data.params,
        metrics=run.data.metrics,
        report=json.loads(texts[REPORT_FILE]),
        curves=curves_from_record(json.loads(texts[CURVES_FILE])),
        card=texts[CARD_FILE],
    )


def side_by_side(first: LoggedTraining, second: LoggedTraining) -> pd.DataFrame:
    """Two trainings: the parameters in which they differ, then every figure, without intervals."""
    columns = [f"version {one.version}" for one in (first, second)]
    params = {
        name: (first.params.get(name), second.params.get(name))
        for name in dict.fromkeys([*first.params, *second.params])
        if first.params.get(name) != second.params.get(name)
    }
    metrics = {
        name: (first.metrics.get(name), second.metrics.get(name))
        for name in sorted({*first.metrics, *second.metrics})
        if not name.endswith(_ENDS)
    }
    table = {**params, **metrics}
    return pd.DataFrame.from_dict(table, orient="index", columns=columns, dtype=object)


def _judged_version(client: MlflowClient, known: Mapping[str, str], version: str) -> str:
    """The version whose figures it has: of a recalibrated one, that whose level was moved."""
    while (former := client.get_run(known[version]).data.tags.get(RECALIBRATED_FROM)) in known:
        version = former
    return version


def _texts(client: MlflowClient, run_id: str, version: str, names: Sequence[str]) -> dict[str, str]:
    with TemporaryDirectory() as folder:
        try:
            return {
                name: Path(client.download_artifacts(run_id, name, folder)).read_text("utf-8")
                for name in names
            }
        except (MlflowException, OSError) as error:
            raise DamagedArtifactError(
                f"the files of the run of version {version} cannot be read ({error}); bring them "
                "back or train a new version"
            ) from error
