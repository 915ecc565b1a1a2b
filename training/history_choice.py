"""Choosing the history: which part of the past told most about what came after it."""

from collections.abc import Sequence

import numpy as np

from leads.arrays import Floats
from leads.clock import DAY_US
from training.comparison import ERROR_RATE, Difference
from training.folds import Fold
from training.forward import Material
from training.ground import ground_of
from training.history import EVERYTHING, History, HistoryChoice
from training.recipe import Recipe


def choose_history(
    material: Material, target: Floats, folds: Sequence[Fold], recipe: Recipe, seed: int
) -> HistoryChoice:
    """The history of the lowest log loss on later rows; everything unless that is surely worse.

    Surely: the paired difference lies below 0 at an error rate of 5 % over all that are tried,
    leads taken as drawn. Everything, too, where there are too few later leads to tell.
    """
    tried = _histories(material, folds, recipe)
    ground = ground_of(material, target, folds)
    if not tried or not ground.tells:
        return HistoryChoice()
    losses = {history: ground.losses(recipe, seed, history) for history in (EVERYTHING, *tried)}
    differences = {
        history: ground.difference(losses[history], losses[EVERYTHING], ERROR_RATE / len(tried))
        for history in tried
    }
    return HistoryChoice(
        history=_best(differences),
        losses=tuple((history.name, float(loss.mean())) for history, loss in losses.items()),
        differences=tuple(
            (history.name, (one.value, one.low, one.high)) for history, one in differences.items()
        ),
    )


def _best(differences: dict[History, Difference]) -> History:
    """The history that lowers the loss most, of those that surely lower it."""
    surely = {history: one.value for history, one in differences.items() if one.high < 0}
    return min(surely, key=lambda history: surely[history], default=EVERYTHING)


def _histories(material: Material, folds: Sequence[Fold], recipe: Recipe) -> list[History]:
    """The histories of a recipe that are shorter than what the newest fold learns from.

    None where rows have no moments.
    """
    if material.as_of is None or not folds:
        return []
    newest = max(folds, key=lambda fold: fold.cut)
    learned = material.as_of[~np.isnan(newest.target)]
    span_days = (newest.cut - int(learned.min())) / DAY_US
    histories = [History(last_days=days) for days in recipe.last_days]
    histories += [History(half_life_days=days) for days in recipe.half_lives_days]
    return [history for history in histories if history.days < span_days]
