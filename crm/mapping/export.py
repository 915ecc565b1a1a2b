"""An export opened through a mapping: the same as a data folder to whoever reads its tables."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from crm.data_folder import DataFolder, open_data_folder
from crm.mapping.accounting import Account
from crm.mapping.closings import ExportTimes, OutcomePart
from crm.mapping.definition import ExportMapping
from crm.mapping.export_files import files_of, open_export_file
from crm.mapping.links import LeadsByKey, leads_by_key
from crm.mapping.parts import MappedTable, Part, RowsPart, StageEnteredPart
from crm.mapping.reading import Reading
from crm.mapping.section import suggestion
from crm.mapping.toml_file import read_mapping
from crm.rejections import Rejection
from crm.tables import TableSource
from leads.contract import ATTRIBUTE_CHANGES, LEADS, STAGE_CHANGES, TABLES, Table
from leads.errors import InvalidTableError
from leads.pipelines import Pipelines


def open_source(
    source: Path, mapping_file: Path | None, timezone: ZoneInfo | None = None
) -> DataFolder:
    """Look at a data folder, or at an export if there is a mapping of it."""
    if mapping_file is None:
        return open_data_folder(source)
    return open_mapped_export(source, mapping_file, timezone)


def open_mapped_export(
    source: Path, mapping_file: Path, timezone: ZoneInfo | None = None
) -> DataFolder:
    """Look at an export, a folder or one file, through a mapping.

    `timezone`, where given, goes before the mapping's. Raises `InvalidTableError` for a mistake in
    the mapping, a file or column that is not there, and filters that leave no lead.
    """
    mapping = read_mapping(mapping_file)
    paths = files_of(mapping, source)
    account = Account()
    timezone = timezone or mapping.timezone
    readings = _readings(mapping, paths, source, timezone, account)
    parts = _parts(mapping, readings)
    files: dict[str, TableSource] = {
        table.name: MappedTable(tuple(parts[table.name]), table.names)
        for table in TABLES
        if table.name in parts
    }
    _check_leads(mapping, files[LEADS.name])
    _check_types(mapping, files)
    return DataFolder(
        path=source,
        files=files,
        pipelines_file=None if mapping.pipelines is None else mapping.path,
        warnings=(),
        inputs=(*dict.fromkeys(path for found in paths.values() for path in found), mapping.path),
        mapped_pipelines=mapping.pipelines,
        timezone=timezone,
        attribute_types=mapping.attribute_types,
        account=account,
    )


def _check_leads(mapping: ExportMapping, leads: TableSource) -> None:
    """Refuse an export without a single lead, with the reason: refused rows, filters, no rows."""
    first: Rejection | None = None
    refused = 0
    for block in leads.blocks():
        if len(block):
            return
        first = first or next(iter(block.broken), None)
        refused += len(block.broken)
    if first is not None:
        raise InvalidTableError(
            f"{leads.name} has no leads: none of the {refused:,} rows can be read through "
            f"{mapping.path}. {first.file or leads.name}, row {first.row}: {first.reason}"
        )
    if any(read.table is LEADS and read.where for read in mapping.reads):
        raise InvalidTableError(
            f"{leads.name} has no leads that pass the filters of {mapping.path}; correct them"
        )
    raise InvalidTableError(f"{leads.name} has no rows; give an export with leads")


def _check_types(mapping: ExportMapping, files: Mapping[str, TableSource]) -> None:
    """Refuse the type of an attribute that no lead has: it is a typing error."""
    names = [name for name in files[LEADS.name].columns if name not in LEADS.names]
    for name in mapping.attribute_types:
        if name not in names and ATTRIBUTE_CHANGES.name not in files:
            raise InvalidTableError(
                f"{mapping.path}: attribute_types names {name!r}, which the leads do not have "
                f"(they have {', '.join(names) or 'none'}){suggestion(name, names)}"
            )


def _readings(
    mapping: ExportMapping,
    paths: dict[str, list[Path]],
    source: Path,
    timezone: ZoneInfo | None,
    account: Account,
) -> list[Reading]:
    """Every reading of every file, its columns checked and noted."""
    readings: list[Reading] = []
    seen: set[tuple[Path, str | None]] = set()
    for read in mapping.reads:
        for path in paths[read.file]:
            file = open_export_file(read, path)
            name = path.relative_to(source).as_posix() if source.is_dir() else path.name
            name = name if read.sheet is None else f"{name} [{read.sheet}]"
            owns_broken = (path, read.sheet) not in seen
            seen.add((path, read.sheet))
            reading = Reading(len(readings), read, file, name, timezone, account, owns_broken)
            reading.check()
            used = [*read.used_columns(), *(rule.column for rule in read.where)]
            account.note_columns(
                name, file.columns, [*used, *reading.other_columns], read.leave_out
            )
            readings.append(reading)
            _remark_made_up_times(reading, account)
    return readings


def _remark_made_up_times(reading: Reading, account: Account) -> None:
    order = reading.read.order
    if order is not None:
        direction = "falling" if order.descending else "rising"
        given = "the order of its rows" if order.column is None else f"{direction} {order.column!r}"
        account.remarks.append(
            f"{reading.file_name} has no times: they are made up, a minute apart, from {given}; "
            "ages, horizons and times of day mean nothing"
        )


def _parts(mapping: ExportMapping, readings: Sequence[Reading]) -> dict[str, list[Part]]:
    """The parts of each table, by its name, in the mapping's order."""
    leads = [reading for reading in readings if reading.read.table is LEADS]
    rows = [_rows_part(reading, leads) for reading in readings]
    entered = [StageEnteredPart(reading) for reading in leads if reading.read.stage_entered]
    outcomes: list[OutcomePart] = []
    times = ExportTimes(rows, entered, outcomes, mapping.exported_at)
    pipelines = mapping.pipelines or Pipelines(())
    outcomes.extend(
        OutcomePart(reading, reading.read.outcome, pipelines, lambda: times)
        for reading in leads
        if reading.read.outcome is not None
    )
    parts: dict[str, list[Part]] = {}
    for part in rows:
        _of(parts, part.reading.read.table).append(part)
    from_leads: list[Part] = [*entered, *outcomes]
    if from_leads:
        _of(parts, STAGE_CHANGES).extend(from_leads)
    return parts


def _of(parts: dict[str, list[Part]], table: Table) -> list[Part]:
    return parts.setdefault(table.name, [])


def _rows_part(reading: Reading, leads: Sequence[Reading]) -> RowsPart:
    link = reading.read.link
    if link is None:
        return RowsPart(reading)

    @cache
    def found() -> LeadsByKey:
        return leads_by_key(leads, link)

    return RowsPart(reading, found)
