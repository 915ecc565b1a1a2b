"""Comparison: what later leads say of a challenger beside the champion, and whether that is enough.

Every snapshot weighs the same, as in learning: a weight of 1 / n would know how long a lead will
stay open, and under such weights the true probabilities do not have the lowest log loss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from training.rows import leads_of_each

# A challenger that is newer may be worse by at most this much log loss, at the 95 % upper end.
TOLERATED_LOG_LOSS = 0.002
FEWEST_LEADS = 100
FEWEST_LEADS_EACH = 10
FEWEST_LEADS_OF_A_PIPELINE = 30
ERROR_RATE = 0.05
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, and why, in one sentence without its full stop."""

    promote: bool
    reason: str


@dataclass(frozen=True)
class Pairs:
    """Decided snapshots that neither has learned from, and what both said of each.

    `lead` tells whose a snapshot is; `pipelines` holds the rows of each pipeline by its name.
    """

    label: Int8s
    weight: Floats
    lead: Int64s
    challenger: Floats
    champion: Floats
    pipelines: Mapping[str, Bools]


@dataclass(frozen=True)
class Difference:
    """Log loss of the challenger minus that of the champion, with its interval over leads."""

    value: float
    low: float
    high: float
    n_leads: int

    def __str__(self) -> str:
        return f"{self.value:+.4f} ({self.low:+.4f} to {self.high:+.4f}, 95 %)"


def enough(lead: Int64s, label: Int8s) -> bool:
    """Whether there are leads enough, of both classes, to tell models apart."""
    each = leads_of_each(lead, label)
    return len(np.unique(lead)) >= FEWEST_LEADS and min(each) >= FEWEST_LEADS_EACH


def decide(
    pairs: Pairs, champion: str, *, must_be_better: bool = False, seen_on: str = "later leads"
) -> Verdict:
    """Promote what is better or not worse, unless a pipeline would suffer.

    Not to be worse is enough for a newer challenger; another one must be better. Of k pipelines
    one is worse when its difference lies above 0 at an error rate of 5 % / k; those with fewer
    than 30 leads have no say. `champion` and `seen_on` name in the reason what it is compared
    with, and on what.
    """
    whole = difference(pairs)
    found = f"log loss differs by {whole} from {champion} on {whole.n_leads:,} {seen_on}; "
    better = whole.high < 0
    if must_be_better and not better:
        return Verdict(False, f"{found}not better")
    if not whole.high < TOLERATED_LOG_LOSS:
        return Verdict(False, f"{found}the upper end is not below {TOLERATED_LOG_LOSS}")
    suffering = worse_pipelines(pairs)
    if suffering:
        listed = " and ".join(f"in {name} by {one}" for name, one in suffering.items())
        return Verdict(False, f"{found}worse {listed}")
    return Verdict(True, found + ("better" if better else "not worse, and newer"))


def worse_pipelines(pairs: Pairs) -> dict[str, Difference]:
    """The pipelines in which the challenger is significantly worse, among all that have a say."""
    heard = {
        name: rows
        for name, rows in pairs.pipelines.items()
        if len(np.unique(pairs.lead[rows])) >= FEWEST_LEADS_OF_A_PIPELINE
    }
    error_rate = ERROR_RATE / max(len(heard), 1)
    return {
        name: difference(pairs, rows)
        for name, rows in heard.items()
        if difference(pairs, rows, error_rate).low > 0
    }


def difference(
    pairs: Pairs, rows: Bools | slice = slice(None), error_rate: float = ERROR_RATE
) -> Difference:
    """The paired difference of log loss over some snapshots; its interval treats leads as drawn.

    A ratio of sums over leads, with the linearised (cluster-robust) standard error and Student's
    distribution: Cochran, Sampling Techniques, 6.4. Over 100 leads or more it agrees with
    resampling, and is free of its noise.
    """
    label, weight = pairs.label[rows], pairs.weight[rows]
    gap = _log_losses(label, pairs.challenger[rows]) - _log_losses(label, pairs.champion[rows])
    return mean_difference(gap, weight, pairs.lead[rows], error_rate)


def mean_difference(
    gap: Floats, weight: Floats, lead: Int64s, error_rate: float = ERROR_RATE
) -> Difference:
    """The weighted mean of each snapshot's difference, with its interval over leads."""
    _, place = np.unique(lead, return_inverse=True)
    gaps, weights = np.bincount(place, weight * gap), np.bincount(place, weight)
    n_leads, total = len(weights), float(weights.sum())
    if n_leads < 2 or not total:
        return Difference(0.0, -np.inf, np.inf, n_leads)
    value = float(gaps.sum()) / total
    residual = gaps - value * weights
    error = float(np.sqrt(residual @ residual * n_leads / (n_leads - 1))) / total
    reach = _student(1 - error_rate / 2, n_leads - 1) * error
    return Difference(value, value - reach, value + reach, n_leads)


def _log_losses(label: Int8s, probability: Floats) -> Floats:
    """In nats, one per snapshot; 0 and 1 are moved in by 2.2e-16."""
    p = np.clip(probability, _SMALLEST, 1 - _SMALLEST)
    losses: Floats = -np.where(label == 1, np.log(p), np.log1p(-p))
    return losses


def _student(quantile: float, freedom: int) -> float:
    """Student's quantile by its expansion around the normal one, to 0.001 from 20 degrees on.

    Abramowitz and Stegun 26.7.5.
    """
    z = NormalDist().inv_cdf(quantile)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def surely_best(losses: Sequence[Floats], usual: int, lead: Int64s) -> int:
    """The place of the lowest mean loss of those surely below the usual one's, else `usual`.

    Surely: the paired difference lies below 0 at an error rate of 5 % over all others, leads taken
    as drawn.
    """
    rate = ERROR_RATE / max(len(losses) - 1, 1)
    found = {
        place: mean_difference(loss - losses[usual], np.ones(len(lead)), lead, rate)
        for place, loss in enumerate(losses)
        if place != usual
    }
    surely = {place: one.value for place, one in found.items() if one.high < 0}
    return min(surely, key=lambda place: surely[place], default=usual)
