"""One training: judged forward in time, fitted on everything, logged and registered in MLflow."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.population import population_of
from leads.clock import format_time, now_us
from leads.errors import TooFewLeadsError
from leads.timeline import Timelines
from leads.view import known_by, look
from models.artifact import write_artifact
from models.scorer import NO_SUPPORT, Scorer
from training.artifacts import artifact_of
from training.curves import curves_of
from training.drift import base_rate_shift
from training.evaluation import Judged, judge_forward, nothing_judged, report
from training.evidence import evidence_record
from training.fitting import FittedModel, base_rate_model, fit_model
from training.importance import importance
from training.leak_audit import NOT_OVERRULED, Overruled, audit
from training.learner import Progress, no_progress
from training.recipe import Recipe
from training.snapshots import open_life_snapshots
from training.tracking import log_run
from training.training_record import served_among, training_record, with_trials
from training.tuning import Tuned, tune
from training.worth import worth


@dataclass(frozen=True)
class Source:
    """Where the training data came from: a name for people, and a hash of its content."""

    name: str
    data_hash: str


@dataclass(frozen=True)
class Trained:
    """A registered version: its figures as `train --json` gives them, and what it was judged on.

    `timelines` are those it learned from: nothing was learned from their quarantined fields.
    """

    version: str
    run_id: str
    manifest_hash: str
    report: Mapping[str, Any]
    judged: Judged
    timelines: Timelines


def train(
    timelines: Timelines,
    until: int,
    seed: int,
    source: Source,
    *,
    tracking_uri: str,
    artifact_root: Path,
    recipe: Recipe | None = None,
    tune_minutes: float | None = None,
    overruled: Overruled = NOT_OVERRULED,
    progress: Progress = no_progress,
) -> Trained:
    """Train on what was known at `until` and register the model; promotes nothing.

    With `tune_minutes` the recipe is searched for first, on what is known before the leads that it
    is judged on. Learns nothing from the fields that the leak audit sets aside. Where too few leads
    are decided to judge a model on, its figures are None. Raises `TooFewLeadsError` where there is
    no lead, `InvalidInputError` for a field that is overruled and not there.
    """
    recipe = recipe or Recipe()
    progress("looking for fields that tell the outcome")
    audited = audit(timelines, until, overruled)
    timelines = audited.timelines
    tuned = _tuned(timelines, until, seed, recipe, tune_minutes, progress)
    recipe = recipe if tuned is None else tuned.recipe
    judged = _judged(timelines, until, seed, recipe, lambda step: progress(f"judging: {step}"))
    figures = {**judgement(judged, timelines, until), **audited.as_record()}
    fitted = fit_model(timelines, until, seed, recipe, lambda step: progress(f"learning: {step}"))
    if figures["worth"]["support"] == NO_SUPPORT:
        fitted = base_rate_model(fitted)
    figures = {
        **figures,
        "history": fitted.history.as_record(),
        "signals": [choice.as_record() for choice in fitted.signals],
        "evidence": evidence_record(fitted.evidence),
        **({} if tuned is None else {"tuned": tuned.as_record()}),
    }
    known = known_by(timelines, until)
    about = _about(fitted, known, recipe, figures, until, seed, source)
    progress("describing the model")
    population = population_of(known)
    artifact = artifact_of(fitted, timelines, about)
    described = judged.view
    if not len(described):
        described = look(known, open_life_snapshots(known, until, seed))
    moved_by = importance(Scorer(artifact, "new"), described, population)
    curves = curves_of(judged, figures["holdout"]["by_age"], moved_by)
    progress("logging to MLflow")
    with tempfile.TemporaryDirectory() as folder:
        artifact_folder = Path(folder) / "artifact"
        manifest_hash = write_artifact(artifact_folder, artifact)
        record = training_record(fitted, judged, curves, about, recipe, artifact_folder)
        served = served_among(with_trials(record, tuned), known, population, until)
        logged = log_run(served, tracking_uri=tracking_uri, artifact_root=artifact_root)
    return Trained(logged.version, logged.run_id, manifest_hash, figures, judged, timelines)


def _tuned(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe,
    minutes: float | None,
    progress: Progress,
) -> Tuned | None:
    if minutes is None:
        return None
    return tune(timelines, until, seed, minutes, recipe, lambda step: progress(f"tuning: {step}"))


def _judged(
    timelines: Timelines, until: int, seed: int, recipe: Recipe, progress: Progress
) -> Judged:
    try:
        return judge_forward(timelines, until, seed, recipe, progress)
    except TooFewLeadsError:
        return nothing_judged(known_by(timelines, until))


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
    known: Timelines,
    recipe: Recipe,
    figures: Mapping[str, Any],
    until: int,
    seed: int,
    source: Source,
) -> dict[str, Any]:
    """The model's card: when, from what, how well; `known` is what it learned from."""
    newest = known.newest_event_at(until)
    return {
        "name": "win",
        "trained_at": format_time(now_us()),
        "until": format_time(until),
        "seed": seed,
        "recipe": recipe.as_record(),
        "first_created_at": format_time(int(known.created_at.min())),
        "newest_event_at": None if newest is None else format_time(newest),
        "source": source.name,
        "data_hash": source.data_hash,
        "n_leads": fitted.n_leads,
        "n_snapshots": fitted.n_snapshots,
        "base_rate": fitted.base_rate,
        "newest_window": None if fitted.newest is None else fitted.newest.as_record(),
        "support": figures["worth"]["support"],
        "trees": fitted.chosen_rounds,
        "line_share": fitted.margin.linear_share,
        "columns": len(fitted.plan.columns),
        "window_days": {one.name: one.window_days for one in known.pipelines.pipelines},
        **figures,
    }
