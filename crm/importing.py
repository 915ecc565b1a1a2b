"""The import of a data folder into the store: all of it in one commit, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import insert

from crm import reading, schema
from crm.checked_tables import CheckedTables, Progress, TableCounts, leads_of
from crm.event_rows import event_rows
from crm.incoming import IncomingEvents
from crm.incoming_leads import IncomingLeads
from crm.learning import Choices, Settled, settle
from crm.mapping.accounting import FileCounts
from crm.mapping.export import open_source
from crm.rejections import RejectedRows
from crm.store import RECORDS, Store, Write
from crm.tables import Block
from crm.validation import CheckedRows
from leads.attributes import AttributeType
from leads.clock import format_time, now_us
from leads.contract import (
    ATTRIBUTE_CHANGES,
    INTERACTIONS,
    LEADS,
    STAGE_CHANGES,
    TABLES,
    Table,
)
from leads.counting import count_of
from leads.errors import InvalidTableError
from leads.pipelines import Pipelines

# Attribute changes come first: they say which columns of `leads` are not values at creation.
IMPORT_ORDER = (ATTRIBUTE_CHANGES, LEADS, INTERACTIONS, STAGE_CHANGES)
REJECTED = "rejected"


@dataclass(frozen=True)
class ImportSummary:
    """What an import did; `sequence` is its commit, or the latest one if it changed nothing.

    `files` says what became of the rows and columns of a mapped export's files.
    """

    import_id: str
    sequence: int
    tables: Mapping[str, TableCounts]
    ambiguous_times: int
    attribute_types: Mapping[str, AttributeType]
    pipelines_learned: bool
    warnings: tuple[str, ...]
    rejected_files: tuple[Path, ...]
    files: Mapping[str, FileCounts] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """How many rows were refused."""
        return sum(table.rejected for table in self.tables.values())

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return {
            "import": self.import_id,
            "sequence": self.sequence,
            "tables": {name: vars(table) for name, table in self.tables.items()},
            "ambiguous_times": self.ambiguous_times,
            "attribute_types": dict(self.attribute_types),
            "pipelines_learned": self.pipelines_learned,
            "warnings": list(self.warnings),
            "rejected_files": [str(path) for path in self.rejected_files],
            "files": {name: counts.as_record() for name, counts in self.files.items()},
        }


def import_folder(
    store: Store,
    path: Path,
    *,
    home: Path,
    mapping: Path | None = None,
    origin: str = "import",
    timezone: ZoneInfo | None = None,
    won: Sequence[str] = (),
    lost: Sequence[str] = (),
    strict: bool = False,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import a data folder, or an export through the mapping of a file.

    Importing the same again changes nothing.

    `progress` is called with a table's name and how many of its rows were read. Raises
    `InvalidTableError`, with nothing stored, for a table that the contract does not allow, and
    with `strict` for any refused row.
    """
    folder = open_source(path, mapping, timezone)
    import_id = format_time(now_us()).replace(":", "")
    choices = Choices(timezone, won, lost)
    with (
        RejectedRows(home / REJECTED / import_id) as rejected,
        store.writing(RECORDS, origin) as write,
    ):
        known = reading.read_pipelines(write.connection)
        fixed = reading.read_attribute_types(write.connection)
        settled = settle(folder, choices, known, fixed)
        tables = CheckedTables(folder, settled.rules, rejected, progress)
        running = _Import(tables, settled, write, origin)
        running.run()
        rejected.finish()
        if strict and rejected.total:
            raise InvalidTableError(_strict_message(path, rejected))
        changed = running.save_settled(known, fixed) or running.has_news
        if not changed:
            write.discard()
    return running.summary(import_id, write.sequence if changed else write.sequence - 1)


@dataclass
class _Import:
    """A running import: its tables' rows go block by block into one transaction."""

    tables: CheckedTables
    settled: Settled
    write: Write
    origin: str
    attributes: dict[str, None] = field(default_factory=dict)

    @property
    def has_news(self) -> bool:
        """Whether anything was stored."""
        return any(counts.stored or counts.updated for counts in self.tables.counts.values())

    def run(self) -> None:
        """Store the rows of all tables."""
        events = IncomingEvents.begin(self.write, self.origin)
        leads = IncomingLeads(self.write, self.origin)
        for table in IMPORT_ORDER:
            for block, checked in self.tables.blocks(table):
                if table is LEADS:
                    self._store_leads(leads, block, checked)
                else:
                    self._store_events(events, table, block, checked)
        self.tables.require_leads()

    def _store_leads(self, leads: IncomingLeads, block: Block, checked: CheckedRows) -> None:
        filled = (name for name, values in checked.others.items() if any(values))
        self.attributes.update(dict.fromkeys(filled))
        results = leads.store(leads_of(checked))
        fates = Counter(result.fate for result in results)
        self.tables.count(LEADS, stored=fates["stored"], already_known=fates["already_known"])
        self.tables.counts[LEADS.name].updated += fates["updated"]
        refused = [
            block.rejection(place, result.reason)
            for place, result in zip(checked.place, results, strict=True)
            if result.fate == "refused"
        ]
        self.tables.reject(LEADS, refused)

    def _store_events(
        self, events: IncomingEvents, table: Table, block: Block, checked: CheckedRows
    ) -> None:
        rows = event_rows(table, checked)
        result = events.store(rows)
        if table is ATTRIBUTE_CHANGES:
            changes = zip(rows.columns["name"], rows.columns["value"], strict=True)
            self.attributes.update((name, None) for name, value in changes if value is not None)
            events.note_histories(rows, {place for place, _ in result.refused})
        self.tables.count(table, stored=result.stored, already_known=result.already_known)
        self.tables.reject(table, [block.rejection(*refused) for refused in result.refused])

    def save_settled(self, known: Pipelines | None, fixed: Mapping[str, AttributeType]) -> bool:
        """Keep new pipelines and types; returns whether there were any."""
        changed = self.settled.pipelines != known
        if changed:
            save_pipelines(self.write, self.settled.pipelines)
        types = self.attribute_types
        new = [
            {"name": name, "type": types[name], "sequence": self.write.sequence}
            for name in sorted(types.keys() - fixed.keys())
        ]
        if new:
            self.write.connection.execute(insert(schema.attribute_types), new)
        return changed or bool(new)

    @property
    def attribute_types(self) -> dict[str, AttributeType]:
        """The types settled at the start; an attribute that came later is a category."""
        later: dict[str, AttributeType] = dict.fromkeys(self.attributes, "category")
        return {**later, **self.settled.rules.attribute_types}

    def summary(self, import_id: str, sequence: int) -> ImportSummary:
        """What the import did."""
        counts = self.tables.counts
        account = self.tables.folder.account
        return ImportSummary(
            import_id=import_id,
            sequence=sequence,
            tables={t.name: counts[t.name] for t in TABLES if t.name in counts},
            ambiguous_times=self.tables.ambiguous_times,
            attribute_types=self.attribute_types,
            pipelines_learned=self.settled.learned,
            warnings=(*self.settled.warnings, *self.tables.folder.notes()),
            rejected_files=self.tables.rejected.files,
            files={} if account is None else account.counts(),
        )


def save_pipelines(write: Write, pipelines: Pipelines) -> None:
    """Put these pipelines in the place of those the store has."""
    write.connection.execute(schema.pipelines.delete())
    rows = [
        {
            "name": record["name"],
            "place": place,
            "definition": orjson.dumps(record).decode(),
            "sequence": write.sequence,
        }
        for place, record in enumerate(pipelines.as_records())
    ]
    write.connection.execute(insert(schema.pipelines), rows)


def _strict_message(path: Path, rejected: RejectedRows) -> str:
    first = next(iter(rejected.first.values()))
    listed = ", ".join(str(file) for file in rejected.files)
    rows = count_of(rejected.total, "row", "rows")
    return (
        f"{path}: {rows} refused, nothing stored (--strict); the first: {first}; "
        f"all are in {listed}"
    )
