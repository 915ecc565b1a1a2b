"""The stream of closings: who closed last, in each pipeline and in all, as known at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from features.index import places_of
from features.lead_states import LeadStates
from leads.arrays import Int64s
from leads.pipelines import OPEN, WON

EVERYBODY = ""


@dataclass(frozen=True)
class ClosingStream:
    """Closings in the order they became known, by place: a pipeline's name, or "" for all.

    Those of place `p` are `start[p]` to `start[p + 1]`; `won` counts the wins up to each within
    its place. A closing that was undone later stays. `own_position` are the places in this order
    of each lead's own closings, newest first.
    """

    names: Mapping[str, int]
    start: Int64s
    known_at: Int64s
    won: Int64s
    own_start: Int64s
    own_position: Int64s

    def last(
        self, place: Int64s, as_of: Int64s, own: Int64s, closings: int
    ) -> tuple[Int64s, Int64s]:
        """(won, closed) among the last closings of other leads at a place by `as_of`.

        `closed` is `closings`, or fewer where there are not so many. `own` is the snapshot's row
        in the population, left out; -1 when it is not in it.
        """
        won, closed = _last(
            self.start, self.known_at, self.won, self.own_start, self.own_position, place, as_of,
            own, closings,
        )  # fmt: skip
        return won, closed


def closing_stream(states: LeadStates, pipelines: tuple[str, ...], leads: int) -> ClosingStream:
    """The stream of all closings, from the states of leads."""
    before = np.append(OPEN, states.status[:-1])
    before[np.append(True, states.lead[1:] != states.lead[:-1])[: len(before)]] = OPEN
    closing = np.flatnonzero((states.status != OPEN) & (states.status != before))
    lead = np.tile(states.lead[closing], 2)
    known_at = np.tile(states.known_at[closing], 2)
    won = np.tile((states.status[closing] == WON).astype(np.int64), 2)
    place = np.concatenate(
        [states.pipeline[closing].astype(np.int64), np.full(len(closing), len(pipelines))]
    )
    # Closings of one moment count alike in any order only if those alike stand together.
    order = np.lexsort((won, known_at, place))
    start = np.searchsorted(place[order], np.arange(len(pipelines) + 2))
    total = np.append(0, np.cumsum(won[order]))
    by_lead = np.lexsort((-np.arange(len(order)), lead[order]))
    return ClosingStream(
        names=places_of((*pipelines, EVERYBODY)),
        start=start,
        known_at=known_at[order],
        won=total[1:] - np.repeat(total[start[:-1]], np.diff(start)),
        own_start=np.searchsorted(lead[order][by_lead], np.arange(leads + 1)),
        own_position=by_lead,
    )


@njit(cache=True, nogil=True)  # pragma: no cover
def _last(
    start: Int64s,
    known_at: Int64s,
    won: Int64s,
    own_start: Int64s,
    own_position: Int64s,
    place: Int64s,
    as_of: Int64s,
    own: Int64s,
    closings: int,
) -> tuple[Int64s, Int64s]:
    n = len(as_of)
    won_of, closed_of = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for s in range(n):
        if place[s] < 0:
            continue
        first, stop = start[place[s]], start[place[s] + 1]
        end = first + np.searchsorted(known_at[first:stop], as_of[s], "right")
        begin, skipped, skipped_won = end - closings, 0, 0
        if own[s] >= 0:
            for k in range(own_start[own[s]], own_start[own[s] + 1]):
                position = own_position[k]
                if first <= position < end and position >= begin:
                    begin -= 1
                    skipped += 1
                    before = won[position - 1] if position > first else 0
                    skipped_won += won[position] - before
        begin = max(begin, first)
        closed_of[s] = end - begin - skipped
        if end > begin:
            before = won[begin - 1] if begin > first else 0
            won_of[s] = won[end - 1] - before - skipped_won
    return won_of, closed_of
