"""Calendar signals: weekday, hour, the ends of month and quarter, in UTC.

Off by default: `LEADSCORE_FAMILIES=+calendar` turns them on. The date itself takes `+date`: a model
that knows it learns the drift of the years, which does not go on.
"""

from collections.abc import Callable, Mapping

import numpy as np

from features.population import Population
from features.signal import Column, Family, FamilySettings, Group
from leads.arrays import Floats, Int64s
from leads.clock import DAY_US, HOUR_US
from leads.timeline import Timelines
from leads.view import View

TIMING = Group("timing", "Time of the week and month")
ARRIVAL = Group("arrival", "When the lead came in")

_NO_DAY = "The day is not known."

COLUMNS = (
    Column("weekday", TIMING, "weekday", "Scored on a {value}", _NO_DAY),
    Column("hour", TIMING, "hour_of_day", "Scored within the hour after {value} (UTC)", _NO_DAY),
    Column("days_to_month_end", TIMING, "count", "Days left in the month: {value}", _NO_DAY),
    Column("days_to_quarter_end", TIMING, "count", "Days left in the quarter: {value}", _NO_DAY),
    Column(
        "created_weekday", ARRIVAL, "weekday",
        "Came in on a {value}", "The day it came in is not known.",
    ),
    Column(
        "created_hour", ARRIVAL, "hour_of_day",
        "Came in within the hour after {value} (UTC)", "The hour it came in is not known.",
    ),
)  # fmt: skip
DATE = Column("date", TIMING, "date", "Scored on {value}", _NO_DAY)


def learn(timelines: Timelines) -> FamilySettings:
    """Nothing: the calendar is the same for everybody. Absolute time is left out."""
    return {"absolute_time": False}


def learn_with_date(timelines: Timelines) -> FamilySettings:
    """The same with the date."""
    return {"absolute_time": True}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The columns above, and the date where it is asked for."""
    return (*COLUMNS, DATE) if settings["absolute_time"] else COLUMNS


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's moment and its lead's creation."""
    for place, column in enumerate(columns(settings)):
        block[:, place] = _VALUES[column.name](view)


def _month(view: View) -> Int64s:
    """Months since 1970."""
    return view.as_of.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def _days_to_month_end(view: View) -> Int64s:
    return _days_to(view.as_of // DAY_US, _month(view) + 1)


def _days_to_quarter_end(view: View) -> Int64s:
    month = _month(view)
    return _days_to(view.as_of // DAY_US, month + 3 - month % 3)


def weekday(at: Int64s) -> Int64s:
    """0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday."""
    since_monday: Int64s = (at // DAY_US + 3) % 7
    return since_monday


def _days_to(day: Int64s, month: Int64s) -> Int64s:
    """Whole days left before the first day of a month, 0 on the day before; both since 1970."""
    first = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days: Int64s = first - day - 1
    return days


_VALUES: Mapping[str, Callable[[View], Int64s]] = {
    "weekday": lambda view: weekday(view.as_of),
    "hour": lambda view: view.as_of % DAY_US // HOUR_US,
    "days_to_month_end": _days_to_month_end,
    "days_to_quarter_end": _days_to_quarter_end,
    "created_weekday": lambda view: weekday(view.created_at),
    "created_hour": lambda view: view.created_at % DAY_US // HOUR_US,
    "date": lambda view: view.as_of // DAY_US,
}

CALENDAR = Family("calendar", learn, columns, fill)
DATED_CALENDAR = Family("calendar", learn_with_date, columns, fill)
