"""One training: judged forward in time, fitted on everything, logged and registered in MLflow."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leads.clock import format_time, now_us
from leads.timeline import Timelines
from models.artifact import write_artifact
from models.metrics import calibration_curve, lift_curve
from models.scorer import NO_SUPPORT
from training.artifacts import artifact_of
from training.drift import base_rate_shift
from training.evaluation import MODEL, Judged, judge_forward, report
from training.fitting import (
    FittedModel,
    Progress,
    Recipe,
    base_rate_model,
    fit_model,
    no_progress,
)
from training.plots import calibration_plot, lift_plot
from training.tracking import RunRecord, log_run
from training.worth import worth


@dataclass(frozen=True)
class Source:
    """Where the training data came from: a name for people, and a hash of its content."""

    name: str
    data_hash: str


@dataclass(frozen=True)
class Trained:
    """A registered version: its figures as `train --json` gives them, and what it was judged on."""

    version: str
    run_id: str
    manifest_hash: str
    report: Mapping[str, Any]
    judged: Judged


def train(
    timelines: Timelines,
    until: int,
    seed: int,
    source: Source,
    *,
    tracking_uri: str,
    artifact_root: Path,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
) -> Trained:
    """Train on what was known at `until` and register the model; promotes nothing.

    Raises `TooFewLeadsError` when too few leads are decided to learn from or to judge on.
    """
    recipe = recipe or Recipe()
    judged = judge_forward(
        timelines, until, seed, recipe, lambda step: progress(f"judging: {step}")
    )
    figures = judgement(judged, timelines, until)
    fitted = fit_model(timelines, until, seed, recipe, lambda step: progress(f"learning: {step}"))
    if figures["worth"]["support"] == NO_SUPPORT:
        fitted = base_rate_model(fitted)
    about = _about(fitted, recipe, figures, until, seed, source)
    progress("logging to MLflow")
    with tempfile.TemporaryDirectory() as folder:
        artifact_folder = Path(folder) / "artifact"
        manifest_hash = write_artifact(artifact_folder, artifact_of(fitted, timelines, about))
        record = run_record(fitted, judged, figures, about, recipe, artifact_folder)
        logged = log_run(record, tracking_uri=tracking_uri, artifact_root=artifact_root)
    return Trained(logged.version, logged.run_id, manifest_hash, figures, judged)


def judgement(judged: Judged, timelines: Timelines, until: int) -> dict[str, Any]:
    """What `train --json` says of a model: its figures, what it is worth, a moved base rate."""
    shift = base_rate_shift(timelines, until)
    return {
        **report(judged),
        "worth": worth(judged).as_record(),
        "base_rate_shift": None if shift is None else shift.as_record(),
    }


def _about(
    fitted: FittedModel,
    recipe: Recipe,
    figures: Mapping[str, Any],
    until: int,
    seed: int,
    source: Source,
) -> dict[str, Any]:
    """The model's card: when, from what, how well."""
    return {
        "name": "win",
        "trained_at": format_time(now_us()),
        "until": format_time(until),
        "seed": seed,
        "recipe": recipe.as_record(),
        "source": source.name,
        "data_hash": source.data_hash,
        "n_leads": fitted.n_leads,
        "n_snapshots": fitted.n_snapshots,
        "base_rate": fitted.base_rate,
        "newest_window": None if fitted.newest is None else fitted.newest.as_record(),
        "support": figures["worth"]["support"],
        "trees": fitted.chosen_rounds,
        "columns": len(fitted.plan.columns),
        **figures,
    }


def run_record(
    fitted: FittedModel,
    judged: Judged,
    figures: Mapping[str, Any],
    about: Mapping[str, Any],
    recipe: Recipe,
    artifact_folder: Path,
) -> RunRecord:
    """What MLflow gets of a training: parameters, figures with intervals, two plots, the model."""
    probability = judged.probability[MODEL]
    card = ("until", "seed", "source", "data_hash", "n_leads", "n_snapshots", "trees", "columns")
    return RunRecord(
        params={**recipe.as_params(), **{name: about[name] for name in card}},
        metrics={
            **_metrics("holdout", figures["holdout"]),
            **{
                name: value
                for baseline, values in figures["baselines"].items()
                for name, value in _metrics(baseline, values).items()
            },
            **fitted.choices,
            "base_rate": fitted.base_rate,
        },
        tags={"signals": ", ".join(family.name for family, _ in fitted.plan.parts)},
        figures={
            "calibration.png": calibration_plot(
                calibration_curve(judged.label, probability, judged.weight)
            ),
            "lift.png": lift_plot(lift_curve(judged.label, probability, judged.weight)),
        },
        artifact_folder=artifact_folder,
        texts={},
    )


def _metrics(prefix: str, figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Flat names: `holdout.auc`, `holdout.auc.low`, `holdout.auc.high`."""
    flat: dict[str, float | None] = {}
    for name, figure in figures.items():
        if isinstance(figure, Mapping) and "value" in figure:
            flat[f"{prefix}.{name}"] = figure["value"]
            flat[f"{prefix}.{name}.low"] = figure["low"]
            flat[f"{prefix}.{name}.high"] = figure["high"]
    return flat
