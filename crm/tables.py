"""The raw rows of a table's file, block by block, every cell as text.

CSV (also gzipped) and Parquet look the same to whoever reads blocks. Rows are numbered from 1,
the header and blank lines not counted.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from crm.rejections import Rejection
from leads.attributes import value_text
from leads.counting import count_of
from leads.errors import InvalidTableError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
BLOCK_ROWS = 20_000
BLOCK_CHARACTERS = 8_000_000
MAX_LINE_CHARACTERS = 4_000_000

_PLAIN_KINDS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_boolean,
    pa.types.is_temporal,
    pa.types.is_null,
)


@dataclass(frozen=True)
class Block:
    """Some rows of a table: their numbers, and one list of cells per column.

    `broken` are rows that cannot be read, such as one whose number of cells is not the header's.
    `file` names the file of the rows where a table is made of several.
    """

    rows: Sequence[int]
    columns: Mapping[str, Sequence[str | None]]
    broken: Sequence[Rejection] = ()
    file: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def rejection(self, place: int, reason: str) -> Rejection:
        """The row at a place of this block, refused."""
        cells = {name: column[place] for name, column in self.columns.items()}
        return Rejection(self.rows[place], reason, cells, self.file)


class TableSource(Protocol):
    """The rows of a table, wherever they are from: a file of its own, or a mapped export."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; every block has them all."""

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks, from the start at every call."""


@dataclass(frozen=True)
class TableFile:
    """A table's file and its column names, in order; columns without a name are left out."""

    path: Path
    header: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8-sig"

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have a name."""
        return tuple(name for name in self.header if name)

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks; raises `InvalidTableError` where the file is damaged."""
        if self.path.suffix == ".parquet":
            return _parquet_blocks(self.path)
        return _csv_blocks(self)


def open_table(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> TableFile:
    """Read the header; raises `InvalidTableError` for an empty file or a repeated column."""
    if path.suffix == ".parquet":
        file = TableFile(path, _parquet_header(path))
    else:
        file = TableFile(path, (), delimiter, encoding)
        file = replace(file, header=_csv_header(file))
    check_header(path, file.header)
    return file


def check_header(path: Path, header: Sequence[str]) -> None:
    """Refuse a header that names a column twice."""
    named = [name for name in header if name]
    repeated = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if repeated:
        raise InvalidTableError(
            f"{path}: the column {repeated[0]!r} is there twice; rename or remove one"
        )


def hash_of_files(paths: Sequence[Path]) -> str:
    """SHA-256, as hex digits, over names and bytes of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()


@contextmanager
def _csv_rows(source: TableFile) -> Iterator[Iterator[list[str]]]:
    """The rows of a CSV file as lists of cells, blank lines left out."""
    path = source.path
    # Longer cells than a contract allows are refused by row; the module's own limit of 131,072
    # characters would fail the table.
    csv.field_size_limit(MAX_LINE_CHARACTERS)
    with _text(path, source.encoding) as file:
        reader = csv.reader(_lines(file, path), strict=True, delimiter=source.delimiter)
        try:
            yield filter(None, reader)
        except csv.Error as error:
            raise InvalidTableError(
                f"{path}, line {reader.line_num}: {error}; check that quoted cells are closed"
            ) from None
        except UnicodeDecodeError as error:
            raise InvalidTableError(
                f"{path}, after line {reader.line_num}: byte {error.object[error.start]:#04x} is "
                f"not {_encoding_name(source.encoding)}; save the file as UTF-8"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InvalidTableError(
                f"{path}, after line {reader.line_num}: {error}; compress the file again"
            ) from None


def _encoding_name(encoding: str) -> str:
    return "UTF-8" if encoding == "utf-8-sig" else f"{encoding}, which the mapping names"


def _text(path: Path, encoding: str) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _lines(file: IO[str], path: Path) -> Iterator[str]:
    while line := file.readline(MAX_LINE_CHARACTERS):
        if len(line) == MAX_LINE_CHARACTERS:
            raise InvalidTableError(
                f"{path}: a line is longer than {MAX_LINE_CHARACTERS:,} characters; "
                "write one row per line"
            )
        yield line


def _csv_header(source: TableFile) -> tuple[str, ...]:
    with _csv_rows(source) as rows:
        header = next(rows, None)
    if header is None:
        raise InvalidTableError(
            f"{source.path} is empty; write a line with the names of the columns"
        )
    return tuple(name.strip() for name in header)


def _csv_blocks(source: TableFile) -> Iterator[Block]:
    with _csv_rows(source) as rows:
        next(rows)
        first = 1
        while taken := _take(rows):
            yield _csv_block(taken, source.header, first)
            first += len(taken)


def _take(rows: Iterator[list[str]]) -> list[list[str]]:
    """The next rows, up to a number of rows and of characters, so that memory stays bounded."""
    taken = []
    characters = 0
    for row in rows:
        taken.append(row)
        characters += sum(map(len, row))
        if len(taken) == BLOCK_ROWS or characters > BLOCK_CHARACTERS:
            break
    return taken


def _csv_block(taken: list[list[str]], header: tuple[str, ...], first: int) -> Block:
    width = len(header)
    numbers: Sequence[int] = range(first, first + len(taken))
    broken = []
    if any(len(cells) != width for cells in taken):
        numbered = list(zip(numbers, taken, strict=True))
        broken = [_broken(row, cells, header) for row, cells in numbered if len(cells) != width]
        numbers = [row for row, cells in numbered if len(cells) == width]
        taken = [cells for cells in taken if len(cells) == width]
    columns = list(zip(*taken, strict=True)) or [()] * width
    named = {name: cells for name, cells in zip(header, columns, strict=True) if name}
    return Block(numbers, named, broken)


def _broken(row: int, cells: list[str], header: tuple[str, ...]) -> Rejection:
    reason = (
        f"{count_of(len(cells), 'cell', 'cells')} where the header names {len(header)} "
        f"columns, the last {cells[-1][:40]!r}; quote cells that hold a comma"
    )
    return Rejection(row, reason, dict(zip(header, cells, strict=False)))


def _parquet_header(path: Path) -> tuple[str, ...]:
    with _parquet(path) as file:
        schema: Any = file.schema_arrow
    for column in schema:
        if not _is_plain(column.type):
            raise InvalidTableError(
                f"{path}: the column {column.name!r} is of type {column.type}; "
                "write text, numbers, booleans or times"
            )
    return tuple(schema.names)


def _is_plain(column_type: Any) -> bool:
    if pa.types.is_dictionary(column_type):
        return _is_plain(column_type.value_type)
    return any(is_kind(column_type) for is_kind in _PLAIN_KINDS)


@contextmanager
def _parquet(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        message = str(error).splitlines()[0]
        raise InvalidTableError(f"{path} is not Parquet: {message}; write it again") from None


def _parquet_blocks(path: Path) -> Iterator[Block]:
    first = 1
    with _parquet(path) as file:
        for batch in file.iter_batches(batch_size=BLOCK_ROWS):
            columns = {
                name: _cells(column)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
                if name
            }
            yield Block(range(first, first + len(batch)), columns)
            first += len(batch)


def _cells(column: Any) -> list[str | None]:
    """A Parquet column as text: times as ISO 8601, with an offset where they have one."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_float64(column.type):
        return [None if number is None else value_text(number) for number in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        zone = None if column.type.tz is None else "UTC"
        column = column.cast(pa.timestamp("us", zone), safe=False)
    cells: list[str | None] = column.cast(pa.string()).to_pylist()
    return cells
