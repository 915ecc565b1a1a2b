"""Calendar signals, in UTC."""

import pytest

from features.calendar import CALENDAR
from leads.clock import parse_time
from tests.features.values import assert_values, values_at
from tests.leads.histories import DAY_US, START, lead


def values(as_of, created="2025-12-28T23:59:59.999999Z"):
    days = [(parse_time(text) - START) / DAY_US for text in (as_of, created)]
    return values_at(days[0], CALENDAR, {}, leads=[lead(days[1])])


@pytest.mark.parametrize(
    ("as_of", "weekday", "days_to_month_end"),
    [
        ("2026-03-02T00:00:00Z", 0, 29),
        ("2026-03-01T23:59:59Z", 6, 30),
        ("2026-02-28T12:00:00Z", 5, 0),
        ("2028-02-28T12:00:00Z", 0, 1),
        ("2026-12-31T23:00:00Z", 3, 0),
        ("2026-12-31T23:00:00-02:00", 4, 30),
    ],
)
def test_day_of_the_snapshot(as_of, weekday, days_to_month_end):
    assert_values(values(as_of), weekday=weekday, days_to_month_end=days_to_month_end)


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
