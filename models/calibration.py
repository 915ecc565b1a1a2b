"""Calibration: a smooth, strictly monotone map from a model's margin to log-odds (Platt).

Platt, Probabilistic outputs for support vector machines (1999): p = 1 / (1 + exp(-(a m + b))).
Strictly monotone, so that no two scores that differ are made equal.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from leads.arrays import Floats, Int8s

LEAST_SLOPE = 0.05
_RIDGE = 1e-3
_STEPS = 50
_TOLERANCE = 1e-10
_LARGEST_STEP = 2.0


@dataclass(frozen=True)
class Platt:
    """The log-odds of winning are `slope * margin + intercept`."""

    slope: float
    intercept: float

    def log_odds(self, margin: Floats) -> Floats:
        """Calibrated log-odds of raw margins."""
        return self.slope * margin + self.intercept

    def as_record(self) -> dict[str, float]:
        """A plain record, to be stored with a model."""
        return asdict(self)


def platt_from_record(record: Mapping[str, float]) -> Platt:
    """The calibrator of a stored record."""
    return Platt(slope=float(record["slope"]), intercept=float(record["intercept"]))


def fit_platt(margin: Floats, label: Int8s, weight: Floats) -> Platt:
    """Fit slope and intercept by weighted maximum likelihood (Newton's method).

    A ridge of 0.001 leads keeps separable data finite and pulls the slope towards 1; a slope
    below 0.05 becomes 0.05, so that the map stays strictly rising.
    """
    target = label.astype(np.float64)
    parameters = np.array([1.0, 0.0])
    design = np.stack([margin, np.ones_like(margin)])
    for _ in range(_STEPS):
        probability = sigmoid(parameters @ design)
        gradient = design @ (weight * (probability - target)) + _RIDGE * (parameters - [1.0, 0.0])
        spread = weight * probability * (1 - probability)
        hessian = (design * spread) @ design.T + _RIDGE * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        parameters = parameters - step * min(1.0, _LARGEST_STEP / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < _TOLERANCE:
            break
    if parameters[0] >= LEAST_SLOPE:
        return Platt(float(parameters[0]), float(parameters[1]))
    return Platt(LEAST_SLOPE, _intercept(LEAST_SLOPE * margin, target, weight))


def _intercept(log_odds: Floats, target: Floats, weight: Floats) -> float:
    """The intercept that makes the mean probability the share of wins, by bisection."""
    low, high = -40.0, 40.0
    wins = float(weight @ target)
    while high - low > _TOLERANCE:
        middle = (low + high) / 2
        if float(weight @ sigmoid(log_odds + middle)) > wins:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def sigmoid(log_odds: Floats) -> Floats:
    """Probabilities of log-odds, without overflow."""
    small = np.exp(-np.abs(log_odds))
    probability: Floats = np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
    return probability


def log_odds_of(probability: float) -> float:
    """The log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1 - probability))
