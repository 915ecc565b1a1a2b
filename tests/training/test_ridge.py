"""Logistic regression with groups that deviate: identities, and groups that tell little."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.calibration import sigmoid
from training.ridge import fit_ridge

ROWS, WIDTH, C, DEVIATION = 900, 4, 0.5, 0.4


@pytest.fixture
def rows():
    draw = np.random.default_rng(4)
    values, group = draw.normal(size=(ROWS, WIDTH)), draw.integers(0, 3, ROWS)
    slopes = np.array([[1.0, -1.0, 0.5, 0.0], [0.2, -1.0, 0.5, 0.5], [1.0, 0.5, 0.5, -0.5]])
    target = draw.random(ROWS) * 0.2 + 0.8 * sigmoid((values * slopes[group]).sum(axis=1) - 0.5)
    return values, target, draw.random(ROWS) + 0.5, group


def log_odds(found, values, group):
    return found.intercept + (values * found.of_group[group]).sum(axis=1)


def test_deviations_are_values_once_more_held_back_more(rows):
    values, target, weight, group = rows
    found = fit_ridge(values, target, weight, group, C, DEVIATION)

    own = [values * (group == one)[:, None] * DEVIATION for one in (1, 2)]
    design = np.hstack([values, *own])
    doubled = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=100).fit(
        np.concatenate([design, design]),
        np.repeat([1, 0], ROWS),
        sample_weight=np.concatenate([weight * target, weight * (1 - target)]),
    )

    assert log_odds(found, values, group) == pytest.approx(
        doubled.decision_function(design), abs=1e-5
    )
    mean = np.average(sigmoid(log_odds(found, values, group)), weights=weight)
    assert mean == pytest.approx(np.average(target, weights=weight), abs=1e-9)


def test_group_without_rows_or_weight_is_told_as_all_are(rows):
    values, target, weight, group = rows
    absent = np.where(group == 1, 0, group)

    found = fit_ridge(values, target, weight, absent, C, DEVIATION)
    of_nothing = fit_ridge(values, target, weight * (group != 1), group, C, DEVIATION)

    assert found.of_group[1] == pytest.approx(found.of_group[0], abs=1e-9)
    assert of_nothing.of_group[1] == pytest.approx(of_nothing.of_group[0], abs=1e-9)


def test_the_more_a_group_may_deviate_the_further_it_does(rows):
    values, target, weight, group = rows

    def apart(deviation):
        found = fit_ridge(values, target, weight, group, C, deviation)
        return np.abs(found.of_group[2] - found.of_group[0]).sum()

    assert apart(0.01) < 0.05 < apart(0.4) < apart(2.0)


@pytest.mark.parametrize("of_group", [0.0, 1.0], ids=["no win in a group", "wins alone"])
def test_separable_groups_and_constant_values_are_finite(rows, of_group):
    values, target, weight, group = rows
    values, target = values.copy(), np.where(group == 2, of_group, np.round(target))
    values[:, 3] = 7.0

    found = fit_ridge(values, target, weight, group, 1e4, DEVIATION)

    said = sigmoid(log_odds(found, values, group))
    assert np.isfinite(found.of_group).all()
    assert np.average(said, weights=weight) == pytest.approx(
        np.average(target, weights=weight), abs=1e-6
    )
