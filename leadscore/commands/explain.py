"""`leadscore explain`: one lead's score, its factors and its timeline, for a person."""

import os
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.clock import format_time
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE, Event
from leadscore.options import AsJson, AsOf, read_moment
from leadscore.settings import read_settings
from leadscore.terminal import percent, points, say, show_json, show_table
from models.scorer import NO_SUPPORT
from serving.schemas import event_body
from serving.scoring import score_stored_lead
from serving.served import Served

SHOWN_EVENTS = 15


def explain(
    lead_id: Annotated[str, typer.Argument(help="The lead's id.")],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """One lead's score, the factors that add up to it, and what happened.

    Example: leadscore explain L000123 --as-of 2026-01-15T12:00:00Z
    """
    settings = read_settings(os.environ)
    with Store.open(settings.store) as store:
        served = Served(store, settings.models, grades=settings.grades)
        scored = score_stored_lead(served, lead_id, read_moment(as_of, "--as-of"))
        events = [e for e in store.events(lead_id) if _known(e, scored.score.as_of)]
    body = scored.as_body()
    if as_json:
        show_json({**body, "timeline": [event_body(event) for event in events]})
    else:
        _show(body, events)


def _known(event: Event, as_of: int) -> bool:
    return event.occurred_at <= as_of and event.recorded_at <= as_of


def _show(body: dict[str, Any], events: list[Event]) -> None:
    say(f"Lead {body['lead_id']} as of {body['as_of']} (version {body['model']['version']})")
    if body["freshness"]["stale"]:
        say(f"The newest event is from {body['freshness']['newest_event_at']}.")
    if body["win_probability"] is None:
        say(f"It is {body['status']}: no probability.")
    else:
        _show_factors(body)
    say("")
    show_table(
        "Latest events",
        ("when", "what", "who"),
        [(format_time(e.occurred_at), _what(e), e.actor) for e in events[::-1][:SHOWN_EVENTS]],
        wrapped=1,
    )
    if len(events) > SHOWN_EVENTS:
        say(f"and {len(events) - SHOWN_EVENTS:,} earlier ones")


def _show_factors(body: dict[str, Any]) -> None:
    say(f"Win probability {percent(body['win_probability'], 1)}, grade {body['grade']}")
    if body["support"] == NO_SUPPORT:
        say("The records showed no signal: this is the base rate, the same for every lead.")
        return
    rows: list[tuple[str, str]] = [("A typical lead", percent(body["base_probability"], 1))]
    rows += [(factor["sentence"], points(factor["effect"])) for factor in body["factors"]]
    rows.append(("Everything else", points(body["other_effects"])))
    rows.append(("Win probability", percent(body["win_probability"], 1)))
    show_table("", ("", ""), rows)


def _what(event: Event) -> str:
    if event.type == STAGE_CHANGE:
        return f"moved to {event.name}"
    if event.type == ATTRIBUTE_CHANGE:
        return f"{event.name} = {'(cleared)' if event.value is None else event.value}"
    return " ".join(part for part in (event.direction, event.name, event.result) if part)
