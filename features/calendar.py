"""Calendar signals: weekday, hour and the end of the month, in UTC."""

import numpy as np

from features.population import Population
from features.signal import Column, Family, FamilySettings, Group
from leads.arrays import Floats, Int64s
from leads.clock import DAY_US, HOUR_US
from leads.timeline import Timelines
from leads.view import View

TIMING = Group("timing", "Time of the week and month")
ARRIVAL = Group("arrival", "When the lead came in")

COLUMNS = (
    Column("weekday", TIMING, "weekday", "Scored on a {value}", "The day is not known."),
    Column(
        "days_to_month_end", TIMING, "count",
        "Days left in the month: {value}", "The day is not known.",
    ),
    Column(
        "created_weekday", ARRIVAL, "weekday",
        "Came in on a {value}", "The day it came in is not known.",
    ),
    Column(
        "created_hour", ARRIVAL, "hour_of_day",
        "Came in within the hour after {value} (UTC)", "The hour it came in is not known.",
    ),
)  # fmt: skip


def learn(timelines: Timelines) -> FamilySettings:
    """Nothing: the calendar is the same for everybody."""
    return {}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The columns above. Absolute time is left out: it tells drift, not leads."""
    return COLUMNS


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from each snapshot's moment and its lead's creation."""
    block[:, 0] = weekday(view.as_of)
    block[:, 1] = _days_to_month_end(view.as_of)
    block[:, 2] = weekday(view.created_at)
    block[:, 3] = view.created_at % DAY_US // HOUR_US


def weekday(at: Int64s) -> Int64s:
    """0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday."""
    since_monday: Int64s = (at // DAY_US + 3) % 7
    return since_monday


def _days_to_month_end(at: Int64s) -> Int64s:
    """Whole days left in the month, 0 on its last day."""
    day = (at // DAY_US).astype("datetime64[D]")
    following = (day.astype("datetime64[M]") + 1).astype("datetime64[D]")
    days: Int64s = (following - day).astype(np.int64) - 1
    return days


CALENDAR = Family("calendar", learn, columns, fill)
