"""A problem of the records, and what the tests for problems look at."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from leads.arrays import Bools, Int64s
from leads.outcome import Closings
from leads.pipelines import OPEN
from leads.timeline import Timelines
from training.creation_values import CreationValues
from training.inventory import Inventory

Weight = Literal["stops", "care", "note"]

# Fewer leads say nothing of a habit of the records.
FEWEST_LEADS = 20
_MADE_UP_SHARE = 0.9


@dataclass(frozen=True)
class Problem:
    """A problem: it stops learning, is to be taken with care, or is worth knowing."""

    name: str
    weight: Weight
    sentence: str

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class Looked:
    """What every test for a problem looks at; all as known by `inventory.until`."""

    known: Timelines
    inventory: Inventory
    closings: Closings
    values: tuple[CreationValues, ...]

    @property
    def closed(self) -> Bools:
        """Which leads are closed."""
        closed: Bools = self.closings.status != OPEN
        return closed

    @cached_property
    def times_are_made_up(self) -> bool:
        """Whether leads come in at equal distances, as those of a table without times do."""
        between = np.diff(np.sort(self.known.created_at))
        if len(between) < FEWEST_LEADS:
            return False
        distances, counts = np.unique(between, return_counts=True)
        most = int(np.argmax(counts))
        return bool(distances[most] > 0 and counts[most] >= _MADE_UP_SHARE * len(between))

    def events_per_lead(self, event_type: int) -> Int64s:
        """How many events of a type each lead has."""
        known = self.known
        lead = np.repeat(np.arange(len(known)), np.diff(known.start))
        counts: Int64s = np.bincount(lead[known.events.type == event_type], minlength=len(known))
        return counts


def listed(names: list[str], most: int = 8) -> str:
    """The names, the first ones where they are many."""
    shown = names[:most]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
