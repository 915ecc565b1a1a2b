"""How good probabilities are: weighted metrics and curves over snapshots.

Every metric is a function of the snapshots' weights at each distinct probability, so equal
probabilities are never told apart and the order of snapshots never matters. A metric that the
labels do not define (one class only, no snapshots) is None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leads.arrays import Floats, Int64s

ECE_BINS = 10
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Tally:
    """Weight of the won and of the other snapshots at each distinct probability, highest first."""

    probability: Floats
    won: Floats
    other: Floats

    @property
    def weight(self) -> Floats:
        """The weight at each distinct probability."""
        return self.won + self.other


@dataclass(frozen=True)
class Ranking:
    """Snapshots sorted by probability once, to be tallied under many weights."""

    order: Int64s
    first: Int64s
    probability: Floats
    label: Floats

    def tally(self, weight: Floats) -> Tally:
        """The tally under weights given in the snapshots' own order."""
        weight = weight[self.order]
        won, other = self._sums(weight * self.label), self._sums(weight * (1 - self.label))
        return Tally(self.probability, won, other)

    def _sums(self, column: Floats) -> Floats:
        """Per distinct probability; `reduceat` cannot take an empty column."""
        return np.add.reduceat(column, self.first) if len(column) else column


def rank(label: ArrayLike, probability: ArrayLike) -> Ranking:
    """Sort snapshots; labels are 1 for won, 0 for not, or a share between."""
    labels, probabilities = _column(label), _column(probability)
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return Ranking(order, first, ordered[first], labels[order])


def tally(label: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> Tally:
    """The tally of some snapshots; without weights each weighs 1."""
    ranking = rank(label, probability)
    ones = np.ones(len(ranking.order))
    return ranking.tally(ones if weight is None else _column(weight))


def _column(values: ArrayLike) -> Floats:
    column: Floats = np.asarray(values, np.float64).ravel()
    return column


def _base_rate(tally: Tally) -> float | None:
    return _ratio(tally.won.sum(), tally.weight.sum())


def _auc(tally: Tally) -> float | None:
    below = np.cumsum(tally.other[::-1])[::-1] - tally.other
    above = np.dot(tally.won, below + tally.other / 2)
    ratio = _ratio(above, tally.won.sum() * tally.other.sum())
    return None if ratio is None else min(ratio, 1.0)


def _average_precision(tally: Tally) -> float | None:
    seen = np.cumsum(tally.weight)
    precision = np.divide(np.cumsum(tally.won), seen, out=np.zeros_like(seen), where=seen > 0)
    return _ratio(np.dot(tally.won, precision), tally.won.sum())


def _log_loss(tally: Tally) -> float | None:
    probability = np.clip(tally.probability, _SMALLEST, 1 - _SMALLEST)
    loss = np.dot(tally.won, np.log(probability)) + np.dot(tally.other, np.log1p(-probability))
    return _ratio(-loss, tally.weight.sum())


def _brier(tally: Tally) -> float | None:
    p = tally.probability
    loss = np.dot(tally.won, (1 - p) ** 2) + np.dot(tally.other, p**2)
    return _ratio(loss, tally.weight.sum())


def _ece(tally: Tally, bins: int = ECE_BINS) -> float | None:
    if not tally.weight.sum():
        return None
    surplus = tally.weight * tally.probability - tally.won
    gaps = np.bincount(_bin_of(tally.weight, bins), surplus, bins)
    return _ratio(np.abs(gaps).sum(), tally.weight.sum())


def _lift_at(tally: Tally, share: float) -> float | None:
    captured = _captured(tally, np.array([share]))
    return None if captured is None else float(captured[0]) / share


def _bin_of(weight: Floats, bins: int) -> NDArray[np.intp]:
    """Bins of equal weight; equal probabilities stay together, where their middle falls."""
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    bin_of: NDArray[np.intp] = np.minimum((middle * bins).astype(np.intp), bins - 1)
    return bin_of


def _captured(tally: Tally, share: Floats) -> Floats | None:
    """The share of all wins within the highest-ranked `share`; ties are taken in proportion."""
    total, won = tally.weight.sum(), tally.won.sum()
    if not won:
        return None
    reached = np.append(0.0, np.cumsum(tally.weight)) / total
    captured: Floats = np.interp(share, reached, np.append(0.0, np.cumsum(tally.won)) / won)
    return captured


def _ratio(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole > 0 else None


METRICS: Mapping[str, Callable[[Tally], float | None]] = {
    "base_rate": _base_rate,
    "auc": _auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "brier": _brier,
    "ece": _ece,
    "lift_at_10": lambda tally: _lift_at(tally, 0.1),
}


def auc(label: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float | None:
    """The probability that a won snapshot ranks above another; ties count half."""
    return _auc(tally(label, probability, weight))


def average_precision(
    label: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None
) -> float | None:
    """The mean precision at the rank of each won snapshot, without interpolation."""
    return _average_precision(tally(label, probability, weight))


def log_loss(
    label: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None
) -> float | None:
    """The mean negative log-likelihood in nats; 0 and 1 are moved in by 2.2e-16."""
    return _log_loss(tally(label, probability, weight))


def brier(
    label: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None
) -> float | None:
    """The mean squared difference between probability and label."""
    return _brier(tally(label, probability, weight))


def ece(
    label: ArrayLike,
    probability: ArrayLike,
    weight: ArrayLike | None = None,
    bins: int = ECE_BINS,
) -> float | None:
    """Expected calibration error: mean gap between predicted and observed, in bins of equal weight.

    Equal probabilities share a bin, so that a constant prediction is one bin.
    """
    return _ece(tally(label, probability, weight), bins)


def lift_at(
    label: ArrayLike,
    probability: ArrayLike,
    weight: ArrayLike | None = None,
    share: float = 0.1,
) -> float | None:
    """How many times the base rate the win rate is in the highest-ranked `share`."""
    return _lift_at(tally(label, probability, weight), share)


class CalibrationBin(NamedTuple):
    """A bin of equal weight: mean predicted probability, observed win rate, how many snapshots."""

    predicted: float
    observed: float
    snapshots: int


class LiftPoint(NamedTuple):
    """Of the highest-ranked `share`: the share of all wins in it, and how many times the base."""

    share: float
    captured: float
    lift: float


def calibration_curve(
    label: ArrayLike,
    probability: ArrayLike,
    weight: ArrayLike | None = None,
    bins: int = ECE_BINS,
) -> list[CalibrationBin]:
    """Predicted against observed in bins of equal weight, lowest first; empty bins are left out."""
    tallied = tally(label, probability, weight)
    counted = tally(label, probability)
    if not tallied.weight.sum():
        return []
    bin_of = _bin_of(tallied.weight, bins)
    columns = (tallied.weight, tallied.weight * tallied.probability, tallied.won, counted.weight)
    sums = zip(*(np.bincount(bin_of, column, bins) for column in columns), strict=True)
    return [
        CalibrationBin(float(predicted / total), float(won / total), round(count))
        for total, predicted, won, count in sums
        if total > 0
    ][::-1]


def lift_curve(
    label: ArrayLike,
    probability: ArrayLike,
    weight: ArrayLike | None = None,
    points: int = 100,
) -> list[LiftPoint]:
    """The share of wins found in the highest-ranked 1 %, 2 % … of snapshots; [] without wins."""
    shares = np.arange(1, points + 1) / points
    captured = _captured(tally(label, probability, weight), shares)
    if captured is None:
        return []
    columns = (shares, captured, captured / shares)
    return [LiftPoint(*point) for point in zip(*(c.tolist() for c in columns), strict=True)]
