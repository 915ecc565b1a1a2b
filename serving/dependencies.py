"""What endpoints ask for, by its name in the domain."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from crm.bodies.fields import Moment, Name, OptionalName
from crm.bodies.parsing import parse_body
from crm.bodies.score_request import ScoreRequest
from crm.store import Store
from models.scorer import FACTORS_EACH_WAY
from serving.bodies import read_body
from serving.served import Served
from serving.visit import Visit, visit_of

MOST_FACTORS = 100
LONGEST_PAGE = 1_000

AskedLang = Annotated[
    OptionalName,
    Field(description="a language: en, sv, zh-Hans, zh-Hant; before the header Accept-Language"),
]


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def _store(served: Annotated[Served, Depends(_served)]) -> Store:
    return served.store


async def _visit(request: Request) -> Visit:
    """Async, so that it takes no thread."""
    return visit_of(request)


def _score_request(raw: Annotated[bytes, Depends(read_body)]) -> ScoreRequest:
    return parse_body(ScoreRequest, raw)


class Question(BaseModel):
    """The parameters of a query; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FactorsQuestion(Question):
    """How many factors each way, and in which language their sentences are."""

    lang: AskedLang = None
    factors: Annotated[int, Field(ge=0, le=MOST_FACTORS)] = FACTORS_EACH_WAY


class SnapshotQuestion(FactorsQuestion):
    """At which moment; now when absent."""

    as_of: Moment | None = None


class RankingQuestion(Question):
    """Which leads, in which order, from where on."""

    lang: AskedLang = None
    pipeline: Name | None = None
    stage: Name | None = None
    owner: Name | None = None
    min_score: Annotated[int, Field(ge=0, le=100)] | None = None
    sort: str = "-score"
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: str | None = None


class TimelineQuestion(Question):
    """Which part of the events, newest first."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 100
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0


class FilterQuestion(Question):
    """What the form of the list asks for; an empty field is no filter."""

    lang: AskedLang = None
    pipeline: OptionalName = None
    stage: OptionalName = None
    owner: OptionalName = None
    cursor: OptionalName = None


class PageQuestion(Question):
    """What the page of a lead shows: the moment of its score, and which page of its events.

    With `similar` also resolved leads like it.
    """

    lang: AskedLang = None
    as_of: Moment | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    similar: bool = False


ServedScorer = Annotated[Served, Depends(_served)]
Visitor = Annotated[Visit, Depends(_visit)]
LeadStore = Annotated[Store, Depends(_store)]
RequestedLead = Annotated[ScoreRequest, Depends(_score_request)]
AskedFactors = Annotated[FactorsQuestion, Query()]
AskedSnapshot = Annotated[SnapshotQuestion, Query()]
AskedRanking = Annotated[RankingQuestion, Query()]
AskedTimeline = Annotated[TimelineQuestion, Query()]
AskedFilter = Annotated[FilterQuestion, Query()]
AskedPage = Annotated[PageQuestion, Query()]
JsonBody = dict[str, Any]
