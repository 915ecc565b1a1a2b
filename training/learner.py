"""The learner: a bag of trees and a line from rows of signals with targets, calibrated forward.

The number of trees, the history and the calibration are chosen on predictions of later rows by
earlier ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Floats, Int64s
from models.calibration import Platt, fit_intercept, sigmoid
from models.margin import Margin, margin_of
from training.comparison import enough, surely_best
from training.folds import Fold
from training.forward import Material, fit_parts, fold_margins, forward_of
from training.history import HistoryChoice
from training.history_choice import choose_history
from training.recipe import Recipe

_EVEN = 0.5

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
    history: HistoryChoice = field(default_factory=HistoryChoice)

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
    as_of: Int64s | None = None,
) -> Learned:
    """Learn the targets from 0 to 1 of the rows that have one; NaN is none.

    Without folds it takes the fewest trees as they are; without `as_of`, the moments of the rows,
    everything.
    """
    material = Material(plan, matrix, lead, as_of)
    choice = choose_history(material, target, folds, recipe, seed)
    rounds, calibration, losses = min(recipe.rounds), Platt(1.0, 0.0), dict[str, float]()
    if folds:
        parts = [fold_margins(material, fold, recipe, choice.history, seed) for fold in folds]
        rounds, calibration, losses = _choose(
            parts, [target[f.test] for f in folds], [lead[f.test] for f in folds], recipe
        )
    progress("fitting the bag")
    weight = material.weights(target, choice.history)
    boosters, linear = fit_parts(material, target, weight, recipe, rounds, seed)
    made = Learned(boosters, linear, calibration, rounds, losses, matrix.shape[1], choice)
    rows = np.flatnonzero(weight)
    margin = calibration.slope * made.margin.of(matrix[rows])
    level = fit_intercept(margin, target[rows], weight[rows])
    return replace(made, calibration=replace(calibration, intercept=level))


def _choose(
    parts: Sequence[Floats], targets: Sequence[Floats], leads: Sequence[Int64s], recipe: Recipe
) -> tuple[int, Platt, dict[str, float]]:
    """The number of trees by what each costs on later rows, calibrated, and that map.

    The usual one stays unless others are surely better, then it is the best of these: around the
    best number the losses are flat, so that chance would pick one anew in every training, and the
    reasons shown would change with it. Of too few leads to tell it is the lowest log loss.
    """
    fits = [
        forward_of([part[place] for part in parts], targets) for place in range(len(recipe.rounds))
    ]
    losses = [float(fit.loss.mean()) for fit in fits]
    lead, target = np.concatenate(list(leads)), np.concatenate(list(targets))
    if enough(lead, (target > _EVEN).astype(np.int8)):
        usual = int(np.argmin(np.abs(np.array(recipe.rounds) - recipe.usual_rounds)))
        best = surely_best([fit.loss for fit in fits], usual, lead)
    else:
        best = int(np.argmin(losses))
    named = {
        f"log_loss_{rounds}_trees": loss for rounds, loss in zip(recipe.rounds, losses, strict=True)
    }
    return recipe.rounds[best], fits[best].calibration, named
