"""`leadscore models`: the registered versions, which one serves, and whether MLflow agrees."""

import os
from collections.abc import Sequence

from crm.store import Champion, Store
from leads.clock import format_time
from leadscore.options import AsJson
from leadscore.settings import read_settings
from leadscore.terminal import say, show_json, show_table
from training.mlflow_client import mlflow_ui_command
from training.registry import RegisteredVersion, champion_alias, registered_versions

_FIGURES = ("holdout.auc", "holdout.log_loss", "holdout.brier", "holdout.ece")


def models(as_json: AsJson = False) -> None:
    """List the registered models, newest first, with their figures and the champion marked.

    Example: leadscore models --json
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store:
        champion = store.champion()
    versions = registered_versions(settings.tracking_uri)
    alias = champion_alias(settings.tracking_uri)
    note = disagreement(champion, alias, versions)
    listed = [
        {
            "version": version.version,
            "champion": champion is not None and _is(champion, version),
            "run_id": version.run_id,
            "created_at": format_time(version.created_at),
            "manifest_hash": version.manifest_hash,
            **{name: version.metrics.get(name) for name in _FIGURES},
        }
        for version in versions
    ]
    runs = mlflow_ui_command(settings.tracking_uri)
    if as_json:
        serving = None if champion is None else champion.version
        show_json(
            {"models": listed, "champion": serving, "alias": alias, "note": note, "mlflow": runs}
        )
        return
    show_table(
        "Registered models",
        ("version", "", "created", "AUC", "log loss", "Brier", "calibration error"),
        [
            (
                model["version"],
                "champion" if model["champion"] else "",
                str(model["created_at"])[:16].replace("T", " "),
                *(_figure(model[name]) for name in _FIGURES),
            )
            for model in listed
        ],
    )
    if note:
        say(f"Note: {note}.")
    say(f"Runs: {runs}" if listed else "No model yet; run `leadscore train`.")


def disagreement(
    champion: Champion | None, alias: str | None, versions: Sequence[RegisteredVersion]
) -> str | None:
    """Where MLflow says otherwise than what is served, with what to do; None where it agrees."""
    if champion is None:
        return None if alias is None else _promote_instead(alias, "no model")
    serving = champion.version
    known = {version.version: version for version in versions}
    if serving not in known:
        return (
            f"this installation serves version {serving}, which MLflow does not list: its database "
            "is another one or was lost; it serves on, and `leadscore train` starts a new list"
        )
    if not _is(champion, known[serving]):
        return (
            f"version {serving} in MLflow is another model than version {serving} that this "
            "installation serves: its database is another one or was lost; promote a version with "
            "another number, or train one"
        )
    if alias is None:
        return (
            f"MLflow has no alias champion, this installation serves {serving}; run "
            f"`leadscore promote {serving}` to set it"
        )
    return None if alias == serving else _promote_instead(alias, serving)


def _promote_instead(alias: str, serving: str) -> str:
    return (
        f"alias champion in MLflow points to version {alias}, this installation serves {serving}; "
        f"run `leadscore promote {alias}` or move it back"
    )


def _is(champion: Champion, version: RegisteredVersion) -> bool:
    """Whether a registered version is the model that serves, not merely of the same number."""
    return (champion.version, champion.manifest_hash) == (version.version, version.manifest_hash)


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "–"
