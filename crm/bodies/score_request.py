"""The body of `POST /v1/score`: a lead with its history."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.bodies.fields import (
    MAX_ITEMS,
    Fields,
    Moment,
    Name,
    OptionalName,
    OptionalText,
    Seconds,
    Value,
)
from leads.pipelines import DEFAULT_PIPELINE


class Body(BaseModel):
    """A part of a body: JSON types as they are, nothing unknown, no NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class LeadBody(Body):
    """A lead; `attributes` are its values known at creation."""

    lead_id: Name
    created_at: Moment
    pipeline: Name = DEFAULT_PIPELINE
    continues: OptionalName = None
    attributes: Fields = Field(default_factory=dict)


class EventBody(Body):
    """What all events have; `recorded_at` is `occurred_at` when absent."""

    occurred_at: Moment
    recorded_at: Moment | None = None
    event_id: OptionalName = None
    actor: OptionalName = None


class InteractionFields(Body):
    """What only interactions have."""

    kind: Name
    direction: Literal["inbound", "outbound"] | None = None
    duration_seconds: Seconds | None = None
    result: OptionalName = None
    text: OptionalText = None
    details: Fields = Field(default_factory=dict)


class StageChangeFields(Body):
    """What only stage changes have."""

    stage: Name
    pipeline: OptionalName = None
    reason: OptionalText = None


class AttributeChangeFields(Body):
    """What only attribute changes have."""

    attribute: Name
    value: Value


class InteractionBody(InteractionFields, EventBody):
    """A contact with the lead, or something it did."""


class StageChangeBody(StageChangeFields, EventBody):
    """A move to a stage; `pipeline` where it is another one than the lead's own."""


class AttributeChangeBody(AttributeChangeFields, EventBody):
    """A new value of an attribute; null clears it."""


class ScoreRequest(Body):
    """A lead with its history; `as_of` is now when absent. Nothing is stored."""

    lead: LeadBody
    interactions: Annotated[list[InteractionBody], Field(max_length=MAX_ITEMS)] = []
    stage_changes: Annotated[list[StageChangeBody], Field(max_length=MAX_ITEMS)] = []
    attribute_changes: Annotated[list[AttributeChangeBody], Field(max_length=MAX_ITEMS)] = []
    as_of: Moment | None = None
