"""Learning how sure the log-odds are: what two models of different halves of the leads differ by.

What they differ by is chance: what so many leads leave open of what can be learned. By how far
they agree one tells how far a model of all leads agrees with the truth (Spearman and Brown 1910);
what neither half can show, since both are held back in the same way, is a factor on top.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from models.calibration import sigmoid
from models.interval import ALL_BORROWED, Interval
from models.margin import mixed
from training.bag import fit_bag, staged_margins
from training.linear import fit_linear
from training.recipe import Recipe
from training.snapshots import learning_weights

# What neither half shows: the smallest that held nine in ten true probabilities, or nearly so, in
# simulations of 1,000 to 5,000 leads; those in docs/benchmarks.md are others.
UNSEEN = 1.9
# The variance grows by this share of itself for each standard deviation of the log-odds, squared.
PER_DISTANCE = 0.25
# However many leads agree, the base rate moves on: by about 0.15 in log-odds.
LEVEL_VARIANCE = 0.15**2
# Nor do many leads show what the model cannot say at all, for its trees are small and its line is
# straight: of 50,000 simulated leads .82 of the true probabilities lay inside without it, as if the
# log-odds were so much more unsure.
FORM_VARIANCE = 0.17**2
# Two halves that do not agree at all make a model unsure, not infinitely.
LEAST_AGREED = 0.05
_MEMBERS = 2


@dataclass(frozen=True)
class LearnedRows:
    """What a model learned from: signals and targets of snapshots, and whose they are.

    `counted` is what each counted, from 0 to 1; without it each the same.
    """

    plan: SignalPlan
    matrix: Floats
    target: Floats
    lead: Int64s
    counted: Floats | None = None


def borrowed_alone(log_odds: Floats, own: Mapping[str, float]) -> Interval:
    """The interval of a model that learned nothing; `own` is what each pipeline has of its own."""
    centre = float(log_odds.mean()) if len(log_odds) else 0.0
    return Interval(centre, LEVEL_VARIANCE, 0.0, _borrowed(own))


def of_base_rate(level: float, leads: int, own: Mapping[str, float]) -> Interval:
    """The interval of a model that says the same log-odds of every lead, learned from so many."""
    said = float(sigmoid(np.array([level]))[0])
    chance = 1 / (max(leads, 1) * said * (1 - said))
    return Interval(level, chance + LEVEL_VARIANCE, 0.0, _borrowed(own))


def fit_interval(
    rows: LearnedRows,
    log_odds: Floats,
    own: Mapping[str, float],
    recipe: Recipe,
    rounds: int,
    seed: int,
) -> Interval:
    """The interval of a model that says `log_odds`, calibrated, of the rows it learned from.

    `own` is the share of what is said that rests on leads of its own, by pipeline.
    """
    halves = [_margins(rows, half, recipe, rounds, seed) for half in _halves(rows.lead, seed)]
    spread, agreed = float(log_odds.var()), _correlation(*halves)
    reliability = 2 * agreed / (1 + agreed)
    left_open = UNSEEN**2 * spread * (1 - reliability) / reliability
    typical = left_open + LEVEL_VARIANCE + FORM_VARIANCE
    return Interval(
        centre=float(log_odds.mean()),
        typical=typical,
        per_distance=PER_DISTANCE * typical / max(spread, LEVEL_VARIANCE),
        borrowed=_borrowed(own),
    )


def _correlation(first: Floats, second: Floats) -> float:
    """Of two halves' margins, `LEAST_AGREED` at least."""
    covariance = float(((first - first.mean()) * (second - second.mean())).mean())
    scale = float(first.std() * second.std())
    return max(covariance / scale, LEAST_AGREED) if scale else LEAST_AGREED


def _borrowed(own: Mapping[str, float]) -> dict[str, float]:
    """The variance of what is not of a pipeline's own leads."""
    return {pipeline: (1 - share) ** 2 * ALL_BORROWED for pipeline, share in own.items()}


def _halves(lead: Int64s, seed: int) -> tuple[Bools, Bools]:
    """The rows of either half of the leads, drawn."""
    leads, place = np.unique(lead, return_inverse=True)
    first = np.zeros(len(leads), np.bool_)
    first[np.random.default_rng(seed).permutation(len(leads))[: len(leads) // 2]] = True
    return first[place], ~first[place]


def _margins(rows: LearnedRows, half: Bools, recipe: Recipe, rounds: int, seed: int) -> Floats:
    """What a model of some rows says of all of them, before calibration."""
    counted = np.ones(len(rows.lead)) if rows.counted is None else rows.counted
    chosen = np.flatnonzero(half & (counted > 0))
    matrix, target = rows.matrix[chosen], rows.target[chosen]
    weight = learning_weights(rows.lead[chosen]) * counted[chosen]
    small = replace(recipe, members=_MEMBERS)
    texts = fit_bag(matrix, target, weight, rows.plan.categorical, small, rounds, seed)
    linear = fit_linear(rows.plan, matrix, target, weight, recipe.linear_c)
    trees = staged_margins(texts, (rounds,), rows.matrix)[0]
    return mixed(trees, linear.margins(rows.matrix), recipe.linear_share)
