"""Freshness: the moment to look at, given or not."""

from dataclasses import dataclass

from leads.clock import DAY_US, format_time
from leads.errors import InvalidSnapshotError

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


def not_in_the_future(as_of: int | None, now: int) -> int:
    """The moment asked for, now if none was; `InvalidSnapshotError` for one to come."""
    if as_of is not None and as_of > now:
        raise InvalidSnapshotError(
            f"as_of {format_time(as_of)} is in the future (it is {format_time(now)} now); "
            "ask for an earlier moment"
        )
    return now if as_of is None else as_of
