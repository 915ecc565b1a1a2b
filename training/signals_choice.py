"""Choosing signals: families that help where the win rate moves fast, and harm where it does not.

Each is tried on leads that came later than what was learned from, as the history is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.families import families_in_use
from features.plan import learn_plan
from leads.arrays import Floats
from training.comparison import ERROR_RATE, Difference, enough, mean_difference
from training.folds import Fold
from training.forward import Material, fold_margins, forward_of
from training.history import EVERYTHING
from training.recipe import Recipe
from training.rows import TrainingRows

# What a small model shows of two sets of signals a bag shows, too: half trees, half a line.
_ROUNDS = 60


@dataclass(frozen=True)
class SignalsChoice:
    """A family that was tried, whether it was taken, and the log loss with it minus without."""

    family: str
    taken: bool
    difference: Difference

    def as_record(self) -> dict[str, object]:
        """A plain record, to be stored with a model."""
        one = self.difference
        return {
            "family": self.family, "taken": self.taken, "sentence": self.sentence,
            "difference": {"value": one.value, "low": one.low, "high": one.high},
        }  # fmt: skip

    @property
    def sentence(self) -> str:
        """What was found, for a person, without its full stop."""
        taken = "are learned from" if self.taken else "are left out"
        return f"The signals {self.family!r} {taken}: on later leads log loss differs by " + str(
            self.difference
        )


def with_chosen(
    rows: TrainingRows, target: Floats, folds: Sequence[Fold], recipe: Recipe, seed: int
) -> tuple[TrainingRows, tuple[SignalsChoice, ...]]:
    """The rows with the signals of each tried family that surely lowers the log loss.

    Surely: the paired difference lies below 0 at an error rate of 5 % over all that are tried,
    leads taken as drawn. None is taken where there are too few later leads to tell.
    """
    tried = families_in_use().if_better
    later = np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in folds)])
    lead = rows.view.snapshots.lead[later]
    if not tried or not folds or not enough(lead, (target[later] > 0.5).astype(np.int8)):
        return rows, ()
    without = _losses(rows, target, folds, recipe, seed)
    chosen, choices = rows, []
    for family in tried:
        plan = learn_plan(rows.timelines, (family,))
        block = plan.matrix(rows.view, rows.population)
        with_it = replace(
            chosen, plan=chosen.plan.beside(plan), matrix=np.hstack([chosen.matrix, block])
        )
        losses = _losses(with_it, target, folds, recipe, seed)
        rate = ERROR_RATE / len(tried)
        difference = mean_difference(losses - without, np.ones(len(lead)), lead, rate)
        choices.append(SignalsChoice(family.name, difference.high < 0, difference))
        if difference.high < 0:
            chosen, without = with_it, losses
    return chosen, tuple(choices)


def _losses(
    rows: TrainingRows, target: Floats, folds: Sequence[Fold], recipe: Recipe, seed: int
) -> Floats:
    """The log loss of each later row by a small model."""
    material = Material(rows.plan, rows.matrix, rows.view.snapshots.lead, rows.view.as_of)
    small = replace(recipe, members=1, rounds=(_ROUNDS,))
    parts = [fold_margins(material, fold, small, EVERYTHING, seed)[0] for fold in folds]
    return forward_of(parts, [target[fold.test] for fold in folds]).loss
