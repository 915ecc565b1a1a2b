"""Every command of the page is run, in its order, for an open lead of the invented CRM."""

import json
import urllib.request
from typing import Any

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.test_from_your_export_to_scores import BACKGROUND, on_free_ports, run, running

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "what-to-do-next.md"
SINCE = "2026-02-14T00:00:00Z"


def answer_of(url: str) -> Any:
    """The JSON at a URL."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def lead_open_since(service: str) -> str:
    """A lead that came in before the page's moment and is open."""
    for lead in answer_of(f"{service}/v1/leads?limit=200")["leads"]:
        path = f"{service}/v1/leads/{lead['lead_id']}"
        created_at = answer_of(f"{path}/timeline")["created_at"]
        if created_at < SINCE and answer_of(f"{path}/score?as_of={SINCE}")["status"] == "open":
            return str(lead["lead_id"])
    raise AssertionError("no lead was open all the time")


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> list[str]:
    """What the commands of the page said, those behind the server's start for one lead."""
    folder = tmp_path_factory.mktemp("reader")
    page = [block for block in on_free_ports(blocks(PAGE)) if block.language == "bash"]
    server = next(place for place, block in enumerate(page) if block.info.startswith(BACKGROUND))
    for block in page[:server]:
        run(block.text, folder)
    with running(page[server], folder):
        lead_id = lead_open_since(page[server].info.removeprefix(BACKGROUND).rpartition("/")[0])
        return [run(block.text.replace("LEAD_ID", lead_id), folder) for block in page[server + 1 :]]


def test_every_question_is_answered(said):
    actions, what_if, similar = (json.loads(text) for text in said[:3])
    assert actions["considered"] >= 3
    assert "not a promise" in actions["note"]
    assert len(what_if["events"]) == 2
    effects = sum(part["effect"] for part in what_if["events"])
    assert effects == pytest.approx(what_if["difference"], abs=1e-9)
    assert (
        what_if["after"]["win_probability"] - what_if["before"]["win_probability"]
        == (what_if["difference"])
    )
    assert {one["status"] for one in similar["leads"]} <= {"won", "lost"}
    assert similar["leads"]


def test_the_change_is_said_by_its_causes(said):
    for words in (f"Since {SINCE} it went from", "Time that passed", "What this lead did"):
        assert words in said[3]
