"""Freshness: the moment to look at when nobody gave one."""

from dataclasses import dataclass

from leads.clock import DAY_US

STALE_AFTER_US = 7 * DAY_US


@dataclass(frozen=True)
class Freshness:
    """The moment to look at, the newest event then, and whether that is more than 7 days old.

    Times in microseconds; `newest_event_at` is None when there is none.
    """

    as_of: int
    newest_event_at: int | None
    stale: bool


def freshness(newest_event_at: int | None, now: int) -> Freshness:
    """Now, unless the newest event known by now is over 7 days old: then the time of that."""
    stale = newest_event_at is not None and now - newest_event_at > STALE_AFTER_US
    as_of = newest_event_at if newest_event_at is not None and stale else now
    return Freshness(as_of, newest_event_at, stale)
