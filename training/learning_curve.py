"""The accuracy to expect, and what more data would buy: a learning curve, forward in time.

A quick model is fitted on a quarter, a half and all of the leads known at the holdout's cut and
judged on the same later leads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from features.population import population_of
from leads.arrays import Floats, Int64s
from leads.clock import format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, WON_LABEL, labels
from leads.timeline import Timelines
from leads.view import known_by, look
from models.bootstrap import Estimate
from models.metrics import METRICS, rank
from models.scorer import Scorer
from training.artifacts import artifact_of
from training.evaluation import MODEL, Judged, holdout_cut, judge_forward
from training.fitting import check_enough, fit_model
from training.learner import Progress, no_progress
from training.recipe import Recipe
from training.snapshots import open_life_snapshots

QUICK = Recipe(members=2, rounds=(25, 50, 100), folds=(0.6, 1.0), last_days=(), half_lives_days=())
SHARES = (0.25, 0.5)
RESAMPLES = 200
# Between these the curves of real data lie: every doubling adds as much as the one before (0), or
# what is missing to the best falls with the square root of the leads. Four times 2,750 simulated
# leads were doubled: the AUC gained .012 on average, where this said .015, and in three of the four
# it was within the interval; with powers of 0.5 and 1 this had said .008.
_POWERS = (0.0, 0.5)
_INTERVAL = (0.025, 0.975)
_METRICS = ("auc", "log_loss")
_BASE_RATE = "base_rate"


@dataclass(frozen=True)
class CurvePoint:
    """The mean figures of quick models that learned from a share of the leads."""

    share: float
    leads: int
    auc: float | None
    log_loss: float | None


@dataclass(frozen=True)
class Expected:
    """What a model trained now reaches on leads to come, and what twice the leads would add.

    `log_loss_gain` is how far its log loss is below the base rate's. The intervals of `twice` hold
    the resampling of leads, which leads were drawn and the form of the curve; None where the data
    does not reach for a half of it to be learned from.
    """

    learned_leads: int
    judged_leads: int
    judged_won: int
    auc: Estimate
    log_loss_gain: Estimate
    curve: tuple[CurvePoint, ...]
    twice_auc: Estimate | None
    twice_log_loss: Estimate | None

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class _Fits:
    """The figures of every fit: one row per fit, one column per resample of the judged leads.

    `share` of the leads each learned from; the first column is without resampling.
    """

    share: Floats
    metrics: dict[str, Floats]


def expected_accuracy(
    timelines: Timelines,
    until: int,
    seed: int,
    progress: Progress = no_progress,
    families: str = "",
) -> Expected:
    """Measure on the newest quarter of the decided leads. Raises `TooFewLeadsError`."""
    known = known_by(timelines, until)
    cut = holdout_cut(known, until)
    _check_enough_to_learn(known, cut, seed)
    recipe = replace(QUICK, families=families)
    judged = judge_forward(known, until, seed, recipe, lambda step: progress(f"all leads: {step}"))
    early = np.flatnonzero(known.created_at <= cut)
    shares, said = [1.0], [judged.probability[MODEL]]
    for share, rows in _samples(early, seed):
        progress(f"{share:.0%} of the leads")
        try:
            said.append(_learned_from(known, rows, judged, cut, seed, recipe))
            shares.append(share)
        except TooFewLeadsError:
            continue
    fits = _Fits(np.array(shares), _resampled(judged, said, seed))
    base = _resampled(judged, [judged.probability[_BASE_RATE]], seed)["log_loss"][0]
    won = np.unique(judged.view.snapshots.lead[judged.label == WON_LABEL])
    return Expected(
        learned_leads=len(early),
        judged_leads=len(np.unique(judged.view.snapshots.lead)),
        judged_won=len(won),
        auc=_estimate(fits.metrics["auc"][0]),
        log_loss_gain=_estimate(base - fits.metrics["log_loss"][0]),
        curve=_curve(fits, len(early)),
        twice_auc=_from_twice(fits, "auc", seed),
        twice_log_loss=_from_twice(fits, "log_loss", seed),
    )


def _samples(early: Int64s, seed: int) -> Iterator[tuple[float, Int64s]]:
    """Parts of the early leads that do not overlap: four quarters and two halves."""
    dealt = np.random.default_rng(seed).permutation(early)
    for share in SHARES:
        for part in np.array_split(dealt, round(1 / share)):
            yield share, np.sort(part)


def _learned_from(
    known: Timelines, rows: Int64s, judged: Judged, cut: int, seed: int, recipe: Recipe
) -> Floats:
    """What a model says that learned from some early leads; the later ones are known to it too."""
    later = np.flatnonzero(known.created_at > cut)
    fewer = known.only(np.concatenate([rows, later]))
    _check_enough_to_learn(fewer, cut, seed)
    fitted = fit_model(fewer, cut, seed, recipe)
    place = np.full(len(known), -1)
    place[later] = len(rows) + np.arange(len(later))
    snapshots = replace(judged.view.snapshots, lead=place[judged.view.snapshots.lead])
    scorer = Scorer(artifact_of(fitted, fewer, {}), version="part")
    return scorer.probabilities(look(fewer, snapshots), population_of(fewer))


def _check_enough_to_learn(timelines: Timelines, cut: int, seed: int) -> None:
    """Refuse to measure models that would not learn from signals, but say what is usual."""
    snapshots = open_life_snapshots(timelines, cut, seed)
    label = labels(look(timelines, snapshots), cut)
    decided = label != CENSORED_LABEL
    check_enough(snapshots.lead[decided], label[decided], f"by {format_time(cut)}")


def _resampled(judged: Judged, said: Sequence[Floats], seed: int) -> dict[str, Floats]:
    """The metrics of each fit under the same resamples of leads; NaN where one is not defined."""
    leads, lead_of = np.unique(judged.view.snapshots.lead, return_inverse=True)
    rankings = [rank(judged.label, probability) for probability in said]
    metrics = {name: np.full((len(said), 1 + RESAMPLES), np.nan) for name in _METRICS}
    generator = np.random.default_rng(seed)
    for draw in range(1 + RESAMPLES):
        times = np.bincount(generator.integers(0, len(leads), len(leads)), minlength=len(leads))
        weight = judged.weight * times[lead_of] if draw else judged.weight
        for place, ranking in enumerate(rankings):
            tally = ranking.tally(weight)
            for name, column in metrics.items():
                value = METRICS[name](tally)
                column[place, draw] = np.nan if value is None else value
    return metrics


def _curve(fits: _Fits, learned: int) -> tuple[CurvePoint, ...]:
    return tuple(
        CurvePoint(
            share=float(share),
            leads=round(share * learned),
            auc=_or_none(fits.metrics["auc"][fits.share == share, 0].mean()),
            log_loss=_or_none(fits.metrics["log_loss"][fits.share == share, 0].mean()),
        )
        for share in np.unique(fits.share)
    )


def _from_twice(fits: _Fits, metric: str, seed: int) -> Estimate | None:
    """What twice the leads would add to a metric, from the curve through the shares."""
    if len(np.unique(fits.share)) == 1:
        return None
    values = fits.metrics[metric]
    added = []
    for power in _POWERS:
        generator = np.random.default_rng(seed)
        drawn = [_added(fits.share, values[:, 0], power)]
        for draw in range(1, values.shape[1]):
            fit = _redrawn(fits.share, generator)
            drawn.append(_added(fits.share[fit], values[fit, draw], power))
        added.append(_estimate(np.array(drawn)))
    value = np.mean([one["value"] for one in added if one["value"] is not None])
    lows = [one["low"] for one in added if one["low"] is not None]
    highs = [one["high"] for one in added if one["high"] is not None]
    return Estimate(
        value=_or_none(value), low=min(lows, default=None), high=max(highs, default=None)
    )


def _redrawn(share: Floats, generator: np.random.Generator) -> Int64s:
    """Of the fits of each share as many again, drawn with replacement."""
    drawn: Int64s = np.concatenate(
        [generator.choice(own, len(own)) for own in
         (np.flatnonzero(share == one) for one in np.unique(share))]
    )  # fmt: skip
    return drawn


def _added(share: Floats, values: Floats, power: float) -> float:
    """The step from all to twice the leads on the line through the means of each share."""
    distinct = np.unique(share)
    means = np.array([values[share == one].mean() for one in distinct])
    slope = np.polyfit(_shortfall(distinct, power), means, 1)[0]
    step = _shortfall(np.array([2.0]), power) - _shortfall(np.array([1.0]), power)
    return float(slope * step[0])


def _shortfall(share: Floats, power: float) -> Floats:
    """What a metric is linear in: a negative power of the leads, or their logarithm."""
    short: Floats = share**-power if power else -np.log2(share)
    return short


def _estimate(drawn: Floats) -> Estimate:
    """The first is the value; the others, where they are defined, give the interval."""
    others = drawn[1:][~np.isnan(drawn[1:])]
    if np.isnan(drawn[0]) or not len(others):
        return Estimate(value=_or_none(drawn[0]), low=None, high=None)
    low, high = np.quantile(others, _INTERVAL)
    return Estimate(value=float(drawn[0]), low=float(low), high=float(high))


def _or_none(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
