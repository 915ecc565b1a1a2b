"""What a file of an export holds: how it is written, and what kind of values each column has."""

import gzip
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from crm.mapping.excel import open_sheet
from crm.tables import TableSource, open_table
from leads.attributes import read_number
from leads.clock import parse_time
from leads.contract import is_missing
from leads.errors import InvalidInputError, InvalidTableError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet", ".xlsx")
DELIMITERS = ",;\t|"
SAMPLE_BYTES = 200_000
SAMPLE_VALUES = 2_000
FITS = 0.98
FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
)
UNIX_RANGE = (8e8, 4e9)
_UTC = ZoneInfo("UTC")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class TimeText:
    """How a column writes times: `format` is None for ISO 8601."""

    format: str | None
    naive: bool
    ambiguous_day: bool = False


@dataclass(frozen=True)
class ColumnProfile:
    """A column's cells, all of them, as text without spaces around; missing ones are ""."""

    name: str
    cells: Sequence[str]

    @cached_property
    def filled(self) -> list[str]:
        """The cells that are not missing."""
        return [cell for cell in self.cells if cell]

    @cached_property
    def levels(self) -> Counter[str]:
        """How often each value is there."""
        return Counter(self.filled)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return bool(self.cells) and len(self.levels) == len(self.cells)

    @property
    def is_key(self) -> bool:
        """Whether the values look like those of a key of something: many, and often filled."""
        return len(self.levels) > max(20, len(self.cells) / 50) and self.time is None

    @cached_property
    def is_number(self) -> bool:
        """Whether nearly all values are numbers."""
        return _share(self.filled, _is_number) >= FITS

    @cached_property
    def time(self) -> TimeText | None:
        """How the column writes times, None if it holds none."""
        sample = self.filled[:SAMPLE_VALUES]
        if not sample:
            return None
        if self.is_number:
            return _unix(sample, self.name)
        if _share(sample, _is_iso) >= FITS:
            return TimeText(None, naive=any(_is_naive(text) for text in sample))
        for time_format in FORMATS:
            if _share(sample, partial(_fits, time_format=time_format)) >= FITS:
                other = time_format.replace("%d/%m", "%m/%d")
                ambiguous = (
                    other != time_format
                    and _share(sample, partial(_fits, time_format=other)) >= FITS
                )
                return TimeText(time_format, naive=True, ambiguous_day=ambiguous)
        return None


@dataclass(frozen=True)
class FileProfile:
    """A file of an export: how to open it, and its columns."""

    path: Path
    delimiter: str
    encoding: str
    columns: dict[str, ColumnProfile]
    rows: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def times(self) -> list[str]:
        """The columns that hold times."""
        return [name for name, column in self.columns.items() if column.time is not None]


def export_profiles(source: Path) -> list[FileProfile]:
    """The files of an export that can be read; raises `InvalidTableError` if there are none."""
    if not source.exists():
        raise InvalidTableError(f"{source} does not exist; give the file or folder of an export")
    paths = [source] if source.is_file() else sorted(source.iterdir())
    readable = [p for p in paths if p.is_file() and p.name.lower().endswith(SUFFIXES)]
    if not readable:
        raise InvalidTableError(
            f"{source} has no file that can be read; give {', '.join(SUFFIXES)} files"
        )
    return [profile_of(path) for path in readable]


def profile_of(path: Path) -> FileProfile:
    """Read a file: how it is written is found from its first bytes."""
    delimiter, encoding = ",", "utf-8-sig"
    table: TableSource
    if path.suffix.lower() == ".xlsx":
        table = open_sheet(path, None)
    else:
        if path.suffix != ".parquet":
            delimiter, encoding = _dialect(path)
        table = open_table(path, delimiter, encoding)
    cells: dict[str, list[str]] = {name: [] for name in table.columns}
    for block in table.blocks():
        for name, column in block.columns.items():
            cells[name].extend("" if is_missing(c) else (c or "").strip() for c in column)
    columns = {name: ColumnProfile(name, column) for name, column in cells.items()}
    rows = max(map(len, cells.values()), default=0)
    return FileProfile(path, delimiter, encoding, columns, rows)


def _dialect(path: Path) -> tuple[str, str]:
    """The delimiter and encoding of a text file."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    raw = raw[: raw.rfind(b"\n") + 1] or raw
    encoding = _encoding(raw)
    header = raw.decode(encoding, errors="replace").split("\n", 1)[0]
    counts = {delimiter: header.count(delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda d: (counts[d], -DELIMITERS.index(d))), encoding


def _encoding(raw: bytes) -> str:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8-sig"
    runs = [len(run) for run in _HIGH_BYTES.findall(raw)]
    # Chinese characters are two high bytes each; in Western text they stand alone among letters.
    paired = sum(length for length in runs if length % 2 == 0)
    return "gb18030" if paired > 0.8 * sum(runs) else "cp1252"


def _share(texts: Sequence[str], fits: Callable[[str], bool]) -> float:
    """The share of the first values that fit."""
    sample = texts[:SAMPLE_VALUES]
    return sum(map(fits, sample)) / len(sample) if sample else 0.0


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except InvalidInputError:
        return False
    return True


def _is_iso(text: str) -> bool:
    if "-" not in text:
        return False
    try:
        parse_time(text, _UTC)
    except InvalidInputError:
        return False
    return True


def _is_naive(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is None if _is_iso(text) else False


def _fits(text: str, time_format: str) -> bool:
    try:
        datetime.strptime(text, time_format)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _unix(sample: Sequence[str], name: str) -> TimeText | None:
    """Seconds or milliseconds since 1970, where the name speaks of a time."""
    if not any(word in name.casefold() for word in ("time", "date", "_at", "tid", "datum", "时间")):
        return None
    low, high = UNIX_RANGE
    numbers = [float(text) for text in sample if _is_number(text)]
    for time_format, scale in (("unix", 1.0), ("unix_ms", 1000.0)):
        if all(low * scale <= number <= high * scale for number in numbers):
            return TimeText(time_format, naive=False)
    return None
