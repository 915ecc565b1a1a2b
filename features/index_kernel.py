"""The compiled readers of an index: sums at a place as of a moment, and rates made of them."""

import numpy as np
from numba import njit

from leads.arrays import Floats, Int32s, Int64s

# start, known_at, sums, own_start, own_place, own_known_at, own_changes of an index.
IndexArrays = tuple[Int64s, Int64s, Int64s, Int64s, Int64s, Int64s, Int64s]

# A rate over few leads borrows as much as this many closed ones from the rate above it.
SHRINKAGE_LEADS = 20.0


@njit(cache=True, nogil=True)  # pragma: no cover
def totals_at(
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
    in_time: Int64s,
) -> Int64s:
    """(snapshot x measure): the sums at each place, as `features.population.Index.totals`."""
    totals = np.zeros((len(as_of), sums.shape[1]), np.int64)
    newest = _newest_known(start, known_at, place, as_of, in_time)
    for s in range(len(as_of)):
        if newest[s] < 0:
            continue
        for measure in range(sums.shape[1]):
            totals[s, measure] = sums[newest[s], measure]
        if own[s] < 0:
            continue
        for change in range(own_start[own[s]], own_start[own[s] + 1]):
            if own_place[change] == place[s] and own_known_at[change] <= as_of[s]:
                for measure in range(sums.shape[1]):
                    totals[s, measure] -= own_changes[change, measure]
    return totals


@njit(cache=True, nogil=True)  # pragma: no cover
def _newest_known(
    start: Int64s, known_at: Int64s, place: Int64s, as_of: Int64s, in_time: Int64s
) -> Int64s:
    """The newest change at each snapshot's place that was known by then, -1 where there is none.

    `in_time` are the snapshots in any order. By time is the fastest: each search begins where the
    last one at its place ended, and reads what is still in the cache.
    """
    newest = np.full(len(as_of), -1, np.int64)
    # Few snapshots are not worth a note for every place.
    reached = start[:-1].copy() if len(start) <= len(as_of) else start[:0].copy()
    for s in in_time:
        p = place[s]
        if p < 0:
            continue
        low, last = start[p], start[p + 1]
        if len(reached) > 0:
            if reached[p] > low and known_at[reached[p] - 1] <= as_of[s]:
                low = reached[p]
            step = 1
            while low + step <= last and known_at[low + step - 1] <= as_of[s]:
                low += step
                step *= 2
            last = min(last, low + step)
        # The first change that is not known yet, found by halving.
        while low < last:
            middle = (low + last) // 2
            if known_at[middle] <= as_of[s]:
                low = middle + 1
            else:
                last = middle
        if len(reached) > 0:
            reached[p] = low
        if low > start[p]:
            newest[s] = low - 1
    return newest


@njit(cache=True, nogil=True)  # pragma: no cover
def chained_rate(
    start: Int64s,
    known_at: Int64s,
    sums: Int64s,
    own_start: Int64s,
    own_place: Int64s,
    own_known_at: Int64s,
    own_changes: Int64s,
    places: Int64s,
    as_of: Int64s,
    own: Int64s,
    in_time: Int64s,
    won_at: int,
    closed_at: int,
    rule_of_succession: bool,
) -> Floats:
    """The share won at the last of each snapshot's places, each shrunk to the one before it.

    `places` is (link of the chain x snapshot), the widest first; a place of -1 has no leads.
    `won_at` and `closed_at` are the measures that are counted.
    """
    rates = np.full(len(as_of), np.nan)
    for link in range(places.shape[0]):
        totals = totals_at(start, known_at, sums, own_start, own_place, own_known_at, own_changes,
                           places[link], as_of, own, in_time)  # fmt: skip
        for s in range(len(as_of)):
            rates[s] = shrunk(totals[s, won_at], totals[s, closed_at], rates[s], rule_of_succession)
    return rates


@njit(cache=True, nogil=True)  # pragma: no cover
def shrunk(won: int, closed: int, prior: float, rule_of_succession: bool) -> float:
    """The share won as if of 20 more leads at the prior; NaN where there is neither.

    Without a prior it is the plain share, or one win and one loss are added (Laplace's rule).
    """
    if not np.isnan(prior):
        return float((won + SHRINKAGE_LEADS * prior) / (closed + SHRINKAGE_LEADS))
    if closed <= 0:
        return np.nan
    return float((won + 1.0) / (closed + 2.0) if rule_of_succession else won / closed)


@njit(cache=True, nogil=True)  # pragma: no cover
def fill_record(
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
    in_time: Int64s,
    known: Int32s,
    prior: Floats,
    measures: tuple[int, int, int],
    seconds_a_day: int,
    block: Floats,
) -> None:
    """Three columns: the rate shrunk to the prior, closed leads where `known`, days to the win.

    `measures` are the places of won and closed leads and of the seconds to the win.
    """
    totals = totals_at(start, known_at, sums, own_start, own_place, own_known_at, own_changes,
                       place, as_of, own, in_time)  # fmt: skip
    for s in range(len(as_of)):
        won, closed = totals[s, measures[0]], totals[s, measures[1]]
        seconds = totals[s, measures[2]]
        block[s, 0] = shrunk(won, closed, prior[s], True)
        block[s, 1] = closed if known[s] >= 0 else np.nan
        block[s, 2] = seconds / seconds_a_day / won if won > 0 else np.nan
