"""Evaluation: a model of the past judged on later leads, beside baselines that make sense."""

from dataclasses import replace

import numpy as np
import pytest

from crm.simulator import true_probability_at
from features.population import population_of
from leads.clock import DAY_US
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.view import Snapshots, known_by, look
from models.metrics import METRICS, auc
from tests.leads.histories import at, lead, moved, timelines_of
from tests.training.simulated_crm import (
    RECIPE,
    SEED,
    decided,
    simulated_crm,
    simulated_timelines,
    until_of,
    with_another_future,
    with_shuffled_closings,
)
from training.censoring import mostly_decided
from training.evaluation import (
    MODEL,
    Judged,
    cautious_figures,
    holdout_cut,
    judge,
    judge_forward,
    report,
)
from training.fitting import fit_model
from training.snapshots import open_life_snapshots

BASELINES = ("base_rate", "stage_win_rate", "naive_bayes", "logistic_regression")
HOLDOUT_KEYS = {
    "n_leads", "n_snapshots", "base_rate", "auc", "average_precision", "log_loss", "brier", "ece",
    "lift_at_10", "by_age", "by_stage", "by_pipeline", "n_censored", "n_too_early",
    "closed_only", "per_snapshot", "cautious",
}  # fmt: skip


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def cut(timelines):
    return holdout_cut(timelines, until_of(timelines))


@pytest.fixture(scope="module")
def judged(timelines) -> Judged:
    return judge_forward(timelines, until_of(timelines), 1, RECIPE)


@pytest.fixture(scope="module")
def figures(judged):
    return report(judged)


# Only later leads, by a model of the past.


def test_judged_leads_came_in_after_the_cut(judged, cut):
    assert (judged.view.created_at > cut).all()
    assert (known_status(judged.view) == OPEN).all()


def test_newest_quarter_of_the_decided_leads_is_kept_to_judge_on(timelines, judged, cut):
    """Of those in weeks that are mostly decided: in the newest only the quick ones are."""
    view = look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))
    label = labels(view, until_of(timelines))
    known = (label != CENSORED_LABEL) & mostly_decided(view, label, until_of(timelines))

    assert (timelines.created_at[known] > cut).mean() == pytest.approx(0.25, abs=0.01)
    assert known.sum() < (label != CENSORED_LABEL).sum()


def test_judged_snapshots_have_their_final_labels(timelines, judged):
    expected = labels(look(timelines, judged.view.snapshots), until_of(timelines))

    assert (judged.label == expected).all()
    assert (judged.label != CENSORED_LABEL).all()


def test_each_judged_lead_weighs_one(judged):
    totals = np.bincount(judged.view.snapshots.lead, judged.closed_weight)

    assert totals[totals > 0] == pytest.approx(1)


def test_weeks_and_ages_that_are_mostly_undecided_are_not_judged_on(timelines, judged, cut):
    until = until_of(timelines)
    every = open_life_snapshots(timelines, until, 1)
    later = every.only(timelines.created_at[every.lead] > cut)
    view = look(timelines, later)
    label = labels(view, until)
    chosen = mostly_decided(view, label, until)

    assert judged.n_too_early == (~chosen).sum() > 0
    assert judged.n_censored == (label[chosen] == CENSORED_LABEL).sum() > 0
    assert (label[chosen] != CENSORED_LABEL).mean() > 0.8
    assert judged.weight.sum() > judged.closed_weight.sum() * 0.9


def test_quick_wins_alone_make_the_base_rate_too_high(figures):
    holdout = figures["holdout"]

    assert holdout["base_rate"]["value"] < holdout["closed_only"]["base_rate"]["value"]
    assert holdout["per_snapshot"]["base_rate"]["value"] < holdout["base_rate"]["value"]


def test_undecided_snapshots_count_as_told_apart_by_chance(judged, figures):
    rest = judged.undecided
    without = replace(judged, undecided=None)

    assert len(rest.lead) == judged.n_censored
    assert ((rest.won >= 0) & (rest.won <= 1)).all()
    assert figures["holdout"]["cautious"] == cautious_figures(judged)
    n, won = len(judged.label), judged.label.sum()
    rate = cautious_figures(judged)["base_rate"]["value"]
    assert rate == pytest.approx((won + rest.won.sum()) / (n + len(rest.lead)))
    assert cautious_figures(judged)["auc"]["value"] < cautious_figures(without)["auc"]["value"]


def test_what_happens_after_the_cut_changes_no_byte_of_the_judged_model(timelines, cut):
    model = fit_model(timelines, cut, 1, RECIPE)

    assert fit_model(with_another_future(timelines, cut), cut, 1, RECIPE) == model


def test_what_happens_after_a_snapshot_changes_no_prediction_of_it(timelines, judged, cut):
    moment = int(np.quantile(judged.view.as_of, 0.3))
    before = judged.view.as_of <= moment
    otherwise = with_another_future(timelines, moment)

    again = judge(
        otherwise, cut, judged.view.snapshots.only(before), judged.label[before], 1, RECIPE
    )

    assert moment > cut
    assert (again.probability[MODEL] == judged.probability[MODEL][before]).all()
    for name in BASELINES:
        # BLAS adds in another order for another number of rows.
        found, expected = again.probability[name], judged.probability[name][before]
        np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=name)


def test_future_before_the_cut_changes_the_judged_model(timelines, judged, cut):
    """The test above can fail: the same change a little earlier is seen."""
    moment = cut - 60 * DAY_US
    otherwise = with_another_future(timelines, moment)

    assert fit_model(otherwise, cut, 1, RECIPE) != fit_model(timelines, cut, 1, RECIPE)


# The report.


def test_report_has_the_keys_of_the_contract(figures):
    assert set(figures) == {"holdout", "baselines"}
    assert set(figures["holdout"]) == HOLDOUT_KEYS
    assert tuple(figures["baselines"]) == BASELINES
    for baseline in figures["baselines"].values():
        assert set(baseline) == set(METRICS)


def test_intervals_are_ordered_and_mostly_hold_the_figure(figures):
    estimates = [
        figures["holdout"][metric] for metric in METRICS if metric in figures["holdout"]
    ] + [one for baseline in figures["baselines"].values() for one in baseline.values()]

    assert all(one["low"] <= one["high"] for one in estimates)
    held = [one["low"] <= one["value"] <= one["high"] for one in estimates]
    assert np.mean(held) > 0.85


@pytest.mark.parametrize("by", ["by_age", "by_stage", "by_pipeline"])
def test_parts_make_up_the_whole(figures, by):
    parts = figures["holdout"][by]

    assert len(parts) > 1
    assert sum(part["n_snapshots"] for part in parts.values()) == figures["holdout"]["n_snapshots"]
    for part in parts.values():
        assert set(part) == {"n_leads", "n_snapshots", "baselines", *METRICS}
        assert tuple(part["baselines"]) == BASELINES


def test_parts_are_named_for_people(figures):
    assert set(figures["holdout"]["by_pipeline"]) == {"b2b", "b2c"}
    assert "b2b/Qualified" in figures["holdout"]["by_stage"]
    assert list(figures["holdout"]["by_age"])[:2] == ["0-1 days", "1-3 days"]


def test_counts_are_of_what_was_judged(figures, judged):
    assert figures["holdout"]["n_snapshots"] == len(judged.label)
    assert figures["holdout"]["n_leads"] == len(np.unique(judged.view.snapshots.lead))
    assert figures["holdout"]["base_rate"]["value"] == pytest.approx(
        np.average(judged.label, weights=judged.weight)
    )


# Figures that make sense.


def test_base_rate_ranks_nothing(figures):
    base_rate = figures["baselines"]["base_rate"]

    assert base_rate["auc"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert base_rate["lift_at_10"]["value"] == pytest.approx(1)


def test_every_other_baseline_ranks_better_than_chance(figures):
    for name in BASELINES[1:]:
        assert figures["baselines"][name]["auc"]["value"] > 0.52, name


def test_probabilities_are_probabilities(judged):
    for name, probability in judged.probability.items():
        assert ((probability > 0) & (probability < 1)).all(), name


def test_outcomes_drawn_by_lot_cannot_be_predicted(timelines, judged, cut):
    by_lot = judge(
        with_shuffled_closings(timelines), cut, judged.view.snapshots, judged.label, 1, RECIPE
    )

    real, drawn = (auc(judged.label, one.probability[MODEL]) for one in (judged, by_lot))
    assert real > drawn + 0.05
    assert drawn < 0.68


def test_auc_is_close_to_that_of_the_true_probabilities():
    leads = 2_500
    timelines, crm = simulated_timelines(leads), simulated_crm(leads)
    cut = int(np.quantile(timelines.created_at, 2 / 3))
    generator = np.random.default_rng(SEED)
    rows = np.repeat(np.flatnonzero(timelines.created_at > cut), 2)
    room = until_of(timelines) - timelines.created_at[rows]
    ages = np.minimum(generator.exponential(20 * DAY_US, len(rows)), room).astype(np.int64)
    snapshots = Snapshots(rows, timelines.created_at[rows] + ages)
    snapshots = snapshots.only(known_status(look(timelines, snapshots)) == OPEN)
    snapshots, label = decided(timelines, snapshots)

    judged = judge(
        timelines, cut, snapshots, label, 0, replace(RECIPE, members=3, rounds=(50, 100, 200))
    )

    places = [crm.row_of[timelines.lead_ids[row]] for row in snapshots.lead]
    truth = true_probability_at(crm, Snapshots(np.array(places), snapshots.as_of), paths=60)
    assert len(label) > 700
    assert abs(auc(label, judged.probability[MODEL]) - auc(label, truth)) < 0.05
    reached = {name: auc(label, p) for name, p in judged.probability.items()}
    assert reached[MODEL] > max(reached[name] for name in BASELINES[:3])


# Too little to judge on.


def test_no_closed_lead_is_refused():
    timelines = timelines_of([lead(n, lead_id=str(n)) for n in range(30)])

    with pytest.raises(TooFewLeadsError, match=r"^no lead was closed yet: nothing to learn from;"):
        judge_forward(timelines, at(29), 0, RECIPE)


def test_later_leads_of_one_outcome_alone_are_refused():
    leads = [lead(n, lead_id=str(n)) for n in range(80)]
    events = [
        moved(n + 5, "Won" if n % 2 and n < 50 else "Lost", lead_id=str(n), event_id=f"e{n}")
        for n in range(80)
    ]

    with pytest.raises(
        TooFewLeadsError,
        match=r"^0 leads are won and 20 decided otherwise among those created after "
        r"2026-03-01T15:17:00Z, kept to judge the model on; at least 2 of each are needed",
    ):
        judge_forward(timelines_of(leads, events), at(90), 0, RECIPE)


def test_what_is_known_later_does_not_move_the_cut(timelines):
    until = int(np.quantile(timelines.created_at, 0.9))

    assert holdout_cut(known_by(timelines, until), until) == holdout_cut(timelines, until)


def test_population_of_the_judged_is_as_of_each_snapshot(timelines, judged, cut):
    """Predictions are those that serving would have given at the time."""
    row = int(np.argmax(judged.view.as_of))
    moment = int(judged.view.as_of[row])
    known = known_by(timelines, moment)
    model = judge(timelines, cut, judged.view.snapshots.only(np.array([row])), judged.label[[row]],
                  1, RECIPE)  # fmt: skip
    then = Snapshots(np.array([known.row_of[judged.view.lead_id(row)]]), judged.view.as_of[[row]])
    again = judge(known, cut, then, judged.label[[row]], 1, RECIPE)

    closings = [len(population_of(of).stream.known_at) for of in (known, timelines)]
    assert closings[0] < closings[1]
    assert again.probability[MODEL] == model.probability[MODEL] == judged.probability[MODEL][row]
