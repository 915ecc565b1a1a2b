"""A data folder as timelines, for runs with `--data`: no store is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from crm.checked_tables import CheckedTables, Progress, TableCounts, leads_of
from crm.columns import NO_EVENTS, events_as_columns
from crm.event_rows import EventRows, event_rows
from crm.incoming import conflict_reason
from crm.incoming_leads import difference, repeated_lead_reason
from crm.learning import Choices, settle
from crm.mapping.export import open_source
from crm.rejections import RejectedRows
from crm.tables import Block
from crm.validation import CheckedRows
from leads.attributes import AttributeType
from leads.contract import EVENT_TABLES, LEADS, Table
from leads.identity import RunningNumbers
from leads.pipelines import Pipelines
from leads.records import EventColumns, Lead, concatenate_events, lead_columns
from leads.timeline import Timelines, build_timelines


@dataclass(frozen=True)
class FolderContents:
    """A data folder in memory; `data_hash` is the SHA-256 of the files that were read.

    In `tables`, `stored` counts the rows that are in the timelines' records.
    """

    timelines: Timelines
    tables: Mapping[str, TableCounts]
    attribute_types: Mapping[str, AttributeType]
    pipelines_learned: bool
    ambiguous_times: int
    warnings: tuple[str, ...]
    first_rejections: Mapping[str, str]
    rejected_files: tuple[Path, ...]
    data_hash: str


def read_folder(
    path: Path,
    *,
    mapping: Path | None = None,
    timezone: ZoneInfo | None = None,
    won: Sequence[str] = (),
    lost: Sequence[str] = (),
    rejected_dir: Path | None = None,
    progress: Progress | None = None,
) -> FolderContents:
    """Read a data folder, or an export through the mapping of a file, by the rules of an import.

    Refused rows are written to `rejected_dir`, or only counted. Raises `InvalidTableError` for a
    table that the contract does not allow.
    """
    folder = open_source(path, mapping, timezone)
    settled = settle(folder, Choices(timezone, won, lost))
    types = settled.rules.attribute_types
    with RejectedRows(rejected_dir) as rejected:
        tables = CheckedTables(folder, settled.rules, rejected, progress)
        leads = _read_leads(tables)
        events = _FolderEvents(tables)
        for table in EVENT_TABLES:
            for block, checked in tables.blocks(table):
                events.keep(table, block, checked)
    return FolderContents(
        timelines=_timelines(leads, events, settled.pipelines, types),
        tables=tables.counts,
        attribute_types=types,
        pipelines_learned=settled.learned,
        ambiguous_times=tables.ambiguous_times,
        warnings=(*settled.warnings, *folder.notes()),
        first_rejections=dict(rejected.first),
        rejected_files=rejected.files,
        data_hash=folder.hash(),
    )


def _read_leads(tables: CheckedTables) -> list[Lead]:
    """The leads in order of creation; of equal rows one is kept."""
    kept: dict[str, Lead] = {}
    for block, checked in tables.blocks(LEADS):
        refused = []
        for place, lead in zip(checked.place, leads_of(checked), strict=True):
            earlier = kept.setdefault(lead.lead_id, lead)
            differing = difference(lead, earlier)
            if differing is not None:
                reason = repeated_lead_reason(lead.lead_id, *differing)
                refused.append(block.rejection(place, reason))
        tables.reject(LEADS, refused)
    tables.require_leads()
    seen = tables.counts[LEADS.name].read - tables.counts[LEADS.name].rejected
    tables.count(LEADS, stored=len(kept), already_known=seen - len(kept))
    return sorted(kept.values(), key=lambda lead: (lead.created_at, lead.lead_id))


@dataclass
class _FolderEvents:
    """The events of a folder in blocks of columns.

    `given` has the content of ids that rows gave; `histories`, by lead, the attributes that have
    attribute changes.
    """

    tables: CheckedTables
    parts: list[EventColumns] = field(default_factory=list)
    numbers: RunningNumbers = field(default_factory=RunningNumbers)
    given: dict[str, str] = field(default_factory=dict)

    def keep(self, table: Table, block: Block, checked: CheckedRows) -> None:
        """Keep the events of a block; of equal ids one."""
        rows = event_rows(table, checked)
        event_ids: list[str] = []
        kept: list[int] = []
        refused = []
        for row, (given, content_hash) in enumerate(
            zip(rows.event_id, rows.content_hash, strict=True)
        ):
            if given is None:
                kept.append(row)
                event_ids.append(self.numbers.event_id(content_hash))
            elif given not in self.given:
                self.given[given] = content_hash
                kept.append(row)
                event_ids.append(given)
            elif self.given[given] != content_hash:
                refused.append(block.rejection(rows.place[row], conflict_reason(given)))
        repeated = len(rows) - len(kept) - len(refused)
        self.tables.reject(table, refused)
        self.tables.count(table, stored=len(kept), already_known=repeated)
        self._append(table, rows, kept, event_ids)

    def _append(
        self, table: Table, rows: EventRows, kept: Sequence[int], event_ids: Sequence[str]
    ) -> None:
        columns = rows.columns
        if len(kept) < len(rows):
            columns = {name: [column[row] for row in kept] for name, column in columns.items()}
        self.parts.append(events_as_columns(columns, event_ids, self.tables.rules.attribute_types))


def _timelines(
    leads: Sequence[Lead],
    events: _FolderEvents,
    pipelines: Pipelines,
    types: Mapping[str, AttributeType],
) -> Timelines:
    return build_timelines(
        lead_columns(leads, types),
        concatenate_events(events.parts or [NO_EVENTS]),
        pipelines,
        types,
    )
