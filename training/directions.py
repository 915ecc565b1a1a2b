"""Plain win rates: how often leads with each value of a signal were won, by pipeline."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Floats, Int32s, Int64s
from leads.pipelines import Pipelines
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
    plan: SignalPlan, matrix: Floats, target: Floats, lead: Int64s, stage: Int32s,
    pipelines: Pipelines, alike: Int64s | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The win rates of each bin of each column of a plan, a plain record to be stored.

    One row per snapshot: its signals, target from 0 to 1, lead and stage. Beside each bin's rate
    stands what is left of it among snapshots of one code of `alike`: without it, of one stage. Old
    leads have collected more of everything and are won less often, so age is best a part of it.
    `models.directions` says what the record holds.
    """
    beside: Int64s = stage.astype(np.int64) if alike is None else alike
    every = np.unique(lead)
    kept = np.isin(lead, every[:: -(-len(every) // MOST_LEADS)])
    matrix, target, lead, stage = matrix[kept], target[kept], lead[kept], stage[kept]
    beside = beside[kept]
    bins = tuple(
        bins_of(column, _edges(matrix[:, place])) for place, column in enumerate(plan.columns)
    )
    binned = [one.of(matrix[:, place]) for place, one in enumerate(bins)]
    chosen = {EVERY_PIPELINE: np.ones(len(lead), np.bool_)}
    for code, name in enumerate(pipelines.names):
        of_pipeline = pipelines.stage_pipeline[stage] == code
        if len(np.unique(lead[of_pipeline])) >= FEWEST_LEADS and not of_pipeline.all():
            chosen[name] = of_pipeline
    return {
        "edges": [one.edges.tolist() for one in bins],
        "win_rates": {
            name: _rates_of_columns(
                bins, [own[rows] for own in binned], _known(target[rows], lead[rows], beside[rows])
            )
            for name, rows in chosen.items()
        },
    }


@dataclass(frozen=True)
class _Known:
    """Snapshots: their targets, the same less the mean of those alike, and leads by number."""

    target: Floats
    beyond_alike: Floats
    lead: Int64s


def _known(target: Floats, lead: Int64s, alike: Int64s) -> _Known:
    _, at = np.unique(alike, return_inverse=True)
    mean = np.bincount(at, target) / np.bincount(at)
    return _Known(target, target - mean[at], np.unique(lead, return_inverse=True)[1])


def _edges(values: Floats) -> Floats:
    """Values that part the known ones in bins of like size; fewer where many are equal."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(0)
    edges = np.unique(np.quantile(known, QUANTILES, method="inverted_cdf"))
    inner: Floats = edges[edges < known.max()]
    return inner


def _rates_of_columns(
    bins: tuple[Bins, ...], binned: list[Int64s], known: _Known
) -> dict[str, Any]:
    return {
        "average": float(known.target.mean()),
        "leads": int(known.lead.max()) + 1,
        "columns": [_rates(own, one.count, known) for one, own in zip(bins, binned, strict=True)],
    }


def _rates(place: Int64s, count: int, known: _Known) -> list[list[float] | None]:
    """What is kept of each bin; None where there are no snapshots.

    The bounds have leads as what is drawn by chance and not snapshots (Cameron and Miller 2015,
    section 2), and are never closer than of as many draws at the average rate: a bin of a few
    leads that all lost is no evidence.
    """
    average = float(known.target.mean())
    own = np.bincount(known.lead, known.target - average) / len(known.target)
    inside = place >= 0
    lead, shape = known.lead[inside], (int(known.lead.max()) + 1, count)
    key = lead * count + place[inside]

    def summed(values: Floats) -> Floats:
        sums: Floats = np.bincount(key, values, shape[0] * count).astype(np.float64).reshape(shape)
        return sums

    rows = summed(np.ones(len(key)))
    won, beyond = summed(known.target[inside]), summed(known.beyond_alike[inside])
    found: list[list[float] | None] = []
    for one, n in enumerate(rows.sum(axis=0)):
        if n == 0:
            found.append(None)
            continue
        rate, gap = won[:, one].sum() / n, beyond[:, one].sum() / n
        draws = np.count_nonzero(rows[:, one]) / (1 - n / len(known.target) + 1e-12)
        least = average * (1 - average) / draws
        error = _error((won[:, one] - rate * rows[:, one]) / n - own, least)
        found.append([rate, rate - CLEAR * error, rate + CLEAR * error, gap])
    return [None if one is None else [float(number) for number in one] for one in found]


def _error(moved: Floats, least: float) -> float:
    """The standard error of a sum of what each lead moved it by; its square is `least` or more."""
    return float(np.sqrt(max((moved**2).sum(), least)))
