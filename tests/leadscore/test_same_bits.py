"""One store, three ways in: `score --at`, `POST /v1/score` and `GET …/score` give the same bits."""

import csv
from urllib.parse import quote

import numpy as np
import pytest

from crm.store import Store
from leads.clock import format_time
from leads.outcome import known_status
from leads.view import Snapshots, look
from tests.leadscore.running import answer_of, run_json, running_service
from tests.serving.stored_bodies import body_of

SHOWN = ("status", "win_probability", "score", "grade", "base_probability", "other_effects")


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
            for answer in (answer_of(asked), answer_of(f"{url}/v1/score", body)):
                assert {name: answer[name] for name in SHOWN} == {name: row[name] for name in SHOWN}
                assert answer["factors"] == row["factors"]
    assert {row["status"] for row in rows} == {"open"}
