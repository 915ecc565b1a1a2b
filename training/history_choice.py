"""Choosing the history: which part of the past told most about what came after it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leads.arrays import Floats
from leads.clock import DAY_US
from training.comparison import ERROR_RATE, Difference, enough, mean_difference
from training.folds import Fold
from training.forward import Material, fold_margins, forward_of
from training.history import EVERYTHING, History, HistoryChoice
from training.recipe import Recipe

# What a small model shows of two histories a bag shows, too: half trees, half a line.
_ROUNDS = 60


def choose_history(
    material: Material, target: Floats, folds: Sequence[Fold], recipe: Recipe, seed: int
) -> HistoryChoice:
    """The history of the lowest log loss on later rows; everything unless that is surely worse.

    Surely: the paired difference lies below 0 at an error rate of 5 % over all that are tried,
    leads taken as drawn. Everything, too, where there are too few later leads to tell.
    """
    tried = _histories(material, folds, recipe)
    tests = [fold.test for fold in folds]
    later = np.concatenate([np.zeros(0, np.int64), *tests])
    lead = material.lead[later]
    if not tried or not enough(lead, (target[later] > 0.5).astype(np.int8)):
        return HistoryChoice()
    small = replace(recipe, members=1, rounds=(_ROUNDS,))
    losses = {
        history: forward_of(
            [fold_margins(material, fold, small, history, seed)[0] for fold in folds],
            [target[test] for test in tests],
        ).loss
        for history in (EVERYTHING, *tried)
    }
    differences = {
        history: mean_difference(
            losses[history] - losses[EVERYTHING],
            np.ones(len(lead)),
            lead,
            ERROR_RATE / len(tried),
        )
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
