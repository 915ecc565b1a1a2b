"""`leadscore explain`: one lead's score, its factors and its timeline, for a person."""

import os
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.clock import format_time
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE, Event
from leadscore.options import AsJson, AsOf, Lang, read_language, read_moment
from leadscore.settings import read_settings
from leadscore.terminal import say, show_json, show_table
from models.languages import Language
from models.scorer import NO_SUPPORT
from serving.schemas import event_body
from serving.scoring import score_stored_lead
from serving.served import Served
from serving.wording import percent

SHOWN_EVENTS = 15


def explain(
    lead_id: Annotated[str, typer.Argument(help="The lead's id.")],
    as_of: AsOf = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """One lead's score, the factors that add up to it, and what happened.

    Example: leadscore explain L000123 --as-of 2026-01-15T12:00:00Z
    """
    settings = read_settings(os.environ)
    language = read_language(lang, settings.language)
    with Store.open(settings.store) as store:
        served = Served(store, settings.models, grades=settings.grades)
        moment = read_moment(as_of, "--as-of")
        scored = score_stored_lead(served, lead_id, moment, language=language)
        events = [e for e in store.events(lead_id) if _known(e, scored.score.as_of)]
    body = scored.as_body()
    if as_json:
        show_json({**body, "timeline": [event_body(event) for event in events]})
    else:
        _show(body, events, language)


def _known(event: Event, as_of: int) -> bool:
    return event.occurred_at <= as_of and event.recorded_at <= as_of


def _show(body: dict[str, Any], events: list[Event], language: Language) -> None:
    version = body["model"]["version"]
    say(
        language.say(
            "Lead {lead} as of {time} (version {version})",
            lead=body["lead_id"], time=body["as_of"], version=version,
        )
    )  # fmt: skip
    if body["freshness"]["stale"]:
        newest = body["freshness"]["newest_event_at"]
        say(language.say("The newest event is from {time}.", time=newest))
    if body["status"] == "won":
        say(language.say("It is won: no probability."))
    elif body["status"] == "lost":
        say(language.say("It is lost: no probability."))
    else:
        _show_factors(body, language)
    say("")
    show_table(
        language.say("Latest events"),
        (language.say("when"), language.say("what"), language.say("who")),
        [
            (format_time(e.occurred_at), _what(e, language), e.actor)
            for e in events[::-1][:SHOWN_EVENTS]
        ],
        wrapped=1,
    )
    earlier = len(events) - SHOWN_EVENTS
    if earlier > 0:
        shown = language.figure(f"{earlier:,}")
        say(language.count("and {count} earlier one", "and {count} earlier ones", shown))


def _show_factors(body: dict[str, Any], language: Language) -> None:
    probability = percent(body["win_probability"], language)
    grade = body["grade"]
    say(language.say("Win probability {percent}, grade {grade}", percent=probability, grade=grade))
    if body["support"] == NO_SUPPORT:
        say(
            language.say(
                "The records showed no signal: this is the base rate, the same for every lead."
            )
        )
        return
    rows = [(language.say("A typical lead"), percent(body["base_probability"], language))]
    rows += [
        (factor["sentence"], _points(factor["effect"], language)) for factor in body["factors"]
    ]
    rows.append((language.say("Everything else"), _points(body["other_effects"], language)))
    rows.append((language.say("Win probability"), probability))
    show_table("", ("", ""), rows)


def _points(effect: float, language: Language) -> str:
    return language.say("{points} points", points=language.figure(f"{100 * effect:+.1f}"))


def _what(event: Event, language: Language) -> str:
    if event.type == STAGE_CHANGE:
        return language.say("moved to {stage}", stage=event.name)
    if event.type == ATTRIBUTE_CHANGE:
        value = language.say("(cleared)") if event.value is None else event.value
        return f"{event.name} = {value}"
    return " ".join(part for part in (event.direction, event.name, event.result) if part)
