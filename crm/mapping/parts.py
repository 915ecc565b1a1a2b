"""The parts that a table is made of: the rows of a reading, or stage changes made from leads."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from crm.mapping.cells import make_cells
from crm.mapping.links import LeadsByKey, linked_leads
from crm.mapping.reading import Reading, TableCells, finished
from crm.tables import Block
from leads.contract import is_missing


class Part(Protocol):
    """Some rows of a table, from one file."""

    @property
    def reading(self) -> Reading:
        """The reading that the rows are from."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it fills."""

    def blocks(self) -> Iterator[Block]:
        """Its rows in blocks."""


@dataclass(frozen=True)
class RowsPart:
    """One row of the table for each row of the file; `leads` finds the leads of linked events."""

    reading: Reading
    leads: Callable[[], LeadsByKey] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the reading names or keeps."""
        return self.reading.columns

    def blocks(self) -> Iterator[Block]:
        """The rows of the file that pass the filters."""
        for raw in self.reading.raw_blocks():
            problems: dict[int, str] = {}
            cells = self.reading.lead_cells(raw, problems)
            link = self.reading.read.link
            if link is not None and self.leads is not None:
                times = self.reading.times(cells["occurred_at"])
                keys = raw.columns[link.key]
                cells["lead_id"] = linked_leads(link, self.leads(), keys, times, problems)
            cells.update(self.reading.other_cells(raw))
            yield finished(self.reading, raw, cells, problems)


@dataclass(frozen=True)
class StageEnteredPart:
    """A stage change for each filled date of wide columns: the date each stage was entered."""

    reading: Reading

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of a stage change, and the lead's pipeline where it is given."""
        return stage_columns(self.reading)

    def blocks(self) -> Iterator[Block]:
        """One block per stage and block of leads."""
        first = FirstRows()
        for raw in self.reading.raw_blocks():
            cells = self.reading.lead_cells(raw, {})
            for stage, rule in self.reading.read.stage_entered.items():
                problems: dict[int, str] = {}
                entered = make_cells(rule, "occurred_at", raw, problems)
                changes = StageChanges(raw, cells)
                for place, text in enumerate(entered):
                    if is_missing(text) and place not in problems:
                        continue
                    if first.adds(cells["lead_id"][place], stage, text, place, problems):
                        changes.add(place, stage, text)
                yield changes.block(self.reading, problems)


def stage_columns(reading: Reading) -> tuple[str, ...]:
    """The columns of stage changes that are made from leads."""
    pipeline = ("pipeline",) if "pipeline" in reading.read.columns else ()
    return ("lead_id", "occurred_at", "stage", "recorded_at", "reason", *pipeline)


class FirstRows:
    """What the first row of each lead said of a stage; further rows of it are not events."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str | None], str | None] = {}

    def adds(
        self,
        lead_id: str | None,
        about: str | None,
        said: str | None,
        place: int,
        problems: dict[int, str],
    ) -> bool:
        """Whether a row is to be added: not if it repeats another, and refused if it differs.

        Rows that are refused are added, so that they are listed.
        """
        if lead_id is None or (lead_id, about) not in self._said:
            self._said[lead_id or "", about] = said
            return True
        if self._said[lead_id, about] == said and place not in problems:
            return False
        problems.setdefault(
            place,
            f"lead_id: an earlier row of lead {lead_id!r} says another stage or time; "
            "keep one row per lead",
        )
        return True


class StageChanges:
    """Stage changes made from some rows of leads, by their places in the block."""

    def __init__(self, raw: Block, cells: TableCells) -> None:
        self._raw = raw
        self._cells = cells
        self._places: list[int] = []
        self._made: dict[str, list[str | None]] = {
            name: [] for name in ("occurred_at", "stage", "recorded_at", "reason")
        }

    def add(
        self,
        place: int,
        stage: str | None,
        occurred_at: str | None,
        recorded_at: str | None = None,
        reason: str | None = None,
    ) -> None:
        """One more, of the lead at a place."""
        self._places.append(place)
        values = (occurred_at, stage, recorded_at, reason)
        for column, value in zip(self._made.values(), values, strict=True):
            column.append(value)

    def block(self, reading: Reading, problems: dict[int, str]) -> Block:
        """The changes as a block; `problems` are by places of the leads' block."""
        cells: TableCells = {"lead_id": self._of("lead_id"), **self._made}
        if "pipeline" in self._cells:
            cells["pipeline"] = self._of("pipeline")
        rows = [self._raw.rows[place] for place in self._places]
        found = {n: problems[place] for n, place in enumerate(self._places) if place in problems}
        return finished(reading, Block(rows, cells), cells, found)

    def _of(self, name: str) -> Sequence[str | None]:
        column = self._cells[name]
        return [column[place] for place in self._places]


@dataclass(frozen=True)
class MappedTable:
    """A table of the contract made of several parts; every block has all of its columns."""

    parts: tuple[Part, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The files it is made of, for messages."""
        return ", ".join(dict.fromkeys(part.reading.file_name for part in self.parts))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that one part or the other fills, the contract's first."""
        filled = dict.fromkeys(name for part in self.parts for name in part.columns)
        listed = [name for name in self.names if name in filled]
        return (*listed, *(name for name in filled if name not in self.names))

    def blocks(self) -> Iterator[Block]:
        """The rows of all parts; what a part does not fill is missing."""
        columns = self.columns
        for part in self.parts:
            for block in part.blocks():
                nothing: list[str | None] = [None] * len(block)
                padded = {name: block.columns.get(name, nothing) for name in columns}
                yield Block(block.rows, padded, block.broken, block.file)
