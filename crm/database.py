"""SQLite as the store's database: who may write, when it is durable, and which errors to expect.

SQLite before 3.51.3 can lose commits in WAL mode when a connection checkpoints while another one
writes or checkpoints (https://sqlite.org/wal.html, "The WAL reset bug"). So connections that read
never checkpoint, and a connection that writes does both under a lock on a file, one at a time in
all processes.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from leads.errors import StoreError

LOCK_WAIT_SECONDS = 60.0
_LOCK_POLL_SECONDS = 0.02
_CACHE_KIB = 64 * 1024
_KEPT_LOG_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Database:
    """A SQLite file: many connections that read, one at a time that writes."""

    path: Path
    reader: Engine
    writer: Engine
    lock_wait_seconds: float

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements all see the same commits."""
        with _store_errors(self.path), self.reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is durable when the block ends without an error.

        Raises `StoreError` when another process writes for longer than the wait.
        """
        with _store_errors(self.path), self._lock(), self.writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        until = time.monotonic() + self.lock_wait_seconds
        with self.path.with_name(f"{self.path.name}.lock").open("w") as file:
            while not _try_lock(file.fileno()):
                if time.monotonic() > until:
                    raise StoreError(
                        f"{self.path} is being written by another command; wait until it is done"
                    )
                time.sleep(_LOCK_POLL_SECONDS)
            yield


def open_database(
    url_or_path: str | Path, lock_wait_seconds: float = LOCK_WAIT_SECONDS
) -> Database:
    """Open or create a SQLite file; raises `StoreError` for another kind of URL."""
    path = _path(url_or_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{path}"
    # Without a pool each write opens its connection anew: 0.3 ms beside a commit of 4 ms.
    writer = create_engine(url, poolclass=NullPool)
    reader = create_engine(url)
    writing = {"cache_size": -_CACHE_KIB, "journal_size_limit": _KEPT_LOG_BYTES}
    _prepare(writer, "BEGIN IMMEDIATE", writing)
    _prepare(reader, "BEGIN", {"wal_autocheckpoint": 0, "query_only": 1})
    return Database(path, reader, writer, lock_wait_seconds)


def _path(url_or_path: str | Path) -> Path:
    text = str(url_or_path)
    if "://" not in text:
        return Path(text)
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() != "sqlite" or not url.database:
        scheme = text.split("://")[0]
        raise StoreError(
            f"a store of kind {scheme!r} is not supported yet; give a path or sqlite:///PATH"
        )
    return Path(url.database)


def _prepare(engine: Engine, begin: str, pragmas: dict[str, int]) -> None:
    """Settings of every connection; transactions begin where SQLAlchemy says, not the driver."""
    everywhere: dict[str, str | int] = {
        "journal_mode": "WAL",
        "synchronous": "FULL",
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for name, value in (everywhere | pragmas).items():
            connection.execute(f"PRAGMA {name} = {value}").close()

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _store_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"{path}: {error.orig}; check that it is a leadscore store, and the disk's free space"
        ) from error
