"""`leadscore train`: learn, judge forward in time, register, promote if better."""

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.errors import LeadscoreError
from leads.view import known_by
from leadscore.commands.promote import promote_and_rescore
from leadscore.impact import Impact, show_impact
from leadscore.options import (
    Allow,
    AsJson,
    DataFolder,
    Deny,
    Lost,
    MappingFile,
    Seed,
    Timezone,
    Won,
)
from leadscore.own_signals import check_own_signals
from leadscore.settings import Settings, read_settings
from leadscore.sources import Records, moment_of, read_records
from leadscore.terminal import Progress, percent, progress, say, show_json, show_table
from models.artifact import read_artifact
from training.challenger import Contest, judge_challenger
from training.comparison import Verdict
from training.leak_audit import NOT_OVERRULED, Overruled
from training.learning import Source, Trained
from training.learning import train as train_model
from training.mlflow_client import mlflow_ui_command
from training.registry import artifact_path


class Promote(StrEnum):
    """When the trained model becomes the champion."""

    NEVER = "never"
    IF_BETTER = "if-better"
    ALWAYS = "always"


def train(
    data: DataFolder = None,
    mapping: MappingFile = None,
    until: Annotated[
        str | None, typer.Option(help="Learn only from what was known then: an ISO 8601 time.")
    ] = None,
    promote: Annotated[Promote, typer.Option(help="When to promote.")] = Promote.IF_BETTER,
    seed: Seed = 0,
    timezone: Timezone = None,
    won: Won = None,
    lost: Lost = None,
    allow: Allow = None,
    deny: Deny = None,
    as_json: AsJson = False,
) -> None:
    """Learn from the store or a folder, judge on later leads, register; promote if better.

    Example: leadscore train --until 2026-01-01T00:00:00Z --promote never
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("training") as step:
        records = read_records(store, settings, data, timezone, won, lost, step, mapping)
        until_us = moment_of(records, until, "--until")
        overruled = Overruled(tuple(allow or ()), tuple(deny or ()))
        trained = train_on(records, until_us, seed, settings, step, overruled)
        verdict = _decide(promote, trained, store, settings, step)
        before, impact = store.champion(), None
        if verdict.promote:
            impact = promote_and_rescore(
                trained.version, store, settings, step, rescore=data is None
            )
    record = _record(trained, verdict, impact, settings)
    if as_json:
        show_json(record)
        return
    _show(record, records)
    if impact is not None and before is not None:
        show_impact(impact, trained.version, before.version)


def train_on(
    records: Records,
    until: int,
    seed: int,
    settings: Settings,
    step: Progress,
    overruled: Overruled = NOT_OVERRULED,
) -> Trained:
    """Train on records and register the model in the MLflow of the settings."""
    if settings.signals is not None:
        step("trying the laws on your own signals")
        check_own_signals(os.environ, known_by(records.timelines, until))
    return train_model(
        records.timelines,
        until,
        seed,
        Source(records.name, records.data_hash),
        tracking_uri=settings.tracking_uri,
        artifact_root=settings.mlflow_artifacts,
        overruled=overruled,
        progress=step,
    )


def _decide(
    promote: Promote,
    trained: Trained,
    store: Store,
    settings: Settings,
    step: Progress,
) -> Verdict:
    if promote is Promote.NEVER:
        return Verdict(False, "not asked for (--promote never)")
    if promote is Promote.ALWAYS:
        return Verdict(True, "asked for (--promote always)")
    champion = store.champion()
    if champion is None:
        return Verdict(True, "the first model")
    challenger = read_artifact(
        artifact_path(settings.tracking_uri, trained.version), trained.manifest_hash
    )
    try:
        present = read_artifact(settings.models / champion.version, champion.manifest_hash)
        contest = Contest(challenger, present, champion.version, trained.timelines)
        return judge_challenger(contest, lambda told: step(f"comparing with the champion: {told}"))
    except LeadscoreError as error:
        return Verdict(False, f"the champion cannot be compared: {error}")


def _record(
    trained: Trained,
    verdict: Verdict,
    impact: Impact | None,
    settings: Settings,
) -> dict[str, Any]:
    return {
        "version": trained.version,
        "run_id": trained.run_id,
        "promoted": verdict.promote,
        "reason": verdict.reason,
        "impact": None if impact is None else impact.as_record(),
        **trained.report,
        "mlflow": mlflow_ui_command(settings.tracking_uri),
    }


def _show(record: dict[str, Any], records: Records) -> None:
    """What it is worth, the figures beside the baselines, by age, and what was promoted."""
    holdout = record["holdout"]
    say(record["worth"]["sentence"], "")
    censored = (
        f"; they also stand for {holdout['n_censored']:,} still open"
        if holdout["n_censored"]
        else ""
    )
    say(
        f"Judged on {holdout['n_leads']:,} later leads ({holdout['n_snapshots']:,} snapshots"
        f"{censored}) of {records.name}, learned from earlier ones;",
        "95 % intervals over leads; ECE: calibration error; lift: in the best 10 %.",
    )
    named = {
        "this model": holdout,
        **record["baselines"],
        "this model, decided leads alone": holdout["closed_only"],
    }
    show_table(
        "",
        ("", "AUC", "log loss", "Brier", "ECE", "lift"),
        [
            (
                name.replace("_", " "),
                _with_interval(figures["auc"]),
                *(
                    _figure(figures[metric]["value"])
                    for metric in ("log_loss", "brier", "ece", "lift_at_10")
                ),
            )
            for name, figures in named.items()
        ],
        wrapped=None,
    )
    for part in ("by_age", "by_stage", "by_pipeline"):
        if len(holdout[part]) > 1:
            _show_part(part, holdout[part])
    if record["base_rate_shift"] is not None:
        say(f"Drift: {record['base_rate_shift']['sentence']}.")
    for field in record["quarantined"]:
        say(f"Not learned from: {field['field']}; {field['evidence']}.")
    for field in record["suspicious"]:
        say(f"To be looked at: {field['field']}; {field['evidence']}.")
    if record["allowed"]:
        say(f"Learned from, by --allow: {', '.join(record['allowed'])}.")
    state = "promoted" if record["promoted"] else "not promoted"
    say(f"Version {record['version']}: {state}; {record['reason']}.", f"Runs: {record['mlflow']}")


def _show_part(part: str, figures: dict[str, Any]) -> None:
    """The AUC in each part of the later snapshots, beside that of the baselines."""
    baselines = list(next(iter(figures.values()))["baselines"])
    shown = [name for name in baselines if name != "base_rate"]
    say("")
    show_table(
        "",
        (part.replace("_", " "), "leads", "won", "AUC", *(n.replace("_", " ") for n in shown)),
        [
            (
                name,
                f"{of['n_leads']:,}",
                percent(of["base_rate"]["value"], 1),
                _with_interval(of["auc"]),
                *(_figure(of["baselines"][baseline]["auc"]) for baseline in shown),
            )
            for name, of in figures.items()
        ],
        wrapped=None,
    )


def _with_interval(estimate: dict[str, float | None]) -> str:
    value, low, high = (_figure(estimate[part]) for part in ("value", "low", "high"))
    return value if estimate["low"] is None else f"{value} ({low}–{high})"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
