"""Factors: exact tree contributions as effects in probability that add up to the number shown.

Contributions (TreeSHAP, Lundberg et al. 2020) add up to the calibrated log-odds `m`. They are
scaled by the secant `(p - p0) / (m - m0)` from the base `m0`, so that signs and order stay and
base probability + effects = probability.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Floats, Int64s
from models.calibration import sigmoid

# Closer than this the secant is the derivative to the last bit that matters.
_SAME_MARGIN = 1e-7


@dataclass(frozen=True)
class Effects:
    """What moved each probability: one row per snapshot.

    `base_probability + groups.sum(axis=1) + constant = probability`. `constant` carries the
    difference between the trees' own base value, which counts rows, and `m0`.
    """

    probability: Floats
    base_probability: float
    groups: Floats
    constant: Floats


def effects(
    log_odds: Floats, base_log_odds: float, contributions: Floats, tree_base_log_odds: float
) -> Effects:
    """Effects in probability of contributions in calibrated log-odds (snapshot x group).

    `tree_base_log_odds` plus a row's contributions is its `log_odds`; `base_log_odds` is the base
    that the effects are counted from.
    """
    base = sigmoid(np.array([base_log_odds]))
    probability = sigmoid(log_odds)
    distance = log_odds - base_log_odds
    near = np.abs(distance) < _SAME_MARGIN
    secant = np.where(near, base * (1 - base), (probability - base) / np.where(near, 1.0, distance))
    constant = tree_base_log_odds - base_log_odds
    return Effects(
        probability=probability,
        base_probability=float(base[0]),
        groups=contributions * secant[:, None],
        constant=constant * secant,
    )


def sum_groups(contributions: Floats, group_of_column: Int64s, groups: int) -> Floats:
    """The contributions of each group: the sum of its columns, added in the columns' order."""
    sums = np.zeros((len(contributions), groups))
    for column, group in enumerate(group_of_column):
        sums[:, group] += contributions[:, column]
    return sums
