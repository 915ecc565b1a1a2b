"""The pages: what a sales rep reads, escaped, without a model or leads too."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from crm.importing import import_folder
from leads.clock import DAY_US, format_time
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE, Event
from models.languages import ENGLISH, SWEDISH
from models.score_body import stored_factor_body
from serving.app import create_app
from serving.timeline_items import timeline_item
from serving.wording import percent

VOID = {"meta", "link", "input", "br"}
BROWSER = {"accept": "text/html,application/xhtml+xml"}


class Page(HTMLParser):
    """A parsed page: its texts and links, and that every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.texts, self.ids = [], [], [], []
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.texts.append(text)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page_at(client, url, status=200):
    answer = client.get(url, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def open_leads(served):
    page = served.store.ranked_leads(limit=1000)
    return [current for current in page.items if current.score is not None]


def said(stored, language=ENGLISH):
    return stored_factor_body(stored, language)["sentence"]


def test_names_with_markup_and_quotes_are_shown_as_text(client, served):
    lead_id = open_leads(served)[0].lead_id
    for url in ("/", f"/leads/{lead_id}"):
        page = page_at(client, url)
        assert f'<b>Bold</b> & "Co" {lead_id}' in page.text
        assert not page.all("b")
        assert not page.all("i")
        assert not page.all("script")
        assert not any("style" in attributes for _, attributes in page.elements)


def test_filter_values_with_quotes_are_escaped(client):
    asked = '"><script>alert(1)</script>'
    page = Page(client.get("/", params={"owner": asked}, headers=BROWSER).text)
    assert not page.all("script")
    assert asked in [option.get("value") for option in page.all("option")]


def test_every_field_of_the_form_has_a_label(client):
    page = page_at(client, "/")
    labels = {label["for"] for label in page.all("label")}
    assert (
        {select["id"] for select in page.all("select")} == labels == {"pipeline", "stage", "owner"}
    )


def test_list_is_ranked_and_says_why(client, served):
    page = page_at(client, "/")
    links = [a["href"] for a in page.all("a") if a.get("href", "").startswith("/leads/")]
    ranked = served.store.ranked_leads(limit=50).items
    assert links == [f"/leads/{current.lead_id}" for current in ranked]
    assert said(ranked[0].factors[0]) in page.text


def test_list_tells_what_helps_before_what_hurts(client, served):
    current = open_leads(served)[0]
    helps = next(said(f) for f in current.factors if f["effect"] > 0)
    hurts = next(said(f) for f in current.factors if f["effect"] < 0)
    text = page_at(client, "/").text
    row = text[text.index(current.lead_id) :]
    for meaning, sign, sentence in (("For:", r"\+", helps), ("Against:", "−", hurts)):
        assert re.search(rf"^.*?{meaning} {sign}?[\d.]+ {re.escape(sentence)}", row)


def test_list_pages_on_and_back(client):
    first = page_at(client, "/")
    following = next(a["href"] for a in first.all("a") if a.get("rel") == "next")
    second = page_at(client, following)
    shown = [
        {a["href"] for a in page.all("a") if a.get("href", "").startswith("/leads/")}
        for page in (first, second)
    ]
    assert len(shown[0]) == len(shown[1]) == 50
    assert not shown[0] & shown[1]
    assert "Back to the top" in second.text


def test_list_is_filtered_by_owner(client):
    page = page_at(client, "/?pipeline=&stage=&owner=Grace")
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["Grace"]
    assert "Grace" in page.text
    assert "No lead matches these filters." in page_at(client, "/?stage=Demo").text


def test_lead_page_adds_up(client, served):
    for current in open_leads(served)[:10]:
        page = page_at(client, f"/leads/{current.lead_id}")
        table = re.search(
            r"A typical lead ([\d.]+) % What speaks for it \+([\d.]+) What speaks against it "
            r"([−+])([\d.]+) Everything else ([−+])([\d.]+) This lead ([\d.]+) %",
            page.text,
        )
        base, helps, _, hurts, sign, other, total = table.groups()
        rest = float(other) * (1 if sign == "+" else -1)
        assert float(base) + float(helps) - float(hurts) + rest == pytest.approx(float(total))
        assert f"Score {current.score} of 100, grade" in page.all("svg")[1]["aria-label"]


def test_lead_page_says_how_sure_it_is_and_by_when(client, served):
    for current in open_leads(served)[:10]:
        url = f"/v1/leads/{current.lead_id}/score"
        score = client.get(url).json()
        page = page_at(client, f"/leads/{current.lead_id}").text
        low, high = (percent(end, ENGLISH) for end in score["interval"])
        assert f"between {low} and {high} are won" in page
        for name, by_then in score["horizons"].items():
            assert f"{name.removesuffix('d')} days {percent(by_then, ENGLISH)}" in page


def test_lead_page_shows_reasons_in_sentences_with_points(client, served):
    current = open_leads(served)[0]
    page = page_at(client, f"/leads/{current.lead_id}")
    for factor in current.factors:
        assert said(factor) in page.text
    assert re.search(r"\+\d+(\.\d)? points", page.text)
    assert "model version 7" in page.text
    assert "1 Mar 2026, 10:00 UTC" in page.text


def test_links_to_evidence_lead_to_events_on_the_page(client, served):
    found = 0
    for current in open_leads(served)[:10]:
        page = page_at(client, f"/leads/{current.lead_id}")
        links = [a["href"] for a in page.all("a") if a.get("href", "").startswith("#event-")]
        assert {link[1:] for link in links} <= set(page.ids)
        found += len(links)
    assert found


def test_timeline_is_newest_first_and_marks_what_was_recorded_late(client, served):
    histories = [served.store.events(f"L-{number:03d}") for number in range(40)]
    events = max(histories, key=len)
    page = page_at(client, f"/leads/{events[0].lead_id}")
    times = [t["datetime"] for t in page.all("time")][-len(events) :]
    assert times == [format_time(event.occurred_at) for event in reversed(events)]
    late = sum(event.recorded_at > event.occurred_at for event in events)
    assert late
    assert page.text.count("Recorded late:") == late


@pytest.mark.parametrize(
    ("tag", "email", "call"),
    [("en", "Email", "Call"), ("sv", "Mejl", "Samtal"), ("zh", "邮件", "电话")],
)
def test_timeline_says_the_kinds_of_contact_in_the_language(client, served, tag, email, call):
    histories = [served.store.events(f"L-{number:03d}") for number in range(40)]
    events = max(histories, key=len)
    recorded = Counter(event.name for event in events if event.type == INTERACTION)

    html = client.get(f"/leads/{events[0].lead_id}?lang={tag}", headers=BROWSER).text

    assert min(recorded["email"], recorded["call"]) > 0
    assert html.count(f"<h3>{email}</h3><time") == recorded["email"]
    assert html.count(f"<h3>{call}</h3><time") == recorded["call"]


def test_an_unknown_kind_and_a_changed_field_read_as_they_should_in_swedish():
    moment = Event("a", INTERACTION, 0, 0, "sc_2", "e1")
    change = Event("a", ATTRIBUTE_CHANGE, 0, 0, "source", "e2", value="mässa")

    titles = [timeline_item(event, 0, 0, {}, SWEDISH).what for event in (moment, change)]

    assert titles == ["”sc 2”", "Källa har ändrats till mässa"]


def test_events_after_the_moment_are_marked_as_not_counted(client, served):
    lead_id, moves = next(
        (lead_id, moves)
        for lead_id in (f"L-{number:03d}" for number in range(40))
        if (moves := [e for e in served.store.events(lead_id) if e.type == STAGE_CHANGE])
        and moves[0].occurred_at > served.store.lead(lead_id).created_at + DAY_US
    )
    before = format_time(served.store.lead(lead_id).created_at + DAY_US)
    page = page_at(client, f"/leads/{lead_id}?as_of={before}")
    assert page.text.count("Not counted:") >= len(moves)
    assert "Stage New" in page.text


def test_closed_lead_shows_its_status_instead_of_a_score(client, served):
    closed = next(c for c in served.store.ranked_leads(limit=1000).items if c.status == "won")
    page = page_at(client, f"/leads/{closed.lead_id}")
    assert "This lead is won, so it has no win probability." in page.text


def test_stale_score_says_so(client, served, clock):
    clock.at = served.store.newest_event_at() + 30 * DAY_US
    for current in open_leads(served)[:5]:
        page = page_at(client, f"/leads/{current.lead_id}")
        assert "this was so on that day, not today" in page.text


def test_errors_are_pages_for_browsers_alone(client):
    assert "no lead 'nobody' is known" in page_at(client, "/leads/nobody", 404).text
    assert "cursor" in page_at(client, "/?cursor=rubbish", 422).text
    assert "asof" in page_at(client, "/leads/L-001?asof=x", 422).text
    for url, headers in (("/leads/nobody", {}), ("/v1/leads/nobody/score", BROWSER)):
        answer = client.get(url, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"


def test_without_leads_the_list_says_to_import(empty_client):
    assert (
        "There are no leads yet. Import some: leadscore import" in page_at(empty_client, "/").text
    )


def test_without_a_model_pages_say_to_train(empty_served, crm_folder, tmp_path):
    import_folder(empty_served.store, crm_folder, home=tmp_path)
    with TestClient(create_app(empty_served)) as client:
        lead = page_at(client, "/leads/L-001")
        assert "leadscore train" in page_at(client, "/").text
    assert 'Bold</b> & "Co" L-001' in lead.text
    assert "Timeline" in lead.text


def test_stylesheet_and_icon_are_served(client):
    page = page_at(client, "/")
    linked = [link["href"] for link in page.all("link")]
    types = [client.get(href).headers["content-type"] for href in linked]
    assert types == ["text/css; charset=utf-8", "image/svg+xml"]
