"""One reading of one file: its rows that pass the filters, and how they become a table's columns.

Rows keep their number in the file. A row that cannot be translated is refused like one that
cannot be read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from crm.mapping.accounting import TAKEN, Account
from crm.mapping.cells import make_cells
from crm.mapping.definition import Cells, Read
from crm.mapping.filters import filter_codes, rows_at
from crm.mapping.made_up_times import OrderedTimes
from crm.mapping.section import suggestion
from crm.rejections import Rejection
from crm.tables import Block, TableSource
from leads.clock import parse_time
from leads.errors import InvalidInputError, InvalidTableError

TableCells = dict[str, Sequence[str | None]]


@dataclass(frozen=True)
class Reading:
    """A reading of one file; `number` tells it from the others.

    `owns_broken`: it is the first to read the file, so it refuses the rows that nobody can read.
    """

    number: int
    read: Read
    file: TableSource
    file_name: str
    timezone: ZoneInfo | None
    account: Account
    owns_broken: bool

    @property
    def other_columns(self) -> tuple[str, ...]:
        """The columns that are kept under their own names."""
        if not self.read.keep_others:
            return ()
        named = {**self.read.used_columns(), **self.read.leave_out}
        return tuple(name for name in self.file.columns if name not in named)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the reading fills."""
        made = ("created_at",) if self.read.order is not None else ()
        linked = ("lead_id",) if self.read.link is not None else ()
        return (*linked, *made, *self.read.columns, *self.other_columns)

    def check(self) -> None:
        """Refuse columns that the file does not have, and others that would mean something."""
        where = f"{self.file_name}, read as {self.read.table.name}"
        for name in self.read.named_columns():
            if name not in self.file.columns:
                raise InvalidTableError(
                    f"{where}: the mapping names the column {name!r}, which is not there (its "
                    f"columns: {', '.join(self.file.columns)}){suggestion(name, self.file.columns)}"
                )
        for name in self.other_columns:
            if name in self.read.table.names:
                raise InvalidTableError(
                    f"{where}: the column {name!r} would be kept, but it has a meaning of its own "
                    f"in {self.read.table.name}; name it in columns or in leave_out"
                )

    def raw_blocks(self) -> Iterator[Block]:
        """The file's rows that pass the filters; notes what became of the others at the end."""
        codes = []
        for block in self.file.blocks():
            codes.append(filter_codes(self.read.where, block))
            yield rows_at(block, np.flatnonzero(codes[-1] == TAKEN).tolist())
        labels = [rule.label for rule in self.read.where]
        all_codes = np.concatenate(codes) if codes else np.zeros(0, np.int8)
        self.account.note_rows(self.file_name, self.number, labels, all_codes)

    def lead_cells(self, block: Block, problems: dict[int, str]) -> TableCells:
        """The listed columns of a block, with times made up from an order if it says so."""
        cells: TableCells = {
            target: make_cells(rule, target, block, problems)
            for target, rule in self.read.columns.items()
        }
        if self.ordered_times is not None:
            cells["created_at"] = self.ordered_times.created_at(block.rows)
        return cells

    def other_cells(self, block: Block) -> TableCells:
        """The columns of a block that keep their names."""
        return {name: block.columns[name] for name in self.other_columns}

    def times(self, cells: Sequence[str | None]) -> list[int | None]:
        """Texts as microseconds; None for what the door of the contract is going to refuse."""
        read = {text: self._time(text) for text in dict.fromkeys(cells)}
        return [read[text] for text in cells]

    @cached_property
    def ordered_times(self) -> OrderedTimes | None:
        """The times that stand for an order, None where the file gives times."""
        if self.read.order is None:
            return None
        column = self.read.order.column
        rows: list[int] = []
        keys: list[str | None] = []
        for block in self.raw_blocks():
            rows.extend(block.rows)
            keys.extend([None] * len(block) if column is None else block.columns[column])
        return OrderedTimes.of(rows, keys, descending=self.read.order.descending)

    def refused(
        self, block: Block, cells: TableCells, problems: dict[int, str]
    ) -> tuple[Rejection, ...]:
        """The rows with problems, in order, and those that nobody can read."""
        found = [
            Rejection(
                block.rows[place],
                problems[place],
                {name: column[place] for name, column in cells.items()},
                self.file_name,
            )
            for place in problems
        ]
        if self.owns_broken:
            found += [self._broken(rejection) for rejection in block.broken]
        return tuple(sorted(found, key=lambda rejection: rejection.row))

    def _broken(self, rejection: Rejection) -> Rejection:
        """A row that cannot be read, with its cells under the names of the table."""
        cells: dict[str, str | None] = {}
        for target, rule in self.read.columns.items():
            if len(rule.columns) == 1:
                cells[target] = rejection.cells.get(rule.columns[0])
        cells.update((name, rejection.cells.get(name)) for name in self.other_columns)
        return Rejection(rejection.row, rejection.reason, cells, self.file_name)

    def _time(self, text: str | None) -> int | None:
        try:
            return None if text is None else parse_time(text, self.timezone)
        except InvalidInputError:
            return None


def single(
    rule: Cells | None, target: str, block: Block, problems: dict[int, str]
) -> Sequence[str | None]:
    """The cells of a rule that may be absent."""
    return [None] * len(block) if rule is None else make_cells(rule, target, block, problems)


def finished(reading: Reading, block: Block, cells: TableCells, problems: dict[int, str]) -> Block:
    """A block of the table: rows with problems are taken out and refused."""
    broken = reading.refused(block, cells, problems)
    rows: Sequence[int] = block.rows
    if problems:
        kept = [place for place in range(len(block)) if place not in problems]
        rows = [rows[place] for place in kept]
        cells = {name: [column[place] for place in kept] for name, column in cells.items()}
    return Block(rows, cells, broken, reading.file_name)
