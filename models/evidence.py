"""Evidence: the known events that a person would look at behind a factor."""

from collections.abc import Sequence

from features.signal import Evidence
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE
from leads.view import View

MOST_EVENTS = 5


def event_ids(view: View, snapshot: int, evidence: Evidence | None) -> list[str]:
    """Ids of the newest known events behind a factor, newest first, at most five.

    A stage or an attribute is explained by its latest change alone.
    """
    if evidence is None:
        return []
    matching = [
        place
        for place in range(int(view.first[snapshot]), int(view.stop[snapshot]))
        if _matches(view, place, evidence)
    ]
    latest_only = evidence.type in {STAGE_CHANGE, ATTRIBUTE_CHANGE}
    newest = matching[::-1][: 1 if latest_only else MOST_EVENTS]
    return view.timelines.ids_of(view.events, newest)


def _matches(view: View, place: int, evidence: Evidence) -> bool:
    events = view.events
    if events.type[place] != evidence.type:
        return False
    if evidence.name is not None and _name(view, place) != evidence.name:
        return False
    if evidence.direction is not None and events.direction[place] != evidence.direction:
        return False
    return evidence.result is None or _text(view.timelines.results, int(events.result[place])) == (
        evidence.result
    )


def _name(view: View, place: int) -> str | None:
    is_attribute = view.events.type[place] == ATTRIBUTE_CHANGE
    names = view.timelines.attributes if is_attribute else view.timelines.kinds
    return _text(names, int(view.events.name[place]))


def _text(texts: Sequence[str], code: int) -> str | None:
    return texts[code] if code >= 0 else None
