"""A bank's phone campaign in the order of its calls: a rolling window, the last fifth judged.

Moro, Cortez, Rita: A data-driven approach to predict the success of bank telemarketing (Decision
Support Systems 2014): learned from the newest 20,000 rows, anew every 400, without how long the
call lasted. Their ALIFT is the area under the curve of the share of successes found over the share
of contacts called; it is (1 - r) AUC + r / 2 where r is the share of successes.

A store that holds the rows of the window, and no other, learns as `train` does; the times are
made up (a minute apart, closed half a minute later).
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.population import population_of
from leads.arrays import Floats, Int64s
from leads.outcome import closings
from leads.pipelines import WON
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.bootstrap import figures
from models.scorer import Scorer
from training.artifacts import artifact_of
from training.fitting import fit_model
from training.recipe import Recipe

WINDOW, EVERY, JUDGED_SHARE = 20_000, 400, 0.2


@dataclass(frozen=True)
class Rolled:
    """The rows that were judged, in order, with their labels and what was said of them."""

    rows: Int64s
    label: Floats
    said: Floats
    refits: int


def rolling(
    timelines: Timelines,
    begin: int,
    stop: int,
    seed: int,
    *,
    window: int = WINDOW,
    every: int = EVERY,
    recipe: Recipe | None = None,
) -> Rolled:
    """The leads `begin` to `stop` by models of the `window` leads before each `every` of them.

    Leads are in order of creation, and closed before the next one comes in.
    """
    said, refits = [], range(begin, stop, every)
    for at in refits:
        last = min(at + every, stop)
        held = timelines.only(np.arange(max(at - window, 0), last))
        until = int(timelines.created_at[at]) - 1
        fitted = fit_model(held, until, seed, recipe)
        rows = np.arange(len(held) - (last - at), len(held))
        view = look(held, Snapshots(rows, held.created_at[rows]))
        scorer = Scorer(artifact_of(fitted, held, {}), "rolled")
        said.append(scorer.probabilities(view, population_of(held)))
    rows = np.arange(begin, stop)
    status = closings(timelines, timelines.newest_event_at() or 0).status
    return Rolled(rows, (status[rows] == WON).astype(np.float64), np.concatenate(said), len(refits))


def area_under_gains(auc: float, base_rate: float) -> float:
    """The area under the curve of cumulative gains (ALIFT); .5 for chance."""
    return (1 - base_rate) * auc + base_rate / 2


def bank_campaign(timelines: Timelines, seed: int) -> dict[str, Any]:
    """The figures of the last fifth of the file, and how long the models of all windows took."""
    began = time.monotonic()
    begin = int(len(timelines) * (1 - JUDGED_SHARE))
    rolled = rolling(timelines, begin, len(timelines), seed)
    found = figures(rolled.label, rolled.said, np.ones(len(rolled.rows)), rolled.rows)
    rate, auc = float(rolled.label.mean()), found["auc"]["value"]
    return {
        "n": len(rolled.rows),
        "base_rate": rate,
        "mean": float(rolled.said.mean()),
        **{name: found[name] for name in ("auc", "brier", "log_loss", "ece")},
        "alift": None if auc is None else area_under_gains(auc, rate),
        "refits": rolled.refits,
        "seconds": time.monotonic() - began,
    }
