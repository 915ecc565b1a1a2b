"""The bodies of answers: how a score and a lead's events look to other systems."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from crm.current_scores import CurrentScore
from crm.identity import NAME_COLUMN
from leads.clock import format_time
from leads.records import EVENT_TYPES, Event
from models.languages import Language
from models.score_body import stored_factor_body

_TYPE_NAMES = {code: name for name, code in EVENT_TYPES.items()}
_EVENT_FIELDS = ("pipeline", "value", "direction", "actor", "duration_seconds", "result", "text")


class Answer(BaseModel):
    """A part of an answer, for the description of the API."""

    model_config = ConfigDict(extra="forbid")


class FactorAnswer(Answer):
    """One reason; `effect` is in probability, and all add up to `win_probability`."""

    name: str
    label: str
    effect: float
    direction: Literal["win", "lose"]
    value: float | str | bool | None
    unit: str
    typical: float | None
    flag: Literal["contradicts_evidence"] | None
    sentence: str
    events: list[str]


class ModelAnswer(Answer):
    """The model that gave a score."""

    name: str
    version: str
    trained_at: str | None


class FreshnessAnswer(Answer):
    """How new the newest record is; `stale` when over 7 days older than what was asked for."""

    newest_event_at: str | None
    stale: bool


class ScoreAnswer(Answer):
    """A score: `base_probability` + effects + `other_effects` = `win_probability`.

    Numbers are null for a won or lost lead.
    """

    lead_id: str
    as_of: str
    status: Literal["open", "won", "lost"]
    win_probability: float | None
    interval: tuple[float, float] | None
    score: int | None
    grade: str | None
    base_probability: float | None
    factors: list[FactorAnswer]
    other_effects: float | None
    horizons: dict[str, float] | None
    model: ModelAnswer
    freshness: FreshnessAnswer
    support: Literal["enough", "thin", "none"] | None


class RankedLead(Answer):
    """A lead with its current score."""

    lead_id: str
    pipeline: str
    stage: str
    owner: str | None
    status: Literal["open", "won", "lost"]
    win_probability: float | None
    score: int | None
    grade: str | None
    base_probability: float | None
    factors: list[dict[str, Any]]
    as_of: str
    model_version: str


class RankedLeads(Answer):
    """A page of ranked leads; `next_cursor` is null at the end."""

    leads: list[RankedLead]
    next_cursor: str | None
    total: int


class TimelineEvent(Answer):
    """An event: `kind`, `stage` or `attribute` says what, by its `type`."""

    model_config = ConfigDict(extra="allow")
    type: Literal["interaction", "stage_change", "attribute_change"]
    event_id: str
    occurred_at: str
    recorded_at: str


class TimelineAnswer(Answer):
    """A lead and its events, newest first; `next_offset` is null at the end."""

    lead_id: str
    created_at: str
    pipeline: str
    continues: str | None
    attributes: dict[str, str | None]
    events: list[TimelineEvent]
    next_offset: int | None
    total: int


class FieldProblem(Answer):
    """What is wrong with one field; `loc` is the way to it."""

    loc: list[str | int]
    message: str


class ProblemAnswer(Answer):
    """A problem as of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


def ranked_lead_body(
    current: CurrentScore, grade: str | None, language: Language
) -> dict[str, Any]:
    """A lead's current score as JSON."""
    return {
        "lead_id": current.lead_id,
        "pipeline": current.pipeline,
        "stage": current.stage,
        "owner": current.owner,
        "status": current.status,
        "win_probability": current.win_probability,
        "score": current.score,
        "grade": grade,
        "base_probability": current.base_probability,
        "factors": [stored_factor_body(factor, language) for factor in current.factors],
        "as_of": format_time(current.as_of),
        "model_version": current.model_version,
    }


def event_body(event: Event) -> dict[str, Any]:
    """An event as JSON, without the fields that it has no value for."""
    body: dict[str, Any] = {
        "type": _TYPE_NAMES[event.type],
        "event_id": event.event_id,
        "occurred_at": format_time(event.occurred_at),
        "recorded_at": format_time(event.recorded_at),
        NAME_COLUMN[event.type]: event.name,
    }
    values = {name: getattr(event, name) for name in (*_EVENT_FIELDS, "reason")}
    body |= {name: value for name, value in values.items() if value is not None}
    if event.type == EVENT_TYPES["attribute_change"]:
        body["value"] = event.value
    return body | ({"details": dict(event.details)} if event.details else {})
