"""Who is answered: callers on this machine, by its name, and from no other site's page."""

import logging

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app


def client_at(served, address, host="localhost"):
    app = create_app(served)
    return TestClient(app, base_url=f"http://{host}", client=(address, 50_000))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_callers_on_this_machine_are_served(served, address):
    assert client_at(served, address).get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "8.8.8.8", "0.0.0.0", "fe80::1", "::ffff:8.8.8.8", "localhost", ""]
)
def test_callers_from_elsewhere_are_refused(served, address):
    answer = client_at(served, address).get("/healthz")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "only callers on this machine are served"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:9", "[::1]"]
)
def test_names_of_this_machine_are_served(served, host):
    client = client_at(served, "127.0.0.1")
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1.nip.io",
        "testserver", "", "localhost@evil.example", "evil.example#localhost", "localhost/x", "[::1",
        "10.0.0.1", "localhost:port",
    ],
)  # fmt: skip
def test_other_names_are_refused_against_dns_rebinding(served, host):
    answer = client_at(served, "127.0.0.1").get("/v1/leads", headers={"host": host})
    assert answer.status_code == 403
    assert "localhost" in answer.json()["detail"]


def test_pages_of_other_sites_may_not_send(served, minimal_body):
    client = client_at(served, "127.0.0.1")
    for origin, status in (
        ("http://evil.example", 403),
        ("null", 403),
        ("http://localhost:8000", 200),
    ):
        answer = client.post("/v1/score", json=minimal_body, headers={"origin": origin})
        assert answer.status_code == status


def test_every_answer_carries_the_security_headers(client):
    for path in ("/", "/v1/leads", "/nothing", "/static/style.css", "/favicon.ico", "/healthz"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_unexpected_error_is_a_problem_without_internals(served, minimal_body, caplog):
    app = create_app(served)
    served.now = lambda: 1 / 0
    with caplog.at_level(logging.ERROR, "serving.guard"):
        answer = TestClient(app).post("/v1/score", json=minimal_body)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "something unexpected happened; the log has the details"
    assert "ZeroDivisionError" in caplog.text
