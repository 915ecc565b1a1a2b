"""Invented contacts of `benchmarks.features`, and leadscore's signals of them."""

import time
from collections.abc import Callable

import numpy as np
from numba import njit

from benchmarks.feature_peers import DIRECTIONS, KINDS, Contacts
from benchmarks.features_of_all import PIPELINES, created_at_of, seconds_of
from features.engagement import ENGAGEMENT
from features.plan import SignalPlan
from features.population import Population, population_of
from features.rhythm import RHYTHM
from features.rhythm_kernel import conversation
from features.signal import Column, Family, FamilySettings
from leads.arrays import MISSING, Floats, Int8s, Int64s
from leads.clock import DAY_US
from leads.records import INTERACTION
from leads.timeline import Events, Timelines
from leads.view import Snapshots, View, look


def invented(leads: int, events_each: int, snapshots_each: int = 1) -> Contacts:
    """Contacts over 120 days of each lead's life, and moments within it; minutes are whole."""
    draw = np.random.default_rng(leads + events_each)
    created_at = created_at_of(leads)
    of_lead = np.repeat(np.arange(leads), events_each)
    at = created_at[of_lead] + draw.integers(1, 120 * DAY_US, len(of_lead))
    at = at[np.lexsort((at, of_lead))]
    lead = np.repeat(np.arange(leads), snapshots_each)
    return Contacts(
        of_lead=of_lead,
        at=at,
        kind=draw.integers(0, len(KINDS), len(at)).astype(np.int8),
        direction=draw.integers(0, len(DIRECTIONS), len(at)).astype(np.int8),
        minutes=draw.integers(1, 60, len(at)).astype(np.float64),
        lead=lead,
        as_of=created_at[lead] + draw.integers(0, 150 * DAY_US, len(lead)),
    )


def timelines_of(contacts: Contacts) -> Timelines:
    """The contacts as timelines hold them."""
    leads, n = int(contacts.lead.max()) + 1, len(contacts.at)
    return Timelines(
        lead_ids=tuple(map(str, range(leads))),
        created_at=created_at_of(leads),
        pipeline=np.zeros(leads, np.int16),
        start=np.searchsorted(contacts.of_lead, np.arange(leads + 1)),
        events=Events(
            occurred_at=contacts.at,
            recorded_at=contacts.at,
            type=np.full(n, INTERACTION, np.int8),
            name=contacts.kind.astype(np.int32),
            number=np.full(n, np.nan),
            level=np.full(n, MISSING, np.int32),
            direction=contacts.direction,
            duration_seconds=contacts.minutes * 60,
            actor=np.full(n, MISSING, np.int32),
            result=np.full(n, MISSING, np.int32),
            row=np.zeros(n, np.int64),
        ),
        pipelines=PIPELINES,
        kinds=KINDS,
        attributes=(),
        attribute_types={},
        levels=(),
        actors=(),
        results=(),
        event_id=("",),
    )


_DURATIONS = {"directions": False, "people": False, "durations": True}


def _minutes_columns(settings: FamilySettings) -> tuple[Column, ...]:
    return tuple(one for one in RHYTHM.columns(settings) if "minutes" in one.name)


def _fill_minutes(
    settings: FamilySettings, view: View, population: Population, block: Floats
) -> None:
    events = view.events
    _walk_minutes(
        events.type, events.occurred_at, events.duration_seconds,
        view.first, view.stop, view.as_of, block,
    )  # fmt: skip


@njit(cache=True, nogil=True)  # pragma: no cover
def _walk_minutes(
    event_type: Int8s,
    occurred_at: Int64s,
    duration_seconds: Floats,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    block: Floats,
) -> None:
    contacts = np.empty((stop - first).max(), np.int64)
    for s in range(len(first)):
        n = 0
        for event in range(first[s], stop[s]):
            if event_type[event] == INTERACTION:
                contacts[n] = event
                n += 1
        conversation(occurred_at, contacts[:n], as_of[s], duration_seconds, block[s])


# Of the rhythm only what the peers can express.
MINUTES = Family("minutes", lambda timelines: _DURATIONS, _minutes_columns, _fill_minutes)


def leadscore_query(
    contacts: Contacts, beside_engagement: Family = MINUTES
) -> tuple[SignalPlan, Callable[[], Floats]]:
    """The view and two families, as a training does."""
    timelines = timelines_of(contacts)
    learned = dict(ENGAGEMENT.learn(timelines)) | {"directed_kinds": []}
    plan = SignalPlan(((ENGAGEMENT, learned), (beside_engagement, _DURATIONS)))
    snapshots = Snapshots(contacts.lead, contacts.as_of)
    return plan, lambda: plan.matrix(look(timelines, snapshots), population_of(timelines))


def equal(found: Floats, wanted: Floats) -> bool:
    """To the last bit; missing equals missing."""
    return np.array_equal(found, wanted, equal_nan=True)


def both_seconds(query: Callable[[], object]) -> tuple[float, float]:
    """Of the processor, all threads together, and of the clock."""
    begun = time.process_time()
    clock = seconds_of(query)
    return time.process_time() - begun, clock
