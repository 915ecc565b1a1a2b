"""Records as they come from a folder, a store or a request: leads and their events."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from leads.arrays import MISSING, Coded, Floats, Int8s, Int64s, concatenate_coded
from leads.attributes import NUMERIC_TYPES, AttributeType, read_value
from leads.contract import DIRECTIONS

# The codes are the order of ties: an attribute change before an interaction before a stage change.
ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE = 0, 1, 2
EVENT_TYPES = {
    "attribute_change": ATTRIBUTE_CHANGE,
    "interaction": INTERACTION,
    "stage_change": STAGE_CHANGE,
}
_NOTHING: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it came in; `attributes` are the values known at creation, as text.

    Times are microseconds since the epoch.
    """

    lead_id: str
    created_at: int
    pipeline: str
    attributes: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a lead; `name` is the kind, the stage or the attribute.

    Times are microseconds since the epoch. `value` is an attribute's new value as text, None when
    it was cleared. `type` is ATTRIBUTE_CHANGE, INTERACTION or STAGE_CHANGE.
    """

    lead_id: str
    type: int
    occurred_at: int
    recorded_at: int
    name: str
    event_id: str
    pipeline: str | None = None
    value: str | None = None
    direction: str | None = None
    actor: str | None = None
    duration_seconds: float | None = None
    result: str | None = None
    text: str | None = None
    reason: str | None = None
    details: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class LeadColumns:
    """Leads as columns: one entry per lead.

    `numbers` and `levels` hold the attributes known at creation, by name and type: NaN and -1 are
    missing.
    """

    lead_id: Sequence[str]
    created_at: Int64s
    pipeline: Coded
    numbers: Mapping[str, Floats]
    levels: Mapping[str, Coded]


@dataclass(frozen=True)
class EventColumns:
    """Events as columns: one entry per event, in any order.

    `number` is the value of an attribute change of a numeric type, `level` of the others; for
    every other event they are missing. `direction` is 0 inbound, 1 outbound, -1 missing.
    """

    lead_id: Coded
    type: Int8s
    occurred_at: Int64s
    recorded_at: Int64s
    name: Coded
    pipeline: Coded
    number: Floats
    level: Coded
    direction: Int8s
    duration_seconds: Floats
    actor: Coded
    result: Coded
    event_id: Sequence[str]

    def __len__(self) -> int:
        return len(self.type)


def attribute_number_and_level(
    value: str | None, attribute_type: AttributeType
) -> tuple[float, str | None]:
    """A value as (number, level): NaN or None where it has none; a text is 1.0 when present."""
    read = read_value(value, attribute_type)
    if read is None:
        return np.nan, None
    if attribute_type == "text":
        return 1.0, None
    return (read, None) if isinstance(read, float) else (np.nan, read)


def lead_columns(
    leads: Sequence[Lead], attribute_types: Mapping[str, AttributeType]
) -> LeadColumns:
    """Columns of lead records; raises `InvalidInputError` for a value not of its type."""
    numbers: dict[str, Floats] = {}
    levels: dict[str, Coded] = {}
    for name in dict.fromkeys(name for lead in leads for name in lead.attributes):
        attribute_type = attribute_types.get(name, "category")
        texts = [lead.attributes.get(name) for lead in leads]
        read = {text: attribute_number_and_level(text, attribute_type) for text in set(texts)}
        if attribute_type in NUMERIC_TYPES or attribute_type == "text":
            numbers[name] = np.array([read[text][0] for text in texts], np.float64)
        else:
            levels[name] = Coded.of(read[text][1] for text in texts)
    return LeadColumns(
        lead_id=[lead.lead_id for lead in leads],
        created_at=np.array([lead.created_at for lead in leads], np.int64),
        pipeline=Coded.of(lead.pipeline for lead in leads),
        numbers=numbers,
        levels=levels,
    )


def event_columns(
    events: Sequence[Event], attribute_types: Mapping[str, AttributeType]
) -> EventColumns:
    """Columns of event records; raises `InvalidInputError` for a value not of its type."""
    values = [
        attribute_number_and_level(event.value, attribute_types.get(event.name, "category"))
        if event.type == ATTRIBUTE_CHANGE
        else (np.nan, None)
        for event in events
    ]
    durations = [e.duration_seconds for e in events]
    return EventColumns(
        lead_id=Coded.of(e.lead_id for e in events),
        type=np.array([e.type for e in events], np.int8),
        occurred_at=np.array([e.occurred_at for e in events], np.int64),
        recorded_at=np.array([e.recorded_at for e in events], np.int64),
        name=Coded.of(e.name for e in events),
        pipeline=Coded.of(e.pipeline for e in events),
        number=np.array([number for number, _ in values], np.float64),
        level=Coded.of(level for _, level in values),
        direction=np.array([direction_code(e.direction) for e in events], np.int8),
        duration_seconds=np.array([np.nan if d is None else d for d in durations], np.float64),
        actor=Coded.of(e.actor for e in events),
        result=Coded.of(e.result for e in events),
        event_id=[e.event_id for e in events],
    )


def direction_code(direction: str | None) -> int:
    """0 for inbound, 1 for outbound, -1 for missing."""
    return MISSING if direction is None else DIRECTIONS.index(direction)


def concatenate_events(parts: Sequence[EventColumns]) -> EventColumns:
    """The events of several columns, one after the other."""

    def coded(name: str) -> Coded:
        return concatenate_coded([getattr(part, name) for part in parts])

    def plain(name: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.concatenate([getattr(part, name) for part in parts])

    return EventColumns(
        lead_id=coded("lead_id"),
        type=plain("type").astype(np.int8, copy=False),
        occurred_at=plain("occurred_at"),
        recorded_at=plain("recorded_at"),
        name=coded("name"),
        pipeline=coded("pipeline"),
        number=plain("number").astype(np.float64, copy=False),
        level=coded("level"),
        direction=plain("direction").astype(np.int8, copy=False),
        duration_seconds=plain("duration_seconds").astype(np.float64, copy=False),
        actor=coded("actor"),
        result=coded("result"),
        event_id=list(itertools.chain.from_iterable(part.event_id for part in parts)),
    )
