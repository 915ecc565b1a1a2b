"""Logistic regression with a ridge, in which groups of rows deviate from what all have in common.

A group's coefficients are those of all plus deviations with a ridge of their own, as a mixed model
with normal deviations has them (Gelman and Hill 2007, chapter 12): with few rows a group is told as
all are, with many by itself. Newton's method, exact; the deviations are eliminated group by group
(Schur complement): each costs a system of its own, not all of them one together.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Floats, Int64s
from models.calibration import sigmoid

_STEPS = 50
# Newton's decrement is about twice what is left of the penalised loss, per weight of one row.
_TOLERANCE = 1e-12
# Rows at a time that are multiplied by their weights.
_BLOCK = 8_192


@dataclass(frozen=True)
class Coefficients:
    """Log-odds are the intercept plus a row's values times its group's row (group x value).

    The row of group 0 is what all have in common.
    """

    intercept: float
    of_group: Floats


@dataclass(frozen=True)
class _Sums:
    """Gradient and curvature of the log loss of one group's rows, the intercept's first."""

    gradient: Floats
    curvature: Floats


def fit_ridge(
    values: Floats, target: Floats, weight: Floats, group: Int64s, c: float, deviation: float
) -> Coefficients:
    """The coefficients of least log loss; `c` is scikit-learn's, the inverse of the ridge.

    A target is from 0 to 1. Rows of group 0 have none of their own; a deviation has a ridge of
    1 / (c * deviation^2). The intercept is free and common.
    """
    groups = [np.flatnonzero(group == one) for one in range(int(group.max(initial=0)) + 1)]
    blocks = [(values, target, weight)]
    if len(groups) > 1:
        blocks = [(values[rows], target[rows], weight[rows]) for rows in groups]
    width = values.shape[1]
    found = np.zeros((len(groups), width + 1))
    ridge = np.full((len(groups), width), 1 / (c * deviation**2))
    ridge[0] = 1 / c
    scale = float(weight.sum())
    loss = _loss(blocks, found, ridge)
    for _ in range(_STEPS):
        sums = [
            _sums(*block, found[0] + _deviation(found, one)) for one, block in enumerate(blocks)
        ]
        step, decrement = _newton_step(sums, found, ridge)
        length, lower = 1.0, _loss(blocks, found - step, ridge)
        while lower > loss and length > 1e-6:
            length /= 2
            lower = _loss(blocks, found - length * step, ridge)
        if lower > loss:
            break
        found, loss = found - length * step, lower
        if decrement < _TOLERANCE * scale:
            break
    own = np.stack([found[0] + _deviation(found, one) for one in range(len(groups))])
    return Coefficients(float(found[0, 0]), own[:, 1:])


def _deviation(found: Floats, group: int) -> Floats:
    """What a group deviates by; group 0 does not."""
    return found[group] if group else np.zeros(found.shape[1])


def _loss(blocks: list[tuple[Floats, Floats, Floats]], found: Floats, ridge: Floats) -> float:
    total = float((ridge * found[:, 1:] ** 2).sum()) / 2
    for one, (values, target, weight) in enumerate(blocks):
        own = found[0] + _deviation(found, one)
        log_odds = values @ own[1:] + own[0]
        total += float(weight @ (np.logaddexp(0.0, log_odds) - target * log_odds))
    return total


def _sums(values: Floats, target: Floats, weight: Floats, own: Floats) -> _Sums:
    gradient, curvature = np.zeros(len(own)), np.zeros((len(own), len(own)))
    for first in range(0, len(values), _BLOCK):
        rows = slice(first, first + _BLOCK)
        block = np.column_stack([np.ones(len(values[rows])), values[rows]])
        probability = sigmoid(block @ own)
        gradient += (weight[rows] * (probability - target[rows])) @ block
        spread = weight[rows] * probability * (1 - probability)
        curvature += (block * spread[:, None]).T @ block
    return _Sums(gradient, curvature)


def _newton_step(sums: list[_Sums], found: Floats, ridge: Floats) -> tuple[Floats, float]:
    """The step of all coefficients (group x 1 + value), and Newton's decrement.

    The deviations' part of each group is solved given the step in common, which is solved first.
    """
    gradient: Floats = np.sum([one.gradient for one in sums], axis=0)
    gradient[1:] += ridge[0] * found[0, 1:]
    curvature: Floats = np.sum([one.curvature for one in sums], axis=0)
    curvature[1:, 1:] += np.diag(ridge[0])
    common, left, solved = curvature.copy(), gradient.copy(), []
    for one in range(1, len(sums)):
        cross = sums[one].curvature[1:]
        own = cross[:, 1:] + np.diag(ridge[one])
        pull = sums[one].gradient[1:] + ridge[one] * found[one, 1:]
        answer = np.linalg.solve(own, np.column_stack([pull, cross]))
        solved.append((pull, answer))
        common -= cross.T @ answer[:, 1:]
        left -= cross.T @ answer[:, 0]
    step = np.zeros_like(found)
    step[0] = np.linalg.solve(common, left)
    decrement = float(gradient @ step[0])
    for one, (pull, answer) in enumerate(solved, 1):
        step[one, 1:] = answer[:, 0] - answer[:, 1:] @ step[0]
        decrement += float(pull @ step[one, 1:])
    return step, decrement
