"""A sheet of an Excel file (.xlsx) as the raw rows of a table, every cell as text."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from crm.rejections import Rejection
from crm.tables import BLOCK_ROWS, Block, check_header
from leads.attributes import value_text
from leads.counting import count_of
from leads.errors import InvalidTableError

# What the library lets through of a file that is cut, overwritten or another kind of file.
_DAMAGE = (
    BadZipFile, InvalidFileException, ParseError, zlib.error, EOFError, OSError,
    KeyError, IndexError, ValueError, TypeError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class ExcelSheet:
    """A sheet; its first row that is not empty names the columns. Empty rows are not counted."""

    path: Path
    sheet: str | None
    header: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have a name."""
        return tuple(name for name in self.header if name)

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks."""
        with _rows(self.path, self.sheet) as rows:
            next(rows)
            first = 1
            while taken := [row for _, row in zip(range(BLOCK_ROWS), rows, strict=False)]:
                yield _block(taken, self.header, first)
                first += len(taken)


def open_sheet(path: Path, sheet: str | None) -> ExcelSheet:
    """Read the header of a sheet, the first one if none is named."""
    with _rows(path, sheet) as rows:
        header = tuple((cell or "").strip() for cell in next(rows, ()))
    if not any(header):
        raise InvalidTableError(f"{path} is empty; write a line with the names of the columns")
    check_header(path, header)
    return ExcelSheet(path, sheet, header)


@contextmanager
def _rows(path: Path, sheet: str | None) -> Iterator[Iterator[list[str | None]]]:
    """The rows of a sheet that are not empty, without the empty cells at their ends."""
    with _damage_named(path):
        book = load_workbook(path, read_only=True, data_only=True)
    try:
        if not book.sheetnames:
            raise InvalidTableError(f"{path} has no sheet that can be read; save it again as .xlsx")
        if sheet is not None and sheet not in book.sheetnames:
            raise InvalidTableError(
                f"{path} has no sheet {sheet!r}; its sheets are {', '.join(book.sheetnames)}"
            )
        found = book[sheet] if sheet is not None else book[book.sheetnames[0]]
        found.reset_dimensions()
        texts = ([_text(cell) for cell in row] for row in _rows_of_cells(found, path))
        yield filter(None, map(_trimmed, texts))
    finally:
        book.close()


def _rows_of_cells(sheet: Any, path: Path) -> Iterator[Sequence[Any]]:
    """The sheet's rows, which the library reads as they are asked for."""
    with _damage_named(path):
        yield from sheet.iter_rows()


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Damage that the library meets in the file as an error that names the file."""
    try:
        yield
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidTableError(
            f"{path} is damaged or not an Excel file: {reason}; save it again as .xlsx"
        ) from None


def _trimmed(cells: list[str | None]) -> list[str | None]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(cell: Any) -> str | None:
    """A cell as text: a day without a time of day as a bare date, a duration as H:MM:SS."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return value_text(value)
    if isinstance(value, datetime):
        bare = value.time() == time() and "h" not in cell.number_format.lower()
        return value.date().isoformat() if bare else value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(value.isoformat())


def _block(taken: Sequence[list[str | None]], header: tuple[str, ...], first: int) -> Block:
    width = len(header)
    numbered = list(enumerate(taken, start=first))
    broken = [_too_long(row, cells, header) for row, cells in numbered if len(cells) > width]
    kept = [(row, cells) for row, cells in numbered if len(cells) <= width]
    padded = [cells + [None] * (width - len(cells)) for _, cells in kept]
    columns = list(zip(*padded, strict=True)) or [()] * width
    named = {name: cells for name, cells in zip(header, columns, strict=True) if name}
    return Block([row for row, _ in kept], named, broken)


def _too_long(row: int, cells: list[str | None], header: tuple[str, ...]) -> Rejection:
    reason = (
        f"{count_of(len(cells), 'cell', 'cells')} where the header names {len(header)} "
        f"columns, the last {(cells[-1] or '')[:40]!r}; name the column or empty the cell"
    )
    return Rejection(row, reason, dict(zip(header, cells, strict=False)))
