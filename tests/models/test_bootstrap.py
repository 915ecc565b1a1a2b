"""Intervals come from resampling leads, with all their snapshots."""

import numpy as np
import pytest

from models.bootstrap import figures, paired_difference
from models.metrics import METRICS, auc, tally


@pytest.fixture(scope="module")
def holdout():
    """Label, probability, weight and lead of 300 leads with 1 to 6 snapshots each."""
    generator = np.random.default_rng(3)
    counts = generator.integers(1, 7, 300)
    lead = np.repeat(np.arange(300), counts)
    tendency = generator.normal(size=300)[lead]
    label = (tendency + generator.normal(size=300)[lead] > 0).astype(float)
    probability = 1 / (1 + np.exp(-1.5 * tendency - 0.1 * generator.normal(size=len(lead))))
    return label, probability, (1 / counts)[lead], lead


def test_value_is_the_metric_itself_within_its_interval(holdout):
    label, probability, weight, lead = holdout
    tallied = tally(label, probability, weight)
    measured = figures(label, probability, weight, lead)

    assert measured.keys() == METRICS.keys()
    for name, estimate in measured.items():
        assert estimate["value"] == METRICS[name](tallied)
        assert estimate["low"] < estimate["high"]
    for name in METRICS.keys() - {"ece"}:  # resampling adds noise, and ece counts noise as error
        assert measured[name]["low"] < measured[name]["value"] < measured[name]["high"]


def test_same_seed_gives_the_same_figures_and_another_does_not(holdout):
    first, again, other = (figures(*holdout, resamples=20, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first["auc"]["low"] != other["auc"]["low"]
    assert first["auc"]["value"] == other["auc"]["value"]


def test_order_of_snapshots_and_names_of_leads_do_not_matter(holdout):
    order = np.random.default_rng(9).permutation(len(holdout[0]))
    label, probability, weight, lead = (column[order] for column in holdout)
    named = np.array([f"lead-{number:04d}" for number in lead])
    turned = figures(label, probability, weight, named, resamples=20)

    for name, estimate in figures(*holdout, resamples=20).items():
        assert turned[name] == pytest.approx(estimate)


def test_all_snapshots_of_a_lead_go_along():
    """Each lead 25 times over: resampling snapshots would narrow the interval five times."""
    generator = np.random.default_rng(4)
    probability = generator.random(200)
    label = (generator.random(200) < probability).astype(float)
    ones, lead = np.ones(200), np.arange(200)
    once = figures(label, probability, ones, lead)["auc"]
    often = figures(*(np.repeat(c, 25) for c in (label, probability, ones, lead)))["auc"]

    assert often == pytest.approx(once)


def test_interval_has_the_width_that_theory_gives():
    """A base rate of 0.3 among 2,000 leads has a standard error of 0.01025."""
    label = np.zeros(2000)
    label[:600] = 1
    estimate = figures(label, label, np.ones(2000), np.arange(2000), resamples=2000)["base_rate"]
    assert estimate == pytest.approx({"value": 0.3, "low": 0.2799, "high": 0.3201}, abs=0.0015)


def test_interval_covers_the_truth_as_often_as_it_says():
    """Nominal 95 %; 200 holdouts of 150 leads with 1 to 6 equal snapshots."""
    generator = np.random.default_rng(8)
    covered = 0
    for _ in range(200):
        lead = np.repeat(np.arange(150), generator.integers(1, 7, 150))
        label = (generator.random(150) < 0.4)[lead].astype(float)
        weight = 1 / np.bincount(lead)[lead]
        rate = figures(label, label, weight, lead, resamples=100)["base_rate"]
        covered += rate["low"] <= 0.4 <= rate["high"]
    assert 180 <= covered <= 199


@pytest.mark.parametrize("label", [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
def test_one_class_leaves_auc_undefined(label):
    undefined = {"value": None, "low": None, "high": None}
    assert figures(label, [0.1, 0.2, 0.3], [1, 1, 1], [0, 1, 2])["auc"] == undefined


def test_no_snapshots_leave_everything_undefined():
    undefined = {"value": None, "low": None, "high": None}
    measured = figures([], [], [], [])
    assert all(estimate == undefined for estimate in measured.values())


def test_resamples_of_one_class_are_left_out():
    """Three leads, one won: a resample lacks it in 8 of 27 cases, and auc is 1 in all others."""
    estimate = figures([1, 0, 0], [0.9, 0.2, 0.1], [1, 1, 1], ["a", "b", "c"])["auc"]
    assert estimate == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_paired_difference_of_a_model_with_itself_is_zero(holdout):
    label, probability, weight, lead = holdout
    for metric in METRICS:
        difference = paired_difference(metric, label, probability, probability, weight, lead)
        assert difference == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_paired_difference_is_surer_than_its_parts(holdout):
    label, probability, weight, lead = holdout
    noise = np.random.default_rng(5).normal(scale=0.05, size=len(label))
    a, b = (figures(label, p, weight, lead)["auc"] for p in (probability, probability + noise))
    difference = paired_difference("auc", label, probability, probability + noise, weight, lead)

    assert difference["value"] == pytest.approx(
        auc(label, probability, weight) - auc(label, probability + noise, weight)
    )
    width = difference["high"] - difference["low"]
    assert width < min(a["high"] - a["low"], b["high"] - b["low"]) / 3


def test_paired_difference_changes_sign_with_the_order(holdout):
    label, probability, weight, lead = holdout
    one = paired_difference("brier", label, probability, probability**2, weight, lead)
    other = paired_difference("brier", label, probability**2, probability, weight, lead)
    assert (one["value"], one["low"], one["high"]) == pytest.approx(
        (-other["value"], -other["high"], -other["low"])
    )


def test_unknown_metric_is_named(holdout):
    label, probability, weight, lead = holdout
    with pytest.raises(KeyError, match="gini"):
        paired_difference("gini", label, probability, probability, weight, lead)
