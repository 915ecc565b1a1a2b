"""Bodies that break parsers are refused cleanly: a problem, never a 500, never echoed."""

import asyncio
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from serving.bodies import MAX_BODY_BYTES, read_body
from serving.dependencies import MOST_FACTORS

HEAD = b'{"lead": {"lead_id": "x", "created_at": "2026-02-01T09:00:00Z", "pipeline": "b2b"'


def with_amount(value: bytes) -> bytes:
    return HEAD + b', "attributes": {"amount": ' + value + b"}}}"


def with_interaction(fields: bytes) -> bytes:
    return HEAD + b'}, "interactions": [{' + fields + b"}]}"


def with_created_at(value: bytes) -> bytes:
    return b'{"lead": {"lead_id": "x", "created_at": ' + value + b', "pipeline": "b2b"}}'


def with_lead_id(value: bytes) -> bytes:
    return (
        b'{"lead": {"lead_id": ' + value + b', "created_at": "2026-02-01T09:00:00Z", '
        b'"pipeline": "b2b"}}'
    )


EMAIL = b'"occurred_at": "2026-02-01T09:00:00Z", "kind": "email"'
HOSTILE = {
    "empty": b"",
    "blank": b" \n\t ",
    "null": b"null",
    "a number": b"17",
    "a text": b'"score me"',
    "true": b"true",
    "an array": b"[]",
    "an array of bodies": b"[" + HEAD + b"}}]",
    "an empty object": b"{}",
    "not JSON": b"lead_id=42",
    "XML": b"<lead/>",
    "cut off": HEAD,
    "followed by rubbish": HEAD + b"}} rubbish",
    "two documents": HEAD + b"}}" + HEAD + b"}}",
    "a trailing comma": HEAD + b",}}",
    "single quotes": HEAD.replace(b'"', b"'") + b"}}",
    "a comment": HEAD + b"}} // please",
    "NaN": with_amount(b"NaN"),
    "Infinity": with_amount(b"Infinity"),
    "minus Infinity": with_amount(b"-Infinity"),
    "1e999": with_amount(b"1e999"),
    "minus 1e999": with_amount(b"-1e999"),
    "1e308, too large to square": with_amount(b"1e308"),
    "an integer of 400 digits": with_amount(b"9" * 400),
    "an integer of 5,000 digits": with_amount(b"9" * 5_000),
    "a hexadecimal number": with_amount(b"0x10"),
    "a number with a leading zero": with_amount(b"010"),
    "a list as a value": with_amount(b"[1]"),
    "an object as a value": with_amount(b'{"value": 1}'),
    "a text that is no number": with_amount(b'"many"'),
    "a text saying NaN as a duration": with_interaction(EMAIL + b', "duration_seconds": "NaN"'),
    "a text as a duration": with_interaction(EMAIL + b', "duration_seconds": "30"'),
    "true as a duration": with_interaction(EMAIL + b', "duration_seconds": true'),
    "NaN as a duration": with_interaction(EMAIL + b', "duration_seconds": NaN'),
    "a negative duration": with_interaction(EMAIL + b', "duration_seconds": -1'),
    "1e999 as a duration": with_interaction(EMAIL + b', "duration_seconds": 1e999'),
    "a lone leading surrogate": with_lead_id(b'"\\ud800"'),
    "a lone trailing surrogate": with_lead_id(b'"\\udc00"'),
    "a lone surrogate as a key": HEAD + b', "attributes": {"\\ud800": 1}}}',
    "a lone surrogate as an unknown key": HEAD + b', "\\ud800": 1}}',
    "an encoded surrogate": with_lead_id(b'"\xed\xa0\x80"'),
    "invalid UTF-8": with_lead_id(b'"\xff\xfe"'),
    "overlong UTF-8": with_lead_id(b'"\xc0\xaf"'),
    "UTF-16": (HEAD + b"}}").decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + HEAD + b"}}",
    "an escaped NUL": with_lead_id(b'"a\\u0000b"'),
    "a raw NUL": with_lead_id(b'"a\x00b"'),
    "a NUL in an attribute": with_amount(b'"1\\u0000"'),
    "a NUL in an attribute's name": HEAD + b', "attributes": {"a\\u0000": 1}}}',
    "a raw newline in a text": with_lead_id(b'"a\nb"'),
    "an empty id": with_lead_id(b'""'),
    "a blank id": with_lead_id(b'"  "'),
    "a number as an id": with_lead_id(b"42"),
    "null as an id": with_lead_id(b"null"),
    "an id of 513 characters": with_lead_id(b'"' + b"x" * 513 + b'"'),
    "NaN as a time": with_created_at(b"NaN"),
    "a number as a time": with_created_at(b"1767225600"),
    "a text saying NaN as a time": with_created_at(b'"NaN"'),
    "the year 0001 with an offset": with_created_at(b'"0001-01-01T00:00:00+14:00"'),
    "the year 9999 with an offset": with_created_at(b'"9999-12-31T23:59:59-14:00"'),
    "a naive time": with_created_at(b'"2026-02-01T09:00:00"'),
    "a day that does not exist": with_created_at(b'"2026-02-30T09:00:00Z"'),
    "a very long time": with_created_at(b'"' + b"2" * 100_000 + b'"'),
    "nested 100,000 deep": b"[" * 100_000,
    "nested 100,000 deep in a value": with_amount(b"[" * 100_000 + b"]" * 100_000),
    "objects nested 50,000 deep": with_amount(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "an unknown field": HEAD + b', "score": 99}}',
    "an unknown field of an event": with_interaction(EMAIL + b', "opens": 3'),
    "an unknown field at the top": HEAD + b'}, "leads": []}',
    "an unknown key of 200,000 characters": HEAD + b', "' + b"k" * 200_000 + b'": 1}}',
    "a key twice at the top": HEAD + b'}, "as_of": null, "as_of": null}',
    "a key twice in the lead": HEAD + b', "lead_id": "y"}}',
    "a key twice in the attributes": HEAD + b', "attributes": {"amount": 1, "amount": 2}}}',
    "a key twice, once escaped": HEAD + b', "attributes": {"amount": 1, "\\u0061mount": 2}}}',
    "a direction that is none": with_interaction(EMAIL + b', "direction": "up"'),
    "an event without a kind": with_interaction(b'"occurred_at": "2026-02-01T09:00:00Z"'),
    "an object of events": HEAD + b'}, "interactions": {}}',
    "null for events": HEAD + b'}, "interactions": null}',
    "10,001 events": HEAD + b'}, "interactions": [' + b"{}," * 10_000 + b"{}]}",
    "1,001 attributes": HEAD
    + b', "attributes": {'
    + b",".join(b'"a%d": 1' % n for n in range(1_001))
    + b"}}}",
    "a text of 65,537 characters": with_interaction(EMAIL + b', "text": "' + b"x" * 65_537 + b'"'),
}


def assert_clean_problem(answer, status=422):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = orjson.loads(answer.content)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert len(answer.content) < 8_000
    return problem


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_body_is_a_clean_problem(client, name):
    problem = assert_clean_problem(client.post("/v1/score", content=HOSTILE[name]))
    assert problem["errors"]
    assert all(error["message"] for error in problem["errors"])
    assert "input" not in problem["errors"][0]


def test_the_corpus_differs_from_a_good_body_by_its_fault_alone(client):
    good = (HEAD + b"}}", with_amount(b"1"), with_interaction(EMAIL), with_lead_id(b'"y"'))
    for body in good:
        answer = client.post("/v1/score", content=body)
        assert answer.status_code == 200, answer.text


def test_body_over_one_mebibyte_is_refused(client):
    answer = client.post("/v1/score", content=b" " * (MAX_BODY_BYTES + 1))
    problem = assert_clean_problem(answer, 413)
    assert "1,048,576 bytes" in problem["detail"]


def test_endless_body_is_refused_while_it_streams(client):
    sent = []

    def chunks():
        for number in range(1_000):
            sent.append(number)
            yield b" " * 65_536

    assert_clean_problem(client.post("/v1/score", content=chunks()), 413)


def test_body_that_dribbles_is_given_up(monkeypatch):
    async def receive():
        await asyncio.sleep(60)

    monkeypatch.setattr("serving.bodies.BODY_SECONDS", 0.01)
    with pytest.raises(HTTPException, match="the body took over") as refused:
        asyncio.run(read_body(Request({"type": "http", "method": "POST"}, receive)))
    assert refused.value.status_code == 408


def test_body_of_exactly_one_mebibyte_is_read(client):
    body = HEAD + b"}}"
    answer = client.post("/v1/score", content=body + b" " * (MAX_BODY_BYTES - len(body)))
    assert answer.status_code == 200


def test_errors_name_the_field(client):
    body = with_interaction(b'"occurred_at": "2026-02-01T09:00:00", "kind": "email"')
    problem = client.post("/v1/score", content=body).json()
    assert problem["errors"] == [
        {
            "loc": ["interactions", 0, "occurred_at"],
            "message": "'2026-02-01T09:00:00' has no time zone; write an offset",
        }
    ]
    assert problem["detail"].startswith("interactions.0.occurred_at: ")


def test_at_most_twenty_errors_are_told(client):
    events = b",".join([b"{}"] * 500)
    problem = client.post(
        "/v1/score", content=HEAD + b'}, "interactions": [' + events + b"]}"
    ).json()
    assert len(problem["errors"]) == 20
    assert "1000 fields are refused" in problem["detail"]


@given(st.binary(max_size=200))
def test_any_bytes_are_answered_without_a_server_error(client, raw):
    assert client.post("/v1/score", content=raw).status_code == 422


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(place=st.sampled_from(["lead", "interactions", "as_of", "attributes", "kind"]), value=JSON)
def test_any_json_in_any_place_is_answered_without_a_server_error(
    client, minimal_body, place, value
):
    body = minimal_body | {"lead": dict(minimal_body["lead"])}
    event = {"occurred_at": "2026-02-01T09:00:00Z", "kind": "email"}
    if place == "attributes":
        body["lead"]["attributes"] = {"amount": value, "other": value}
    elif place == "kind":
        body["interactions"] = [event | {"kind": value, "details": {"a": value}}]
    else:
        body[place] = value
    assert client.post("/v1/score", content=json.dumps(body)).status_code in {200, 422}


@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday",
        "as_of=2026-02-01",
        "as_of=0001-01-01T00:00:00%2B14:00",
        "as_of=%00",
        "as_of=%ff",
        "factors=-1",
        f"factors={MOST_FACTORS + 1}",
        "factors=NaN",
        "factors=1e3",
        "factors=99999999999999999999",
        "asof=2026-02-01T00:00:00Z",
    ],
)
def test_hostile_query_is_a_clean_problem(client, query):
    problem = assert_clean_problem(client.get(f"/v1/leads/L-001/score?{query}"))
    assert problem["errors"][0]["loc"][0] == "query"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "min_score=high", "sort=salary", "cursor=rubbish", "cursor=%00",
        "cursor=WyItc2NvcmUiLCBOYU4sICJ4Il0=", "pipline=b2b", "pipeline=", "owner=%00",
    ],
)  # fmt: skip
def test_hostile_list_query_is_a_clean_problem(client, query):
    assert_clean_problem(client.get(f"/v1/leads?{query}"))


@pytest.mark.parametrize(
    "lead_id", ["%00", "%ff%fe", "..%2f..", "x" * 600, "%F0%9F%98%80", "a%2Fb"]
)
@pytest.mark.parametrize("part", ["score", "timeline"])
def test_hostile_lead_id_is_a_clean_problem(client, lead_id, part):
    answer = client.get(f"/v1/leads/{lead_id}/{part}")
    assert_clean_problem(answer, answer.status_code)
    assert answer.status_code in {404, 422}
