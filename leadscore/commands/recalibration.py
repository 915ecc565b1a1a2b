"""`leadscore train --recalibrate-only`: the champion at the level of the newest outcomes."""

from functools import partial
from typing import Any

from leads.errors import InvalidInputError
from leadscore.promotion_rule import Asked, New, Settled, Told, settle
from leadscore.settings import Settings
from leadscore.terminal import say
from models.artifact import read_artifact
from training.learning import Source
from training.mlflow_client import mlflow_ui_command
from training.recalibration import Recalibrated, recalibrate


def recalibrate_champion(asked: Asked) -> Told:
    """Register the champion at its newest level, if that moved, and promote that by the rule.

    Raises `InvalidInputError` without a champion.
    """
    settings, records = asked.settings, asked.records
    champion = asked.store.champion()
    if champion is None:
        raise InvalidInputError(
            "--recalibrate-only: there is no champion whose level could be learned anew; run "
            "`leadscore train` without it, or promote a version first"
        )
    made = recalibrate(
        read_artifact(settings.models / champion.version, champion.manifest_hash),
        champion.version,
        records.timelines,
        asked.until,
        Source(records.name, records.data_hash),
        tracking_uri=settings.tracking_uri,
        artifact_root=settings.mlflow_artifacts,
        progress=asked.step,
    )
    if made.version is None or made.manifest_hash is None:
        return _told(made, None, settings)
    new = New(made.version, made.manifest_hash, records.timelines)
    return _told(made, settle(new, asked), settings)


def _told(made: Recalibrated, settled: Settled | None, settings: Settings) -> Told:
    """What the newest window says, what was registered, and whether it serves."""
    stays = {"promoted": False, "reason": "its level stays: nothing to promote", "impact": None}
    runs = mlflow_ui_command(settings.tracking_uri)
    record: dict[str, Any] = {
        "version": made.version,
        "run_id": made.run_id,
        **(stays if settled is None else settled.as_record()),
        "recalibrated": made.as_record(),
        "mlflow": runs,
    }
    return Told(record, partial(_show, record, settled))


def _show(record: dict[str, Any], settled: Settled | None) -> None:
    made = record["recalibrated"]
    say(f"Recalibrating version {made['from_version']}: {made['sentence']}.")
    if settled is not None:
        state = "promoted" if record["promoted"] else "not promoted"
        say(f"Version {record['version']}: {state}; {record['reason']}.")
        say(f"Runs: {record['mlflow']}")
        settled.show(record["version"])
