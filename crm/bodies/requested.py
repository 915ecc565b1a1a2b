"""From a request's body to timelines, by the same rules as from a folder or a store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm.bodies.parsing import refused_fields
from crm.bodies.score_request import (
    AttributeChangeBody,
    EventBody,
    InteractionBody,
    ScoreRequest,
    StageChangeBody,
)
from crm.identity import event_hash
from leads.attributes import AttributeType, read_value
from leads.errors import EventConflictError, InvalidInputError
from leads.identity import RunningNumbers
from leads.pipelines import Pipelines
from leads.records import (
    ATTRIBUTE_CHANGE,
    INTERACTION,
    STAGE_CHANGE,
    Event,
    Lead,
    event_columns,
    lead_columns,
)
from leads.timeline import Timelines, build_timelines

MOST_ERRORS = 20
Refused = tuple[tuple[int | str, ...], str]


def requested_timelines(
    request: ScoreRequest, pipelines: Pipelines, attribute_types: Mapping[str, AttributeType]
) -> Timelines:
    """The timeline of the lead in the body.

    Raises pydantic's `ValidationError` for an unknown pipeline or stage and for a value that is
    not of its attribute's type, `EventConflictError` for an `event_id` with two contents.
    """
    events = checked_events(request, pipelines, attribute_types)
    return build_timelines(
        lead_columns([requested_lead(request)], attribute_types),
        event_columns(events, attribute_types),
        pipelines,
        attribute_types,
    )


def checked_events(
    request: ScoreRequest,
    pipelines: Pipelines,
    attribute_types: Mapping[str, AttributeType],
    also_refused: Iterable[Refused] = (),
) -> list[Event]:
    """The events in the body; raises what `requested_timelines` raises, for `also_refused` too."""
    refused = [*_refused(request, pipelines, attribute_types), *also_refused]
    if refused:
        raise refused_fields(refused[:MOST_ERRORS])
    return requested_events(request)


def requested_lead(request: ScoreRequest) -> Lead:
    """The lead, with its values known at creation."""
    body = request.lead
    return Lead(body.lead_id, body.created_at, body.pipeline, body.attributes, body.continues)


def requested_events(request: ScoreRequest) -> list[Event]:
    """The events, each once; without an `event_id` it is derived as from a file's row."""
    numbers = RunningNumbers()
    content_of: dict[str, str] = {}
    events: list[Event] = []
    for body in _event_bodies(request):
        event = _event(request.lead.lead_id, body)
        content = event_hash(event, recorded_at=body.recorded_at)
        event_id = event.event_id or numbers.event_id(content)
        if content_of.setdefault(event_id, content) != content:
            raise EventConflictError(
                f"event_id {event_id!r} comes twice with other content; give each event its own id"
            )
        if len(content_of) > len(events):
            events.append(event if event.event_id else replace(event, event_id=event_id))
    return events


def _event_bodies(request: ScoreRequest) -> Iterator[EventBody]:
    yield from request.attribute_changes
    yield from request.interactions
    yield from request.stage_changes


def _event(lead_id: str, body: EventBody) -> Event:
    event_type, name, own = _own_fields(body)
    return Event(
        lead_id=lead_id,
        type=event_type,
        occurred_at=body.occurred_at,
        recorded_at=body.occurred_at if body.recorded_at is None else body.recorded_at,
        name=name,
        event_id=body.event_id or "",
        actor=body.actor,
        **own,
    )


def _own_fields(body: EventBody) -> tuple[int, str, dict[str, Any]]:
    """The type of an event, its name, and what only events of its type have."""
    match body:
        case StageChangeBody():
            return STAGE_CHANGE, body.stage, {"pipeline": body.pipeline, "reason": body.reason}
        case AttributeChangeBody():
            return ATTRIBUTE_CHANGE, body.attribute, {"value": body.value}
        case InteractionBody():
            own = {
                "direction": body.direction,
                "duration_seconds": body.duration_seconds,
                "result": body.result,
                "text": body.text,
                "details": {n: text for n, text in body.details.items() if text is not None},
            }
            return INTERACTION, body.kind, own
    raise AssertionError(body)


def _refused(
    request: ScoreRequest, pipelines: Pipelines, types: Mapping[str, AttributeType]
) -> Iterator[Refused]:
    own = request.lead.pipeline
    if own not in pipelines.names:
        yield ("lead", "pipeline"), unknown_name("pipeline", own, pipelines.names)
    for place, move in enumerate(request.stage_changes):
        if pipelines.stage_code(move.stage, move.pipeline, own) < 0:
            yield ("stage_changes", place, "stage"), _unknown_stage(move, pipelines)
    for name, text in request.lead.attributes.items():
        yield from _unreadable(("lead", "attributes", name), name, text, types)
    for place, change in enumerate(request.attribute_changes):
        loc = ("attribute_changes", place, "value")
        yield from _unreadable(loc, change.attribute, change.value, types)


def _unreadable(
    loc: tuple[int | str, ...], name: str, text: str | None, types: Mapping[str, AttributeType]
) -> Iterable[Refused]:
    attribute_type = types.get(name, "category")
    try:
        read_value(text, attribute_type)
    except InvalidInputError as error:
        return [(loc, f"{name} is of type {attribute_type}: {error}")]
    return []


def _unknown_stage(move: StageChangeBody, pipelines: Pipelines) -> str:
    if move.pipeline is not None and move.pipeline not in pipelines.names:
        return unknown_name("pipeline", move.pipeline, pipelines.names)
    known = [s for p, s in pipelines.stage_names if move.pipeline in (None, p)]
    return unknown_name("stage", move.stage, list(dict.fromkeys(known)))


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """A name that is none of those known, and which these are."""
    listed = ", ".join(repr(text) for text in known[:40])
    return f"{name[:80]!r} is not a known {what}; known are {listed}"
