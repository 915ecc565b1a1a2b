"""What if: a lead's score with hypothetical events, beside its score without them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.population import Population
from leads.errors import InvalidInputError
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.records import Event
from leads.timeline import Timelines
from leads.view import View
from models.alternatives import alternatives, require_open, view_of_all
from models.languages import ENGLISH, Language, message
from models.scorer import DEFAULT_GRADES, FACTORS_EACH_WAY, Score, Scorer

NOTE = message(
    "What the model expects of leads with such a history, not a promise: it has seen what "
    "happened, not what would have happened otherwise."
)


@dataclass(frozen=True)
class Part:
    """A hypothetical event: what it adds to those before it, and the probability then."""

    event: Event
    effect: float
    win_probability: float


@dataclass(frozen=True)
class WhatIf:
    """The scores before and after; the effects of `parts`, in order of time, add up to the rest."""

    before: Score
    after: Score
    parts: tuple[Part, ...]

    @property
    def difference(self) -> float:
        """How much higher the probability is with the events than without."""
        return _probability(self.after) - _probability(self.before)


def what_if(
    scorer: Scorer,
    population: Population,
    timelines: Timelines,
    as_of: int,
    events: Sequence[Event],
    *,
    factors: int = FACTORS_EACH_WAY,
    grades: Sequence[tuple[str, int]] = DEFAULT_GRADES,
    language: Language = ENGLISH,
) -> WhatIf:
    """The only lead in `timelines`, scored at `as_of` without and with hypothetical events.

    Raises `InvalidSnapshotError` where it was closed by then, `InvalidInputError` where an event
    would close it.
    """
    require_open(view_of_all(timelines, as_of))
    in_order = [events[place] for place in _order(timelines, events)]
    one_more = np.tril(np.ones((len(events) + 1, len(events)), bool), k=-1)
    view = view_of_all(alternatives(timelines, in_order, one_more), as_of)
    _require_open_with_them(view)
    probability = scorer.probabilities(view, population)
    ends = alternatives(timelines, in_order, one_more[[0, -1]])
    scores = scorer.score(view_of_all(ends, as_of), population)
    before, after = (
        scorer.describe(scores, row, factors=factors, grades=grades, language=language)
        for row in range(2)
    )
    parts = zip(in_order, np.diff(probability), probability[1:], strict=True)
    return WhatIf(before, after, tuple(Part(e, float(d), float(p)) for e, d, p in parts))


def _order(timelines: Timelines, events: Sequence[Event]) -> Sequence[int]:
    """The places of hypothetical events in the stated order."""
    none = np.ones((1, len(events)), bool)
    together = alternatives(timelines, events, none)
    happened = len(timelines.events.row)
    return [int(row) - happened for row in together.events.row if row >= happened]


def _require_open_with_them(view: View) -> None:
    if (known_status(view) != OPEN).any():
        raise InvalidInputError(
            f"a hypothetical event would close lead {view.lead_id(0)!r}: a won or lost lead has no "
            "score; leave out moves to stages that win or lose"
        )


def _probability(score: Score) -> float:
    assert score.win_probability is not None
    return score.win_probability
