"""One store, three ways in: `score --at`, `POST /v1/score` and `GET …/score` give the same bits."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from crm.store import Store
from leads.clock import format_time
from leads.outcome import known_status
from leads.view import Snapshots, look
from tests.leadscore.running import run_json
from tests.serving.stored_bodies import body_of

SHOWN = ("status", "win_probability", "score", "grade", "base_probability", "other_effects")


@contextmanager
def running_service(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "LEADSCORE_HOME": str(home)}
    command = [sys.executable, "-P", "-m", "leadscore", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            _answer(f"{url}/readyz")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the service was not ready within a minute")


def _answer(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def late_snapshots(store: Store, count: int) -> list[tuple[str, int]]:
    """Open leads at moments; at half of them an event had happened but was not yet recorded."""
    timelines = store.timelines()
    events = timelines.events
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))
    late = np.flatnonzero(events.recorded_at > events.occurred_at)
    late_at = (events.occurred_at[late] + events.recorded_at[late]) // 2
    some = np.arange(0, len(lead), 7)
    lead = np.concatenate([lead[late], lead[some]])
    as_of = np.concatenate([late_at, events.recorded_at[some]])
    usable = as_of >= timelines.created_at[lead]
    snapshots = Snapshots(lead[usable], as_of[usable])
    was_late = (np.arange(len(lead)) < len(late))[usable]
    is_open = known_status(look(timelines, snapshots)) == 0
    halves = (np.flatnonzero(is_open & was_late), np.flatnonzero(is_open & ~was_late))
    rows = np.concatenate(
        [half[:: max(len(half) // (count // 2), 1)][: count // 2] for half in halves]
    )
    assert len(rows) == count
    return [(timelines.lead_ids[snapshots.lead[r]], int(snapshots.as_of[r])) for r in rows]


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_three_ways_in_agree_to_the_last_bit(trained, tmp_path, count):
    home, _ = trained
    with Store.open(home / "leadscore.db") as store:
        snapshots = late_snapshots(store, count)
        bodies = [body_of(store, lead_id, as_of) for lead_id, as_of in snapshots]
    with (tmp_path / "at.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("lead_id", "as_of"), *((lead, format_time(as_of)) for lead, as_of in snapshots)]
        )

    rows = run_json(home, "score", "--at", tmp_path / "at.csv")["scores"]
    with running_service(home) as url:
        for (lead_id, as_of), body, row in zip(snapshots, bodies, rows, strict=True):
            asked = f"{url}/v1/leads/{quote(lead_id)}/score?as_of={format_time(as_of)}"
            for answer in (_answer(asked), _answer(f"{url}/v1/score", body)):
                assert {name: answer[name] for name in SHOWN} == {name: row[name] for name in SHOWN}
                assert answer["factors"] == row["factors"]
    assert {row["status"] for row in rows} == {"open"}
