"""The stream of closings: who closed last, in each pipeline and in all, as known at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from features.index import places_of
from features.lead_states import LeadStates
from leads.arrays import Int64s
from leads.pipelines import OPEN, WON

EVERYBODY = ""
_FOR_EVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ClosingStream:
    """Closings in the order they happened, by place: a pipeline's name, or "" for all.

    Those of place `p` are `start[p]` to `start[p + 1]`, sorted by `closed_at`. Each was known from
    `known_at` on, until before `until`: when the lead was opened again, or what happened turned
    out to be otherwise.
    """

    names: Mapping[str, int]
    start: Int64s
    closed_at: Int64s
    known_at: Int64s
    until: Int64s
    won: Int64s
    lead: Int64s

    def last(
        self, place: Int64s, as_of: Int64s, own: Int64s, closings: int
    ) -> tuple[Int64s, Int64s]:
        """(won, closed) among the last closings of other leads at a place, as known at `as_of`.

        `closed` is `closings`, or fewer where there are not so many. `own` is the snapshot's row
        in the population, left out; -1 when it is not in it.
        """
        won, closed = _last(
            self.start, self.closed_at, self.known_at, self.until, self.won, self.lead,
            self.first_known, *self._sums, self._own_closed_at, place, as_of, own, closings,
        )  # fmt: skip
        return won, closed

    @cached_property
    def first_known(self) -> Int64s:
        """When the first of a place's closings up to each one became known."""
        found = self.known_at.copy()
        for first, stop in zip(self.start[:-1], self.start[1:], strict=True):
            np.minimum.accumulate(found[first:stop], out=found[first:stop])
        return found

    @cached_property
    def _sums(self) -> tuple[Int64s, Int64s]:
        """Up to each closing: the wins, and those not known at once or not for ever."""
        passing = (self.known_at != self.closed_at) | (self.until != _FOR_EVER)
        return np.append(0, np.cumsum(self.won)), np.append(0, np.cumsum(passing))

    @cached_property
    def _own_closed_at(self) -> Int64s:
        """By lead when it was closed for ever, if it was."""
        lasting = (self.until == _FOR_EVER) & (self.lead >= 0)
        found = np.full(self.lead.max(initial=-1) + 1, _FOR_EVER)
        found[self.lead[lasting]] = self.closed_at[lasting]
        return found


def closing_stream(states: LeadStates, pipelines: tuple[str, ...]) -> ClosingStream:
    """The stream of all closings, from the states of leads."""
    is_first = np.append(True, states.lead[1:] != states.lead[:-1])[: len(states.lead)]
    created_at = states.known_at[is_first][np.cumsum(is_first) - 1]
    until = np.where(np.append(is_first[1:], True), _FOR_EVER, np.append(states.known_at[1:], 0))
    closed = np.flatnonzero(states.status != OPEN)
    closed_at = np.tile((created_at + states.closed_after_us)[closed], 2)
    won = np.tile((states.status[closed] == WON).astype(np.int64), 2)
    place = np.concatenate(
        [states.pipeline[closed].astype(np.int64), np.full(len(closed), len(pipelines))]
    )
    # Closings of one moment count alike in any order only if those alike stand together.
    order = np.lexsort((won, closed_at, place))
    return ClosingStream(
        names=places_of((*pipelines, EVERYBODY)),
        start=np.searchsorted(place[order], np.arange(len(pipelines) + 2)),
        closed_at=closed_at[order],
        known_at=np.tile(states.known_at[closed], 2)[order],
        until=np.tile(until[closed], 2)[order],
        won=won[order],
        lead=np.tile(states.lead[closed], 2)[order],
    )


@njit(cache=True, nogil=True)  # pragma: no cover
def _last(
    start: Int64s,
    closed_at: Int64s,
    known_at: Int64s,
    until: Int64s,
    won: Int64s,
    lead: Int64s,
    first_known: Int64s,
    wins: Int64s,
    passing: Int64s,
    own_closed_at: Int64s,
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
        end = first + np.searchsorted(closed_at[first:stop], as_of[s], "right")
        begin = max(end - closings, first)
        is_open = own[s] < 0 or own[s] >= len(own_closed_at) or own_closed_at[own[s]] > as_of[s]
        if is_open and passing[end] == passing[begin]:
            won_of[s], closed_of[s] = wins[end] - wins[begin], end - begin
            continue
        at, found, found_won = end - 1, 0, 0
        while at >= first and found < closings and first_known[at] <= as_of[s]:
            if known_at[at] <= as_of[s] < until[at] and (own[s] < 0 or lead[at] != own[s]):
                found += 1
                found_won += won[at]
            at -= 1
        won_of[s], closed_of[s] = found_won, found
    return won_of, closed_of
