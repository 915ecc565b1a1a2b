"""Choosing signals: families that help where the win rate moves fast, and harm where it does not.

Each is tried on leads that came later than what was learned from, as the history is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.families import switched
from features.plan import learn_plan
from features.signal import Family
from leads.arrays import Floats
from training.comparison import ERROR_RATE, Difference
from training.folds import Fold
from training.forward import Material
from training.ground import Ground, ground_of
from training.recipe import Recipe
from training.rows import TrainingRows

# Less than so much log loss is not worth a reason more on every page.
WORTH_TAKING = 0.001


@dataclass(frozen=True)
class SignalsChoice:
    """A family that was tried, and the log loss with it minus without."""

    family: str
    difference: Difference

    @property
    def taken(self) -> bool:
        """Whether it is surely better by what is worth taking."""
        return self.difference.high < -WORTH_TAKING

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
    """The rows with the signals of each tried family that surely lowers the log loss by .001.

    Surely: the paired difference lies below that at an error rate of 5 % over all that are tried,
    leads taken as drawn. None is taken where there are too few later leads to tell.
    """
    tried = switched(recipe.families).if_better
    ground = _ground(rows, target, folds)
    if not tried or not ground.tells:
        return rows, ()
    without = ground.losses(recipe, seed)
    chosen, choices = rows, []
    for family in tried:
        with_it = _with(chosen, family)
        losses = _ground(with_it, target, folds).losses(recipe, seed)
        difference = ground.difference(losses, without, ERROR_RATE / len(tried))
        choices.append(SignalsChoice(family.name, difference))
        if choices[-1].taken:
            chosen, without = with_it, losses
    return chosen, tuple(choices)


def _with(rows: TrainingRows, family: Family) -> TrainingRows:
    plan = learn_plan(rows.timelines, (family,))
    block = plan.matrix(rows.view, rows.population)
    return replace(rows, plan=rows.plan.beside(plan), matrix=np.hstack([rows.matrix, block]))


def _ground(rows: TrainingRows, target: Floats, folds: Sequence[Fold]) -> Ground:
    material = Material(rows.plan, rows.matrix, rows.view.snapshots.lead, rows.view.as_of)
    return ground_of(material, target, folds)
