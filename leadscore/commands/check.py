"""`leadscore check`: is this data ready to learn from?"""

import os
from typing import Annotated

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
from leadscore.settings import read_settings
from leadscore.sources import moment_of, read_records
from leadscore.terminal import percent, progress, say, show_json, show_table
from training.inventory import Inventory, StageSize
from training.leak_audit import Audit, Overruled
from training.problem import Problem
from training.readiness import Readiness, readiness

_KINDS_SHOWN, _ATTRIBUTES_SHOWN = 6, 12
_WEIGHTS = {"stops": "Stops learning", "care": "With care", "note": "To know"}


def check(
    data: DataFolder = None,
    mapping: MappingFile = None,
    until: Annotated[
        str | None, typer.Option(help="Look at what was known then: an ISO 8601 time.")
    ] = None,
    seed: Seed = 0,
    timezone: Timezone = None,
    won: Won = None,
    lost: Lost = None,
    allow: Allow = None,
    deny: Deny = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the store or a folder is ready to learn from, what is wrong, what it may reach.

    Stores nothing. Example: leadscore check --data exports/crm
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store, progress("checking") as step:
        records = read_records(store, settings, data, timezone, won, lost, step, mapping)
        until_us = moment_of(records, until, "--until")
        overruled = Overruled(tuple(allow or ()), tuple(deny or ()))
        families = recipe_of(settings).families
        looked = readiness(records.timelines, until_us, seed, step, overruled, families)
    if as_json:
        show_json({"source": records.name, "data_hash": records.data_hash, **looked.as_record()})
    else:
        _show(looked, records.name)


def _show(looked: Readiness, name: str) -> None:
    say(looked.sentence, "")
    _show_sizes(looked.inventory, name)
    _show_stages(looked.inventory)
    _show_fields(looked.inventory)
    for weight, title in _WEIGHTS.items():
        _show_problems(title, [one for one in looked.problems if one.weight == weight])
    _show_suspicious(looked.audit)
    if looked.shift is not None:
        say("", f"The base rate moved: {looked.shift.sentence}.")
    say("", "Accuracy to expect", *(f"  {said}" for said in looked.accuracy_sentences))


def _show_sizes(counted: Inventory, name: str) -> None:
    events = counted.events
    sizes = (
        count_of(counted.leads, "lead", "leads"),
        count_of(events["interaction"], "interaction", "interactions"),
        count_of(events["stage_change"], "stage change", "stage changes"),
        count_of(events["attribute_change"], "attribute change", "attribute changes"),
    )
    say(
        f"{name}: {', '.join(sizes)}; leads from {_day(counted.first_created_at)} to "
        f"{_day(counted.last_created_at)}, newest event {_day(counted.newest_event_at)}."
    )
    show_table(
        "",
        (
            "pipeline",
            "leads",
            "open",
            "won",
            "lost",
            "window",
            "decided",
            "won of these",
            "half by",
        ),
        [
            (
                size.pipeline,
                *(f"{n:,}" for n in (size.leads, size.open, size.won, size.lost)),
                f"{size.window_days:g} d",
                f"{size.decided:,}",
                _share(size.won_within_window, size.decided),
                "–" if size.median_days is None else f"{size.median_days:.1f} d",
            )
            for size in counted.pipelines
        ],
        wrapped=None,
    )
    say("  decided: by the window after creation; half by: half of the closed ones took so long.")


def _show_stages(counted: Inventory) -> None:
    show_table(
        "",
        ("stage", "pipeline", "came to it", "are in it", "decided", "won of these"),
        [
            (
                stage.stage,
                stage.pipeline,
                f"{stage.reached:,}",
                f"{stage.now:,}",
                *_decided(stage),
            )
            for stage in counted.stages
            if stage.reached or stage.outcome == "open"
        ],
        wrapped=None,
    )


def _decided(stage: StageSize) -> tuple[str, str]:
    if stage.outcome != "open":
        return "", ""
    return f"{stage.decided:,}", _share(stage.won, stage.decided)


def _show_fields(counted: Inventory) -> None:
    kinds = [f"{name} {n:,}" for name, n in counted.kinds.items()]
    fields = [
        f"{field.attribute} ({field.type}, {percent(field.filled_at_creation)})"
        for field in counted.attributes
    ]
    say(
        "",
        f"Kinds of interaction: {_listed(kinds, _KINDS_SHOWN)}.",
        f"Attributes, filled at creation: {_listed(fields, _ATTRIBUTES_SHOWN)}.",
    )


def _show_problems(title: str, problems: list[Problem]) -> None:
    if problems:
        say("", title, *(f"  {_sentence(problem.sentence)}" for problem in problems))


def _show_suspicious(audit: Audit) -> None:
    groups = {
        "Fields that are not learned from: leave them out (a mapping's leave_out), export when "
        "they changed, or --allow them": [
            f"{one.attribute}: {one.evidence}" for one in audit.quarantined
        ],
        "Fields to look at: were they known when the lead came in? If not, --deny them": [
            f"{one.attribute}: {one.evidence}" for one in audit.to_look_at
        ],
    }
    for title, found in groups.items():
        if found:
            say("", title, *(f"  {sentence}." for sentence in found))


def _listed(names: list[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _share(part: int, whole: int) -> str:
    return percent(part / whole, 1) if whole else "–"


def _day(at_us: int) -> str:
    return format_time(at_us)[:10]
