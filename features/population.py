"""The population: what was known of other leads at any moment, as running sums.

Built from timelines when first asked for and kept. At each moment a lead stands as the events
known by then say, folded in the stated order; what it adds to a sum changes when that changes.
"""

import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from features.closing_stream import EVERYBODY, ClosingStream, closing_stream
from features.index import Index, changes_of_states, index_of_changes, places_of
from features.lead_states import LeadStates, lead_states, visits
from features.stage_closings import stage_closings
from leads.arrays import MISSING, Floats, Int64s
from leads.clock import SECOND_US
from leads.pipelines import OPEN, WON, Pipelines
from leads.timeline import Timelines
from leads.view import View

# What an index is about: one of the four names, or what one of the three functions below says.
About = tuple[str, ...]
STAGES: About = ("stages",)
PIPELINES: About = ("pipelines",)
VISITS: About = ("visits",)
STREAM: About = ("stream",)
_BETWEEN = "\x1f"

# The measures of an index's sums, by place in a row.
OPEN_LEADS, WON_LEADS, CLOSED_LEADS, SECONDS_TO_WIN = range(4)
COUNT, LOG_SUM = range(2)
# Logarithms are added as whole numbers: a sum without a lead is then the same as never added.
LOG_UNIT = 1 << 20

# Fewer snapshots than this are looked up one by one.
FEW = 64
THREADS = 2


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
    _seen: dict[About, tuple["weakref.ref[Timelines]", Int64s]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out for other timelines, which belongs to this process."""
        return self.__dict__ | {"_seen": {}}

    def index(self, about: About) -> Index:
        """The index of what is asked about."""
        if about not in self.indexes:
            self.indexes[about] = (
                index_of_changes({}, *(np.zeros(0, np.int64),) * 3, np.zeros((0, 4), np.int64), 0)
                if self.timelines is None
                else _build(self.timelines, about)
            )
        return self.indexes[about]

    def build(self, asked: Iterable[About]) -> None:
        """Make what will be asked for and is not there yet, several at a time."""
        missing = [about for about in dict.fromkeys(asked) if about not in self.indexes]
        if STREAM in missing:
            missing.remove(STREAM)
            self.stream  # noqa: B018
        if self.timelines is None or len(missing) < 2:
            return
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(self.index, missing):
                pass

    @cached_property
    def stream(self) -> ClosingStream:
        """The closings in the order they happened."""
        if self.timelines is None:
            return self.given_stream or ClosingStream({}, *(np.zeros(0, np.int64),) * 6)
        states = lead_states(self.timelines)
        return closing_stream(states, self.pipelines.names)

    def rows(self, view: View) -> Int64s:
        """The row in the population of each snapshot's lead, -1 where it is not in it."""
        if self not in view.remembered:
            view.remembered[self] = self._rows(view)
        rows: Int64s = view.remembered[self]
        return rows

    def _rows(self, view: View) -> Int64s:
        lead, lead_ids = view.snapshots.lead, view.timelines.lead_ids
        if self.timelines is not None and self.timelines.lead_ids is lead_ids:
            return np.asarray(lead, np.int64)
        of_id = self.row_of.get
        if len(lead) < FEW:
            return np.array([of_id(lead_ids[row], MISSING) for row in lead], np.int64)
        return self._worked_out(
            ("rows",),
            view.timelines,
            lambda: np.array([of_id(lead_id, MISSING) for lead_id in lead_ids], np.int64),
        )[lead]

    def places_of_levels(self, about: About, timelines: Timelines) -> Int64s:
        """By level of some timelines the place in an index of values; behind them -1."""
        index = self.index(about)
        return self._worked_out(
            about, timelines, lambda: np.append(index.places(timelines.levels), MISSING)
        )

    def places_of_stages(self, about: About, timelines: Timelines) -> Int64s:
        """By stage of some timelines the place in an index of stages."""
        index, stages = self.index(about), timelines.pipelines.stage_names
        return self._worked_out(
            about, timelines, lambda: index.places([pair_name(*stage) for stage in stages])
        )

    def places_of_pipelines(self, about: About, timelines: Timelines) -> Int64s:
        """By stage of some timelines the place of its pipeline in an index of pipelines."""
        index, pipelines = self.index(about), timelines.pipelines
        return self._worked_out(
            ("pipeline of a stage", *about),
            timelines,
            lambda: index.places(pipelines.names)[pipelines.stage_pipeline],
        )

    def _worked_out(
        self, what: About, timelines: Timelines, work_out: Callable[[], Int64s]
    ) -> Int64s:
        """What was worked out of the timelines seen last, else anew."""
        seen, known = self._seen.get(what, (None, None))
        if known is None or seen is None or seen() is not timelines:
            known = work_out()
            self._seen[what] = weakref.ref(timelines), known
        return known


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
    return index_of_changes(
        places_of(every),
        lead,
        place,
        known_at,
        np.stack([won, closed], axis=1),
        len(timelines),
    )


def _of_pipelines(timelines: Timelines) -> Index:
    """Open, won and closed leads by pipeline, and all."""
    states = lead_states(timelines)
    names = timelines.pipelines.names
    changes = [
        changes_of_states(states.lead, place, states.known_at, _measures(states))
        for place in (states.pipeline.astype(np.int64), np.full(len(states.lead), len(names)))
    ]
    columns = [np.concatenate(part) for part in zip(*changes, strict=True)]
    by_lead = np.argsort(columns[0], kind="stable")
    lead, place, known_at, deltas = (column[by_lead] for column in columns)
    places = places_of((*names, EVERYBODY))
    return index_of_changes(places, lead, place, known_at, deltas, len(timelines))


def _of_values(timelines: Timelines, attributes: list[str]) -> Index:
    """Open, won and closed leads by the value of one category, or by the values of two."""
    states = lead_states(timelines, *attributes)
    levels, many = timelines.levels, max(len(timelines.levels), 1)
    key = states.first_level.astype(np.int64)
    if len(attributes) == 2:
        both = (states.first_level >= 0) & (states.second_level >= 0)
        key = np.where(both, key * many + states.second_level, MISSING)
    used = _distinct(key[key >= 0])
    place = np.where(key >= 0, np.searchsorted(used, key), MISSING)
    names = [
        levels[one] if len(attributes) == 1 else pair_name(levels[one // many], levels[one % many])
        for one in used.tolist()
    ]
    changes = changes_of_states(states.lead, place, states.known_at, _measures(states))
    return index_of_changes(places_of(names), *changes, len(timelines))


def _distinct(keys: Int64s) -> Int64s:
    """The distinct keys, sorted; by counting where they are not too large for it."""
    if len(keys) == 0 or keys.max() > 4 * len(keys):
        return np.unique(keys)
    return np.flatnonzero(np.bincount(keys))


def _of_amounts(timelines: Timelines, attribute: str) -> Index:
    """How many leads of a pipeline have a number, and the sum of its logarithms."""
    states = lead_states(timelines, number=attribute)
    known = ~np.isnan(states.number)
    logs = np.where(known, np.log1p(np.abs(np.where(known, states.number, 0.0))), 0.0)
    measures = np.stack([known, np.rint(logs * LOG_UNIT)], axis=1).astype(np.int64)
    pipeline = states.pipeline.astype(np.int64)
    changes = changes_of_states(states.lead, pipeline, states.known_at, measures)
    return index_of_changes(places_of(timelines.pipelines.names), *changes, len(timelines))


def _of_visits(timelines: Timelines) -> Index:
    """How many visits to a stage have ended, and the sum of the logarithms of their seconds."""
    lead, place, known_at, count, seconds = visits(timelines)
    logs = np.rint(np.log1p(seconds) * LOG_UNIT).astype(np.int64) * count.astype(np.int64)
    names = [pair_name(*stage) for stage in timelines.pipelines.stage_names]
    return index_of_changes(
        places_of(names),
        lead,
        place,
        known_at,
        np.stack([count, logs], axis=1),
        len(timelines),
    )


def _measures(states: LeadStates) -> Int64s:
    """What a lead in each state adds: open, won, closed, seconds to the win."""
    measures = np.empty((len(states.lead), 4), np.int64)
    won = states.status == WON
    measures[:, OPEN_LEADS] = states.status == OPEN
    measures[:, WON_LEADS] = won
    measures[:, CLOSED_LEADS] = states.status != OPEN
    measures[:, SECONDS_TO_WIN] = np.where(won, states.closed_after_us // SECOND_US, 0)
    return measures
