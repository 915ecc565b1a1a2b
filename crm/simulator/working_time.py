"""Working time: days that pass quickly in office hours and slowly at night and on weekends.

The simulated process runs on this clock, and its events are dated by the calendar: people then
call at 10 in the morning, and no rate depends on the weekday. A week is 7 working days long, so
that both clocks agree to within a day.
"""

import numpy as np
from numba import njit

from leads.clock import DAY_US, HOUR_US, SECOND_US

_FIRST_MONDAY_US = 4 * DAY_US
_WEEK_US = 7 * DAY_US
_OFFICE, _EVENING, _NIGHT, _WEEKEND = 1.0, 0.2, 0.03, 0.12


def _hour_weight(hour_of_week: int) -> float:
    day, hour = divmod(hour_of_week, 24)
    if day >= 5:
        return _WEEKEND if 8 <= hour < 20 else _NIGHT
    if 7 <= hour < 17:
        return _OFFICE
    return _EVENING if 17 <= hour < 21 else _NIGHT


_WEIGHTS = np.array([_hour_weight(hour) for hour in range(7 * 24)])
# Working days passed at the start of each hour of the week, from Monday 00:00 UTC.
_PASSED = np.concatenate([[0.0], np.cumsum(_WEIGHTS) * (7 / _WEIGHTS.sum())])
_PASSED[-1] = 7.0


@njit(cache=True)  # pragma: no cover
def working_days(at_us: int) -> float:
    """Working days since the first Monday of 1970, of a moment in microseconds."""
    week = (at_us - _FIRST_MONDAY_US) // _WEEK_US
    into_week = at_us - _FIRST_MONDAY_US - week * _WEEK_US
    hour = into_week // HOUR_US
    share = (into_week - hour * HOUR_US) / HOUR_US
    return float(7.0 * week + _PASSED[hour] + share * (_PASSED[hour + 1] - _PASSED[hour]))


@njit(cache=True)  # pragma: no cover
def calendar_us(days: float) -> int:
    """The moment, to the whole second below, when so many working days have passed."""
    week = int(np.floor(days / 7.0))
    rest = min(max(days - 7.0 * week, 0.0), 7.0 - 1e-9)
    hour = np.searchsorted(_PASSED, rest, "right") - 1
    share = (rest - _PASSED[hour]) / (_PASSED[hour + 1] - _PASSED[hour])
    at_us = _FIRST_MONDAY_US + week * _WEEK_US + hour * HOUR_US + int(share * HOUR_US)
    return int(at_us // SECOND_US * SECOND_US)
