"""Attribute signals: what is known of a lead itself, how it changed, and how much is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.attribute_kernel import FILLED, LEVEL, MOVED, NUMBER, PLAIN, walk_attributes
from features.naming import column_names, in_words, snake_case
from features.population import Population
from features.signal import Column, Evidence, Family, FamilySettings, Group, Unit
from features.vocabulary import (
    AT_LEAST_LEADS,
    enough_leads,
    leads_of_events,
    learn_vocabulary,
    level_codes,
)
from leads.arrays import MISSING, Bools, Floats, Int8s, Int16s, Int32s, Int64s
from leads.attributes import AttributeType
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from leads.view import View

MOST_LEVELS = 50
# The attribute that says when a lead is expected to close: it can be overdue.
CLOSE_DATE = "expected_close_date"

COMPLETENESS = Group("completeness", "How much is known of the lead")

_UNITS: dict[AttributeType, Unit] = {
    "number": "amount",
    "category": "level",
    "boolean": "flag",
    "time": "days_from_now",
    "text": "flag",
}
_SENTENCES: dict[AttributeType, str] = {
    "number": "{attribute} is {value}",
    "category": "{attribute}: {value}",
    "boolean": "{attribute}: {value}",
    "time": "{attribute}: {value}",
    "text": "{attribute} is filled in: {value}",
}
_MISSING = "{attribute} is not known."
_NEVER_KNOWN = "{attribute} has not been known."
_NOT_CHANGED = "{attribute} has not changed."
# Of an attribute that changes: name, unit, sentence, missing.
_CHANGES: tuple[tuple[str, Unit, str, str], ...] = (
    ("changes_of", "count", "Changes of {attribute} so far: {value}", _NEVER_KNOWN),
    ("days_since_change_of", "days", "{attribute} was changed {value} ago", _NOT_CHANGED),
)
_OF_TYPE: Mapping[AttributeType, tuple[tuple[str, Unit, str, str], ...]] = {
    "number": (
        ("difference_of", "difference",
         "{attribute} compared with the first known value: {value}", _MISSING),
        ("ratio_of", "ratio", "{attribute} is {times} the first known value",
         "{attribute} is not known, or was not above zero at first."),
    ),
    "time": (
        ("pushes_of", "count", "Times that {attribute} was put off: {value}", _NEVER_KNOWN),
        ("pushed_days_of", "days", "{attribute} was put off by {value} in all", _NEVER_KNOWN),
    ),
}  # fmt: skip


def learn(timelines: Timelines) -> FamilySettings:
    """The attributes that at least 20 leads have, their types, and levels that 20 leads share.

    `changes`: whether its value changed at least 20 times. A category none of whose levels is
    that frequent, such as a name, tells leads apart and nothing else: of one that changes is told
    that it is known and how it changed, any other is left out. So is one that is quarantined.
    """
    events = timelines.events
    leads = leads_of_events(timelines)
    quarantined = {one.attribute for one in timelines.quarantined}
    chosen = []
    for attribute, rows in _rows_by_attribute(timelines):
        if attribute in quarantined or not enough_leads(leads[rows]):
            continue
        attribute_type = timelines.attribute_types.get(attribute, "category")
        vocabulary = learn_vocabulary(
            leads[rows], events.level[rows], timelines.levels, MOST_LEVELS
        )
        if attribute_type != "category":
            vocabulary = {"levels": [], "rare": []}
        changes = _changes(leads[rows], events.number[rows], events.level[rows]) >= AT_LEAST_LEADS
        if attribute_type == "category" and not (vocabulary["levels"] or changes):
            continue
        chosen.append(
            {
                "attribute": attribute,
                "type": attribute_type,
                **vocabulary,
                "changes": changes,
            }
        )
    return {"attributes": chosen}


def _rows_by_attribute(timelines: Timelines) -> Iterator[tuple[str, Int64s]]:
    """The changes of each attribute, in the order of the events."""
    rows = np.flatnonzero(timelines.events.type == ATTRIBUTE_CHANGE)
    names = timelines.events.name[rows]
    order = np.argsort(names, kind="stable")
    ends = np.searchsorted(names[order], np.arange(len(timelines.attributes) + 1))
    for code, attribute in enumerate(timelines.attributes):
        yield attribute, rows[order[ends[code] : ends[code + 1]]]


def _changes(lead: Int64s, number: Floats, level: Int32s) -> int:
    """How often a value differs from the one before it of the same lead."""
    same_lead = lead[1:] == lead[:-1]
    both_missing = np.isnan(number[1:]) & np.isnan(number[:-1])
    same_number = (number[1:] == number[:-1]) | both_missing
    return int(np.sum(same_lead & ~(same_number & (level[1:] == level[:-1]))))


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The value of each attribute and, where it changes, how; then how many are known."""
    chosen = settings["attributes"]
    names = column_names([entry["attribute"] for entry in chosen], "attribute")
    declared: list[Column] = []
    for entry, name in zip(chosen, names, strict=True):
        declared += _of_attribute(entry, name)
    if chosen:
        declared += [
            Column("attributes_known", COMPLETENESS, "count",
                   "Fields that are filled in: {value}", "No field is asked for."),
            Column("attributes_known_share", COMPLETENESS, "share",
                   "{value} of the fields are filled in", "No field is asked for."),
        ]  # fmt: skip
    return tuple(declared)


def attribute_group(attribute: str) -> Group:
    """The group of all that is told of an attribute: its value, and how leads with the same did.

    A person takes them for one reason; apart they trade effects that cancel each other. Its name
    does not depend on which other attributes there are.
    """
    words, plain = in_words(attribute), snake_case(attribute)
    name = plain if plain == words.lower().replace(" ", "_") else attribute
    evidence = Evidence(ATTRIBUTE_CHANGE, name=attribute)
    return Group(f"attribute_{name}", "{attribute}", {"attribute": words}, evidence)


def _of_attribute(entry: Mapping[str, Any], name: str) -> Iterator[Column]:
    group = attribute_group(entry["attribute"])
    named = group.names
    kind, levels = entry["type"], tuple(entry["levels"])
    told: AttributeType = "text" if kind == "category" and not levels else kind
    yield Column(name, group, _UNITS[told], _SENTENCES[told], _MISSING, named, levels)
    if entry["changes"]:
        for prefix, unit, sentence, missing in (*_CHANGES, *_OF_TYPE.get(kind, ())):
            own = name.replace("attribute", prefix, 1)
            yield Column(own, group, unit, sentence, missing, named, comparable=unit != "ratio")
    if _can_be_overdue(entry):
        own = name.replace("attribute", "overdue", 1)
        yield Column(own, group, "flag", "{attribute} is past: {value}", _MISSING, named)


def _kind(entry: Mapping[str, Any]) -> int:
    if entry["type"] == "category":
        return LEVEL if entry["levels"] else FILLED
    return {"number": NUMBER, "time": MOVED}.get(entry["type"], PLAIN)


def _width(entry: Mapping[str, Any]) -> int:
    """How many columns `_of_attribute` declares."""
    of_changes = len(_CHANGES) + len(_OF_TYPE.get(entry["type"], ()))
    return int(1 + of_changes * entry["changes"] + _can_be_overdue(entry))


def _can_be_overdue(entry: Mapping[str, Any]) -> bool:
    return bool(entry["attribute"] == CLOSE_DATE and entry["type"] == "time")


@dataclass(frozen=True)
class Places:
    """Where the attributes of some timelines go, and how they number levels.

    `place[attribute]` is the place among the chosen ones, -1 for another. By place: the first
    `column` of the block, the `kind` of value, whether `changes` and `overdue` are told. `codes`
    are the levels' codes, one row per category, which is row `code_row[place]`.
    """

    place: Int64s
    column: Int64s
    kind: Int8s
    changes: Bools
    overdue: Bools
    code_row: Int64s
    codes: Int16s


def prepare(settings: FamilySettings, timelines: Timelines) -> Places:
    """The places of the timelines' attributes and levels among those that were learned.

    Values of another type than was learned cannot be read: they are missing, not zero.
    """
    chosen = settings["attributes"]
    types = timelines.attribute_types
    place_of = {
        entry["attribute"]: place
        for place, entry in enumerate(chosen)
        if types.get(entry["attribute"], "category") == entry["type"]
    }
    widths = [_width(entry) for entry in chosen]
    categories = [place for place, entry in enumerate(chosen) if entry["levels"]]
    codes = [level_codes(timelines.levels, chosen[place]) for place in categories]
    code_row = np.full(len(chosen), MISSING)
    code_row[categories] = np.arange(len(categories))
    return Places(
        place=np.array([place_of.get(a, MISSING) for a in timelines.attributes], np.int64),
        column=np.cumsum(widths, dtype=np.int64) - widths,
        kind=np.array([_kind(entry) for entry in chosen], np.int8),
        changes=np.array([entry["changes"] for entry in chosen], np.bool_),
        overdue=np.array([_can_be_overdue(entry) for entry in chosen], np.bool_),
        code_row=code_row,
        codes=np.array(codes, np.int16).reshape(len(codes), len(timelines.levels) + 1),
    )


def fill(places: Places, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the known changes of each snapshot's attributes."""
    events = view.events
    walk_attributes(
        events.type, events.occurred_at, events.name, events.number, events.level,
        view.first, view.stop, view.as_of,
        places.place, places.column, places.kind, places.changes, places.overdue,
        places.code_row, places.codes, block,
    )  # fmt: skip


ATTRIBUTES = Family("attributes", learn, columns, fill, prepare)
