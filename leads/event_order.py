"""The compiled sort behind timelines: events by lead and, within a lead, in the stated order."""

import numpy as np
from numba import njit

from leads.arrays import Int8s, Int16s, Int32s, Int64s
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE

# Up to so many events of a lead are put in order one by one.
_FEW = 32
# Half of what lies between two types in the third key: more than there are stages.
_TYPE = 1 << 16


@njit(cache=True, nogil=True)  # pragma: no cover
def order_events(
    lead: Int32s,
    name: Int32s,
    event_type: Int8s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    stage_order: Int16s,
    stage_outcome: Int8s,
    leads: int,
    named: int,
) -> tuple[Int64s, Int64s, Int64s]:
    """(order, start, ties): the places of the events, where each lead's begin, what ids decide.

    An event without lead or name (-1) is left out. Order is by lead, occurred_at, recorded_at,
    type and stage, closing stages last; equal events stay as they came. `ties` are the bounds
    (first, stop) of such equal ones of which some come before place `named`.
    """
    start = np.zeros(leads + 1, np.int64)
    for event in range(len(lead)):
        if lead[event] >= 0 and name[event] >= 0:
            start[lead[event] + 1] += 1
    for row in range(leads):
        start[row + 1] += start[row]
    order = np.empty(start[-1], np.int64)
    behind = start[:-1].copy()
    for event in range(len(lead)):
        if lead[event] >= 0 and name[event] >= 0:
            order[behind[lead[event]]] = event
            behind[lead[event]] += 1
    ties = [np.int64(0)][:0]
    longest = 0
    for row in range(leads):
        longest = max(longest, start[row + 1] - start[row])
    keys = np.empty((longest, 3), np.int64)
    for row in range(leads):
        own, n = order[start[row] : start[row + 1]], start[row + 1] - start[row]
        for k in range(n):
            event = own[k]
            keys[k, 0], keys[k, 1] = occurred_at[event], recorded_at[event]
            keys[k, 2] = _place(event_type[event], name[event], stage_order, stage_outcome)
        if n <= _FEW:
            _insert(own, keys, n)
        else:
            _sort(own, keys, n)
        _add_ties(own, keys, n, start[row], named, ties)
    return order, start, np.array(ties)


@njit(cache=True, nogil=True)  # pragma: no cover
def _place(event_type: int, name: int, stage_order: Int16s, stage_outcome: Int8s) -> int:
    """Type, closing and stage as one number: closing stages come last among those of all."""
    if event_type != STAGE_CHANGE:
        return 2 * int(event_type) * _TYPE
    closing = int(stage_outcome[name] != OPEN)
    return (2 * int(event_type) + closing) * _TYPE + int(stage_order[name]) + 1


@njit(cache=True, nogil=True)  # pragma: no cover
def _insert(own: Int64s, keys: Int64s, n: int) -> None:
    """Sort few events, mostly sorted already, and their keys with them."""
    for k in range(1, n):
        event, first, second, third = own[k], keys[k, 0], keys[k, 1], keys[k, 2]
        at = k
        while at > 0 and (
            keys[at - 1, 0] > first
            or (
                keys[at - 1, 0] == first
                and (
                    keys[at - 1, 1] > second
                    or (keys[at - 1, 1] == second and keys[at - 1, 2] > third)
                )
            )
        ):
            own[at] = own[at - 1]
            keys[at, :] = keys[at - 1, :]
            at -= 1
        own[at] = event
        keys[at, 0], keys[at, 1], keys[at, 2] = first, second, third


@njit(cache=True, nogil=True)  # pragma: no cover
def _sort(own: Int64s, keys: Int64s, n: int) -> None:
    """Sort many events and their keys with them, by the last key first."""
    for key in range(2, -1, -1):
        order = np.argsort(keys[:n, key], kind="mergesort")
        own[:] = own[order]
        keys[:n] = keys[:n][order]


@njit(cache=True, nogil=True)  # pragma: no cover
def _add_ties(own: Int64s, keys: Int64s, n: int, begin: int, named: int, ties: list[int]) -> None:
    """Add the bounds of equal events of one lead, where one of them has an id."""
    first = 0
    for k in range(1, n + 1):
        if k < n and (
            keys[k, 0] == keys[first, 0]
            and keys[k, 1] == keys[first, 1]
            and keys[k, 2] == keys[first, 2]
        ):
            continue
        if k - first > 1 and own[first:k].min() < named:
            ties.append(begin + first)
            ties.append(begin + k)
        first = k
