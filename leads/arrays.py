"""The types of the columns that timelines, views and signals are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int8s = NDArray[np.int8]
Int16s = NDArray[np.int16]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MISSING = -1


@dataclass(frozen=True)
class Coded:
    """A column of text as codes into a list of distinct levels; -1 is missing."""

    codes: Int32s
    levels: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str | None]) -> "Coded":
        """Code a column of text; levels are numbered as they first appear."""
        code_of: dict[str | None, int] = {None: MISSING}
        codes = [code_of.setdefault(value, len(code_of) - 1) for value in values]
        return cls(np.array(codes, dtype=np.int32), tuple(k for k in code_of if k is not None))

    @classmethod
    def missing(cls, length: int) -> "Coded":
        """A column without any value."""
        return cls(np.full(length, MISSING, np.int32), ())

    def recoded(self, code_of: Sequence[int] | Int32s) -> Int32s:
        """The codes replaced by `code_of[code]`; missing stays missing."""
        lookup = np.append(np.asarray(code_of, np.int32), np.int32(MISSING))
        return lookup[self.codes]

    def text(self, row: int) -> str | None:
        """The text of a row, None if missing."""
        code = int(self.codes[row])
        return None if code == MISSING else self.levels[code]


def concatenate_coded(columns: Sequence[Coded]) -> Coded:
    """One column of several, their levels merged."""
    named = [column for column in columns if column.levels]
    if all(column.levels == named[0].levels for column in named[1:]):
        same = np.concatenate([column.codes for column in columns] or [np.zeros(0, np.int32)])
        return Coded(same, named[0].levels if named else ())
    code_of: dict[str, int] = {}
    parts = [
        # Many columns of one list, as of lead ids: their codes are the first one's.
        column.codes
        if place and column.levels == columns[0].levels
        else column.recoded([code_of.setdefault(level, len(code_of)) for level in column.levels])
        for place, column in enumerate(columns)
    ]
    codes = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    return Coded(codes, tuple(code_of))
