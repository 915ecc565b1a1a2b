"""History: how much of the past is learned from.

All of it, the last so many days, or ever less of what is older. A share depends on the moment of
a snapshot alone, never on how long its lead will stay open.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats, Int64s
from leads.clock import DAY_US


@dataclass(frozen=True)
class History:
    """Snapshots of the last `last_days`, or each half as much as one `half_life_days` newer.

    With neither it is everything.
    """

    last_days: float | None = None
    half_life_days: float | None = None

    @property
    def name(self) -> str:
        """In words: `everything`, `the last 180 days`, `half as much every 90 days`."""
        if self.last_days is not None:
            return f"the last {self.last_days:g} days"
        if self.half_life_days is not None:
            return f"half as much every {self.half_life_days:g} days"
        return "everything"

    @property
    def days(self) -> float:
        """A history so short is hardly another one than everything."""
        return self.last_days or self.half_life_days or 0.0

    def shares(self, as_of: Int64s, until: int) -> Floats:
        """What each snapshot counts in what is learned at a moment, from 0 to 1."""
        age_days = np.maximum(until - as_of, 0) / DAY_US
        if self.last_days is not None:
            return (age_days <= self.last_days).astype(np.float64)
        if self.half_life_days is not None:
            shares: Floats = 0.5 ** (age_days / self.half_life_days)
            return shares
        return np.ones(len(as_of))


EVERYTHING = History()


@dataclass(frozen=True)
class HistoryChoice:
    """The history that was chosen, and the log loss on later rows of each that was tried.

    `differences` are those to everything, each with the ends of its interval over leads.
    """

    history: History = EVERYTHING
    losses: tuple[tuple[str, float], ...] = ()
    differences: tuple[tuple[str, tuple[float, float, float]], ...] = ()

    @property
    def sentence(self) -> str:
        """What was chosen, and why, for a person, without its full stop."""
        name = self.history.name
        if not self.losses:
            return f"Learned from {name}; there was too little to choose another history by"
        told = dict(self.differences)
        if self.history != EVERYTHING:
            value, low, high = told[name]
            return (
                f"Learned from {name}: on later leads log loss differs by {value:+.4f} "
                f"({low:+.4f} to {high:+.4f}) from everything"
            )
        return f"Learned from {name}: on later leads none of {len(told)} others was surely better"

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        ends = ("value", "low", "high")
        return {
            **asdict(self.history),
            "name": self.history.name,
            "losses": dict(self.losses),
            "differences": {
                name: dict(zip(ends, one, strict=True)) for name, one in self.differences
            },
            "sentence": self.sentence,
        }
