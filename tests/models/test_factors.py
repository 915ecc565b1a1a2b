"""Effects in probability: they add up to the number shown, and keep sign and order."""

import numpy as np
import pytest

from models.calibration import sigmoid
from models.factors import effects, sum_groups

TREE_BASE, BASE = -1.3, -0.9


@pytest.fixture
def contributions():
    """Contributions of 6 groups to 10,000 snapshots, from tiny to overwhelming."""
    generator = np.random.default_rng(7)
    size = 10.0 ** generator.uniform(-9, 1, (10_000, 1))
    return generator.normal(size=(10_000, 6)) * size


def explained(contributions):
    log_odds = TREE_BASE + contributions.sum(axis=1)
    return effects(log_odds, BASE, contributions, TREE_BASE)


def gap(found):
    """By how much base + effects + constant misses the probability."""
    total = found.base_probability + found.groups.sum(axis=1) + found.constant
    return np.abs(total - found.probability)


def test_base_and_effects_add_up_to_the_probability(contributions):
    found = explained(contributions)

    assert found.probability.tolist() == sigmoid(TREE_BASE + contributions.sum(axis=1)).tolist()
    assert gap(found).max() < 1e-9


def test_sum_of_effects_tells_a_contribution_that_was_changed(contributions):
    log_odds = TREE_BASE + contributions.sum(axis=1)
    contributions[17, 3] += 1e-6

    found = effects(log_odds, BASE, contributions, TREE_BASE)

    assert gap(found)[17] > 1e-9
    assert np.delete(gap(found), 17).max() < 1e-9


def test_effect_has_the_sign_of_its_contribution(contributions):
    found = explained(contributions)

    assert (np.sign(found.groups) == np.sign(contributions)).all()


def test_effects_have_the_order_of_their_contributions(contributions):
    found = explained(contributions)

    ordered = np.take_along_axis(found.groups, np.argsort(contributions, axis=1), axis=1)
    assert (np.diff(ordered, axis=1) >= 0).all()


@pytest.mark.parametrize("distance", [0.0, 1e-12, -1e-8, 0.99e-7, 1.01e-7, -1e-6])
def test_near_the_base_effects_are_those_of_the_derivative(distance):
    contributions = np.array([[0.5, -0.5 + distance + BASE - TREE_BASE]])

    found = effects(np.array([BASE + distance]), BASE, contributions, TREE_BASE)

    slope = sigmoid(np.array([BASE]))[0] * (1 - sigmoid(np.array([BASE]))[0])
    assert found.groups[0, 0] == pytest.approx(0.5 * slope, rel=1e-6)
    assert gap(found).max() < 1e-12


def test_snapshot_that_is_not_scored_has_no_effects():
    found = effects(np.array([np.nan]), BASE, np.ones((1, 2)), TREE_BASE)

    assert np.isnan(found.probability).all()
    assert np.isnan(found.groups).all()
    assert np.isnan(found.constant).all()


def test_group_has_the_contributions_of_its_columns():
    contributions = np.array([[1.0, 2.0, 4.0, 8.0], [0.5, 0.0, -1.0, 3.0]])

    sums = sum_groups(contributions, np.array([0, 1, 0, 2]), 4)

    assert sums.tolist() == [[5.0, 2.0, 8.0, 0.0], [-0.5, 0.0, 3.0, 0.0]]
