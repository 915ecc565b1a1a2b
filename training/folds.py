"""Folds in time: the parts of the leads between which choices are made, each predicted forward."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leads.arrays import Floats, Int8s, Int64s
from leads.outcome import CENSORED_LABEL
from training.rows import TrainingRows

TargetsAt = Callable[[TrainingRows, int], Floats]


@dataclass(frozen=True)
class Fold:
    """What is learned at a cut, one target per row, NaN for later rows; places of rows to predict.

    Those are the snapshots of the leads that came in after the cut.
    """

    cut: int
    target: Floats
    test: Int64s


def folds_in_time(
    rows: TrainingRows, shares: Sequence[float], label: Int8s, targets_at: TargetsAt
) -> list[Fold]:
    """Folds between shares of the decided leads, in order of creation; empty ones are left out.

    Each part of the leads is predicted from what was known when it began: `targets_at` says what
    is learned then. `label` is what the later rows turned out to be.
    """
    created_at, lead = rows.view.created_at, rows.view.snapshots.lead
    decided = label != CENSORED_LABEL
    _leads, first = np.unique(lead[decided], return_index=True)
    edges = np.quantile(created_at[decided][first], shares).astype(np.int64)
    folds = []
    for begin, end in itertools.pairwise(edges):
        test = np.flatnonzero((created_at > begin) & (created_at <= end))
        if len(test):
            folds.append(Fold(int(begin), targets_at(rows, int(begin)), test))
    return folds
