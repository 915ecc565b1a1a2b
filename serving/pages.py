"""The pages: leads by win probability, and a lead with its reasons and its timeline."""

from fastapi import APIRouter, Response

from leads.errors import UnknownModelError
from models.languages import Language
from serving.dependencies import AskedFilter, AskedPage, ServedScorer, Visitor
from serving.lead_advice import lead_advice
from serving.lead_page import lead_page
from serving.list_page import list_page
from serving.rendering import page_response
from serving.scoring import ScoredLead, score_stored_lead
from serving.served import Served

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_leads(served: ServedScorer, asked: AskedFilter, visit: Visitor) -> Response:
    """The leads with the highest win probability first."""
    return page_response("leads.html", visit, page=list_page(served, asked, visit))


@router.get("/leads/{lead_id:path}")
def show_lead(served: ServedScorer, lead_id: str, asked: AskedPage, visit: Visitor) -> Response:
    """A lead's score, the reasons for it, and what happened."""
    scored = _score_if_trained(served, lead_id, asked.as_of, visit.language)
    page = lead_page(served, lead_id, scored, asked.page, visit)
    advice = None
    if scored is not None and scored.score.status == "open":
        as_of = scored.score.as_of
        advice = lead_advice(served, lead_id, as_of, visit, with_similar=asked.similar)
    return page_response("lead.html", visit, page=page, advice=advice)


def _score_if_trained(
    served: Served, lead_id: str, as_of: int | None, language: Language
) -> ScoredLead | None:
    """None before the first promotion: the page then shows the timeline alone."""
    try:
        return score_stored_lead(served, lead_id, as_of, language=language)
    except UnknownModelError:
        return None
