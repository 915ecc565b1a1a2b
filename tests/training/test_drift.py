"""Drift of the base rate: a planted change is found and dated, and chance is not taken for one."""

import numpy as np
import pytest

from leads.clock import DAY_US
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import simulated_timelines, until_of
from training.drift import base_rate_shift


def won_at_rates(*rates, leads_each=150, seed=0):
    """One rate a month of 30 days; wins take a day, other leads stay open."""
    generator = np.random.default_rng(seed)
    leads, events = [], []
    for month, rate in enumerate(rates):
        for number in range(leads_each):
            lead_id = f"{month}-{number}"
            created = 30 * month + 30 * number / leads_each
            leads.append(lead(created, lead_id=lead_id, pipeline="b2c"))
            if generator.random() < rate:
                events.append(moved(created + 1, "Köpt", lead_id=lead_id, event_id=lead_id))
    return timelines_of(leads, events)


def test_planted_change_is_found_dated_and_said():
    shift = base_rate_shift(won_at_rates(0.05, 0.05, 0.05, 0.2, 0.2, 0.2), at(200))

    assert shift is not None
    assert shift.month == "2026-04"
    assert shift.before == pytest.approx(0.05, abs=0.02)
    assert shift.after == pytest.approx(0.2, abs=0.04)
    assert shift.horizon_days == 7
    assert shift.sentence.startswith("leads created from 2026-04 on are won within 7 days in ")
    assert shift.as_record()["sentence"] == shift.sentence


def test_constant_rate_is_rarely_taken_for_a_change():
    found = [base_rate_shift(won_at_rates(*[0.15] * 6, seed=seed), at(200)) for seed in range(60)]

    assert sum(one is not None for one in found) <= 3


def test_change_too_small_to_matter_is_not_said():
    assert base_rate_shift(won_at_rates(*[0.3] * 3, *[0.34] * 3, leads_each=3_000), at(200)) is None


def test_leads_too_young_to_tell_do_not_look_like_a_change():
    """The newest month's wins have not come yet: a fall that is none."""
    timelines = won_at_rates(*[0.2] * 6, leads_each=300)

    assert base_rate_shift(timelines, at(180) - 29 * DAY_US) is None


def test_what_comes_after_the_cut_changes_nothing():
    timelines = won_at_rates(0.05, 0.05, 0.05, 0.05, 0.2, 0.2)

    assert base_rate_shift(timelines, at(120)) is None
    assert base_rate_shift(timelines, at(200)) is not None


@pytest.mark.parametrize("rates", [(), (0.2,), (0.0,) * 6])
def test_too_little_to_tell_is_no_shift(rates):
    assert base_rate_shift(won_at_rates(*rates), at(200)) is None


def test_steady_crm_has_no_shift():
    timelines = simulated_timelines()

    assert base_rate_shift(timelines, until_of(timelines)) is None
