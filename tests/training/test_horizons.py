"""When wins come: shares by day of leads that are decided, still open, recent and simulated."""

import numpy as np
import pytest

from crm.simulator import random_snapshots, true_horizons_at
from features.population import population_of
from leads.clock import DAY_US
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.view import Snapshots, look
from models.horizons import SHOWN_DAYS
from models.scorer import Scorer
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import (
    audited_timelines,
    simulated_crm,
    small_model,
)
from training.artifacts import artifact_of
from training.horizons import DAYS, fit_horizons, shares_won
from training.incidence import incidence
from training.targets import targets_of_strata


def in_two_cohorts(each=40):
    """Half of the leads are won on day 5, half on day 25; the second cohort is seen until day 10.

    As timelines and the moment of the cut.
    """
    leads, events = [], []
    for number in range(2 * each):
        lead_id, created = f"{number:03}", (number % each) * 0.001 + 40 * (number // each)
        leads.append(lead(created, lead_id=lead_id))
        days = created + (5 if number % 2 else 25)
        events.append(moved(days, "Won", lead_id=lead_id, event_id=lead_id))
    known = [event for event in events if event.occurred_at <= at(50)]
    return timelines_of(leads, known), at(50)


def at_creation(timelines):
    return look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))


def test_every_shown_horizon_is_learned():
    assert set(SHOWN_DAYS) <= set(DAYS)
    assert list(DAYS) == sorted(DAYS)


def test_a_win_is_within_the_days_from_its_own_on():
    timelines, until = in_two_cohorts()

    share = shares_won(at_creation(timelines), until, (3, 7, 30), np.array([0, 1]))

    assert share.tolist() == [[0, 0, 1], [0, 1, 1]]


def test_an_open_lead_gets_the_days_of_those_that_were_open_as_long():
    timelines, until = in_two_cohorts()
    still_open = timelines.row_of["040"]

    share = shares_won(at_creation(timelines), until, (7, 14, 30, 365), np.array([still_open]))

    assert share.tolist() == [[0, 0, 1, 1]]


def test_recent_wins_are_the_quick_ones_and_do_not_make_all_wins_quick():
    timelines, until = in_two_cohorts()
    view = at_creation(timelines)
    target = targets_of_strata(view, until)
    quick = (view.timelines.events.occurred_at[view.first] - view.as_of) < 7 * DAY_US

    found = fit_horizons(view, until, target, np.zeros(len(view)))

    assert found is not None
    share = found.shares([("b2b", "New")], np.array([0]), np.zeros(1))[0]
    assert np.mean(quick) > 0.6
    assert share[DAYS.index(7)] == pytest.approx(0.5, abs=0.02)
    assert share[DAYS.index(30)] > 0.95


def test_where_nothing_was_won_nothing_is_known_of_the_timing():
    timelines = timelines_of([lead(0)], [moved(1, "Lost")])

    assert fit_horizons(at_creation(timelines), at(3), np.zeros(1), np.zeros(1)) is None


def test_the_share_between_counts_wins_after_one_day_and_up_to_another():
    curves = incidence(np.array([1, 2, 3, 4]), np.ones(4, np.bool_), np.ones(4, np.bool_))
    since, by, of = np.array([1, 2, 4]), np.array([3, 1, 5]), np.array([4, 4, 5])

    assert curves.share_between(since, by, of) == pytest.approx([2 / 3, 0, 1])


@pytest.fixture(scope="module")
def scored():
    """Simulated snapshots scored by a small model, and the rows of the simulation."""
    timelines, crm = audited_timelines(), simulated_crm()
    drawn = random_snapshots(crm)
    lead_ids = [crm.arrivals.lead_id[row] for row in drawn.lead]
    snapshots = Snapshots(np.array([timelines.row_of[name] for name in lead_ids]), drawn.as_of)
    is_open = known_status(look(timelines, snapshots)) == OPEN
    view = look(timelines, snapshots.only(is_open))
    scorer = Scorer(artifact_of(small_model(), timelines, {}), "small")
    return scorer, scorer.score(view, population_of(timelines)), crm, drawn.only(is_open)


def test_horizons_rise_to_the_probability_and_never_above_it(scored):
    scorer, scores, _, _ = scored
    for row in range(len(scores.view)):
        said = scorer.describe(scores, row, factors=1)
        chances = list(said.horizons.values())
        assert chances == sorted(chances)
        assert chances[-1] <= said.win_probability
        pipeline, _ = scores.view.timelines.pipelines.stage_names[scores.stage[row]]
        assert list(said.horizons) == [7, 30, 90]
        assert (pipeline == "b2c") == (said.horizons[90] == said.win_probability)


def test_horizons_are_those_of_the_simulation_on_average(scored):
    _, scores, crm, snapshots = scored
    truth = true_horizons_at(crm, snapshots, SHOWN_DAYS, paths=100)
    share = scores.horizons / scores.effects.probability[:, None]
    for place in range(3):
        expected = np.average(truth[:, place] / truth[:, 3].mean())
        weighed = np.average(share[:, place], weights=truth[:, 3])
        assert weighed == pytest.approx(expected, abs=0.08)


def test_the_interval_holds_the_probability_and_most_of_the_truth(scored):
    _, scores, crm, snapshots = scored
    low, high = scores.bounds.T
    probability = scores.effects.probability
    assert ((low < probability) & (probability < high)).all()
    truth = true_horizons_at(crm, snapshots, [365], paths=100)[:, 0]
    assert ((low <= truth) & (truth <= high)).mean() > 0.8
    assert (high - low).mean() < 0.6
