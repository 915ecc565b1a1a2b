"""What became of the rows and columns of an export: every row is used or left out by name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leads.arrays import Int8s

TAKEN = 0


@dataclass(frozen=True)
class FileCounts:
    """The rows of one file: how many there are, how many were used, how many left out and why.

    Rows that cannot be read at all are not among them: they are refused with their reason.
    """

    rows: int
    used: int
    left_out: Mapping[str, int]
    columns_left_out: Mapping[str, str]
    columns_not_read: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {
            **vars(self),
            "left_out": dict(self.left_out),
            "columns_left_out": dict(self.columns_left_out),
            "columns_not_read": list(self.columns_not_read),
        }


@dataclass
class _FileNotes:
    """One file: its columns, those named or kept, and per reading which filter took each row."""

    columns: tuple[str, ...]
    reasons: dict[str, str] = field(default_factory=dict)
    read: dict[str, None] = field(default_factory=dict)
    labels: dict[int, Sequence[str]] = field(default_factory=dict)
    codes: dict[int, Int8s] = field(default_factory=dict)


@dataclass
class Account:
    """The notes of a mapped export's readings; complete once all of its tables were read."""

    files: dict[str, _FileNotes] = field(default_factory=dict)
    closings: dict[int, dict[str, int]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def note_columns(
        self, file: str, columns: tuple[str, ...], read: Sequence[str], reasons: Mapping[str, str]
    ) -> None:
        """Note which columns of a file a reading uses, and which it leaves out and why."""
        notes = self.files.setdefault(file, _FileNotes(columns))
        notes.read.update(dict.fromkeys(read))
        notes.reasons.update(reasons)

    def note_rows(self, file: str, reading: int, labels: Sequence[str], codes: Int8s) -> None:
        """Note for each row of a file the filter that left it out, from 1, or TAKEN."""
        self.files[file].labels[reading] = labels
        self.files[file].codes[reading] = codes

    def note_closings(self, reading: int, counts: Mapping[str, int]) -> None:
        """Note how many closings of a reading need a word, by that word."""
        self.closings[reading] = dict(counts)

    def counts(self) -> dict[str, FileCounts]:
        """The rows of each file that was read."""
        return {file: _counted(notes) for file, notes in self.files.items() if notes.codes}

    def notes(self) -> tuple[str, ...]:
        """What a person has to know of the times that were not given."""
        told: Counter[str] = Counter()
        for counts in self.closings.values():
            told.update(counts)
        return (*self.remarks, *(f"{n:,} {word}" for word, n in told.items() if n))


def _counted(notes: _FileNotes) -> FileCounts:
    codes = np.stack(list(notes.codes.values()))
    unused = (codes != TAKEN).all(axis=0)
    left_out: Counter[str] = Counter()
    readings = list(notes.codes)
    for combination, count in _combinations(codes[:, unused]):
        words = [notes.labels[r][c - 1] for r, c in zip(readings, combination, strict=True)]
        left_out["; ".join(dict.fromkeys(words))] += count
    used = set(notes.read)
    return FileCounts(
        rows=codes.shape[1],
        used=int((~unused).sum()),
        left_out=dict(left_out.most_common()),
        columns_left_out={n: r for n, r in notes.reasons.items() if n not in used},
        columns_not_read=tuple(
            name for name in notes.columns if name not in used and name not in notes.reasons
        ),
    )


def _combinations(codes: Int8s) -> list[tuple[tuple[int, ...], int]]:
    """The different columns of codes with how often each is there."""
    found, counts = np.unique(codes, axis=1, return_counts=True)
    return [
        (tuple(column), int(count))
        for column, count in zip(found.T.tolist(), counts.tolist(), strict=True)
    ]
