"""Targets: what is known as it is, what is open by what became of those like it."""

from dataclasses import replace

import numpy as np
import pytest

from crm.simulator import true_probability_at
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, labels
from leads.pipelines import Pipelines
from leads.view import Snapshots, known_by, look
from tests.leads.histories import PIPELINES, at, contact, lead, moved, timelines_of
from tests.training.simulated_crm import (
    RECIPE,
    middle_of,
    simulated_crm,
    simulated_timelines,
    until_of,
    with_another_future,
)
from training.incidence import OWN_LEADS
from training.rows import training_rows
from training.targets import targets, targets_of_strata


def at_creation(timelines):
    return look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))


def ending(*plans, each=1):
    """One lead for each plan and a copy for each of `each`: (stage, days), or None while open."""
    leads, events = [], []
    for number, plan in enumerate(list(plans) * each):
        lead_id = str(number)
        leads.append(lead(0, lead_id=lead_id))
        if plan is not None:
            stage, days = plan
            events.append(moved(days, stage, lead_id=lead_id, event_id=lead_id))
    return timelines_of(leads, events)


def test_what_is_known_is_one_or_zero():
    timelines = ending(("Won", 2), ("Lost", 3))

    assert targets_of_strata(at_creation(timelines), at(10)).tolist() == [1, 0]


def test_later_snapshot_has_no_target():
    timelines = timelines_of([lead(0), lead(5, lead_id="b")], [moved(1, "Won")])

    found = targets_of_strata(at_creation(timelines), at(2))

    assert found[0] == 1
    assert np.isnan(found[1])


def test_open_lead_gets_what_became_of_those_open_as_long():
    """Forty leads: 10 won on day 1, 10 lost on day 2, 10 won on day 4, 10 lost on day 6.

    Beside them leads that came in 3 days before the cut: still open after 3 days are those that
    end on day 4 or 6, half of them won.
    """
    plans = [("Won", 1)] * 10 + [("Lost", 2)] * 10 + [("Won", 4)] * 10 + [("Lost", 6)] * 10
    older = [(plan, number * 0.001) for number, plan in enumerate(plans * 2)]
    leads = [lead(created, lead_id=f"o{n}") for n, (_, created) in enumerate(older)]
    events = [
        moved(created + days, stage, lead_id=f"o{n}", event_id=f"o{n}")
        for n, ((stage, days), created) in enumerate(older)
    ]
    young = [lead(17, lead_id=f"y{n}") for n in range(3)]
    timelines = timelines_of([*leads, *young], events)

    found = targets_of_strata(at_creation(timelines), at(20))

    assert found[[timelines.row_of[f"y{n}"] for n in range(3)]] == pytest.approx(0.5)


# A pipeline of few leads.


def large_and_small(*ends, window_days=None):
    """Leads that end on day 5, or are open since day 17: (pipeline, stage from day 1, end, count).

    Each has ten snapshots on its second day.
    """
    large = PIPELINES.pipelines[0]
    window_days = window_days or large.window_days
    both = Pipelines((large, replace(large, name="small", window_days=window_days)))
    leads, events = [], []
    for place, (pipeline, stage, end, count) in enumerate(ends):
        for number in range(count):
            own = {"lead_id": f"{place}-{number}"}
            created = 17 if end is None else 0
            leads.append(lead(created, pipeline=pipeline, **own))
            if stage != "New":
                events.append(moved(created + 1, stage, event_id=f"s{own}", **own))
            if end is not None:
                events.append(moved(5, end, event_id=f"e{own}", **own))
    timelines = timelines_of(leads, events, both)
    row = np.repeat(np.arange(len(timelines)), 10)
    moments = timelines.created_at[row] + 2 * DAY_US + np.tile(np.arange(10), len(timelines)) * 1000
    return look(timelines, Snapshots(row, moments))


def targets_of_open(view):
    found = targets_of_strata(view, at(20))
    return found[view.created_at == at(17)]


HALF_WON = (("b2b", "New", "Won", 30), ("b2b", "New", "Lost", 30))


@pytest.mark.parametrize(("lost", "own_share"), [(10, 1 / 8), (40, 1 / 2), (80, 1), (200, 1)])
def test_a_pipeline_speaks_for_itself_as_far_as_it_has_leads(lost, own_share):
    """However many snapshots are of them, what became of all has the rest."""
    view = large_and_small(*HALF_WON, ("small", "New", "Lost", lost), ("small", "New", None, 3))

    rate_of_all = 30 / (60 + lost)
    assert OWN_LEADS == 80
    assert targets_of_open(view) == pytest.approx((1 - own_share) * rate_of_all)


def test_what_it_leans_on_is_the_stage_of_the_same_name():
    view = large_and_small(
        ("b2b", "Qualified", "Won", 40),
        ("b2b", "New", "Lost", 40),
        ("small", "New", "Lost", 10),
        ("small", "Qualified", None, 3),
    )
    assert targets_of_open(view) == pytest.approx(7 / 8)


def test_a_pipeline_with_another_window_is_not_leaned_on():
    """What is won within a year elsewhere need not be won within 15 days here."""
    view = large_and_small(
        *HALF_WON, ("small", "New", "Lost", 10), ("small", "New", None, 3), window_days=15
    )
    assert targets_of_open(view) == pytest.approx(0)


def test_one_pipeline_alone_is_as_it_was():
    ends = (("b2b", "New", "Won", 4), ("b2b", "New", "Lost", 8), ("b2b", "New", None, 3))
    assert targets_of_open(large_and_small(*ends)).tolist() == [4 / 12] * 30


def test_nothing_decided_gives_nothing_won():
    timelines = ending(None, each=5)

    assert targets_of_strata(at_creation(timelines), at(3)).tolist() == [0] * 5


def test_what_happens_after_the_cut_changes_nothing():
    timelines = simulated_timelines()
    until = int(np.quantile(timelines.created_at, 0.7))
    known = known_by(timelines, until)
    view = at_creation(known)
    rows = np.array([timelines.row_of[lead_id] for lead_id in known.lead_ids])
    later = look(timelines, Snapshots(rows, known.created_at))

    assert np.array_equal(
        targets_of_strata(later, until), targets_of_strata(view, until), equal_nan=True
    )


def test_mean_target_of_young_leads_is_that_of_the_truth():
    """Of leads that came in within 60 days before the cut; among the decided wins are too many."""
    timelines, crm = simulated_timelines(2_500), simulated_crm(2_500)
    until = until_of(timelines) - 200 * DAY_US
    known = known_by(timelines, until)
    view = at_creation(known)
    young = view.created_at > until - 60 * DAY_US
    label = labels(view, until)
    places = [crm.row_of[known.lead_ids[row]] for row in view.snapshots.lead[young]]
    truth = true_probability_at(crm, Snapshots(np.array(places), view.as_of[young]), paths=60)

    decided = young & (label != CENSORED_LABEL)

    assert label[decided].mean() > truth.mean() + 0.08
    assert np.nanmean(targets_of_strata(view, until)[young]) == pytest.approx(
        truth.mean(), abs=0.05
    )


# Told lead by lead.


def warm_and_cold(n=600):
    """Leads of a day each: the warm, who call every other day while open, are won, the others lost.

    They end after 20 days; those that came in within the last 20 days are still open.
    """
    leads, events = [], []
    for number in range(n):
        own, created = {"lead_id": f"l{number:04}"}, number * 0.2
        leads.append(lead(created, pipeline="b2b", **own))
        warm = number % 2 == 0
        if warm:
            events += [
                contact(created + day, "call", event_id=f"c{number}-{day}", **own)
                for day in range(1, 20, 2)
            ]
        events.append(moved(created + 20, "Won" if warm else "Lost", event_id=f"s{number}", **own))
    return timelines_of(leads, events)


def test_open_lead_is_told_by_where_it_stands_at_the_cut():
    """A fresh snapshot shows nothing yet; what the lead did since then says what will become."""
    timelines = warm_and_cold()
    until = at(120)
    rows = training_rows(timelines, until, seed=0)

    found = targets(rows, until, RECIPE, seed=0)

    by_strata = targets_of_strata(rows.view, until)
    fresh = rows.view.as_of - rows.view.created_at < DAY_US
    undecided = (labels(rows.view, until) == CENSORED_LABEL) & fresh
    undecided &= until - rows.view.created_at > 5 * DAY_US
    warm = np.array([int(rows.view.lead_id(i)[1:]) % 2 == 0 for i in range(len(rows.view))])
    assert undecided.sum() > 50
    warm, cold = undecided & warm, undecided & ~warm
    assert found[warm].mean() > found[cold].mean() + 0.2
    assert abs(by_strata[warm].mean() - by_strata[cold].mean()) < 0.1
    decided = ~np.isnan(found) & (labels(rows.view, until) != CENSORED_LABEL)
    assert (found[decided] == by_strata[decided]).all()


def test_what_happens_after_a_cut_changes_no_target():
    timelines = simulated_timelines()
    cut = middle_of(timelines)
    expected = targets(training_rows(timelines, cut, seed=0), cut, RECIPE, seed=0)

    otherwise = training_rows(with_another_future(timelines, cut), cut, seed=0)

    assert np.array_equal(targets(otherwise, cut, RECIPE, 0), expected, equal_nan=True)
    assert ((expected > 0) & (expected < 1)).any()
