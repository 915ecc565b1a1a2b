"""Events on their way into the store: which are new, which are known already, which contradict.

Equal rows without an id are told apart by a running number within one import. Only hashes that
are in the store already, or come again, are noted in a table of this connection: memory stays
bounded however many rows there are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    delete,
    insert,
    select,
)

from crm import schema
from crm.event_rows import EventRows
from crm.store import Write
from leads.identity import numbered_id

IDS_AT_ONCE = 5_000
NEW = -1

_temporary = MetaData()
_occurrences = Table(
    "import_occurrences",
    _temporary,
    Column("content_hash", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_histories = Table(
    "import_histories",
    _temporary,
    Column("lead_id", Text, primary_key=True),
    Column("attribute", Text, primary_key=True),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True)
class StoredEvents:
    """What became of the events of one block: counts, and (place, reason) of the refused."""

    stored: int
    already_known: int
    refused: list[tuple[int, str]]


@dataclass(frozen=True)
class _Known:
    content_hash: str
    sequence: int


@dataclass(frozen=True)
class IncomingEvents:
    """The events of one import from one origin."""

    write: Write
    origin: str

    @classmethod
    def begin(cls, write: Write, origin: str) -> "IncomingEvents":
        """Start an import; what it notes goes with the transaction's connection."""
        for table in _temporary.sorted_tables:
            table.create(write.connection)
        return cls(write, origin)

    def store(self, rows: EventRows) -> StoredEvents:
        """Store the new events of a block."""
        known = self._known({*rows.content_hash, *filter(None, rows.event_id)})
        event_ids = self._event_ids(rows, known)
        known |= self._known(set(event_ids) - set(rows.content_hash) - set(rows.event_id))
        new: list[int] = []
        refused: list[tuple[int, str]] = []
        for row, (event_id, content_hash) in enumerate(
            zip(event_ids, rows.content_hash, strict=True)
        ):
            found = known.setdefault(event_id, _Known(content_hash, NEW))
            if found.content_hash != content_hash:
                refused.append((rows.place[row], conflict_reason(event_id)))
            elif found.sequence == NEW:
                new.append(row)
                known[event_id] = _Known(content_hash, self.write.sequence)
        self._insert(rows, event_ids, new)
        return StoredEvents(len(new), len(rows) - len(new) - len(refused), refused)

    def note_histories(self, rows: EventRows, refused: Collection[int]) -> None:
        """Note which attributes of which leads have changes in this import."""
        triples = zip(rows.place, rows.columns["lead_id"], rows.columns["name"], strict=True)
        pairs = {(lead_id, name) for place, lead_id, name in triples if place not in refused}
        noted = select_many(
            self.write.connection,
            select(_histories.c.lead_id, _histories.c.attribute),
            _histories.c.lead_id,
            {lead_id for lead_id, _ in pairs},
        )
        new = [
            {"lead_id": lead_id, "attribute": attribute}
            for lead_id, attribute in sorted(pairs.difference(noted))
        ]
        if new:
            self.write.connection.execute(insert(_histories), new)

    def _known(self, event_ids: Collection[str]) -> dict[str, _Known]:
        """Those of some ids that this origin has used."""
        table = schema.events.c
        query = select(table.event_id, table.content_hash, table.sequence)
        query = query.where(table.origin == self.origin)
        rows = select_many(self.write.connection, query, table.event_id, event_ids)
        return {event_id: _Known(*content) for event_id, *content in rows}

    def _event_ids(self, rows: EventRows, known: Mapping[str, _Known]) -> list[str]:
        """Each row's id: the one it gave, else its hash with the running number in this import."""
        pairs = list(zip(rows.event_id, rows.content_hash, strict=True))
        derived = {content_hash for event_id, content_hash in pairs if event_id is None}
        table = _occurrences.c
        query = select(table.content_hash, table.number)
        noted = dict(select_many(self.write.connection, query, table.content_hash, derived))
        numbers = {h: noted.get(h, self._stored_now(known.get(h))) for h in derived}
        event_ids = []
        for event_id, content_hash in pairs:
            if event_id is None:
                numbers[content_hash] += 1
                event_id = numbered_id(content_hash, numbers[content_hash])
            event_ids.append(event_id)
        self._note(noted.keys(), {h: n for h, n in numbers.items() if n > 1 or h in known})
        return event_ids

    def _stored_now(self, found: _Known | None) -> int:
        """How often a hash that was not noted came in this import's earlier blocks: 1 or 0."""
        return int(found is not None and found.sequence == self.write.sequence)

    def _note(self, noted: Collection[str], numbers: Mapping[str, int]) -> None:
        """Keep the running numbers for the import's next blocks."""
        if noted:
            for ids in _parts(noted):
                query = delete(_occurrences).where(_occurrences.c.content_hash.in_(ids))
                self.write.connection.execute(query)
        if numbers:
            rows = [{"content_hash": h, "number": number} for h, number in numbers.items()]
            self.write.connection.execute(insert(_occurrences), rows)

    def _insert(self, rows: EventRows, event_ids: Sequence[str], new: Sequence[int]) -> None:
        columns = {**rows.columns, "event_id": event_ids, "content_hash": rows.content_hash}
        columns["details"] = [
            orjson.dumps(details).decode() if details else None for details in columns["details"]
        ]
        if len(new) < len(rows):
            columns = {name: [column[row] for row in new] for name, column in columns.items()}
        columns["origin"] = [self.origin] * len(new)
        columns["sequence"] = [self.write.sequence] * len(new)
        insert_columns(self.write.connection, schema.events, columns)


def conflict_reason(event_id: str) -> str:
    """Why a row is refused whose id is known with other content."""
    return (
        f"event_id: {event_id!r} is known with other content; give the row another id, or remove it"
    )


def histories_of_import(connection: Connection, lead_ids: Collection[str]) -> dict[str, set[str]]:
    """By lead, the attributes with rows in the running import's own attribute changes."""
    table = _histories.c
    query = select(table.lead_id, table.attribute)
    found: dict[str, set[str]] = {}
    for lead_id, attribute in select_many(connection, query, table.lead_id, lead_ids):
        found.setdefault(lead_id, set()).add(attribute)
    return found


def select_many(
    connection: Connection, query: Select[Any], key: ColumnElement[str], values: Collection[str]
) -> Iterator[Any]:
    """The rows of a query whose key is one of many values, as tuples."""
    for some in _parts(values):
        yield from map(tuple, connection.execute(query.where(key.in_(some))))


def insert_columns(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows given as columns of plain values.

    SQLAlchemy's own way through a dictionary per row takes twice as long as SQLite itself.
    """
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    names = list(columns) if compiled.positiontup is None else compiled.positiontup
    rows: list[Any] = list(zip(*(columns[name] for name in names), strict=True))
    if compiled.positiontup is None:
        rows = [dict(zip(names, row, strict=True)) for row in rows]
    if rows:
        connection.exec_driver_sql(str(compiled), rows)


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    listed = list(values)
    for first in range(0, len(listed), IDS_AT_ONCE):
        yield listed[first : first + IDS_AT_ONCE]
