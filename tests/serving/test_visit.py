"""The language of an answer: `?lang=` before `Accept-Language`, on pages and in scores."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.languages import (
    ENGLISH,
    LANGUAGES,
    SIMPLIFIED_CHINESE,
    SWEDISH,
    TRADITIONAL_CHINESE,
)
from models.score_body import stored_factor_body
from serving.visit import preferred_language
from tests.serving.test_pages import BROWSER, Page, open_leads

EACH = pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.tag)
HEADINGS = {
    ENGLISH: ("Leads most likely to be won", "What speaks for it", "model version 7"),
    SWEDISH: ("Leads med störst chans att vinnas", "Vad som talar för", "modellversion 7"),
    SIMPLIFIED_CHINESE: ("最有可能赢单的线索", "有利因素", "模型版本7"),
    TRADITIONAL_CHINESE: ("最有可能成交的潛在客戶", "有利因素", "模型版本7"),
}


def visited(client, url, accept_language=None, status=200):
    headers = BROWSER | ({"accept-language": accept_language} if accept_language else {})
    answer = client.get(url, headers=headers)
    assert answer.status_code == status
    return answer, Page(answer.text)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ENGLISH),
        ("sv-SE,sv;q=0.9,en;q=0.8", SWEDISH),
        ("en;q=0.8, sv", SWEDISH),
        ("en, sv", ENGLISH),
        ("de-DE, de;q=0.9, zh-TW;q=0.5, en;q=0.4", TRADITIONAL_CHINESE),
        ("zh-CN,zh;q=0.9", SIMPLIFIED_CHINESE),
        ("fr, *;q=0.5", ENGLISH),
        ("sv;q=0", ENGLISH),
        ("sv;q=0, zh-SG;q=0.001", SIMPLIFIED_CHINESE),
        ("sv;q=2, zh-HK;q=0.1", TRADITIONAL_CHINESE),
        ("sv;q=nan, zh;q=1e9", ENGLISH),
        (" SV ; Q=1.000 ", SWEDISH),
        (";,;;q=,=", ENGLISH),
    ],
)
def test_header_is_weighed(header, language):
    assert preferred_language(header) is language


@given(st.text(max_size=80))
def test_no_header_is_too_odd(header):
    assert preferred_language(header) in LANGUAGES


@EACH
def test_pages_are_in_the_language(client, served, language):
    lead_id = open_leads(served)[0].lead_id
    for url, heading in (
        ("/", HEADINGS[language][0]),
        (f"/leads/{lead_id}", HEADINGS[language][1]),
    ):
        answer, page = visited(client, url, language.tag)
        assert heading in page.text
        assert page.all("html")[0]["lang"] == answer.headers["content-language"] == language.tag
        assert answer.headers["vary"] == "Accept-Language"
        assert HEADINGS[language][2] in page.text


@pytest.mark.parametrize("language", LANGUAGES[1:], ids=lambda one: one.tag)
def test_no_english_is_left_on_a_page(client, served, language):
    """Whatever the English page says is said otherwise, but for names and what the CRM says."""
    own = re.compile(r"leadscore|API|English|[<>/&\"]|L-\d+|Ada|Grace|b2b|\b[ABCD]\b|UTC|^[\d\W]*$")
    kept = {"New", "Qualified", "Proposal", "Won", "Lost", "Email", "Call", "answered", "opens",
            "name", "Name", "fair", "web", "referral", "Leads", "Pipeline", "Lead",
            "We'd like <i>two</i> of them."}  # fmt: skip
    for current in open_leads(served)[:3]:
        for url in ("/", f"/leads/{current.lead_id}"):
            english = {text.strip() for text in visited(client, url, "en")[1].texts}
            page = visited(client, url, language.tag)[1]
            same = {text.strip() for text in page.texts} & english
            assert {text for text in same if not own.search(text)} - kept <= {
                one.name for one in LANGUAGES
            }


def test_parameter_wins_over_the_header_and_links_carry_it_on(client):
    answer, page = visited(client, "/?lang=sv&owner=Grace", "zh-TW")

    assert answer.headers["content-language"] == "sv"
    inner = [a["href"] for a in page.all("a") if a.get("href", "").startswith("/")]
    assert len(inner) > 5
    assert all(href.endswith("lang=sv") for href in inner)
    hidden = [field for field in page.all("input") if field["type"] == "hidden"]
    assert [(field["name"], field["value"]) for field in hidden] == [("lang", "sv")]


def test_without_the_parameter_links_leave_the_language_to_the_header(client):
    page = visited(client, "/", "sv")[1]
    assert not [a for a in page.all("a") if "lang=" in a["href"] and not a["href"].startswith("?")]


def test_a_page_links_to_itself_in_every_language(client, served):
    url = f"/leads/{open_leads(served)[0].lead_id}?as_of=2026-02-20T09:00:00Z&lang=sv"
    switches = [a for a in visited(client, url)[1].all("a") if "hreflang" in a]

    assert [a["lang"] for a in switches] == [one.tag for one in LANGUAGES]
    assert [a["lang"] for a in switches if "aria-current" in a] == ["sv"]
    for switch in switches:
        answer = visited(client, url.partition("?")[0] + switch["href"])[0]
        assert answer.headers["content-language"] == switch["lang"]
        assert 'datetime="2026-02-20T09:00:00Z"' in answer.text


@EACH
def test_scores_by_either_way_are_said_in_the_language(client, served, minimal_body, language):
    lead_id = open_leads(served)[0].lead_id
    in_english = client.get(f"/v1/leads/{lead_id}/score").json()
    for asked in (
        client.get(f"/v1/leads/{lead_id}/score", params={"lang": language.tag}),
        client.get(f"/v1/leads/{lead_id}/score", headers={"accept-language": language.tag}),
    ):
        said = asked.json()
        assert asked.headers["content-language"] == language.tag
        assert said["win_probability"] == in_english["win_probability"]
        for one, english in zip(said["factors"], in_english["factors"], strict=True):
            assert (one["sentence"] == english["sentence"]) == (language == ENGLISH)
            assert one["value"] == english["value"]
    posted = client.post("/v1/score", json=minimal_body, params={"lang": language.tag})
    assert posted.headers["content-language"] == language.tag
    stop = "." if language in (ENGLISH, SWEDISH) else "。"
    assert all(factor["sentence"].endswith(stop) for factor in posted.json()["factors"])


@EACH
def test_ranked_leads_are_kept_in_codes_and_said_in_the_language(client, served, language):
    stored = served.store.ranked_leads(limit=5).items
    ranked = client.get("/v1/leads?limit=5", headers={"accept-language": language.tag}).json()
    for current, shown in zip(stored, ranked["leads"], strict=True):
        assert not any("sentence" in factor for factor in current.factors)
        assert shown["factors"] == [stored_factor_body(f, language) for f in current.factors]


@pytest.mark.parametrize(
    "lang",
    ["de", "xx-YY", "zh" * 200, "%F0%9F%98%80", "..%2F..%2Fetc", "%22%3E%3Cscript%3E", "%ff"],
)
def test_a_language_that_is_not_spoken_gets_english(client, lang):
    for url in ("/", "/v1/leads"):
        answer = client.get(f"{url}?lang={lang}", headers={"accept-language": "sv"})
        assert answer.status_code == 200
        assert answer.headers["content-language"] == "en"
        assert "<script" not in answer.text


@pytest.mark.parametrize("lang", ["%00", "a" * 5_000])
def test_hostile_languages_are_refused_or_english(client, lang):
    for url in ("/", "/leads/L-001", "/v1/leads", "/v1/leads/L-001/score", "/nowhere"):
        assert client.get(f"{url}?lang={lang}", headers=BROWSER).status_code in {200, 404, 422}


@pytest.mark.parametrize(
    "header", [b"\xff\xfe", b"sv;q=\xe5", b"," * 20_000, b"zh-" * 9_000, b"sv\t;\tq=1"]
)
def test_hostile_headers_are_read_as_far_as_they_go(client, header):
    for url in ("/", "/v1/leads", "/nowhere"):
        answer = client.get(url, headers={b"accept": b"text/html", b"accept-language": header})
        assert answer.status_code == (404 if url == "/nowhere" else 200)


def test_problems_are_pages_in_the_language(client):
    answer, page = visited(client, "/leads/nobody?lang=zh-TW", status=404)
    assert "找不到" in page.text
    assert "所有潛在客戶" in page.text
    assert answer.headers["content-language"] == "zh-Hant"
    assert "no lead 'nobody' is known" in page.text


def test_the_documentation_is_marked_as_english_in_every_language(client):
    page = visited(client, "/docs?lang=sv")[1]
    assert page.all("main")[0]["lang"] == "en"
    assert page.all("html")[0]["lang"] == "sv"
