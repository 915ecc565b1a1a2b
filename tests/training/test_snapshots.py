"""Training snapshots: moments at which a lead was known and open, whoever else is there."""

import numpy as np
import pytest

from leads.clock import DAY_US
from leads.outcome import closings, known_status
from leads.pipelines import OPEN
from leads.view import look
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import simulated_timelines, until_of
from training.snapshots import (
    AGES_US,
    JITTER,
    equal_weights,
    learning_weights,
    open_life_snapshots,
)


def moments(timelines, until, seed=0):
    """Each lead's snapshots, in days after the start."""
    found = open_life_snapshots(timelines, until, seed)
    by_lead = {lead_id: [] for lead_id in timelines.lead_ids}
    for row, as_of in zip(found.lead, found.as_of, strict=True):
        by_lead[timelines.lead_ids[row]].append((as_of - at(0)) / DAY_US)
    return by_lead


def test_snapshots_begin_with_creation_and_end_before_closing():
    timelines = timelines_of((lead(5),), (moved(25, "Lost"),))

    found = moments(timelines, at(500))["a"]

    assert len(found) > 5
    assert found[0] == 5
    assert all(5 < day < 25 for day in found[1:])


def test_lead_is_open_until_its_closing_is_known():
    timelines = timelines_of((lead(0),), (moved(2, "Lost", recorded=40),))

    assert 20 < max(moments(timelines, at(500))["a"]) < 40


def test_nothing_is_looked_at_after_until():
    timelines = timelines_of((lead(0), lead(51, lead_id="b")))

    found = moments(timelines, at(50))

    assert 25 < max(found["a"]) <= 50
    assert found["b"] == []


def test_closing_learned_of_after_until_does_not_shorten_a_life():
    still_open = timelines_of((lead(0),))
    closed_later = timelines_of((lead(0),), (moved(3, "Won", recorded=61),))

    assert moments(closed_later, at(60)) == moments(still_open, at(60))


def test_reopened_lead_is_looked_at_in_both_of_its_lives():
    timelines = timelines_of(
        (lead(0),), (moved(4, "Lost"), moved(20, "Qualified"), moved(100, "Won"))
    )

    found = moments(timelines, at(500))["a"]

    assert any(day < 4 for day in found)
    assert not any(4 <= day < 20 for day in found)
    assert any(20 <= day < 100 for day in found)
    assert not any(day >= 100 for day in found)


def test_lead_that_was_closed_when_it_came_in_has_none():
    timelines = timelines_of((lead(1),), (moved(0, "Won"),))

    assert moments(timelines, at(500))["a"] == []


def test_other_leads_change_nothing():
    timelines = simulated_timelines()
    every = open_life_snapshots(timelines, until_of(timelines), 3)
    rows = np.arange(50, 90)

    few = open_life_snapshots(timelines.only(rows), until_of(timelines), 3)

    kept = np.isin(every.lead, rows)
    assert (rows[few.lead] == every.lead[kept]).all()
    assert (few.as_of == every.as_of[kept]).all()


def test_seed_moves_the_ages_and_nothing_else():
    timelines = timelines_of([lead(0, lead_id=str(n)) for n in range(40)])

    first, again, other = (moments(timelines, at(400), seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert all(days[0] == 0 for days in first.values())
    earliest = np.array([days[1] for days in first.values()]) * DAY_US / AGES_US[1]
    assert earliest.min() >= 1 / JITTER
    assert earliest.max() <= JITTER
    assert np.ptp(earliest) > 0.3


def test_every_snapshot_of_a_simulated_crm_is_open_as_known_then():
    timelines = simulated_timelines()
    until = until_of(timelines)
    found = open_life_snapshots(timelines, until, 0)

    assert (known_status(look(timelines, found)) == OPEN).all()
    assert (found.as_of >= timelines.created_at[found.lead]).all()
    assert (found.as_of <= until).all()
    assert (found.as_of < closings(timelines, until).known_at[found.lead]).all()


def test_figures_weigh_each_lead_one():
    weights = equal_weights(np.array([3, 3, 7, 3, 9, 9]))

    assert weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1 / 3, 1 / 2, 1 / 2])


def test_learning_weighs_each_snapshot_the_same_and_leads_in_total():
    """How many snapshots a lead will have is its future: no weight may know it."""
    weights = learning_weights(np.array([3, 3, 7, 3, 9, 9]))

    assert len(set(weights.tolist())) == 1
    assert weights.sum() == pytest.approx(3)
    assert learning_weights(np.zeros(0, np.int64)).tolist() == []
