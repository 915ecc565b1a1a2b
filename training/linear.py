"""Fitting the linear part: scikit-learn's logistic regression on standardised signals."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from models.linear import FURTHEST, Linear, signed_log

# Beyond this many rows, evenly drawn ones say the same; a million of 200 columns take 3 GiB.
MOST_ROWS = 200_000
# How a lead's chances change with its age bends most: wins and losses take their own times. Bends
# in all other times, too, were worse on the school's deals of September (log loss .221 to .254).
BENT = "age_days"
_BENDS = signed_log(np.array([1.0, 3.0, 7.0, 14.0, 30.0, 90.0]))
# What lies beyond a bend is learned from so large a share of the rows or not at all.
_LEAST_BEYOND = 0.02


def fit_linear(
    plan: SignalPlan, matrix: Floats, target: Floats, weight: Floats, c: float
) -> Linear:
    """The logistic regression of targets from 0 to 1 on the signals of a plan.

    A target between is a win and none, each with its share of the weight.
    """
    step = -(-len(matrix) // MOST_ROWS)
    matrix, target, weight = matrix[::step], target[::step], weight[::step] * step
    design = _designed(plan, matrix)
    wins, others = np.flatnonzero(target > 0), np.flatnonzero(target < 1)
    if not len(wins) or not len(others):
        return design.linear(np.zeros(design.width), 0.0)
    values = design.values(matrix)
    # On several threads BLAS adds in another order, which shows in the last digits.
    with threadpool_limits(limits=1):
        fitted = LogisticRegression(C=c, solver="newton-cholesky", max_iter=50, tol=1e-8).fit(
            np.concatenate([values[wins], values[others]]),
            np.repeat(np.array([1, 0], np.int8), [len(wins), len(others)]),
            sample_weight=np.concatenate(
                [(weight * target)[wins], (weight * (1 - target))[others]]
            ),
        )
    coefficients = fitted.coef_[0]
    mean = np.average(values, axis=0, weights=weight) * coefficients
    return design.linear(coefficients, float(fitted.intercept_[0]), mean)


@dataclass(frozen=True)
class _Design:
    """How a row of signals becomes a row of numbers: four blocks.

    The standardised value of each number, whether it is missing, one of each level, and how far
    the bent column is beyond each bend; `furthest` is as far as it was seen, in signed logarithms.
    """

    centre: Floats
    scale: Floats
    numbers: Int64s
    gappy: Int64s
    words: Int64s
    levels: Int64s
    bent: Int64s
    bend_at: Floats
    bend_scale: Floats
    furthest: float

    @property
    def width(self) -> int:
        unbent = len(self.numbers) + len(self.gappy) + int(self.levels.sum())
        return unbent + len(self.bend_scale)

    def values(self, matrix: Floats) -> Floats:
        """One row per row: numbers, gaps, levels, bends."""
        numbers = signed_log(matrix[:, self.numbers])
        numbers = (numbers - self.centre[self.numbers]) / self.scale[self.numbers]
        standard = np.nan_to_num(np.clip(numbers, -FURTHEST, FURTHEST), copy=False)
        gaps = np.isnan(matrix[:, self.gappy]).astype(np.float64)
        levels = [
            matrix[:, [column]] == np.arange(count)
            for column, count in zip(self.words, self.levels, strict=True)
        ]
        bends = _beyond(matrix[:, self.bent], self.bend_at) / self.bend_scale
        return np.concatenate([standard, gaps, *levels, bends], axis=1)

    def linear(self, coefficients: Floats, intercept: float, mean: Floats | None = None) -> Linear:
        """The linear part with the coefficients of `values`, and the mean that each adds."""
        mean = np.zeros(self.width) if mean is None else mean
        slope, missing, means = (np.zeros(len(self.centre)) for _ in range(3))
        ends = np.cumsum([len(self.numbers), len(self.gappy), int(self.levels.sum())])
        slope[self.numbers] = coefficients[: ends[0]]
        missing[self.gappy] = coefficients[ends[0] : ends[1]]
        means[self.numbers] = mean[: ends[0]]
        means[self.gappy] += mean[ends[0] : ends[1]]
        of_word = np.repeat(self.words, self.levels)
        np.add.at(means, of_word, mean[ends[1] : ends[2]])
        means[self.bent] += mean[ends[2] :].sum()
        count = np.zeros(len(self.centre), np.int64)
        count[self.words] = self.levels
        # A last bend takes back what the others add, so that nothing is added beyond what was seen.
        bend_slope = coefficients[ends[2] :] / self.bend_scale
        last = len(bend_slope) > 0
        bends = np.zeros(len(self.centre), np.int64)
        bends[self.bent] = len(bend_slope) + last
        return Linear(
            intercept=intercept + float(mean.sum()),
            centre=self.centre,
            scale=self.scale,
            slope=slope,
            missing=missing,
            mean=means,
            first_level=np.concatenate([[0], np.cumsum(count)]),
            level=coefficients[ends[1] : ends[2]],
            first_bend=np.concatenate([[0], np.cumsum(bends)]),
            bend_at=np.append(self.bend_at, [self.furthest] * last),
            bend_slope=np.append(bend_slope, [-bend_slope.sum()] * last),
        )


def _designed(plan: SignalPlan, matrix: Floats) -> _Design:
    words = np.array(plan.categorical, np.int64)
    is_word = np.zeros(len(plan.columns), np.bool_)
    is_word[words] = True
    empty = np.isnan(matrix)
    centre, scale = np.zeros(len(plan.columns)), np.ones(len(plan.columns))
    numbers = np.flatnonzero(~is_word & ~empty.all(axis=0))
    for column in numbers:
        known = signed_log(matrix[~empty[:, column], column])
        centre[column], scale[column] = known.mean(), known.std() or 1.0
    bent = np.array([p for p in numbers if plan.columns[p].name == BENT], np.int64)
    bend_at = _BENDS if len(bent) else _BENDS[:0]
    beyond = _beyond(matrix[:, bent], bend_at)
    told = (beyond > 0).mean(axis=0) >= _LEAST_BEYOND
    spread = beyond[:, told].std(axis=0)
    return _Design(
        centre=centre,
        scale=scale,
        numbers=numbers,
        gappy=np.flatnonzero(_sometimes(empty)),
        words=words,
        levels=np.array([_level_count(matrix[:, column]) for column in words], np.int64),
        bent=bent,
        bend_at=bend_at[told],
        bend_scale=np.where(spread > 0, spread, 1.0),
        furthest=float(np.nanmax(signed_log(matrix[:, bent]))) if len(bent) else 0.0,
    )


def _beyond(columns: Floats, bend_at: Floats) -> Floats:
    """(row x bend) how far a column's signed logarithm is beyond each bend; of no column none."""
    if not columns.shape[1]:
        return np.zeros((len(columns), 0))
    return np.nan_to_num(np.maximum(signed_log(columns) - bend_at, 0.0))


def _sometimes(empty: Bools) -> Bools:
    some: Bools = np.logical_and(empty.any(axis=0), ~empty.all(axis=0))
    return some


def _level_count(codes: Floats) -> int:
    """How many codes from 0 on were seen; one at least, so that the column is one of words."""
    return 1 if np.isnan(codes).all() else int(np.nanmax(codes)) + 1
