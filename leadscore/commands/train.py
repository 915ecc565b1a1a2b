"""`leadscore train`: learn, judge forward in time, register, promote if better."""

import os
from functools import partial
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.errors import InvalidInputError
from leads.view import known_by
from leadscore.commands.recalibration import recalibrate_champion
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
from leadscore.promotion_rule import Asked, New, Promote, Settled, Told, settle
from leadscore.recipes import recipe_of
from leadscore.settings import Settings, read_settings
from leadscore.sources import Records, moment_of, read_records
from leadscore.terminal import Progress, percent, progress, say, show_json, show_table
from training.history import EVERYTHING
from training.leak_audit import NOT_OVERRULED, Overruled
from training.learning import Source, Trained
from training.learning import train as train_model
from training.mlflow_client import mlflow_ui_command


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
    tune: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES", help="Search for a better recipe first, for so long.", min=0.0
        ),
    ] = None,
    recalibrate_only: Annotated[
        bool,
        typer.Option(
            "--recalibrate-only",
            help="Learn only the champion's level anew, from the newest leads that had their time.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Learn from the store or a folder, judge on later leads, register; promote if better.

    Example: leadscore train --until 2026-01-01T00:00:00Z --promote never
    """
    settings = read_settings(os.environ)
    if recalibrate_only and (allow or deny):
        raise InvalidInputError(
            "--recalibrate-only learns from no field: leave out --allow and --deny, or train anew"
        )
    if recalibrate_only and tune is not None:
        raise InvalidInputError(
            "--recalibrate-only fits no recipe: leave out --tune, or train anew"
        )
    with Store.open(settings.store) as store, progress("training") as step:
        records = read_records(store, settings, data, timezone, won, lost, step, mapping)
        until_us = moment_of(records, until, "--until")
        asked = Asked(records, until_us, promote, data is None, store, settings, step)
        if recalibrate_only:
            told = recalibrate_champion(asked)
        else:
            overruled = Overruled(tuple(allow or ()), tuple(deny or ()))
            told = _learn(asked, seed, overruled, tune)
    if as_json:
        show_json(told.record)
    else:
        told.show()


def _learn(asked: Asked, seed: int, overruled: Overruled, tune: float | None) -> Told:
    """Learn, register, promote by the rule."""
    settings = asked.settings
    trained = train_on(asked.records, asked.until, seed, settings, asked.step, overruled, tune)
    settled = settle(New(trained.version, trained.manifest_hash, trained.timelines), asked)
    record = {
        "version": trained.version,
        "run_id": trained.run_id,
        **settled.as_record(),
        **trained.report,
        "mlflow": mlflow_ui_command(settings.tracking_uri),
    }
    return Told(record, partial(_show, record, settled, asked.records.name))


def train_on(
    records: Records,
    until: int,
    seed: int,
    settings: Settings,
    step: Progress,
    overruled: Overruled = NOT_OVERRULED,
    tune_minutes: float | None = None,
) -> Trained:
    """Train on records and register the model in the MLflow of the settings."""
    recipe = recipe_of(settings)
    if settings.signals is not None:
        step("trying the laws on your own signals")
        check_own_signals(os.environ, known_by(records.timelines, until))
    return train_model(
        records.timelines,
        until,
        seed,
        Source(records.name, records.data_hash),
        recipe=recipe,
        tracking_uri=settings.tracking_uri,
        artifact_root=settings.mlflow_artifacts,
        tune_minutes=tune_minutes,
        overruled=overruled,
        progress=step,
    )


def _show(record: dict[str, Any], settled: Settled, source: str) -> None:
    """What it is worth, the figures beside the baselines, by age, and what was promoted."""
    holdout = record["holdout"]
    say(record["worth"]["sentence"], "")
    if record["evidence"]["sentence"] is not None:
        say(record["evidence"]["sentence"], "")
    censored = (
        f"; they also stand for {holdout['n_censored']:,} still open"
        if holdout["n_censored"]
        else ""
    )
    say(
        f"Judged on {holdout['n_leads']:,} later leads ({holdout['n_snapshots']:,} snapshots"
        f"{censored}) of {source}, learned from earlier ones;",
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
    _show_what_it_learned_from(record)
    state = "promoted" if record["promoted"] else "not promoted"
    say(f"Version {record['version']}: {state}; {record['reason']}.", f"Runs: {record['mlflow']}")
    settled.show(record["version"])


def _show_what_it_learned_from(record: dict[str, Any]) -> None:
    """By which recipe, from how much of the past, and from which fields not."""
    if "tuned" in record:
        say(f"{record['tuned']['sentence']}.")
    if record["history"]["name"] != EVERYTHING.name:
        say(f"{record['history']['sentence']}.")
    for choice in record["signals"]:
        if choice["taken"]:
            say(f"{choice['sentence']}.")
    if record["base_rate_shift"] is not None:
        say(f"Drift: {record['base_rate_shift']['sentence']}.")
    for field in record["quarantined"]:
        say(f"Not learned from: {field['field']}; {field['evidence']}.")
    for field in record["suspicious"]:
        say(f"To be looked at: {field['field']}; {field['evidence']}.")
    if record["allowed"]:
        say(f"Learned from, by --allow: {', '.join(record['allowed'])}.")


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
