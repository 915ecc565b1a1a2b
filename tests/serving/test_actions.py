"""What could be done about a lead, over HTTP: strictly read, described, and nothing stored."""

import json
import re
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.importing import import_folder
from features.population import population_of
from leads.clock import DAY_US, format_time
from models.languages import LANGUAGES
from serving.openapi import WHAT_IF_EXAMPLE
from tests.serving.conftest import NOW
from tests.serving.stored_bodies import body_of

CALL = {"kind": "call", "direction": "outbound", "result": "answered"}
YESTERDAY, TOMORROW = format_time(NOW - DAY_US), format_time(NOW + DAY_US)


@pytest.fixture
def lead_id(served):
    return next(one.lead_id for one in ranked(served) if one.score is not None)


@pytest.fixture
def closed_id(served):
    return next(one.lead_id for one in ranked(served) if one.score is None)


def ranked(served):
    return served.store.ranked_leads(limit=1000).items


def thought_of(client, lead_id, body, status=200):
    answer = client.post(f"/v1/leads/{lead_id}/what-if", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def got(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


# What-if.


def test_what_if_starts_from_the_score_and_its_events_add_up(client, lead_id):
    body = {
        "interactions": [CALL, CALL | {"occurred_at": YESTERDAY}],
        "attribute_changes": [{"attribute": "amount", "value": 20000}],
        "stage_changes": [{"stage": "Proposal"}],
    }
    found = thought_of(client, lead_id, body)
    now = got(client, f"/v1/leads/{lead_id}/score")
    assert found["before"] == now
    assert set(found["after"]) == set(now)
    effects = [part["effect"] for part in found["events"]]
    assert sum(effects) == pytest.approx(found["difference"], abs=1e-12)
    after = found["after"]
    assert after["win_probability"] - now["win_probability"] == found["difference"] != 0
    explained = after["base_probability"] + after["other_effects"]
    explained += sum(factor["effect"] for factor in after["factors"])
    assert explained == pytest.approx(after["win_probability"], abs=1e-9)
    assert found["events"][0]["event"]["occurred_at"] == YESTERDAY
    assert [part["event"]["type"] for part in found["events"]] == [
        "interaction", "attribute_change", "interaction", "stage_change",
    ]  # fmt: skip


def test_an_event_without_a_time_happens_at_the_moment_of_the_score(client, lead_id):
    found = thought_of(client, lead_id, {"interactions": [CALL]})
    timed = {"interactions": [CALL | {"occurred_at": found["as_of"]}], "as_of": found["as_of"]}
    assert thought_of(client, lead_id, timed) == found


def test_nothing_is_stored(client, served, lead_id):
    before = (
        served.store.sequence(), served.store.counts(), got(client, f"/v1/leads/{lead_id}/score")
    )  # fmt: skip
    thought_of(client, lead_id, {"interactions": [CALL], "stage_changes": [{"stage": "Proposal"}]})
    after = (
        served.store.sequence(), served.store.counts(), got(client, f"/v1/leads/{lead_id}/score")
    )  # fmt: skip
    assert after == before


def test_the_event_in_the_body_of_the_lead_gives_the_same_score(client, served, lead_id):
    """What was thought of comes true: the whole lead with the event is sent to be scored."""
    body = body_of(served.store, lead_id, NOW)
    body["interactions"].append(CALL | {"occurred_at": format_time(NOW)})
    scored = client.post("/v1/score", json=body).json()
    found = thought_of(client, lead_id, {"interactions": [CALL], "as_of": format_time(NOW)})
    assert found["after"]["win_probability"] == scored["win_probability"]


def test_a_moment_ahead_moves_both_scores(client, lead_id):
    found = thought_of(client, lead_id, {"interactions": [CALL], "as_of": TOMORROW})
    assert found["before"]["as_of"] == found["after"]["as_of"] == TOMORROW
    problem = thought_of(
        client, lead_id, {"interactions": [CALL], "as_of": "2027-06-01T00:00:00Z"}, 422
    )
    assert "more than 365 days ahead" in problem["detail"]


def test_a_past_moment_is_replayed(client, lead_id, served):
    as_of = format_time(served.store.lead(lead_id).created_at + DAY_US)
    found = thought_of(client, lead_id, {"interactions": [CALL], "as_of": as_of})
    assert found["before"] == got(client, f"/v1/leads/{lead_id}/score?as_of={as_of}")


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ({"stage_changes": [{"stage": "Won"}]}, ["stage_changes", 0, "stage"], "closes the lead"),
        ({"stage_changes": [{"stage": "Lost"}]}, ["stage_changes", 0, "stage"], "closes the lead"),
        ({"stage_changes": [{"stage": "Demo"}]}, ["stage_changes", 0, "stage"], "not a known"),
        (
            {"interactions": [CALL, CALL | {"occurred_at": TOMORROW}]},
            ["interactions", 1, "occurred_at"],
            "give a later as_of",
        ),
        (
            {"interactions": [CALL | {"recorded_at": TOMORROW}]},
            ["interactions", 0, "recorded_at"],
            "would not be known",
        ),
        (
            {"attribute_changes": [{"attribute": "amount", "value": "many"}]},
            ["attribute_changes", 0, "value"],
            "is of type number",
        ),
        (
            {"interactions": [CALL, {"kind": "emial"}]},
            ["interactions", 1, "kind"],
            "'emial' is not a known kind; known are 'email'",
        ),
        (
            {"interactions": [{"kind": "Call"}]},
            ["interactions", 0, "kind"],
            "'Call' is not a known kind; known are 'call'",
        ),
        (
            {"attribute_changes": [{"attribute": "amuont", "value": 1}]},
            ["attribute_changes", 0, "attribute"],
            "'amuont' is not a known attribute; known are 'amount',",
        ),
        (
            {"interactions": [CALL | {"opens": 3}]},
            ["interactions", 0, "opens"],
            "there is no such field; leave it out",
        ),
        ({}, [], "there is no event to think of"),
        ({"interactions": []}, [], "there is no event to think of"),
    ],
)
def test_what_cannot_be_thought_of_is_refused_by_its_place(client, lead_id, body, place, said):
    problem = thought_of(client, lead_id, body, 422)
    assert problem["errors"][0]["loc"] == place
    assert said in problem["errors"][0]["message"]


def test_a_kind_of_contact_that_nobody_had_yet_is_a_contact(client, lead_id):
    first = thought_of(client, lead_id, {"interactions": [{"kind": "fishing trip"}]}, 200)

    assert first["after"]["win_probability"] != first["before"]["win_probability"]


def test_a_closed_lead_an_unknown_lead_and_a_known_event_are_refused(client, lead_id, closed_id):
    body = {"interactions": [CALL]}
    assert "has no score to start from" in thought_of(client, closed_id, body, 422)["detail"]
    assert "no lead 'X'" in thought_of(client, "X", body, 404)["detail"]
    event_id = got(client, f"/v1/leads/{lead_id}/timeline")["events"][0]["event_id"]
    known = {"interactions": [CALL | {"event_id": event_id}]}
    assert "has happened" in thought_of(client, lead_id, known, 409)["detail"]
    twice = {"interactions": [CALL | {"event_id": "e"}, {"kind": "email", "event_id": "e"}]}
    assert "comes twice" in thought_of(client, lead_id, twice, 409)["detail"]


def with_call(fields: bytes) -> bytes:
    return b'{"interactions": [{"kind": "call", ' + fields + b"}]}"


HOSTILE = {
    "empty": b"",
    "null": b"null",
    "an array": b"[]",
    "cut off": b'{"interactions": [',
    "followed by rubbish": b'{"interactions": [{"kind": "call"}]} rubbish',
    "NaN as a duration": with_call(b'"duration_seconds": NaN'),
    "1e999 as a duration": with_call(b'"duration_seconds": 1e999'),
    "a text as a duration": with_call(b'"duration_seconds": "30"'),
    "NaN as a time": with_call(b'"occurred_at": NaN'),
    "a naive time": with_call(b'"occurred_at": "2026-02-01T09:00:00"'),
    "the year 9999": with_call(b'"occurred_at": "9999-12-31T23:59:59-14:00"'),
    "a lone surrogate": with_call(b'"result": "\\ud800"'),
    "a NUL": with_call(b'"result": "a\\u0000b"'),
    "invalid UTF-8": with_call(b'"result": "\xff"'),
    "a key twice": with_call(b'"result": "a", "result": "b"'),
    "an unknown field": with_call(b'"opens": 3'),
    "an unknown field at the top": b'{"interactions": [{"kind": "call"}], "lead": {}}',
    "a direction that is none": with_call(b'"direction": "up"'),
    "null for events": b'{"interactions": null}',
    "101 events": b'{"interactions": [' + b'{"kind": "call"},' * 100 + b'{"kind": "call"}]}',
    "NaN as a value": b'{"attribute_changes": [{"attribute": "amount", "value": NaN}]}',
    "a list as a value": b'{"attribute_changes": [{"attribute": "amount", "value": [1]}]}',
    "nested deep": b'{"interactions": ' + b"[" * 100_000,
}


def test_an_empty_body_and_an_unknown_parameter_are_said_to_be_such(client, lead_id):
    answer = client.post(f"/v1/leads/{lead_id}/what-if", content=b" ")
    assert answer.json()["detail"] == "the body is empty; send a JSON object"
    asked = got(client, f"/v1/leads/{lead_id}/score?factor=3", 422)
    assert asked["detail"] == "query.factor: there is no such parameter; leave it out"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_body_is_a_clean_problem(client, lead_id, name):
    answer = client.post(f"/v1/leads/{lead_id}/what-if", content=HOSTILE[name])
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["message"]
    assert len(answer.content) < 8_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(place=st.sampled_from(["interactions", "stage_changes", "as_of", "kind"]), value=JSON)
def test_any_json_in_any_place_is_answered_without_a_server_error(client, lead_id, place, value):
    body = {"interactions": [CALL]} | ({place: value} if place != "kind" else {})
    if place == "kind":
        body["interactions"] = [CALL | {"kind": value, "result": value, "details": {"a": value}}]
    answer = client.post(f"/v1/leads/{lead_id}/what-if", content=json.dumps(body))
    assert answer.status_code in {200, 422}


# Next actions.


def test_next_actions_are_ranked_and_called_what_the_model_expects(client, lead_id):
    found = got(client, f"/v1/leads/{lead_id}/next-actions?all=true&by=any&moves=true&limit=50")
    score = got(client, f"/v1/leads/{lead_id}/score")
    assert found["win_probability"] == score["win_probability"]
    assert found["status"] == "open"
    effects = [action["effect"] for action in found["actions"]]
    assert effects == sorted(effects, reverse=True)
    assert len(effects) == found["considered"] > 3
    assert "not a promise" in found["note"]
    ours = got(client, f"/v1/leads/{lead_id}/next-actions?limit=50")["actions"]
    assert ours == [
        action
        for action in found["actions"]
        if action["effect"] > 0 and action["by"] != "lead" and action["type"] == "interaction"
    ]


def test_a_move_is_worth_what_what_if_says(client, served):
    lead_id, moves = next(
        (one.lead_id, moves)
        for one in ranked(served)
        if one.score is not None and (moves := moves_of(client, one.lead_id))
    )
    for action in moves:
        expected = thought_of(client, lead_id, {"stage_changes": [{"stage": action["name"]}]})
        assert action["win_probability"] == expected["after"]["win_probability"]


def moves_of(client, lead_id):
    found = got(client, f"/v1/leads/{lead_id}/next-actions?all=true&moves=true&limit=50")
    return [action for action in found["actions"] if action["type"] == "stage_change"]


def test_a_closed_lead_has_no_next_actions(client, closed_id):
    found = got(client, f"/v1/leads/{closed_id}/next-actions")
    assert (found["actions"], found["win_probability"]) == ([], None)
    assert found["status"] in {"won", "lost"}


# Similar leads.


def test_similar_leads_are_resolved_with_their_outcome_and_dates(client, lead_id):
    found = got(client, f"/v1/leads/{lead_id}/similar?limit=10")
    assert len(found["leads"]) == min(10, found["compared"]) > 2
    assert found["won"] + found["lost"] == len(found["leads"])
    likeness = [one["likeness"] for one in found["leads"]]
    assert likeness == sorted(likeness, reverse=True)
    for one in found["leads"]:
        then = got(client, f"/v1/leads/{one['lead_id']}/score?as_of={one['compared_at']}")
        assert then["win_probability"] == one["win_probability"]
        now = got(client, f"/v1/leads/{one['lead_id']}/score")
        assert now["status"] == one["status"]
        assert one["closed_at"] <= found["as_of"]


def test_a_lead_closed_later_is_not_shown(client, lead_id, served):
    as_of = format_time(served.store.lead(lead_id).created_at + DAY_US)
    found = got(client, f"/v1/leads/{lead_id}/similar?limit=50&as_of={as_of}")
    for one in found["leads"]:
        assert one["closed_at"] <= as_of
        then = got(client, f"/v1/leads/{one['lead_id']}/score?as_of={as_of}")
        assert then["status"] == one["status"]


def test_what_was_worked_out_of_the_others_is_kept_until_they_or_the_model_change(served):
    scorer, population = served.scorer(), served.records().population
    resolved, habits = (
        served.resolved_leads(scorer, population),
        served.habits(population.timelines),
    )
    assert served.resolved_leads(scorer, population) is resolved
    assert served.habits(population.timelines) is habits
    other = population_of(served.store.timelines())
    assert served.resolved_leads(scorer, other) is not resolved
    assert served.habits(other.timelines).timelines is other.timelines


# All of them.


@pytest.mark.parametrize("part", ["next-actions", "similar"])
@pytest.mark.parametrize("query", ["limit=0", "limit=51", "as_of=x", "by=them", "all=maybe", "n=1"])
def test_hostile_query_is_a_clean_problem(client, lead_id, part, query):
    assert got(client, f"/v1/leads/{lead_id}/{part}?{query}", 422)["errors"]


@pytest.mark.parametrize("part", ["next-actions", "similar"])
def test_an_unknown_lead_and_a_future_moment_are_problems(client, lead_id, part):
    got(client, f"/v1/leads/X/{part}", 404)
    got(client, f"/v1/leads/%00/{part}", 404)
    assert "future" in got(client, f"/v1/leads/{lead_id}/{part}?as_of={TOMORROW}", 422)["detail"]


@pytest.mark.parametrize("part", ["next-actions", "similar"])
def test_without_a_model_it_is_said(empty_served, empty_client, part, crm_folder, tmp_path):
    import_folder(empty_served.store, crm_folder, home=tmp_path)
    problem = got(empty_client, f"/v1/leads/L-001/{part}", 503)
    assert "run leadscore train" in problem["detail"]


def test_every_language_is_answered(client, lead_id):
    for language in LANGUAGES:
        answer = client.get(f"/v1/leads/{lead_id}/next-actions?lang={language.tag}")
        assert answer.headers["content-language"] == language.tag


def test_answers_are_as_described(client, lead_id):
    schemas = client.get("/openapi.json").json()
    names = {
        f"/v1/leads/{lead_id}/what-if": "WhatIfAnswer",
        f"/v1/leads/{lead_id}/next-actions": "NextActionsAnswer",
        f"/v1/leads/{lead_id}/similar": "SimilarAnswer",
    }
    for path, name in names.items():
        described = schemas["components"]["schemas"][name]
        answer = (
            thought_of(client, lead_id, {"interactions": [CALL]})
            if name == "WhatIfAnswer"
            else got(client, path)
        )
        assert set(answer) == set(described["properties"])
    what_if = schemas["paths"]["/v1/leads/{lead_id}/what-if"]["post"]["requestBody"]
    (content,) = what_if["content"].values()
    assert content["schema"]["$ref"].endswith("/WhatIfRequest")
    thought_of(client, lead_id, WHAT_IF_EXAMPLE)


# The page of the lead.


def test_the_page_shows_the_best_actions_and_similar_leads_when_asked(client, served):
    asked = "next-actions?limit=3"
    lead_id, actions = next(
        (one.lead_id, actions)
        for one in ranked(served)
        if one.score is not None
        and (actions := got(client, f"/v1/leads/{one.lead_id}/{asked}")["actions"])
    )
    page = client.get(f"/leads/{lead_id}", headers={"accept": "text/html"}).text
    assert all(escape(action["sentence"]) in page for action in actions)
    assert "not a promise" in page
    link = unescape(re.search(r'href="([^"]*similar=true[^"]*)"', page)[1])
    similar = got(client, f"/v1/leads/{lead_id}/similar?limit=5")["leads"]
    assert not any(f">{one['lead_id']}</a>" in page for one in similar)
    asked = client.get(link, headers={"accept": "text/html"}).text
    assert all(f">{one['lead_id']}</a>" in asked for one in similar)


def test_the_page_of_a_closed_lead_advises_nothing(client, closed_id):
    page = client.get(f"/leads/{closed_id}", headers={"accept": "text/html"}).text
    assert "What could be done next" not in page
