"""Where a run's records come from: the store, or a data folder that touches no store."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.folder import read_folder
from crm.store import Store
from leads.clock import format_time, now_us
from leads.errors import InvalidInputError
from leads.freshness import Freshness, freshness
from leads.timeline import Timelines
from leadscore.options import read_moment, read_timezone
from leadscore.settings import Settings
from leadscore.terminal import Progress, warn


@dataclass(frozen=True)
class Records:
    """Timelines with their name for people, their hash, and the moment to look at by default."""

    timelines: Timelines
    name: str
    data_hash: str
    freshness: Freshness


def read_records(
    store: Store,
    settings: Settings,
    data: Path | None,
    timezone: str | None,
    won: Sequence[str] | None,
    lost: Sequence[str] | None,
    step: Progress,
    mapping: Path | None = None,
) -> Records:
    """The records of a folder if one is given, through a mapping if one is, else of the store.

    Notes on refused rows go to standard error. Raises `InvalidInputError` for an
    empty store.
    """
    if mapping is not None and data is None:
        raise InvalidInputError("--mapping is of the files of --data; give --data FOLDER as well")
    if data is None:
        step("reading the store")
        timelines = store.timelines() if store.pipelines() is not None else None
        if timelines is None or not len(timelines):
            raise InvalidInputError(
                "the store holds no leads; run `leadscore import FOLDER`, or give --data FOLDER"
            )
        name = f"the store at commit {store.records_sequence()}"
        data_hash = _content_hash(timelines)
    else:
        contents = read_folder(
            data,
            mapping=mapping,
            timezone=read_timezone(timezone),
            won=tuple(won or ()),
            lost=tuple(lost or ()),
            rejected_dir=settings.home / "rejected" / f"data-{format_time(now_us())}",
            progress=lambda table, rows: step(f"reading {table}, {rows:,} rows"),
        )
        for note in (*contents.warnings, *map(_rejected, contents.rejected_files)):
            warn(f"note: {note}")
        timelines, name, data_hash = contents.timelines, data.name, contents.data_hash
    now = now_us()
    return Records(timelines, name, data_hash, freshness(timelines.newest_event_at(now), now))


def moment_of(records: Records, given: str | None, option: str) -> int:
    """The moment that an option gives, else now, or the newest event's if that is old: then said.

    Raises `InvalidInputError` for text that is no time, and for one in the future.
    """
    moment = read_moment(given, option)
    if moment is None:
        if records.freshness.stale:
            warn(
                f"note: the newest event is from {format_time(records.freshness.as_of)}, more than "
                f"7 days ago: that is the moment looked at; give {option} for another"
            )
        return records.freshness.as_of
    if moment > now_us():
        raise InvalidInputError(f"{option}: {given} is in the future; give a time up to now")
    return moment


def _content_hash(timelines: Timelines) -> str:
    """SHA-256 over the leads and their events in order."""
    digest = hashlib.sha256()
    for texts in (timelines.lead_ids, timelines.event_id, timelines.levels):
        digest.update("\x1f".join(texts).encode())
    events = timelines.events
    for column in (timelines.created_at, events.occurred_at, events.recorded_at, events.number):
        digest.update(column.tobytes())
    return digest.hexdigest()


def _rejected(path: Path) -> str:
    return f"rejected rows with their reasons: {path}"
