"""Interaction signals: how often, how lately, in which direction and rhythm a lead was in touch."""

from typing import Any

import numpy as np

from features.interaction_kernels import (
    count_directions,
    count_levels,
    count_windows,
    walk_replies,
    walk_rhythm,
)
from features.naming import column_names, leads_with, most_common
from features.population import Population
from features.signal import Column, Evidence, Family, FamilySettings, Group, Unit
from leads.arrays import Floats, Int32s, Int64s
from leads.records import INTERACTION
from leads.timeline import Timelines
from leads.view import View

AT_LEAST_LEADS = 20
MOST_KINDS = 16
MOST_RESULTS = 8

_ANY = Evidence(INTERACTION)
ACTIVITY = Group("activity", "How much contact there is", evidence=_ANY)
SILENCE = Group("silence", "How long it has been quiet", evidence=_ANY)
FROM_LEAD = Group(
    "inbound", "What comes from the lead", evidence=Evidence(INTERACTION, direction=0)
)
FROM_US = Group("outbound", "What we send", evidence=Evidence(INTERACTION, direction=1))
RHYTHM = Group("rhythm", "Rhythm of the contact", evidence=_ANY)
REPLIES = Group("replies", "How the lead answers", evidence=_ANY)
PEOPLE = Group("people", "Who is involved", evidence=_ANY)
LATEST = Group("latest", "The latest contact", evidence=_ANY)

_NONE = "No contact yet."
_NO_INBOUND = "Nothing came from the lead yet."
_NO_OUTBOUND = "Nothing was sent to the lead yet."


def _count(name: str, group: Group, what: str) -> Column:
    return Column(name, group, "count", what, _NONE)


_COUNTS = (
    _count("interactions_1d", ACTIVITY, "Contacts in the last day: {value}"),
    _count("interactions_7d", ACTIVITY, "Contacts in the last 7 days: {value}"),
    _count("interactions_30d", ACTIVITY, "Contacts in the last 30 days: {value}"),
    _count("interactions_ever", ACTIVITY, "Contacts so far: {value}"),
)
_DIRECTED_COUNTS = (
    _count("inbound_1d", FROM_LEAD, "Messages and calls from the lead in the last day: {value}"),
    _count("inbound_7d", FROM_LEAD, "Messages and calls from the lead in the last 7 days: {value}"),
    _count(
        "inbound_30d", FROM_LEAD, "Messages and calls from the lead in the last 30 days: {value}"
    ),
    _count("inbound_ever", FROM_LEAD, "Messages and calls from the lead so far: {value}"),
    _count("outbound_1d", FROM_US, "Our messages and calls in the last day: {value}"),
    _count("outbound_7d", FROM_US, "Our messages and calls in the last 7 days: {value}"),
    _count("outbound_30d", FROM_US, "Our messages and calls in the last 30 days: {value}"),
    _count("outbound_ever", FROM_US, "Our messages and calls so far: {value}"),
)
_RHYTHM = (
    Column(
        "days_since_interaction", SILENCE, "days",
        "The last contact was {value} ago", _NONE,
    ),
    Column(
        "days_since_first_interaction", RHYTHM, "days",
        "The first contact was {value} ago", _NONE,
    ),
    _count("active_days", ACTIVITY, "Days with contact: {value}"),
    _count("people_ever", PEOPLE, "People involved: {value}"),
    Column(
        "intensity_7d", ACTIVITY, "ratio",
        "Recent contacts, those of a week ago counting half: {value}", _NONE,
    ),
    Column(
        "minutes_ever", ACTIVITY, "minutes",
        "Conversation so far: {value}", "No conversation yet.",
    ),
    Column(
        "mean_gap_days", RHYTHM, "days",
        "{value} between contacts on average", "Fewer than two contacts yet.",
    ),
    Column(
        "silence_in_gaps", SILENCE, "ratio",
        "Quiet for {value} times the usual gap between contacts",
        "Fewer than two contacts yet.",
    ),
)  # fmt: skip
_REPLIES = (
    Column(
        "days_since_inbound", SILENCE, "days",
        "The lead was last in touch {value} ago", _NO_INBOUND,
    ),
    Column(
        "days_since_outbound", FROM_US, "days",
        "We last wrote or called {value} ago", _NO_OUTBOUND,
    ),
    Column(
        "inbound_intensity_7d", FROM_LEAD, "ratio",
        "Recent contacts from the lead, those of a week ago counting half: {value}",
        _NO_INBOUND,
    ),
    Column(
        "reply_hours", REPLIES, "hours",
        "Answers after {value} on average", "No answer from the lead yet.",
    ),
    Column(
        "answered_share", REPLIES, "share",
        "Answered {value} of our messages", _NO_OUTBOUND,
    ),
    Column(
        "lead_spoke_last", REPLIES, "flag",
        "The lead was the last to be in touch: {value}", "No message in either direction yet.",
    ),
)  # fmt: skip
_PER_LEVEL: tuple[tuple[str, Unit, str], ...] = (
    ("7d", "count", "{what} in the last 7 days: {{value}}"),
    ("30d", "count", "{what} in the last 30 days: {{value}}"),
    ("ever", "count", "{what} so far: {{value}}"),
    ("days_since", "days", "{what}: the last one was {{value}} ago"),
)


def learn(timelines: Timelines) -> FamilySettings:
    """The kinds and results that at least 20 leads have, most frequent first.

    `directions`: whether at least 20 leads have a contact whose direction is known; without, the
    columns about who was in touch would be made-up zeros and are left out.
    """
    events = timelines.events
    rows = np.flatnonzero(events.type == INTERACTION)
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))[rows]
    directed = np.unique(lead[events.direction[rows] >= 0])
    return {
        "directions": len(directed) >= AT_LEAST_LEADS,
        "kinds": _frequent(lead, events.name[rows], timelines.kinds, MOST_KINDS),
        "results": _frequent(lead, events.result[rows], timelines.results, MOST_RESULTS),
    }


def _frequent(lead: Int64s, codes: Int32s, texts: tuple[str, ...], at_most: int) -> list[str]:
    counts = leads_with(lead.tolist(), codes.tolist())
    named = [(texts[code], count) for code, count in counts.items() if code >= 0]
    return list(most_common(named, AT_LEAST_LEADS, at_most))


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Counts, rhythm and replies over all contacts, then the same four of each kind and result."""
    kinds, results = settings["kinds"], settings["results"]
    directed = (*_DIRECTED_COUNTS, *_REPLIES) if settings["directions"] else ()
    return (
        *_COUNTS,
        *_RHYTHM,
        *directed,
        *_of_levels(kinds, "kind", "{level}", "{level}"),
        _latest("last_kind", kinds),
        *_of_levels(results, "result", "Result “{level}”", "Contacts with the result “{level}”"),
        _latest("last_result", results),
    )


def _of_levels(levels: list[str], prefix: str, label: str, what: str) -> list[Column]:
    declared = []
    for level, name in zip(levels, column_names(levels, prefix), strict=True):
        named = {"level": level}
        behind = (
            Evidence(INTERACTION, name=level)
            if prefix == "kind"
            else Evidence(INTERACTION, result=level)
        )
        group = Group(name, label, named, behind)
        declared += [
            Column(
                f"{name}_{suffix}",
                group,
                unit,
                message.format(what=what),
                f"{what}: none yet.",
                named,
            )
            for suffix, unit, message in _PER_LEVEL
        ]
    return declared


def _latest(name: str, levels: list[str]) -> Column:
    return Column(name, LATEST, "level", "The latest contact: {value}", _NONE, levels=tuple(levels))


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's known interactions."""
    events, timelines = view.events, view.timelines
    known = (events.type, events.occurred_at, view.first, view.stop, view.as_of)
    at = len(_COUNTS)
    count_windows(*known, block[:, :at])
    parts: list[tuple[Any, tuple[Column, ...], tuple[Any, ...]]] = [
        (walk_rhythm, _RHYTHM, (events.duration_seconds, events.actor, len(timelines.actors)))
    ]
    if settings["directions"]:
        parts.append((count_directions, _DIRECTED_COUNTS, (events.direction,)))
        parts.append((walk_replies, _REPLIES, (events.direction,)))
    for kernel, declared, more in parts:
        kernel(*known, *more, block[:, at : at + len(declared)])
        at += len(declared)
    for codes, texts, chosen in (
        (events.name, timelines.kinds, settings["kinds"]),
        (events.result, timelines.results, settings["results"]),
    ):
        width = len(_PER_LEVEL) * len(chosen) + 1
        count_levels(*known, codes, _slots(texts, chosen), len(chosen), block[:, at : at + width])
        at += width


def _slots(texts: tuple[str, ...], chosen: list[str]) -> Int64s:
    """The slot of each text among the chosen ones; one past them for any other."""
    slot_of = {text: slot for slot, text in enumerate(chosen)}
    return np.array([slot_of.get(text, len(chosen)) for text in texts], np.int64)


INTERACTIONS = Family("interactions", learn, columns, fill)
