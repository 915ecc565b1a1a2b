"""Which families of signals are taken: those that surely help on later leads, and no others."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.families import Families
from features.lately import LATELY
from leads.clock import DAY_US
from tests.leads.histories import at, lead, moved, timelines_of
from training.comparison import Difference
from training.fitting import fit_model, lessons
from training.recipe import Recipe
from training.signals_choice import SignalsChoice

RECIPE = Recipe(members=1, rounds=(25,), last_days=(), half_lives_days=())
LEADS = 1200


@cache
def closed_at_once(moving: bool):
    """Leads an hour apart, closed half an hour later; of 120 in turn many are won, then few."""
    draw = np.random.default_rng(5).random(LEADS)
    created = 1 + np.arange(LEADS) / 24
    rate = np.where(np.arange(LEADS) // 120 % 2, 0.8, 0.1) if moving else np.full(LEADS, 0.45)
    events = tuple(
        moved(day + 1 / 48, "Won" if won else "Lost", lead_id=f"l{n:04}", event_id=f"e{n:04}")
        for n, (day, won) in enumerate(zip(created.tolist(), draw < rate, strict=True))
    )
    leads = tuple(lead(day, f"l{n:04}") for n, day in enumerate(created.tolist()))
    return timelines_of(leads, events)


def until_of(timelines) -> int:
    return int(timelines.created_at.max()) + DAY_US


def test_last_closings_are_taken_where_the_win_rate_moves_fast():
    timelines = closed_at_once(moving=True)

    fitted = fit_model(timelines, until_of(timelines), 0, RECIPE)

    (choice,) = (one for one in fitted.signals if one.family == LATELY.name)
    assert [one.family for one in fitted.signals if one.taken] == [LATELY.name]
    assert choice.difference.high < 0
    assert "are learned from: on later leads log loss differs by -0." in choice.sentence
    assert fitted.plan.parts[-1][0] is LATELY
    assert fitted.plan.columns[-1].name == "pipeline_win_rate_last_1000"


def test_nothing_is_taken_where_it_stands_still():
    timelines = closed_at_once(moving=False)

    fitted = fit_model(timelines, until_of(timelines), 0, RECIPE)

    assert [one.family for one in fitted.signals] == [one.name for one in Families().if_better]
    assert not any(one.taken for one in fitted.signals)
    assert LATELY not in [family for family, _ in fitted.plan.parts]


def test_switched_off_or_with_too_few_leads_it_is_not_tried():
    timelines = closed_at_once(moving=True)
    assert lessons(timelines, at(3), 0, RECIPE).signals == ()

    off = replace(RECIPE, families="-lately -replies -persons")
    found = lessons(timelines, until_of(timelines), 0, off)

    assert found.signals == ()
    assert LATELY not in [family for family, _ in found.rows.plan.parts]


@pytest.mark.parametrize(
    ("low", "high", "taken"),
    [(-0.004, -0.0011, True), (-0.0009, -0.0001, False), (-0.004, 0.001, False)],
    ids=["surely worth it", "surely better, and hardly", "not surely"],
)
def test_what_is_surely_better_but_hardly_is_left_out(low, high, taken):
    choice = SignalsChoice("lately", Difference((low + high) / 2, low, high, 1_000))

    assert choice.taken is taken
    assert choice.as_record()["taken"] is taken
    assert ("are learned from" in choice.sentence) is taken
