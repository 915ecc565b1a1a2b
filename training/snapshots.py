"""Training snapshots: many moments of each lead's open life, and what each weighs."""

import hashlib

import numpy as np

from leads.arrays import Floats, Int64s
from leads.clock import DAY_US, HOUR_US, MINUTE_US
from leads.outcome import closings, known_status
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, look

# Closer together where leads are young and much happens, up to the window of a year. The first is
# the moment a lead comes in, for it is scored at once: without it the AUC at that moment was .581
# and .589 instead of .593 and .607 on two months of the loan applications, later the same.
AGES_US = np.array(
    [0, 15 * MINUTE_US, 2 * HOUR_US, 8 * HOUR_US]
    + [days * DAY_US for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365)]
)
# Ages are moved by up to this factor per lead, so that no age is special to the model.
JITTER = 1.25


def open_life_snapshots(timelines: Timelines, until: int, seed: int) -> Snapshots:
    """Moments of each lead known by `until` at which it was open, as known then.

    The ages are a geometric grid, moved by a factor that depends on the lead's id and the seed
    alone, so that other leads do not change a lead's snapshots.
    """
    rows = np.flatnonzero(timelines.created_at <= until)
    factors = JITTER ** np.array([_uniform(timelines.lead_ids[row], seed) for row in rows])
    ages = (AGES_US[None, :] * factors[:, None]).astype(np.int64)
    as_of = timelines.created_at[rows][:, None] + ages
    closed = closings(timelines, until)
    end = np.minimum(closed.known_at[rows], until + 1)
    kept = as_of < end[:, None]
    lead = np.broadcast_to(rows[:, None], as_of.shape)
    snapshots = Snapshots(lead[kept], as_of[kept])
    return snapshots.only(known_status(look(timelines, snapshots)) == OPEN)


def equal_weights(lead: Int64s) -> Floats:
    """One weight per snapshot so that each lead's add up to 1: how figures are weighed."""
    _, place, counts = np.unique(lead, return_inverse=True, return_counts=True)
    weights: Floats = 1.0 / counts[place]
    return weights


def learning_weights(lead: Int64s) -> Floats:
    """The same weight for every snapshot, adding up to the number of leads.

    A weight must not depend on how long a lead will stay open: see
    docs/decisions/0002-learning-weights.md for what that costs.
    """
    return np.full(len(lead), len(np.unique(lead)) / max(len(lead), 1))


def _uniform(lead_id: str, seed: int) -> float:
    """A number in [-1, 1) that depends on the lead and the seed alone."""
    digest = hashlib.blake2b(f"{seed}:{lead_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**63 - 1
