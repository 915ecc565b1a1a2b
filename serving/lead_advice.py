"""What the page of an open lead advises: next actions, and leads like it when asked for."""

from dataclasses import dataclass
from urllib.parse import quote

from leads.clock import format_time
from leads.outcome import STATUS_NAMES
from models.languages import Language, counted
from models.next_actions import NOTE as ACTIONS_NOTE
from models.next_actions import Action
from models.similar import NOTE as SIMILAR_NOTE
from models.similar import SimilarLead
from serving.actions import next_actions_of, similar_to_lead
from serving.served import Served
from serving.visit import Visit
from serving.wording import percent, points, readable_time, status_word

ACTIONS_SHOWN = 3
SIMILAR_SHOWN = 5
_TIMES = counted(
    "Happened {count} time at leads in this stage.",
    "Happened {count} times at leads in this stage.",
)


@dataclass(frozen=True)
class ShownAction:
    """An action, what it would add in points, and how usual it is."""

    sentence: str
    points: str
    usual: str


@dataclass(frozen=True)
class ShownSimilar:
    """A resolved lead: how it ended, when, and in what it was alike."""

    lead_id: str
    link: str
    status: str
    status_word: str
    closed_at: str
    closed_at_iso: str
    days: str
    likeness: str
    alike_in: str


@dataclass(frozen=True)
class Advice:
    """The advice; `similar` is None until it is asked for by `similar_link`."""

    actions: tuple[ShownAction, ...]
    actions_note: str
    similar: tuple[ShownSimilar, ...] | None
    similar_note: str
    similar_link: str


def lead_advice(
    served: Served, lead_id: str, as_of: int, visit: Visit, *, with_similar: bool
) -> Advice:
    """The advice on an open lead at a moment. Raises what `stored_lead` raises."""
    language = visit.language
    actions, _ = next_actions_of(served, lead_id, as_of, most=ACTIONS_SHOWN)
    similar = None
    if with_similar:
        found, _ = similar_to_lead(served, lead_id, as_of, SIMILAR_SHOWN)
        similar = tuple(_shown_similar(one, visit) for one in found.leads)
    parameters = {"as_of": format_time(as_of), "similar": "true"}
    return Advice(
        actions=tuple(_shown_action(action, language) for action in actions.actions),
        actions_note=language.translated(ACTIONS_NOTE),
        similar=similar,
        similar_note=language.translated(SIMILAR_NOTE),
        similar_link=visit.link(f"/leads/{quote(lead_id)}", parameters) + "#similar",
    )


def _shown_action(action: Action, language: Language) -> ShownAction:
    return ShownAction(
        sentence=action.sentence_in(language),
        points=points(action.effect, language),
        usual=language.count(*_TIMES, language.figure(f"{action.times:,}")),
    )


def _shown_similar(one: SimilarLead, visit: Visit) -> ShownSimilar:
    language, status = visit.language, STATUS_NAMES[one.status]
    days = language.figure(f"{one.days_taken:,.0f}")
    return ShownSimilar(
        lead_id=one.lead_id,
        link=visit.link(f"/leads/{quote(one.lead_id)}"),
        status=status,
        status_word=status_word(status, language),
        closed_at=readable_time(one.closed_at, language),
        closed_at_iso=format_time(one.closed_at),
        days=language.count("{count} day", "{count} days", days),
        likeness=percent(one.likeness, language),
        alike_in=", ".join(reason.label_in(language) for reason in one.alike_in),
    )
