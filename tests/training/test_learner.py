"""The learner: trees and the line's share are as usual, unless later rows say surely otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from features.engagement import ACTIVITY, NO_CONTACT
from features.plan import SignalPlan
from features.signal import Column, Family
from features.stages import STAGE
from models.calibration import fit_platt, sigmoid
from training.folds import Fold
from training.forward import FoldMargins
from training.learner import _choose, learn
from training.recipe import Recipe

ROWS = 4_000
RECIPE = Recipe(
    members=1, rounds=(5, 30, 300), last_days=(), half_lives_days=(),
    linear_share=0.0, rows_per_leaf=50,
)  # fmt: skip
NUMBERS = 6
COLUMNS = (
    Column("stage", STAGE, "level", "In stage {value}", "No stage.", levels=("New",)),
    *(Column(f"n{n}", ACTIVITY, "count", "N: {value}", NO_CONTACT) for n in range(NUMBERS)),
)
ONE_STAGE = {"stages": [["sales", "New"]]}
PLAN = SignalPlan(
    (
        (
            Family("stages", lambda timelines: {}, lambda settings: COLUMNS, lambda *_: None),
            ONE_STAGE,
        ),
    )
)


def learned(rate_of, **changed):
    """Rows of six random numbers, a lead each; the first two thirds predict the rest."""
    draw = np.random.default_rng(2)
    numbers = draw.normal(size=(ROWS, NUMBERS))
    target = (draw.random(ROWS) < rate_of(numbers)).astype(np.float64)
    earlier = np.arange(ROWS) < ROWS * 2 // 3
    fold = Fold(0, np.where(earlier, target, np.nan), np.flatnonzero(~earlier))
    matrix = np.column_stack([np.zeros(ROWS), numbers])
    recipe = replace(RECIPE, **changed)
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
    assert learned(rate_of, usual_rounds=usual).rounds in rounds


@pytest.mark.parametrize(
    ("rate_of", "usual", "other", "share"),
    [
        (lambda x: sigmoid(x.sum(axis=1)), 0.1, 0.9, 0.9),
        (lambda x: np.where(x[:, 0] * x[:, 1] > 0, 0.8, 0.2), 0.9, 0.1, 0.1),
        (lambda x: np.full(len(x), 0.4), 0.5, 0.1, 0.5),
    ],
    ids=["a line", "no line at all", "noise"],
)
def test_another_share_of_the_line_is_taken_where_it_is_surely_better(rate_of, usual, other, share):
    made = learned(rate_of, usual_rounds=30, linear_share=usual, other_shares=(other,))

    assert made.linear_share == made.linear["share"] == share
    assert {f"log_loss_line_{round(100 * one)}_percent" for one in (usual, other)} < set(
        made.losses
    )


def test_a_slope_that_few_later_wins_tell_is_held_back_to_one():
    """Margins half as wide as they should be: many later leads tell it, few are not believed."""

    def slopes(leads):
        draw = np.random.default_rng(5)
        margin = draw.normal(size=leads)
        won = (draw.random(leads) < sigmoid(2 * margin)).astype(np.float64)
        parts = [FoldMargins(margin[None, :], margin)]
        recipe = replace(RECIPE, rounds=(5,), linear_share=0.5)
        chosen = _choose(parts, [won], [np.arange(leads)], recipe)
        return chosen.calibration.slope, fit_platt(margin, won, np.ones(leads)).slope

    held_back, fitted = slopes(30)
    assert fitted > 1.3
    assert 1 < held_back < 1 + (fitted - 1) / 2
    assert slopes(20_000)[0] == pytest.approx(2, abs=0.1)
