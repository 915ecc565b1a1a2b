"""Training snapshots: many moments of each lead's open life, each lead weighing the same."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import DAY_US, HOUR_US, MINUTE_US
from leads.outcome import CENSORED_LABEL, closings, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, View, look

# Closer together where leads are young and much happens, up to the window of a year.
AGES_US = np.array(
    [15 * MINUTE_US, 2 * HOUR_US, 8 * HOUR_US]
    + [days * DAY_US for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365)]
)
# Ages are moved by up to this factor per lead, so that no age is special to the model.
JITTER = 1.25


@dataclass(frozen=True)
class LabelledSnapshots:
    """Snapshots of open leads with their labels; each lead's weights add up to 1."""

    view: View
    label: Int8s
    weight: Floats

    def __len__(self) -> int:
        return len(self.label)

    @property
    def lead(self) -> Int64s:
        """The row of each snapshot's lead in the timelines."""
        return self.view.snapshots.lead


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


def labelled_snapshots(
    timelines: Timelines,
    snapshots: Snapshots,
    until: int,
    *,
    keep: Callable[[View], Bools] | None = None,
) -> LabelledSnapshots:
    """The snapshots whose label is known by `until`; censored ones are left out."""
    view = look(timelines, snapshots)
    label = labels(view, until)
    known = label != CENSORED_LABEL
    if keep is not None:
        known &= keep(view)
    kept = snapshots.only(known)
    return LabelledSnapshots(look(timelines, kept), label[known], equal_weights(kept.lead))


def equal_weights(lead: Int64s) -> Floats:
    """One weight per snapshot so that each lead's add up to 1."""
    _, place, counts = np.unique(lead, return_inverse=True, return_counts=True)
    weights: Floats = 1.0 / counts[place]
    return weights


def _uniform(lead_id: str, seed: int) -> float:
    """A number in [-1, 1) that depends on the lead and the seed alone."""
    digest = hashlib.blake2b(f"{seed}:{lead_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**63 - 1
