"""The store: leads, their events, pipelines, current scores and the champion, in one database."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, Select, func, insert, inspect, select

from crm import reading, schema
from crm.current_scores import CurrentScore, RankedPage, Ranking, read_page, write_scores
from crm.database import LOCK_WAIT_SECONDS, Database, open_database
from leads.attributes import AttributeType
from leads.clock import LATEST_US, now_us
from leads.errors import StoreError
from leads.pipelines import Pipelines
from leads.records import Event, Lead
from leads.timeline import Timelines

RECORDS = "records"
SCORES = "scores"
PROMOTION, ROLLBACK = "promotion", "rollback"
SYSTEM = "leadscore"


@dataclass(frozen=True)
class Champion:
    """The promoted model: its version, the hash of its manifest, and when it was promoted."""

    version: str
    manifest_hash: str
    promoted_at: int


@dataclass(frozen=True)
class Write:
    """A transaction that is being written: its commit's number and moment."""

    connection: Connection
    sequence: int
    committed_at: int

    def discard(self) -> None:
        """Store nothing after all, not even the commit: nothing was new."""
        self.connection.rollback()


@dataclass
class Store:
    """All records and current scores; every method reads or writes in one transaction."""

    database: Database
    _newest: dict[int, int | None] = field(default_factory=dict)

    @classmethod
    def open(cls, url_or_path: str | Path, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> Self:
        """Open a store, made anew where there is none; raises `StoreError` for another schema."""
        database = open_database(url_or_path, lock_wait_seconds)
        try:
            _create_or_check(database)
        except StoreError:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def writing(self, kind: str, origin: str) -> Iterator[Write]:
        """One commit: all that is written in the block is stored, or nothing after an error."""
        with self.database.writing() as connection:
            newest = connection.scalar(select(func.max(schema.commits.c.sequence)))
            write = Write(connection, (newest or 0) + 1, now_us())
            connection.execute(
                insert(schema.commits).values(
                    sequence=write.sequence,
                    committed_at=write.committed_at,
                    kind=kind,
                    origin=origin,
                )
            )
            yield write

    def sequence(self) -> int:
        """The number of the latest commit, 0 in an empty store."""
        return self._latest_sequence()

    def records_sequence(self) -> int:
        """The number of the latest commit of leads, events or pipelines: scores leave it alone."""
        return self._latest_sequence(RECORDS)

    def pipelines(self) -> Pipelines | None:
        """The pipelines, None before the first import."""
        with self.database.reading() as connection:
            return reading.read_pipelines(connection)

    def attribute_types(self) -> dict[str, AttributeType]:
        """The type of every attribute, fixed since it was first seen."""
        with self.database.reading() as connection:
            return reading.read_attribute_types(connection)

    def timelines(self, lead_ids: Collection[str] | None = None) -> Timelines:
        """The timelines of all or some leads, in order of creation; unknown ids are left out."""
        with self.database.reading() as connection:
            return reading.read_timelines(connection, lead_ids)

    def lead(self, lead_id: str) -> Lead:
        """A lead with its values at creation; raises `UnknownLeadError`."""
        with self.database.reading() as connection:
            return reading.read_lead(connection, lead_id)

    def events(self, lead_id: str) -> list[Event]:
        """A lead's events in the stated order, with texts; raises `UnknownLeadError`."""
        with self.database.reading() as connection:
            return reading.read_events(connection, lead_id)

    def newest_event_at(self, by: int = LATEST_US) -> int | None:
        """When the newest thing known by a moment was learned of any lead; None if nothing."""
        sequence = self.records_sequence()
        if sequence not in self._newest:
            self._newest = {sequence: self._read_newest_event_at(LATEST_US)}
        newest = self._newest[sequence]
        # Where nothing was learned later, it is the newest of all.
        return newest if newest is None or newest <= by else self._read_newest_event_at(by)

    def counts(self) -> dict[str, int]:
        """How many leads and events there are, events of leads not yet seen included."""
        with self.database.reading() as connection:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in (schema.leads, schema.events)
            }

    def champion(self) -> Champion | None:
        """The model that serves, None before the first promotion."""
        query = _champions().order_by(schema.champions.c.sequence.desc()).limit(1)
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _champion(row)

    def champions(self) -> list[Champion]:
        """The model that serves, the one a rollback goes back to, the one before that, and so on.

        What a rollback has left is no longer among them; promoting a champion again adds nothing.
        """
        with self.database.reading() as connection:
            return _read_champions(connection)

    def set_champion(
        self,
        version: str,
        manifest_hash: str,
        scores: Iterable[CurrentScore] | None = None,
    ) -> None:
        """Promote a model, in one commit with its scores in the place of all current ones."""
        with self.writing(PROMOTION, SYSTEM) as write:
            _write_champion(write, Champion(version, manifest_hash, write.committed_at))
            if scores is not None:
                write_scores(write.connection, scores)

    def roll_back(self, former: Champion, scores: Iterable[CurrentScore] | None = None) -> None:
        """Bring the champion before the present one back, in one commit with its scores.

        Raises `StoreError` when `former` is not the one before: somebody was faster.
        """
        with self.writing(ROLLBACK, SYSTEM) as write:
            if former not in _read_champions(write.connection)[1:2]:
                raise StoreError(
                    f"version {former.version} is no longer the champion before; "
                    "run `leadscore rollback` again"
                )
            _write_champion(write, former)
            if scores is not None:
                write_scores(write.connection, scores)

    def replace_scores(self, scores: Iterable[CurrentScore]) -> None:
        """Put these scores in the place of all current ones."""
        with self.writing(SCORES, SYSTEM) as write:
            write_scores(write.connection, scores)

    def ranked_leads(
        self,
        *,
        pipeline: str | None = None,
        stage: str | None = None,
        owner: str | None = None,
        min_score: int | None = None,
        sort: str = "-score",
        limit: int = 50,
        cursor: str | None = None,
    ) -> RankedPage:
        """Leads by current score, those without one last, ties by id.

        Raises `InvalidInputError` for an unknown sort, limit or cursor.
        """
        ranking = Ranking(pipeline, stage, owner, min_score, sort)
        with self.database.reading() as connection:
            return read_page(connection, ranking, limit, cursor)

    def _read_newest_event_at(self, by: int) -> int | None:
        with self.database.reading() as connection:
            return reading.read_newest_event_at(connection, by)

    def _latest_sequence(self, kind: str | None = None) -> int:
        query = select(func.max(schema.commits.c.sequence))
        if kind is not None:
            query = query.where(schema.commits.c.kind == kind)
        with self.database.reading() as connection:
            return connection.scalar(query) or 0


def _champions() -> Select[Any]:
    """Every change of champion: the kind of its commit, and the columns of `Champion`."""
    table = schema.champions.c
    columns = (schema.commits.c.kind, table.version, table.manifest_hash, table.promoted_at)
    return select(*columns).join_from(schema.champions, schema.commits)


def _read_champions(connection: Connection) -> list[Champion]:
    """Newest first: promotions one on top of the other, each rollback takes the top one away."""
    stack: list[Champion] = []
    for row in connection.execute(_champions().order_by(schema.champions.c.sequence)):
        champion = _champion(row)
        again = bool(stack) and _model(champion) == _model(stack[-1])
        if row.kind == ROLLBACK or again:
            stack.pop()
        if row.kind != ROLLBACK:
            stack.append(champion)
    return stack[::-1]


def _champion(row: Row[Any]) -> Champion:
    return Champion(row.version, row.manifest_hash, row.promoted_at)


def _model(champion: Champion) -> tuple[str, str]:
    return champion.version, champion.manifest_hash


def _write_champion(write: Write, champion: Champion) -> None:
    write.connection.execute(
        insert(schema.champions).values(
            sequence=write.sequence,
            version=champion.version,
            manifest_hash=champion.manifest_hash,
            promoted_at=champion.promoted_at,
        )
    )


def _create_or_check(database: Database) -> None:
    if not database.path.exists() or not database.path.stat().st_size:
        with database.writing() as connection:
            if not inspect(connection).get_table_names():
                _create(connection)
    with database.reading() as connection:
        found = _schema_number(connection)
    if found is None:
        raise StoreError(
            f"{database.path} is a database of something else; give another path for the store"
        )
    if found != str(schema.SCHEMA_NUMBER):
        raise StoreError(
            f"{database.path} has schema {found}, this version of leadscore needs "
            f"{schema.SCHEMA_NUMBER}; use the version that wrote it, or import into a new store"
        )


def _create(connection: Connection) -> None:
    schema.metadata.create_all(connection)
    number = str(schema.SCHEMA_NUMBER)
    connection.execute(insert(schema.meta).values(key="schema", value=number))


def _schema_number(connection: Connection) -> str | None:
    if not inspect(connection).has_table("meta"):
        return None
    return connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
