"""The pages: leads by win probability, and a lead with its reasons and its timeline."""

from fastapi import APIRouter, Response

from leads.errors import UnknownModelError
from serving.dependencies import AskedFilter, AskedPage, ServedScorer
from serving.lead_page import lead_page
from serving.list_page import list_page
from serving.rendering import page_response
from serving.scoring import ScoredLead, score_stored_lead
from serving.served import Served

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_leads(served: ServedScorer, asked: AskedFilter) -> Response:
    """The leads with the highest win probability first."""
    return page_response("leads.html", page=list_page(served, asked))


@router.get("/leads/{lead_id:path}")
def show_lead(served: ServedScorer, lead_id: str, asked: AskedPage) -> Response:
    """A lead's score, the reasons for it, and what happened."""
    scored = _score_if_trained(served, lead_id, asked.as_of)
    return page_response("lead.html", page=lead_page(served, lead_id, scored, asked.page))


def _score_if_trained(served: Served, lead_id: str, as_of: int | None) -> ScoredLead | None:
    """None before the first promotion: the page then shows the timeline alone."""
    try:
        return score_stored_lead(served, lead_id, as_of)
    except UnknownModelError:
        return None
