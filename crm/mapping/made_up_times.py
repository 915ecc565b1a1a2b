"""Times for a table that has none: a minute apart in a given order, closed half a minute later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leads.arrays import Int64s
from leads.attributes import read_number
from leads.clock import MINUTE_US, SECOND_US, format_time, parse_time
from leads.contract import is_missing
from leads.errors import InvalidInputError

FIRST_US = parse_time("2000-01-01T00:00:00Z")
STEP_US = MINUTE_US
CLOSED_AFTER_US = 30 * SECOND_US


@dataclass(frozen=True)
class OrderedTimes:
    """The place in the order of every row; `rows` is sorted."""

    rows: Int64s
    place: Int64s

    @classmethod
    def of(
        cls, rows: Sequence[int], keys: Sequence[str | None], *, descending: bool
    ) -> "OrderedTimes":
        """Rank rows by keys, as numbers if all are; ties by row, rows without a key last."""
        numbers = np.array(rows, np.int64)
        values = _numbers(keys)
        present = np.array([not is_missing(key) for key in keys])
        if values is None:
            levels = {text: n for n, text in enumerate(sorted({k or "" for k in keys}))}
            values = np.array([levels[key or ""] for key in keys], np.float64)
        order = np.lexsort((numbers, -values if descending else values, ~present))
        place = np.empty(len(numbers), np.int64)
        place[order] = np.arange(len(numbers))
        return cls(numbers, place)

    def created_at(self, rows: Sequence[int]) -> list[str | None]:
        """When each of the rows came in, as text."""
        return [format_time(at) for at in self._at(rows)]

    def closed_at(self, rows: Sequence[int]) -> list[str | None]:
        """When each of the rows closed, as text."""
        return [format_time(at + CLOSED_AFTER_US) for at in self._at(rows)]

    def _at(self, rows: Sequence[int]) -> list[int]:
        found = np.searchsorted(self.rows, np.asarray(rows, np.int64))
        at: list[int] = (FIRST_US + self.place[found] * STEP_US).tolist()
        return at


def _numbers(keys: Sequence[str | None]) -> "np.ndarray[tuple[int], np.dtype[np.float64]] | None":
    """The keys as numbers, missing ones as 0; None if one is no number."""
    try:
        return np.array(
            [0.0 if key is None or is_missing(key) else read_number(key) for key in keys]
        )
    except InvalidInputError:
        return None
