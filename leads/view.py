"""The view: of every snapshot's lead, the events that were known then and nothing else.

Signals, outcomes and analyses read timelines through a view alone. The one comparison of events
with `as_of` stands here: an event is known when it had happened and had been recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit

from leads.arrays import Bools, Int16s, Int64s
from leads.clock import format_time
from leads.errors import InvalidSnapshotError
from leads.timeline import Events, Timelines


@njit(cache=True, nogil=True)  # pragma: no cover
def is_known(occurred_at: int, recorded_at: int, as_of: int) -> bool:
    """Whether an event was known at `as_of`, by both clocks."""
    return occurred_at <= as_of and recorded_at <= as_of


@dataclass(frozen=True)
class Snapshots:
    """Moments to look at leads: `lead` is a row of the timelines, `as_of` in microseconds."""

    lead: Int64s
    as_of: Int64s

    def __len__(self) -> int:
        return len(self.lead)

    def only(self, rows: Int64s | Bools) -> "Snapshots":
        """Some of the snapshots."""
        return Snapshots(self.lead[rows], self.as_of[rows])


@dataclass(frozen=True)
class View:
    """What was known of each snapshot's lead: the events `first[i]` to `stop[i]` of `events`.

    Every event in that range was known at the snapshot, in the stated order, and no known one is
    missing: a family that stays within the range cannot see the future. Where late recording
    leaves a hole in a lead's events, the known ones are copied behind those of the timelines.
    """

    timelines: Timelines
    snapshots: Snapshots
    events: Events
    first: Int64s
    stop: Int64s

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def as_of(self) -> Int64s:
        """The moment of each snapshot."""
        return self.snapshots.as_of

    @cached_property
    def created_at(self) -> Int64s:
        """When each snapshot's lead came in."""
        return self.timelines.created_at[self.snapshots.lead]

    @cached_property
    def pipeline(self) -> Int16s:
        """The pipeline that each snapshot's lead started in."""
        return self.timelines.pipeline[self.snapshots.lead]

    @cached_property
    def remembered(self) -> dict[Any, Any]:
        """What several readers work out from this view, by who did; nobody changes it."""
        return {}

    def lead_id(self, snapshot: int) -> str:
        """The id of a snapshot's lead."""
        return self.timelines.lead_ids[int(self.snapshots.lead[snapshot])]

    def event_ids(self, snapshot: int, places: Sequence[int]) -> list[str]:
        """The ids of some of a snapshot's known events, counted from its first."""
        return self.timelines.ids_of(self.events, [int(self.first[snapshot]) + p for p in places])


def look(timelines: Timelines, snapshots: Snapshots) -> View:
    """The view of some snapshots; raises `InvalidSnapshotError` for one before its lead existed."""
    created_at = timelines.created_at[snapshots.lead]
    early = np.flatnonzero(snapshots.as_of < created_at)
    if len(early):
        row = int(early[0])
        raise InvalidSnapshotError(
            f"as_of {format_time(snapshots.as_of[row])} is before lead "
            f"{timelines.lead_ids[snapshots.lead[row]]!r} was created "
            f"({format_time(created_at[row])}); ask for a later moment"
        )
    events = timelines.events
    first, stop, copied = _known_ranges(
        timelines.start, events.occurred_at, events.recorded_at, timelines.newest_late_record,
        snapshots.lead, snapshots.as_of,
    )  # fmt: skip
    if len(copied):
        events = events.followed_by(events.take(copied))
    return View(timelines, snapshots, events, first, stop)


def known_by(timelines: Timelines, until: int) -> Timelines:
    """The timelines as they were known at one moment: leads created and events known by then."""
    rows = np.flatnonzero(timelines.created_at <= until)
    view = look(timelines, Snapshots(rows, np.full(len(rows), until)))
    lengths = view.stop - view.first
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.arange(start[-1]) + np.repeat(view.first - start[:-1], lengths)
    return replace(timelines.only(rows), start=start, events=view.events.take(places))


@njit(cache=True, nogil=True)  # pragma: no cover
def _known_ranges(
    start: Int64s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    newest_late_record: Int64s,
    lead: Int64s,
    as_of: Int64s,
) -> tuple[Int64s, Int64s, Int64s]:
    """First and stop of each snapshot's known events, and which events are copied for holes."""
    n = len(lead)
    first = np.empty(n, np.int64)
    stop = np.empty(n, np.int64)
    to_copy = 0
    for s in range(n):
        begin = start[lead[s]]
        low, high = begin, start[lead[s] + 1]
        # The first event that had not happened yet, found by halving.
        while low < high:
            middle = (low + high) // 2
            if occurred_at[middle] <= as_of[s]:
                low = middle + 1
            else:
                high = middle
        first[s], stop[s] = begin, low
        if newest_late_record[lead[s]] > as_of[s]:
            for event in range(begin, low):
                if recorded_at[event] > as_of[s]:
                    to_copy += low - begin
                    stop[s] = -low
                    break
    copied = np.empty(to_copy, np.int64)
    filled = 0
    for s in range(n):
        if stop[s] < 0:
            begin = filled
            for event in range(first[s], -stop[s]):
                if is_known(occurred_at[event], recorded_at[event], as_of[s]):
                    copied[filled] = event
                    filled += 1
            first[s], stop[s] = len(occurred_at) + begin, len(occurred_at) + filled
    return first, stop, copied[:filled]
