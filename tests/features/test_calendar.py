"""Calendar signals, in UTC."""

import pytest

from features.calendar import CALENDAR, DATED_CALENDAR
from leads.clock import parse_time
from tests.features.values import assert_values, values_at
from tests.leads.histories import DAY_US, START, lead


def values(as_of, created="2025-12-28T23:59:59.999999Z", absolute=False):
    days = [(parse_time(text) - START) / DAY_US for text in (as_of, created)]
    return values_at(days[0], CALENDAR, {"absolute_time": absolute}, leads=[lead(days[1])])


@pytest.mark.parametrize(
    ("as_of", "weekday", "hour", "to_month_end", "to_quarter_end"),
    [
        ("2026-03-02T00:00:00Z", 0, 0, 29, 29),
        ("2026-03-01T23:59:59Z", 6, 23, 30, 30),
        ("2026-02-28T12:00:00Z", 5, 12, 0, 31),
        ("2028-02-28T12:00:00Z", 0, 12, 1, 32),
        ("2026-04-01T12:00:00Z", 2, 12, 29, 90),
        ("2026-12-31T23:00:00Z", 3, 23, 0, 0),
        ("2026-12-31T23:00:00-02:00", 4, 1, 30, 89),
    ],
)
def test_day_of_the_snapshot(as_of, weekday, hour, to_month_end, to_quarter_end):
    assert_values(
        values(as_of), weekday=weekday, hour=hour, days_to_month_end=to_month_end,
        days_to_quarter_end=to_quarter_end,
    )  # fmt: skip


def test_date_is_there_only_where_it_is_asked_for():
    moment = "2026-03-01T10:00Z"
    assert "date" not in values(moment)
    assert_values(values(moment, absolute=True), date=20_513)
    assert CALENDAR.learn(None) == {"absolute_time": False}
    assert DATED_CALENDAR.learn(None) == {"absolute_time": True}


@pytest.mark.parametrize(
    ("created", "weekday", "hour"),
    [
        ("2025-12-29T00:00:00Z", 0, 0),
        ("2025-12-28T23:59:59Z", 6, 23),
        ("2025-12-29T00:30:00+01:00", 6, 23),
        ("1969-12-31T22:10:00Z", 2, 22),
    ],
)
def test_day_and_hour_that_the_lead_came_in(created, weekday, hour):
    found = values("2026-03-01T10:00Z", created)
    assert_values(found, created_weekday=weekday, created_hour=hour)
