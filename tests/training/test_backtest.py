"""Backtest: past months' models, each knowing nothing later than its month's start."""

import itertools
import re

import numpy as np
import pytest

from leads.clock import DAY_US, format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from models.bootstrap import paired_difference
from tests.training.simulated_crm import (
    RECIPE,
    simulated_timelines,
    until_of,
    with_another_future,
)
from training.backtest import LEAST_DECIDED, MOST_AGE, backtest
from training.backtest_plots import ageing_plot, months_plot
from training.backtest_record import backtest_record
from training.backtest_report import WORTH_RETRAINING, backtest_report, retraining_sentence
from training.evaluation import MODEL, judge

MONTHS = 3
BASELINES = {"base_rate", "stage_win_rate", "naive_bayes", "logistic_regression"}


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def replayed(timelines):
    return backtest(timelines, until_of(timelines), 1, RECIPE, MONTHS, workers=1)


@pytest.fixture(scope="module")
def report(replayed):
    return backtest_report(replayed)


# The months.


def test_months_are_the_newest_that_are_decided_one_after_the_other(replayed, timelines):
    starts = [format_time(month.start) for month in replayed.months]

    assert len(starts) == MONTHS
    assert all(start.endswith("-01T00:00:00Z") for start in starts)
    assert all(a.end == b.start for a, b in itertools.pairwise(replayed.months))
    assert replayed.months[-1].end <= until_of(timelines)
    assert all(": for " in why and "too early to tell" in why for why in replayed.left_out)


def test_snapshots_are_those_of_open_leads_in_their_month(replayed, timelines):
    start = np.array([month.start for month in replayed.months])[replayed.month]
    end = np.array([month.end for month in replayed.months])[replayed.month]

    assert (replayed.view.as_of >= start).all()
    assert (replayed.view.as_of < end).all()
    assert (known_status(replayed.view) == OPEN).all()
    assert (replayed.label == labels(replayed.view, until_of(timelines))).all()
    assert (replayed.label != CENSORED_LABEL).all()


def test_each_lead_of_a_fully_decided_month_weighs_one(replayed):
    whole = [place for place, month in enumerate(replayed.months) if not month.n_censored]
    for place in whole:
        rows = replayed.month == place
        total = np.bincount(replayed.view.snapshots.lead[rows], replayed.weight[rows])
        assert total[total > 0] == pytest.approx(1)
    undecided = [month.n_censored / (replayed.month == place).sum()
                 for place, month in enumerate(replayed.months)]  # fmt: skip
    assert max(undecided) < 1 - LEAST_DECIDED + 0.2


def test_month_that_begins_before_anything_was_decided_is_left_out(timelines):
    first = int(timelines.created_at.min())
    with pytest.raises(TooFewLeadsError, match=r"leads were won and .* import more history"):
        backtest(timelines, first + 40 * DAY_US, 1, RECIPE, workers=1)


# What the models know.


def test_fresh_model_is_the_one_fitted_when_the_month_began(replayed, timelines):
    place = len(replayed.months) - 1
    rows = np.flatnonzero(replayed.month == place)
    judged = judge(
        timelines,
        replayed.months[place].start,
        replayed.view.snapshots.only(rows),
        replayed.label[rows],
        1,
        RECIPE,
    )

    assert set(replayed.probability[0]) == BASELINES | {MODEL}
    for name, said in judged.probability.items():
        assert (replayed.probability[0][name][rows] == said).all()


def test_what_happens_after_a_month_changes_no_prediction_in_it(replayed, timelines):
    first = replayed.months[0]
    changed = backtest(
        with_another_future(timelines, first.end),
        until_of(timelines),
        1,
        RECIPE,
        MONTHS + 1,
        workers=1,
    )
    place = [month.start for month in changed.months].index(first.start)

    said, said_now = (_by_snapshot(one, at) for one, at in ((replayed, 0), (changed, place)))
    common = set(said) & set(said_now)
    assert len(common) > 50
    assert {key: said_now[key] for key in common} == {key: said[key] for key in common}


def _by_snapshot(replayed, place):
    rows = np.flatnonzero(replayed.month == place)
    keys = zip(replayed.view.snapshots.lead[rows], replayed.view.as_of[rows], strict=True)
    return dict(zip(keys, replayed.probability[0][MODEL][rows], strict=True))


def test_model_of_an_age_speaks_of_the_months_that_much_later(replayed):
    assert sorted(replayed.probability) == list(range(min(MONTHS, MOST_AGE + 1)))
    for age, said in replayed.probability.items():
        assert (~np.isnan(said[MODEL]) == (replayed.month >= age)).all()


def test_two_processes_say_the_same_as_one(replayed, timelines):
    again = backtest(timelines, until_of(timelines), 1, RECIPE, 2, workers=2)

    assert again.months == replayed.months[1:]
    both = replayed.month >= 1
    for age, said in again.probability.items():
        for name, values in said.items():
            expected = replayed.probability[age][name][both]
            expected[replayed.month[both] < 1 + age] = np.nan
            assert np.isfinite(values).sum() == np.isfinite(expected).sum() > 0
            # A process of its own has one thread for linear algebra, which sums in another order.
            exact = 0 if name == MODEL else 1e-9
            assert values == pytest.approx(expected, abs=exact, nan_ok=True)


# The report.


def test_each_month_has_the_fresh_model_beside_the_baselines(report, replayed):
    assert [month["month"] for month in report["months"]] == [
        format_time(month.start)[:7] for month in replayed.months
    ]
    for month in report["months"]:
        assert set(month["baselines"]) == set(month["log_loss_above"]) == BASELINES
        assert month["auc"]["low"] <= month["auc"]["value"] <= month["auc"]["high"]
        assert 0 < month["mean_predicted"] < 1
    assert sum(month["n_snapshots"] for month in report["months"]) == len(replayed.label)
    assert report["overall"]["n_snapshots"] == len(replayed.label)


def test_ageing_is_paired_on_the_same_snapshots(report, replayed):
    entry = report["ageing"][0]
    old, fresh = replayed.probability[1][MODEL], replayed.probability[0][MODEL]
    rows = replayed.month >= 1
    expected = paired_difference(
        "log_loss", replayed.label[rows], old[rows], fresh[rows], replayed.weight[rows],
        replayed.view.snapshots.lead[rows],
    )  # fmt: skip

    assert [one["age_months"] for one in report["ageing"]] == [1, 2]
    first, second, third = (month.learned_leads for month in replayed.months)
    assert entry["learned_leads"] == {"old": (first + second) / 2, "fresh": (second + third) / 2}
    assert entry["log_loss"]["difference"] == expected
    assert entry["log_loss"]["old"] - entry["log_loss"]["fresh"] == pytest.approx(expected["value"])


def ageing(*differences):
    return [
        {
            "age_months": place + 1,
            "learned_leads": {"old": 1_370.0, "fresh": 2_400.4},
            "log_loss": {"difference": dict(zip(("value", "low", "high"), d, strict=True))},
        }
        for place, d in enumerate(differences)
    ]


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        (
            [(0.01, 0.005, 0.02)],
            "one month old .* knows 2,400 closed leads instead of 1,370: retrain every month",
        ),
        (
            [(0.01, -0.005, 0.02), (0.003, 0.001, 0.005)],
            "2 months old has 0.0030 more .* retrain every 2 months",
        ),
        (
            [(WORTH_RETRAINING / 2, 0.0005, 0.002), (0.0, -0.001, 0.001)],
            "up to 2 months old is clearly worse .* every 3 months is often enough",
        ),
        ([], "Too few months"),
    ],
)
def test_retraining_is_advised_at_the_first_age_that_is_clearly_worse(differences, said):
    sentence = retraining_sentence(ageing(*differences))
    assert re.search(said, sentence), sentence


def test_run_has_a_nested_run_for_each_month_and_curves_over_them(report):
    record = backtest_record(report, RECIPE, {"until": "2026-03-01T00:00:00Z", "seed": 1})

    assert [child.name for child in record.children] == [m["month"] for m in report["months"]]
    assert record.params["members"] == "2"
    assert record.params["months"] == MONTHS
    assert record.metrics["backtest.auc"] == report["overall"]["auc"]["value"]
    assert record.metrics["backtest.base_rate.log_loss.low"] is not None
    assert [step for step, _ in record.series["by_month.auc"]] == [0, 1, 2]
    assert [step for step, _ in record.series["by_age.log_loss_against_fresh"]] == [1, 2]
    assert record.summary == report["retraining"]
    assert set(record.figures) == {"by_month.png", "ageing.png"}
    assert record.artifact_folder is None


def test_plots_show_each_month_and_each_age(report):
    ranks, rates = months_plot(report["months"]).axes
    assert [label.get_text() for label in rates.get_xticklabels()] == [
        month["month"] for month in report["months"]
    ]
    drawn = ranks.get_legend_handles_labels()[1]
    assert drawn == ["no better than chance", "the month's model"]
    (ages,) = ageing_plot(report["ageing"]).axes
    assert ages.get_xticks().tolist() == [1, 2]


def test_month_without_a_figure_leaves_a_gap(report):
    unknown = {"value": None, "low": None, "high": None}
    figure = months_plot([{**report["months"][0], "auc": unknown}, *report["months"][1:]])
    assert len(figure.axes) == 2
