"""Directions: which way the plain win rates of a signal's values point, beside what a model says.

A model weighs signals together, so what it adds for a value may go the other way than the leads
with that value went. That can be right, but it is never passed over in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.signal import Column
from leads.arrays import Floats, Int64s
from leads.errors import DamagedArtifactError

# In the record of win rates: those of all pipelines together.
EVERY_PIPELINE = ""
# A bin points somewhere if so much of what it is beyond the average is left beside leads of the
# same stage and age. Old leads stand late: that they are won more often says nothing of age.
LEFT_BESIDE = 0.25
_NOTHING = 1e-12


@dataclass(frozen=True)
class Bins:
    """The bins of a column's values: between edges, the upper one included, or one per level.

    The last bin is that of a missing value.
    """

    edges: Floats
    levels: int

    @property
    def count(self) -> int:
        """How many bins there are."""
        return (self.levels or len(self.edges) + 1) + 1

    def of(self, values: Floats) -> Int64s:
        """The bin of each value; -1 for a level that has none."""
        missing = np.isnan(values)
        known = np.where(missing, 0.0, values)
        if self.levels:
            place = np.where((known >= 0) & (known < self.levels), known, -1).astype(np.int64)
        else:
            place = np.searchsorted(self.edges, known, side="left")
        return np.where(missing, self.count - 1, place)


@dataclass(frozen=True)
class Directions:
    """By pipeline, which way each bin of each column points.

    1: won clearly more often than leads are on average; -1: clearly less often; 0: neither, or
    hardly so beside leads of the same stage and age, so that these tell it.
    """

    bins: tuple[Bins, ...]
    pointing: Mapping[str, tuple[tuple[int, ...], ...]]

    def contradict(self, pipeline: str, column: int, value: float, effect: float) -> bool:
        """Whether the plain win rates of a column's value clearly go against its effect.

        A pipeline without win rates of its own goes by those of all.
        """
        pointing = self.pointing.get(pipeline, self.pointing.get(EVERY_PIPELINE))
        if pointing is None:
            return False
        place = int(self.bins[column].of(np.array([value]))[0])
        return place >= 0 and pointing[column][place] * effect < 0


def bins_of(column: Column, edges: Floats) -> Bins:
    """The bins of a column: of one of words its levels and "few leads have it", else by edges."""
    return Bins(edges, len(column.levels) + 1 if column.levels else 0)


def directions_from_record(record: Mapping[str, Any], columns: tuple[Column, ...]) -> Directions:
    """The directions of a stored record; `DamagedArtifactError` if it does not fit the columns.

    The record has the `edges` of each column and, by pipeline, `win_rates`: its `average`, and of
    each bin of each column four numbers, None where no lead was in it: the win rate, the least and
    most it may be but for chance, and by how much it is above that of leads in the same stages and
    of the same ages. An empty record says nothing of any column.
    """
    if not record:
        return Directions((), {})
    try:
        bins = tuple(
            bins_of(column, np.array(edges, np.float64))
            for column, edges in zip(columns, record["edges"], strict=True)
        )
        pointing = {
            str(pipeline): tuple(
                tuple(_pointing(rate, float(rates["average"])) for rate in of_column)
                for of_column in rates["columns"]
            )
            for pipeline, rates in record["win_rates"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(str(error)) from error
    wanted = [one.count for one in bins]
    if any([len(of_column) for of_column in found] != wanted for found in pointing.values()):
        raise _damaged("its columns and bins do not fit together")
    return Directions(bins, pointing)


def _pointing(rate: Any, average: float) -> int:
    """Which way a bin points; None, of a bin that no lead was in, points nowhere."""
    if rate is None:
        return 0
    rate, least, most, beside = map(float, rate)
    beyond = rate - average
    # A bin of all leads of some stages and ages has none but itself beside it.
    told = abs(beside) < _NOTHING or beside * beyond >= LEFT_BESIDE * beyond**2
    return int(told and least > average) - int(told and most < average)


def _damaged(why: str) -> DamagedArtifactError:
    return DamagedArtifactError(
        f"the plain win rates of the model cannot be read ({why}); train again or promote another "
        "version"
    )
