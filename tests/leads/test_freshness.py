"""The moment to look at when nobody gave one."""

from leads.clock import DAY_US
from leads.freshness import Freshness, freshness

NOW = 1_000 * DAY_US


def test_now_while_the_newest_event_is_at_most_seven_days_old():
    newest = NOW - 7 * DAY_US
    assert freshness(newest, NOW) == Freshness(NOW, newest, stale=False)


def test_the_newest_event_when_it_is_older():
    newest = NOW - 7 * DAY_US - 1
    assert freshness(newest, NOW) == Freshness(newest, newest, stale=True)


def test_now_when_there_is_no_event():
    assert freshness(None, NOW) == Freshness(NOW, None, stale=False)
