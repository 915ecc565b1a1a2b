"""The learner: a bag of trees and a line from rows of signals with targets, calibrated forward.

The number of trees, the line's share, the history and the calibration are chosen on predictions of
later rows by earlier ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from models.calibration import Platt, fit_intercept, sigmoid
from models.margin import SHARE, Margin, margin_of
from training.borrowing import own_share
from training.comparison import enough, surely_best
from training.folds import Fold
from training.forward import FoldMargins, Forward, Material, fit_parts, fold_margins, forward_of
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

    `losses` are the calibrated log losses on later rows by which `rounds` and the line's share
    were chosen.
    """

    boosters: tuple[str, ...]
    linear: dict[str, Any]
    calibration: Platt
    rounds: int
    losses: dict[str, float]
    n_columns: int
    history: HistoryChoice = field(default_factory=HistoryChoice)

    @property
    def linear_share(self) -> float:
        """The share of the line in the margin."""
        return float(self.linear[SHARE])

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
    chosen = _Chosen(min(recipe.rounds), recipe.linear_share, Platt(1.0, 0.0), {})
    if folds:
        parts = [fold_margins(material, fold, recipe, choice.history, seed) for fold in folds]
        chosen = _choose(
            parts, [target[f.test] for f in folds], [lead[f.test] for f in folds], recipe
        )
    progress("fitting the bag")
    weight = material.weights(target, choice.history)
    recipe = replace(recipe, linear_share=chosen.linear_share)
    boosters, linear = fit_parts(material, target, weight, recipe, chosen.rounds, seed)
    calibration = chosen.calibration
    made = Learned(
        boosters, linear, calibration, chosen.rounds, chosen.losses, matrix.shape[1], choice
    )
    rows = np.flatnonzero(weight)
    margin = calibration.slope * made.margin.of(matrix[rows])
    level = fit_intercept(margin, target[rows], weight[rows])
    return replace(made, calibration=replace(calibration, intercept=level))


@dataclass(frozen=True)
class _Chosen:
    rounds: int
    linear_share: float
    calibration: Platt
    losses: dict[str, float]


def _choose(
    parts: Sequence[FoldMargins],
    targets: Sequence[Floats],
    leads: Sequence[Int64s],
    recipe: Recipe,
) -> _Chosen:
    """The number of trees and the line's share by what each costs on later rows, calibrated.

    The usual ones stay unless others are surely better, then it is the best of these: around the
    best number the losses are flat, so that chance would pick one anew in every training, and the
    reasons shown would change with it. Of too few leads to tell it is the number of the lowest log
    loss.
    """

    def fit(place: int, share: float) -> Forward:
        return forward_of([part.mixed(place, share) for part in parts], targets)

    lead, target = np.concatenate(list(leads)), np.concatenate(list(targets))
    fits = [fit(place, recipe.linear_share) for place in range(len(recipe.rounds))]
    losses = [float(one.loss.mean()) for one in fits]
    named = {f"log_loss_{r}_trees": loss for r, loss in zip(recipe.rounds, losses, strict=True)}
    won = target > _EVEN
    if not enough(lead, won.astype(np.int8)):
        best = int(np.argmin(losses))
        calibration = _held_back(fits[best].calibration, lead, won)
        return _Chosen(recipe.rounds[best], recipe.linear_share, calibration, named)
    usual = int(np.argmin(np.abs(np.array(recipe.rounds) - recipe.usual_rounds)))
    best = surely_best([one.loss for one in fits], usual, lead)
    shares = (recipe.linear_share, *recipe.other_shares)
    mixtures = [fits[best], *(fit(best, share) for share in recipe.other_shares)]
    named |= {
        f"log_loss_line_{round(100 * share)}_percent": float(one.loss.mean())
        for share, one in zip(shares, mixtures, strict=True)
    }
    place = surely_best([one.loss for one in mixtures], 0, lead)
    calibration = _held_back(mixtures[place].calibration, lead, won)
    return _Chosen(recipe.rounds[best], shares[place], calibration, named)


def _held_back(calibration: Platt, lead: Int64s, won: Bools) -> Platt:
    """The calibration with a slope as far from 1 as few later leads can tell.

    Of ten later wins of the school's deals it was 2.1, and 1.0 of the deals of a month later.
    """
    share = own_share(len(np.unique(lead[won])), len(np.unique(lead[~won])))
    return replace(calibration, slope=1 + share * (calibration.slope - 1))
