"""Fitting the linear part: a logistic regression on standardised signals, a line per pipeline."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int64s
from models.linear import FURTHEST, Linear, signed_log
from training.ridge import Coefficients, fit_ridge
from training.stage_levels import pipelines_of_stages, stage_place

# Beyond this many rows, evenly drawn ones say the same; a million of 200 columns take 3 GiB.
MOST_ROWS = 200_000
# How a lead's chances change with its age bends most: wins and losses take their own times. Bends
# in all other times, too, were worse on the school's deals of September (log loss .221 to .254).
BENT = "age_days"
_BENDS = signed_log(np.array([1.0, 3.0, 7.0, 14.0, 30.0, 90.0]))
# What lies beyond a bend is learned from so large a share of the rows or not at all.
_LEAST_BEYOND = 0.02
# How far a pipeline's coefficients are from those of all, as a share of how far these are from 0;
# of simulated leads of two pipelines a half would be as good. Fewer leads of either outcome
# than these would tell little of their own.
DEVIATION = 0.3
_LEAST_LEADS = 30.0
# The pipelines of most leads have lines; each costs some 20 kB of a model and a share of a fit.
_MOST_LINES = 20


def fit_linear(
    plan: SignalPlan, matrix: Floats, target: Floats, weight: Floats, c: float
) -> Linear:
    """The logistic regression of targets from 0 to 1 on the signals of a plan.

    A target between is a win and none, each with its share of the weight. Pipelines with leads
    enough have coefficients of their own, drawn to those of all.
    """
    step = -(-len(matrix) // MOST_ROWS)
    matrix, target, weight = matrix[::step], target[::step], weight[::step] * step
    design = _designed(plan, matrix)
    if not (target > 0).any() or not (target < 1).any():
        return design.linear(Coefficients(0.0, np.zeros((1, design.width))))
    line_of_stage = _lines(plan, matrix[:, design.stage], target, weight)
    line = _line_of(line_of_stage, matrix[:, design.stage])
    values = design.values(matrix)
    # On several threads BLAS adds in another order, which shows in the last digits.
    with threadpool_limits(limits=1):
        found = fit_ridge(values, target, weight, line, c, DEVIATION)
    return design.linear(found, line_of_stage, _means(values, weight, line))


def _lines(plan: SignalPlan, stage: Floats, target: Floats, weight: Floats) -> Int64s:
    """The line of each stage code: that of its pipeline from 1 on, 0 where it has none.

    None where a pipeline is alone or has too few leads.
    """
    pipelines = np.unique(pipelines_of_stages(plan), return_inverse=True)[1].astype(np.int64)
    pipeline = _line_of(pipelines + 1, stage)
    won = np.bincount(pipeline, weight * target, pipelines.max() + 2)[1:]
    other = np.bincount(pipeline, weight * (1 - target), pipelines.max() + 2)[1:]
    fewer = np.minimum(won, other)
    most = np.argsort(-fewer, kind="stable")[:_MOST_LINES]
    own = np.isin(np.arange(len(fewer)), most) & (fewer >= _LEAST_LEADS)
    if np.count_nonzero(np.bincount(pipeline, minlength=2)[1:]) < 2 or not own.any():
        return np.zeros(0, np.int64)
    lines: Int64s = np.where(own, np.cumsum(own), 0)[pipelines]
    return lines


def _line_of(line_of_stage: Int64s, stage: Floats) -> Int64s:
    """The line of each row by its stage; 0 for a stage without one."""
    known = (stage >= 0) & (stage < len(line_of_stage))
    line = np.zeros(len(stage), np.int64)
    line[known] = line_of_stage[stage[known].astype(np.int64)]
    return line


def _means(values: Floats, weight: Floats, line: Int64s) -> tuple[Floats, Floats]:
    """The mean of each value over the rows of each line, of none over all; and their shares."""
    means = np.empty((int(line.max()) + 1, values.shape[1]))
    share = np.bincount(line, weight) / weight.sum()
    for one in range(len(means)):
        own = weight * (line == one)
        means[one] = np.average(values, axis=0, weights=own if own.any() else weight)
    return means, share


@dataclass(frozen=True)
class _Design:
    """How a row of signals becomes a row of numbers: four blocks.

    The standardised value of each number, whether it is missing, one of each level, and how far
    the bent column is beyond each bend; `furthest` is as far as it was seen, in signed logarithms,
    `stage` the place of the stage's column.
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
    stage: int

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

    def linear(
        self,
        found: Coefficients,
        line_of_stage: Int64s | None = None,
        seen: tuple[Floats, Floats] | None = None,
    ) -> Linear:
        """The linear part with the coefficients of `values`; `seen` are their means by `_means`.

        What a line's columns add on average is its stages' to add, so that no column adds what all
        leads of a pipeline have in common.
        """
        lines = len(found.of_group)
        means, share = seen or (np.zeros((lines, self.width)), np.ones(lines) / lines)
        mean = self._of_columns(means * found.of_group)
        others = np.delete(mean, self.stage, axis=1).sum(axis=1)
        beside = others - others[0]
        mean[:, self.stage] = share @ (mean[:, self.stage] + beside)
        slope, missing = np.zeros((2, lines, len(self.centre)))
        numbers, gaps, levels, bends = np.split(found.of_group, self._ends, axis=1)
        slope[:, self.numbers], missing[:, self.gappy] = numbers, gaps
        missing[:, self.stage] += beside
        of_word = np.repeat(self.words, self.levels)
        count = np.bincount(of_word, minlength=len(self.centre))
        # A last bend takes back what the others add, so that nothing is added beyond what was seen.
        bend_slope = bends / self.bend_scale
        last = int(bends.shape[1] > 0)
        bent = np.zeros(len(self.centre), np.int64)
        bent[self.bent] = bends.shape[1] + last
        return Linear(
            intercept=found.intercept + float(others[0] + mean[0, self.stage]),
            centre=self.centre,
            scale=self.scale,
            slope=slope,
            missing=missing,
            mean=mean,
            first_level=np.concatenate([[0], np.cumsum(count)]),
            level=levels + np.where(of_word == self.stage, beside[:, None], 0.0),
            first_bend=np.concatenate([[0], np.cumsum(bent)]),
            bend_at=np.append(self.bend_at, [self.furthest] * last),
            bend_slope=np.hstack([bend_slope, -bend_slope.sum(axis=1, keepdims=True)][: 1 + last]),
            stage=self.stage,
            line_of_stage=np.zeros(0, np.int64) if line_of_stage is None else line_of_stage,
        )

    @property
    def _ends(self) -> Int64s:
        """Where numbers, gaps and levels end."""
        ends: Int64s = np.cumsum([len(self.numbers), len(self.gappy), int(self.levels.sum())])
        return ends

    def _of_columns(self, values: Floats) -> Floats:
        """Numbers of each value added up for the columns they stand for (line x column)."""
        column = np.concatenate([
            self.numbers, self.gappy, np.repeat(self.words, self.levels),
            np.repeat(self.bent, len(self.bend_scale)),
        ])  # fmt: skip
        summed = np.zeros((len(values), len(self.centre)))
        for line, of_line in enumerate(values):
            np.add.at(summed[line], column, of_line)
        return summed


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
        stage=stage_place(plan),
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
