"""The compiled walk behind `features.attributes`: the values of each attribute, as they changed."""

import numpy as np
from numba import njit

from leads.arrays import Bools, Floats, Int8s, Int16s, Int32s, Int64s
from leads.clock import DAY_US
from leads.records import ATTRIBUTE_CHANGE

# What is told of an attribute: a number that grows and shrinks, a level, that it has some level, a
# moment that is moved, or the value as it is.
NUMBER, LEVEL, FILLED, MOVED, PLAIN = range(5)

# The columns of an attribute that changes, counted from its value.
_CHANGES, _SINCE_CHANGE, _DIFFERENCE, _RATIO = 1, 2, 3, 4
_PUSHES, _PUSHED_DAYS, _OVERDUE = 3, 4, 5


@njit(cache=True, nogil=True)  # pragma: no cover
def walk_attributes(
    event_type: Int8s,
    occurred_at: Int64s,
    name: Int32s,
    number: Floats,
    level: Int32s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    place: Int64s,
    column: Int64s,
    kind: Int8s,
    changes: Bools,
    overdue: Bools,
    code_row: Int64s,
    codes: Int16s,
    block: Floats,
) -> None:
    """Fill the block. A value equal to the one before it is no change, one that is cleared is."""
    n = len(column)
    # By attribute: its first number, and its latest event (-1 while there is none).
    first_number = np.empty(n)
    latest = np.empty(n, np.int64)
    for s in range(len(first)):
        block[s, :] = np.nan
        latest[:] = -1
        first_number[:] = np.nan
        for event in range(first[s], stop[s]):
            if event_type[event] != ATTRIBUTE_CHANGE or place[name[event]] < 0:
                continue
            p = place[name[event]]
            if changes[p]:
                age_days = (as_of[s] - occurred_at[event]) / DAY_US
                row = block[s, column[p] :]
                _count_change(number, level, latest[p], event, age_days, kind[p], row)
            if np.isnan(first_number[p]):
                first_number[p] = number[event]
            latest[p] = event
        known = 0
        for p in range(n):
            if latest[p] >= 0:
                row = block[s, column[p] :]
                value = number[latest[p]]
                if kind[p] == LEVEL:
                    code = codes[code_row[p], level[latest[p]]]
                    value = np.nan if code < 0 else np.float64(code)
                elif kind[p] == FILLED:
                    value = np.nan if level[latest[p]] < 0 else 1.0
                _tell(value, first_number[p], as_of[s], kind[p], changes[p], overdue[p], row)
                known += not np.isnan(value)
        if n > 0:
            block[s, -2], block[s, -1] = known, known / n


@njit(cache=True, nogil=True)  # pragma: no cover
def _tell(
    value: float,
    at_first: float,
    as_of: int,
    kind: int,
    changes: bool,
    overdue: bool,
    row: Floats,
) -> None:
    """The latest value; of a number its difference to the first value known, and their ratio."""
    row[0] = (value - as_of) / DAY_US if kind == MOVED else value
    if changes and kind == NUMBER:
        row[_DIFFERENCE] = value - at_first
        if at_first > 0 and np.isfinite(value / at_first):
            row[_RATIO] = value / at_first
    if overdue and not np.isnan(value):
        row[_OVERDUE if changes else 1] = row[0] < 0


@njit(cache=True, nogil=True)  # pragma: no cover
def _count_change(
    number: Floats,
    level: Int32s,
    before: int,
    event: int,
    age_days: float,
    kind: int,
    row: Floats,
) -> None:
    """Count the change from the event `before` to `event`; the first value is no change."""
    if before < 0:
        row[_CHANGES] = 0.0
        if kind == MOVED:
            row[_PUSHES] = row[_PUSHED_DAYS] = 0.0
        return
    both_missing = np.isnan(number[before]) and np.isnan(number[event])
    same_number = number[before] == number[event] or both_missing
    if same_number and level[before] == level[event]:
        return
    row[_CHANGES] += 1.0
    row[_SINCE_CHANGE] = age_days
    if kind == MOVED and number[event] > number[before]:
        row[_PUSHES] += 1.0
        row[_PUSHED_DAYS] += (number[event] - number[before]) / DAY_US
