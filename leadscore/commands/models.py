"""`leadscore models`: the registered versions and which of them is the champion."""

import os

from crm.store import Store
from leads.clock import format_time
from leadscore.options import AsJson
from leadscore.settings import read_settings
from leadscore.terminal import say, show_json, show_table
from training.mlflow_client import mlflow_ui_command
from training.registry import registered_versions

_FIGURES = ("holdout.auc", "holdout.log_loss", "holdout.ece")


def models(as_json: AsJson = False) -> None:
    """List the registered models, newest first, with their figures and the champion marked.

    Example: leadscore models --json
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store:
        champion = store.champion()
    champion_version = None if champion is None else champion.version
    listed = [
        {
            "version": version.version,
            "champion": version.version == champion_version,
            "run_id": version.run_id,
            "created_at": format_time(version.created_at),
            **{name: version.metrics.get(name) for name in _FIGURES},
        }
        for version in registered_versions(settings.tracking_uri)
    ]
    runs = mlflow_ui_command(settings.tracking_uri)
    if as_json:
        show_json({"models": listed, "champion": champion_version, "mlflow": runs})
        return
    show_table(
        "Registered models",
        ("version", "", "created", "AUC", "log loss", "calibration error"),
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
    say(f"Runs: {runs}" if listed else "No model yet; run `leadscore train`.")


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "–"
