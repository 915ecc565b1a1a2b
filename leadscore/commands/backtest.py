"""`leadscore backtest`: what each past month's model would have scored, beside the baselines."""

import os
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.clock import format_time
from leads.counting import count_of
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
from leadscore.recipes import recipe_of
from leadscore.settings import Settings, read_settings
from leadscore.sources import Records, moment_of, read_records
from leadscore.terminal import percent, progress, say, show_json, show_table
from training.backtest import MONTHS
from training.backtest import backtest as replay
from training.backtest_record import backtest_record
from training.backtest_report import backtest_report
from training.leak_audit import Overruled, audit
from training.mlflow_client import mlflow_ui_command
from training.tracking import log_run

_LEFT_OUT_SHOWN = 3


def backtest(
    data: DataFolder = None,
    mapping: MappingFile = None,
    until: Annotated[
        str | None, typer.Option(help="Judge by what was known then: an ISO 8601 time.")
    ] = None,
    months: Annotated[
        int, typer.Option(help="At most so many past months, the newest.", min=1, max=120)
    ] = MONTHS,
    seed: Seed = 0,
    timezone: Timezone = None,
    won: Won = None,
    lost: Lost = None,
    allow: Allow = None,
    deny: Deny = None,
    as_json: AsJson = False,
) -> None:
    """Fit a model at the start of each past month and judge it on what came then.

    Says how the models did beside the baselines and how fast a model ages; logged to MLflow.
    Example: leadscore backtest --data exports/crm --months 6
    """
    settings = read_settings(os.environ)
    recipe = recipe_of(settings)
    with Store.open(settings.store) as store, progress("backtest") as step:
        records = read_records(store, settings, data, timezone, won, lost, step, mapping)
        until_us = moment_of(records, until, "--until")
        step("looking for fields that tell the outcome")
        overruled = Overruled(tuple(allow or ()), tuple(deny or ()))
        audited = audit(records.timelines, until_us, overruled)
        replayed = replay(audited.timelines, until_us, seed, recipe, months, step)
        step("computing the figures")
        report = {**backtest_report(replayed), **audited.as_record()}
        about = {
            "until": format_time(until_us),
            "seed": seed,
            "source": records.name,
            "data_hash": records.data_hash,
            "allowed": ", ".join(overruled.allowed),
            "denied": ", ".join(overruled.denied),
        }
        step("logging to MLflow")
        run = log_run(
            backtest_record(report, recipe, about),
            tracking_uri=settings.tracking_uri,
            artifact_root=settings.mlflow_artifacts,
        )
    record = {**about, **report, "run_id": run.run_id, **_runs(settings)}
    show_json(record) if as_json else _show(record, records)


def _runs(settings: Settings) -> dict[str, str]:
    return {"mlflow": mlflow_ui_command(settings.tracking_uri)}


def _show(record: dict[str, Any], records: Records) -> None:
    overall, months = record["overall"], record["months"]
    say(
        f"{len(months)} models of {records.name}, each fitted on what was known when its month "
        f"began and judged on the open leads of that month ({overall['n_leads']:,} leads, "
        f"{overall['n_snapshots']:,} snapshots); 95 % intervals over leads."
    )
    _show_months(months)
    _show_overall(overall)
    if record["ageing"]:
        _show_ageing(record["ageing"])
    say("", record["retraining"])
    for why in record["left_out"][:_LEFT_OUT_SHOWN]:
        say(f"Not replayed: {why}.")
    if len(record["left_out"]) > _LEFT_OUT_SHOWN:
        say(f"Not replayed: {_more_months(len(record['left_out']) - _LEFT_OUT_SHOWN)}.")
    for field in record["quarantined"]:
        say(f"Not learned from: {field['field']}; {field['evidence']}.")
    say(f"Runs: {record['mlflow']}")


def _more_months(count: int) -> str:
    return count_of(count, "more month", "more months")


def _show_months(months: list[dict[str, Any]]) -> None:
    show_table(
        "",
        ("month", "learned from", "leads", "predicted", "won", "AUC", "log loss"),
        [
            (
                month["month"],
                f"{month['learned_leads']:,}",
                f"{month['n_leads']:,}",
                percent(month["mean_predicted"], 1),
                percent(month["base_rate"]["value"], 1),
                _with_interval(month["auc"]),
                _figure(month["log_loss"]["value"]),
            )
            for month in months
        ],
        wrapped=None,
    )


def _show_overall(overall: dict[str, Any]) -> None:
    rows = {"the month's model": overall, **overall["baselines"]}
    show_table(
        "",
        ("all months", "AUC", "log loss", "above the model's"),
        [
            (
                name.replace("_", " "),
                _with_interval(figures["auc"]),
                _figure(figures["log_loss"]["value"]),
                _with_interval(overall["log_loss_above"][name], "+.3f") if place else "",
            )
            for place, (name, figures) in enumerate(rows.items())
        ],
        wrapped=None,
    )


def _show_ageing(ageing: list[dict[str, Any]]) -> None:
    show_table(
        "",
        ("model's age", "in months", "leads", "log loss above a fresh one's", "AUC"),
        [
            (
                f"{entry['age_months']} months" if entry["age_months"] > 1 else "1 month",
                entry["n_months"],
                f"{entry['n_leads']:,}",
                _with_interval(entry["log_loss"]["difference"], "+.4f"),
                _figure(entry["auc"]["difference"]["value"], "+.4f"),
            )
            for entry in ageing
        ],
        wrapped=None,
    )


def _with_interval(estimate: dict[str, float | None], form: str = ".3f") -> str:
    value, low, high = (_figure(estimate[part], form) for part in ("value", "low", "high"))
    return value if estimate["low"] is None else f"{value} ({low} to {high})"


def _figure(value: float | None, form: str = ".3f") -> str:
    return "–" if value is None else format(value, form)
