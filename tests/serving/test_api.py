"""The JSON endpoints: what they answer, and the problems they answer instead."""

import re

import orjson
import pytest
from fastapi.testclient import TestClient

from crm.store import Store
from leads.clock import DAY_US, format_time, parse_time
from leads.errors import LeadscoreError
from serving.app import create_app
from serving.openapi import TABLES_OF_BODIES
from serving.problems import problem_of
from serving.schemas import RankedLeads, ScoreAnswer, TimelineAnswer


def open_lead(served):
    page = served.store.ranked_leads(limit=1)
    return page.items[0].lead_id


def test_answers_have_the_described_shape(client, served, minimal_body):
    lead_id = open_lead(served)
    ScoreAnswer.model_validate_json(client.get(f"/v1/leads/{lead_id}/score").content)
    ScoreAnswer.model_validate_json(client.post("/v1/score", json=minimal_body).content)
    RankedLeads.model_validate_json(client.get("/v1/leads?limit=5").content)
    TimelineAnswer.model_validate_json(client.get(f"/v1/leads/{lead_id}/timeline").content)


def test_score_without_as_of_is_that_of_now(client, served, clock):
    answer = client.get(f"/v1/leads/{open_lead(served)}/score").json()
    assert answer["as_of"] == format_time(clock.at)
    assert answer["freshness"]["stale"] is False
    assert answer["model"] == {
        "name": "win", "version": "7", "trained_at": "2026-02-28T12:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(("days", "stale"), [(7, False), (7.001, True), (300, True)])
def test_score_of_records_older_than_a_week_is_as_of_the_newest(client, served, clock, days, stale):
    newest = served.store.newest_event_at()
    clock.at = newest + int(days * DAY_US)
    answer = client.get(f"/v1/leads/{open_lead(served)}/score").json()
    assert answer["freshness"] == {"newest_event_at": format_time(newest), "stale": stale}
    assert answer["as_of"] == format_time(newest if stale else clock.at)


def test_an_asked_moment_is_kept_however_stale(client, served, clock):
    clock.at = served.store.newest_event_at() + 300 * DAY_US
    asked = format_time(clock.at - DAY_US)
    answer = client.get(f"/v1/leads/{open_lead(served)}/score", params={"as_of": asked}).json()
    assert answer["as_of"] == asked
    assert answer["freshness"]["stale"] is True


def test_closed_lead_has_its_status_and_no_probability(client, served):
    moved = [e for i in ("L-000", "L-001", "L-002") for e in served.store.events(i)]
    closed = next(e for e in moved if e.type == 2 and e.name in {"Won", "Lost"})
    answer = client.get(f"/v1/leads/{closed.lead_id}/score").json()
    assert answer["status"] in {"won", "lost"}
    for name in ("win_probability", "score", "grade", "base_probability", "other_effects"):
        assert answer[name] is None
    assert answer["factors"] == []


def test_factors_asked_for_are_the_strongest_each_way(client, served):
    lead_id = open_lead(served)
    all_of_them = client.get(f"/v1/leads/{lead_id}/score").json()["factors"]
    more = client.get(f"/v1/leads/{lead_id}/score?factors=100").json()["factors"]
    assert {f["name"] for f in all_of_them} < {f["name"] for f in more}
    two = client.get(f"/v1/leads/{lead_id}/score?factors=2").json()["factors"]
    for direction in ("win", "lose"):
        strongest = [f for f in all_of_them if f["direction"] == direction][:2]
        assert [f for f in two if f["direction"] == direction] == strongest
    assert client.get(f"/v1/leads/{lead_id}/score?factors=0").json()["factors"] == []


def test_unknown_lead_is_404(client):
    for part in ("score", "timeline"):
        answer = client.get(f"/v1/leads/nobody/{part}")
        assert answer.status_code == 404
        assert "no lead 'nobody' is known" in answer.json()["detail"]


def test_moment_in_the_future_is_refused(client, minimal_body, clock):
    asked = format_time(clock.at + 1)
    got = client.get("/v1/leads/L-001/score", params={"as_of": asked})
    posted = client.post("/v1/score", json=minimal_body | {"as_of": asked})
    for answer in (got, posted):
        assert answer.status_code == 422
        assert "is in the future" in answer.json()["detail"]


def test_moment_before_creation_is_refused(client, minimal_body):
    asked = "2024-01-01T00:00:00Z"
    got = client.get("/v1/leads/L-001/score", params={"as_of": asked})
    posted = client.post("/v1/score", json=minimal_body | {"as_of": asked})
    for answer in (got, posted):
        assert answer.status_code == 422
        assert "was created" in answer.json()["detail"]


def test_body_without_as_of_is_scored_now(client, minimal_body, clock):
    del minimal_body["as_of"]
    answer = client.post("/v1/score", json=minimal_body).json()
    assert answer["as_of"] == format_time(clock.at)
    assert answer["freshness"] == {"newest_event_at": "2026-02-01T09:00:00Z", "stale": False}


def test_unknown_stage_is_refused_with_the_known_ones(client, minimal_body):
    move = {"occurred_at": "2026-02-02T09:00:00Z", "stage": "Demo"}
    answer = client.post("/v1/score", json=minimal_body | {"stage_changes": [move]})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "loc": ["stage_changes", 0, "stage"],
            "message": "'Demo' is not a known stage; "
            "known are 'New', 'Qualified', 'Proposal', 'Won', 'Lost'",
        }
    ]


def test_unknown_pipeline_is_refused_with_the_known_ones(client, minimal_body):
    minimal_body["lead"]["pipeline"] = "b2c"
    errors = client.post("/v1/score", json=minimal_body).json()["errors"]
    assert errors[0]["loc"] == ["lead", "pipeline"]
    assert errors[0]["message"] == "'b2c' is not a known pipeline; known are 'b2b'"


def test_value_that_is_not_of_its_type_is_refused_by_name(client, minimal_body):
    minimal_body["lead"]["attributes"] = {"amount": "a lot"}
    change = {"occurred_at": "2026-02-02T09:00:00Z", "attribute": "amount", "value": True}
    answer = client.post("/v1/score", json=minimal_body | {"attribute_changes": [change]})
    assert [error["loc"] for error in answer.json()["errors"]] == [
        ["lead", "attributes", "amount"],
        ["attribute_changes", 0, "value"],
    ]
    assert "amount is of type number: 'a lot' is not a number" in answer.json()["detail"]


def test_number_as_text_is_the_number(client, minimal_body):
    answers = []
    for amount in (12500, 12500.0, "12500", " 12500.0 "):
        minimal_body["lead"]["attributes"] = {"amount": amount}
        answers.append(client.post("/v1/score", json=minimal_body).json())
    assert all(answer == answers[0] for answer in answers)


def test_attribute_with_changes_from_creation_on_takes_its_values_from_them_alone(
    client, minimal_body
):
    first = {"occurred_at": minimal_body["lead"]["created_at"], "attribute": "amount", "value": 10}
    minimal_body["lead"]["attributes"] = {}
    without = client.post("/v1/score", json=minimal_body | {"attribute_changes": [first]}).json()
    minimal_body["lead"]["attributes"] = {"amount": 19_500}
    with_value = client.post("/v1/score", json=minimal_body | {"attribute_changes": [first]}).json()
    assert with_value == without


def test_first_change_that_is_not_yet_known_leaves_the_value_at_creation(client, minimal_body):
    late = {"occurred_at": "2026-02-19T09:00:00Z", "attribute": "amount", "value": 100}
    late["recorded_at"] = "2026-02-25T09:00:00Z"
    minimal_body["lead"]["attributes"] = {"amount": 19_500}
    before = client.post("/v1/score", json=minimal_body).json()
    after = client.post("/v1/score", json=minimal_body | {"attribute_changes": [late]}).json()
    assert after["win_probability"] == before["win_probability"]
    assert after["factors"] == before["factors"]


def test_same_event_twice_counts_once(client, minimal_body):
    email = {"occurred_at": "2026-02-19T09:00:00Z", "kind": "email", "event_id": "e-1"}
    once = client.post("/v1/score", json=minimal_body | {"interactions": [email]})
    twice = client.post("/v1/score", json=minimal_body | {"interactions": [email, email]})
    assert once.status_code == 200
    assert twice.json() == once.json()


def test_event_id_with_other_content_is_a_conflict(client, minimal_body):
    email = {"occurred_at": "2026-02-19T09:00:00Z", "kind": "email", "event_id": "e-1"}
    events = [email, email | {"kind": "call"}]
    answer = client.post("/v1/score", json=minimal_body | {"interactions": events})
    assert answer.status_code == 409
    assert "event_id 'e-1' comes twice with other content" in answer.json()["detail"]


def test_equal_events_without_an_id_all_count(client, minimal_body):
    email = {"occurred_at": "2026-02-19T09:00:00Z", "kind": "email", "direction": "inbound"}
    scores = [
        client.post("/v1/score?factors=100", json=minimal_body | {"interactions": [email] * n})
        for n in (1, 3)
    ]
    assert scores[0].json()["win_probability"] != scores[1].json()["win_probability"]


def test_nothing_of_a_body_is_stored(client, served, minimal_body):
    before = served.store.sequence(), served.store.counts()
    client.post("/v1/score", json=minimal_body)
    assert (served.store.sequence(), served.store.counts()) == before


def test_pages_of_ranked_leads_are_the_whole_ranking(client):
    whole = client.get("/v1/leads?limit=1000").json()
    leads, cursor = [], None
    while True:
        page = client.get(
            "/v1/leads", params={"limit": 50} | ({"cursor": cursor} if cursor else {})
        )
        leads += page.json()["leads"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert leads == whole["leads"]
    assert len(leads) == whole["total"] == 240
    shown = [lead["win_probability"] for lead in leads if lead["win_probability"] is not None]
    assert shown == sorted(shown, reverse=True)


def test_ranked_leads_are_filtered(client):
    asked = {"owner": "<b>Ada</b>", "stage": "Proposal", "min_score": 20}
    page = client.get("/v1/leads", params=asked).json()
    assert 0 < page["total"] < 120
    for lead in page["leads"]:
        assert (lead["owner"], lead["stage"]) == ("<b>Ada</b>", "Proposal")
        assert lead["score"] >= 20


def test_timeline_is_paged_newest_first(client, served):
    histories = [served.store.events(f"L-{number:03d}") for number in range(20)]
    events = max(histories, key=len)
    url = f"/v1/leads/{events[0].lead_id}/timeline"
    first = client.get(f"{url}?limit=2").json()
    rest = client.get(f"{url}?limit=1000&offset=2").json()
    assert first["next_offset"] == 2
    assert rest["next_offset"] is None
    shown = [event["event_id"] for event in first["events"] + rest["events"]]
    assert shown == [event.event_id for event in reversed(events)]
    assert first["attributes"]["owner"] in {"<b>Ada</b>", "Grace"}


def test_unknown_route_and_wrong_method_are_problems(client):
    unknown = client.get("/v2/leads")
    wrong = client.delete("/v1/leads")
    assert (unknown.status_code, wrong.status_code) == (404, 405)
    assert wrong.headers["allow"] == "GET, HEAD"
    for answer in (unknown, wrong, client.get("/static/none.css"), client.get("/static/../app.py")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert orjson.loads(answer.content)["status"] == answer.status_code


def test_without_a_model_callers_are_told_to_train(empty_client, minimal_body):
    for answer in (
        empty_client.get("/readyz"),
        empty_client.post("/v1/score", json=minimal_body),
        empty_client.get("/v1/leads/x/score"),
    ):
        assert answer.status_code == 503
        assert answer.json()["detail"] == "no model promoted yet; run leadscore train"
    assert empty_client.get("/healthz").json() == {"status": "ok"}
    assert empty_client.get("/v1/leads").json() == {"leads": [], "next_cursor": None, "total": 0}


def test_ready_with_store_and_model(client):
    assert client.get("/readyz").json() == {"status": "ready", "model_version": "7"}


def test_model_without_records_scores_by_its_own_pipelines(empty_served, home, minimal_body):
    manifest_hash = _manifest_hash(home)
    empty_served.store.set_champion("7", manifest_hash)
    models = type(empty_served)(empty_served.store, home.models, clock=empty_served.now)
    with TestClient(create_app(models)) as client:
        answer = client.post("/v1/score", json=minimal_body)
        assert answer.status_code == 200
        minimal_body["lead"]["pipeline"] = "b2c"
        assert client.post("/v1/score", json=minimal_body).status_code == 422


def test_damaged_model_is_not_served(empty_served, home, minimal_body):
    empty_served.store.set_champion("7", "0" * 64)
    models = type(empty_served)(empty_served.store, home.models, clock=empty_served.now)
    with TestClient(create_app(models)) as client:
        for answer in (client.get("/readyz"), client.post("/v1/score", json=minimal_body)):
            assert answer.status_code == 503
            assert "promote the version again" in answer.json()["detail"]


def _manifest_hash(home):
    with Store.open(home.store_path) as store:
        return store.champion().manifest_hash


def test_every_error_of_the_tree_has_a_status():
    def tree(error):
        return [error, *(below for child in error.__subclasses__() for below in tree(child))]

    statuses = {error.__name__: problem_of(error("x")).status for error in tree(LeadscoreError)}
    assert statuses["InvalidSnapshotError"] == 422
    assert statuses["EventConflictError"] == 409
    assert statuses["StoreError"] == 503
    assert all(400 <= status < 600 for status in statuses.values())


def test_openapi_describes_the_raw_body(client, minimal_body):
    document = client.get("/openapi.json").json()
    body = document["paths"]["/v1/score"]["post"]["requestBody"]
    assert body["required"] is True
    schemas = document["components"]["schemas"]
    assert schemas["ScoreRequest"]["required"] == ["lead"]
    assert schemas["LeadBody"]["properties"]["created_at"]["format"] == "date-time"
    example = body["content"]["application/json"]["example"]
    assert set(example) == set(schemas["ScoreRequest"]["properties"])
    references = {
        r.split('"')[0] for r in client.get("/openapi.json").text.split("#/components/schemas/")[1:]
    }
    assert references <= set(schemas)


def test_example_of_the_description_is_a_good_body(client):
    document = client.get("/openapi.json").json()
    content = document["paths"]["/v1/score"]["post"]["requestBody"]["content"]
    example = content["application/json"]["example"]
    assert parse_time(example["as_of"]) == parse_time("2026-03-01T10:00:00Z")
    answer = client.post("/v1/score", json=example)
    assert answer.status_code == 200, answer.text


def test_fields_of_bodies_mean_what_the_contract_says(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for body, table in TABLES_OF_BODIES.items():
        properties = schemas[body.__name__]["properties"]
        described = {name: field.get("description") for name, field in properties.items()}
        meanings = {column.name: column.meaning for column in table.columns}
        assert described.items() >= {(n, m) for n, m in meanings.items() if n in properties}
        assert set(table.required_names) - {"lead_id"} <= set(properties)
    assert "when we learned of it" in client.get("/docs").text


def test_docs_need_nothing_from_elsewhere(client):
    html = client.get("/docs").text
    assert "<script" not in html
    assert not re.search(r'(src|href)="(https?:)?//', html)
    for shown in ("/v1/score", "Score a lead with its history", "min_score", "other_effects"):
        assert shown in html
    assert "&#34;lead_id&#34;: &#34;42&#34;" in html


def test_a_language_that_is_not_spoken_gets_english(client, minimal_body):
    asked = client.post("/v1/score?lang=fi", json=minimal_body)
    assert asked.status_code == 200
    assert asked.json() == client.post("/v1/score", json=minimal_body).json()
