"""`leadscore import`: a data folder, or an export through a mapping, into the store."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from crm.importing import ImportSummary, import_folder
from crm.mapping.accounting import FileCounts
from crm.store import Store
from leads.counting import count_of
from leads.errors import DamagedArtifactError, InvalidInputError
from leadscore.commands.guessing import guess
from leadscore.options import AsJson, Lost, MappingFile, Timezone, Won, read_timezone
from leadscore.scoring import load_scorer, refresh_scores
from leadscore.settings import Settings, read_settings
from leadscore.terminal import Progress, progress, say, show_json, show_table, warn


def import_records(
    source: Annotated[
        Path, typer.Argument(help="A data folder (leads.csv …), or an export with --mapping.")
    ],
    mapping: MappingFile = None,
    timezone: Timezone = None,
    origin: Annotated[str, typer.Option(help="Where the events are from.")] = "import",
    strict: Annotated[bool, typer.Option("--strict", help="Fail on any bad row.")] = False,
    won: Won = None,
    lost: Lost = None,
    guessing: Annotated[
        bool, typer.Option("--guess", help="Write a first mapping of an export; store nothing.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where --guess writes the mapping.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a data folder into the store; a second time changes nothing.

    Bad rows are listed with their reasons and kept out. Examples:
    leadscore import exports/crm --timezone Europe/Stockholm;
    leadscore import exports/zoho --guess --output zoho.toml;
    leadscore import exports/zoho --mapping zoho.toml
    """
    if guessing:
        if mapping is not None:
            raise InvalidInputError("--guess and --mapping were both given; give one of them")
        with progress("guessing") as step:
            guess(source, output, timezone, step, as_json=as_json)
        return
    if output is not None:
        raise InvalidInputError("--output is where --guess writes a mapping; give --guess as well")
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("importing") as step:
        summary = import_folder(
            store,
            source,
            home=settings.home,
            mapping=mapping,
            origin=origin,
            timezone=read_timezone(timezone),
            won=tuple(won or ()),
            lost=tuple(lost or ()),
            strict=strict,
            progress=lambda table, rows: step(f"{table}, {rows:,} rows"),
        )
        rescore(store, settings, step)
    show_json(summary.as_record()) if as_json else show_summary(summary)


def rescore(store: Store, settings: Settings, step: Progress) -> None:
    """Refresh the current scores if there is a champion."""
    if store.champion() is not None:
        step("scoring open leads")
        try:
            refresh_scores(store, load_scorer(store, settings.models), settings.grades, step)
        except DamagedArtifactError as error:
            warn(f"note: everything was stored, but the leads could not be scored: {error}")


def show_summary(summary: ImportSummary) -> None:
    """What was stored, what was refused and where that is listed."""
    for warning in summary.warnings:
        warn(f"note: {warning}")
    show_table(
        f"Import {summary.import_id}",
        ("table", "rows", "stored", "updated", "already known", "rejected"),
        [
            (name, *(f"{n:,}" for n in (t.read, t.stored, t.updated, t.already_known, t.rejected)))
            for name, t in summary.tables.items()
        ],
    )
    show_files(summary.files)
    types = ", ".join(f"{name} ({kind})" for name, kind in summary.attribute_types.items())
    say(f"Attributes: {types or 'none'}")
    if summary.ambiguous_times:
        say(f"{summary.ambiguous_times:,} ambiguous local times were read as the first of the two")
    for path in summary.rejected_files:
        say(f"Rejected rows with their reasons: {path}")


def show_files(files: Mapping[str, FileCounts]) -> None:
    """What a mapping used of each file, and what it left out and why."""
    for name, counts in files.items():
        say(f"{name}: {counts.used:,} of {counts.rows:,} rows used")
        for label, rows in counts.left_out.items():
            say(f"  {count_of(rows, 'row', 'rows')} left out: {label}")
        for column, reason in counts.columns_left_out.items():
            say(f"  column {column!r} left out: {reason}")
        if counts.columns_not_read:
            say(f"  columns that the mapping does not name: {', '.join(counts.columns_not_read)}")
