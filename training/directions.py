"""Plain win rates: how often leads with each value of a signal were won, by pipeline."""

from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int16s, Int64s
from models.directions import EVERY_PIPELINE, Bins, bins_of

# Few bins, so that each holds many leads.
QUANTILES = np.arange(1, 8) / 8
# Standard errors: of the some thousand bins of a model two or three look clear by chance.
CLEAR = 3.0
# A pipeline with fewer leads goes by the win rates of all.
FEWEST_LEADS = 200
# The win rates of so many say the same; more would only take longer.
MOST_LEADS = 20_000


def win_rates(
    plan: SignalPlan, matrix: Floats, target: Floats, lead: Int64s, pipeline: Int16s,
    names: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    """The win rates of each bin of each column of a plan, a plain record to be stored.

    One row per snapshot: its signals, target from 0 to 1, lead, and pipeline as a place in `names`.
    `models.directions` says what the record holds.
    """
    every = np.unique(lead)
    kept = np.isin(lead, every[:: -(-len(every) // MOST_LEADS)])
    matrix, target, lead, pipeline = matrix[kept], target[kept], lead[kept], pipeline[kept]
    bins = tuple(
        bins_of(column, _edges(matrix[:, place])) for place, column in enumerate(plan.columns)
    )
    binned = [one.of(matrix[:, place]) for place, one in enumerate(bins)]
    chosen = {EVERY_PIPELINE: np.ones(len(lead), np.bool_)}
    for code, name in enumerate(names):
        of_pipeline = pipeline == code
        if len(np.unique(lead[of_pipeline])) >= FEWEST_LEADS and not of_pipeline.all():
            chosen[name] = of_pipeline
    return {
        "edges": [one.edges.tolist() for one in bins],
        "win_rates": {
            name: _rates_of_columns(bins, binned, target, lead, rows)
            for name, rows in chosen.items()
        },
    }


def _edges(values: Floats) -> Floats:
    """Values that part the known ones in bins of like size; fewer where many are equal."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(0)
    edges = np.unique(np.quantile(known, QUANTILES, method="inverted_cdf"))
    inner: Floats = edges[edges < known.max()]
    return inner


def _rates_of_columns(
    bins: tuple[Bins, ...], binned: list[Int64s], target: Floats, lead: Int64s, rows: Bools
) -> dict[str, Any]:
    target, (every, place) = target[rows], np.unique(lead[rows], return_inverse=True)
    average = float(target.mean())
    return {
        "average": average,
        "leads": len(every),
        "columns": [
            _rates(own[rows], one.count, target, place, average)
            for one, own in zip(bins, binned, strict=True)
        ],
    }


def _rates(
    place: Int64s, count: int, target: Floats, lead: Int64s, average: float
) -> list[list[float] | None]:
    """Of each bin the win rate of its snapshots and its bounds; None where there are none.

    The bounds are those of the difference to the average, with leads as what is drawn by chance
    and not snapshots (Cameron and Miller 2015, section 2), and never closer than of as many draws
    at the average rate: a bin of a few leads that all lost is no evidence.
    """
    known = place >= 0
    key = lead[known] * count + place[known]
    shape = (int(lead.max()) + 1, count)
    won = np.bincount(key, target[known], shape[0] * count).reshape(shape)
    rows = np.bincount(key, minlength=shape[0] * count).reshape(shape)
    own = np.bincount(lead, target - average) / len(target)
    found: list[list[float] | None] = []
    for bin_ in range(count):
        n = rows[:, bin_].sum()
        if n == 0:
            found.append(None)
            continue
        rate = won[:, bin_].sum() / n
        moved = (won[:, bin_] - rate * rows[:, bin_]) / n - own
        least = average * (1 - average) / np.count_nonzero(rows[:, bin_])
        bound = CLEAR * float(np.sqrt(max((moved**2).sum(), least)))
        found.append([float(rate), float(rate - bound), float(rate + bound)])
    return found
