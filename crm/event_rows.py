"""Checked rows of an event table, as events: column by column, with their content hashes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.identity import CONTENT_COLUMNS, NAME_COLUMN, TYPE_OF, detail_fields
from crm.validation import CheckedRows
from leads.contract import Table
from leads.identity import content_hash

EVENT_COLUMNS = (
    "lead_id",
    "type",
    "occurred_at",
    "recorded_at",
    "name",
    "pipeline",
    "value",
    "direction",
    "actor",
    "duration_seconds",
    "result",
    "text",
    "reason",
    "details",
)


@dataclass(frozen=True)
class EventRows:
    """Events of one block: `columns` by the names of `leads.records.Event`, without `event_id`.

    `event_id` is the one the row gave, None without; `place` is the row's place in its block.
    """

    place: Sequence[int]
    event_id: Sequence[str | None]
    content_hash: Sequence[str]
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.content_hash)


def event_rows(table: Table, checked: CheckedRows) -> EventRows:
    """The events of checked rows; an event is recorded when it occurred unless the row says."""
    values = checked.values
    n = len(checked.place)
    nothing = [None] * n
    event_type = TYPE_OF[table.name]
    columns: dict[str, Sequence[Any]] = {name: values.get(name, nothing) for name in EVENT_COLUMNS}
    columns["type"] = [event_type] * n
    columns["name"] = values[NAME_COLUMN[event_type]]
    columns["recorded_at"] = [
        occurred_at if recorded_at is None else recorded_at
        for occurred_at, recorded_at in zip(
            values["occurred_at"], values["recorded_at"], strict=True
        )
    ]
    columns["details"] = _details(checked.others, n)
    hashes = _hashes(table, values, columns["details"])
    return EventRows(checked.place, values["event_id"], hashes, columns)


def _details(others: Mapping[str, list[str | None]], n: int) -> list[dict[str, str]]:
    if not others:
        return [{}] * n
    return [
        {name: text for name, text in zip(others, row, strict=True) if text is not None}
        for row in zip(*others.values(), strict=True)
    ]


def _hashes(
    table: Table, values: Mapping[str, list[Any]], details: Sequence[dict[str, str]]
) -> list[str]:
    # Columns that are empty throughout the block do not count, so they need no look at each row.
    content = [
        name for name in CONTENT_COLUMNS[table.name] if any(v is not None for v in values[name])
    ]
    rows = zip(*(values[name] for name in content), strict=True)
    clocks = zip(values["lead_id"], values["occurred_at"], values["recorded_at"], strict=True)
    return [
        content_hash(
            table.name,
            *clock,
            dict(zip(content, row, strict=True)) | detail_fields(detail),
        )
        for clock, row, detail in zip(clocks, rows, details, strict=True)
    ]
