"""The same snapshot by every way in gives the same bits."""

import numpy as np
import orjson
import pytest

from crm.bodies.requested import requested_events
from crm.bodies.score_request import ScoreRequest
from leads.clock import DAY_US, format_time
from leads.records import INTERACTION
from leads.view import Snapshots, look
from tests.serving.stored_bodies import body_of


def open_snapshots(served, count):
    """Snapshots of open leads; in most of them something had happened but was not yet recorded."""
    timelines = served.store.timelines()
    events = timelines.events
    late = np.flatnonzero(events.recorded_at > events.occurred_at)
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))[late]
    as_of = (events.occurred_at[late] + events.recorded_at[late]) // 2
    usable = (as_of > timelines.created_at[lead]) & (as_of < served.now())
    snapshots = Snapshots(lead[usable], as_of[usable])
    scores = served.scorer().score(look(timelines, snapshots), served.records().population)
    return timelines, scores, np.flatnonzero(scores.status == 0)[:count]


def test_get_post_and_scorer_agree_to_the_last_bit(client, served):
    _, scores, rows = open_snapshots(served, 120)
    assert len(rows) == 120
    for row in rows:
        direct = served.scorer().describe(scores, row)
        lead_id, as_of = direct.lead_id, direct.as_of
        got = client.get(f"/v1/leads/{lead_id}/score", params={"as_of": format_time(as_of)})
        posted = client.post(
            "/v1/score", content=orjson.dumps(body_of(served.store, lead_id, as_of))
        )
        for answer in (got.json(), posted.json()):
            assert answer["as_of"] == format_time(as_of)
            assert answer["win_probability"] == direct.win_probability
            assert answer["base_probability"] == direct.base_probability
            assert answer["other_effects"] == direct.other_effects
            assert tuple(answer["interval"]) == direct.interval
            assert list(answer["horizons"].values()) == list(direct.horizons.values())
            assert [f["effect"] for f in answer["factors"]] == [f.effect for f in direct.factors]
        assert got.json()["factors"] == posted.json()["factors"]


def test_effects_add_up_to_the_probability_shown(client, served):
    _, scores, rows = open_snapshots(served, 60)
    for row in rows:
        score = served.scorer().describe(scores, row)
        url = f"/v1/leads/{score.lead_id}/score"
        shown = client.get(url, params={"as_of": format_time(score.as_of), "factors": 2}).json()
        total = shown["base_probability"] + shown["other_effects"]
        total += sum(factor["effect"] for factor in shown["factors"])
        assert total == pytest.approx(shown["win_probability"], abs=1e-9)


def test_horizons_rise_to_the_window_and_the_interval_holds_the_probability(client, served):
    timelines, scores, rows = open_snapshots(served, 40)
    window = {p.name: p.window_days for p in timelines.pipelines.pipelines}
    for row in rows:
        pipeline, _ = timelines.pipelines.stage_names[scores.stage[row]]
        score = served.scorer().describe(scores, row)
        url = f"/v1/leads/{score.lead_id}/score"
        shown = client.get(url, params={"as_of": format_time(score.as_of)}).json()
        within = [day for day in (7, 30, 90, 365) if day <= window[pipeline]]
        assert list(shown["horizons"]) == [f"{day}d" for day in within]
        chances = list(shown["horizons"].values())
        assert chances == sorted(chances)
        assert chances[-1] <= shown["win_probability"]
        assert (within[-1] == window[pipeline]) == (chances[-1] == shown["win_probability"])
        low, high = shown["interval"]
        assert 0 < low < shown["win_probability"] < high < 1


def test_event_not_yet_recorded_changes_nothing(client, minimal_body):
    before = client.post("/v1/score", json=minimal_body).json()
    late = {
        "occurred_at": "2026-02-10T09:00:00Z",
        "recorded_at": "2026-02-20T09:00:01Z",
        "stage": "Proposal",
    }
    with_late = client.post("/v1/score", json=minimal_body | {"stage_changes": [late]}).json()
    known = late | {"recorded_at": "2026-02-20T09:00:00Z"}
    with_known = client.post("/v1/score", json=minimal_body | {"stage_changes": [known]}).json()
    assert with_late["win_probability"] == before["win_probability"]
    assert with_known["win_probability"] != before["win_probability"]


def test_derived_event_id_is_that_of_the_same_row_in_a_file(served, client):
    event = next(e for e in served.store.events("L-010") if e.type == INTERACTION)
    body = body_of(served.store, "L-010", served.now() - DAY_US)
    for item in body["interactions"]:
        del item["event_id"]
    request = ScoreRequest.model_validate_json(orjson.dumps(body))
    derived = {e.event_id for e in requested_events(request) if e.type == INTERACTION}
    assert event.event_id in derived
