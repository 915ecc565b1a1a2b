"""Which file of an export holds the leads, and what its columns mean.

A guess from the names and values of the columns.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crm.mapping.draft import DraftRead, Line, table, text
from crm.mapping.known_names import (
    ACTIVITY_FILES,
    LEAD_FILES,
    LEAD_NAMES,
    best_column,
    detail_of_date_entered,
    file_is_called,
    is_filled_late,
    kind_of_file,
)
from crm.mapping.profiles import ColumnProfile, FileProfile
from leads.contract import LEADS
from leads.counting import count_of
from leads.errors import InvalidTableError
from leads.pipelines import Outcome, plain_name, recognise_outcome

ATTRIBUTES = ("owner", "source", "campaign", "amount", "currency", "country", "account")
# Ids of people and places, which are numbers in many exports.
CATEGORIES = ("owner", "source", "campaign", "account", "contact")
MAX_STAGES = 40
NEARLY_UNIQUE = 0.95
LATE_DIFFERENCE = 0.5
_YES = frozenset({"1", "1.0", "yes", "true", "y", "ja", "是"})
_NO = frozenset({"0", "0.0", "no", "false", "n", "nej", "nein", "否"})
_LOST = frozenset({"loss"})


@dataclass(frozen=True)
class LeadColumns:
    """The columns of the leads' file by meaning, None where none was found.

    `outcomes` says of every stage what it means; `entered` maps stages to their columns of dates.
    """

    file: FileProfile
    lead_id: str | None
    created_at: str | None
    stage: str | None
    closed_at: str | None
    outcomes: Mapping[str, Outcome]
    known: Mapping[str, str]
    entered: Mapping[str, str]


def find_leads(files: Sequence[FileProfile]) -> LeadColumns:
    """The file that most looks like leads; raises `InvalidTableError` if none does."""
    found = [lead_columns(file) for file in files if file.rows]
    if not found:
        raise InvalidTableError("no file of the export has rows; give one with a row per lead")
    return max(found, key=likeness)


def likeness(leads: LeadColumns) -> tuple[int, int]:
    """How much a file looks like leads: points, and then how many columns have a known meaning."""
    closing = {"won", "lost"} & set(leads.outcomes.values())
    points = (
        3 * bool(closing) + 2 * (leads.created_at is not None) + 2 * (leads.lead_id is not None)
    )
    points += 2 * file_is_called(leads.file.name, LEAD_FILES) + 2 * bool(leads.entered)
    name = leads.file.name
    is_events = kind_of_file(name) is not None or file_is_called(name, ACTIVITY_FILES)
    return points - 4 * is_events, len(leads.known)


def lead_columns(file: FileProfile) -> LeadColumns:
    """What the columns of a file would mean if its rows were leads."""
    columns = file.columns
    entered = {
        stage: name
        for name, column in columns.items()
        if (stage := detail_of_date_entered(name)) and column.time is not None
    }
    times = [name for name in file.times() if name not in entered.values()]
    closed_at = best_column(LEAD_NAMES["closed_at"], times)
    created_at = best_column(LEAD_NAMES["created_at"], times)
    if created_at is None:
        others = [n for n in times if n != closed_at and columns[n].filled and not _is_plan(n)]
        created_at = next((n for n in others if len(columns[n].filled) == file.rows), None)
    stage = _stage_column(columns)
    levels = columns[stage].levels if stage is not None else {}
    taken = {stage, closed_at, created_at, *entered.values()}
    lead_id = _lead_id(file, [name for name in columns if name not in taken])
    free = [name for name in columns if name not in taken and name != lead_id]
    known = {
        meaning: name for meaning in ATTRIBUTES if (name := best_column(LEAD_NAMES[meaning], free))
    }
    outcomes = outcomes_of(levels)
    return LeadColumns(file, lead_id, created_at, stage, closed_at, outcomes, known, entered)


def outcomes_of(levels: Iterable[str]) -> dict[str, Outcome]:
    """What each value of a column of stages says of a lead: names of stages, or yes and no."""
    levels = list(levels)
    if _are_answers(levels):
        return {level: "won" if plain_name(level) in _YES else "lost" for level in levels}
    return {level: outcome_of(level) for level in levels}


def _are_answers(levels: Collection[str]) -> bool:
    """Whether a column says yes or no, or 1 or 0."""
    plain = {plain_name(level) for level in levels}
    return bool(plain & _YES) and bool(plain & _NO) and plain <= _YES | _NO


def outcome_of(level: str) -> Outcome:
    """What a stage's name says of a lead; any word of it is enough."""
    plain = plain_name(level)
    if plain in _LOST:
        return "lost"
    if (whole := recognise_outcome(level)) != "open":
        return whole
    words = [recognise_outcome(word) for word in level.replace("_", " ").split()]
    return next((word for word in words if word != "open"), "open")


def _is_plan(name: str) -> bool:
    return plain_name(name) in LEAD_NAMES["expected_close_date"]


def _lead_id(file: FileProfile, names: Sequence[str]) -> str | None:
    """A column with a value of its own in every row, or in nearly every one if its name says so."""
    named = best_column(LEAD_NAMES["lead_id"], names)
    if named is not None:
        column = file.columns[named]
        if len(column.levels) >= NEARLY_UNIQUE * file.rows:
            return named
    unique = [name for name in names if _may_be_id(file.columns[name])]
    listed = best_column(LEAD_NAMES["lead_id"], unique)
    return listed or next(iter(unique), None)


def _may_be_id(column: ColumnProfile) -> bool:
    """Whether a column has a value of its own in every row; numbers must be called ids."""
    called = any(word in column.name.casefold() for word in ("id", "number", "nr", "code", "编号"))
    return column.is_unique and column.is_key and (called or not column.is_number)


def _stage_column(columns: Mapping[str, ColumnProfile]) -> str | None:
    """The column of stages: one whose levels say who was won goes before its name.

    A name that is not known will do where the levels say both who was won and who was lost.
    """
    few = [name for name, column in columns.items() if 2 <= len(column.levels) <= MAX_STAGES]
    named: list[str] = []
    for _ in LEAD_NAMES["stage"]:
        name = best_column(LEAD_NAMES["stage"], [n for n in few if n not in named])
        if name is None:
            break
        named.append(name)
    closing = [n for n in named if "won" in outcomes_of(columns[n].levels).values()]
    telling = [n for n in few if {"won", "lost"} <= set(map(outcome_of, columns[n].levels))]
    return next(iter(closing or named or telling), None)


def cell(column: ColumnProfile) -> str:
    """The TOML of a column's cells: with its format where it has one."""
    if column.time is not None and column.time.format is not None:
        return table({"column": text(column.name), "format": text(column.time.format)})
    if _has_decimal_comma(column):
        return table({"column": text(column.name), "decimal_comma": "true"})
    return text(column.name)


def time_comment(column: ColumnProfile) -> str:
    """What a person should check of a column of times."""
    if column.time is not None and column.time.ambiguous_day:
        return "check: day before month, or the other way round?"
    return ""


def _has_decimal_comma(column: ColumnProfile) -> bool:
    if column.is_number or not column.filled:
        return False
    plain = ["".join(cell.split()).replace(".", "") for cell in column.filled]
    return all(part.replace(",", "", 1).lstrip("-").isdecimal() for part in plain) and any(
        "," in part for part in plain
    )


def draft_leads(leads: LeadColumns, linked_by: Sequence[str]) -> DraftRead:
    """The [[read]] of the leads; `linked_by` are columns by which events find them."""
    file, columns = leads.file, leads.file.columns
    read = DraftRead(f"{file.rows:,} rows", file_lines(file, "leads"))
    read.lines.append(
        Line("keep_others", "true", "every other column is taken as known at creation")
    )
    read.add("columns", _id_line(leads))
    if leads.created_at is None:
        comment = 'no column of times: or a column that rises with time, { order = "Number" }'
        read.add("columns", Line("created_at", '{ order = "file" }', comment))
    else:
        created = columns[leads.created_at]
        read.add("columns", Line("created_at", cell(created), time_comment(created)))
    for meaning, name in leads.known.items():
        read.add("columns", Line(meaning, cell(columns[name])))
    for key in linked_by:
        if key not in leads.known.values():
            read.add("columns", Line("contact", text(key), "events find their lead by it"))
            break
    used = {*_used(leads), *linked_by[:1]}
    for name in columns:
        if name not in used and (reason := _late_reason(leads, name)) is not None:
            read.add("leave_out", Line(name, text(reason)))
    for stage, name in leads.entered.items():
        read.add("stage_entered", Line(stage, cell(columns[name])))
    _add_outcome(read, leads)
    return read


def _id_line(leads: LeadColumns) -> Line:
    if leads.lead_id is None:
        return Line("lead_id", "{ row_number = true }", "no column has a value of its own per row")
    column = leads.file.columns[leads.lead_id]
    repeated = leads.file.rows - len(column.levels)
    repeating = count_of(repeated, "row repeats", "rows repeat")
    comment = f"{repeating} one and will be listed" if repeated else ""
    return Line("lead_id", text(leads.lead_id), comment)


def _used(leads: LeadColumns) -> list[str]:
    named = [leads.lead_id, leads.created_at, leads.stage, leads.closed_at]
    return [name for name in (*named, *leads.known.values(), *leads.entered.values()) if name]


def file_lines(file: FileProfile, table_name: str) -> list[Line]:
    """What a [[read]] says of its file."""
    lines = [Line("file", text(file.name)), Line("as", text(table_name))]
    if file.delimiter != ",":
        lines.append(Line("delimiter", text(file.delimiter)))
    if file.encoding != "utf-8-sig":
        lines.append(Line("encoding", text(file.encoding), "found from the bytes: check the names"))
    return lines


def _late_reason(leads: LeadColumns, name: str) -> str | None:
    """Why a column should not count as known when the lead came in; None if it may."""
    column = leads.file.columns[name]
    if not column.filled:
        return "empty"
    if is_filled_late(name):
        return "by its name filled at the close, or changed later: check"
    if name in LEADS.names:
        return "its name has a meaning in the contract: name it in columns if it is that"
    shares = _filled_shares(leads, column)
    if shares is not None and abs(shares[0] - shares[1]) > LATE_DIFFERENCE:
        return (
            f"filled for {shares[0]:.0%} of the won and {shares[1]:.0%} of the other leads: "
            "looks filled at the close"
        )
    if column.is_unique and column.is_key and column.time is None and not column.is_number:
        return "another value in every row"
    return None


def _filled_shares(leads: LeadColumns, column: ColumnProfile) -> tuple[float, float] | None:
    """The share of won and of other leads for which a column is filled."""
    if leads.stage is None:
        return None
    stages = leads.file.columns[leads.stage].cells
    won, others = [0, 0], [0, 0]
    for stage, value in zip(stages, column.cells, strict=True):
        counts = won if leads.outcomes.get(stage) == "won" else others
        counts[0] += bool(value)
        counts[1] += 1
    return (won[0] / won[1], others[0] / others[1]) if won[1] and others[1] else None


def _add_outcome(read: DraftRead, leads: LeadColumns) -> None:
    if leads.stage is None:
        return
    levels = leads.outcomes
    value = text(leads.stage)
    if _are_answers(levels):
        names = {"won": "Won", "lost": "Lost"}
        mapped = table({level: text(names[outcome]) for level, outcome in levels.items()})
        value = table({"column": text(leads.stage), "map": mapped})
    read.add("outcome", Line("stage", value))
    if leads.closed_at is not None:
        closed = leads.file.columns[leads.closed_at]
        stages = leads.file.columns[leads.stage].cells
        missing = sum(
            leads.outcomes.get(stage, "open") != "open" and not at
            for stage, at in zip(stages, closed.cells, strict=True)
        )
        read.add("outcome", Line("closed_at", cell(closed), time_comment(closed)))
        if missing:
            closed_leads = count_of(missing, "closed lead has", "closed leads have")
            comment = f"{closed_leads} no time: see docs/mappings.md"
            read.add("outcome", Line("fallback", text("export_end"), comment))
    elif leads.created_at is not None:
        comment = "no column says when a lead closed: see docs/mappings.md"
        read.add("outcome", Line("fallback", text("export_end"), comment))


def stages_of(leads: LeadColumns) -> dict[Outcome, list[str]]:
    """The stages by what they mean, the most frequent first; a yes or no as Won and Lost."""
    if leads.stage is None:
        return {}
    if _are_answers(leads.outcomes):
        return {"won": ["Won"], "lost": ["Lost"]}
    found: dict[Outcome, list[str]] = {}
    for level, _ in leads.file.columns[leads.stage].levels.most_common():
        found.setdefault(leads.outcomes[level], []).append(level)
    return found
