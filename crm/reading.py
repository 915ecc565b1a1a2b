"""Leads, events and timelines out of the store."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from crm import schema
from crm.columns import NO_EVENTS, events_as_columns
from leads.attributes import AttributeType
from leads.errors import UnknownLeadError
from leads.pipelines import Pipelines, pipelines_from_records
from leads.records import (
    ATTRIBUTE_CHANGE,
    STAGE_CHANGE,
    Event,
    Lead,
    concatenate_events,
    lead_columns,
)
from leads.timeline import Timelines, build_timelines

ROWS_AT_ONCE = 50_000
IDS_AT_ONCE = 5_000

_TIMELINE_COLUMNS = (
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
    "event_id",
)


def read_pipelines(connection: Connection) -> Pipelines | None:
    """The store's pipelines, None before the first import."""
    query = select(schema.pipelines.c.definition).order_by(schema.pipelines.c.place)
    records = [orjson.loads(text) for text in connection.scalars(query)]
    return pipelines_from_records(records, "the store") if records else None


def read_attribute_types(connection: Connection) -> dict[str, AttributeType]:
    """The type of every attribute that was seen."""
    table = schema.attribute_types.c
    rows = connection.execute(select(table.name, table.type).order_by(table.name))
    return {row.name: row.type for row in rows}


def read_timelines(connection: Connection, lead_ids: Collection[str] | None) -> Timelines:
    """The timelines of all or some leads, in order of creation; unknown ids are left out."""
    types = read_attribute_types(connection)
    pipelines = read_pipelines(connection) or Pipelines(())
    leads = [lead for part in _parts(lead_ids) for lead in _leads(connection, part)]
    leads.sort(key=lambda lead: (lead.created_at, lead.lead_id))
    blocks = [
        events_as_columns(block, block["event_id"], types)
        for part in _parts(lead_ids)
        for block in _event_columns(connection, part)
    ]
    return build_timelines(
        lead_columns(leads, types),
        concatenate_events(blocks or [NO_EVENTS]),
        pipelines,
        types,
    )


def read_lead(connection: Connection, lead_id: str) -> Lead:
    """A lead with its values at creation; raises `UnknownLeadError`."""
    leads = _leads(connection, [lead_id])
    if not leads:
        raise UnknownLeadError(f"no lead {lead_id!r} is known; check the id or import it")
    replaced = _known_at_creation(connection, leads[0])
    shown = {name: v for name, v in leads[0].attributes.items() if name not in replaced}
    return replace(leads[0], attributes=shown)


def read_events(connection: Connection, lead_id: str) -> list[Event]:
    """A lead's events in the stated order, with their texts; raises `UnknownLeadError`."""
    lead = read_lead(connection, lead_id)
    pipelines = read_pipelines(connection) or Pipelines(())
    query = select(schema.events).where(schema.events.c.lead_id == lead_id)
    events = [_event(row) for row in connection.execute(query)]
    return sorted(events, key=lambda event: _place(event, lead, pipelines))


def read_newest_event_at(connection: Connection, by: int) -> int | None:
    """When the newest thing known by a moment was learned: an event of a lead, or a lead."""
    events, leads = schema.events.c, schema.leads.c
    known = select(leads.lead_id)
    newest = connection.execute(
        select(func.max(events.occurred_at), func.max(events.recorded_at)).where(
            events.lead_id.in_(known), events.occurred_at <= by, events.recorded_at <= by
        )
    ).one()
    moments = [
        *newest,
        connection.scalar(select(func.max(leads.created_at)).where(leads.created_at <= by)),
    ]
    return max((moment for moment in moments if moment is not None), default=None)


def _known_at_creation(connection: Connection, lead: Lead) -> set[str]:
    """The attributes of which a change was known when the lead came in."""
    events = schema.events.c
    query = select(events.name).where(
        events.lead_id == lead.lead_id,
        events.type == ATTRIBUTE_CHANGE,
        events.occurred_at <= lead.created_at,
        events.recorded_at <= lead.created_at,
    )
    return set(connection.scalars(query))


def _parts(lead_ids: Collection[str] | None) -> Iterator[Sequence[str] | None]:
    """The ids in parts small enough for one query; None asks for all."""
    if lead_ids is None:
        yield None
        return
    ids = list(dict.fromkeys(lead_ids))
    for first in range(0, len(ids), IDS_AT_ONCE):
        yield ids[first : first + IDS_AT_ONCE]


def lead_of(row: Row[Any]) -> Lead:
    """A row of `leads` as a record, with all attributes that came with it."""
    attributes = orjson.loads(row.attributes)
    return Lead(row.lead_id, row.created_at, row.pipeline, attributes, row.continues)


def _leads(connection: Connection, lead_ids: Sequence[str] | None) -> list[Lead]:
    query = select(schema.leads)
    if lead_ids is not None:
        query = query.where(schema.leads.c.lead_id.in_(lead_ids))
    return [lead_of(row) for row in connection.execute(query)]


def _event_columns(
    connection: Connection, lead_ids: Sequence[str] | None
) -> Iterable[Mapping[str, Sequence[Any]]]:
    """Events in blocks of columns, in the order they were stored."""
    query = select(*(schema.events.c[name] for name in _TIMELINE_COLUMNS))
    if lead_ids is not None:
        query = query.where(schema.events.c.lead_id.in_(lead_ids))
    rows = connection.execute(query.order_by(schema.events.c.id))
    for block in rows.partitions(ROWS_AT_ONCE):
        yield dict(zip(_TIMELINE_COLUMNS, zip(*block, strict=True), strict=True))


def _event(row: Row[Any]) -> Event:
    names = [name for name in Event.__dataclass_fields__ if name != "details"]
    details = {} if row.details is None else orjson.loads(row.details)
    return Event(**{name: getattr(row, name) for name in names}, details=details)


def _place(event: Event, lead: Lead, pipelines: Pipelines) -> tuple[Any, ...]:
    """The stated order of one lead's events."""
    stage = -1
    if event.type == STAGE_CHANGE:
        code = pipelines.stage_code(event.name, event.pipeline, lead.pipeline)
        stage = int(pipelines.stage_order[code])
    return event.occurred_at, event.recorded_at, event.type, stage, event.event_id
