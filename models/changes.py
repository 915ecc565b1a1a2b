"""Why a score changed: the difference between two moments, split into what it came from.

In this order: time passed, other leads, the lead's own events, another model. Each step changes
one thing alone and is scored anew, so the effects add up to the difference.
"""

import itertools
from dataclasses import dataclass
from typing import Literal

from features.population import Population, population_of
from features.signal import Group
from leads.errors import InvalidSnapshotError
from leads.timeline import Timelines
from leads.view import View, known_by
from models.alternatives import require_open, view_of_all
from models.languages import ENGLISH, Language, message
from models.scorer import Scorer
from models.sentences import group_label

Cause = Literal["time", "other_leads", "own_events", "model"]
CAUSES: tuple[Cause, ...] = ("time", "other_leads", "own_events", "model")
MOST_GROUPS = 3

# What people read of a cause.
CAUSE_LABELS: dict[Cause, str] = {
    "time": message("Time that passed"),
    "other_leads": message("What other leads did"),
    "own_events": message("What this lead did"),
    "model": message("Another version of the model"),
}


@dataclass(frozen=True)
class Standpoint:
    """From where a lead was scored: by which model, when, and among what records.

    `timelines` holds the lead alone. Two standpoints may be of the same records, or of a store
    as it was after two commits.
    """

    scorer: Scorer
    timelines: Timelines
    population: Population
    as_of: int


@dataclass(frozen=True)
class GroupChange:
    """How much of a change came through one group of signals."""

    group: Group
    effect: float

    def label_in(self, language: Language = ENGLISH) -> str:
        """What a person calls the group."""
        return group_label(self.group, language)


@dataclass(frozen=True)
class Change:
    """One cause: its effect in probability, the groups that moved most, and the rest of it.

    `effect` is the sum of the groups and `other`.
    """

    cause: Cause
    effect: float
    groups: tuple[GroupChange, ...]
    other: float


@dataclass(frozen=True)
class Changes:
    """Why a probability changed; the effects add up to `after - before`. Times in microseconds."""

    lead_id: str
    since: int
    as_of: int
    before: float
    after: float
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class _State:
    """A probability with what it is made of: the base and the effect of each group."""

    probability: float
    effects: dict[str, float]
    groups: dict[str, Group]


def changes(before: Standpoint, after: Standpoint) -> Changes:
    """Why the score of a lead is another one from a later standpoint.

    Raises `InvalidSnapshotError` where the lead was closed or not yet there, or `before` is not
    the earlier one.
    """
    if before.as_of > after.as_of:
        raise InvalidSnapshotError("since is after as_of; give the earlier moment as since")
    own = known_by(before.timelines, before.as_of)
    others = _frozen(before.population, before.as_of)
    steps = (
        (before.scorer, own, others, before.as_of),
        (before.scorer, own, others, after.as_of),
        (before.scorer, own, after.population, after.as_of),
        (before.scorer, after.timelines, after.population, after.as_of),
        (after.scorer, after.timelines, after.population, after.as_of),
    )
    for timelines, as_of in ((before.timelines, before.as_of), (after.timelines, after.as_of)):
        require_open(view_of_all(timelines, as_of))
    states = [
        _state(scorer, view_of_all(timelines, as_of), population)
        for scorer, timelines, population, as_of in steps
    ]
    pairs = zip(CAUSES, itertools.pairwise(states), strict=True)
    return Changes(
        lead_id=after.timelines.lead_ids[0],
        since=before.as_of,
        as_of=after.as_of,
        before=states[0].probability,
        after=states[-1].probability,
        changes=tuple(_change(cause, *pair) for cause, pair in pairs),
    )


def _frozen(population: Population, as_of: int) -> Population:
    """The population as it was known at a moment: whatever comes later has not happened."""
    if population.timelines is None:
        return population
    return population_of(known_by(population.timelines, as_of))


def _state(scorer: Scorer, view: View, population: Population) -> _State:
    scores = scorer.score(view, population)
    effects = dict(
        zip((g.name for g in scorer.groups), scores.effects.groups[0].tolist(), strict=True)
    )
    groups = {group.name: group for group in scorer.groups}
    return _State(float(scores.effects.probability[0]), effects, groups)


def _change(cause: Cause, before: _State, after: _State) -> Change:
    """What one step changed; a group that one of two models lacks had no effect there."""
    effect = after.probability - before.probability
    names = sorted({*before.effects, *after.effects})
    moved = {n: after.effects.get(n, 0.0) - before.effects.get(n, 0.0) for n in names}
    strongest = sorted((n for n in names if moved[n]), key=lambda n: (-abs(moved[n]), n))
    groups = before.groups | after.groups
    shown = tuple(GroupChange(groups[n], moved[n]) for n in strongest[:MOST_GROUPS])
    return Change(cause, effect, shown, effect - sum(group.effect for group in shown))
