"""The product's learning on a table whose targets are given instead of read from stages.

A published protocol says itself what is to be predicted and which rows teach it. The bag, the line,
the number of trees and the calibration are the product's, chosen as it chooses them: on leads that
came in later than those learned from.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from leads.view import View
from training import learner
from training.folds import Fold
from training.learner import Learned
from training.recipe import Recipe


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


def learn(table: TargetTable, seed: int, recipe: Recipe | None = None) -> Learned:
    """Learn the given targets from all rows of a table, with the default recipe."""
    recipe = recipe or Recipe()
    lead, folds = table.view.snapshots.lead, _folds(table, recipe)
    return learner.learn(table.plan, table.matrix, lead, table.target, folds, recipe, seed)


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
