"""Compiled walks over each snapshot's known interactions; each fills one block of columns.

All take the known ranges of a view: event types, times, `first`, `stop` and `as_of`. The order of
a block's columns is declared in `features.interactions`.
"""

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int32s, Int64s
from leads.clock import DAY_US, HOUR_US
from leads.records import INTERACTION

INBOUND, OUTBOUND = 0, 1


@njit(cache=True)  # pragma: no cover
def count_windows(
    event_type: Int8s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    block: Floats,
) -> None:
    """Interactions in the last 1, 7 and 30 days and ever."""
    for s in range(len(first)):
        block[s, :] = 0.0
        for event in range(first[s], stop[s]):
            if event_type[event] == INTERACTION:
                _count(as_of[s] - occurred_at[event], block[s])


@njit(cache=True)  # pragma: no cover
def count_directions(
    event_type: Int8s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    direction: Int8s,
    block: Floats,
) -> None:
    """The same four counts of inbound interactions, then of outbound ones."""
    for s in range(len(first)):
        block[s, :] = 0.0
        for event in range(first[s], stop[s]):
            if event_type[event] == INTERACTION and direction[event] >= 0:
                side = block[s, :4] if direction[event] == INBOUND else block[s, 4:]
                _count(as_of[s] - occurred_at[event], side)


@njit(cache=True)  # pragma: no cover
def _count(age_us: int, counts: Floats) -> None:
    counts[0] += age_us < DAY_US
    counts[1] += age_us < 7 * DAY_US
    counts[2] += age_us < 30 * DAY_US
    counts[3] += 1


@njit(cache=True)  # pragma: no cover
def walk_rhythm(
    event_type: Int8s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    duration_seconds: Floats,
    actor: Int32s,
    n_actors: int,
    block: Floats,
) -> None:
    """Days since the last and first, days and people, intensity, minutes, mean gap, silence.

    People are missing, not zero, where none of the contacts says who it was with.
    """
    seen = np.full(n_actors, -1)
    for s in range(len(first)):
        contacts = days = people = 0
        intensity, seconds, timed = 0.0, 0.0, False
        begin = latest = as_of[s]
        for event in range(first[s], stop[s]):
            if event_type[event] != INTERACTION:
                continue
            at = occurred_at[event]
            days += contacts == 0 or at // DAY_US != latest // DAY_US
            begin = at if contacts == 0 else begin
            latest = at
            contacts += 1
            if actor[event] >= 0 and seen[actor[event]] != s:
                seen[actor[event]] = s
                people += 1
            intensity += 0.5 ** ((as_of[s] - at) / (7 * DAY_US))
            if not np.isnan(duration_seconds[event]):
                timed = True
                seconds += duration_seconds[event]
        quiet_days = (as_of[s] - latest) / DAY_US
        gap_days = (latest - begin) / DAY_US / max(contacts - 1, 1)
        block[s, 0] = quiet_days if contacts else np.nan
        block[s, 1] = (as_of[s] - begin) / DAY_US if contacts else np.nan
        block[s, 2] = days
        block[s, 3] = people if people or not contacts else np.nan
        block[s, 4] = intensity
        block[s, 5] = seconds / 60 if timed else np.nan
        block[s, 6] = gap_days if contacts > 1 else np.nan
        block[s, 7] = quiet_days / gap_days if gap_days > 0 else np.nan


@njit(cache=True)  # pragma: no cover
def walk_replies(
    event_type: Int8s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    direction: Int8s,
    block: Floats,
) -> None:
    """Days since inbound and outbound, inbound intensity, reply time, share answered, who last.

    A message of ours that follows another one without an answer between belongs to the same
    attempt: the answer is timed from the first of them.
    """
    for s in range(len(first)):
        block[s, :] = np.nan
        intensity = 0.0
        attempts = answers = 0
        waited_us = waiting_since = np.int64(0)
        waiting = False
        for event in range(first[s], stop[s]):
            if event_type[event] != INTERACTION or direction[event] < 0:
                continue
            at = occurred_at[event]
            if direction[event] == INBOUND:
                intensity += 0.5 ** ((as_of[s] - at) / (7 * DAY_US))
                block[s, 0] = (as_of[s] - at) / DAY_US
                if waiting:
                    answers += 1
                    waited_us += at - waiting_since
                waiting = False
            else:
                block[s, 1] = (as_of[s] - at) / DAY_US
                if not waiting:
                    attempts += 1
                    waiting_since = at
                waiting = True
            block[s, 5] = direction[event] == INBOUND
        block[s, 2] = intensity
        if answers:
            block[s, 3] = waited_us / answers / HOUR_US
        if attempts:
            block[s, 4] = answers / attempts


@njit(cache=True)  # pragma: no cover
def count_levels(
    event_type: Int8s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    code: Int32s,
    slot: Int64s,
    n_slots: int,
    block: Floats,
) -> None:
    """For each slot the count in 7 and 30 days and ever and days since; then the latest's slot.

    `slot[code]` is the slot of a kind or result; `n_slots` stands for any that was not chosen.
    """
    for s in range(len(first)):
        block[s, :] = 0.0
        for place in range(n_slots):
            block[s, 4 * place + 3] = np.nan
        block[s, 4 * n_slots] = np.nan
        for event in range(first[s], stop[s]):
            if event_type[event] != INTERACTION:
                continue
            place = n_slots if code[event] < 0 else slot[code[event]]
            block[s, 4 * n_slots] = np.nan if code[event] < 0 else place
            if place == n_slots:
                continue
            days = (as_of[s] - occurred_at[event]) / DAY_US
            block[s, 4 * place] += days < 7
            block[s, 4 * place + 1] += days < 30
            block[s, 4 * place + 2] += 1
            block[s, 4 * place + 3] = days
