"""Why a stored lead's score changed since a moment, composed and as JSON."""

from typing import Any

from leads.clock import format_time
from models.changes import CAUSE_LABELS, Change, Changes, Standpoint, changes
from models.languages import Language
from models.scorer import Scorer
from serving.scoring import StoredLead


def changes_since(lead: StoredLead, since: int, earlier: Scorer | None = None) -> Changes:
    """Why the score of a stored lead is another one than it was at `since`.

    `earlier` is the model that scored then, the present one when absent. Raises
    `InvalidSnapshotError`.
    """
    scorer = lead.scorer if earlier is None else earlier
    return changes(
        Standpoint(scorer, lead.timelines, lead.population, since),
        Standpoint(lead.scorer, lead.timelines, lead.population, lead.as_of),
    )


def changes_body(found: Changes, language: Language) -> dict[str, Any]:
    """The changes as JSON; the effects of `parts` add up to `difference`."""
    return {
        "since": format_time(found.since),
        "as_of": format_time(found.as_of),
        "before": found.before,
        "after": found.after,
        "difference": found.after - found.before,
        "parts": [_part_body(change, language) for change in found.changes],
    }


def _part_body(change: Change, language: Language) -> dict[str, Any]:
    return {
        "cause": change.cause,
        "label": language.translated(CAUSE_LABELS[change.cause]),
        "effect": change.effect,
        "groups": [
            {
                "name": one.group.name,
                "label": one.label_in(language),
                "effect": one.effect,
            }
            for one in change.groups
        ],
        "other": change.other,
    }
