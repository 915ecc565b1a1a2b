"""Interaction signals, with values worked out by hand."""

import math

import pytest

from features.interactions import INTERACTIONS, learn
from leads.view import known_by
from tests.features.values import assert_values, values_at
from tests.leads.histories import at, contact, lead, moved, timelines_of

SETTINGS = {"directions": True, "kinds": ["email", "邮件"], "results": ["svarade"]}
MISSING = math.nan


def values(days, *events, settings=SETTINGS):
    return values_at(days, INTERACTIONS, settings, events)


def test_lead_without_contact_has_counts_of_zero_and_nothing_else():
    found = values(5)
    assert_values(
        found,
        interactions_1d=0, interactions_7d=0, interactions_30d=0, interactions_ever=0,
        days_since_interaction=MISSING, days_since_first_interaction=MISSING, active_days=0,
        people_ever=0, intensity_7d=0, minutes_ever=MISSING, mean_gap_days=MISSING,
        silence_in_gaps=MISSING, inbound_ever=0, outbound_ever=0, days_since_inbound=MISSING,
        days_since_outbound=MISSING, inbound_intensity_7d=0, reply_hours=MISSING,
        answered_share=MISSING, lead_spoke_last=MISSING, kind_email_ever=0,
        kind_email_days_since=MISSING, last_kind=MISSING, last_result=MISSING,
    )  # fmt: skip


def test_windows_count_what_is_younger_than_they_are_long():
    found = values(40, contact(5), contact(10), contact(33), contact(33.001), contact(39.5))
    assert_values(
        found, interactions_1d=1, interactions_7d=2, interactions_30d=3, interactions_ever=5
    )


def test_stage_changes_are_no_contact():
    assert_values(values(5, moved(1, "Won"), contact(2)), interactions_ever=1)


def test_rhythm_of_three_contacts():
    """Contacts on days 1, 3 and 7, seen on day 14: gaps of 3 days, quiet for 7."""
    found = values(14, contact(1), contact(3), contact(7))
    assert_values(
        found,
        days_since_interaction=7, days_since_first_interaction=13, active_days=3,
        intensity_7d=0.5 ** (13 / 7) + 0.5 ** (11 / 7) + 0.5, mean_gap_days=3,
        silence_in_gaps=7 / 3,
    )  # fmt: skip


def test_contacts_at_one_moment_have_no_gap_to_measure_silence_in():
    found = values(2, contact(1), contact(1, event_id="again"))
    assert_values(found, mean_gap_days=0, silence_in_gaps=MISSING, active_days=1)


def test_days_with_contact_are_days_in_utc():
    """The histories start at 09:17, so that 0.6 days later is 23:41 and 0.62 the next day."""
    assert_values(values(5, contact(0), contact(0.6)), active_days=1)
    assert_values(values(5, contact(0.6), contact(0.62)), active_days=2)


def test_people_are_counted_once_and_missing_where_nobody_is_named():
    assert_values(values(5, contact(1)), people_ever=MISSING)
    events = [contact(1, actor="Åke"), contact(2, actor="李"), contact(3, actor="Åke"), contact(4)]
    assert_values(values(5, *events), people_ever=2)


def test_minutes_are_those_of_contacts_with_a_duration():
    events = [contact(1, duration_seconds=90.0), contact(2), contact(3, duration_seconds=30.0)]
    assert_values(values(5, *events), minutes_ever=2)
    assert_values(values(5, contact(1, duration_seconds=0.0)), minutes_ever=0)
    assert_values(values(5, contact(2)), minutes_ever=MISSING)


def test_directions_are_counted_apart_and_unknown_ones_in_neither():
    events = [
        contact(1, direction="inbound"),
        contact(9, direction="inbound"),
        contact(9.5, direction="outbound"),
        contact(9.6),
    ]
    assert_values(
        values(10, *events),
        inbound_1d=0, inbound_7d=1, inbound_30d=2, inbound_ever=2,
        outbound_1d=1, outbound_7d=1, outbound_30d=1, outbound_ever=1, interactions_ever=4,
    )  # fmt: skip


def test_answer_is_timed_from_the_first_message_of_an_attempt():
    """Sent on days 1 and 2, answered on 3; sent on 4, answered on 4.5; sent on 5, no answer."""
    events = [contact(days, direction="outbound") for days in (1, 2, 4, 5)]
    events += [contact(days, direction="inbound") for days in (3, 4.5)]
    assert_values(
        values(7, *events),
        reply_hours=(48 + 12) / 2, answered_share=2 / 3, lead_spoke_last=0,
        days_since_inbound=2.5, days_since_outbound=2,
        inbound_intensity_7d=0.5 ** (4 / 7) + 0.5 ** (2.5 / 7),
    )  # fmt: skip


def test_what_comes_from_the_lead_by_itself_is_no_answer():
    found = values(5, contact(1, direction="inbound"), contact(2, direction="inbound"))
    assert_values(found, reply_hours=MISSING, answered_share=MISSING, lead_spoke_last=1)


def test_kinds_are_counted_apart():
    events = [contact(1, "email"), contact(39, "email"), contact(30, "邮件"), contact(39.5, "call")]
    found = values(40, *events)
    assert_values(
        found,
        kind_email_7d=1, kind_email_30d=1, kind_email_ever=2, kind_email_days_since=1,
        kind_1_7d=0, kind_1_30d=1, kind_1_ever=1, kind_1_days_since=10,
    )  # fmt: skip


def test_latest_kind_is_its_slot_or_the_one_past_them():
    assert_values(values(9, contact(1, "邮件"), contact(2, "email")), last_kind=0)
    assert_values(values(9, contact(2, "邮件"), contact(1, "email")), last_kind=1)
    assert_values(values(9, contact(1, "邮件"), contact(2, "call")), last_kind=2)


def test_latest_kind_of_a_tie_is_the_last_in_the_stated_order():
    tied = [contact(1, "email", event_id="2"), contact(1, "邮件", event_id="10")]
    assert_values(values(9, *tied), last_kind=0)
    assert_values(values(9, *tied[::-1]), last_kind=0)


def test_results_are_counted_apart():
    events = [contact(1, result="svarade"), contact(2, result="busy"), contact(3)]
    assert_values(values(4, *events[:2]), last_result=1, result_svarade_ever=1)
    assert_values(values(4, *events), last_result=MISSING, result_svarade_days_since=3)


def test_without_directions_and_levels_their_columns_are_left_out():
    found = values(4, contact(1), settings={"directions": False, "kinds": [], "results": []})
    assert len(found) == 4 + 8 + 2
    assert_values(found, interactions_ever=1, last_kind=0, last_result=MISSING)


def leads_with(n, **said):
    """Timelines of 30 leads of which the first `n` have such a contact, twice."""
    leads = [lead(lead_id=str(number)) for number in range(30)]
    events = [
        contact(days, event_id=f"{number}@{days}", lead_id=str(number), **said)
        for number in range(n)
        for days in (1, 2)
    ]
    return timelines_of(leads, events)


@pytest.mark.parametrize(("n", "learned"), [(19, False), (20, True)])
def test_kinds_results_and_directions_are_learned_from_twenty_leads(n, learned):
    found = learn(leads_with(n, kind="möte", result="svarade", direction="inbound"))
    assert found == {
        "directions": learned,
        "kinds": ["möte"] * learned,
        "results": ["svarade"] * learned,
    }


def test_what_happens_after_the_cut_is_not_learned():
    assert learn(known_by(leads_with(25), at(0.5)))["kinds"] == []
