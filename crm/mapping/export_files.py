"""The files of an export: CSV (also gzipped), Parquet and Excel, found by name or pattern."""

from pathlib import Path

from crm.mapping.definition import ExportMapping, Read
from crm.mapping.excel import open_sheet
from crm.tables import TableSource, open_table
from leads.errors import InvalidTableError


def files_of(mapping: ExportMapping, source: Path) -> dict[str, list[Path]]:
    """The paths of every `file` that the mapping names, in order of their names.

    `source` is the folder of the export, or its only file. Raises `InvalidTableError` for a file
    that is not there.
    """
    names = list(dict.fromkeys(read.file for read in mapping.reads))
    if source.is_file():
        if len(names) > 1:
            raise InvalidTableError(
                f"{source} is one file, the mapping {mapping.path} reads {len(names)} "
                f"({', '.join(names)}); give the folder that holds them"
            )
        return {names[0]: [source]}
    if not source.is_dir():
        raise InvalidTableError(f"{source} does not exist; give the folder of the export")
    return {name: _found(name, source, mapping) for name in names}


def _found(name: str, folder: Path, mapping: ExportMapping) -> list[Path]:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InvalidTableError(
            f"{mapping.path}: file {name!r} leaves the folder of the export; "
            "write its name within that folder"
        )
    paths = sorted(path for path in folder.glob(name) if path.is_file())
    if not paths:
        seen = ", ".join(sorted(p.name for p in folder.iterdir() if p.is_file())[:12]) or "none"
        raise InvalidTableError(
            f"{folder} has no file {name!r}, which the mapping {mapping.path} reads "
            f"(its files: {seen}); add it or correct the mapping"
        )
    return paths


def open_export_file(read: Read, path: Path) -> TableSource:
    """A file as raw rows: its kind is told by the end of its name, CSV if that says nothing."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return open_sheet(path, read.sheet)
    return open_table(path, read.delimiter, read.encoding)
