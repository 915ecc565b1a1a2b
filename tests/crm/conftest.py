"""Small data folders, stores, and timelines in words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.store import Store
from leads.records import ATTRIBUTE_CHANGE, INTERACTION
from leads.timeline import Timelines

PIPELINES = """
[[pipeline]]
name = "default"
stages = ["New", "Qualified", "Proposal"]
won = ["Won"]
lost = ["Lost"]
"""
LEADS = """lead_id,created_at,source,amount
a,2026-01-01T00:00:00Z,fair,100
b,2026-01-02T00:00:00Z,web,200
"""
INTERACTIONS = """lead_id,occurred_at,kind,direction,duration_seconds,opens
a,2026-01-03T10:00:00Z,call,outbound,60,
a,2026-01-04T10:00:00Z,email,inbound,,3
b,2026-01-05T10:00:00Z,email,outbound,,0
"""
STAGE_CHANGES = """lead_id,occurred_at,stage
a,2026-01-03T11:00:00Z,Qualified
b,2026-01-06T11:00:00Z,Lost
"""
ATTRIBUTE_CHANGES = """lead_id,occurred_at,attribute,value
a,2026-01-01T00:00:00Z,amount,90
a,2026-01-05T00:00:00Z,amount,120
"""
USUAL = {
    "pipelines.toml": PIPELINES,
    "leads.csv": LEADS,
    "interactions.csv": INTERACTIONS,
    "stage_changes.csv": STAGE_CHANGES,
}

MakeFolder = Callable[..., Path]


@pytest.fixture
def usual() -> dict[str, str]:
    """The files of a small folder, by name; `attribute_changes.csv` is not among them."""
    return dict(USUAL)


@pytest.fixture
def attribute_changes() -> str:
    return ATTRIBUTE_CHANGES


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Write the usual folder with some files replaced; None leaves a file out."""

    def make(changed: dict[str, str | bytes | None] | None = None, name: str = "data") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, content in {**USUAL, **(changed or {})}.items():
            if content is not None:
                raw = content if isinstance(content, bytes) else content.encode()
                (folder / file).write_bytes(raw)
        return folder

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "home" / "store.db") as opened:
        yield opened


@pytest.fixture
def describe() -> Callable[[Timelines], dict[str, Any]]:
    """Timelines in words: by lead, its creation, pipeline and events in order."""
    return _described


def _described(timelines: Timelines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row, lead_id in enumerate(timelines.lead_ids):
        places = range(timelines.start[row], timelines.start[row + 1])
        pipeline = timelines.pipelines.names[timelines.pipeline[row]]
        events = [_event_in_words(timelines, place) for place in places]
        found[lead_id] = (int(timelines.created_at[row]), pipeline, events)
    return found


def _event_in_words(timelines: Timelines, place: int) -> tuple[Any, ...]:
    events = timelines.events
    names = {ATTRIBUTE_CHANGE: timelines.attributes, INTERACTION: timelines.kinds}
    event_type = int(events.type[place])
    stages = [stage for _, stage in timelines.pipelines.stage_names]
    return (
        event_type,
        int(events.occurred_at[place]),
        int(events.recorded_at[place]),
        names.get(event_type, stages)[events.name[place]],
        str(events.number[place]),
        _level(timelines.levels, events.level[place]),
        int(events.direction[place]),
        str(events.duration_seconds[place]),
        _level(timelines.actors, events.actor[place]),
        _level(timelines.results, events.result[place]),
        timelines.event_id[events.row[place]],
    )


def _level(levels: tuple[str, ...], code: int) -> str | None:
    return None if code < 0 else levels[code]
