"""Rhythm signals, with values worked out by hand."""

import math

import pytest

from features.rhythm import RHYTHM, learn
from tests.features.values import assert_values, values_at
from tests.leads.histories import contact, lead, timelines_of

SETTINGS = {"directions": True, "people": True, "durations": True}
MISSING = math.nan


def values(days, *events, created=0.0, settings=SETTINGS):
    return values_at(days, RHYTHM, settings, events, [lead(created)])


def test_lead_without_contact_has_counts_of_zero_and_nothing_else():
    assert_values(
        values(70),
        intensity_1d=0, intensity_7d=0, intensity_30d=0, trend_7d=0, trend_30d=0,
        interactions_first_week=0, days_since_first_interaction=MISSING, active_days=0,
        active_days_30d=0, mean_gap_days=MISSING, last_gap_days=MISSING, gap_variation=MISSING,
        silence_in_gaps=MISSING, inbound_intensity_7d=0, people_ever=0, people_30d=0,
        minutes_7d=MISSING, minutes_ever=MISSING, longest_minutes=MISSING,
    )  # fmt: skip


def test_rhythm_of_three_contacts():
    """Contacts on days 1, 3 and 7, seen on day 14: gaps of 2 and 4 days, quiet for 7."""
    found = values(14, contact(1), contact(3), contact(7))
    assert_values(
        found,
        days_since_first_interaction=13, active_days=3, mean_gap_days=3, last_gap_days=4,
        gap_variation=1 / 3, silence_in_gaps=7 / 3,
        intensity_1d=0.5**13 + 0.5**11 + 0.5**7,
        intensity_7d=0.5 ** (13 / 7) + 0.5 ** (11 / 7) + 0.5,
        intensity_30d=0.5 ** (13 / 30) + 0.5 ** (11 / 30) + 0.5 ** (7 / 30),
    )  # fmt: skip


def test_contacts_at_one_moment_have_no_gap_to_measure_silence_in():
    found = values(2, contact(1), contact(1, event_id="again"))
    assert_values(found, mean_gap_days=0, last_gap_days=0, silence_in_gaps=MISSING, active_days=1)


def test_even_gaps_do_not_vary_and_two_contacts_have_one_gap_only():
    assert_values(values(9, contact(1), contact(3), contact(5)), gap_variation=0)
    assert_values(values(9, contact(1), contact(3)), gap_variation=MISSING, last_gap_days=2)


def test_days_with_contact_are_days_in_utc():
    """The histories start at 09:17, so that 0.6 days later is 23:41 and 0.62 the next day."""
    assert_values(values(5, contact(0), contact(0.6)), active_days=1)
    assert_values(values(5, contact(0.6), contact(0.62)), active_days=2)


def test_active_days_of_the_window_count_the_day_it_begins_in():
    found = values(40, contact(1), contact(9.9), contact(10.1), contact(10.2), contact(20))
    assert_values(found, active_days=3, active_days_30d=2)
    assert_values(values(40, contact(9.9), contact(10)), active_days=1, active_days_30d=0)
    assert_values(values(40, contact(10), contact(10.1)), active_days=1, active_days_30d=1)


def test_trend_is_the_last_window_less_the_one_before():
    contacts = [contact(days) for days in (0, 30, 45.9, 46, 52, 53, 57, 58, 59)]
    assert_values(values(60, *contacts), trend_7d=3 - 2, trend_30d=7 - 1)


def test_lead_younger_than_the_window_has_nothing_to_compare_with():
    assert_values(values(8, contact(5), created=1.5), trend_7d=MISSING, trend_30d=MISSING)
    assert_values(values(8, contact(5), created=1), trend_7d=1, trend_30d=MISSING)
    assert_values(values(30.9, contact(5), created=1), trend_7d=0, trend_30d=MISSING)
    assert_values(values(31, contact(5), created=1), trend_7d=0, trend_30d=1)


def test_first_week_is_that_of_the_leads_life():
    contacts = [contact(-1), contact(0), contact(6.999, direction="inbound"), contact(7)]
    found = values(30, *contacts)
    assert_values(found, interactions_first_week=2, inbound_first_week=1)


def test_inbound_columns_see_inbound_contacts_alone():
    events = [
        contact(1, direction="inbound"),
        contact(2, direction="outbound"),
        contact(3),
        contact(9, direction="inbound"),
    ]
    assert_values(
        values(14, *events),
        inbound_intensity_7d=0.5 ** (13 / 7) + 0.5 ** (5 / 7), inbound_trend_7d=1 - 1,
        inbound_first_week=1, interactions_first_week=3, trend_7d=1 - 3,
    )  # fmt: skip


def test_people_are_counted_once_and_missing_where_nobody_is_named():
    assert_values(values(5, contact(1)), people_ever=MISSING, people_30d=MISSING)
    events = [
        contact(1, actor="Åke"),
        contact(2, actor="李"),
        contact(39, actor="Åke"),
        contact(40),
    ]
    assert_values(values(41, *events), people_ever=2, people_30d=1)
    assert_values(values(32, *events), people_ever=2, people_30d=0)
    assert_values(values(31.999, *events), people_ever=2, people_30d=1)


def test_minutes_are_those_of_contacts_with_a_duration():
    events = [
        contact(1, duration_seconds=90.0),
        contact(2),
        contact(34, duration_seconds=30.0),
        contact(39, duration_seconds=60.0),
    ]
    assert_values(
        values(40, *events), minutes_7d=1.5, minutes_30d=1.5, minutes_ever=3, longest_minutes=1.5
    )
    assert_values(values(60, *events), minutes_7d=0, minutes_30d=1.5, minutes_ever=3)
    assert_values(values(64, *events), minutes_7d=0, minutes_30d=1, minutes_ever=3)
    assert_values(values(46, *events), minutes_7d=0, minutes_30d=1.5)
    assert_values(values(45.999, *events), minutes_7d=1, minutes_30d=1.5)
    assert_values(values(69, *events), minutes_30d=0)
    assert_values(values(68.999, *events), minutes_30d=1)
    assert_values(values(5, contact(1, duration_seconds=0.0)), minutes_7d=0, longest_minutes=0)
    assert_values(values(5, contact(2)), minutes_7d=MISSING, minutes_ever=MISSING)


@pytest.mark.parametrize(
    ("setting", "left_out"),
    [("directions", "inbound_trend_7d"), ("people", "people_30d"), ("durations", "minutes_7d")],
)
def test_what_is_not_recorded_has_no_columns(setting, left_out):
    events = [contact(1, duration_seconds=60.0, actor="Åke", direction="inbound"), contact(20)]
    whole = values(40, *events)
    found = values(40, *events, settings=SETTINGS | {setting: False})
    assert left_out in whole
    assert left_out not in found
    assert_values(found, **{name: whole[name] for name in found})


@pytest.mark.parametrize(("n", "learned"), [(19, False), (20, True)])
def test_what_is_recorded_is_learned_from_twenty_leads(n, learned):
    leads = [lead(lead_id=str(number)) for number in range(30)]
    said = {"direction": "inbound", "actor": "Åke", "duration_seconds": 60.0}
    events = [
        contact(1, event_id=str(number), lead_id=str(number), **(said if number < n else {}))
        for number in range(30)
    ]
    found = learn(timelines_of(leads, events))
    assert found == {"directions": learned, "people": learned, "durations": learned}
