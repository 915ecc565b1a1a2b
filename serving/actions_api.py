"""The endpoints on what could be done about a lead."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from crm.bodies.fields import Moment
from crm.bodies.parsing import parse_body
from crm.bodies.what_if_request import WhatIfRequest
from models.next_actions import MOST_ACTIONS
from models.similar import MOST_SIMILAR
from serving.action_schemas import NextActionsAnswer, SimilarAnswer, WhatIfAnswer
from serving.actions import (
    next_actions_body,
    next_actions_of,
    similar_body,
    similar_to_lead,
    what_if_of,
)
from serving.api import LeadId, json_response, responses
from serving.bodies import read_body
from serving.dependencies import AskedFactors, AskedLang, Question, ServedScorer, Visitor
from serving.visit import say_language

MOST_LISTED = 50

router = APIRouter()


class ActionsQuestion(Question):
    """How many actions and which; `by=any` asks for what only the lead can do, too.

    `moves` lists moves to another stage, too: what is expected of a lead that has come there, for
    a move does nothing by itself. `all` lists those that add nothing or take away, too.
    """

    lang: AskedLang = None
    as_of: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = MOST_ACTIONS
    by: Annotated[str, Field(pattern="^(us|any)$")] = "us"
    moves: bool = False
    all: bool = False


class SimilarQuestion(Question):
    """How many similar leads, known at which moment."""

    lang: AskedLang = None
    as_of: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = MOST_SIMILAR


def _what_if_request(raw: Annotated[bytes, Depends(read_body)]) -> WhatIfRequest:
    return parse_body(WhatIfRequest, raw)


RequestedWhatIf = Annotated[WhatIfRequest, Depends(_what_if_request)]
AskedActions = Annotated[ActionsQuestion, Query()]
AskedSimilar = Annotated[SimilarQuestion, Query()]


@router.post(
    "/v1/leads/{lead_id:path}/what-if",
    tags=["actions"],
    summary="Score a stored lead with hypothetical events; nothing is stored",
    responses=responses(WhatIfAnswer, 404, 408, 409, 413, 422, 503),
)
def score_what_if(
    served: ServedScorer,
    lead_id: LeadId,
    requested: RequestedWhatIf,
    asked: AskedFactors,
    visit: Visitor,
) -> Response:
    """The score before and after, and what each event adds."""
    body = what_if_of(served, lead_id, requested, asked.factors, visit.language)
    return say_language(json_response(body), visit.language)


@router.get(
    "/v1/leads/{lead_id:path}/next-actions",
    tags=["actions"],
    summary="Actions ranked by what the model expects them to add",
    responses=responses(NextActionsAnswer, 404, 422, 503),
)
def read_next_actions(
    served: ServedScorer, lead_id: LeadId, asked: AskedActions, visit: Visitor
) -> Response:
    """What usually happens at leads of the stage, each scored as if it happened at `as_of`."""
    found, lead = next_actions_of(
        served, lead_id, asked.as_of, most=asked.limit, of_the_lead=asked.by == "any",
        moves=asked.moves, without_gain=asked.all,
    )  # fmt: skip
    return say_language(
        json_response(next_actions_body(found, lead, visit.language)), visit.language
    )


@router.get(
    "/v1/leads/{lead_id:path}/similar",
    tags=["actions"],
    summary="Resolved leads like this one, and how they ended",
    responses=responses(SimilarAnswer, 404, 422, 503),
)
def read_similar(
    served: ServedScorer, lead_id: LeadId, asked: AskedSimilar, visit: Visitor
) -> Response:
    """Leads resolved by `as_of` that once looked like this one to the model."""
    found, lead = similar_to_lead(served, lead_id, asked.as_of, asked.limit)
    return say_language(json_response(similar_body(found, lead, visit.language)), visit.language)
