"""A suspicion against a field, and what the tests for such fields look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.outcome import Closings, closings, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from training.creation_values import CreationValues, values_at_creation

Ground = Literal[
    "overwritten",
    "filled_at_close",
    "filled_by_outcome",
    "measures_close",
    "written_at_close",
    "separates",
    "strong",
    "changed_at_close",
    "happens_at_close",
    "name",
]
# A reason to look; every other ground is evidence.
_REASONS_TO_LOOK: tuple[Ground, ...] = ("strong", "changed_at_close", "happens_at_close", "name")

# Fewer leads say nothing of a field.
FEWEST_LEADS = 20
# The ends of two-sided 99.9 % intervals, for many fields are looked at.
SURE = 3.29


@dataclass(frozen=True)
class Suspicion:
    """A field, what speaks against it, and whether that is evidence or a reason to look."""

    attribute: str
    ground: Ground
    evidence: str

    @property
    def is_evidence(self) -> bool:
        """Whether leads show that it was written later; else it is a reason to look."""
        return self.ground not in _REASONS_TO_LOOK

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {"field": self.attribute, "ground": self.ground, "evidence": self.evidence}


@dataclass(frozen=True)
class Audited:
    """What every test for a suspicious field looks at: what was known at a cut, one entry a lead.

    `label` is whether the lead was won within the window of its creation; `values` are those at
    creation.
    """

    known: Timelines
    values: tuple[CreationValues, ...]
    label: Int8s
    closings: Closings

    @classmethod
    def of(cls, timelines: Timelines, until: int) -> "Audited":
        """All leads known by `until`, with what was known of them then."""
        known = known_by(timelines, until)
        every = Snapshots(np.arange(len(known)), known.created_at)
        return cls(
            known=known,
            values=values_at_creation(known),
            label=labels(look(known, every), until),
            closings=closings(known, until),
        )

    @property
    def created_at(self) -> Int64s:
        """When each lead came in."""
        return self.known.created_at

    @cached_property
    def closed(self) -> Bools:
        """Which leads are closed."""
        closed: Bools = self.closings.status != OPEN
        return closed

    @cached_property
    def lead_of_event(self) -> Int64s:
        """The row of each event's lead."""
        return np.repeat(np.arange(len(self.known)), np.diff(self.known.start))

    def parts(self, one: Bools, other: Bools) -> Iterator[tuple[str, Int64s]]:
        """The leads of each pipeline that has enough of both groups; the rest together.

        A field that one pipeline alone has would tell the pipeline's own win rate in the whole.
        Each part comes with words that say where it is, "" for all leads.
        """
        pipeline = self.known.pipeline
        rest = np.ones(len(pipeline), bool)
        if pipeline.size and (pipeline != pipeline[0]).any():
            for code in np.unique(pipeline):
                own = pipeline == code
                if _enough(one & own, other & own):
                    yield f" (pipeline {self.known.pipelines.names[code]})", np.flatnonzero(own)
                    rest &= ~own
        if _enough(one & rest, other & rest):
            yield "" if rest.all() else " (the other pipelines)", np.flatnonzero(rest)


def _enough(one: Bools, other: Bools) -> bool:
    return min(int(one.sum()), int(other.sum())) >= FEWEST_LEADS


def surely_above(hits: int, n: int) -> float:
    """The lower end of the interval of a share (Wilson 1927); 0.0 of nothing."""
    if n == 0:
        return 0.0
    share, square = hits / n, SURE**2 / n
    spread = SURE * np.sqrt(share * (1 - share) / n + square / (4 * n))
    return float((share + square / 2 - spread) / (1 + square))


def error_of_share(share: Floats | float, n: Floats | float) -> float:
    """The standard error of a share, above zero for one of none or all."""
    return float(np.sqrt(share * (1 - share) / n + 0.25 / np.square(n)))
