"""Rhythm signals: how dense, regular and long the contact with a lead is, and with how many.

In `intensity_7d` a contact counts 2^(-age / 7 days), likewise for a day and 30. Columns that would
be made-up zeros, because nobody records directions, people or durations, are left out.
"""

from dataclasses import dataclass

import numpy as np

from features.engagement import (
    ACTIVITY,
    FROM_LEAD,
    IN_TOUCH,
    NO_CONTACT,
    NO_INBOUND,
)
from features.population import Population
from features.rhythm_kernel import walk_rhythm
from features.signal import Column, Evidence, Family, FamilySettings, Group, Unit
from features.vocabulary import enough_leads, leads_of_events
from leads.arrays import MISSING, Floats
from leads.records import INTERACTION
from leads.timeline import Timelines
from leads.view import View

CONVERSATION = Group(
    "conversation", "How long you talk", evidence=Evidence(INTERACTION, talked=True)
)

_ONE_CONTACT = "Fewer than two contacts yet."
_TWO_CONTACTS = "Fewer than three contacts yet."
_NO_CONVERSATION = "No conversation yet."
_HALF_LIVES = (("1d", "day"), ("7d", "week"), ("30d", "month"))


def _intensities(prefix: str, group: Group, what: str, none: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{prefix}intensity_{half_life}", group, "ratio",
            f"{what} in about the last {period}, older ones counting less: {{value}}", none,
        )
        for half_life, period in _HALF_LIVES
    )  # fmt: skip


def _trends(prefix: str, group: Group, what: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{prefix}trend_{days}d", group, "difference",
            f"{what} in the last {days} days compared with the {days} days before: {{value}}",
            f"It came in less than {days} days ago.",
        )
        for days in (7, 30)
    )  # fmt: skip


def _count(name: str, group: Group, what: str) -> Column:
    return Column(name, group, "count", f"{what}: {{value}}", NO_CONTACT)


def _other(name: str, group: Group, unit: Unit, sentence: str, missing: str) -> Column:
    return Column(name, group, unit, sentence, missing)


_OF_ALL = (
    *_intensities("", ACTIVITY, "Contacts", NO_CONTACT),
    *_trends("", ACTIVITY, "Contacts"),
    _count("interactions_first_week", ACTIVITY, "Contacts in its first 7 days"),
    Column("days_since_first_interaction", IN_TOUCH, "days",
           "The first contact was {value} ago", NO_CONTACT,
           evidence=Evidence(INTERACTION, earliest=True)),
    _count("active_days", ACTIVITY, "Days with contact"),
    _count("active_days_30d", ACTIVITY, "Days with contact in the last 30 days"),
    _other("mean_gap_days", IN_TOUCH, "days",
           "{value} between contacts on average", _ONE_CONTACT),
    _other("last_gap_days", IN_TOUCH, "days",
           "{value} between the last two contacts", _ONE_CONTACT),
    _other("gap_variation", IN_TOUCH, "ratio",
           "How uneven the gaps between contacts are, 0 being even: {value}", _TWO_CONTACTS),
    Column("silence_in_gaps", IN_TOUCH, "ratio",
           "The time since the last contact is {times} the usual time between contacts",
           _ONE_CONTACT, comparable=False),
)  # fmt: skip
_OF_INBOUND = (
    *_intensities("inbound_", FROM_LEAD, "Contacts from the lead", NO_INBOUND),
    *_trends("inbound_", FROM_LEAD, "Contacts from the lead"),
    _count("inbound_first_week", FROM_LEAD, "Contacts from the lead in its first 7 days"),
)
_OF_PEOPLE = (
    _count("people_ever", ACTIVITY, "People involved"),
    _count("people_30d", ACTIVITY, "People involved in the last 30 days"),
)
_OF_CONVERSATION = (
    _other("minutes_7d", CONVERSATION, "minutes",
           "Conversation in the last 7 days: {value}", _NO_CONVERSATION),
    _other("minutes_30d", CONVERSATION, "minutes",
           "Conversation in the last 30 days: {value}", _NO_CONVERSATION),
    _other("minutes_ever", CONVERSATION, "minutes",
           "Conversation so far: {value}", _NO_CONVERSATION),
    _other("longest_minutes", CONVERSATION, "minutes",
           "The longest conversation took {value}", _NO_CONVERSATION),
)  # fmt: skip


def learn(timelines: Timelines) -> FamilySettings:
    """Whether at least 20 leads have a contact with a direction, a person, a duration."""
    events = timelines.events
    rows = np.flatnonzero(events.type == INTERACTION)
    lead = leads_of_events(timelines)[rows]
    return {
        "directions": enough_leads(lead[events.direction[rows] >= 0]),
        "people": enough_leads(lead[events.actor[rows] >= 0]),
        "durations": enough_leads(lead[~np.isnan(events.duration_seconds[rows])]),
    }


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Over all contacts, then over what is recorded: from the lead, people, conversation."""
    return (
        *_OF_ALL,
        *(_OF_INBOUND if settings["directions"] else ()),
        *(_OF_PEOPLE if settings["people"] else ()),
        *(_OF_CONVERSATION if settings["durations"] else ()),
    )


@dataclass(frozen=True)
class Places:
    """The first column of each part, -1 for one left out, and the number of actors."""

    inbound: int
    people: int
    conversation: int
    actors: int


def prepare(settings: FamilySettings, timelines: Timelines) -> Places:
    """Where the parts of the block begin."""
    inbound = len(_OF_ALL)
    people = inbound + (len(_OF_INBOUND) if settings["directions"] else 0)
    conversation = people + (len(_OF_PEOPLE) if settings["people"] else 0)
    return Places(
        inbound if settings["directions"] else MISSING,
        people if settings["people"] else MISSING,
        conversation if settings["durations"] else MISSING,
        len(timelines.actors),
    )


def fill(places: Places, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's known interactions."""
    events = view.events
    walk_rhythm(
        events.type, events.occurred_at, events.direction, events.actor, events.duration_seconds,
        view.first, view.stop, view.as_of, view.created_at,
        places.inbound, places.people, places.conversation, places.actors, block,
    )  # fmt: skip


RHYTHM = Family("rhythm", learn, columns, fill, prepare)
