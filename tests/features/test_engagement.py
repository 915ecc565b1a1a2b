"""Engagement signals, with values worked out by hand."""

import math

import pytest

from features.engagement import ENGAGEMENT, learn
from features.signal import Evidence
from features.vocabulary import fingerprint
from leads.records import INTERACTION
from leads.view import known_by
from tests.features.values import assert_values, values_at
from tests.leads.histories import at, contact, lead, moved, timelines_of

SETTINGS = {
    "directions": True,
    "kinds": {"levels": ["email", "邮件"], "rare": [fingerprint("fax")]},
    "directed_kinds": ["email"],
    "results": {"levels": ["svarade", "busy"], "rare": []},
}
NOTHING = {
    "directions": False,
    "kinds": {"levels": [], "rare": []},
    "directed_kinds": [],
    "results": {"levels": [], "rare": []},
}
MISSING = math.nan


def values(days, *events, settings=SETTINGS):
    return values_at(days, ENGAGEMENT, settings, events)


def test_lead_without_contact_has_counts_of_zero_and_nothing_else():
    found = values(5)
    assert_values(
        found,
        interactions_1d=0, interactions_7d=0, interactions_30d=0, interactions_90d=0,
        interactions_ever=0, days_since_interaction=MISSING, inbound_ever=0, outbound_ever=0,
        days_since_inbound=MISSING, days_since_outbound=MISSING, kind_email_ever=0,
        kind_email_days_since=MISSING, inbound_kind_email_7d=0, result_svarade_share=MISSING,
        kinds_ever=0, last_kind=MISSING, last_result=MISSING,
    )  # fmt: skip


def test_windows_count_what_is_younger_than_they_are_long():
    contacts = [contact(days) for days in (5, 9.999, 10, 70, 70.001, 93, 93.001, 99, 99.001)]
    assert_values(
        values(100, *contacts),
        interactions_1d=1, interactions_7d=3, interactions_30d=5, interactions_90d=6,
        interactions_ever=9, days_since_interaction=0.999,
    )  # fmt: skip


def test_stage_changes_are_no_contact():
    assert_values(values(5, moved(1, "Won"), contact(2)), interactions_ever=1)


def test_directions_are_counted_apart_and_unknown_ones_in_neither():
    events = [
        contact(1, direction="inbound"),
        contact(9, direction="inbound"),
        contact(9.5, direction="outbound"),
        contact(9.6),
    ]
    assert_values(
        values(10, *events),
        inbound_1d=0, inbound_7d=1, inbound_30d=2, inbound_90d=2, inbound_ever=2,
        outbound_1d=1, outbound_7d=1, outbound_30d=1, outbound_ever=1, interactions_ever=4,
        days_since_inbound=1, days_since_outbound=0.5,
    )  # fmt: skip


def test_kinds_are_counted_apart():
    events = [contact(1, "email"), contact(39, "email"), contact(30, "邮件"), contact(39.5, "call")]
    found = values(40, *events)
    assert_values(
        found,
        kind_email_1d=0, kind_email_7d=1, kind_email_30d=1, kind_email_90d=2, kind_email_ever=2,
        kind_email_days_since=1, kind_1_7d=0, kind_1_30d=1, kind_1_ever=1, kind_1_days_since=10,
        kinds_ever=3,
    )  # fmt: skip


def test_kind_that_goes_both_ways_is_counted_by_direction():
    events = [contact(days, direction="outbound") for days in (1, 2, 3)]
    events += [contact(4, direction="inbound"), contact(5), contact(6, "邮件", direction="inbound")]
    assert_values(
        values(8, *events),
        outbound_kind_email_7d=2, outbound_kind_email_ever=3, outbound_kind_email_days_since=5,
        inbound_kind_email_ever=1, inbound_kind_email_days_since=4, kind_email_ever=5,
        inbound_ever=2,
    )  # fmt: skip


def test_latest_kind_is_its_code_or_that_of_rare_or_unseen_kinds():
    assert_values(values(9, contact(1, "邮件"), contact(2, "email")), last_kind=0)
    assert_values(values(9, contact(2, "邮件"), contact(1, "email")), last_kind=1)
    assert_values(values(9, contact(1, "邮件"), contact(2, "fax")), last_kind=2)
    assert_values(values(9, contact(1, "邮件"), contact(2, "call")), last_kind=3)


def test_latest_kind_of_a_tie_is_the_last_in_the_stated_order():
    tied = [contact(1, "email", event_id="2"), contact(1, "邮件", event_id="10")]
    assert_values(values(9, *tied), last_kind=0)
    assert_values(values(9, *tied[::-1]), last_kind=0)


def test_results_are_counted_apart():
    events = [contact(1, result="svarade"), contact(2, result="ringer"), contact(3)]
    assert_values(values(4, events[0]), last_result=0)
    assert_values(values(4, *events[:2]), last_result=3, result_svarade_ever=1)
    assert_values(values(4, *events), last_result=MISSING, result_svarade_days_since=3)


def test_share_of_a_result_is_of_the_contacts_that_have_one():
    events = [contact(1, result="svarade"), contact(2, result="ringer"), contact(3)]
    assert_values(values(4, *events), result_svarade_share=1 / 2, result_busy_share=0)
    assert_values(values(4, events[2]), result_svarade_share=MISSING, result_busy_share=MISSING)


def test_without_directions_and_levels_their_columns_are_left_out():
    found = values(4, contact(1), settings=NOTHING)
    assert len(found) == 6 + 3
    assert_values(found, interactions_ever=1, last_kind=1, last_result=MISSING)


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
        "kinds": {
            "levels": ["möte"] * learned,
            "rare": [] if learned else [fingerprint("möte")],
        },
        "directed_kinds": [],
        "results": {
            "levels": ["svarade"] * learned,
            "rare": [] if learned else [fingerprint("svarade")],
        },
    }


@pytest.mark.parametrize(("n", "learned"), [(19, []), (20, ["email"])])
def test_kind_is_told_apart_by_direction_where_twenty_leads_have_it_each_way(n, learned):
    leads = [lead(lead_id=str(number)) for number in range(30)]
    events = [
        contact(1, direction=direction, lead_id=str(number), event_id=f"{number}{direction}")
        for direction, until in (("inbound", n), ("outbound", 30))
        for number in range(until)
    ]
    assert learn(timelines_of(leads, events))["directed_kinds"] == learned


def test_what_happens_after_the_cut_is_not_learned():
    assert learn(known_by(leads_with(25), at(0.5)))["kinds"] == {"levels": [], "rare": []}


def test_results_are_one_reason_and_each_shows_its_own_contacts():
    of_results = [
        column for column in ENGAGEMENT.columns(SETTINGS) if column.name.startswith("result_")
    ]

    assert {column.group.name for column in of_results} == {"results"}
    assert {column.evidence for column in of_results} == {
        Evidence(INTERACTION, result="svarade"),
        Evidence(INTERACTION, result="busy"),
    }
