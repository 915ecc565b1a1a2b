"""Reply signals, with values worked out by hand."""

import math

import pytest

from features.replies import REPLIES, learn
from tests.features.values import assert_values, values_at
from tests.leads.histories import contact, lead, moved, timelines_of

MISSING = math.nan


def values(days, *events, created=0.0):
    return values_at(days, REPLIES, {"directions": True}, events, [lead(created)])


def sent(*days):
    return [contact(day, direction="outbound") for day in days]


def received(*days):
    return [contact(day, direction="inbound") for day in days]


def test_without_a_message_nothing_is_known():
    found = values(5, contact(1), moved(2, "Qualified"))
    assert all(math.isnan(value) for value in found.values())


def test_answer_is_timed_from_the_first_message_of_an_attempt():
    """Sent on days 1 and 2, answered on 3; sent on 4, answered on 4.5; sent on 5, no answer."""
    assert_values(
        values(7, *sent(1, 2, 4, 5), *received(3, 4.5)),
        reply_hours=(48 + 12) / 2, last_reply_hours=12, answered_share=2 / 3, unanswered_days=2,
        our_reply_hours=(24 + 12) / 2, our_last_reply_hours=12, our_answered_share=1,
        our_unanswered_days=MISSING, lead_spoke_last=0, unanswered_attempts=1,
        hours_to_first_inbound=72, hours_to_first_outbound=24,
    )  # fmt: skip


def test_what_comes_from_the_lead_by_itself_is_no_answer():
    assert_values(
        values(5, *received(1, 2)),
        reply_hours=MISSING, last_reply_hours=MISSING, answered_share=MISSING,
        unanswered_days=MISSING, our_reply_hours=MISSING, our_answered_share=0,
        our_unanswered_days=4, lead_spoke_last=1, unanswered_attempts=MISSING,
        hours_to_first_outbound=MISSING,
    )  # fmt: skip


def test_attempts_without_an_answer_are_those_since_the_lead_was_in_touch():
    assert_values(values(9, *sent(1, 2, 3)), unanswered_attempts=3, unanswered_days=8)
    assert_values(values(9, *sent(1, 4, 5, 6), *received(2)), unanswered_attempts=3)
    assert_values(values(9, *sent(1, 4), *received(5)), unanswered_attempts=0)


def test_contacts_without_a_direction_do_not_interrupt_a_wait():
    found = values(9, *received(1), contact(2), *sent(3), contact(4))
    assert_values(found, our_reply_hours=48, unanswered_days=6, lead_spoke_last=0)


def test_contact_before_the_lead_came_in_was_at_once():
    found = values(9, *received(-3), *sent(-2), created=1)
    assert_values(found, hours_to_first_inbound=0, hours_to_first_outbound=0, our_reply_hours=24)


def test_without_recorded_directions_there_is_no_column():
    assert REPLIES.columns({"directions": False}) == ()


@pytest.mark.parametrize(("n", "learned"), [(19, False), (20, True)])
def test_directions_are_learned_from_twenty_leads(n, learned):
    leads = [lead(lead_id=str(number)) for number in range(30)]
    events = [
        contact(1, direction="inbound" if number < n else None, lead_id=str(number),
                event_id=str(number))
        for number in range(30)
    ]  # fmt: skip
    assert learn(timelines_of(leads, events)) == {"directions": learned}
