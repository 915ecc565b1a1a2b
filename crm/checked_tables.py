"""The tables of a folder as checked rows, with counts of what becomes of every row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from crm.data_folder import DataFolder
from crm.rejections import RejectedRows, Rejection
from crm.tables import Block
from crm.validation import CheckedRows, Rules, check_block
from leads.contract import LEADS, Table
from leads.errors import InvalidTableError
from leads.records import Lead

Progress = Callable[[str, int], None]


@dataclass
class TableCounts:
    """What became of a table's rows: `read` is the sum of the others.

    `already_known` are rows equal to one that came before, in this run or in an earlier import;
    `updated` are leads that were stored earlier and came with another value of an attribute.
    """

    read: int = 0
    stored: int = 0
    updated: int = 0
    already_known: int = 0
    rejected: int = 0


@dataclass
class CheckedTables:
    """The tables of one folder, read block by block; what is refused goes to `rejected`."""

    folder: DataFolder
    rules: Rules
    rejected: RejectedRows
    progress: Progress | None = None
    counts: dict[str, TableCounts] = field(default_factory=dict)
    ambiguous_times: int = 0

    def blocks(self, table: Table) -> Iterator[tuple[Block, CheckedRows]]:
        """A table's rows with those of them that the contract allows; none if it is not there."""
        if table.name not in self.folder.files:
            return
        file = self.folder.files[table.name]
        counts = self.counts[table.name] = TableCounts()
        for block in file.blocks():
            checked = check_block(table, block, file.name, self.rules)
            counts.read += len(block) + len(block.broken)
            self.ambiguous_times += checked.ambiguous_times
            self.reject(table, checked.rejections)
            yield block, checked
            if self.progress is not None:
                self.progress(table.name, counts.read)

    def reject(self, table: Table, rows: Sequence[Rejection]) -> None:
        """Refuse some rows of a table."""
        file = self.folder.files[table.name]
        self.rejected.add(table.name, file.name, file.columns, rows)
        self.counts[table.name].rejected += len(rows)

    def require_leads(self) -> None:
        """Refuse a folder none of whose leads can be read: it is a bad table, not bad rows."""
        counts = self.counts[LEADS.name]
        if counts.rejected == counts.read:
            raise InvalidTableError(
                f"none of the {counts.read:,} leads can be read; {self.rejected.first[LEADS.name]}"
            )

    def count(self, table: Table, *, stored: int, already_known: int) -> None:
        """Note what became of rows that were not refused."""
        self.counts[table.name].stored += stored
        self.counts[table.name].already_known += already_known


def leads_of(checked: CheckedRows) -> list[Lead]:
    """Checked rows of `leads` as records; every attribute column is there, empty cells as None."""
    columns = (checked.values[name] for name in ("lead_id", "created_at", "pipeline", "continues"))
    attributes: list[dict[str, str | None]] = [{}] * len(checked.place)
    if checked.others:
        rows = zip(*checked.others.values(), strict=True)
        attributes = [dict(zip(checked.others, row, strict=True)) for row in rows]
    return [
        Lead(lead_id, created_at, pipeline, values, continues)
        for lead_id, created_at, pipeline, continues, values in zip(
            *columns, attributes, strict=True
        )
    ]
