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
_STEPS = 100
_TOLERANCE = 1e-10
# The largest number below 1: an open lead is never certain to be won.
_LARGEST_LOG_ODDS = 700.0
_ALMOST_ONE = float(np.nextafter(1.0, 0.0))


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


def fit_platt(margin: Floats, label: Int8s | Floats, weight: Floats) -> Platt:
    """Fit slope and intercept by weighted maximum likelihood (Newton's method, damped).

    A label may be a share between 0 and 1.

    A ridge of 0.001 leads keeps separable data finite and pulls the slope towards 1; a slope
    below 0.05 becomes 0.05, so that the map stays strictly rising.
    """
    target = label.astype(np.float64)
    centre = float(np.average(margin, weights=weight))
    scale = float(margin.std()) or 1.0
    design = np.stack([(margin - centre) / scale, np.ones_like(margin)])
    # Towards the map of slope 1 and intercept 0, as it is in `design`.
    prior, ridge = np.array([scale, centre]), _RIDGE / np.array([max(scale, 1.0) ** 2, 1.0])
    slope, level = least_penalised(design, target, weight, prior, ridge)
    slope, intercept = slope / scale, level - slope * centre / scale
    if slope >= LEAST_SLOPE:
        return Platt(float(slope), float(intercept))
    return Platt(LEAST_SLOPE, fit_intercept(LEAST_SLOPE * margin, target, weight))


def least_penalised(
    design: Floats, target: Floats, weight: Floats, prior: Floats, ridge: Floats
) -> Floats:
    """The parameters of least log loss, each drawn by its ridge towards its prior.

    `design` has a row per parameter and a column per observation, a target is from 0 to 1. Newton's
    method; steps are halved until they lower the loss.
    """

    def loss(parameters: Floats) -> float:
        log_odds = parameters @ design
        misfit = weight @ (np.logaddexp(0.0, log_odds) - target * log_odds)
        return float(misfit + ridge @ (parameters - prior) ** 2 / 2)

    parameters, lowest = prior, loss(prior)
    for _ in range(_STEPS):
        probability = sigmoid(parameters @ design)
        gradient = design @ (weight * (probability - target)) + ridge * (parameters - prior)
        spread = weight * probability * (1 - probability)
        step = np.linalg.solve((design * spread) @ design.T + np.diag(ridge), gradient)
        while loss(parameters - step) > lowest and np.abs(step).max() > _TOLERANCE:
            step = step / 2
        parameters = parameters - step
        lowest = loss(parameters)
        if np.abs(step).max() < _TOLERANCE:
            break
    return parameters


def fit_intercept(log_odds: Floats, target: Floats, weight: Floats) -> float:
    """What to add to the log-odds to make the mean probability the share of wins (bisection)."""
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
    """Probabilities of log-odds, without overflow; never 0 or 1."""
    small = np.exp(-np.minimum(np.abs(log_odds), _LARGEST_LOG_ODDS))
    probability: Floats = np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
    return np.minimum(probability, _ALMOST_ONE)


def log_odds_of(probability: float) -> float:
    """The log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1 - probability))


def log_odds(probability: Floats) -> Floats:
    """The log-odds of probabilities; 0 and 1 are taken as the nearest that have one."""
    inner = np.clip(probability, np.finfo(np.float64).eps, _ALMOST_ONE)
    odds: Floats = np.log(inner) - np.log1p(-inner)
    return odds
