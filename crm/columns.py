"""Leads and events as columns, for timelines: the same from a folder and from a store."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from crm.event_rows import EVENT_COLUMNS
from leads.arrays import Coded, Floats
from leads.attributes import NUMERIC_TYPES, AttributeType
from leads.contract import is_missing
from leads.records import (
    ATTRIBUTE_CHANGE,
    EventColumns,
    Lead,
    LeadColumns,
    attribute_number_and_level,
    direction_code,
)

_NOTHING = (np.nan, None)


def leads_as_columns(
    leads: Sequence[Lead],
    attributes: Sequence[Mapping[str, str | None]],
    attribute_types: Mapping[str, AttributeType],
) -> LeadColumns:
    """Columns of leads; `attributes` has each lead's values at creation, instead of its own."""
    numbers: dict[str, Floats] = {}
    levels: dict[str, Coded] = {}
    for name in dict.fromkeys(name for values in attributes for name in values):
        attribute_type = attribute_types.get(name, "category")
        texts = [values.get(name) for values in attributes]
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


def without(
    attributes: Mapping[str, str | None], replaced: Collection[str]
) -> Mapping[str, str | None]:
    """The attributes that no history of their own replaces."""
    if not replaced:
        return attributes
    return {name: value for name, value in attributes.items() if name not in replaced}


def replaced_values(
    leads: Sequence[Lead], attributes: Sequence[Mapping[str, str | None]]
) -> dict[str, int]:
    """By attribute, how many leads have a value that is not among the `attributes` left to them."""
    return Counter(
        name
        for lead, left in zip(leads, attributes, strict=True)
        if len(left) < len(lead.attributes)
        for name, value in lead.attributes.items()
        if name not in left and not is_missing(value)
    )


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
