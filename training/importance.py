"""What moves the scores: the mean effect of each group of signals, either way."""

from dataclasses import dataclass

import numpy as np

from features.population import Population
from leads.view import View, look
from models.scorer import Scorer
from models.sentences import group_label

# The mean of so many is within a few percent of that of all, and they cost a fraction of a second.
MOST_SNAPSHOTS = 500


@dataclass(frozen=True)
class GroupImportance:
    """A factor group, what it is called, and its mean absolute effect in probability."""

    name: str
    label: str
    mean_effect: float


def importance(scorer: Scorer, view: View, population: Population) -> tuple[GroupImportance, ...]:
    """The groups of a model over snapshots of open leads, strongest first.

    Of many snapshots it takes 500, evenly through the order they are in.
    """
    if not len(view):
        return tuple(
            GroupImportance(group.name, group_label(group), 0.0) for group in scorer.groups
        )
    rows = np.unique(np.linspace(0, len(view) - 1, MOST_SNAPSHOTS).astype(np.int64))
    chosen = look(view.timelines, view.snapshots.only(rows))
    effects = scorer.score(chosen, population).effects.groups
    means = np.nanmean(np.abs(effects), axis=0)
    found = [
        GroupImportance(group.name, group_label(group), float(mean))
        for group, mean in zip(scorer.groups, means, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (-one.mean_effect, one.name)))
