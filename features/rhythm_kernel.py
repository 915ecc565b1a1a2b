"""The compiled walks behind `features.rhythm`: each helper fills some columns of one snapshot.

The columns are those declared in `features.rhythm`, in order.
"""

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int32s, Int64s
from leads.clock import DAY_US
from leads.records import INTERACTION

_INBOUND = 0
# The parts are written into the walk: calls with that many columns cost a fifth of its time.


@njit(cache=True, nogil=True)  # pragma: no cover
def walk_rhythm(
    event_type: Int8s,
    occurred_at: Int64s,
    direction: Int8s,
    actor: Int32s,
    duration_seconds: Floats,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    created_at: Int64s,
    inbound_at: int,
    people_at: int,
    conversation_at: int,
    n_actors: int,
    block: Floats,
) -> None:
    """Fill the block; a part whose first column is -1 is left out."""
    seen = np.full(n_actors if people_at >= 0 else 0, -1, np.int64)
    seen_lately = seen.copy()
    contacts = np.empty(_longest(first, stop), np.int64)
    left_out = np.empty(6)
    for s in range(len(first)):
        n = 0
        for event in range(first[s], stop[s]):
            if event_type[event] == INTERACTION:
                contacts[n] = event
                n += 1
        inbound = block[s, inbound_at : inbound_at + 6] if inbound_at >= 0 else left_out
        _density(
            occurred_at, direction, contacts[:n], as_of[s], created_at[s], block[s, :6], inbound
        )
        _gaps(occurred_at, contacts[:n], as_of[s], block[s, 6:13])
        if people_at >= 0:
            _people(
                occurred_at, contacts[:n], as_of[s], actor, s, seen, seen_lately,
                block[s, people_at : people_at + 2],
            )  # fmt: skip
        if conversation_at >= 0:
            conversation(
                occurred_at, contacts[:n], as_of[s], duration_seconds,
                block[s, conversation_at : conversation_at + 4],
            )  # fmt: skip


@njit(cache=True, nogil=True)  # pragma: no cover
def _longest(first: Int64s, stop: Int64s) -> int:
    longest = 0
    for s in range(len(first)):
        longest = max(longest, stop[s] - first[s])
    return longest


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def _density(
    occurred_at: Int64s,
    direction: Int8s,
    contacts: Int64s,
    as_of: int,
    created_at: int,
    row: Floats,
    inbound: Floats,
) -> None:
    """Intensities with half-lives of 1, 7 and 30 days, trends of 7 and 30 days, first week.

    Of all contacts into `row`, of those from the lead into `inbound`.
    """
    row[:] = 0.0
    inbound[:] = 0.0
    for event in contacts:
        age_us = as_of - occurred_at[event]
        # One power of two is enough for three half-lives: 210 days are 7 times 30.
        slow = np.exp2(-age_us / DAY_US / 210)
        week, month = slow**30, slow**7
        trend_7d, trend_30d = _trend(age_us, 7 * DAY_US), _trend(age_us, 30 * DAY_US)
        first_week = 0 <= occurred_at[event] - created_at < 7 * DAY_US
        _add(row, week, month, trend_7d, trend_30d, first_week)
        if direction[event] == _INBOUND:
            _add(inbound, week, month, trend_7d, trend_30d, first_week)
    # Before it came in there was nothing to compare with.
    if as_of - created_at < 7 * DAY_US:
        row[3] = inbound[3] = np.nan
    if as_of - created_at < 30 * DAY_US:
        row[4] = inbound[4] = np.nan


@njit(cache=True, nogil=True)  # pragma: no cover
def _trend(age_us: int, window_us: int) -> int:
    """1 in the last window, -1 in the one before it, 0 earlier."""
    if age_us < window_us:
        return 1
    return -1 if age_us < 2 * window_us else 0


@njit(cache=True, nogil=True)  # pragma: no cover
def _add(
    row: Floats, week: float, month: float, trend_7d: int, trend_30d: int, first_week: bool
) -> None:
    row[0] += week**7
    row[1] += week
    row[2] += month
    row[3] += trend_7d
    row[4] += trend_30d
    row[5] += first_week


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def _gaps(occurred_at: Int64s, contacts: Int64s, as_of: int, row: Floats) -> None:
    """Days since the first, active days ever and in 30 days, mean and last gap, variation, silence.

    The variation is the standard deviation of the gaps over their mean; silence is in mean gaps.
    """
    row[:] = np.nan
    row[1] = row[2] = 0.0
    n = len(contacts)
    if n == 0:
        return
    begin, latest = occurred_at[contacts[0]], occurred_at[contacts[n - 1]]
    mean_gap = (latest - begin) / DAY_US / max(n - 1, 1)
    squares = 0.0
    day = begin // DAY_US - 1
    for k in range(n):
        at = occurred_at[contacts[k]]
        if at // DAY_US != day:
            day = at // DAY_US
            row[1] += 1
            row[2] += 1 if as_of - at < 30 * DAY_US else 0
        elif as_of - at < 30 * DAY_US <= as_of - occurred_at[contacts[k - 1]]:
            # The day that the window begins in.
            row[2] += 1
        if k > 0:
            apart = (at - occurred_at[contacts[k - 1]]) / DAY_US - mean_gap
            squares += apart * apart
    row[0] = (as_of - begin) / DAY_US
    if n > 1:
        row[3] = mean_gap
        row[4] = (latest - occurred_at[contacts[n - 2]]) / DAY_US
    if mean_gap > 0:
        row[6] = (as_of - latest) / DAY_US / mean_gap
        if n > 2:
            row[5] = np.sqrt(squares / (n - 1)) / mean_gap


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def _people(
    occurred_at: Int64s,
    contacts: Int64s,
    as_of: int,
    actor: Int32s,
    s: int,
    seen: Int64s,
    seen_lately: Int64s,
    row: Floats,
) -> None:
    """People ever and in 30 days; missing where none of the contacts says who it was with."""
    row[:] = 0.0
    for event in contacts:
        person = actor[event]
        if person < 0:
            continue
        row[0] += seen[person] != s
        seen[person] = s
        if as_of - occurred_at[event] < 30 * DAY_US:
            row[1] += seen_lately[person] != s
            seen_lately[person] = s
    if row[0] == 0 and len(contacts) > 0:
        row[:] = np.nan


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def conversation(
    occurred_at: Int64s, contacts: Int64s, as_of: int, duration_seconds: Floats, row: Floats
) -> None:
    """Minutes in 7 and 30 days and ever, and the longest; missing where none has a duration."""
    row[:] = np.nan
    for event in contacts:
        minutes = duration_seconds[event] / 60
        if np.isnan(minutes):
            continue
        if np.isnan(row[0]):
            row[:] = 0.0
        age_us = as_of - occurred_at[event]
        row[0] += minutes if age_us < 7 * DAY_US else 0.0
        row[1] += minutes if age_us < 30 * DAY_US else 0.0
        row[2] += minutes
        row[3] = max(row[3], minutes)
