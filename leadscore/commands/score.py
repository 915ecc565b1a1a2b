"""`leadscore score`: open leads at a moment, or given snapshots, to a file or the terminal."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from crm.store import Store
from features.population import population_of
from leads.clock import format_time, now_us, parse_time
from leads.errors import InvalidInputError, InvalidTableError
from leads.timeline import Timelines
from leads.view import Snapshots
from leadscore.options import (
    AsJson,
    AsOf,
    DataFolder,
    Lang,
    Lost,
    MappingFile,
    Timezone,
    Won,
    read_language,
)
from leadscore.scoring import describe_all, load_scorer, open_leads, refresh_scores
from leadscore.settings import Settings, read_settings
from leadscore.sources import Records, moment_of, read_records
from leadscore.table_file import check_output, write_table
from leadscore.terminal import Progress, percent, progress, say, show_json, show_table
from models.horizons import SHOWN_DAYS
from models.languages import Language
from models.score_body import factor_body
from models.scorer import FACTORS_EACH_WAY, Score, Scorer

COLUMNS = (
    "lead_id", "as_of", "status", "win_probability", "low", "high", "score", "grade",
    "base_probability", "other_effects", "factors", "win_7d", "win_30d", "win_90d", "win_365d",
    "model_version", "error",
)  # fmt: skip
SHOWN_LEADS = 20


@dataclass(frozen=True)
class Asked:
    """A snapshot as it was asked for; `row` is its lead's row, `error` why there is none."""

    lead_id: str
    as_of: str
    at_us: int = 0
    row: int = -1
    error: str | None = None


def score(
    as_of: AsOf = None,
    at: Annotated[
        Path | None, typer.Option("--at", help="A CSV of snapshots: lead_id, as_of.")
    ] = None,
    data: DataFolder = None,
    mapping: MappingFile = None,
    model: Annotated[
        str | None, typer.Option("--model", help="A promoted version; the champion if not given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="A .csv or .parquet file to write.")
    ] = None,
    timezone: Timezone = None,
    won: Won = None,
    lost: Lost = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Score all open leads at a moment, or the snapshots of a file.

    Example: leadscore score --at snapshots.csv --output scores.csv
    """
    settings = read_settings(os.environ)
    language = read_language(lang, settings.language)
    if as_of is not None and at is not None:
        raise InvalidInputError("--as-of and --at were both given; give one of them")
    if output is not None:
        check_output(output)
    with Store.open(settings.store) as store, progress("scoring") as step:
        scorer = load_scorer(store, settings.models, model)
        records = read_records(store, settings, data, timezone, won, lost, step, mapping)
        asked = _asked(records, at, as_of)
        rows = list(_rows(scorer, records.timelines, asked, settings, step, language))
        if at is None and as_of is None and data is None and model is None:
            refresh_scores(store, scorer, settings.grades, step)
    if output is not None:
        write_table(output, COLUMNS, rows)
    summary = _summary(rows, scorer, output)
    if as_json:
        show_json(summary if output is not None else {**summary, "scores": rows})
    else:
        _show(rows, summary)


def _asked(records: Records, at: Path | None, as_of: str | None) -> list[Asked]:
    timelines = records.timelines
    if at is not None:
        return _read_snapshots(at, timelines)
    moment = moment_of(records, as_of, "--as-of")
    snapshots = open_leads(timelines, moment)
    text = format_time(moment)
    return [Asked(timelines.lead_ids[row], text, moment, int(row)) for row in snapshots.lead]


def _read_snapshots(path: Path, timelines: Timelines) -> list[Asked]:
    """The snapshots of a CSV file, in its order; raises `InvalidTableError` for another table."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"lead_id", "as_of"} - set(reader.fieldnames or ())
            if missing:
                raise InvalidTableError(
                    f"{path}: the column {sorted(missing)[0]!r} is missing; "
                    "give a CSV with the columns lead_id, as_of"
                )
            now = now_us()
            return [_snapshot(line["lead_id"], line["as_of"], timelines, now) for line in reader]
    except OSError as error:
        raise InvalidTableError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidTableError(f"{path} is not UTF-8 text; save it as UTF-8 CSV") from None


def _snapshot(lead_id: str | None, as_of: str | None, timelines: Timelines, now: int) -> Asked:
    lead_id, as_of = lead_id or "", as_of or ""
    row = timelines.row_of.get(lead_id)
    if row is None:
        return Asked(lead_id, as_of, error=f"no lead {lead_id!r} is known")
    try:
        at_us = parse_time(as_of)
    except InvalidInputError as error:
        return Asked(lead_id, as_of, error=f"as_of: {error}")
    created_at = int(timelines.created_at[row])
    if at_us < created_at:
        problem = f"as_of {as_of} is before the lead was created ({format_time(created_at)})"
        return Asked(lead_id, as_of, error=problem)
    if at_us > now:
        return Asked(lead_id, as_of, error=f"as_of {as_of} is in the future")
    return Asked(lead_id, as_of, at_us, row)


def _rows(
    scorer: Scorer,
    timelines: Timelines,
    asked: list[Asked],
    settings: Settings,
    step: Progress,
    language: Language,
) -> Iterator[dict[str, Any]]:
    """One row per snapshot asked for, in order; those with an error have nothing else."""
    valid = [one for one in asked if one.error is None]
    snapshots = Snapshots(
        np.array([one.row for one in valid], np.int64),
        np.array([one.at_us for one in valid], np.int64),
    )
    scored = describe_all(
        scorer,
        timelines,
        snapshots,
        population_of(timelines),
        grades=settings.grades,
        factors=FACTORS_EACH_WAY,
        progress=step,
        language=language,
    )
    for one in asked:
        if one.error is not None:
            yield _row(one, None, scorer.version)
        else:
            found, _, _ = next(scored)
            yield _row(one, found, scorer.version)


def _row(asked: Asked, found: Score | None, version: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"lead_id": asked.lead_id, "as_of": asked.as_of, "error": asked.error}
    if found is not None:
        row |= {
            "status": found.status,
            "win_probability": found.win_probability,
            **_interval_and_horizons(found),
            "score": found.score,
            "grade": found.grade,
            "base_probability": found.base_probability,
            "other_effects": found.other_effects,
            "factors": [factor_body(factor) for factor in found.factors],
            "model_version": version,
        }
    return row


def _interval_and_horizons(found: Score) -> dict[str, float | None]:
    low, high = found.interval or (None, None)
    horizons = found.horizons or {}
    by_day = {f"win_{day}d": horizons.get(day) for day in SHOWN_DAYS}
    return {"low": low, "high": high, **by_day}


def _summary(rows: list[dict[str, Any]], scorer: Scorer, output: Path | None) -> dict[str, Any]:
    return {
        "model_version": scorer.version,
        "n_snapshots": len(rows),
        "n_scored": sum(row["win_probability"] is not None for row in rows),
        "n_errors": sum(row["error"] is not None for row in rows),
        "output": None if output is None else str(output),
    }


def _show(rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    scored = [row for row in rows if row["win_probability"] is not None]
    best = sorted(scored, key=lambda row: (-row["win_probability"], row["lead_id"]))[:SHOWN_LEADS]
    show_table(
        "",
        ("lead", "win probability", "grade", "strongest factor"),
        [
            (
                row["lead_id"],
                percent(row["win_probability"]),
                row["grade"],
                next((factor["sentence"] for factor in row["factors"]), ""),
            )
            for row in best
        ],
        wrapped=3,
    )
    written = f", written to {summary['output']}" if summary["output"] else ""
    say(
        f"{summary['n_scored']:,} of {summary['n_snapshots']:,} snapshots scored by version "
        f"{summary['model_version']}, {summary['n_errors']:,} errors{written}."
    )
