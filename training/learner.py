"""The learner: a bag of trees and a line from rows of signals with targets, calibrated forward.

The number of trees and the calibration are chosen on predictions of later rows by earlier ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Floats, Int64s
from models.calibration import Platt, fit_intercept, fit_platt, sigmoid
from models.margin import SHARE, Margin, margin_of, mixed
from models.metrics import log_loss
from training.bag import fit_bag, staged_margins
from training.folds import Fold
from training.linear import fit_linear
from training.recipe import Recipe
from training.snapshots import learning_weights

Progress = Callable[[str], None]


def no_progress(step: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Learned:
    """A bag of trees and a line, as they are stored, and the calibration of their margin.

    `losses` are the calibrated log losses on later rows by which `rounds` was chosen.
    """

    boosters: tuple[str, ...]
    linear: dict[str, Any]
    calibration: Platt
    rounds: int
    losses: dict[str, float]
    n_columns: int

    @cached_property
    def margin(self) -> Margin:
        """What it says of rows of signals, before calibration."""
        return margin_of(self.boosters, self.linear, self.n_columns)

    def probabilities(self, matrix: Floats) -> Floats:
        """The calibrated probabilities of rows of signals."""
        return sigmoid(self.calibration.log_odds(self.margin.of(matrix)))


def learn(
    plan: SignalPlan,
    matrix: Floats,
    lead: Int64s,
    target: Floats,
    folds: Sequence[Fold],
    recipe: Recipe,
    seed: int,
    progress: Progress = no_progress,
) -> Learned:
    """Learn the targets from 0 to 1 of the rows that have one; NaN is none.

    Without folds it takes the fewest trees as they are.
    """
    rounds, calibration, losses = min(recipe.rounds), Platt(1.0, 0.0), dict[str, float]()
    if folds:
        parts = [_fold_margins(plan, matrix, lead, fold, recipe, seed) for fold in folds]
        rounds, calibration, losses = _choose(parts, [target[f.test] for f in folds], recipe)
    progress("fitting the bag")
    known = ~np.isnan(target)
    boosters, linear = _fit(plan, matrix[known], lead[known], target[known], recipe, rounds, seed)
    made = Learned(boosters, linear, calibration, rounds, losses, matrix.shape[1])
    margin = made.margin.of(matrix[known])
    level = fit_intercept(calibration.slope * margin, target[known], np.ones(len(margin)))
    return replace(made, calibration=replace(calibration, intercept=level))


def _fit(
    plan: SignalPlan,
    matrix: Floats,
    lead: Int64s,
    target: Floats,
    recipe: Recipe,
    rounds: int,
    seed: int,
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The texts of the bag, and the record of the line with its share."""
    weight = learning_weights(lead)
    boosters = fit_bag(matrix, target, weight, plan.categorical, recipe, rounds, seed)
    linear = fit_linear(plan, matrix, target, weight, recipe.linear_c)
    return boosters, {**linear.as_record(), SHARE: recipe.linear_share}


def _fold_margins(
    plan: SignalPlan, matrix: Floats, lead: Int64s, fold: Fold, recipe: Recipe, seed: int
) -> Floats:
    """The margins of a fold's later rows after each number of trees (rounds x rows)."""
    known, later = ~np.isnan(fold.target), matrix[fold.test]
    earlier, target, weight = matrix[known], fold.target[known], learning_weights(lead[known])
    most = max(recipe.rounds)
    texts = fit_bag(earlier, target, weight, plan.categorical, recipe, most, seed)
    linear = fit_linear(plan, earlier, target, weight, recipe.linear_c)
    staged = staged_margins(texts, recipe.rounds, later)
    return mixed(staged, linear.margins(later), recipe.linear_share)


def _choose(
    parts: Sequence[Floats], targets: Sequence[Floats], recipe: Recipe
) -> tuple[int, Platt, dict[str, float]]:
    """The number of trees with the lowest calibrated log loss on later rows, and its calibration.

    Each fold is taken at its own level: see `_at_fold_level`.
    """
    target = np.concatenate(targets)
    weight = np.ones(len(target))
    fits: list[Platt] = []
    losses: list[float] = []
    for place in range(len(recipe.rounds)):
        margin = np.concatenate(
            [_at_fold_level(part[place], own) for part, own in zip(parts, targets, strict=True)]
        )
        platt = fit_platt(margin, target, weight)
        loss = log_loss(target, sigmoid(platt.log_odds(margin)), weight)
        fits.append(platt)
        losses.append(float("inf") if loss is None else loss)
    best = int(np.argmin(losses))
    named = {
        f"log_loss_{rounds}_trees": loss
        for rounds, loss in zip(recipe.rounds, losses, strict=True)
        if np.isfinite(loss)
    }
    return recipe.rounds[best], fits[best], named


def _at_fold_level(margin: Floats, target: Floats) -> Floats:
    """A fold's margins moved so that its mean probability is right.

    Between folds the base rate moves: that is not the calibration's to learn, which would add
    what the models learn themselves once they know the newer leads.
    """
    return margin + fit_intercept(margin, target, np.ones(len(target)))
