"""The body of `POST /v1/leads/{id}/what-if`: events that a stored lead might have."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from crm.bodies.fields import Moment, OptionalName, refusal
from crm.bodies.requested import Refused, checked_events, unknown_name
from crm.bodies.score_request import (
    AttributeChangeBody,
    AttributeChangeFields,
    Body,
    InteractionBody,
    InteractionFields,
    LeadBody,
    ScoreRequest,
    StageChangeBody,
    StageChangeFields,
)
from leads.clock import format_time
from leads.errors import EventConflictError
from leads.pipelines import OPEN
from leads.records import Event
from leads.timeline import Timelines

MAX_EVENTS = 100


class HypotheticalEvent(Body):
    """What all hypothetical events have; they happen at `as_of` where `occurred_at` is absent."""

    occurred_at: Moment | None = None
    recorded_at: Moment | None = None
    event_id: OptionalName = None
    actor: OptionalName = None


class HypotheticalInteraction(InteractionFields, HypotheticalEvent):
    """A contact with the lead, or something it might do."""


class HypotheticalStageChange(StageChangeFields, HypotheticalEvent):
    """A move to an open stage; `pipeline` where it is another one than the lead's own."""


class HypotheticalAttributeChange(AttributeChangeFields, HypotheticalEvent):
    """A new value of an attribute; null clears it."""


class WhatIfRequest(Body):
    """Hypothetical events of a stored lead, one at least; nothing is stored.

    `as_of` is the moment of both scores, as in the score of the lead when absent; it may lie
    ahead. No event may be later.
    """

    interactions: Annotated[
        list[HypotheticalInteraction], Field(default_factory=list, max_length=MAX_EVENTS)
    ]
    stage_changes: Annotated[
        list[HypotheticalStageChange], Field(default_factory=list, max_length=MAX_EVENTS)
    ]
    attribute_changes: Annotated[
        list[HypotheticalAttributeChange], Field(default_factory=list, max_length=MAX_EVENTS)
    ]
    as_of: Moment | None = None

    @model_validator(mode="after")
    def _has_an_event(self) -> Self:
        if not (self.interactions or self.stage_changes or self.attribute_changes):
            raise refusal(
                "there is no event to think of; give interactions, stage_changes or "
                "attribute_changes"
            )
        return self


@dataclass(frozen=True)
class KnownNames:
    """The kinds of interaction and the attributes that the records or the model have.

    Of other attributes no model can say anything. A kind that is new is a contact like any other,
    unless it looks like a known one misspelt. Where none is known, none is refused.
    """

    kinds: frozenset[str]
    attributes: frozenset[str]


def hypothetical_events(
    request: WhatIfRequest, timelines: Timelines, as_of: int, known: KnownNames
) -> list[Event]:
    """The events of the body, for the only lead in `timelines`.

    Raises pydantic's `ValidationError` for a misspelt kind, an unknown attribute or stage, a
    closing stage, a value that is not of its attribute's type and an event after `as_of`,
    `EventConflictError` for an `event_id` that comes twice or has happened.
    """
    pipelines = timelines.pipelines
    whole = _as_score_request(request, timelines, as_of)
    refused = [*_late(whole, as_of), *_closing(whole, timelines), *_unknown(whole, known)]
    events = checked_events(whole, pipelines, timelines.attribute_types, refused)
    happened = {timelines.event_id[int(row)] for row in timelines.events.row}
    repeated = next((e.event_id for e in events if e.event_id in happened), None)
    if repeated is not None:
        raise EventConflictError(
            f"event_id {repeated!r} is of an event that has happened; leave it out or give another"
        )
    return events


def _as_score_request(request: WhatIfRequest, timelines: Timelines, as_of: int) -> ScoreRequest:
    """The events with their times, as a body of a score has them; all fields are read already."""
    lead = LeadBody.model_construct(
        lead_id=timelines.lead_ids[0],
        created_at=int(timelines.created_at[0]),
        pipeline=timelines.pipelines.names[int(timelines.pipeline[0])],
        attributes={},
    )
    return ScoreRequest.model_construct(
        lead=lead,
        interactions=[
            InteractionBody.model_construct(**_timed(e, as_of)) for e in request.interactions
        ],
        stage_changes=[
            StageChangeBody.model_construct(**_timed(e, as_of)) for e in request.stage_changes
        ],
        attribute_changes=[
            AttributeChangeBody.model_construct(**_timed(e, as_of))
            for e in request.attribute_changes
        ],
        as_of=as_of,
    )


def _timed(event: HypotheticalEvent, as_of: int) -> dict[str, Any]:
    given = {name: getattr(event, name) for name in type(event).model_fields}
    return given | {"occurred_at": as_of if event.occurred_at is None else event.occurred_at}


def _late(request: ScoreRequest, as_of: int) -> Iterator[Refused]:
    """The events that would not be known at `as_of`."""
    tables: dict[str, Sequence[InteractionBody | StageChangeBody | AttributeChangeBody]] = {
        "interactions": request.interactions,
        "stage_changes": request.stage_changes,
        "attribute_changes": request.attribute_changes,
    }
    for table, events in tables.items():
        for place, event in enumerate(events):
            for clock in ("occurred_at", "recorded_at"):
                at = getattr(event, clock)
                if at is not None and at > as_of:
                    yield (table, place, clock), _after(at, as_of)


def _after(at: int, as_of: int) -> str:
    return (
        f"{format_time(at)} is after as_of ({format_time(as_of)}), when it would not be known; "
        "give a later as_of"
    )


def _closing(request: ScoreRequest, timelines: Timelines) -> Iterator[Refused]:
    """The moves to stages that win or lose; unknown stages are refused elsewhere."""
    pipelines = timelines.pipelines
    for place, move in enumerate(request.stage_changes):
        code = pipelines.stage_code(move.stage, move.pipeline, request.lead.pipeline)
        if code >= 0 and pipelines.stage_outcome[code] != OPEN:
            yield (
                ("stage_changes", place, "stage"),
                f"{move.stage[:80]!r} closes the lead, which then has no score; name an open stage",
            )


def _unknown(request: ScoreRequest, known: KnownNames) -> Iterator[Refused]:
    """The attributes that a model would score as if they were nothing, and kinds misspelt."""
    kinds = [contact.kind for contact in request.interactions]
    attributes = [change.attribute for change in request.attribute_changes]
    for place, kind in enumerate(kinds):
        if kind not in known.kinds and (like := _like(kind, known.kinds)):
            yield ("interactions", place, "kind"), unknown_name("kind", kind, like)
    for place, name in enumerate(attributes):
        if known.attributes and name not in known.attributes:
            said = unknown_name("attribute", name, sorted(known.attributes))
            yield ("attribute_changes", place, "attribute"), said


def _like(name: str, known: Collection[str]) -> list[str]:
    """The known names that a name may be a slip of, the nearest first."""
    by_folded = {one.casefold(): one for one in sorted(known)}
    return [by_folded[one] for one in get_close_matches(name.casefold(), by_folded, cutoff=0.75)]
