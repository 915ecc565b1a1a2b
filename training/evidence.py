"""Evidence: how many closed leads of its own a pipeline's probabilities rest on, and what is lent.

With few of them much is borrowed: from a usual win rate, from the rates of stages, from the leads
of other pipelines. That is said of every score, and in a sentence of what more leads would help.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from leads.arrays import Floats, Int8s, Int64s
from leads.outcome import NOT_WON_LABEL, WON_LABEL
from training.borrowing import HALF_LEARNED_LEADS, own_share
from training.prior import USUAL_LEADS, USUAL_RATE

Support = Literal["enough", "thin"]

# Where less than this share is a pipeline's own, much is borrowed.
MOSTLY_OWN = 2 / 3
# So many leads of the rarer outcome reach that share.
_ENOUGH_LEADS = HALF_LEARNED_LEADS * MOSTLY_OWN / (1 - MOSTLY_OWN)


@dataclass(frozen=True)
class Evidence:
    """Leads of a pipeline known to be won within the window, and known not to be.

    Where older leads count less they are as many as would say as much, had each counted fully.
    """

    won: int
    other: int

    @property
    def own(self) -> float:
        """The share of what is said that rests on these leads, from 0 to 1."""
        return own_share(self.won, self.other)

    @property
    def support(self) -> Support:
        """What a score of the pipeline says of it."""
        return "thin" if self.own < MOSTLY_OWN else "enough"

    @property
    def missing(self) -> int:
        """How many closed leads more, at the rate so far, would make most of it its own."""
        fewer, leads = min(self.won, self.other), self.won + self.other
        if self.support == "enough":
            return 0
        share = (fewer + USUAL_RATE * USUAL_LEADS) / (leads + USUAL_LEADS)
        return math.ceil((_ENOUGH_LEADS - fewer) / share / 10) * 10

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return {
            "won": self.won,
            "not_won": self.other,
            "own": self.own,
            "support": self.support,
            "closed_leads_missing": self.missing,
        }


def evidence_of(lead: Int64s, label: Int8s, counted: Floats) -> Evidence:
    """The evidence of some snapshots: whose they are, how they ended, what each counts (0 to 1)."""
    return Evidence(
        _worth(lead[label == WON_LABEL], counted[label == WON_LABEL]),
        _worth(lead[label == NOT_WON_LABEL], counted[label == NOT_WON_LABEL]),
    )


def _worth(lead: Int64s, counted: Floats) -> int:
    """How many leads that count fully are worth these (Kish 1965); each by its newest snapshot."""
    leads, place = np.unique(lead, return_inverse=True)
    most = np.zeros(len(leads))
    np.maximum.at(most, place, counted)
    return round(float(most.sum() ** 2 / (most**2).sum())) if most.any() else 0


def evidence_record(evidence: Mapping[str, Evidence]) -> dict[str, Any]:
    """What `train --json` and a model's card say of it."""
    pipelines = {name: one.as_record() for name, one in evidence.items()}
    return {"pipelines": pipelines, "sentence": borrowed(evidence)}


def borrowed(evidence: Mapping[str, Evidence]) -> str | None:
    """What is borrowed in which pipeline and what would help, in a sentence; None if not much is.

    Of many pipelines it names the first five.
    """
    thin = {name: one for name, one in evidence.items() if one.support == "thin"}
    if not thin:
        return None
    several = len(evidence) > 1
    named = [_of_one(name, one, several) for name, one in list(thin.items())[:_NAMED]]
    more = [f"and {len(thin) - _NAMED} more pipelines"] if len(thin) > _NAMED else []
    lenders = "other pipelines, " if several else ""
    return (
        f"Much is borrowed from {lenders}the win rates of stages and a usual win rate of "
        f"{USUAL_RATE:.0%}: {'; '.join([*named, *more])}."
    )


_NAMED = 5


def _of_one(name: str, one: Evidence, several: bool) -> str:
    where = f"in {name} " if several else ""
    leads = "lead" if one.won == 1 else "leads"
    return (
        f"{where}what {one.won:,} {leads} won and {one.other:,} not have taught counts for "
        f"{one.own:.0%}, about {one.missing:,} more closed leads would make it {MOSTLY_OWN:.0%}"
    )
