"""An index: running sums per place over the moments at which changes became known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from features.index_kernel import IndexArrays, totals_at
from leads.arrays import MISSING, Int64s
from leads.view import View


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

    def places(self, names: Sequence[str]) -> Int64s:
        """The place of each name, -1 for one that nobody has."""
        of_name = self.names.get
        return np.array([of_name(name, MISSING) for name in names], np.int64)

    def totals(
        self, place: Int64s, as_of: Int64s, own: Int64s, by_time: Int64s | None = None
    ) -> Int64s:
        """(snapshot x measure): the sums at a place as known at `as_of`, the lead itself left out.

        `own` is the snapshot's row in the population, -1 when it is not in it. A place of -1 has
        no leads. With the snapshots' order `by_time` many are found faster.
        """
        order = np.arange(len(as_of)) if by_time is None else by_time
        totals: Int64s = totals_at(*self.arrays, place, as_of, own, order)
        return totals

    @cached_property
    def arrays(self) -> IndexArrays:
        """The index as compiled code takes it."""
        return (
            self.start, self.known_at, self.sums, self.own_start, self.own_place,
            self.own_known_at, self.own_changes,
        )  # fmt: skip


def in_time(view: View) -> Int64s:
    """The view's snapshots by their moment."""
    if in_time not in view.remembered:
        view.remembered[in_time] = np.argsort(view.as_of)
    order: Int64s = view.remembered[in_time]
    return order


def places_of(names: Iterable[str]) -> dict[str, int]:
    """Names to their places, in the order given."""
    return {name: place for place, name in enumerate(names)}


def index_of_changes(
    names: Mapping[str, int],
    lead: Int64s,
    place: Int64s,
    known_at: Int64s,
    changes: Int64s,
    leads: int,
) -> Index:
    """The index of changes, one entry each of all columns, sorted by lead."""
    start, sorted_known_at, sums = _by_place(
        place, known_at, changes, np.argsort(known_at), len(names)
    )
    return Index(
        names=names,
        start=start,
        known_at=sorted_known_at,
        sums=sums,
        own_start=np.searchsorted(lead, np.arange(leads + 1)),
        own_place=place,
        own_known_at=known_at,
        own_changes=changes,
    )


def changes_of_states(
    lead: Int64s, place: Int64s, known_at: Int64s, measures: Int64s
) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """(lead, place, known_at, what changes there), from each state of a lead to the next.

    States are sorted by lead and moment; one at place -1 adds nowhere.
    """
    where, changes = _changes(lead, place, known_at, measures)
    return where[0], where[1], where[2], changes


@njit(cache=True, nogil=True)  # pragma: no cover
def _by_place(
    place_of: Int64s, moment: Int64s, changes: Int64s, in_time: Int64s, places: int
) -> tuple[Int64s, Int64s, Int64s]:
    """Start of each place, and the moments and running sums of its changes in order of time."""
    start = np.zeros(places + 1, np.int64)
    for place in place_of:
        start[place + 1] += 1
    for place in range(places):
        start[place + 1] += start[place]
    behind = start[:-1].copy()
    known_at = np.empty(len(place_of), np.int64)
    sums = np.empty(changes.shape, np.int64)
    for change in in_time:
        place = place_of[change]
        at = behind[place]
        behind[place] += 1
        known_at[at] = moment[change]
        for measure in range(changes.shape[1]):
            before = sums[at - 1, measure] if at > start[place] else 0
            sums[at, measure] = before + changes[change, measure]
    return start, known_at, sums


@njit(cache=True, nogil=True)  # pragma: no cover
def _changes(
    lead: Int64s, place: Int64s, known_at: Int64s, measures: Int64s
) -> tuple[Int64s, Int64s]:
    where = np.empty((3, 2 * len(lead)), np.int64)
    changes = np.empty((2 * len(lead), measures.shape[1]), np.int64)
    nothing = np.zeros(measures.shape[1], np.int64)
    filled = 0
    for row in range(len(lead)):
        again = row > 0 and lead[row - 1] == lead[row]
        moved = again and place[row - 1] != place[row]
        if place[row] >= 0:
            before = measures[row - 1] if again and not moved else nothing
            filled += _add(where, changes, filled, lead[row], place[row], known_at[row],
                           measures[row], before)  # fmt: skip
        if moved and place[row - 1] >= 0:
            filled += _add(where, changes, filled, lead[row], place[row - 1], known_at[row],
                           nothing, measures[row - 1])  # fmt: skip
    # Not copied: the rest of the rows was never touched and takes no memory.
    return where[:, :filled], changes[:filled]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add(
    where: Int64s,
    changes: Int64s,
    at: int,
    lead: int,
    place: int,
    known_at: int,
    now: Int64s,
    before: Int64s,
) -> int:
    """Write what changes at a place; 1, or 0 where nothing does."""
    where[0, at], where[1, at], where[2, at] = lead, place, known_at
    something = 0
    for measure in range(len(now)):
        change = now[measure] - before[measure]
        changes[at, measure] = change
        if change != 0:
            something = 1
    return something
