"""The AUC of each prefix length, averaged by the number of its prefixes, with its interval."""

from collections.abc import Sequence

import numpy as np

from leads.arrays import Floats, Int64s
from models.bootstrap import Estimate
from models.metrics import METRICS, Ranking, rank

RESAMPLES = 200
_INTERVAL = (0.025, 0.975)


def mean_auc(
    label: Floats,
    said: Floats,
    length: Int64s,
    lead: Int64s,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """The averaged AUC and its 95 % interval from resampling leads with all their prefixes.

    Lengths of which all prefixes ended the same way have no AUC and do not count.
    """
    places = [np.flatnonzero(length == one) for one in np.unique(length)]
    ranked = [(rows, rank(label[rows], said[rows])) for rows in places]
    leads, lead_of = np.unique(lead, return_inverse=True)
    generator = np.random.default_rng(seed)
    drawn = [_averaged(ranked, np.ones(len(label)))]
    for _ in range(resamples):
        times = np.bincount(generator.integers(0, len(leads), len(leads)), minlength=len(leads))
        drawn.append(_averaged(ranked, times[lead_of].astype(np.float64)))
    value, *others = drawn
    low, high = np.quantile(others, _INTERVAL) if others else (np.nan, np.nan)
    return Estimate(value=value, low=float(low), high=float(high))


def _averaged(ranked: Sequence[tuple[Int64s, Ranking]], weight: Floats) -> float:
    total = weighed = 0.0
    for rows, ranking in ranked:
        auc = METRICS["auc"](ranking.tally(weight[rows]))
        if auc is not None:
            n = float(weight[rows].sum())
            total, weighed = total + n * auc, weighed + n
    return total / weighed
