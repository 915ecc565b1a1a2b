"""What was known of each lead when it came in: one column per attribute, one entry per lead."""

from dataclasses import dataclass

import numpy as np

from leads.arrays import MISSING, Bools, Floats, Int32s, Int64s
from leads.attributes import NUMERIC_TYPES, AttributeType
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, look

BINS = 10


@dataclass(frozen=True)
class CreationValues:
    """An attribute at creation: a number (NaN if there is none) or the code of a level (-1)."""

    attribute: str
    type: AttributeType
    number: Floats
    level: Int32s

    @property
    def filled(self) -> Bools:
        """Which leads have a value."""
        shown: Bools = ~np.isnan(self.number) | (self.level >= 0)
        return shown

    def bins(self) -> Int64s:
        """Each lead's level, or the tenth its number is in; of a text only that there is one.

        Missing is 0.
        """
        filled = self.filled
        bins = filled.astype(np.int64)
        if self.type == "text" or not filled.any():
            return bins
        numeric = self.type in NUMERIC_TYPES
        values = self.number[filled] if numeric else self.level[filled].astype(np.float64)
        edges = np.unique(values)[1:]
        if numeric and len(edges) >= BINS:
            edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        bins[filled] += np.searchsorted(edges, values, "right")
        return bins


def values_at_creation(timelines: Timelines) -> tuple[CreationValues, ...]:
    """Every attribute as it was known at the moment each lead came in."""
    view = look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))
    lengths = view.stop - view.first
    lead = np.repeat(np.arange(len(timelines)), lengths)
    place = np.arange(lengths.sum()) + np.repeat(view.first - np.cumsum(lengths) + lengths, lengths)
    own = view.events.type[place] == ATTRIBUTE_CHANGE
    lead, place = lead[own], place[own]
    name = view.events.name[place]
    columns = []
    for code, attribute in enumerate(timelines.attributes):
        rows = name == code
        number = np.full(len(timelines), np.nan)
        level = np.full(len(timelines), MISSING, np.int32)
        # Events are in the stated order, and of equal places the last one is kept.
        number[lead[rows]] = view.events.number[place[rows]]
        level[lead[rows]] = view.events.level[place[rows]]
        attribute_type = timelines.attribute_types.get(attribute, "category")
        columns.append(CreationValues(attribute, attribute_type, number, level))
    return tuple(columns)
