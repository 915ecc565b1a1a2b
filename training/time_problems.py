"""Problems of times: filled in, made up, without a time of day, recorded late, old."""

import numpy as np

from leads.clock import DAY_US, MINUTE_US, format_time
from training.problem import FEWEST_LEADS, Looked, Problem

_MOST_STALE_DAYS = 30


def closings_without_time(looked: Looked) -> list[Problem]:
    """Many closings at one moment: the time was filled in."""
    closed_at = looked.closings.closed_at[looked.closed]
    if not len(closed_at):
        return []
    moments, counts = np.unique(closed_at, return_counts=True)
    most = int(np.argmax(counts))
    if counts[most] < max(FEWEST_LEADS, 0.02 * len(closed_at)):
        return []
    return [
        Problem(
            "closings_without_time",
            "care",
            f"{counts[most]:,} of {len(closed_at):,} leads are closed at the same moment, "
            f"{format_time(moments[most])}: a time that was filled in, or a clearing of the CRM; "
            "export when each was closed, for what is known late is learned late",
        )
    ]


def made_up_times(looked: Looked) -> list[Problem]:
    """A table without times is given a minute between leads, each closed right after."""
    if not looked.times_are_made_up:
        return []
    return [
        Problem(
            "made_up_times",
            "care",
            "leads come in at equal distances: the times are made up from an order, so ages, "
            "horizons and the pace of a lead mean nothing; figures hold for the moment a lead "
            "comes in",
        )
    ]


def days_only(looked: Looked) -> list[Problem]:
    """Creation at midnight of some time zone: dates without a time of day."""
    time_of_day = looked.known.created_at % DAY_US
    distinct, counts = np.unique(time_of_day, return_counts=True)
    two = np.sort(counts)[::-1][:2].sum()
    if looked.times_are_made_up or len(looked.known) < FEWEST_LEADS:
        return []
    if two < 0.95 * len(looked.known):
        return []
    if (distinct[np.argmax(counts)] % (15 * MINUTE_US)) != 0:
        return []
    return [
        Problem(
            "days_only",
            "note",
            "leads come in at the same time of day: created_at holds dates, so nothing within a "
            "day can be told apart; export the time too if there is one",
        )
    ]


def recorded_late(looked: Looked) -> list[Problem]:
    """Events that were recorded long after they happened."""
    events = looked.known.events
    late = events.recorded_at - events.occurred_at > DAY_US
    if not len(late) or late.mean() < 0.2:
        return []
    days = np.median((events.recorded_at - events.occurred_at)[late]) / DAY_US
    return [
        Problem(
            "recorded_late",
            "care",
            f"{late.mean():.0%} of the events were recorded more than a day after they happened, "
            f"half of those {days:,.0f} days or more: before that they count as not known, so "
            "little is left to learn from; leave recorded_at out if it is the time of an export",
        )
    ]


def stale(looked: Looked) -> list[Problem]:
    """Records that end long before the moment looked at."""
    days = looked.inventory.stale_days
    if days < _MOST_STALE_DAYS:
        return []
    return [
        Problem(
            "stale",
            "note",
            f"the newest event is {days:,.0f} days old: import again before scoring open leads",
        )
    ]
