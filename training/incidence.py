"""Incidence: how many snapshots like one are won by when, open leads among them (Aalen, Johansen).

The cumulative incidence of competing risks (Aalen and Johansen 1978), by stratum: the finest of
stage and age, pipeline and age, pipeline, and all in which enough snapshots are decided. Where a
pipeline has few decided leads its curves lean on those of the pipelines with the same window: of
stages of the same name and of the same age, or of the same age.
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
from training.prior import PIPELINE_LEADS

# Snapshots are alike in stage and age if so many of them are decided; else in less.
FEWEST_DECIDED = 60
# With so many decided leads a pipeline speaks for itself; with half as many, as in its prior, half.
OWN_LEADS = 2 * PIPELINE_LEADS
_OWN_STRATA = 3
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


@dataclass(frozen=True)
class Leaning:
    """The curves of a pipeline of few leads, which have `share`, and for the rest those of all."""

    own: Incidence
    every: Incidence
    share: float

    def won_later(self, after: Int64s) -> Floats:
        """As of an incidence."""
        return self._mixed(self.own.won_later(after), self.every.won_later(after))

    def share_within(self, after: Int64s, of: Int64s) -> Floats:
        """As of an incidence."""
        return self._mixed(self.own.share_within(after, of), self.every.share_within(after, of))

    def share_between(self, since: Int64s, by: Int64s, of: Int64s) -> Floats:
        """As of an incidence."""
        return self._mixed(
            self.own.share_between(since, by, of), self.every.share_between(since, by, of)
        )

    def _mixed(self, own: Floats, every: Floats) -> Floats:
        mixed: Floats = self.share * own + (1 - self.share) * every
        return mixed


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
        self._own_share = self._shares(view)
        self._made: dict[tuple[int, int], Incidence | None] = {}

    def of(
        self, strata_of_rows: tuple[Int64s, ...]
    ) -> Iterator[tuple[Int64s, Incidence | Leaning]]:
        """Rows with the curves that speak for them: those of the finest stratum that can."""
        pipeline = strata_of_rows[_OWN_STRATA - 1]
        for own_rows, own in self._finest(strata_of_rows, range(_OWN_STRATA)):
            alone = self._own_share[pipeline[own_rows]] >= 1
            if own is not None and alone.any():
                yield own_rows[alone], own
            rest = own_rows if own is None else own_rows[~alone]
            of_rest = tuple(codes[rest] for codes in strata_of_rows)
            pooled = range(_OWN_STRATA, len(strata_of_rows))
            for rows, found in self._finest(of_rest, pooled):
                every = found or self.of_all
                if own is None or _same(own, every):
                    yield rest[rows], every
                    continue
                for code in np.unique(pipeline[rest[rows]]):
                    of_pipeline = rest[rows[pipeline[rest[rows]] == code]]
                    yield of_pipeline, Leaning(own, every, float(self._own_share[code]))

    def _finest(
        self, strata_of_rows: tuple[Int64s, ...], levels: range
    ) -> Iterator[tuple[Int64s, Incidence | None]]:
        """Rows with the curves of the finest stratum of some levels that can speak, or none."""
        left = np.ones(len(strata_of_rows[0]), np.bool_)
        for level in levels:
            stratum = strata_of_rows[level]
            for code in np.unique(stratum[left]):
                curves = self._stratum(level, int(code))
                if curves is not None:
                    rows = np.flatnonzero(left & (stratum == code))
                    left[rows] = False
                    yield rows, curves
        if left.any():
            yield np.flatnonzero(left), None

    def _shares(self, view: View) -> Floats:
        """How far each pipeline speaks for itself, by its decided leads."""
        pipelines, leads = len(view.timelines.pipelines.names), len(view.timelines)
        spoken = self.decided & self._speaks
        of_lead = self._strata[_OWN_STRATA - 1][spoken] * leads + view.snapshots.lead[spoken]
        decided = np.bincount(np.unique(of_lead) // max(leads, 1), minlength=pipelines)
        shares: Floats = np.minimum(decided / OWN_LEADS, 1.0)
        return shares

    @cached_property
    def of_all(self) -> Incidence:
        """The curves of all that speak."""
        rows = self._speaks
        return incidence(self.after[rows], self.decided[rows], self.won[rows])

    def _stratum(self, level: int, code: int) -> Incidence | None:
        if (level, code) not in self._made:
            rows = np.flatnonzero(self._speaks & (self._strata[level] == code))
            enough = self.decided[rows].sum() >= FEWEST_DECIDED
            self._made[level, code] = (
                incidence(self.after[rows], self.decided[rows], self.won[rows]) if enough else None
            )
        return self._made[level, code]


def _same(one: Incidence, other: Incidence) -> bool:
    """Whether curves are the same: those of a pipeline alone are those of all."""
    pairs = ((one.times, other.times), (one.won, other.won), (one.still_open, other.still_open))
    return all(np.array_equal(own, every) for own, every in pairs)


def strata(view: View) -> tuple[Int64s, ...]:
    """The stratum of each snapshot, finest first: three of one pipeline each, two of like ones."""
    pipelines = view.timelines.pipelines
    stage = known_stage(view).astype(np.int64)
    pipeline = pipelines.stage_pipeline[stage].astype(np.int64)
    age = np.searchsorted(_AGE_EDGES_US, view.as_of - view.created_at, "right")
    windows = np.array([one.window_days for one in pipelines.pipelines])
    window = np.unique(windows, return_inverse=True)[1]
    names = np.unique([name for _, name in pipelines.stage_names], return_inverse=True)[1]
    like = names * len(windows) + window[pipelines.stage_pipeline]
    own = stage * _AGES + age, pipeline * _AGES + age, pipeline
    return *own, like[stage] * _AGES + age, window[pipeline] * _AGES + age
