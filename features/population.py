"""The population: what was known of other leads at any moment, as running sums.

Built from timelines when first asked for and kept. At each moment a lead stands as the events
known by then say, folded in the stated order; what it adds to a sum changes when that changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numba import njit

from features.closing_stream import EVERYBODY, ClosingStream, closing_stream
from features.lead_states import LeadStates, lead_states, visits
from features.stage_closings import stage_closings
from leads.arrays import MISSING, Floats, Int64s
from leads.pipelines import OPEN, WON, Pipelines
from leads.timeline import Timelines
from leads.view import View

# What an index is about: `STAGES`, `PIPELINES`, `VISITS`, or one of the three functions below.
About = tuple[str, ...]
STAGES: About = ("stages",)
PIPELINES: About = ("pipelines",)
VISITS: About = ("visits",)
_BETWEEN = "\x1f"

# The measures of an index's sums, by place in a row.
OPEN_LEADS, WON_LEADS, CLOSED_LEADS, SECONDS_TO_WIN = range(4)
COUNT, LOG_SUM = range(2)
# Logarithms are added as whole numbers: a sum without a lead is then the same as never added.
LOG_UNIT = 1 << 20


def of_value(attribute: str) -> About:
    """Leads by the value of a category: open ones, and closed ones by the value they closed at."""
    return ("value", attribute)


def of_pair(first: str, second: str) -> About:
    """Leads by the values of two categories."""
    return ("pair", first, second)


def of_amount(attribute: str) -> About:
    """The logarithm of a number, by pipeline."""
    return ("amount", attribute)


def pair_name(first: str, second: str) -> str:
    """The name of the place of two values, or of a stage: pipeline, then stage."""
    return f"{first}{_BETWEEN}{second}"


@dataclass(frozen=True)
class Index:
    """Running sums per place over the moments at which changes became known.

    Changes of place `p` are `start[p]` to `start[p + 1]`, sorted by `known_at`; `sums` (change x
    measure) run within the place. `own_*` are the same changes by lead, for leaving a lead itself
    out.
    """

    names: Mapping[str, int]
    start: Int64s
    known_at: Int64s
    sums: Int64s
    own_start: Int64s
    own_place: Int64s
    own_known_at: Int64s
    own_changes: Int64s

    def places(self, names: list[str]) -> Int64s:
        """The place of each name, -1 for one that nobody has."""
        return np.array([self.names.get(name, MISSING) for name in names], np.int64)

    def totals(self, place: Int64s, as_of: Int64s, own: Int64s) -> Int64s:
        """(snapshot x measure): the sums at a place as known at `as_of`, the lead itself left out.

        `own` is the snapshot's row in the population, -1 when it is not in it. A place of -1 has
        no leads.
        """
        totals: Int64s = _totals(
            self.start, self.known_at, self.sums, self.own_start, self.own_place,
            self.own_known_at, self.own_changes, place, as_of, own,
        )  # fmt: skip
        return totals

    def latest_change(self, place: Int64s, as_of: Int64s) -> Int64s:
        """When the newest change at a place became known by `as_of`; -1 if there was none."""
        latest: Int64s = _latest_change(self.start, self.known_at, place, as_of)
        return latest


@dataclass(frozen=True, eq=False)
class Population:
    """Leads with their indexes, made as they are asked for.

    Without timelines, as from a file, an index that is not there has no places.
    """

    pipelines: Pipelines
    row_of: Mapping[str, int]
    timelines: Timelines | None
    indexes: dict[About, Index] = field(default_factory=dict)
    given_stream: ClosingStream | None = None

    def index(self, about: About) -> Index:
        """The index of what is asked about."""
        if about not in self.indexes:
            self.indexes[about] = (
                _index({}, np.zeros((0, 4), np.int64), np.zeros((0, 4), np.int64), 0)
                if self.timelines is None
                else _build(self.timelines, about)
            )
        return self.indexes[about]

    @cached_property
    def stream(self) -> ClosingStream:
        """The closings in the order they became known."""
        if self.timelines is None:
            return self.given_stream or ClosingStream({}, *(np.zeros(0, np.int64),) * 5)
        states = lead_states(self.timelines)
        return closing_stream(states, self.pipelines.names, len(self.timelines))

    def rows(self, view: View) -> Int64s:
        """The row in the population of each snapshot's lead, -1 where it is not in it."""
        lead_ids = view.timelines.lead_ids
        leads, place = np.unique(view.snapshots.lead, return_inverse=True)
        rows = np.array([self.row_of.get(lead_ids[lead], -1) for lead in leads], np.int64)
        return rows[place]


def population_of(timelines: Timelines) -> Population:
    """The population that some timelines make up."""
    return Population(timelines.pipelines, timelines.row_of, timelines)


def win_counts(
    population: Population, place: Int64s, as_of: Int64s, own: Int64s
) -> tuple[Floats, Floats]:
    """(won, closed) of other leads at a place, one per snapshot, as known at `as_of`.

    A place is a stage code, then one place per pipeline, then one for all leads. `own` is the
    snapshot's lead in the population, left out; -1 when it is not in it. A place of -1 has no
    leads.
    """
    totals = population.index(STAGES).totals(place, as_of, own).astype(np.float64)
    return totals[:, 0], totals[:, 1]


def _build(timelines: Timelines, about: About) -> Index:
    kind, *named = about
    if about == STAGES:
        return _of_stages(timelines)
    if about == PIPELINES:
        return _of_pipelines(timelines)
    if about == VISITS:
        return _of_visits(timelines)
    if kind == "amount":
        return _of_amounts(timelines, named[0])
    return _of_values(timelines, named)


def _of_stages(timelines: Timelines) -> Index:
    """Won and closed leads by every stage they had been in, by pipeline, and all."""
    lead, place, known_at, won, closed = stage_closings(timelines)
    stages, names = timelines.pipelines.stage_names, timelines.pipelines.names
    every = [*(pair_name(*stage) for stage in stages), *names, EVERYBODY]
    return _index(
        {name: place for place, name in enumerate(every)},
        np.stack([lead, place, known_at], axis=1),
        np.stack([won, closed], axis=1),
        len(timelines),
    )


def _of_pipelines(timelines: Timelines) -> Index:
    """Open, won and closed leads by pipeline, and all."""
    states = lead_states(timelines)
    names = timelines.pipelines.names
    measures = _measures(states)
    everybody = np.full(len(states.lead), len(names))
    changes = [
        _changes(states, place, measures) for place in (states.pipeline.astype(np.int64), everybody)
    ]
    where, deltas = (np.concatenate(part) for part in zip(*changes, strict=True))
    places = {name: place for place, name in enumerate((*names, EVERYBODY))}
    return _index(places, where, deltas, len(timelines))


def _of_values(timelines: Timelines, attributes: list[str]) -> Index:
    """Open, won and closed leads by the value of one category, or by the values of two."""
    states = lead_states(timelines, *attributes)
    levels = timelines.levels
    if len(attributes) == 1:
        codes, place = np.unique(states.first_level, return_inverse=True)
        names = [levels[code] if code >= 0 else None for code in codes]
    else:
        pairs = np.stack([states.first_level, states.second_level], axis=1)
        codes, place = np.unique(pairs, axis=0, return_inverse=True)
        names = [pair_name(levels[a], levels[b]) if a >= 0 <= b else None for a, b in codes]
    named = np.array([name is not None for name in names], np.bool_)
    number = np.where(named, np.cumsum(named) - 1, MISSING)
    where, deltas = _changes(states, number[place.ravel()], _measures(states))
    places = {name: place for place, name in enumerate(n for n in names if n is not None)}
    return _index(places, where, deltas, len(timelines))


def _of_amounts(timelines: Timelines, attribute: str) -> Index:
    """How many leads of a pipeline have a number, and the sum of its logarithms."""
    states = lead_states(timelines, number=attribute)
    known = ~np.isnan(states.number)
    logs = np.where(known, np.log1p(np.abs(np.where(known, states.number, 0.0))), 0.0)
    measures = np.stack([known, np.rint(logs * LOG_UNIT)], axis=1).astype(np.int64)
    where, deltas = _changes(states, states.pipeline.astype(np.int64), measures)
    places = {name: place for place, name in enumerate(timelines.pipelines.names)}
    return _index(places, where, deltas, len(timelines))


def _of_visits(timelines: Timelines) -> Index:
    """How many visits to a stage have ended, and the sum of the logarithms of their seconds."""
    lead, place, known_at, count, seconds = visits(timelines)
    logs = np.rint(np.log1p(seconds) * LOG_UNIT).astype(np.int64) * count.astype(np.int64)
    names = [pair_name(*stage) for stage in timelines.pipelines.stage_names]
    return _index(
        {name: place for place, name in enumerate(names)},
        np.stack([lead, place, known_at], axis=1),
        np.stack([count, logs], axis=1),
        len(timelines),
    )


def _measures(states: LeadStates) -> Int64s:
    """What a lead in each state adds: open, won, closed, seconds to the win."""
    won = states.status == WON
    seconds = np.where(won, states.closed_after_us // 1_000_000, 0)
    columns = (states.status == OPEN, won, states.status != OPEN, seconds)
    return np.stack(columns, axis=1).astype(np.int64)


def _changes(states: LeadStates, place: Int64s, measures: Int64s) -> tuple[Int64s, Int64s]:
    """(lead, place, known_at) and what changes there, from each state of a lead to the next."""
    again = np.append(False, states.lead[1:] == states.lead[:-1])
    before = np.append(0, np.arange(len(states.lead) - 1)) if len(states.lead) else place
    stays = again & (place == place[before])
    there = np.stack([states.lead, place, states.known_at], axis=1)
    gone = np.stack([states.lead, place[before], states.known_at], axis=1)
    deltas = np.where(stays[:, None], measures - measures[before], measures)
    left = again & ~stays
    where = np.concatenate([there, gone[left]])
    changes = np.concatenate([deltas, -measures[before][left]])
    kept = (where[:, 1] >= 0) & changes.any(axis=1)
    return where[kept], changes[kept]


def _index(names: Mapping[str, int], where: Int64s, changes: Int64s, leads: int) -> Index:
    """The index of changes; `where` is (lead, place, known_at) of each."""
    lead, place, known_at = where[:, 0], where[:, 1], where[:, 2]
    order = np.lexsort((known_at, place))
    start = np.searchsorted(place[order], np.arange(len(names) + 1))
    by_lead = np.argsort(lead, kind="stable")
    return Index(
        names=names,
        start=start,
        known_at=known_at[order],
        sums=_running_sums(changes[order], start),
        own_start=np.searchsorted(lead[by_lead], np.arange(leads + 1)),
        own_place=place[by_lead],
        own_known_at=known_at[by_lead],
        own_changes=np.ascontiguousarray(changes[by_lead]),
    )


def _running_sums(changes: Int64s, start: Int64s) -> Int64s:
    """Running sums of `changes` that begin anew at each place."""
    nothing = np.zeros((1, changes.shape[1]), np.int64)
    total = np.concatenate([nothing, np.cumsum(changes, axis=0)])
    sums: Int64s = total[1:] - np.repeat(total[start[:-1]], np.diff(start), axis=0)
    return sums


@njit(cache=True, nogil=True)  # pragma: no cover
def _last_known(start: Int64s, known_at: Int64s, place: int, as_of: int) -> int:
    """The newest change of a place known at `as_of`; the one before the place's first if none."""
    first = start[place]
    known = np.searchsorted(known_at[first : start[place + 1]], as_of, "right")
    return int(first + known - 1)


@njit(cache=True, nogil=True)  # pragma: no cover
def _totals(
    start: Int64s,
    known_at: Int64s,
    sums: Int64s,
    own_start: Int64s,
    own_place: Int64s,
    own_known_at: Int64s,
    own_changes: Int64s,
    place: Int64s,
    as_of: Int64s,
    own: Int64s,
) -> Int64s:
    n, measures = len(as_of), sums.shape[1]
    totals = np.zeros((n, measures), np.int64)
    for s in range(n):
        if place[s] < 0:
            continue
        last = _last_known(start, known_at, place[s], as_of[s])
        if last >= start[place[s]]:
            totals[s] = sums[last]
        if own[s] < 0:
            continue
        for change in range(own_start[own[s]], own_start[own[s] + 1]):
            if own_place[change] == place[s] and own_known_at[change] <= as_of[s]:
                totals[s] -= own_changes[change]
    return totals


@njit(cache=True, nogil=True)  # pragma: no cover
def _latest_change(start: Int64s, known_at: Int64s, place: Int64s, as_of: Int64s) -> Int64s:
    latest = np.full(len(as_of), -1)
    for s in range(len(as_of)):
        if place[s] >= 0:
            last = _last_known(start, known_at, place[s], as_of[s])
            if last >= start[place[s]]:
                latest[s] = known_at[last]
    return latest
