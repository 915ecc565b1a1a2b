"""Censoring: decided snapshots, weighed, give the figures that a complete follow-up would."""

import numpy as np
import pytest

from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, NEVER, labels, outcomes
from leads.view import Snapshots, known_by, look
from models.metrics import log_loss
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import simulated_timelines, until_of
from training.censoring import LEAST_SHARE, censoring_weights


def leads_of(*closings, stage="Lost"):
    """One lead a day, each closed so many days after it came in; None for one still open."""
    leads = [lead(day, lead_id=str(day)) for day in range(len(closings))]
    events = [
        moved(day + after, stage, lead_id=str(day), event_id=f"e{day}")
        for day, after in enumerate(closings)
        if after is not None
    ]
    return timelines_of(leads, events)


def at_creation(timelines):
    return look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))


def weights_of(timelines, until):
    return censoring_weights(at_creation(timelines), until, np.ones(len(timelines)))


# When a label is decided.


def test_label_is_decided_when_the_closing_is_learned_of():
    timelines = timelines_of([lead(0)], [moved(3, "Lost", recorded=5)])

    assert outcomes(at_creation(timelines), at(9)).decided_at[0] == at(5)


def test_label_is_decided_at_the_end_of_the_window_at_the_latest():
    timelines = timelines_of([lead(0)], [moved(40, "Lost")])

    assert outcomes(at_creation(timelines), at(60)).decided_at[0] == at(30)


def test_censored_label_is_never_decided():
    timelines = timelines_of([lead(0)])

    assert outcomes(at_creation(timelines), at(20)).decided_at[0] == NEVER


# What decided snapshots weigh.


def test_nothing_censored_leaves_every_weight():
    assert weights_of(leads_of(1, 1, 1, 1), at(10)) == pytest.approx(1)


def test_censored_snapshot_weighs_nothing_and_slow_ones_stand_for_it():
    """At day 4, three of four leads were followed for 2 days, and all of them for 0.5."""
    found = weights_of(leads_of(0.5, 2, 0.5, None), at(4))

    assert found[:3] == pytest.approx([1, 4 / 3, 1])
    assert found[3] == 0


def test_no_snapshot_stands_for_more_than_ten():
    found = weights_of(leads_of(19.5, *[None] * 19), at(19.6))

    assert found[0] == pytest.approx(1 / LEAST_SHARE)


@pytest.mark.parametrize("share", [0.6, 0.75])
def test_weighted_figures_are_those_of_a_complete_follow_up(share):
    """Of leads that came in within half a year, judged when many are still open."""
    timelines = simulated_timelines(2_500)
    end = until_of(timelines)
    until = int(timelines.created_at[0] + share * (end - timelines.created_at[0]))
    known = known_by(timelines, until)
    rows = np.flatnonzero(known.created_at > until - 120 * DAY_US)
    view = look(known, Snapshots(rows, known.created_at[rows]))
    weight = censoring_weights(view, until, np.ones(len(rows)))
    early = labels(view, until)
    decided = early != CENSORED_LABEL

    later = [timelines.row_of[known.lead_ids[row]] for row in rows]
    final = labels(look(timelines, Snapshots(np.array(later), known.created_at[rows])), end)
    complete = final != CENSORED_LABEL

    assert decided.mean() < 0.7
    assert complete.mean() > 0.95
    truth = final[complete].mean()
    assert early[decided].mean() > truth + 0.04
    assert np.average(early, weights=weight) == pytest.approx(truth, abs=0.04)
    flat = np.full(len(rows), 0.25)
    expected = log_loss(final[complete], flat[complete])
    assert log_loss(early[decided], flat[decided], weight[decided]) == pytest.approx(
        expected, abs=0.05
    )
