"""The population: of other leads, what was known then, worked out by hand and by brute force."""

import numpy as np
import pytest
from hypothesis import given

from features.index_kernel import SHRINKAGE_LEADS
from features.population import population_of, win_counts
from features.stages import STAGES
from leads.pipelines import OPEN, WON
from leads.records import STAGE_CHANGE
from tests.features.values import values_at
from tests.leads.histories import (
    PIPELINES,
    at,
    few,
    histories,
    in_stated_order,
    is_known,
    lead,
    moved,
    stage_code,
    timelines_of,
)

SETTINGS = STAGES.learn(timelines_of([]))
N_STAGES = len(PIPELINES.stage_names)
NEW, QUALIFIED, PROPOSAL = 0, 1, 2
B2B, B2C, ALL = N_STAGES, N_STAGES + 1, N_STAGES + 2


def counted(leads, events, place, days, without=None):
    """(won, closed) at a place."""
    timelines = timelines_of(leads, events)
    own = -1 if without is None else timelines.row_of[without]
    won, closed = win_counts(
        population_of(timelines), np.array([place]), np.array([at(days)]), np.array([own])
    )
    return won[0], closed[0]


LEADS = [lead(lead_id=name) for name in "abc"] + [lead(lead_id="d", pipeline="b2c")]
EVENTS = [
    moved(1, "Qualified", lead_id="a"),
    moved(2, "Won", lead_id="a"),
    moved(3, "Lost", recorded=6, lead_id="b"),
    moved(4, "Qualified", lead_id="c"),
    moved(5, "Köpt", lead_id="d"),
]


@pytest.mark.parametrize(
    ("place", "days", "expected"),
    [
        (QUALIFIED, 1.9, (0, 0)),
        (QUALIFIED, 2, (1, 1)),
        (NEW, 2, (1, 1)),
        (B2B, 5.9, (1, 1)),
        (B2B, 6, (1, 2)),
        (QUALIFIED, 9, (1, 1)),
        (NEW, 9, (1, 2)),
        (PROPOSAL, 9, (0, 0)),
        (B2C, 4.9, (0, 0)),
        (B2C, 9, (1, 1)),
        (ALL, 5, (2, 2)),
        (ALL, 9, (2, 3)),
    ],
)
def test_closed_leads_count_where_they_have_been_from_when_it_is_known(place, days, expected):
    assert counted(LEADS, EVENTS, place, days) == expected


def test_lead_itself_is_left_out():
    assert counted(LEADS, EVENTS, B2B, 9, without="a") == (0, 1)
    assert counted(LEADS, EVENTS, B2B, 9, without="c") == (1, 2)
    assert counted(LEADS, EVENTS, B2B, 1, without="a") == (0, 0)


def test_place_that_the_population_does_not_have_counts_nobody():
    assert counted(LEADS, EVENTS, -1, 9) == (0, 0)


def test_reopened_lead_stops_counting_until_it_is_closed_again():
    events = [moved(1, "Won"), moved(3, "Proposal", recorded=4), moved(6, "Lost")]
    leads = [lead()]
    assert [counted(leads, events, NEW, d) for d in (0.9, 1, 3, 4, 6)] == [
        (0, 0), (1, 1), (1, 1), (0, 0), (0, 1),
    ]  # fmt: skip
    assert counted(leads, events, PROPOSAL, 6) == (0, 1)
    assert counted(leads, events, ALL, 6, without="a") == (0, 0)


def test_closing_known_before_the_lead_came_in_counts_from_then():
    leads, events = [lead(5)], [moved(1, "Won")]
    assert [counted(leads, events, ALL, d) for d in (4.9, 5)] == [(0, 0), (1, 1)]


def test_late_recorded_stage_counts_as_visited_without_changing_the_outcome():
    events = [moved(3, "Won"), moved(2, "Qualified", recorded=7)]
    assert [counted([lead()], events, QUALIFIED, d) for d in (3, 7)] == [(0, 0), (1, 1)]


def test_win_rate_of_a_stage_is_shrunk_to_its_pipelines_and_that_to_all():
    """By hand: all 2 of 3; b2b (1 of 2) to it; Qualified (1 of 1) to b2b's."""
    leads = [*LEADS, lead(8, lead_id="x")]
    events = [*EVENTS, moved(8, "Qualified", lead_id="x")]
    found = values_at(9, STAGES, SETTINGS, events, leads, "x")
    of_all = 2 / 3
    of_pipeline = (1 + SHRINKAGE_LEADS * of_all) / (2 + SHRINKAGE_LEADS)
    of_stage = (1 + SHRINKAGE_LEADS * of_pipeline) / (1 + SHRINKAGE_LEADS)
    assert found["stage_win_rate"] == pytest.approx(of_stage, rel=1e-12)


def test_win_rate_of_a_stage_where_nobody_closed_is_its_pipelines():
    leads = [*LEADS, lead(8, lead_id="x")]
    events = [*EVENTS, moved(8, "Proposal", lead_id="x")]
    found = values_at(9, STAGES, SETTINGS, events, leads, "x")
    of_pipeline = (1 + SHRINKAGE_LEADS * 2 / 3) / (2 + SHRINKAGE_LEADS)
    assert found["stage_win_rate"] == pytest.approx(of_pipeline, rel=1e-12)


def test_reopened_lead_does_not_see_its_own_earlier_win():
    events = [moved(1, "Won"), moved(3, "Proposal")]
    found = values_at(2, STAGES, SETTINGS, events)
    assert np.isnan(found["stage_win_rate"])
    assert np.isnan(values_at(4, STAGES, SETTINGS, events)["stage_win_rate"])


def counted_plainly(history, place, as_of, without):
    """(won, closed) at a place by a loop over leads and their known stage changes."""
    won = closed = 0
    for one in history.leads:
        if one.lead_id == without or one.created_at > as_of:
            continue
        moves = [
            stage_code(event, one)
            for event in in_stated_order(history.events, history.leads)
            if (event.lead_id, event.type) == (one.lead_id, STAGE_CHANGE) and is_known(event, as_of)
        ]
        outcome = PIPELINES.stage_outcome[moves[-1]] if moves else OPEN
        stages = {PIPELINES.code_of[one.pipeline, "New"], *moves}
        places = stages | {N_STAGES + PIPELINES.stage_pipeline[code] for code in stages} | {ALL}
        if outcome != OPEN and place in places:
            closed += 1
            won += outcome == WON
    return won, closed


@given(histories())
@few(60)
def test_counts_are_those_of_a_plain_loop(history):
    timelines = history.timelines()
    population = population_of(timelines)
    for lead_id, as_of in history.snapshots():
        places = np.arange(ALL + 1)
        own = np.full(len(places), timelines.row_of[lead_id])
        won, closed = win_counts(population, places, np.full(len(places), as_of), own)
        expected = [counted_plainly(history, place, as_of, lead_id) for place in places]
        assert list(zip(won, closed, strict=True)) == expected
