"""The linear part of a model: a logistic regression that adds up column by column.

A number adds its slope times its signed logarithm, standardised, with bends where its slope
changes; a word what its level adds; a missing value what its absence does. Pipelines have lines of
their own. What a column adds is 0 on average over the training rows, and over those of each line
but for the stage's, so that it is its contribution, too: of a linear model the Shapley value
(Lundberg and Lee 2017); what leads of a pipeline have in common is their stage's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numba import njit

from leads.arrays import Floats, Int64s
from leads.errors import DamagedArtifactError

# Standardised values count up to here: far out there is no evidence for a straight line.
FURTHEST = 4.0


@dataclass(frozen=True)
class Linear:
    """Log-odds: `intercept` plus what each column adds, less its mean over the training rows.

    `line_of_stage` says by the code of the column `stage` which line a row is on; other codes are
    on line 0, as all rows are where it is empty. One entry per column: `centre` and `scale` of its
    signed logarithm. One row per line and one entry per column: `slope`, what a `missing` value
    adds and the `mean`. A column of words has levels from `first_level` to that of the next column
    in `level` (line x level), in the order of their codes; other codes count as missing. Bends of
    a column lie likewise in `bend_at`, signed logarithms, and `bend_slope` (line x bend), what is
    added per unit beyond.
    """

    intercept: float
    centre: Floats
    scale: Floats
    slope: Floats
    missing: Floats
    mean: Floats
    first_level: Int64s
    level: Floats
    first_bend: Int64s
    bend_at: Floats
    bend_slope: Floats
    stage: int
    line_of_stage: Int64s

    @property
    def n_columns(self) -> int:
        """How many columns a row has."""
        return len(self.centre)

    def contributions(self, rows: Floats) -> Floats:
        """What each column adds to each row's log-odds beside the intercept (row x column)."""
        rows = np.ascontiguousarray(rows, np.float64)
        added = np.empty(rows.shape)
        _fill(
            rows, self.centre, self.scale, self.slope, self.missing, self.mean,
            self.first_level, self.level, self.first_bend, self.bend_at, self.bend_slope,
            self.stage, self.line_of_stage, added,
        )  # fmt: skip
        return added

    def margins(self, rows: Floats) -> Floats:
        """The log-odds of each row, its columns added in their order."""
        margins: Floats = _summed(self.intercept, self.contributions(rows))
        return margins

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return {
            "intercept": self.intercept,
            "stage": self.stage,
            **{name: getattr(self, name).tolist() for name in (*_PLACES, *_ALIKE, *PER_LINE)},
        }


_PLACES = ("first_level", "first_bend", "line_of_stage")
_ALIKE = ("centre", "scale", "bend_at")
# What differs from line to line: one row per line.
PER_LINE = ("slope", "missing", "mean", "level", "bend_slope")


def linear_from_record(record: Mapping[str, Any]) -> Linear:
    """The linear part of a stored record; `DamagedArtifactError` if its parts do not fit."""
    try:
        arrays: dict[str, Any] = {
            name: np.array(record[name], np.int64 if name in _PLACES else np.float64)
            for name in (*_PLACES, *_ALIKE, *PER_LINE)
        }
        linear = Linear(float(record["intercept"]), **arrays, stage=index(record["stage"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _damaged(str(error)) from error
    if not _fits(linear):
        raise _damaged("its columns, levels, bends and lines do not fit together")
    numbers = [linear.intercept, *(getattr(linear, name) for name in (*_ALIKE, *PER_LINE))]
    if not all(np.isfinite(values).all() for values in numbers):
        raise _damaged("it holds numbers that are not finite")
    if (linear.scale <= 0).any():
        raise _damaged("it holds a scale that is not above 0")
    return linear


def _fits(linear: Linear) -> bool:
    columns, lines = linear.n_columns, linear.slope.shape[0]
    per_line = [getattr(linear, name) for name in PER_LINE]
    return (
        all(values.ndim == 2 and len(values) == lines for values in per_line)
        and {linear.slope.shape[1], linear.missing.shape[1], linear.mean.shape[1]} == {columns}
        and linear.scale.shape == linear.centre.shape == (columns,)
        and _divides(linear.first_level, linear.level, columns)
        and _divides(linear.first_bend, linear.bend_slope, columns)
        and linear.bend_at.shape == linear.bend_slope.shape[1:]
        and 0 <= linear.stage < columns
        and linear.line_of_stage.ndim == 1
        and bool(((linear.line_of_stage >= 0) & (linear.line_of_stage < lines)).all())
    )


def _divides(first: Int64s, values: Floats, n_columns: int) -> bool:
    """Whether places divide values among the columns."""
    if len(first) != n_columns + 1 or first[0] != 0 or first[-1] != values.shape[1]:
        return False
    return bool((np.diff(first) >= 0).all())


def _damaged(why: str) -> DamagedArtifactError:
    return DamagedArtifactError(
        f"the linear part of the model cannot be read ({why}); train again or promote another "
        "version"
    )


def signed_log(values: Floats) -> Floats:
    """Signed log1p: counts and amounts have long tails."""
    logs: Floats = np.sign(values) * np.log1p(np.abs(values))
    return logs


@njit(cache=True, nogil=True)  # pragma: no cover
def _fill(
    rows: Floats,
    centre: Floats,
    scale: Floats,
    slope: Floats,
    missing: Floats,
    mean: Floats,
    first_level: Int64s,
    level: Floats,
    first_bend: Int64s,
    bend_at: Floats,
    bend_slope: Floats,
    stage: int,
    line_of_stage: Int64s,
    added: Floats,
) -> None:
    for row in range(rows.shape[0]):
        line = 0
        if rows[row, stage] >= 0 and rows[row, stage] < len(line_of_stage):
            line = line_of_stage[int(rows[row, stage])]
        for column in range(rows.shape[1]):
            value = rows[row, column]
            first, stop = first_level[column], first_level[column + 1]
            adds = missing[line, column]
            if stop > first:
                if value >= 0 and value < stop - first:
                    adds = level[line, first + int(value)]
            elif not math.isnan(value):
                logarithm = math.copysign(math.log1p(abs(value)), value)
                standard = (logarithm - centre[column]) / scale[column]
                adds = slope[line, column] * min(max(standard, -FURTHEST), FURTHEST)
                for bend in range(first_bend[column], first_bend[column + 1]):
                    adds += bend_slope[line, bend] * max(logarithm - bend_at[bend], 0.0)
            added[row, column] = adds - mean[line, column]


@njit(cache=True, nogil=True)  # pragma: no cover
def _summed(intercept: float, added: Floats) -> Floats:
    sums = np.empty(added.shape[0])
    for row in range(added.shape[0]):
        total = intercept
        for column in range(added.shape[1]):
            total += added[row, column]
        sums[row] = total
    return sums
