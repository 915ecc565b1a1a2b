"""What the columns of a file of events mean: a guess from their names and values."""

from crm.mapping.draft import DraftRead, Line, table, text, texts
from crm.mapping.guessed_joins import Join
from crm.mapping.guessed_leads import LeadColumns, cell, file_lines, outcomes_of, time_comment
from crm.mapping.known_names import (
    EVENT_NAMES,
    HISTORY_FILES,
    best_column,
    file_is_called,
    kind_of_file,
)
from crm.mapping.profiles import ColumnProfile, FileProfile
from leads.contract import INTERACTIONS
from leads.pipelines import plain_name

DONE_NAMES = ("done", "isdone", "completed", "iscompleted", "klar")
MAX_KINDS = 60
_DIRECTIONS = {
    "inbound": ("in", "inbound", "incoming", "received", "missed", "inkommande", "呼入", "来电"),
    "outbound": ("out", "outbound", "outgoing", "sent", "dialled", "utgående", "呼出", "去电"),
}
_UNITS = (("seconds", "seconds"), ("sec", "seconds"), ("minute", "minutes"), ("hour", "hours"))


def draft_events(
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


def stages_in(read: DraftRead, file: FileProfile) -> list[str]:
    """The stages that a file of stage changes names."""
    if Line("as", text("stage_changes")) not in read.lines:
        return []
    line = next(line for line in read.sections["columns"] if line.key == "stage")
    for name, column in file.columns.items():
        if line.value == text(name):
            return [level for level, _ in column.levels.most_common()]
    return ["Won"]
