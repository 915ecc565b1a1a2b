"""How sure a metric is: 95 % intervals from resampling leads, all their snapshots with them."""

from collections.abc import Iterator
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from leads.arrays import Floats
from models.metrics import METRICS, Ranking, rank

RESAMPLES = 200
_INTERVAL = (0.025, 0.975)


class Estimate(TypedDict):
    """A metric and its 95 % interval; None where the labels do not define it."""

    value: float | None
    low: float | None
    high: float | None


def figures(
    label: ArrayLike,
    probability: ArrayLike,
    weight: ArrayLike,
    lead: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Every metric of `METRICS` with its interval; `lead` tells whose each snapshot is."""
    ranking = rank(label, probability)
    drawn = [_all_metrics(ranking, w) for w in _weights(weight, lead, resamples, seed)]
    return {name: _estimate([metrics[name] for metrics in drawn]) for name in METRICS}


def paired_difference(
    metric: str,
    label: ArrayLike,
    probability_a: ArrayLike,
    probability_b: ArrayLike,
    weight: ArrayLike,
    lead: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """A metric of `a` minus that of `b`, both on the same resamples of leads."""
    measure = METRICS[metric]
    a, b = rank(label, probability_a), rank(label, probability_b)
    drawn = [
        _difference(measure(a.tally(w)), measure(b.tally(w)))
        for w in _weights(weight, lead, resamples, seed)
    ]
    return _estimate(drawn)


def _weights(weight: ArrayLike, lead: ArrayLike, resamples: int, seed: int) -> Iterator[Floats]:
    """The weights as they are, then under each resample: times how often the lead was drawn."""
    own = np.asarray(weight, np.float64)
    leads, lead_of = np.unique(np.asarray(lead), return_inverse=True)
    generator = np.random.default_rng(seed)
    yield own
    for _ in range(resamples if len(leads) else 0):
        times = np.bincount(generator.integers(0, len(leads), len(leads)), minlength=len(leads))
        yield own * times[lead_of]


def _all_metrics(ranking: Ranking, weight: Floats) -> dict[str, float | None]:
    tally = ranking.tally(weight)
    return {name: measure(tally) for name, measure in METRICS.items()}


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _estimate(drawn: list[float | None]) -> Estimate:
    """The first is the value; the others, where they are defined, give the interval."""
    value, *others = drawn
    defined = [metric for metric in others if metric is not None]
    if value is None or not defined:
        return Estimate(value=value, low=None, high=None)
    low, high = np.quantile(defined, _INTERVAL)
    return Estimate(value=value, low=float(low), high=float(high))
