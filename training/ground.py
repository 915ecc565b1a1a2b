"""The ground that choices are made on: rows of signals, and folds that later leads judge."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leads.arrays import Floats, Int64s
from training.comparison import Difference, enough, mean_difference
from training.folds import Fold
from training.forward import Material, fold_margins, forward_of
from training.history import EVERYTHING, History
from training.recipe import Recipe

# What a small model shows of two histories, or of two sets of signals, a bag shows, too.
ROUNDS = 60
# More rows than this make a choice no surer and a training of many leads twice as long.
MOST_ROWS = 60_000


@dataclass(frozen=True)
class Ground:
    """Rows with targets, and the folds of them that judge."""

    material: Material
    target: Floats
    folds: tuple[Fold, ...]

    @property
    def lead(self) -> Int64s:
        """Whose the judging rows are, fold by fold."""
        return self.material.lead[self._later]

    @property
    def tells(self) -> bool:
        """Whether there are later leads enough, of both outcomes, to choose by."""
        return bool(self.folds) and enough(
            self.lead, (self.target[self._later] > 0.5).astype(np.int8)
        )

    def losses(self, recipe: Recipe, seed: int, history: History = EVERYTHING) -> Floats:
        """What a small model of the rows before costs on each judging row, in nats."""
        small = replace(recipe, members=1, rounds=(ROUNDS,))
        parts = [
            fold_margins(self.material, one, small, history, seed).mixed(0, recipe.linear_share)
            for one in self.folds
        ]
        return forward_of(parts, [self.target[one.test] for one in self.folds]).loss

    def difference(self, losses: Floats, beside: Floats, error_rate: float) -> Difference:
        """How much higher the first losses are, each row counting once, over leads as drawn."""
        return mean_difference(losses - beside, np.ones(len(losses)), self.lead, error_rate)

    @property
    def _later(self) -> Int64s:
        return np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in self.folds)])


def ground_of(material: Material, target: Floats, folds: Sequence[Fold]) -> Ground:
    """The rows to choose on: all, or of very many every so many leads with all their rows."""
    share = -(-len(target) // MOST_ROWS)
    if share <= 1:
        return Ground(material, target, tuple(folds))
    _, lead = np.unique(material.lead, return_inverse=True)
    kept = np.flatnonzero(lead % share == 0)
    place = np.full(len(target), -1)
    place[kept] = np.arange(len(kept))
    tests = [place[fold.test] for fold in folds]
    return Ground(
        material.only(kept),
        target[kept],
        tuple(
            Fold(fold.cut, fold.target[kept], test[test >= 0])
            for fold, test in zip(folds, tests, strict=True)
            if (test >= 0).any()
        ),
    )
