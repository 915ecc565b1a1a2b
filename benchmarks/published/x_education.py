"""The well-known lead-scoring table of an education company, as known before contact.

It has no times. In order of the lead number, the last quarter is judged by what was learned from
the others; and, as it is published, on a quarter drawn by chance: the same leads in random order.
"""

from dataclasses import replace

import numpy as np

from leads.arrays import Int64s
from leads.outcome import labels
from leads.timeline import Timelines
from leads.view import Snapshots, look
from training.evaluation import Judged, judge

LEARNED_SHARE = 0.75


def judged_last(timelines: Timelines, seed: int) -> Judged:
    """The last quarter of the leads as they came in."""
    rows = np.argsort(timelines.created_at)[int(len(timelines) * LEARNED_SHARE) :]
    snapshots = Snapshots(rows, timelines.created_at[rows])
    label = labels(look(timelines, snapshots), timelines.newest_event_at() or 0)
    return judge(timelines, int(snapshots.as_of[0]) - 1, snapshots, label, seed)


def in_random_order(timelines: Timelines, seed: int) -> Timelines:
    """The same leads, each with its events, moved to the time of another one drawn by chance."""
    drawn = np.random.default_rng(seed).permutation(len(timelines))
    moved = timelines.only(drawn)
    by = np.sort(timelines.created_at) - moved.created_at
    return _moved(moved, by)


def _moved(timelines: Timelines, by: Int64s) -> Timelines:
    """Every lead moved by its own number of microseconds."""
    events, shift = timelines.events, np.repeat(by, np.diff(timelines.start))
    return replace(
        timelines,
        created_at=timelines.created_at + by,
        events=replace(
            events,
            occurred_at=events.occurred_at + shift,
            recorded_at=events.recorded_at + shift,
        ),
    )
