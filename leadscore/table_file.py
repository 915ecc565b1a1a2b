"""Writing a table of results as CSV or Parquet, whole or not at all."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leads.errors import InvalidInputError

Rows = Sequence[dict[str, Any]]


def check_output(path: Path) -> None:
    """Refuse what `write_table` could not write, before the work is done.

    Raises `InvalidInputError` for another ending or a folder that is not there.
    """
    if path.suffix not in _WRITERS:
        raise InvalidInputError(f"--output: {path} ends in {path.suffix!r}; give .csv or .parquet")
    if not path.parent.is_dir():
        raise InvalidInputError(f"--output: the folder {path.parent} is not there; make it first")


def write_table(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write rows to a `.csv` or `.parquet` file; lists become JSON text, None an empty cell."""
    partial = path.with_name(f".{path.name}.partial")
    flat = [{name: _cell(row[name]) for name in columns} for row in rows]
    _WRITERS[path.suffix](partial, columns, flat)
    partial.replace(path)


def _write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, columns: Sequence[str], rows: Rows) -> None:
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), path)


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


_WRITERS: dict[str, Callable[[Path, Sequence[str], Rows], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
