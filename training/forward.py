"""Forward: what models of earlier rows say of later ones, fold by fold, and how well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Floats, Int64s
from models.calibration import Platt, fit_intercept, fit_platt, sigmoid
from models.margin import SHARE, mixed
from training.bag import fit_bag, staged_margins
from training.folds import Fold
from training.history import History
from training.linear import fit_linear
from training.recipe import Recipe
from training.snapshots import learning_weights

_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Material:
    """Rows of signals, whose they are and from when; `as_of` is None where times say nothing."""

    plan: SignalPlan
    matrix: Floats
    lead: Int64s
    as_of: Int64s | None = None

    def only(self, rows: Int64s) -> "Material":
        """Some of the rows."""
        as_of = None if self.as_of is None else self.as_of[rows]
        return Material(self.plan, self.matrix[rows], self.lead[rows], as_of)

    def weights(self, target: Floats, history: History, until: int | None = None) -> Floats:
        """What each row weighs in what is learned at a moment; 0 for those without a target.

        Without a moment it is that of the newest row with a target.
        """
        weight = np.zeros(len(self.lead))
        known = np.flatnonzero(~np.isnan(target))
        weight[known] = learning_weights(self.lead[known])
        if self.as_of is not None and len(known):
            as_of = self.as_of[known]
            weight[known] *= history.shares(as_of, int(as_of.max()) if until is None else until)
        return weight


def fit_parts(
    material: Material, target: Floats, weight: Floats, recipe: Recipe, rounds: int, seed: int
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The texts of the bag, and the record of the line with its share, of rows of some weight."""
    rows = np.flatnonzero(weight)
    matrix, target, weight = material.matrix[rows], target[rows], weight[rows]
    plan = material.plan
    boosters = fit_bag(matrix, target, weight, plan.categorical, recipe, rounds, seed)
    linear = fit_linear(plan, matrix, target, weight, recipe.linear_c)
    return boosters, {**linear.as_record(), SHARE: recipe.linear_share}


@dataclass(frozen=True)
class FoldMargins:
    """The margins of a fold's later rows: of the bag after each number of trees, and of the line.

    `bag` is rounds x rows.
    """

    bag: Floats
    line: Floats

    def mixed(self, place: int, linear_share: float) -> Floats:
        """The margins after one of the numbers of trees, with so much of the line."""
        return mixed(self.bag[place], self.line, linear_share)


def fold_margins(
    material: Material, fold: Fold, recipe: Recipe, history: History, seed: int
) -> FoldMargins:
    """What models of what was known when a fold began say of its later rows."""
    weight = material.weights(fold.target, history, fold.cut)
    rows = np.flatnonzero(weight)
    earlier, target, weight = material.matrix[rows], fold.target[rows], weight[rows]
    plan, later = material.plan, material.matrix[fold.test]
    most = max(recipe.rounds)
    texts = fit_bag(earlier, target, weight, plan.categorical, recipe, most, seed)
    linear = fit_linear(plan, earlier, target, weight, recipe.linear_c)
    return FoldMargins(staged_margins(texts, recipe.rounds, later), linear.margins(later))


@dataclass(frozen=True)
class Forward:
    """What was said of later rows after one number of trees, calibrated over all folds.

    `loss` is that of each row, in nats.
    """

    calibration: Platt
    loss: Floats


def forward_of(parts: Sequence[Floats], targets: Sequence[Floats]) -> Forward:
    """The calibration of all folds' margins, one array a fold, and each row's loss.

    Each fold is taken at its own level: see `at_fold_level`.
    """
    target = np.concatenate(targets)
    margin = np.concatenate(
        [at_fold_level(part, own) for part, own in zip(parts, targets, strict=True)]
    )
    platt = fit_platt(margin, target, np.ones(len(target)))
    return Forward(platt, losses_of(target, sigmoid(platt.log_odds(margin))))


def at_fold_level(margin: Floats, target: Floats) -> Floats:
    """A fold's margins moved so that its mean probability is right.

    Between folds the base rate moves: that is not the calibration's to learn, which would add
    what the models learn themselves once they know the newer leads.
    """
    return margin + fit_intercept(margin, target, np.ones(len(target)))


def losses_of(target: Floats, probability: Floats) -> Floats:
    """The log loss of each row, in nats; a target may lie between 0 and 1."""
    p = np.clip(probability, _SMALLEST, 1 - _SMALLEST)
    losses: Floats = -(target * np.log(p) + (1 - target) * np.log1p(-p))
    return losses
