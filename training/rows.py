"""Training rows: every open snapshot with its signals, its label at any cut, and folds in time."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.plan import SignalPlan
from features.population import Population
from leads.arrays import Floats, Int8s, Int64s
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL, labels
from leads.timeline import Timelines
from leads.view import View, look
from training.snapshots import open_life_snapshots
from training.targets import targets

FEWEST_LEADS_EACH = 10


@dataclass(frozen=True)
class TrainingRows:
    """Every open snapshot known by a cut, with its signals: one matrix row per snapshot."""

    timelines: Timelines
    plan: SignalPlan
    view: View
    matrix: Floats

    def labels(self, until: int) -> Int8s:
        """Labels as known by an earlier cut; those of later snapshots are CENSORED_LABEL."""
        return labels(self.view, until)


def training_rows(
    known: Timelines, plan: SignalPlan, population: Population, until: int, seed: int
) -> TrainingRows:
    """The open snapshots of timelines known by `until`, with their signals."""
    view = look(known, open_life_snapshots(known, until, seed))
    return TrainingRows(known, plan, view, plan.matrix(view, population))


@dataclass(frozen=True)
class Fold:
    """What is learned at a cut, one target per row, NaN for later rows; places of rows to predict.

    Those are the snapshots of the leads that came in after the cut.
    """

    cut: int
    target: Floats
    test: Int64s


def folds_in_time(rows: TrainingRows, shares: Sequence[float], label: Int8s) -> list[Fold]:
    """Folds between shares of the decided leads, in order of creation; empty ones are left out.

    Each part of the leads is predicted from what was known when it began. `label` is what the
    later rows turned out to be.
    """
    created_at, lead = rows.view.created_at, rows.view.snapshots.lead
    decided = label != CENSORED_LABEL
    _leads, first = np.unique(lead[decided], return_index=True)
    edges = np.quantile(created_at[decided][first], shares).astype(np.int64)
    folds = []
    for begin, end in itertools.pairwise(edges):
        test = np.flatnonzero((created_at > begin) & (created_at <= end))
        if len(test):
            folds.append(Fold(int(begin), targets(rows.view, int(begin)), test))
    return folds


def leads_of_each(lead: Int64s, label: Int8s) -> tuple[int, int]:
    """How many leads have a snapshot that was won, and one that was not."""
    return len(np.unique(lead[label == WON_LABEL])), len(np.unique(lead[label == NOT_WON_LABEL]))
