"""A mapping's TOML file, read and checked: see docs/mappings.md for what it may hold."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm.mapping.definition import (
    CLOCK_UNITS,
    SECONDS_PER_UNIT,
    UNIX_FORMATS,
    Cells,
    ExportMapping,
    Fallback,
    Filter,
    Link,
    Order,
    Outcome,
    Read,
    TimePoint,
)
from crm.mapping.section import Section, suggestion
from leads.attributes import ATTRIBUTE_TYPES, AttributeType
from leads.clock import parse_time
from leads.contract import LEADS, TABLES, Table
from leads.errors import InvalidInputError, InvalidTableError
from leads.pipelines import Pipelines, pipelines_from_records

_TABLES = {table.name: table for table in TABLES}
_UNITS = (*SECONDS_PER_UNIT, *CLOCK_UNITS)
_LIST_TESTS = {"in": "is one of", "not_in": "is none of"}
_EXAMPLE = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
_PREFIX_TESTS = {"starts_with": "starts with", "not_starts_with": "does not start with"}


def read_mapping(path: Path) -> ExportMapping:
    """Read a mapping; raises `InvalidTableError` that names the place, the value and the remedy."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidTableError(f"the mapping {path} does not exist; give a TOML file") from None
    except IsADirectoryError:
        raise InvalidTableError(f"the mapping {path} is a folder; give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidTableError(f"{path} is not TOML: {error}; correct it") from None
    top = Section(document, str(path))
    name = top.text("name", path.stem)
    timezone = _timezone(top)
    pipelines = _pipelines(top)
    exported_at = _exported_at(top, timezone)
    attribute_types = _attribute_types(top)
    reads = tuple(
        _read(Section(record, f"{path}, [[read]] number {number}"))
        for number, record in enumerate(top.tables("read"), start=1)
    )
    top.finish()
    if not any(read.table is LEADS for read in reads):
        raise top.error('no [[read]] makes leads; add one with as = "leads"')
    if pipelines is None and any(read.outcome is not None for read in reads):
        raise top.error(
            "an outcome is read but no [[pipeline]] says which stages win and lose; add one"
        )
    return ExportMapping(
        name or path.stem, path, timezone, pipelines, exported_at, attribute_types, reads
    )


def _timezone(top: Section) -> ZoneInfo | None:
    name = top.text("timezone")
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise top.error(
            f"timezone {name!r} is not known; write a place such as Europe/Stockholm, or UTC"
        ) from None


def _pipelines(top: Section) -> Pipelines | None:
    records = top.tables("pipeline")
    return pipelines_from_records(records, top.where) if records else None


def _exported_at(top: Section, timezone: ZoneInfo | None) -> int | None:
    text = top.text("exported_at")
    try:
        return None if text is None else parse_time(text, timezone)
    except InvalidInputError as error:
        raise top.error(f"exported_at: {error}") from None


def _attribute_types(top: Section) -> dict[str, AttributeType]:
    types: dict[str, AttributeType] = {}
    for name, text in top.text_table("attribute_types").items():
        if text not in ATTRIBUTE_TYPES:
            raise top.error(
                f"attribute_types.{name} is {text!r}; write one of {', '.join(ATTRIBUTE_TYPES)}"
            )
        types[name] = text
    return types


def _read(section: Section) -> Read:
    file = section.required_text("file", '"deals.csv"')
    section.where += f" ({file})"
    table = _table(section)
    columns, order = _columns(section, table)
    read = Read(
        file=file,
        table=table,
        columns=columns,
        order=order,
        sheet=section.text("sheet"),
        delimiter=_delimiter(section),
        encoding=_encoding(section),
        where=tuple(
            _filter(Section(record, f"{section.where}, where number {number}"))
            for number, record in enumerate(section.tables("where"), start=1)
        ),
        keep_others=section.flag("keep_others", False),
        leave_out=section.text_table("leave_out"),
        stage_entered=_stage_entered(section),
        outcome=_outcome(section),
        link=_link(section),
    )
    section.finish()
    _check(section, read)
    return read


def _table(section: Section) -> Table:
    name = section.required_text("as", '"leads"')
    if name not in _TABLES:
        raise section.error(f"as is {name!r}; write one of {', '.join(_TABLES)}")
    return _TABLES[name]


def _delimiter(section: Section) -> str:
    delimiter = section.text("delimiter", ",") or ","
    if len(delimiter) != 1:
        raise section.error(f'delimiter is {delimiter!r}; write one character, such as ";"')
    return delimiter


def _encoding(section: Section) -> str:
    encoding = section.text("encoding", "utf-8-sig") or "utf-8-sig"
    try:
        "".encode(encoding)
    except LookupError:
        raise section.error(
            f'encoding {encoding!r} is not known; write one such as "utf-8", "cp1252", "gb18030"'
        ) from None
    return encoding


def _columns(section: Section, table: Table) -> tuple[dict[str, Cells], Order | None]:
    """The rules of the target columns, and the order that stands for `created_at`."""
    rules: dict[str, Cells] = {}
    order = None
    for target, value in section.table("columns").items():
        where = f"{section.where}, columns.{target}"
        if table.others is None and target not in table.names:
            known = ", ".join(table.names)
            raise InvalidTableError(
                f"{where}: {table.name} has no such column (it has {known})"
                f"{suggestion(target, table.names)}"
            )
        if target == "created_at" and isinstance(value, dict) and "order" in value:
            order = _order(Section(value, where))
        else:
            rules[target] = _cells(value, where)
    return rules, order


def _order(section: Section) -> Order:
    column = section.required_text("order", '"file"')
    descending = section.flag("descending", False)
    section.finish()
    return Order(None if column == "file" else column, descending)


def _cells(value: Any, where: str, *, end_of_day: bool = False) -> Cells:
    """The rule of one column: the name of its source, or a table that says more."""
    if isinstance(value, str) and value:
        return Cells(columns=(value,), end_of_day=end_of_day)
    if not isinstance(value, dict):
        raise InvalidTableError(
            f"{where} is {value!r}; write the name of a column, or a table such as "
            '{ value = "x" }'
        )
    section = Section(value, where)
    column = section.text("column")
    columns = section.texts("columns")
    cells = Cells(
        columns=(column,) if column is not None else columns,
        constant=section.scalar("value"),
        row_number=section.flag("row_number", False),
        separator=section.text("separator", " ") or " ",
        characters=_whole(section, "characters"),
        values=section.text_table("map"),
        otherwise=section.scalar("otherwise"),
        if_empty=section.scalar("if_empty"),
        unit=_one_of(section, "unit", _UNITS),
        decimal_comma=section.flag("decimal_comma", False),
        time_format=_time_format(section),
        end_of_day=section.flag("end_of_day", end_of_day),
    )
    section.finish()
    sources = (column is not None) + bool(columns) + (cells.constant is not None)
    if sources + cells.row_number != 1:
        raise section.error("write exactly one of column, columns, value and row_number = true")
    if cells.otherwise is not None and not cells.values:
        raise section.error("otherwise has no map beside it; add map = { … }")
    return cells


def _whole(section: Section, key: str) -> int | None:
    number = section.number(key)
    if number is not None and not number.is_integer():
        raise section.error(f"{key} is {number}; write a whole number")
    return None if number is None else int(number)


def _one_of(section: Section, key: str, allowed: tuple[str, ...]) -> str | None:
    text = section.text(key)
    if text is not None and text not in allowed:
        raise section.error(f"{key} is {text!r}; write one of {', '.join(allowed)}")
    return text


def _time_format(section: Section) -> str | None:
    text = section.text("format")
    if text is not None and text not in UNIX_FORMATS and "%" not in text:
        raise section.error(
            f'format is {text!r}; write one such as "%d/%m/%Y %H:%M", or "unix" or "unix_ms"'
        )
    if text is not None and text not in UNIX_FORMATS:
        try:
            datetime.strptime(_EXAMPLE.strftime(text), text)  # noqa: DTZ007
        except (ValueError, re.error) as error:
            raise section.error(
                f"format is {text!r}, which reads no time: {error}; "
                'write one such as "%d/%m/%Y %H:%M"'
            ) from None
    return text


def _filter(section: Section) -> Filter:
    column = section.required_text("column", '"Stage"')
    because = section.text("because")
    tests = [key for key in (*_LIST_TESTS, *_PREFIX_TESTS, "filled") if section.has(key)]
    if len(tests) != 1:
        raise section.error("write exactly one of in, not_in, starts_with, not_starts_with, filled")
    test = tests[0]
    texts = () if test == "filled" else section.texts(test)
    filled = section.flag("filled", True) if test == "filled" else True
    section.finish()
    words = {**_LIST_TESTS, **_PREFIX_TESTS, "filled": "is filled" if filled else "is empty"}
    listed = ", ".join(repr(text) for text in texts[:3]) + (", …" if len(texts) > 3 else "")
    label = because or f"not: {column} {words[test]} {listed}".rstrip()
    return Filter(column, test, texts, filled, label)  # type: ignore[arg-type]


def _stage_entered(section: Section) -> dict[str, Cells]:
    where = f"{section.where}, stage_entered"
    table = section.table("stage_entered")
    return {
        stage: _cells(value, f"{where}.{stage}", end_of_day=True) for stage, value in table.items()
    }


def _outcome(section: Section) -> Outcome | None:
    outcome = section.section("outcome")
    if outcome is None:
        return None
    if not outcome.has("stage"):
        raise outcome.error('stage is missing; add stage = "Stage", the column of the stage')
    closed_at = None
    if outcome.has("closed_at"):
        closed_at = _cells(
            outcome.record["closed_at"], f"{outcome.where}.closed_at", end_of_day=True
        )
    rule = Outcome(
        stage=_cells(outcome.record["stage"], f"{outcome.where}.stage"),
        closed_at=closed_at,
        fallback=_fallback(outcome),
        open_stages=outcome.flag("open_stages", not section.has("stage_entered")),
    )
    outcome.finish()
    return rule


def _fallback(outcome: Section) -> Fallback:
    if isinstance(outcome.record.get("fallback"), dict):
        section = outcome.section("fallback")
        days = section.number("after_days") if section is not None else None
        if section is None or days is None:
            raise outcome.error("fallback has no after_days; write { after_days = 30 }")
        section.finish()
        return Fallback(None, days)
    points = get_args(TimePoint)
    point = outcome.record.get("fallback") if outcome.has("fallback") else points[0]
    if point not in points:
        raise outcome.error(
            f"fallback is {point!r}; write one of {', '.join(points)}, or {{ after_days = 30 }}"
        )
    return Fallback(point)


def _link(section: Section) -> Link | None:
    link = section.section("link")
    if link is None:
        return None
    rule = Link(
        link.required_text("key", '"Contact Id"'), link.required_text("lead_key", '"Contact Id"')
    )
    link.finish()
    return rule


def _check(section: Section, read: Read) -> None:
    """Refuse parts that do not go together."""
    given = dict.fromkeys(read.columns)
    if read.order is not None:
        given["created_at"] = None
    if read.link is not None:
        given["lead_id"] = None
    missing = [name for name in read.table.required_names if name not in given]
    if missing:
        raise section.error(f'columns has no {missing[0]}; add {missing[0]} = "its column"')
    if read.table is not LEADS:
        for part, present in (("outcome", read.outcome), ("stage_entered", read.stage_entered)):
            if present:
                raise section.error(f'{part} belongs to the [[read]] with as = "leads"')
    elif read.link is not None:
        raise section.error("link belongs to a [[read]] of events, not of leads")
    if read.link is not None and "lead_id" in read.columns:
        raise section.error("both link and columns.lead_id say the lead; keep one")
    if read.keep_others and read.table.others is None:
        raise section.error(f"keep_others has no meaning for {read.table.name}; remove it")
    _check_left_out(section, read)


def _check_left_out(section: Section, read: Read) -> None:
    used: Mapping[str, None] = read.used_columns()
    both = [name for name in read.leave_out if name in used]
    if both:
        raise section.error(f"{both[0]!r} is both used and in leave_out; keep one")
