"""The pages in a real browser, over the running service."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.leadscore.running import running_service

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and not os.environ.get("CI"), reason="Chromium is not installed"
)


@pytest.fixture(scope="module")
def service(trained) -> Iterator[str]:
    home, _ = trained
    with running_service(home) as url:
        yield url


@pytest.fixture
def page(service) -> Iterator[Page]:
    """The list of leads; at the end nothing may have been reported by the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        opened = browser.new_page()
        reported: list[str] = []
        opened.on("console", lambda message: reported.append(message.text))
        opened.on("pageerror", lambda error: reported.append(str(error)))
        opened.goto(service)
        yield opened
        browser.close()
    assert reported == []


def percents(page: Page) -> list[int]:
    return [
        int(text.split("%")[0].split()[-1]) for text in page.locator("tbody tr").all_inner_texts()
    ]


def test_leads_are_ranked_by_win_probability(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads most likely to be won")
    shown = percents(page)
    assert len(shown) == 50
    assert shown == sorted(shown, reverse=True)


def test_a_pipeline_is_picked_and_the_next_page_stays_in_it(page):
    page.get_by_label("Pipeline").select_option("b2b")
    page.get_by_role("button", name="Show").click()
    first = percents(page)
    assert all("b2b" in text for text in page.locator("tbody tr").all_inner_texts())

    page.get_by_role("link", name="Next").click()

    assert all("b2b" in text for text in page.locator("tbody tr").all_inner_texts())
    assert max(percents(page)) <= min(first)


def test_a_lead_is_clicked_and_tells_why_and_what_happened(page):
    link = page.locator("tbody tr").first.get_by_role("link").first
    name = link.inner_text()

    link.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    for heading in ("How it adds up", "What speaks for it", "What speaks against it", "Timeline"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert page.get_by_text("points").count() >= 4
