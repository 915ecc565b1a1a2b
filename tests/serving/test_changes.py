"""Why a stored lead's score changed: what the plain scores say, in every language."""

import pytest

from leads.clock import DAY_US
from leads.errors import InvalidSnapshotError
from models.languages import ENGLISH, LANGUAGES
from serving.changes import changes_body, changes_since
from serving.scoring import score_stored_lead, stored_lead


@pytest.fixture
def lead(served):
    """A lead that is open and has been for two weeks."""
    page = served.store.ranked_leads(limit=1000)
    open_ids = [one.lead_id for one in page.items if one.score is not None]
    leads = (stored_lead(served, lead_id) for lead_id in open_ids)
    return next(one for one in leads if one.timelines.created_at[0] < one.as_of - 14 * DAY_US)


def test_both_ends_are_the_scores_of_the_lead(served, lead):
    since = lead.as_of - 10 * DAY_US
    body = changes_body(changes_since(lead, since), ENGLISH)
    lead_id = lead.timelines.lead_ids[0]
    assert body["before"] == score_stored_lead(served, lead_id, since).score.win_probability
    assert body["after"] == score_stored_lead(served, lead_id).score.win_probability
    total = sum(part["effect"] for part in body["parts"])
    assert total == pytest.approx(body["difference"], abs=1e-9)


def test_causes_and_groups_are_said_in_every_language(lead):
    found = changes_since(lead, lead.as_of - 10 * DAY_US)
    for language in LANGUAGES:
        body = changes_body(found, language)
        assert all(part["label"] for part in body["parts"])
        assert all(group["label"] for part in body["parts"] for group in part["groups"])


def test_a_moment_before_the_lead_and_one_after_the_score_are_refused(lead):
    with pytest.raises(InvalidSnapshotError, match="ask for a later moment"):
        changes_since(lead, int(lead.timelines.created_at[0]) - 1)
    with pytest.raises(InvalidSnapshotError, match="give the earlier moment as since"):
        changes_since(lead, lead.as_of + 1)
