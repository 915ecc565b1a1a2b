"""What could be done about a stored lead, composed: what-if, next actions, similar leads."""

from dataclasses import replace
from typing import Any

from crm.bodies.what_if_request import KnownNames, WhatIfRequest, hypothetical_events
from leads.clock import DAY_US, format_time
from leads.errors import InvalidSnapshotError
from leads.outcome import STATUS_NAMES
from leads.records import EVENT_TYPES, INTERACTION
from models.languages import ENGLISH, Language
from models.next_actions import MOST_ACTIONS, Action, NextActions, next_actions
from models.next_actions import NOTE as ACTIONS_NOTE
from models.scorer import FACTORS_EACH_WAY
from models.similar import MOST_SIMILAR, SharedReason, SimilarLead, SimilarLeads
from models.similar import NOTE as SIMILAR_NOTE
from models.what_if import NOTE as WHAT_IF_NOTE
from models.what_if import WhatIf, what_if
from serving.schemas import event_body
from serving.scoring import ScoredLead, StoredLead, stored_lead
from serving.served import Served

# Further ahead than this no model can say what a lead would be like.
MOST_DAYS_AHEAD = 365
_TYPE_NAMES = {code: name for name, code in EVENT_TYPES.items()}


def what_if_of(
    served: Served,
    lead_id: str,
    request: WhatIfRequest,
    factors: int = FACTORS_EACH_WAY,
    language: Language = ENGLISH,
) -> dict[str, Any]:
    """The score of a stored lead without and with hypothetical events; nothing is stored.

    Raises what `hypothetical_events`, `what_if` and `stored_lead` raise.
    """
    lead = _lead_ahead(served, lead_id, request.as_of)
    events = hypothetical_events(request, lead.timelines, lead.as_of, _known_names(lead))
    found = what_if(
        lead.scorer, lead.population, lead.timelines, lead.as_of, events,
        factors=factors, grades=served.grades, language=language,
    )  # fmt: skip
    return _what_if_body(found, lead, language)


def next_actions_of(
    served: Served,
    lead_id: str,
    as_of: int | None = None,
    *,
    most: int = MOST_ACTIONS,
    of_the_lead: bool = False,
    moves: bool = False,
    without_gain: bool = False,
) -> tuple[NextActions, StoredLead]:
    """What could come next for a stored lead. Raises what `stored_lead` raises."""
    lead = stored_lead(served, lead_id, as_of)
    assert lead.population.timelines is not None
    found = next_actions(
        lead.scorer, lead.population, served.habits(lead.population.timelines), lead.timelines,
        lead.as_of, most=most, of_the_lead=of_the_lead, moves=moves, without_gain=without_gain,
    )  # fmt: skip
    return found, lead


def similar_to_lead(
    served: Served, lead_id: str, as_of: int | None = None, most: int = MOST_SIMILAR
) -> tuple[SimilarLeads, StoredLead]:
    """Resolved leads like a stored one. Raises what `stored_lead` raises."""
    lead = stored_lead(served, lead_id, as_of)
    resolved = served.resolved_leads(lead.scorer, lead.population)
    return resolved.like(lead.timelines, lead.as_of, most), lead


def next_actions_body(found: NextActions, lead: StoredLead, language: Language) -> dict[str, Any]:
    """Next actions as JSON."""
    return {
        **_head(found, lead),
        "win_probability": found.win_probability,
        "actions": [_action_body(action, language) for action in found.actions],
        "considered": found.considered,
        "note": language.say(ACTIONS_NOTE),
    }


def similar_body(found: SimilarLeads, lead: StoredLead, language: Language) -> dict[str, Any]:
    """Similar leads as JSON."""
    statuses = [STATUS_NAMES[one.status] for one in found.leads]
    return {
        **_head(found, lead),
        "leads": [_similar_lead_body(one, language) for one in found.leads],
        "won": statuses.count("won"),
        "lost": statuses.count("lost"),
        "compared": found.compared,
        "note": language.say(SIMILAR_NOTE),
    }


def _lead_ahead(served: Served, lead_id: str, as_of: int | None) -> StoredLead:
    """A stored lead at a moment that may lie ahead: then as it would be with nothing else known."""
    now = served.now()
    if as_of is None or as_of <= now:
        return stored_lead(served, lead_id, as_of)
    if as_of > now + MOST_DAYS_AHEAD * DAY_US:
        raise InvalidSnapshotError(
            f"as_of {format_time(as_of)} is more than {MOST_DAYS_AHEAD} days ahead (it is "
            f"{format_time(now)} now); ask for an earlier moment"
        )
    return replace(stored_lead(served, lead_id), as_of=as_of)


def _known_names(lead: StoredLead) -> KnownNames:
    """What the store's leads have, and what the model learned of."""
    stored = lead.population.timelines
    kinds = set() if stored is None else set(stored.kinds)
    behind = (column.group.evidence for column in lead.scorer.plan.columns)
    learned = {one.name for one in behind if one is not None and one.type == INTERACTION}
    attributes = {*lead.timelines.attribute_types, *lead.scorer.attribute_types}
    return KnownNames(
        kinds=frozenset(kinds.union(name for name in learned if name is not None)),
        attributes=frozenset(attributes),
    )


def _what_if_body(found: WhatIf, lead: StoredLead, language: Language) -> dict[str, Any]:
    before, after = (
        ScoredLead(score, lead.scorer, lead.newest_event_at, lead.stale).as_body()
        for score in (found.before, found.after)
    )
    return {
        "lead_id": found.before.lead_id,
        "as_of": format_time(lead.as_of),
        "before": before,
        "after": after,
        "difference": found.difference,
        "events": [
            {
                "event": event_body(part.event),
                "effect": part.effect,
                "win_probability": part.win_probability,
            }
            for part in found.parts
        ],
        "note": language.say(WHAT_IF_NOTE),
    }


def _head(found: NextActions | SimilarLeads, lead: StoredLead) -> dict[str, Any]:
    """Of which lead and moment an answer is, and by which model."""
    return {
        "lead_id": found.lead_id,
        "as_of": format_time(found.as_of),
        "status": STATUS_NAMES[found.status],
        "pipeline": found.pipeline,
        "stage": found.stage,
        "model_version": lead.scorer.version,
    }


def _action_body(action: Action, language: Language) -> dict[str, Any]:
    return {
        "type": _TYPE_NAMES[action.type],
        "name": action.name,
        "by": action.by,
        "effect": action.effect,
        "win_probability": action.win_probability,
        "sentence": action.sentence_in(language),
        "times": action.times,
        "results": [
            {
                "result": result.result,
                "share": result.share,
                "win_probability": result.win_probability,
            }
            for result in action.results
        ],
    }


def _similar_lead_body(one: SimilarLead, language: Language) -> dict[str, Any]:
    return {
        "lead_id": one.lead_id,
        "status": STATUS_NAMES[one.status],
        "created_at": format_time(one.created_at),
        "compared_at": format_time(one.compared_at),
        "closed_at": format_time(one.closed_at),
        "days_taken": one.days_taken,
        "win_probability": one.win_probability,
        "likeness": one.likeness,
        "alike_in": [_reason_body(reason, language) for reason in one.alike_in],
        "differs_in": [_reason_body(reason, language) for reason in one.differs_in],
    }


def _reason_body(reason: SharedReason, language: Language) -> dict[str, Any]:
    return {
        "name": reason.group.name,
        "label": reason.label_in(language),
        "here": reason.here,
        "there": reason.there,
    }
