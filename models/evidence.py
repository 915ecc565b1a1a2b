"""Evidence: the known events that a person would look at behind a factor."""

from collections.abc import Sequence

import numpy as np

from features.signal import Evidence
from leads.arrays import Bools
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE
from leads.view import View

MOST_EVENTS = 5


def event_ids(view: View, snapshot: int, evidence: Evidence | None) -> list[str]:
    """Ids of the newest known events behind a factor, newest first, at most five.

    A stage or an attribute is explained by its latest change alone, what is told of the earliest
    event by that one.
    """
    if evidence is None:
        return []
    first, stop = int(view.first[snapshot]), int(view.stop[snapshot])
    matching = first + np.flatnonzero(_matches(view, slice(first, stop), evidence))
    latest_only = evidence.type in {STAGE_CHANGE, ATTRIBUTE_CHANGE}
    newest = matching[::-1][: 1 if latest_only else MOST_EVENTS]
    shown = matching[:1] if evidence.earliest else newest
    return view.timelines.ids_of(view.events, shown.tolist())


def _matches(view: View, known: slice, evidence: Evidence) -> Bools:
    """Which of a lead's known events are of the evidence's type, and all else that it says."""
    events, timelines = view.events, view.timelines
    is_attribute = evidence.type == ATTRIBUTE_CHANGE
    names = timelines.attributes if is_attribute else timelines.kinds
    matches: Bools = events.type[known] == evidence.type
    if evidence.name is not None:
        matches &= events.name[known] == _code(names, evidence.name)
    if evidence.direction is not None:
        matches &= events.direction[known] == evidence.direction
    if evidence.result is not None:
        matches &= events.result[known] == _code(timelines.results, evidence.result)
    if evidence.talked:
        matches &= events.duration_seconds[known] > 0
    return matches


def _code(texts: Sequence[str], text: str) -> int:
    """The code of a text; one that no event has if it is not among them."""
    return texts.index(text) if text in texts else len(texts)
