"""The moment to look at, given or not."""

import pytest

from leads.clock import DAY_US
from leads.errors import InvalidSnapshotError
from leads.freshness import Freshness, freshness, not_in_the_future

NOW = 1_000 * DAY_US


def test_now_while_the_newest_event_is_at_most_seven_days_old():
    newest = NOW - 7 * DAY_US
    assert freshness(newest, NOW) == Freshness(NOW, newest, stale=False)


def test_the_newest_event_when_it_is_older():
    newest = NOW - 7 * DAY_US - 1
    assert freshness(newest, NOW) == Freshness(newest, newest, stale=True)


def test_now_when_there_is_no_event():
    assert freshness(None, NOW) == Freshness(NOW, None, stale=False)


def test_a_moment_up_to_now_may_be_asked_for():
    assert [not_in_the_future(as_of, NOW) for as_of in (0, NOW, None)] == [0, NOW, NOW]


def test_a_moment_to_come_is_refused():
    with pytest.raises(InvalidSnapshotError, match=r"as_of 1972.* is in the future .*earlier"):
        not_in_the_future(NOW + 1, NOW)
