"""Engagement signals: how often and how lately a lead was in touch, by direction, kind and result.

What is counted is a *slot*: all contacts, those of a direction, of a kind, of a kind in one
direction, of a result. Each slot has the same columns; one walk fills them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from features.naming import column_names
from features.population import Population
from features.signal import Column, Evidence, Family, FamilySettings, Group, Unit
from features.vocabulary import (
    enough_leads,
    leads_of_events,
    learn_vocabulary,
    level_codes,
)
from leads.arrays import Floats, Int8s, Int32s, Int64s
from leads.clock import DAY_US
from leads.records import INTERACTION
from leads.timeline import Timelines
from leads.view import View

MOST_KINDS = 40
MOST_RESULTS = 8
# Kinds that are told apart by direction too.
MOST_DIRECTED_KINDS = 4

ANY_CONTACT = Evidence(INTERACTION)
OF_LEAD = Evidence(INTERACTION, direction=0)
OF_OURS = Evidence(INTERACTION, direction=1)
# Few large reasons: what more of them would say is much the same, and cancels (docs/benchmarks.md).
ACTIVITY = Group("activity", "How much contact there is", evidence=ANY_CONTACT)
IN_TOUCH = Group("rhythm", "When you were in touch", evidence=ANY_CONTACT)
FROM_LEAD = Group("inbound", "What comes from the lead", evidence=OF_LEAD)
RESULTS = Group("results", "How contacts ended", evidence=ANY_CONTACT)
FROM_US = Group("outbound", "What we send", evidence=OF_OURS)

NO_CONTACT = "No contact yet."
NO_INBOUND = "Nothing came from the lead yet."
NO_OUTBOUND = "Nothing was sent to the lead yet."

_WINDOWS: tuple[tuple[str, str], ...] = (
    ("1d", "in the last day"),
    ("7d", "in the last 7 days"),
    ("30d", "in the last 30 days"),
    ("90d", "in the last 90 days"),
    ("ever", "so far"),
)
_PER_SLOT = len(_WINDOWS) + 1
_DAYS_SINCE = len(_WINDOWS)
_DIRECTIONS = (("inbound", "from the lead"), ("outbound", "from us"))


def learn(timelines: Timelines) -> FamilySettings:
    """The kinds and results that at least 20 leads have, most frequent first, and directions.

    `directions`: whether at least 20 leads have a contact whose direction is known; without, the
    columns about who was in touch would be made-up zeros and are left out. `directed_kinds`: the
    kinds of which 20 leads have one from the lead and 20 have one from us.
    """
    events = timelines.events
    rows = np.flatnonzero(events.type == INTERACTION)
    lead = leads_of_events(timelines)[rows]
    kinds = learn_vocabulary(lead, events.name[rows], timelines.kinds, MOST_KINDS)
    both = set(kinds["levels"])
    for direction in range(len(_DIRECTIONS)):
        directed = events.direction[rows] == direction
        found = learn_vocabulary(
            lead[directed], events.name[rows][directed], timelines.kinds, MOST_KINDS
        )
        both &= set(found["levels"])
    return {
        "directions": enough_leads(lead[events.direction[rows] >= 0]),
        "kinds": kinds,
        "directed_kinds": [kind for kind in kinds["levels"] if kind in both][:MOST_DIRECTED_KINDS],
        "results": learn_vocabulary(lead, events.result[rows], timelines.results, MOST_RESULTS),
    }


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Five windows and the days since the last, of each slot; shares; what was last."""
    kinds, results = settings["kinds"]["levels"], settings["results"]["levels"]
    named = _kind_groups(kinds)
    declared = _of_slot("interactions", "days_since_interaction", ACTIVITY, IN_TOUCH, "Contacts",
                        "The last contact was {value} ago", NO_CONTACT)  # fmt: skip
    if settings["directions"]:
        declared += _of_slot("inbound", "days_since_inbound", FROM_LEAD, IN_TOUCH,
                             "Contacts from the lead",
                             "The lead was last in touch {value} ago", NO_INBOUND,
                             OF_LEAD)  # fmt: skip
        declared += _of_slot("outbound", "days_since_outbound", FROM_US, FROM_US,
                             "Contacts from us",
                             "We were last in touch {value} ago", NO_OUTBOUND,
                             OF_OURS)  # fmt: skip
    for group in named.values():
        declared += _of_level(group.name, group, "{kinds}", group.names)
    for kind in settings["directed_kinds"]:
        for place, (direction, who) in enumerate(_DIRECTIONS):
            group = named[kind]
            declared += _of_level(
                f"{direction}_{group.name}", group, f"{{kinds}} {who}", group.names,
                Evidence(INTERACTION, name=kind, direction=place),
            )  # fmt: skip
    declared += _of_results(results)
    declared.append(Column("kinds_ever", ACTIVITY, "count", "Kinds of contact so far: {value}",
                           NO_CONTACT))  # fmt: skip
    declared.append(_latest("last_kind", "kind", "The latest contact: {value}", NO_CONTACT, kinds))
    declared.append(
        _latest(
            "last_result",
            "level",
            "The result of the latest contact: {value}",
            "No result of the latest contact is known.",
            results,
        )
    )
    return tuple(declared)


def _of_slot(
    name: str, since: str, group: Group, silence: Group, what: str, said_since: str, none: str,
    evidence: Evidence = ANY_CONTACT,
) -> list[Column]:  # fmt: skip
    counts = [
        Column(
            f"{name}_{window}", group, "count", f"{what} {words}: {{value}}", none,
            evidence=evidence,
        )
        for window, words in _WINDOWS
    ]  # fmt: skip
    return [*counts, Column(since, silence, "days", said_since, none, evidence=evidence)]


def _of_results(results: list[str]) -> list[Column]:
    """Five windows and the days since the last of each result, then the share of each."""
    named = [
        (name, {"level": level}, Evidence(INTERACTION, result=level))
        for level, name in zip(results, column_names(results, "result"), strict=True)
    ]
    return [
        *(
            column
            for name, names, evidence in named
            for column in _of_level(
                name, RESULTS, "Contacts with the result “{level}”", names, evidence
            )
        ),
        *(
            Column(
                f"{name}_share", RESULTS, "share",
                "{value} of the contacts with a result had the result “{level}”",
                "No contact has a result yet.", names, evidence=evidence,
            )
            for name, names, evidence in named
        ),
    ]  # fmt: skip


def _of_level(
    name: str, group: Group, what: str, names: Mapping[str, str], evidence: Evidence | None = None
) -> list[Column]:
    told: Iterable[tuple[str, Unit, str]] = (
        *((window, "count", f"{what} {words}: {{value}}") for window, words in _WINDOWS),
        ("days_since", "days", f"{what}: the last one was {{value}} ago"),
    )
    return [
        Column(
            f"{name}_{suffix}", group, unit, said, f"{what}: none yet.", names, evidence=evidence
        )
        for suffix, unit, said in told
    ]


def _kind_groups(kinds: list[str]) -> dict[str, Group]:
    """The group of each kind, named as its columns begin."""
    return {
        kind: Group(name, "{kinds}", {"kinds": kind}, Evidence(INTERACTION, name=kind))
        for kind, name in zip(kinds, column_names(kinds, "kind"), strict=True)
    }


def _latest(name: str, unit: Unit, said: str, missing: str, levels: list[str]) -> Column:
    return Column(name, IN_TOUCH, unit, said, missing, levels=tuple(levels))


@dataclass(frozen=True)
class Slots:
    """Where a contact is counted, by how some timelines number kinds and results.

    `of_direction[direction]`, `of_kind[kind]`, `of_pair[kind, direction]`, `of_result[result]`:
    the slot, -1 where there is none; the last entry is that of a missing code (-1). `kind_code`
    and `result_code` are the codes of the latest kind and result. `count` slots in all, of which
    the last `results` are results.
    """

    of_direction: Int64s
    of_kind: Int64s
    of_pair: Int64s
    of_result: Int64s
    kind_code: Int64s
    result_code: Int64s
    count: int
    results: int


def prepare(settings: FamilySettings, timelines: Timelines) -> Slots:
    """The slots of the timelines' kinds and results: all, directions, kinds, pairs, results."""
    kinds, results = settings["kinds"]["levels"], settings["results"]["levels"]
    kind_code = level_codes(timelines.kinds, settings["kinds"])
    result_code = level_codes(timelines.results, settings["results"])
    pairs = settings["directed_kinds"]
    of_direction = np.array([1, 2, -1] if settings["directions"] else [-1, -1, -1])
    first_kind = 3 if settings["directions"] else 1
    first_pair = first_kind + len(kinds)
    first_result = first_pair + len(_DIRECTIONS) * len(pairs)
    of_pair = np.full((len(kind_code), len(_DIRECTIONS) + 1), -1)
    code_of = {text: code for code, text in enumerate(timelines.kinds)}
    for place, kind in enumerate(pairs):
        if kind in code_of:
            slot = first_pair + len(_DIRECTIONS) * place
            of_pair[code_of[kind], : len(_DIRECTIONS)] = slot, slot + 1
    return Slots(
        of_direction=of_direction,
        of_kind=_slots_of(kind_code, len(kinds), first_kind),
        of_pair=of_pair,
        of_result=_slots_of(result_code, len(results), first_result),
        kind_code=kind_code,
        result_code=result_code,
        count=first_result + len(results),
        results=len(results),
    )


def _slots_of(codes: Int64s, listed: int, first: int) -> Int64s:
    return np.where((codes >= 0) & (codes < listed), codes + first, -1)


def fill(slots: Slots, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's known interactions."""
    events = view.events
    _count(
        events.type, events.occurred_at, events.name, events.direction, events.result,
        view.first, view.stop, view.as_of,
        slots.of_direction, slots.of_kind, slots.of_pair, slots.of_result,
        slots.kind_code, slots.result_code, slots.count, slots.results, block,
    )  # fmt: skip


@njit(cache=True, nogil=True)  # pragma: no cover
def _count(
    event_type: Int8s,
    occurred_at: Int64s,
    kind: Int32s,
    direction: Int8s,
    result: Int32s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    of_direction: Int64s,
    of_kind: Int64s,
    of_pair: Int64s,
    of_result: Int64s,
    kind_code: Int64s,
    result_code: Int64s,
    n_slots: int,
    n_results: int,
    block: Floats,
) -> None:
    last_seen = np.full(len(kind_code), -1, np.int64)
    shares = n_slots * _PER_SLOT
    kinds_at = shares + n_results
    # Counted beside the block, whose rows lie far apart in memory.
    counts = np.empty(shares)
    has_pairs = of_pair.size > 0 and of_pair.max() >= 0
    for s in range(len(first)):
        counts[:] = 0.0
        for slot in range(n_slots):
            counts[slot * _PER_SLOT + _DAYS_SINCE] = np.nan
        latest = -1
        kinds = with_result = 0
        for event in range(first[s], stop[s]):
            if event_type[event] != INTERACTION:
                continue
            age_us = as_of[s] - occurred_at[event]
            window = _window(age_us)
            days = age_us / DAY_US
            _add(counts, 0, window, days)
            _add(counts, of_direction[direction[event]], window, days)
            _add(counts, of_kind[kind[event]], window, days)
            if has_pairs:
                _add(counts, of_pair[kind[event], direction[event]], window, days)
            if n_results > 0:
                _add(counts, of_result[result[event]], window, days)
                with_result += result[event] >= 0
            kinds += last_seen[kind[event]] != s
            last_seen[kind[event]] = s
            latest = event
        _write(counts, n_slots, block[s])
        for place in range(n_results):
            ever = block[s, (n_slots - n_results + place) * _PER_SLOT + _DAYS_SINCE - 1]
            block[s, shares + place] = ever / with_result if with_result else np.nan
        latest_kind = kind_code[kind[latest]] if latest >= 0 else -1
        latest_result = result_code[result[latest]] if latest >= 0 else -1
        block[s, kinds_at] = kinds
        block[s, kinds_at + 1] = np.nan if latest_kind < 0 else latest_kind
        block[s, kinds_at + 2] = np.nan if latest_result < 0 else latest_result


@njit(cache=True, nogil=True)  # pragma: no cover
def _window(age_us: int) -> int:
    """The narrowest window that an event of this age is in; no branch to be guessed wrong."""
    beyond_days = (age_us >= DAY_US) + (age_us >= 7 * DAY_US)
    return beyond_days + (age_us >= 30 * DAY_US) + (age_us >= 90 * DAY_US)


@njit(cache=True, nogil=True)  # pragma: no cover
def _add(counts: Floats, slot: int, window: int, days: float) -> None:
    if slot >= 0:
        # Of an unsigned index it is not asked whether it counts from the end.
        at = np.uint64(slot * _PER_SLOT)
        counts[at + np.uint64(window)] += 1.0
        counts[at + np.uint64(_DAYS_SINCE)] = days


@njit(cache=True, nogil=True)  # pragma: no cover
def _write(counts: Floats, n_slots: int, row: Floats) -> None:
    """Each window holds the narrower ones."""
    for first in range(0, n_slots * _PER_SLOT, _PER_SLOT):
        within = 0.0
        for column in range(first, first + _DAYS_SINCE):
            within += counts[column]
            row[column] = within
        row[first + _DAYS_SINCE] = counts[first + _DAYS_SINCE]


ENGAGEMENT = Family("engagement", learn, columns, fill, prepare)
