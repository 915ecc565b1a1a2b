"""Small exports with their mappings, read as timelines' records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm.folder import FolderContents, read_folder
from leads.clock import format_time
from leads.records import ATTRIBUTE_CHANGE, INTERACTION
from leads.timeline import Timelines

DEALS = """Id;Created;Stage;Closed;Contact;Value;Status note
1;01/03/2026 09:00;Won;2026-03-20;c1;1.200,50;x
2;02/03/2026 09:00;Lost;;c1;300;
3;03/03/2026 09:00;Proposal;2026-09-01;c2;;
"""
CALLS = """call,who,at,minutes,how
k1,c1,2026-03-01T10:00:00,1.5,Out
k2,c1,2026-03-05T10:00:00,2,In
k3,c9,2026-03-05T11:00:00,2,In
k4,c2,2026-03-01T08:00:00,,Out
"""
MAPPING = """
timezone = "Europe/Berlin"

[[pipeline]]
name = "default"
stages = ["New", "Proposal"]
won = ["Won"]
lost = ["Lost"]

[[read]]
file = "deals.csv"
delimiter = ";"
as = "leads"
leave_out = { "Status note" = "written at the close" }

[read.columns]
lead_id = "Id"
created_at = { column = "Created", format = "%d/%m/%Y %H:%M" }
amount = { column = "Value", decimal_comma = true }

[read.outcome]
stage = "Stage"
closed_at = "Closed"

[[read]]
file = "calls.csv"
as = "interactions"

[read.columns]
event_id = "call"
occurred_at = "at"
kind = { value = "call" }
duration_seconds = { column = "minutes", unit = "minutes" }
direction = { column = "how", map = { Out = "outbound", In = "inbound" } }

[read.link]
key = "who"
lead_key = "Contact"
"""

Files = dict[str, str | bytes]
Read = Callable[..., FolderContents]


@pytest.fixture
def export_files() -> Files:
    """The files of a small export; its mapping is `mapping`."""
    return {"deals.csv": DEALS, "calls.csv": CALLS}


@pytest.fixture
def mapping() -> str:
    return MAPPING


@pytest.fixture
def write_export(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Write an export and its mapping; gives both paths."""

    def write(files: Files, mapping: str, name: str = "export") -> tuple[Path, Path]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (folder / file).write_bytes(raw)
        mapping_file = tmp_path / f"{name}.toml"
        mapping_file.write_text(mapping, encoding="utf-8")
        return folder, mapping_file

    return write


@pytest.fixture
def read_export(write_export: Callable[..., tuple[Path, Path]], tmp_path: Path) -> Read:
    """Read an export through a mapping; refused rows go to `rejected`."""

    def read(files: Files, mapping: str, name: str = "export", **options: Any) -> FolderContents:
        folder, mapping_file = write_export(files, mapping, name)
        return read_folder(
            folder, mapping=mapping_file, rejected_dir=tmp_path / "rejected" / name, **options
        )

    return read


@pytest.fixture
def events_of() -> Callable[[FolderContents, str], list[tuple[str, ...]]]:
    """The events of a lead without its values at creation, in words and in order."""
    return _events_of


def _events_of(contents: FolderContents, lead_id: str) -> list[tuple[str, ...]]:
    timelines = contents.timelines
    row = timelines.row_of[lead_id]
    places = range(timelines.start[row], timelines.start[row + 1])
    return [_in_words(timelines, p) for p in places if timelines.event_id[timelines.events.row[p]]]


def _in_words(timelines: Timelines, place: int) -> tuple[str, ...]:
    """What happened, when, and when it was learned of if that was later."""
    events = timelines.events
    stages = [stage for _, stage in timelines.pipelines.stage_names]
    names = {ATTRIBUTE_CHANGE: timelines.attributes, INTERACTION: timelines.kinds}
    name = names.get(int(events.type[place]), stages)[events.name[place]]
    occurred_at, recorded_at = int(events.occurred_at[place]), int(events.recorded_at[place])
    learned = (format_time(recorded_at),) if recorded_at != occurred_at else ()
    return (name, format_time(occurred_at), *learned)
