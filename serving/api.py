"""The JSON endpoints: each translates a request, makes one call and renders the answer."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Response

from leads.clock import format_time
from leads.records import Event, Lead
from serving.dependencies import (
    AskedFactors,
    AskedRanking,
    AskedSnapshot,
    AskedTimeline,
    LeadStore,
    RequestedLead,
    ServedScorer,
    TimelineQuestion,
    Visitor,
)
from serving.schemas import (
    RankedLeads,
    ScoreAnswer,
    TimelineAnswer,
    event_body,
    ranked_lead_body,
)
from serving.scoring import score_requested_lead, score_stored_lead
from serving.visit import say_language

router = APIRouter()

LeadId = Annotated[str, Path(max_length=512)]
_PROBLEM: dict[str, Any] = {
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
}


def responses(answer: type[Any] | None, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint answers, for the description of the API: its body, and its problems."""
    described: dict[int | str, dict[str, Any]] = {
        status: {"description": "A problem", **_PROBLEM} for status in statuses
    }
    return described if answer is None else {200: {"model": answer}, **described}


def json_response(body: object) -> Response:
    """A body as JSON; floats keep every bit."""
    return Response(orjson.dumps(body), media_type="application/json")


@router.post(
    "/v1/score",
    tags=["scores"],
    summary="Score a lead with its history; nothing is stored",
    responses=responses(ScoreAnswer, 408, 409, 413, 422, 503),
)
def score_lead(
    served: ServedScorer, requested: RequestedLead, asked: AskedFactors, visit: Visitor
) -> Response:
    """Score the lead in the body, among the leads of the store."""
    scored = score_requested_lead(served, requested, asked.factors, visit.language)
    return say_language(json_response(scored.as_body()), visit.language)


@router.get(
    "/v1/leads",
    tags=["leads"],
    summary="Leads ranked by current score",
    responses=responses(RankedLeads, 422, 503),
)
def list_leads(served: ServedScorer, asked: AskedRanking, visit: Visitor) -> Response:
    """A page of leads by their current scores; leads without one come last."""
    page = served.store.ranked_leads(**asked.model_dump(exclude={"lang"}))
    leads = [
        ranked_lead_body(current, served.grade(current.score), visit.language)
        for current in page.items
    ]
    body = {"leads": leads, "next_cursor": page.next_cursor, "total": page.total}
    return say_language(json_response(body), visit.language)


@router.get(
    "/v1/leads/{lead_id:path}/score",
    tags=["scores"],
    summary="Score and factors of a stored lead, now or as of a moment",
    responses=responses(ScoreAnswer, 404, 422, 503),
)
def read_score(
    served: ServedScorer, lead_id: LeadId, asked: AskedSnapshot, visit: Visitor
) -> Response:
    """The score of a stored lead by today's model over what was known at `as_of`."""
    scored = score_stored_lead(served, lead_id, asked.as_of, asked.factors, visit.language)
    return say_language(json_response(scored.as_body()), visit.language)


@router.get(
    "/v1/leads/{lead_id:path}/timeline",
    tags=["leads"],
    summary="A stored lead and its events, newest first",
    responses=responses(TimelineAnswer, 404, 422, 503),
)
def read_timeline(store: LeadStore, lead_id: LeadId, asked: AskedTimeline) -> Response:
    """A lead's events by both clocks."""
    return json_response(_timeline_body(store.lead(lead_id), store.events(lead_id), asked))


@router.get("/healthz", tags=["operation"], summary="Whether the process answers")
def read_health() -> Response:
    """Always 200: the process is alive."""
    return json_response({"status": "ok"})


@router.get(
    "/readyz",
    tags=["operation"],
    summary="Whether leads can be scored",
    responses=responses(None, 503),
)
def read_readiness(served: ServedScorer) -> Response:
    """200 with a usable store and model, else the problem."""
    served.records()
    return json_response({"status": "ready", "model_version": served.scorer().version})


def _timeline_body(lead: Lead, events: list[Event], asked: TimelineQuestion) -> dict[str, Any]:
    newest_first = events[::-1]
    stop = asked.offset + asked.limit
    return {
        "lead_id": lead.lead_id,
        "created_at": format_time(lead.created_at),
        "pipeline": lead.pipeline,
        "continues": lead.continues,
        "attributes": dict(lead.attributes),
        "events": [event_body(event) for event in newest_first[asked.offset : stop]],
        "next_offset": stop if stop < len(events) else None,
        "total": len(events),
    }
