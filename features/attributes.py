"""Attribute signals: what is known of a lead itself, and how often it changed."""

import numpy as np
from numba import njit

from features.naming import column_names, in_words, leads_with, most_common
from features.population import Population
from features.signal import Column, Evidence, Family, FamilySettings, Group, Unit
from leads.arrays import MISSING, Floats, Int8s, Int32s, Int64s
from leads.attributes import AttributeType
from leads.clock import DAY_US
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from leads.view import View

AT_LEAST_LEADS = 20
MOST_LEVELS = 50

_UNITS: dict[AttributeType, Unit] = {
    "number": "amount",
    "category": "level",
    "boolean": "flag",
    "time": "days_from_now",
    "text": "flag",
}
_SENTENCES: dict[AttributeType, str] = {
    "number": "{attribute} is {value}",
    "category": "{attribute} is {value}",
    "boolean": "{attribute}: {value}",
    "time": "{attribute}: {value}",
    "text": "{attribute} is filled in: {value}",
}
_CHANGES = "Changes of {attribute} so far: {value}"
_MISSING = "{attribute} is not known."


def learn(timelines: Timelines) -> FamilySettings:
    """The attributes that at least 20 leads have, their types, and levels that 20 leads share.

    A category none of whose levels is that frequent, such as a name, tells leads apart and
    nothing else: it is left out, and so is an attribute that was overwritten.
    """
    events = timelines.events
    rows = np.flatnonzero(events.type == ATTRIBUTE_CHANGE)
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))[rows]
    chosen = []
    overwritten = {one.attribute for one in timelines.overwritten}
    for code, attribute in enumerate(timelines.attributes):
        if attribute in overwritten:
            continue
        own = rows[events.name[rows] == code]
        own_lead = lead[events.name[rows] == code]
        attribute_type = timelines.attribute_types.get(attribute, "category")
        counts = leads_with(own_lead.tolist(), events.level[own].tolist())
        named = [(timelines.levels[level], n) for level, n in counts.items() if level >= 0]
        levels = most_common(named, AT_LEAST_LEADS, MOST_LEVELS)
        if len(np.unique(own_lead)) >= AT_LEAST_LEADS and (levels or attribute_type != "category"):
            changes = len(own) - len(np.unique(own_lead))
            chosen.append(
                {
                    "attribute": attribute,
                    "type": attribute_type,
                    "levels": list(levels),
                    "changes": changes >= AT_LEAST_LEADS,
                }
            )
    return {"attributes": chosen}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The value of each attribute and, where it changes, the number of changes."""
    chosen = settings["attributes"]
    names = column_names([entry["attribute"] for entry in chosen], "attribute")
    declared: list[Column] = []
    for entry, name in zip(chosen, names, strict=True):
        named = {"attribute": in_words(entry["attribute"])}
        behind = Evidence(ATTRIBUTE_CHANGE, name=entry["attribute"])
        group = Group(name, "{attribute}", named, behind)
        declared.append(
            Column(
                name, group, _UNITS[entry["type"]], _SENTENCES[entry["type"]], _MISSING, named,
                tuple(entry["levels"]),
            )
        )  # fmt: skip
        if entry["changes"]:
            changes = name.replace("attribute_", "changes_of_", 1)
            declared.append(Column(changes, group, "count", _CHANGES, _MISSING, named))
    return tuple(declared)


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block with the latest known values and the number of changes after the first."""
    timelines = view.timelines
    chosen = settings["attributes"]
    wide = np.array([1 + entry["changes"] for entry in chosen], np.int64)
    column = np.cumsum(wide) - wide
    types = timelines.attribute_types
    place_of = {
        entry["attribute"]: place
        for place, entry in enumerate(chosen)
        # Values of another type than was learned cannot be read: they are missing, not zero.
        if types.get(entry["attribute"], "category") == entry["type"]
    }
    place = np.array([place_of.get(name, MISSING) for name in timelines.attributes], np.int64)
    _latest_values(
        view.events.type,
        view.events.name,
        view.events.number,
        view.events.level,
        view.first,
        view.stop,
        view.as_of,
        place,
        column,
        wide > 1,
        np.array([entry["type"] == "time" for entry in chosen], np.bool_),
        _slots(settings, timelines),
        block,
    )


def _slots(settings: FamilySettings, timelines: Timelines) -> Int32s:
    """The slot of each level in each chosen attribute; one past its levels for any other."""
    slots = np.zeros((len(settings["attributes"]), len(timelines.levels)), np.int32)
    code_of = {text: code for code, text in enumerate(timelines.levels)}
    for place, entry in enumerate(settings["attributes"]):
        slots[place, :] = len(entry["levels"])
        for slot, level in enumerate(entry["levels"]):
            if level in code_of:
                slots[place, code_of[level]] = slot
    return slots


@njit(cache=True)  # pragma: no cover
def _latest_values(
    event_type: Int8s,
    name: Int32s,
    number: Floats,
    level: Int32s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    place: Int64s,
    column: Int64s,
    has_changes: Int8s,
    is_time: Int8s,
    slots: Int32s,
    block: Floats,
) -> None:
    for s in range(len(first)):
        block[s, :] = np.nan
        for event in range(first[s], stop[s]):
            if event_type[event] != ATTRIBUTE_CHANGE or place[name[event]] < 0:
                continue
            p = place[name[event]]
            c = column[p]
            if level[event] >= 0:
                block[s, c] = slots[p, level[event]]
            elif is_time[p]:
                block[s, c] = (number[event] - as_of[s]) / DAY_US
            else:
                block[s, c] = number[event]
            if has_changes[p]:
                changes = block[s, c + 1]
                block[s, c + 1] = 0.0 if np.isnan(changes) else changes + 1


ATTRIBUTES = Family("attributes", learn, columns, fill)
