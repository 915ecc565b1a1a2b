"""Targets: what to learn of each snapshot, open leads included.

Known outcomes are 1 and 0. A snapshot of a lead that is still open gets the probability that it
will yet be won within the window, given how long it has been followed without closing: that of the
snapshots like it which were followed longer (the cumulative incidence of competing risks, Aalen
and Johansen 1978). Without open leads a model learns that whatever is new is won, for wins are what
is known of it first: see docs/decisions/0007-learning-from-open-leads.md.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Bools, Floats, Int64s
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, WON_LABEL, known_stage, outcomes
from leads.view import View
from training.drift import base_rate_shift

# Snapshots are alike in stage and age if so many of them are decided; else in less.
FEWEST_DECIDED = 60
# Of a lead that is open longer than four in five of its like nobody knows: it may have been closed
# without anybody writing down when.
LEAST_OPEN = 0.2
_AGE_EDGES_US = np.array([1, 3, 7, 14, 30, 90]) * DAY_US
_AGES = len(_AGE_EDGES_US) + 1


def targets(view: View, until: int) -> Floats:
    """What is learned of each snapshot as known by `until`, from 0 to 1; NaN for none.

    Later snapshots have none, nor have those open longer than nearly all of their like.

    The finest stratum with enough decided snapshots says what becomes of its open ones: stage and
    age, pipeline and age, pipeline, all. Where the base rate has shifted, leads created before the
    shift do not speak for those after it.
    """
    found = outcomes(view, until)
    known = view.as_of <= until
    decided = known & (found.label != CENSORED_LABEL)
    won = decided & (found.label == WON_LABEL)
    after = np.where(decided, found.decided_at, until) - view.as_of
    target = np.where(decided, won.astype(np.float64), np.nan)
    missing = known & ~decided
    shift = base_rate_shift(view.timelines, until)
    speaks = known if shift is None else known & (view.created_at >= shift.at)
    for stratum in _strata(view):
        for code in np.unique(stratum[missing]):
            rows = np.flatnonzero(speaks & (stratum == code))
            if decided[rows].sum() >= FEWEST_DECIDED:
                filled = np.flatnonzero(missing & (stratum == code))
                incidence = _incidence(after[rows], decided[rows], won[rows])
                target[filled] = incidence.won_later(after[filled])
                missing[filled] = False
    if missing.any():
        incidence = _incidence(after[speaks], decided[speaks], won[speaks])
        target[missing] = incidence.won_later(after[missing])
    return target


def _strata(view: View) -> tuple[Int64s, ...]:
    """The stratum of each snapshot, finest first."""
    stage = known_stage(view).astype(np.int64)
    pipeline = view.timelines.pipelines.stage_pipeline[stage].astype(np.int64)
    age = np.searchsorted(_AGE_EDGES_US, view.as_of - view.created_at, "right")
    return stage * _AGES + age, pipeline * _AGES + age, pipeline


@dataclass(frozen=True)
class _Incidence:
    """At the times something ended: the share won by then, and the share still open."""

    times: Int64s
    won: Floats
    still_open: Floats

    def won_later(self, after: Int64s) -> Floats:
        """The share that will yet be won of those still open after some time.

        NaN for those open longer than nearly all of their like.
        """
        place = np.searchsorted(self.times, after, "right")
        won = np.append(0.0, self.won)
        still_open = np.append(1.0, self.still_open)[place]
        share = (won[-1] - won[place]) / np.where(still_open > 0, still_open, 1.0)
        later: Floats = np.clip(share, 0.0, 1.0)
        return np.where(still_open >= LEAST_OPEN, later, np.nan)


def _incidence(after: Int64s, decided: Bools, won: Bools) -> _Incidence:
    """The curves of snapshots that were decided, or followed without it, for some time."""
    times, place = np.unique(after[decided], return_inverse=True)
    wins = np.bincount(place, won[decided], len(times))
    ends = np.bincount(place, minlength=len(times))
    at_risk = len(after) - np.searchsorted(np.sort(after), times, "left")
    still_open: Floats = np.cumprod(1 - ends / at_risk, dtype=np.float64)
    open_before = np.append(1.0, still_open[:-1])[: len(times)]
    incidence: Floats = np.cumsum(open_before * wins / at_risk, dtype=np.float64)
    return _Incidence(times, incidence, still_open)
