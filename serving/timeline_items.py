"""A lead's events in words, for the timeline on its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leads.attributes import AttributeType
from leads.clock import SECOND_US, format_time
from leads.pipelines import Outcome, Pipelines
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE, Event, Lead
from leads.view import is_known
from models.kinds import kind_label
from models.languages import Language
from serving.wording import field_label, length_of_time, readable_time, shown_value


@dataclass(frozen=True)
class TimelineItem:
    """An event: `what` is its title, `notes` short facts, `texts` what was said.

    `late` says when it was recorded if that was later; `unknown` is true where the score's moment
    did not know it.
    """

    anchor: str
    type: str
    what: str
    occurred_at: str
    occurred_at_iso: str
    late: str | None
    unknown: bool
    notes: tuple[str, ...]
    texts: tuple[str, ...]
    details: tuple[tuple[str, str], ...]


def timeline_item(
    event: Event,
    place: int,
    as_of: int,
    types: Mapping[str, AttributeType],
    language: Language,
) -> TimelineItem:
    """An event in words; `place` numbers it on its page."""
    return TimelineItem(
        anchor=f"event-{place}",
        type=_type(event),
        what=_what(event, types, language),
        occurred_at=readable_time(event.occurred_at, language),
        occurred_at_iso=format_time(event.occurred_at),
        late=_late(event, language),
        unknown=not is_known(event.occurred_at, event.recorded_at, as_of),
        notes=tuple(_notes(event, language)),
        texts=tuple(text for text in (event.text, event.reason) if text),
        details=tuple((name, str(value)) for name, value in event.details.items()),
    )


def known_at(events: Sequence[Event], as_of: int) -> list[Event]:
    """The events that were known at a moment, in their order."""
    return [event for event in events if is_known(event.occurred_at, event.recorded_at, as_of)]


def stage_at(
    lead: Lead, known: Sequence[Event], pipelines: Pipelines | None
) -> tuple[str, Outcome]:
    """The stage and status that a lead's known events leave it in."""
    if pipelines is None:
        return "", "open"
    moves = [event for event in known if event.type == STAGE_CHANGE]
    if not moves:
        return pipelines[lead.pipeline].stages[0], "open"
    code = pipelines.stage_code(moves[-1].name, moves[-1].pipeline, lead.pipeline)
    pipeline, stage = pipelines.stage_names[code]
    return stage, pipelines[pipeline].outcome(stage)


def _type(event: Event) -> str:
    if event.type == STAGE_CHANGE:
        return "stage"
    return "attribute" if event.type == ATTRIBUTE_CHANGE else "interaction"


def _what(event: Event, types: Mapping[str, AttributeType], language: Language) -> str:
    if event.type == STAGE_CHANGE:
        return language.say("Moved to {stage}", stage=event.name)
    if event.type != ATTRIBUTE_CHANGE:
        return kind_label(event.name, language)
    label = field_label(event.name, language)
    if event.value is None:
        return language.say("{field} cleared", field=label)
    value = shown_value(event.value, types.get(event.name), language)
    return language.say("{field} set to {value}", field=label, value=value)


def _late(event: Event, language: Language) -> str | None:
    delay_us = event.recorded_at - event.occurred_at
    if delay_us <= 0:
        return None
    return language.say(
        "Recorded late: {time} ({delay} later)",
        time=readable_time(event.recorded_at, language),
        delay=length_of_time(delay_us, language),
    )


def _notes(event: Event, language: Language) -> list[str]:
    notes = []
    if event.direction == "inbound":
        notes.append(language.say("from the lead"))
    if event.direction == "outbound":
        notes.append(language.say("from us"))
    if event.actor is not None:
        notes.append(language.say("by {actor}", actor=event.actor))
    if event.duration_seconds:
        duration = length_of_time(int(event.duration_seconds * SECOND_US), language)
        notes.append(language.say("took {duration}", duration=duration))
    if event.result is not None:
        notes.append(event.result)
    if event.pipeline is not None:
        notes.append(language.say("in pipeline {pipeline}", pipeline=event.pipeline))
    return notes
