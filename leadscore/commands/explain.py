"""`leadscore explain`: one lead's score, its factors and its timeline, for a person."""

import os
from typing import Annotated, Any

import typer

from crm.store import Store
from leads.clock import format_time
from leads.errors import InvalidInputError
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE, Event
from leadscore.options import AsJson, AsOf, Lang, read_language, read_moment
from leadscore.scoring import load_scorer
from leadscore.settings import read_settings
from leadscore.terminal import say, show_json, show_table
from models.kinds import kind_in_words
from models.languages import Language
from models.scorer import NO_SUPPORT, THIN_SUPPORT
from serving.changes import changes_body, changes_since
from serving.schemas import event_body
from serving.scoring import score_stored_lead, stored_lead
from serving.served import Served
from serving.wording import percent, tenths_adding_up, tenths_of_percent, tenths_of_points

SHOWN_EVENTS = 15

Since = Annotated[
    str | None, typer.Option(help="An earlier moment: why the score changed since then.")
]
SinceModel = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION", help="The model that scored at --since; by default the present one."
    ),
]


def explain(
    lead_id: Annotated[str, typer.Argument(help="The lead's id.")],
    as_of: AsOf = None,
    since: Since = None,
    since_model: SinceModel = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """One lead's score, the factors that add up to it, and what happened.

    With --since also why the score is another one than it was then.

    Example: leadscore explain L000123 --as-of 2026-01-15T12:00:00Z --since 2026-01-01T12:00:00Z
    """
    if since is None and since_model is not None:
        raise InvalidInputError("--since-model says who scored at --since; give --since as well")
    settings = read_settings(os.environ)
    language = read_language(lang, settings.language)
    with Store.open(settings.store) as store:
        served = Served(store, settings.models, grades=settings.grades)
        moment = read_moment(as_of, "--as-of")
        scored = score_stored_lead(served, lead_id, moment, language=language)
        events = [e for e in store.events(lead_id) if _known(e, scored.score.as_of)]
        earlier = read_moment(since, "--since")
        changes = {}
        if earlier is not None:
            scorer = None
            if since_model is not None:
                scorer = load_scorer(store, settings.models, since_model)
            lead = stored_lead(served, lead_id, scored.score.as_of)
            changes = {"changes": changes_body(changes_since(lead, earlier, scorer), language)}
    body = {**scored.as_body(), **changes}
    if as_json:
        show_json({**body, "timeline": [event_body(event) for event in events]})
    else:
        recalibrated = scored.scorer.about.get("recalibrated") or {}
        _show(body, events, language, recalibrated.get("from_version"))


def _known(event: Event, as_of: int) -> bool:
    return event.occurred_at <= as_of and event.recorded_at <= as_of


def _show(
    body: dict[str, Any], events: list[Event], language: Language, from_version: str | None
) -> None:
    version = body["model"]["version"]
    say(
        language.say(
            "Lead {lead} as of {time} (version {version})",
            lead=body["lead_id"], time=body["as_of"], version=version,
        )
    )  # fmt: skip
    if from_version is not None:
        say(language.say("Recalibrated from version {version}.", version=from_version))
    if body["freshness"]["stale"]:
        newest = body["freshness"]["newest_event_at"]
        say(language.say("The newest event is from {time}.", time=newest))
    if body["status"] == "won":
        say(language.say("It is won: no probability."))
    elif body["status"] == "lost":
        say(language.say("It is lost: no probability."))
    else:
        _show_factors(body, language)
    if "changes" in body:
        _show_changes(body["changes"], language)
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
    _show_interval_and_horizons(body, language)
    if body["support"] == NO_SUPPORT:
        say(
            language.say(
                "The records showed no signal: this is the base rate, the same for every lead."
            )
        )
        return
    if body["support"] == THIN_SUPPORT:
        say(
            language.say(
                "Few leads like this one are closed: much is borrowed from other leads and from "
                "what is usual."
            )
        )
    rows = [(language.say("A typical lead"), percent(body["base_probability"], language))]
    rows += [
        (factor["sentence"], _points(factor["effect"], language)) for factor in body["factors"]
    ]
    rows.append((language.say("Everything else"), _points(_rest(body), language)))
    rows.append((language.say("Win probability"), probability))
    show_table("", ("", ""), rows)


def _rest(body: dict[str, Any]) -> float:
    """What is left to the probability shown: it takes up what rounding leaves over."""
    effects = (tenths_of_points(factor["effect"]) for factor in body["factors"])
    known = tenths_of_percent(body["base_probability"]) + sum(effects)
    return (tenths_of_percent(body["win_probability"]) - known) / 1000


def _show_interval_and_horizons(body: dict[str, Any], language: Language) -> None:
    if body["interval"]:
        low, high = (percent(end, language) for end in body["interval"])
        say(
            language.say(
                "Of leads known to be like this one, between {low} and {high} are won.",
                low=low, high=high,
            )
        )  # fmt: skip
    if body["horizons"]:
        shown = (
            f"{language.count('{count} day', '{count} days', name.removesuffix('d'))} "
            f"{percent(by_then, language)}"
            for name, by_then in body["horizons"].items()
        )
        say(f"{language.say('Won within:')} {' · '.join(shown)}")


def _show_changes(changes: dict[str, Any], language: Language) -> None:
    """What moved the score since a moment, and through which signals most."""
    say("")
    parts = changes["parts"]
    total = tenths_of_percent(changes["after"]) - tenths_of_percent(changes["before"])
    tenths = tenths_adding_up([part["effect"] for part in parts], total)
    rows = [
        (
            part["label"],
            _points(shown / 1000, language),
            ", ".join(f"{g['label']} {_signed(g['effect'], language)}" for g in part["groups"]),
        )
        for part, shown in zip(parts, tenths, strict=True)
    ]
    rows.append((language.say("In all"), _points(total / 1000, language), ""))
    title = language.say(
        "Since {time} it went from {before} to {after}",
        time=changes["since"],
        before=percent(changes["before"], language),
        after=percent(changes["after"], language),
    )
    headings = ("", "", language.say("mostly through"))
    show_table(title, headings, rows, wrapped=2)


def _signed(effect: float, language: Language) -> str:
    rounded = round(100 * effect, 1)
    return language.figure(f"{rounded:+.1f}" if rounded else "0.0")


def _points(effect: float, language: Language) -> str:
    return language.say("{points} points", points=_signed(effect, language))


def _what(event: Event, language: Language) -> str:
    if event.type == STAGE_CHANGE:
        return language.say("moved to {stage}", stage=event.name)
    if event.type == ATTRIBUTE_CHANGE:
        value = language.say("(cleared)") if event.value is None else event.value
        return f"{language.field(event.name)} = {value}"
    kind = kind_in_words(event.name, language)
    return " ".join(part for part in (_direction(event, language), kind, event.result) if part)


def _direction(event: Event, language: Language) -> str | None:
    if event.direction is None:
        return None
    return language.say("inbound") if event.direction == "inbound" else language.say("outbound")
