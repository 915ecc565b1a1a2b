"""Leads and events as columns, for timelines: the same from a folder and from a store."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crm.event_rows import EVENT_COLUMNS
from leads.arrays import Coded
from leads.attributes import AttributeType
from leads.records import (
    ATTRIBUTE_CHANGE,
    EventColumns,
    attribute_number_and_level,
    direction_code,
)

_NOTHING = (np.nan, None)


def events_as_columns(
    columns: Mapping[str, Sequence[Any]],
    event_id: Sequence[str],
    attribute_types: Mapping[str, AttributeType],
) -> EventColumns:
    """Columns of events given as lists, by the names of `leads.records.Event`."""
    types = np.array(columns["type"], np.int8)
    values = _values(columns, attribute_types) if (types == ATTRIBUTE_CHANGE).any() else None
    directions = {d: direction_code(d) for d in set(columns["direction"])}
    n = len(event_id)
    return EventColumns(
        lead_id=Coded.of(columns["lead_id"]),
        type=types,
        occurred_at=np.array(columns["occurred_at"], np.int64),
        recorded_at=np.array(columns["recorded_at"], np.int64),
        name=Coded.of(columns["name"]),
        pipeline=Coded.of(columns["pipeline"]),
        number=np.array([v[0] for v in values]) if values else np.full(n, np.nan),
        level=Coded.of(v[1] for v in values) if values else Coded.missing(n),
        direction=np.array([directions[d] for d in columns["direction"]], np.int8),
        duration_seconds=np.array(columns["duration_seconds"], np.float64),
        actor=Coded.of(columns["actor"]),
        result=Coded.of(columns["result"]),
        event_id=event_id,
    )


def _values(
    columns: Mapping[str, Sequence[Any]], attribute_types: Mapping[str, AttributeType]
) -> list[tuple[float, str | None]]:
    """Each event's value as (number, level); nothing where the event changes no attribute."""
    keys = list(zip(columns["type"], columns["name"], columns["value"], strict=True))
    read = {
        key: attribute_number_and_level(key[2], attribute_types.get(key[1], "category"))
        if key[0] == ATTRIBUTE_CHANGE
        else _NOTHING
        for key in set(keys)
    }
    return [read[key] for key in keys]


NO_EVENTS = events_as_columns(dict.fromkeys(EVENT_COLUMNS, ()), (), {})
