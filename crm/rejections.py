"""Rows that were refused: kept as files with their row number and reason, never dropped."""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused row: its number in the file, the reason with what to do, and its cells.

    `file` names its file where a table is made of several.
    """

    row: int
    reason: str
    cells: Mapping[str, str | None]
    file: str | None = None


@dataclass
class RejectedRows:
    """The refused rows of one import, streamed to `folder/<table>.csv`; None only counts them.

    The files appear when the `with` block ends well; a killed or failed import leaves none.
    """

    folder: Path | None
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    _files: dict[str, IO[str]] = field(default_factory=dict)
    _writers: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many rows were refused in all tables."""
        return sum(self.counts.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold the refused rows."""
        if self.folder is None:
            return ()
        return tuple(self.folder / f"{table}.csv" for table in self.counts)

    def add(self, table: str, file: str, columns: Iterable[str], rows: Sequence[Rejection]) -> None:
        """Keep some refused rows of a table; `file` names their source in messages.

        Of one table, either all rows name a file of their own or none does.
        """
        if not rows:
            return
        first = rows[0]
        self.first.setdefault(table, f"{first.file or file}, row {first.row}: {first.reason}")
        self.counts[table] = self.counts.get(table, 0) + len(rows)
        if self.folder is not None:
            self._write(self.folder, table, tuple(columns), rows)

    def _write(
        self, folder: Path, table: str, columns: tuple[str, ...], rows: Sequence[Rejection]
    ) -> None:
        if table not in self._writers:
            partial = _partial(folder)
            if not self._writers and partial.exists():
                shutil.rmtree(partial)
            partial.mkdir(parents=True, exist_ok=True)
            self._files[table] = (partial / f"{table}.csv").open("w", encoding="utf-8", newline="")
            self._writers[table] = csv.writer(self._files[table])
            files = () if rows[0].file is None else ("file",)
            self._writers[table].writerow((*files, "row", "reason", *columns))
        self._writers[table].writerows(
            (
                *(() if rejection.file is None else (rejection.file,)),
                rejection.row,
                rejection.reason,
                *map(rejection.cells.get, columns),
            )
            for rejection in rows
        )

    def finish(self) -> None:
        """Close the files and give them their final place; does nothing the second time."""
        self._close()
        if self._writers and self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            for table in self._writers:
                name = f"{table}.csv"
                (_partial(self.folder) / name).replace(self.folder / name)
            _partial(self.folder).rmdir()
        self._writers.clear()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
            return
        self._close()
        if self._writers and self.folder is not None:
            shutil.rmtree(_partial(self.folder))


def _partial(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.part")
