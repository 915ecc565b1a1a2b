"""A first mapping, guessed from the names and values of an export's columns; a person corrects it.

Files join by the values that they share: an event belongs to the lead whose id it names, or to the
leads that name the same key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.mapping.draft import Draft, DraftRead, Line, table, text, texts
from crm.mapping.guessed_leads import (
    CATEGORIES,
    LeadColumns,
    cell,
    draft_leads,
    file_lines,
    find_leads,
    likeness,
    outcome_of,
    outcomes_of,
    stages_of,
    time_comment,
)
from crm.mapping.guessed_logs import (
    Log,
    draft_log_events,
    draft_log_leads,
    find_log,
    stages_of_log,
)
from crm.mapping.known_names import (
    EVENT_NAMES,
    HISTORY_FILES,
    LEAD_NAMES,
    best_column,
    file_is_called,
    kind_of_file,
)
from crm.mapping.profiles import ColumnProfile, FileProfile, export_profiles
from leads.contract import INTERACTIONS
from leads.pipelines import Outcome, plain_name

SHARED = 0.3
DONE_NAMES = ("done", "isdone", "completed", "iscompleted", "klar")
SURE_OF_LEADS = 4
MAX_KINDS = 60
SHORT_NUMBER = 4
_DIRECTIONS = {
    "inbound": ("in", "inbound", "incoming", "received", "missed", "inkommande", "呼入", "来电"),
    "outbound": ("out", "outbound", "outgoing", "sent", "dialled", "utgående", "呼出", "去电"),
}
_FIRST_STAGES = ("new", "open", "created", "ny", "nytt", "新建", "新线索", "新線索")
_UNITS = (("seconds", "seconds"), ("sec", "seconds"), ("minute", "minutes"), ("hour", "hours"))


@dataclass(frozen=True)
class Join:
    """How the events of a file find their leads: by the lead's id, or by a key of the leads."""

    column: str
    lead_key: str | None
    share: float


def guess_mapping(source: Path, timezone: str | None = None) -> str:
    """The TOML of a first mapping of an export.

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
    draft.pipeline = _pipeline(stages)
    _add_types(draft, leads, keys)
    _add_timezone(draft, files, timezone)
    return draft.toml()


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
    read, reason = _draft_events(leads, file, join)
    if read is None:
        draft.notes.append(f"{file.name} is not read: {reason}.")
        return []
    draft.reads.append(read)
    return _stages_in(read, file)


def _head(source: Path) -> list[str]:
    return [
        f"A first mapping of {source.name}, guessed from its columns: correct it, then",
        f"  leadscore import {source.name} --mapping THIS_FILE",
        "What each line may hold is in docs/mappings.md.",
    ]


def find_join(leads: LeadColumns, file: FileProfile) -> Join | None:
    """The column of a file whose values are most often those of the leads' id, or of a key."""
    own = leads.file.columns
    keys = [None] + [
        n for n, c in own.items() if c.is_key and n not in (leads.lead_id, leads.stage)
    ]
    found: list[Join] = []
    for name, column in file.columns.items():
        if not column.levels or column.time is not None:
            continue
        for key in keys:
            target = leads.lead_id if key is None else key
            if target is not None:
                share = _shared(column, own[target])
                if share >= SHARED:
                    found.append(Join(name, key, share))
    if found:
        return max(found, key=lambda join: (round(join.share, 1), join.lead_key is None))
    named = best_column(LEAD_NAMES["lead_id"][:3], file.columns)
    return None if named is None else Join(named, None, 0.0)


def _shared(column: ColumnProfile, other: ColumnProfile) -> float:
    """The share of a column's values that the other has as well.

    Short numbers are shared by chance, so they count only where the names speak of one thing.
    """
    if len(column.levels) < min(3, len(other.levels)):
        return 0.0
    short = all(len(level) <= SHORT_NUMBER and level.isdecimal() for level in column.levels)
    if short and not _named_alike(column.name, other.name):
        return 0.0
    return len(column.levels.keys() & other.levels.keys()) / len(column.levels)


def _named_alike(name: str, other: str) -> bool:
    """Whether two columns seem to name one thing: `deal_id` and `Id`, `who` and `Who id`."""
    plain, known = plain_name(name), plain_name(other)
    ids = LEAD_NAMES["lead_id"]
    return plain in known or known in plain or (plain in ids and known in ids)


def _draft_events(
    leads: LeadColumns, file: FileProfile, join: Join | None
) -> tuple[DraftRead | None, str]:
    """The [[read]] of a file of events, or why there is none."""
    if join is None:
        return None, "no column of it names a lead, or a key of the leads"
    if join.lead_key is not None and file.columns[join.column].is_unique:
        return None, f"it has one row for each {join.lead_key!r} of the leads, so no events"
    occurred_at = best_column(EVENT_NAMES["occurred_at"], file.times())
    occurred_at = occurred_at or next(iter(file.times()), None)
    if occurred_at is None:
        return None, "it has no column of times"
    stage = _stage_column(leads, file, join)
    wins = stage is None and _is_list_of_wins(file, join, occurred_at)
    table_name = "stage_changes" if stage is not None or wins else "interactions"
    shared = f"{join.share:.0%} of the values of {join.column!r} are found in the leads"
    read = DraftRead(f"{file.rows:,} rows; {shared}", file_lines(file, table_name))
    taken = {join.column, occurred_at}
    if table_name == "interactions":
        read.lines.append(Line("keep_others", "true"))
        _add_done(read, file)
    if join.lead_key is None:
        read.add("columns", Line("lead_id", text(join.column)))
    time = file.columns[occurred_at]
    read.add("columns", Line("occurred_at", cell(time), time_comment(time)))
    if stage is not None:
        read.add("columns", Line("stage", text(stage)))
    elif wins:
        read.add("columns", Line("stage", text_value("Won"), "a row here seems to be a win"))
        for name in file.columns:
            if name not in taken:
                read.add("leave_out", Line(name, text("exists only for wins")))
    else:
        _add_interaction(read, file, taken)
    if join.lead_key is not None:
        read.add("link", Line("key", text(join.column)))
        comment = "to the newest lead of the key created by then, else to its first"
        read.add("link", Line("lead_key", text(join.lead_key), comment))
    return read, ""


def _add_done(read: DraftRead, file: FileProfile) -> None:
    """Leave out activities that are only planned, where a column says which are done."""
    name = best_column(DONE_NAMES, file.columns)
    levels = {} if name is None else outcomes_of(file.columns[name].levels)
    done = [level for level, said in levels.items() if said == "won"]
    if name is not None and done and len(done) < len(levels):
        reason = text("not done: it has not happened")
        test = table({"column": text(name), "in": texts(done), "because": reason})
        read.lines.append(Line("where", f"[{test}]"))


def text_value(value: str) -> str:
    """The TOML of a constant."""
    return table({"value": text(value)})


def _stage_column(leads: LeadColumns, file: FileProfile, join: Join) -> str | None:
    """The column of stages of a history: by its file's name, or because the leads have the same."""
    few = [
        n for n, c in file.columns.items() if n != join.column and 1 < len(c.levels) <= MAX_KINDS
    ]
    same = [n for n in few if leads.outcomes and _shares_stages(leads, file.columns[n])]
    if same:
        return same[0]
    if kind_of_file(file.name) is None and file_is_called(file.name, HISTORY_FILES):
        return best_column(EVENT_NAMES["stage"], few)
    return None


def _shares_stages(leads: LeadColumns, column: ColumnProfile) -> bool:
    known = {level for level in leads.outcomes if not level.isdecimal()}
    return len(known & column.levels.keys()) >= max(2, len(column.levels) / 2)


def _is_list_of_wins(file: FileProfile, join: Join, occurred_at: str) -> bool:
    named = plain_name(occurred_at)
    said = any(word in named for word in ("won", "vunn", "成交")) or "won" in file.name.casefold()
    return said and join.lead_key is None and file.columns[join.column].is_unique


def _add_interaction(read: DraftRead, file: FileProfile, taken: set[str]) -> None:
    """The columns of an interaction."""
    free = {n: c for n, c in file.columns.items() if n not in taken}
    event_id = best_column(EVENT_NAMES["event_id"], [n for n, c in free.items() if c.is_unique])
    if event_id is not None:
        read.add("columns", Line("event_id", text(event_id)))
        del free[event_id]
    few = [n for n, c in free.items() if 1 <= len(c.levels) <= MAX_KINDS]
    by_file = kind_of_file(file.name)
    kind = None if by_file else best_column(EVENT_NAMES["kind"], few)
    if kind is not None:
        read.add("columns", Line("kind", text(kind)))
        del free[kind]
    else:
        comment = "from the file's name" if by_file else "no column says what it was: correct it"
        read.add("columns", Line("kind", text_value(by_file or "contact"), comment))
    for meaning in ("direction", "duration_seconds", "result", "actor"):
        name = best_column(EVENT_NAMES[meaning], free)
        line = None if name is None else _event_line(meaning, free[name])
        if name is not None and line is not None:
            read.add("columns", line)
            del free[name]
    for name in free:
        if name in INTERACTIONS.names:
            reason = "its name has a meaning in the contract: name it in columns if it is that"
            read.add("leave_out", Line(name, text(reason)))


def _event_line(meaning: str, column: ColumnProfile) -> Line | None:
    if meaning == "direction":
        mapped = {level: text(_direction(level)) for level in column.levels if _direction(level)}
        if len(mapped) < len(column.levels):
            return None
        value = table({"column": text(column.name), "map": table(mapped)})
        return Line(meaning, value, "missed calls count as inbound" if "Missed" in mapped else "")
    if meaning == "duration_seconds":
        return _duration_line(column)
    return Line(meaning, text(column.name))


def _direction(level: str) -> str:
    plain = plain_name(level)
    return next((d for d, names in _DIRECTIONS.items() if plain in names), "")


def _duration_line(column: ColumnProfile) -> Line | None:
    low = column.name.casefold()
    if column.is_number:
        unit = next((unit for word, unit in _UNITS if word in low), None)
        unit = "ms" if low.startswith("hs_") else unit
        comment = "" if unit else "check the unit: ms, seconds, minutes or hours"
        if unit in (None, "seconds"):
            return Line("duration_seconds", text(column.name), comment)
        value = table({"column": text(column.name), "unit": text(unit or "seconds")})
        return Line("duration_seconds", value)
    parts = {cell.count(":") for cell in column.filled if cell.replace(":", "").isdecimal()}
    if len(parts) == 1 and parts <= {1, 2}:
        unit = "HH:MM" if parts == {1} else "HH:MM:SS"
        value = table({"column": text(column.name), "unit": text(unit)})
        return Line("duration_seconds", value, "check: or minutes and seconds?")
    return None


def _stages_in(read: DraftRead, file: FileProfile) -> list[str]:
    """The stages that a file of stage changes names."""
    if Line("as", text("stage_changes")) not in read.lines:
        return []
    line = next(line for line in read.sections["columns"] if line.key == "stage")
    for name, column in file.columns.items():
        if line.value == text(name):
            return [level for level, _ in column.levels.most_common()]
    return ["Won"]


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
