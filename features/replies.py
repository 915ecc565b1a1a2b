"""Reply signals: who answers whom, how fast, who spoke last and how long a message waits.

Messages in one direction without an answer between belong to one attempt: the answer is timed
from the first of them. Without recorded directions there is nothing to say, and no column.
"""

import numpy as np
from numba import njit

from features.engagement import ANY_CONTACT, NO_INBOUND, NO_OUTBOUND
from features.population import Population
from features.signal import Column, Evidence, Family, FamilySettings, Group
from features.vocabulary import enough_leads, leads_of_events
from leads.arrays import Floats, Int8s, Int64s
from leads.clock import DAY_US, HOUR_US
from leads.records import INTERACTION
from leads.timeline import Timelines
from leads.view import View

REPLIES_GROUP = Group("replies", "How the lead answers", evidence=ANY_CONTACT)
OUR_REPLIES = Group("our_replies", "How we answer", evidence=ANY_CONTACT)
FIRST_CONTACT = Group("first_contact", "How soon you were in touch", evidence=ANY_CONTACT)

_NO_ANSWER = "No answer from the lead yet."
_NO_ANSWER_OF_OURS = "We have not answered the lead yet."

_COLUMNS = (
    Column("reply_hours", REPLIES_GROUP, "hours",
           "The lead answers after {value} on average", _NO_ANSWER),
    Column("last_reply_hours", REPLIES_GROUP, "hours",
           "The lead's last answer came after {value}", _NO_ANSWER),
    Column("answered_share", REPLIES_GROUP, "share",
           "The lead answered {value} of our messages", NO_OUTBOUND),
    Column("unanswered_days", REPLIES_GROUP, "days",
           "Our message has waited for an answer for {value}",
           "No message of ours waits for an answer."),
    Column("our_reply_hours", OUR_REPLIES, "hours",
           "We answer after {value} on average", _NO_ANSWER_OF_OURS),
    Column("our_last_reply_hours", OUR_REPLIES, "hours",
           "Our last answer came after {value}", _NO_ANSWER_OF_OURS),
    Column("our_answered_share", OUR_REPLIES, "share",
           "We answered {value} of the lead's messages", NO_INBOUND),
    Column("our_unanswered_days", OUR_REPLIES, "days",
           "The lead has waited for our answer for {value}",
           "No message of the lead waits for an answer."),
    Column("lead_spoke_last", REPLIES_GROUP, "flag",
           "The lead was the last to be in touch: {value}",
           "No message in either direction yet."),
    Column("unanswered_attempts", REPLIES_GROUP, "count",
           "Contacts from us since the lead was last in touch: {value}", NO_OUTBOUND),
    Column("hours_to_first_inbound", FIRST_CONTACT, "hours",
           "The lead was first in touch {value} after it came in", NO_INBOUND,
           evidence=Evidence(INTERACTION, direction=0, earliest=True)),
    Column("hours_to_first_outbound", FIRST_CONTACT, "hours",
           "We were first in touch {value} after it came in", NO_OUTBOUND,
           evidence=Evidence(INTERACTION, direction=1, earliest=True)),
)  # fmt: skip
# Where the columns about the lead's answers begin, and those about ours.
_SIDES = (0, 4)
_SPOKE_LAST, _ATTEMPTS, _TO_FIRST = 8, 9, 10


def learn(timelines: Timelines) -> FamilySettings:
    """Whether at least 20 leads have a contact whose direction is known."""
    events = timelines.events
    directed = (events.type == INTERACTION) & (events.direction >= 0)
    return {"directions": enough_leads(leads_of_events(timelines)[directed])}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The columns above, none without directions."""
    return _COLUMNS if settings["directions"] else ()


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's known interactions that have a direction."""
    if settings["directions"]:
        events = view.events
        _walk(
            events.type, events.occurred_at, events.direction,
            view.first, view.stop, view.as_of, view.created_at, block,
        )  # fmt: skip


@njit(cache=True, nogil=True)  # pragma: no cover
def _walk(
    event_type: Int8s,
    occurred_at: Int64s,
    direction: Int8s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    created_at: Int64s,
    block: Floats,
) -> None:
    """By side: 0 is the lead's messages and its answers to ours, 1 ours and our answers."""
    attempts = np.zeros(2, np.int64)
    answers = np.zeros(2, np.int64)
    waited_us = np.zeros(2, np.int64)
    waiting_since = np.zeros(2, np.int64)
    for s in range(len(first)):
        block[s, :] = np.nan
        attempts[:] = answers[:] = waited_us[:] = 0
        last, in_a_row = -1, 0
        for event in range(first[s], stop[s]):
            if event_type[event] != INTERACTION or direction[event] < 0:
                continue
            at, side = occurred_at[event], direction[event]
            if last == 1 - side:
                answers[side] += 1
                waited_us[side] += at - waiting_since[1 - side]
                block[s, _SIDES[side] + 1] = (at - waiting_since[1 - side]) / HOUR_US
            if last != side:
                if attempts[side] == 0:
                    block[s, _TO_FIRST + side] = max(at - created_at[s], 0) / HOUR_US
                attempts[side] += 1
                waiting_since[side] = at
                in_a_row = 0
            in_a_row += 1
            last = side
        if last >= 0:
            block[s, _SPOKE_LAST] = last == 0
            # What one side sent last waits for the other.
            block[s, _SIDES[1 - last] + 3] = (as_of[s] - waiting_since[last]) / DAY_US
        if attempts[1]:
            block[s, _ATTEMPTS] = in_a_row if last == 1 else 0
        for side in range(2):
            if answers[side]:
                block[s, _SIDES[side]] = waited_us[side] / answers[side] / HOUR_US
            if attempts[1 - side]:
                block[s, _SIDES[side] + 2] = answers[side] / attempts[1 - side]


REPLIES = Family("replies", learn, columns, fill)
