"""Incidence: how many snapshots like one are won by when, open leads among them (Aalen, Johansen).

The cumulative incidence of competing risks (Aalen and Johansen 1978), by stratum: the finest of
stage and age, pipeline and age, pipeline, and all in which enough snapshots are decided. A pipeline
of few decided leads does not speak for itself: what became of leads of any pipeline in a stage of
the same name and of the same age does, or of the same age.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leads.arrays import Bools, Floats, Int64s
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, WON_LABEL, known_stage, outcomes
from leads.view import View
from training.drift import base_rate_shift

# Snapshots are alike in stage and age if so many of them are decided; else in less.
FEWEST_DECIDED = 60
# With so many leads of its own a pipeline is half its own elsewhere, too (`training.prior`).
FEWEST_LEADS = 40
OWN_STRATA = 3
_AGE_EDGES_US = np.array([1, 3, 7, 14, 30, 90]) * DAY_US
_AGES = len(_AGE_EDGES_US) + 1


@dataclass(frozen=True)
class Incidence:
    """At the times something ended: the share won by then, and the share still open."""

    times: Int64s
    won: Floats
    still_open: Floats

    def won_by(self, after: Int64s) -> Floats:
        """The share won within some time."""
        return np.append(0.0, self.won)[self._place(after)]

    def won_later(self, after: Int64s) -> Floats:
        """The share that will yet be won of those still open after some time."""
        still_open = np.append(1.0, self.still_open)[self._place(after)]
        won = np.append(0.0, self.won)
        share = (won[-1] - self.won_by(after)) / np.where(still_open > 0, still_open, 1.0)
        later: Floats = np.clip(share, 0.0, 1.0)
        return later

    def share_within(self, after: Int64s, of: Int64s) -> Floats:
        """Of the wins within the time `of` the share that comes within `after`; 1 of none."""
        in_all = self.won_by(of)
        share = self.won_by(np.minimum(after, of)) / np.where(in_all > 0, in_all, 1.0)
        within: Floats = np.where(in_all > 0, share, 1.0)
        return within

    def share_between(self, since: Int64s, by: Int64s, of: Int64s) -> Floats:
        """Of the wins after `since` and within `of` the share that comes by then; 1 of none."""
        before = self.won_by(np.minimum(since, of))
        left = self.won_by(of) - before
        share = (self.won_by(np.clip(by, np.minimum(since, of), of)) - before) / np.where(
            left > 0, left, 1.0
        )
        between: Floats = np.where(left > 0, share, 1.0)
        return between

    def _place(self, after: Int64s) -> Int64s:
        places: Int64s = np.searchsorted(self.times, after, "right")
        return places


def incidence(after: Int64s, decided: Bools, won: Bools) -> Incidence:
    """The curves of snapshots that were decided, or followed without it, for some time."""
    times, place = np.unique(after[decided], return_inverse=True)
    wins = np.bincount(place, won[decided], len(times))
    ends = np.bincount(place, minlength=len(times))
    at_risk = len(after) - np.searchsorted(np.sort(after), times, "left")
    still_open: Floats = np.cumprod(1 - ends / at_risk, dtype=np.float64)
    open_before = np.append(1.0, still_open[:-1])[: len(times)]
    share_won: Floats = np.cumsum(open_before * wins / at_risk, dtype=np.float64)
    return Incidence(times, share_won, still_open)


class Incidences:
    """The curves of snapshots as known by a cut, stratum by stratum, worked out when asked for.

    Where the base rate has shifted, leads created before the shift do not speak.
    """

    def __init__(self, view: View, until: int) -> None:
        found = outcomes(view, until)
        known = view.as_of <= until
        self.decided = known & (found.label != CENSORED_LABEL)
        self.won = self.decided & (found.label == WON_LABEL)
        self.after = np.where(self.decided, found.decided_at, until) - view.as_of
        shift = base_rate_shift(view.timelines, until)
        self._speaks = known if shift is None else known & (view.created_at >= shift.at)
        self._strata = strata(view)
        pipeline, lead = self._strata[OWN_STRATA - 1], view.snapshots.lead
        spoken = self.decided & self._speaks
        decided = np.unique(np.stack([pipeline[spoken], lead[spoken]]), axis=1)[0]
        self._decided_leads = np.bincount(decided, minlength=int(pipeline.max(initial=0)) + 1)
        self._made: dict[tuple[int, int], Incidence | None] = {}

    def of(self, strata_of_rows: tuple[Int64s, ...]) -> Iterator[tuple[Int64s, Incidence]]:
        """Rows with the curves that speak for them: those of the finest stratum that can."""
        left = np.ones(len(strata_of_rows[0]), np.bool_)
        for level, stratum in enumerate(strata_of_rows):
            for code in np.unique(stratum[left]):
                curves = self._stratum(level, int(code))
                if curves is not None:
                    rows = np.flatnonzero(left & (stratum == code))
                    left[rows] = False
                    yield rows, curves
        if left.any():
            yield np.flatnonzero(left), self.of_all

    @cached_property
    def of_all(self) -> Incidence:
        """The curves of all that speak."""
        rows = self._speaks
        return incidence(self.after[rows], self.decided[rows], self.won[rows])

    def _stratum(self, level: int, code: int) -> Incidence | None:
        if (level, code) not in self._made:
            rows = np.flatnonzero(self._speaks & (self._strata[level] == code))
            enough = self.decided[rows].sum() >= FEWEST_DECIDED and self._may_speak(level, rows)
            self._made[level, code] = (
                incidence(self.after[rows], self.decided[rows], self.won[rows]) if enough else None
            )
        return self._made[level, code]

    def _may_speak(self, level: int, rows: Int64s) -> bool:
        """Whether it is of all pipelines, or of one with leads enough of its own."""
        if level >= OWN_STRATA:
            return True
        return bool(self._decided_leads[self._strata[OWN_STRATA - 1][rows[0]]] >= FEWEST_LEADS)


def strata(view: View) -> tuple[Int64s, ...]:
    """The stratum of each snapshot, finest first; the first three are of one pipeline each."""
    pipelines = view.timelines.pipelines
    stage = known_stage(view).astype(np.int64)
    pipeline = pipelines.stage_pipeline[stage].astype(np.int64)
    age = np.searchsorted(_AGE_EDGES_US, view.as_of - view.created_at, "right")
    same_name = np.unique([name for _, name in pipelines.stage_names], return_inverse=True)[1]
    own = stage * _AGES + age, pipeline * _AGES + age, pipeline
    return *own, same_name[stage] * _AGES + age, age
