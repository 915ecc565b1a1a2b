"""A simulated CRM: leads and what was recorded of them up to a cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crm.simulator.arrivals import Arrivals, arrive
from crm.simulator.history import History, run_histories
from crm.simulator.state import OWNER
from leads.arrays import Int64s
from leads.clock import DAY_US, parse_time
from leads.errors import InvalidInputError

DEFAULT_END_US = parse_time("2026-03-01T00:00:00Z")
DEFAULT_DAYS = 730
MAX_LEADS = 999_999


@dataclass(frozen=True)
class SimulatedCrm:
    """Leads that came in from `start_us` on, and their histories as recorded until `end_us`."""

    seed: int
    start_us: int
    end_us: int
    arrivals: Arrivals
    history: History

    def __len__(self) -> int:
        return len(self.arrivals)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of a lead's id."""
        return {lead_id: row for row, lead_id in enumerate(self.arrivals.lead_id)}

    @cached_property
    def lead_of_event(self) -> Int64s:
        """The row of the lead of every row of the history."""
        return np.repeat(np.arange(len(self)), np.diff(self.history.start))

    @cached_property
    def owner_before_event(self) -> Int64s:
        """Who owned the lead before each row of the history, as a place in `world.OWNERS`."""
        owner = self.arrivals.owner[self.lead_of_event]
        for row in np.flatnonzero(self.history.code == OWNER):
            last = self.history.start[self.lead_of_event[row] + 1]
            owner[row + 1 : last] = int(self.history.value[row])
        return owner


def simulate(
    leads: int, seed: int, end_us: int = DEFAULT_END_US, days: float = DEFAULT_DAYS
) -> SimulatedCrm:
    """Simulate a CRM over the `days` before `end_us`, the cut after which nothing is recorded.

    A lead is the same for a seed and a period, however many others are simulated. Raises
    `InvalidInputError` for counts and seeds out of range.
    """
    if not 1 <= leads <= MAX_LEADS:
        raise InvalidInputError(f"cannot simulate {leads:,} leads; ask for 1 to {MAX_LEADS:,}")
    if not 0 <= seed < 2**63:
        raise InvalidInputError(f"the seed {seed} is out of range; give a whole number from 0 on")
    if not 1 <= days <= 3650:
        raise InvalidInputError(f"cannot simulate {days} days; ask for 1 to 3650")
    start_us = end_us - int(days * DAY_US)
    arrivals = arrive(leads, seed, start_us, end_us)
    return SimulatedCrm(seed, start_us, end_us, arrivals, run_histories(arrivals, seed, end_us))
