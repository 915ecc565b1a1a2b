"""The product's learning on a table whose targets are given instead of read from stages.

A published protocol says itself what is to be predicted and which rows teach it. The bag, the
number of trees and the calibration are the product's, chosen as it chooses them: on leads that
came in later than those learned from.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from leads.view import View
from models.booster import Booster
from models.calibration import Platt, fit_intercept, sigmoid
from training import fitting
from training.fitting import Recipe
from training.rows import Fold, TrainingRows


@dataclass(frozen=True)
class TargetTable:
    """Snapshots with their signals and given targets; `known_at` is from when on one teaches."""

    plan: SignalPlan
    view: View
    matrix: Floats
    target: Floats
    known_at: Int64s

    def only(self, rows: Bools) -> "TargetTable":
        """Some of the rows."""
        view = self.view
        kept = View(
            view.timelines, view.snapshots.only(rows), view.events, view.first[rows],
            view.stop[rows],
        )  # fmt: skip
        return TargetTable(
            self.plan, kept, self.matrix[rows], self.target[rows], self.known_at[rows]
        )


@dataclass(frozen=True)
class Learned:
    """A bag with its calibration: margins and probabilities of other rows of the same signals."""

    boosters: tuple[str, ...]
    calibration: Platt
    rounds: int

    def margins(self, matrix: Floats) -> Floats:
        """The mean margin of the bag, uncalibrated."""
        margin: Floats = np.mean([Booster(text).margins(matrix) for text in self.boosters], axis=0)
        return margin

    def probabilities(self, matrix: Floats) -> Floats:
        """The calibrated probabilities."""
        return sigmoid(self.calibration.log_odds(self.margins(matrix)))

    def as_record(self) -> dict[str, Any]:
        """What was chosen, for a report."""
        return {"trees": self.rounds, **self.calibration.as_record()}


def learn(table: TargetTable, seed: int, recipe: Recipe | None = None) -> Learned:
    """Learn the given targets from all rows of a table, with the default recipe."""
    recipe = recipe or Recipe()
    rows = TrainingRows(table.view.timelines, table.plan, table.view, table.matrix)
    folds = _folds(table, recipe)
    margins = [
        fitting._at_fold_level(
            fitting._staged_margins(rows, fold, recipe, seed), table.target[fold.test]
        )
        for fold in folds
    ]
    tested = np.concatenate([fold.test for fold in folds])
    lead = table.view.snapshots.lead
    calibration, rounds, _ = fitting._choose(
        np.concatenate(margins, axis=1), lead[tested], table.target[tested], recipe
    )
    boosters = fitting._fit_bag(rows, table.target, recipe, rounds, seed)
    margin = Learned(boosters, calibration, rounds).margins(table.matrix)
    level = fit_intercept(calibration.slope * margin, table.target, np.ones(len(margin)))
    return Learned(boosters, Platt(calibration.slope, level), rounds)


def _folds(table: TargetTable, recipe: Recipe) -> list[Fold]:
    """Leads between shares of all, in order of creation, predicted from what was known then."""
    created_at = table.view.created_at
    _, first = np.unique(table.view.snapshots.lead, return_index=True)
    edges = np.quantile(created_at[first], recipe.folds).astype(np.int64)
    folds = []
    for begin, end in itertools.pairwise(edges.tolist()):
        target = np.where(table.known_at <= begin, table.target, np.nan)
        test = np.flatnonzero((created_at > begin) & (created_at <= end))
        if len(test):
            folds.append(Fold(begin, target, test))
    return folds
