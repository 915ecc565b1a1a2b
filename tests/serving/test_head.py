"""HEAD: the status and headers of GET without a body, at every page and endpoint."""

import asyncio
import logging

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute

from serving.app import create_app
from serving.head import HeadAsGet


def got_paths(app) -> set[str]:
    """Every path that is served by GET, as the app's own routes name it."""
    return {route.path for route in _all_routes(app.routes) if "GET" in route.methods}


def _all_routes(routes: list[BaseRoute]):
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        yield from _all_routes(getattr(getattr(route, "original_router", None), "routes", []))


def head_and_get(client, path):
    return client.head(path, follow_redirects=False), client.get(path, follow_redirects=False)


def test_head_answers_as_get_without_a_body_wherever_get_is_served(client, served):
    lead = served.store.timelines().lead_ids[0]
    paths = got_paths(client.app)
    assert {"/", "/leads/{lead_id:path}", "/healthz", "/v1/leads", "/docs"} <= paths

    for path in sorted({*paths, "/static/style.css", "/openapi.json"}):
        asked = path.replace("{lead_id:path}", lead).replace("{lead_id}", lead)
        head, got = head_and_get(client, asked)

        assert got.status_code == 200, asked
        assert got.content, asked
        assert head.status_code == 200, asked
        assert head.content == b"", asked
        assert dict(head.headers) == dict(got.headers), asked


@pytest.mark.parametrize("path", ["/nothing", "/leads/unknown", "/v1/leads?limit=0", "/v1/score"])
def test_head_of_what_is_refused_has_the_status_of_get(client, path):
    head, got = head_and_get(client, path)

    assert got.status_code >= 400
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert dict(head.headers) == dict(got.headers)


def test_head_is_refused_to_whom_get_is(served):
    client = TestClient(create_app(served), client=("10.0.0.7", 50_000))
    head, got = head_and_get(client, "/healthz")

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert got.status_code == 403


def test_head_of_an_unexpected_error_has_the_status_of_get(served, caplog):
    served.now = lambda: 1 / 0
    with caplog.at_level(logging.CRITICAL):
        head, got = head_and_get(TestClient(create_app(served)), "/v1/leads/L-000/score")

    assert head.status_code == got.status_code == 500


def test_where_get_is_allowed_head_is(client):
    assert set(client.post("/readyz").headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert client.get("/v1/score").headers["allow"] == "POST"


def test_the_description_does_not_list_head(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert not [path for path, methods in paths.items() if "head" in methods]


def test_no_body_leaves_the_app():
    """What the clients above would leave out themselves."""

    async def app(scope, receive, send):
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(HeadAsGet(app)({"type": "http", "method": "HEAD"}, None, send))

    assert [message.get("body", b"") for message in sent] == [b"", b"", b""]
