"""Platt's map: the maximum likelihood of a logistic regression, and never anything degenerate."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.calibration import (
    LEAST_SLOPE,
    Platt,
    fit_platt,
    log_odds_of,
    platt_from_record,
    sigmoid,
)


def drawn(seed, leads, spread, slope, offset=0.0):
    """Margins, labels that follow them, and weights."""
    generator = np.random.default_rng(seed)
    margin = generator.normal(offset, spread, leads)
    label = generator.random(leads) < sigmoid(slope * (margin - offset) - 0.5)
    return margin, label.astype(np.int8), generator.exponential(size=leads)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("spread", "slope", "offset"), [(1, 1, 0), (0.3, 4, -1), (12, 0.15, 5), (30, 0.08, -60)]
)
def test_map_is_that_of_a_logistic_regression(seed, spread, slope, offset):
    margin, label, weight = drawn(seed, 2_000, spread, slope, offset)

    platt = fit_platt(margin, label, weight)

    reference = LogisticRegression(C=1e9, tol=1e-10, max_iter=10_000)
    reference.fit(margin[:, None], label, sample_weight=weight)
    expected = reference.predict_proba(margin[:, None])[:, 1]
    np.testing.assert_allclose(sigmoid(platt.log_odds(margin)), expected, atol=2e-4)


def test_mean_probability_is_the_share_of_wins():
    margin, label, weight = drawn(3, 500, 1, 2)

    platt = fit_platt(margin, label, weight)

    mean = np.average(sigmoid(platt.log_odds(margin)), weights=weight)
    assert mean == pytest.approx(np.average(label, weights=weight), abs=1e-5)


@pytest.mark.parametrize("largest", [0.01, 3.0, 300.0])
def test_separable_margins_give_a_finite_map(largest):
    margin = np.linspace(-largest, largest, 200)

    platt = fit_platt(margin, (margin > 0).astype(np.int8), np.ones(200))

    assert np.isfinite([platt.slope, platt.intercept]).all()
    probability = sigmoid(platt.log_odds(margin))
    assert (probability > 0).all()
    assert (probability < 1).all()


def test_map_rises_strictly():
    margin, label, weight = drawn(1, 300, 1, 0.5)

    log_odds = fit_platt(margin, label, weight).log_odds(np.sort(margin))

    assert (np.diff(log_odds) > 0).all()


def test_margins_that_rank_the_wrong_way_get_the_least_slope_with_the_mean_right():
    margin, label, weight = drawn(2, 400, 1, -2)

    platt = fit_platt(margin, label, weight)

    assert platt.slope == LEAST_SLOPE == 0.05
    mean = np.average(sigmoid(platt.log_odds(margin)), weights=weight)
    assert mean == pytest.approx(np.average(label, weights=weight), abs=1e-9)


def test_equal_margins_give_the_share_of_wins():
    label = np.array([1, 0, 0, 0], np.int8)

    platt = fit_platt(np.full(4, 7.0), label, np.ones(4))

    assert sigmoid(platt.log_odds(np.full(1, 7.0)))[0] == pytest.approx(0.25, abs=5e-3)


@pytest.mark.parametrize("seed", [786, 800, 939])
def test_margins_with_far_outliers_do_not_lead_astray(seed):
    """Full Newton steps went to the least slope on all three."""
    generator = np.random.default_rng(seed)
    leads = int(generator.integers(5, 200))
    margin = generator.standard_cauchy(leads) * 10 ** generator.uniform(-2, 2)
    steepness = generator.uniform(0, 3) / np.median(np.abs(margin))
    drawn = generator.random(leads)
    label = (drawn < sigmoid(steepness * margin - 3 * generator.normal())).astype(np.int8)
    weight = generator.exponential(size=leads) ** 2

    platt = fit_platt(margin, label, weight)

    share = np.average(label, weights=weight)
    assert platt.slope > 0.5
    assert np.average(sigmoid(platt.log_odds(margin)), weights=weight) == pytest.approx(
        share, abs=0.01
    )


def test_weighing_a_lead_twice_is_having_it_twice():
    margin, label, weight = drawn(4, 100, 1, 1)

    doubled = fit_platt(np.tile(margin, 2), np.tile(label, 2), np.tile(weight, 2))
    once = fit_platt(margin, label, 2 * weight)

    assert doubled.slope == pytest.approx(once.slope, abs=1e-9)
    assert doubled.intercept == pytest.approx(once.intercept, abs=1e-9)


def test_sigmoid_neither_overflows_nor_reaches_certainty():
    with np.errstate(all="raise"):
        probability = sigmoid(np.array([-1e308, -1e3, -40.0, 0.0, 40.0, 1e3, 1e308]))

    assert (probability > 0).all()
    assert (probability < 1).all()
    assert (np.diff(probability) >= 0).all()
    assert probability[3] == 0.5


def test_sigmoid_of_one_is_that_of_many():
    log_odds = np.random.default_rng(0).normal(0, 5, 1_001)

    alone = [sigmoid(log_odds[row : row + 1])[0] for row in range(len(log_odds))]

    assert sigmoid(log_odds).tolist() == alone


def test_log_odds_undo_the_sigmoid():
    assert sigmoid(np.array([log_odds_of(0.37)]))[0] == pytest.approx(0.37, abs=1e-15)


def test_map_comes_back_from_its_record():
    platt = Platt(1.5, -0.25)

    assert platt_from_record(platt.as_record()) == platt
