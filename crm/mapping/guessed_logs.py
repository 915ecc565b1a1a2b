"""Logs, where one file holds all that happened: changes of fields, or events of cases."""

from collections import Counter
from dataclasses import dataclass

from crm.mapping.draft import DraftRead, Line, table, text, texts
from crm.mapping.guessed_leads import cell, file_lines, time_comment
from crm.mapping.known_names import EVENT_NAMES, LEAD_NAMES, best_column, is_filled_late
from crm.mapping.profiles import FileProfile
from leads.contract import ATTRIBUTE_CHANGES, INTERACTIONS, LEADS, STAGE_CHANGES, Table
from leads.pipelines import plain_name

FIELD_NAMES = ("changedfieldkey", "fieldkey", "field", "fieldname", "property", "propertyname")
VALUE_NAMES = ("newvalue", "value", "tovalue", "new", "nyttvärde", "新值")
MAX_LEVELS = 60
BEGINS_SHARE = 0.95


@dataclass(frozen=True)
class Log:
    """A file that names each lead many times, with the time and what happened.

    `value` is None where rows are events; else rows are changes of the fields that `what` names.
    """

    file: FileProfile
    lead_id: str
    occurred_at: str
    what: str
    value: str | None
    beginning: str | None


def find_log(file: FileProfile) -> Log | None:
    """The file as a log, None if it is none."""
    columns = file.columns
    lead_id = best_column(LEAD_NAMES["lead_id"], columns)
    occurred_at = best_column(EVENT_NAMES["occurred_at"], file.times())
    if lead_id is None or occurred_at is None or not columns[lead_id].is_key:
        return None
    if len(columns[lead_id].levels) > file.rows / 2:
        return None
    few = [name for name, column in columns.items() if 2 <= len(column.levels) <= MAX_LEVELS]
    field = best_column(tuple(map(plain_name, FIELD_NAMES)), few)
    value = best_column(tuple(map(plain_name, VALUE_NAMES)), columns)
    if field is not None and value is not None:
        created = [f for f in columns[field].levels if plain_name(f) in LEAD_NAMES["created_at"]]
        return Log(file, lead_id, occurred_at, field, value, next(iter(created), None))
    kind = best_column(EVENT_NAMES["kind"], few)
    if kind is None:
        return None
    return Log(file, lead_id, occurred_at, kind, None, _beginning(file, lead_id, kind))


def _beginning(file: FileProfile, lead_id: str, kind: str) -> str | None:
    """The event that nearly every lead has once: its coming in. The first of several is taken."""
    pairs = Counter(zip(file.columns[lead_id].cells, file.columns[kind].cells, strict=True))
    once: Counter[str] = Counter(what for (_, what), times in pairs.items() if times == 1)
    leads = len(file.columns[lead_id].levels)
    return next((w for w, n in once.items() if n >= BEGINS_SHARE * leads), None)


def draft_log_leads(log: Log) -> DraftRead | None:
    """The [[read]] that makes the leads of a log, None if nothing in it says that one came in."""
    if log.beginning is None:
        return None
    read = _read(log, LEADS, [log.beginning], "the rows with which a lead comes in")
    read.lines.append(Line("keep_others", "false", "true: other columns of these rows are kept"))
    read.add("columns", Line("lead_id", text(log.lead_id)))
    column = log.file.columns[log.occurred_at]
    read.add("columns", Line("created_at", cell(column), time_comment(column)))
    amount = best_column(LEAD_NAMES["amount"], log.file.columns)
    if amount is not None:
        read.add("columns", Line("amount", cell(log.file.columns[amount])))
    return read


def draft_log_events(log: Log) -> list[DraftRead]:
    """The readings of what happened: of events all as stage changes, of fields one for each."""
    if log.value is None:
        every = list(log.file.columns[log.what].levels)
        comment = "split these: what is work on a lead belongs into interactions"
        read = _read(log, STAGE_CHANGES, every, comment)
        _add_event(read, log)
        read.add("columns", Line("stage", text(log.what)))
        return [read]
    fields = [f for f in log.file.columns[log.what].levels if f != log.beginning]
    return [_draft_field(log, field, log.value) for field in fields]


def stages_of_log(log: Log) -> list[str]:
    """The stages that a log's rows move leads to."""
    whats = log.file.columns[log.what].cells
    if log.value is None:
        return list(log.file.columns[log.what].levels)
    values = log.file.columns[log.value].cells
    pairs = zip(whats, values, strict=True)
    found = {value: None for what, value in pairs if _is_stage(what) and value}
    lost = ["Lost"] if any(is_filled_late(f) for f in log.file.columns[log.what].levels) else []
    return [*sorted(found), *lost]


def _draft_field(log: Log, field: str, value: str) -> DraftRead:
    """The changes of one field: of the stage, of a lost reason (a loss), or of an attribute."""
    if _is_stage(field):
        read = _read(log, STAGE_CHANGES, [field], "give ids their names: map = { 1 = … }")
        _add_event(read, log)
        read.add("columns", Line("stage", text(value)))
    elif is_filled_late(field):
        read = _read(log, STAGE_CHANGES, [field], "filled at the close: taken as a loss")
        _add_event(read, log)
        read.add("columns", Line("stage", table({"value": text("Lost")})))
        read.add("columns", Line("reason", text(value)))
    else:
        read = _read(log, ATTRIBUTE_CHANGES, [field], "changes of an attribute")
        _add_event(read, log)
        read.add("columns", Line("attribute", table({"value": text(field)})))
        read.add("columns", Line("value", text(value)))
    return read


def _is_stage(field: str) -> bool:
    return plain_name(field) in LEAD_NAMES["stage"]


def _read(log: Log, made: Table, whats: list[str], comment: str) -> DraftRead:
    read = DraftRead(comment, file_lines(log.file, made.name))
    if made is not INTERACTIONS and len(whats) < len(log.file.columns[log.what].levels):
        test = table({"column": text(log.what), "in": texts(whats)})
        read.lines.append(Line("where", f"[{test}]"))
    return read


def _add_event(read: DraftRead, log: Log) -> None:
    read.add("columns", Line("lead_id", text(log.lead_id)))
    column = log.file.columns[log.occurred_at]
    read.add("columns", Line("occurred_at", cell(column), time_comment(column)))
    actor = best_column(EVENT_NAMES["actor"], log.file.columns)
    if actor is not None and actor != log.what:
        read.add("columns", Line("actor", text(actor)))
