"""A first mapping, guessed from the names and values of an export's columns; a person corrects it.

Files join by the values that they share: an event belongs to the lead whose id it names, or to the
leads that name the same key.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from crm.mapping.draft import Draft, Line, text, texts
from crm.mapping.guessed_events import draft_events, stages_in
from crm.mapping.guessed_joins import Join, find_join
from crm.mapping.guessed_leads import (
    CATEGORIES,
    LeadColumns,
    draft_leads,
    find_leads,
    likeness,
    outcome_of,
    stages_of,
)
from crm.mapping.guessed_logs import (
    Log,
    draft_log_events,
    draft_log_leads,
    find_log,
    stages_of_log,
)
from crm.mapping.guessed_outcome import missing_outcome
from crm.mapping.profiles import FileProfile, export_profiles
from leads.pipelines import Outcome, plain_name

SURE_OF_LEADS = 4
_FIRST_STAGES = ("new", "open", "created", "ny", "nytt", "新建", "新线索", "新線索")


def guess_mapping(source: Path, timezone: str | None = None) -> Draft:
    """A first mapping of an export, and what was not found for it.

    Raises `InvalidTableError` if no file can be read.
    """
    files = export_profiles(source)
    leads, log = _leads_of(files)
    events = [file for file in files if file is not leads.file and file.rows]
    joins = {file.name: find_join(leads, file) for file in events}
    keys = [join.lead_key for join in joins.values() if join is not None and join.lead_key]
    draft = Draft(_head(source), [Line("name", text(source.name.split(".")[0]))])
    found = stages_of(leads)
    names = [stage for listed in found.values() for stage in listed]
    if log is None:
        draft.reads.append(draft_leads(leads, keys))
    else:
        draft.reads += [read for read in [draft_log_leads(log)] if read is not None]
        draft.reads += draft_log_events(log)
        names += stages_of_log(log)
    for file in events:
        names += _add_events(draft, leads, file, joins[file.name])
    names += leads.entered
    stages: dict[Outcome, list[str]] = {"open": [], "won": [], "lost": []}
    for stage in dict.fromkeys(names):
        said = next((outcome for outcome, listed in found.items() if stage in listed), None)
        stages[said or outcome_of(stage)].append(stage)
    if leads.stage is not None and not leads.entered and not _has_history(draft):
        stages["open"] = _with_a_first_stage(stages["open"])
    draft.missing = missing_outcome(leads, stages)
    draft.pipeline = _pipeline(stages)
    _add_types(draft, leads, keys)
    _add_timezone(draft, files, timezone)
    return draft


def _leads_of(files: Sequence[FileProfile]) -> tuple[LeadColumns, Log | None]:
    """The leads: of a file with a row for each, else of a log in which they come in."""
    leads = find_leads(files)
    if leads.lead_id is None or likeness(leads)[0] < SURE_OF_LEADS:
        for file in files:
            log = find_log(file)
            if log is not None and log.beginning is not None:
                return LeadColumns(file, log.lead_id, None, None, None, {}, {}, {}), log
    return leads, None


def _add_events(
    draft: Draft, leads: LeadColumns, file: FileProfile, join: Join | None
) -> list[str]:
    """Add the readings of a file of events, or a note why there is none; gives its stages."""
    log = find_log(file)
    if log is not None and log.value is not None and join is not None and join.lead_key is None:
        draft.reads += draft_log_events(log)
        return stages_of_log(log)
    read, reason = draft_events(leads, file, join)
    if read is None:
        draft.notes.append(f"{file.name} is not read: {reason}.")
        return []
    draft.reads.append(read)
    return stages_in(read, file)


def _head(source: Path) -> list[str]:
    return [
        f"A first mapping of {source.name}, guessed from its columns: correct it, then",
        f"  leadscore import {source.name} --mapping THIS_FILE",
        "What each line may hold is in docs/mappings.md.",
    ]


def _has_history(draft: Draft) -> bool:
    return any(Line("as", text("stage_changes")) in read.lines for read in draft.reads)


def _with_a_first_stage(stages: Sequence[str]) -> list[str]:
    """The open stages behind one where every lead begins: the export shows only the last."""
    first = next((stage for stage in stages if plain_name(stage) in _FIRST_STAGES), "New")
    return [first, *(stage for stage in stages if stage != first)]


def _pipeline(stages: Mapping[Outcome, Sequence[str]]) -> list[Line]:
    """The lines of the pipeline; what was not recognised has to be corrected."""
    lines = [Line("name", text("default"))]
    opened = stages.get("open", [])
    comment = "put them in order" if len(opened) > 1 else ""
    lines.append(Line("stages", texts(opened or ["New"]), comment))
    examples: tuple[tuple[Outcome, str], ...] = (("won", "Won"), ("lost", "Lost"))
    for part, example in examples:
        found = stages.get(part, [])
        comment = "check" if found else f"no stage is recognised as {part}: correct it"
        lines.append(Line(part, texts(found or [example]), comment))
    lines.append(Line("window_days", "365", 'what "will be won" means'))
    return lines


def _add_types(draft: Draft, leads: LeadColumns, keys: Sequence[str]) -> None:
    """Ids that look like numbers are categories."""
    known = dict(leads.known)
    if keys and keys[0] not in known.values():
        known["contact"] = keys[0]
    for meaning, name in known.items():
        if meaning in CATEGORIES and leads.file.columns[name].is_number:
            draft.attribute_types.append(Line(meaning, text("category"), "an id, not a number"))


def _add_timezone(draft: Draft, files: Sequence[FileProfile], timezone: str | None) -> None:
    naive = any(
        column.time is not None and column.time.naive
        for file in files
        for column in file.columns.values()
    )
    if naive or timezone is not None:
        comment = "" if timezone else "correct it: where the times, which have no offset, are from"
        draft.lines.append(Line("timezone", text(timezone or "UTC"), comment))
