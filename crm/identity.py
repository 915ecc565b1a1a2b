"""Which event is which: what counts as its content, in a file's row and in a request alike."""

from collections.abc import Mapping
from typing import Any

from leads.contract import ATTRIBUTE_CHANGES, INTERACTIONS, STAGE_CHANGES, Table
from leads.identity import content_hash
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE, Event

TABLE_OF: Mapping[int, Table] = {
    ATTRIBUTE_CHANGE: ATTRIBUTE_CHANGES,
    INTERACTION: INTERACTIONS,
    STAGE_CHANGE: STAGE_CHANGES,
}
TYPE_OF: Mapping[str, int] = {table.name: code for code, table in TABLE_OF.items()}

# What an event's `name` is called in each table.
NAME_COLUMN: Mapping[int, str] = {
    ATTRIBUTE_CHANGE: "attribute",
    INTERACTION: "kind",
    STAGE_CHANGE: "stage",
}
_NOT_CONTENT = frozenset({"lead_id", "occurred_at", "recorded_at", "event_id"})
CONTENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    table.name: tuple(name for name in table.names if name not in _NOT_CONTENT)
    for table in TABLE_OF.values()
}


def event_hash(event: Event, *, recorded_at: int | None) -> str:
    """The content hash of an event; `recorded_at` is None unless its source gave one."""
    table = TABLE_OF[event.type].name
    names = {NAME_COLUMN[event.type]: "name"}
    content: dict[str, Any] = {
        column: getattr(event, names.get(column, column)) for column in CONTENT_COLUMNS[table]
    }
    content.update(detail_fields(event.details))
    return content_hash(table, event.lead_id, event.occurred_at, recorded_at, content)


def detail_fields(details: Mapping[str, object]) -> dict[str, object]:
    """Details as fields of the content: a detail never hides a listed column of its name."""
    return {f"details.{name}": value for name, value in details.items()}
