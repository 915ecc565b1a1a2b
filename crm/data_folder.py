"""A data folder: which tables and files are there, and what in it is not used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from crm.mapping.accounting import Account
from crm.tables import SUFFIXES, TableFile, TableSource, hash_of_files, open_table
from leads.attributes import AttributeType
from leads.contract import LEADS, TABLES, Table
from leads.errors import InvalidTableError
from leads.pipelines import Pipelines, read_pipelines

PIPELINES_FILE = "pipelines.toml"
NOT_USED_YET = ("targets", "spend")


@dataclass(frozen=True)
class DataFolder:
    """The tables of a folder by name, the file that gives its pipelines if any, and warnings.

    A mapped export looks the same: its pipelines, time zone and given types are from the mapping,
    and `account` says what became of the rows of its files once they were read.
    """

    path: Path
    files: Mapping[str, TableSource]
    pipelines_file: Path | None
    warnings: tuple[str, ...]
    inputs: tuple[Path, ...]
    mapped_pipelines: Pipelines | None = None
    timezone: ZoneInfo | None = None
    attribute_types: Mapping[str, AttributeType] = field(default_factory=dict)
    account: Account | None = None

    def hash(self) -> str:
        """SHA-256 over the files that are read, to tell two states of a folder apart."""
        return hash_of_files(self.inputs)

    def notes(self) -> tuple[str, ...]:
        """What a person has to know, known once the tables were read."""
        return () if self.account is None else self.account.notes()

    def pipelines(self) -> Pipelines | None:
        """The pipelines that the folder itself gives; raises `InvalidTableError` for a mistake."""
        if self.pipelines_file is None or self.mapped_pipelines is not None:
            return self.mapped_pipelines
        return read_pipelines(self.pipelines_file)


def open_data_folder(path: Path) -> DataFolder:
    """Look at a folder and the headers of its tables.

    Raises `InvalidTableError` for a folder that cannot be imported: it is not there, has no
    leads, lacks a required column, or holds a table twice.
    """
    if not path.is_dir():
        problem = "is a file" if path.exists() else "does not exist"
        raise InvalidTableError(f"{path} {problem}; give the folder that holds leads.csv")
    warnings: list[str] = []
    paths = _table_paths(path, warnings)
    if LEADS.name not in paths:
        raise InvalidTableError(f"{path} has no leads.csv (or .csv.gz, .parquet); add it")
    present = [table for table in TABLES if table.name in paths]
    files = {table.name: _checked(table, paths[table.name], warnings) for table in present}
    if not any(map(len, files[LEADS.name].blocks())):
        raise InvalidTableError(f"{files[LEADS.name].path} has no leads; add a row for each lead")
    inputs = [file.path for file in files.values()]
    pipelines_file = path / PIPELINES_FILE
    if not pipelines_file.exists():
        return DataFolder(path, files, None, tuple(warnings), tuple(inputs))
    inputs.append(pipelines_file)
    return DataFolder(path, files, pipelines_file, tuple(warnings), tuple(inputs))


def _table_paths(folder: Path, warnings: list[str]) -> dict[str, Path]:
    """The file of each table; notes the files that are none."""
    known = {table.name for table in TABLES}
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = _table_name(path)
        if name in NOT_USED_YET:
            warnings.append(f"{path.name} is not used yet")
        elif name not in known:
            if path.name != PIPELINES_FILE and not path.name.startswith("."):
                warnings.append(f"{path.name} is not part of a data folder; ignored")
        elif name in paths:
            raise InvalidTableError(
                f"{folder} holds both {paths[name].name} and {path.name}; remove one"
            )
        else:
            paths[name] = path
    return paths


def _table_name(path: Path) -> str | None:
    """The table that a file's name says, None if it is not a table's kind of file."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix) and path.is_file():
            return path.name.removesuffix(suffix)
    return None


def _checked(table: Table, path: Path, warnings: list[str]) -> TableFile:
    file = open_table(path)
    missing = [name for name in table.required_names if name not in file.columns]
    if missing:
        seen = ", ".join(file.columns) or "none"
        raise InvalidTableError(
            f"{path} has no column {missing[0]!r} (its columns: {seen}); "
            "add it or correct the header; cells are separated by commas"
        )
    if len(file.columns) < len(file.header):
        warnings.append(f"{file.name}: a column without a name is ignored")
    if table.others is None:
        ignored = [name for name in file.columns if name not in table.names]
        warnings.extend(f"{file.name}: the column {name!r} is ignored" for name in ignored)
    return file
