"""The learner: the number of trees is the usual one, unless later rows say surely otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from features.engagement import ACTIVITY, NO_CONTACT
from features.plan import SignalPlan
from features.signal import Column, Family
from models.calibration import sigmoid
from training.folds import Fold
from training.learner import learn
from training.recipe import Recipe

ROWS = 4_000
RECIPE = Recipe(
    members=1, rounds=(5, 30, 300), last_days=(), half_lives_days=(),
    linear_share=0.0, rows_per_leaf=50,
)  # fmt: skip
COLUMNS = tuple(
    Column(f"n{place}", ACTIVITY, "count", "N: {value}", NO_CONTACT) for place in range(6)
)
PLAN = SignalPlan(
    ((Family("numbers", lambda timelines: {}, lambda settings: COLUMNS, lambda *_: None), {}),)
)


def learned(rate_of, usual):
    """Rows of six random numbers, a lead each; the first two thirds predict the rest."""
    draw = np.random.default_rng(2)
    matrix = draw.normal(size=(ROWS, len(COLUMNS)))
    target = (draw.random(ROWS) < rate_of(matrix)).astype(np.float64)
    earlier = np.arange(ROWS) < ROWS * 2 // 3
    recipe = replace(RECIPE, usual_rounds=usual)
    fold = Fold(0, np.where(earlier, target, np.nan), np.flatnonzero(~earlier))
    return learn(PLAN, matrix, np.arange(ROWS), target, [fold], recipe, seed=1)


@pytest.mark.parametrize(
    ("rate_of", "usual", "rounds"),
    [
        (lambda x: np.where(x[:, 0] > 0, 0.7, 0.3), 300, {5, 30}),
        (lambda x: np.full(len(x), 0.4), 30, {30}),
        (lambda x: sigmoid(np.sign(x).sum(axis=1)), 30, {300}),
        (lambda x: sigmoid(np.sign(x).sum(axis=1)), 300, {300}),
    ],
    ids=["one step, far too many", "noise", "six steps, too few", "six steps"],
)
def test_another_number_of_trees_is_taken_where_it_is_surely_better(rate_of, usual, rounds):
    assert learned(rate_of, usual).rounds in rounds
