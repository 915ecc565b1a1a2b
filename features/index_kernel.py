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
) -> Int64s:
    """(snapshot x measure): the sums at each place, as `features.population.Index.totals`."""
    totals = np.zeros((len(as_of), sums.shape[1]), np.int64)
    for s in range(len(as_of)):
        if place[s] >= 0:
            add_totals(start, known_at, sums, own_start, own_place, own_known_at, own_changes,
                       place[s], as_of[s], own[s], totals[s])  # fmt: skip
    return totals


@njit(cache=True, nogil=True)  # pragma: no cover
def add_totals(
    start: Int64s,
    known_at: Int64s,
    sums: Int64s,
    own_start: Int64s,
    own_place: Int64s,
    own_known_at: Int64s,
    own_changes: Int64s,
    place: int,
    as_of: int,
    own: int,
    totals: Int64s,
) -> None:
    """Add the sums of one place as known at `as_of` to `totals`, without the lead `own`."""
    first, last = start[place], start[place + 1]
    # The newest change known by then, found by halving.
    low = first
    while low < last:
        middle = (low + last) // 2
        if known_at[middle] <= as_of:
            low = middle + 1
        else:
            last = middle
    if low > first:
        for measure in range(len(totals)):
            totals[measure] += sums[low - 1, measure]
    if own < 0:
        return
    for change in range(own_start[own], own_start[own + 1]):
        if own_place[change] == place and own_known_at[change] <= as_of:
            for measure in range(len(totals)):
                totals[measure] -= own_changes[change, measure]


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
    won_at: int,
    closed_at: int,
    rule_of_succession: bool,
) -> Floats:
    """The share won at the last of each snapshot's places, each shrunk to the one before it.

    `places` is (link of the chain x snapshot), the widest first; a place of -1 has no leads.
    `won_at` and `closed_at` are the measures that are counted.
    """
    rates = np.empty(len(as_of))
    totals = np.zeros(sums.shape[1], np.int64)
    for s in range(len(as_of)):
        rate = np.nan
        for link in range(places.shape[0]):
            totals[:] = 0
            if places[link, s] >= 0:
                add_totals(start, known_at, sums, own_start, own_place, own_known_at, own_changes,
                           places[link, s], as_of[s], own[s], totals)  # fmt: skip
            rate = shrunk(totals[won_at], totals[closed_at], rate, rule_of_succession)
        rates[s] = rate
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
    known: Int32s,
    prior: Floats,
    measures: tuple[int, int, int],
    seconds_a_day: int,
    block: Floats,
) -> None:
    """Three columns: the rate shrunk to the prior, closed leads where `known`, days to the win.

    `measures` are the places of won and closed leads and of the seconds to the win.
    """
    totals = np.zeros(sums.shape[1], np.int64)
    for s in range(len(as_of)):
        totals[:] = 0
        if place[s] >= 0:
            add_totals(start, known_at, sums, own_start, own_place, own_known_at, own_changes,
                       place[s], as_of[s], own[s], totals)  # fmt: skip
        won, closed, seconds = totals[measures[0]], totals[measures[1]], totals[measures[2]]
        block[s, 0] = shrunk(won, closed, prior[s], True)
        block[s, 1] = closed if known[s] >= 0 else np.nan
        block[s, 2] = seconds / seconds_a_day / won if won > 0 else np.nan
