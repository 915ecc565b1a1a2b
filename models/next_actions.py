"""Next actions: what usually follows at leads of a stage, ranked by what the model expects of it.

Each candidate is one more event at the moment of the score; all are scored in one batch. What a
call will lead to is not known before: an action's effect is the mean over its usual results.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.population import Population
from leads.contract import DIRECTIONS
from leads.outcome import known_stage, known_status
from leads.pipelines import OPEN, Pipelines
from leads.records import INTERACTION, STAGE_CHANGE, Event
from leads.timeline import Timelines
from leads.view import View
from models.alternatives import alternatives, view_of_all
from models.habits import Habit, Habits
from models.kinds import kind_label
from models.languages import ENGLISH, Language, message
from models.scorer import Scorer

By = Literal["us", "lead"]
MOST_ACTIONS = 5
# Of all interactions in a stage, an action has this share at least, and as many times.
FEWEST_SHARE, FEWEST_TIMES = 0.01, 5
MOST_CANDIDATES = 15
# A result comes into the mean from this share of an action's times on.
FEWEST_RESULT_SHARE = 0.1
# A move that skips stages is a candidate from this share of the moves out of the stage on.
FEWEST_MOVE_SHARE = 0.05

# What people read of an action; `{percent}` is the probability after it.
NOTE = message(
    "What the model expects, not a promise: these are leads with such a history, and a call that "
    "was made for a reason is not the same as one made for the score."
)
MOVE = message(
    "Once it has come to {name}, the model would expect {percent} %; moving it there without what "
    "usually leads there changes nothing."
)
INTERACTIONS = {
    "us": message("{name} from you: the model would expect {percent} %."),
    "lead": message("{name} from the lead: the model would expect {percent} %."),
    None: message("{name}: the model would expect {percent} %."),
}


@dataclass(frozen=True)
class Result:
    """One usual result of an action: its share of the action's times, and what is expected then."""

    result: str | None
    share: float
    win_probability: float


@dataclass(frozen=True)
class Action:
    """Something that could happen next; `effect` is in probability, the mean over its results.

    `name` is a kind of interaction or a stage; `by` says who would act, None where the records
    do not. `times` is how often it happened at leads of that stage.
    """

    type: int
    name: str
    by: By | None
    times: int
    effect: float
    win_probability: float
    results: tuple[Result, ...]

    def sentence_in(self, language: Language = ENGLISH) -> str:
        """What a person reads of it."""
        is_move = self.type == STAGE_CHANGE
        return language.say(
            MOVE if is_move else INTERACTIONS[self.by],
            name=self.name if is_move else kind_label(self.name, language),
            percent=language.figure(f"{100 * self.win_probability:.1f}"),
        )


@dataclass(frozen=True)
class NextActions:
    """The actions in order of their effect; without any for a lead that is won or lost.

    `win_probability` is that of the lead as it is; `considered` counts all candidates.
    """

    lead_id: str
    as_of: int
    status: int
    pipeline: str
    stage: str
    win_probability: float | None
    considered: int
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class _Candidate:
    """An action with the events that it may be, one per usual result, and their shares."""

    type: int
    name: str
    by: By | None
    times: int
    events: tuple[Event, ...]
    shares: tuple[float, ...]


def next_actions(
    scorer: Scorer,
    population: Population,
    habits: Habits,
    timelines: Timelines,
    as_of: int,
    *,
    most: int = MOST_ACTIONS,
    of_the_lead: bool = False,
    moves: bool = False,
    without_gain: bool = False,
) -> NextActions:
    """What could come next for the only lead in `timelines`, the most that it would add first.

    What only the lead can do, moves to another stage, which record what was done and do nothing by
    themselves, and what would add nothing or take away are left out unless asked for. Raises
    `InvalidSnapshotError`.
    """
    view = view_of_all(timelines, as_of)
    stage, status = int(known_stage(view)[0]), int(known_status(view)[0])
    pipeline, stage_name = timelines.pipelines.stage_names[stage]
    found = NextActions(
        view.lead_id(0), as_of, status, pipeline, stage_name, None, considered=0, actions=()
    )
    if status != OPEN:
        return found
    candidates = [
        candidate
        for candidate in _candidates(habits, view, stage)
        if (of_the_lead or candidate.by != "lead") and (moves or candidate.type != STAGE_CHANGE)
    ]
    probability = _probabilities(scorer, population, timelines, as_of, candidates)
    actions = list(_actions(candidates, probability))
    wanted = [action for action in actions if without_gain or action.effect > 0]
    wanted.sort(key=lambda action: (-action.effect, action.type, action.name, action.by or ""))
    return NextActions(
        view.lead_id(0), as_of, status, pipeline, stage_name, probability[0],
        considered=len(candidates), actions=tuple(wanted[:most]),
    )  # fmt: skip


def _probabilities(
    scorer: Scorer,
    population: Population,
    timelines: Timelines,
    as_of: int,
    candidates: Sequence[_Candidate],
) -> list[float]:
    """The lead's probability as it is, then with each event of each candidate, in one batch."""
    events = [event for candidate in candidates for event in candidate.events]
    one_each = np.eye(len(events) + 1, len(events), k=-1, dtype=bool)
    view = view_of_all(alternatives(timelines, events, one_each), as_of)
    return [float(probability) for probability in scorer.probabilities(view, population)]


def _actions(candidates: Sequence[_Candidate], probability: Sequence[float]) -> list[Action]:
    """The actions of scored candidates, in their order."""
    base, scored = probability[0], iter(probability[1:])
    actions = []
    for candidate in candidates:
        results = tuple(
            Result(event.result, share, expected)
            for event, share, expected in zip(
                candidate.events, candidate.shares, itertools.islice(scored, len(candidate.events)),
                strict=True,
            )
        )  # fmt: skip
        expected = sum(result.share * result.win_probability for result in results)
        actions.append(
            Action(
                candidate.type, candidate.name, candidate.by, candidate.times,
                effect=expected - base, win_probability=expected, results=results,
            )
        )  # fmt: skip
    return actions


def _candidates(habits: Habits, view: View, stage: int) -> list[_Candidate]:
    """What usually happens next at leads of a stage: interactions, then moves to open stages."""
    as_of = int(view.as_of[0])
    happened = habits.interactions(stage, as_of)
    of_action: dict[tuple[str, int], list[Habit]] = {}
    for habit in happened:
        of_action.setdefault((habit.kind, habit.direction), []).append(habit)
    all_times = sum(habit.times for habit in happened)
    fewest = max(FEWEST_TIMES, FEWEST_SHARE * all_times)
    usual = {
        action: alike
        for action, alike in of_action.items()
        if sum(h.times for h in alike) >= fewest
    }
    most_frequent = sorted(usual, key=lambda a: (-sum(h.times for h in usual[a]), a))
    interactions = [_interaction(view, usual[a]) for a in most_frequent[:MOST_CANDIDATES]]
    moves = habits.moves(stage, as_of)
    return interactions + [
        _move(view, code, moves.get(code, 0))
        for code in _next_stages(view.timelines.pipelines, stage, moves)
    ]


def _interaction(view: View, alike: Sequence[Habit]) -> _Candidate:
    """An interaction with its usual results."""
    times = sum(habit.times for habit in alike)
    usual = [h for h in alike if h.times >= FEWEST_RESULT_SHARE * times] or list(alike[:1])
    kept = sum(habit.times for habit in usual)
    direction = alike[0].direction
    actor = _latest_actor(view, direction)
    return _Candidate(
        type=INTERACTION,
        name=alike[0].kind,
        by=_by(direction),
        times=times,
        events=tuple(
            _event(
                view, INTERACTION, habit.kind, actor=actor, result=habit.result,
                direction=None if direction < 0 else DIRECTIONS[direction],
                duration_seconds=habit.duration_seconds,
            )
            for habit in usual
        ),
        shares=tuple(habit.times / kept for habit in usual),
    )  # fmt: skip


def _move(view: View, code: int, times: int) -> _Candidate:
    """A move to a stage."""
    pipeline, stage = view.timelines.pipelines.stage_names[code]
    event = _event(view, STAGE_CHANGE, stage, pipeline=pipeline)
    return _Candidate(STAGE_CHANGE, stage, "us", times, (event,), (1.0,))


def _next_stages(pipelines: Pipelines, stage: int, moves: dict[int, int]) -> list[int]:
    """The next open stage, and those further on that leads often went to from here."""
    all_moves = sum(moves.values())
    later = [
        code
        for code in range(stage + 1, len(pipelines.stage_names))
        if pipelines.stage_pipeline[code] == pipelines.stage_pipeline[stage]
        and pipelines.stage_outcome[code] == OPEN
    ]
    usual = [code for code in later[1:] if moves.get(code, 0) > FEWEST_MOVE_SHARE * all_moves]
    return later[:1] + usual


def _event(view: View, event_type: int, name: str, **more: object) -> Event:
    """A hypothetical event at the moment of the view."""
    moment = int(view.as_of[0])
    return Event(view.lead_id(0), event_type, moment, moment, name, "next-action", **more)  # type: ignore[arg-type]


def _latest_actor(view: View, direction: int) -> str | None:
    """Who was in the lead's latest interaction in a direction, None if nobody is named."""
    events, known = view.events, slice(int(view.first[0]), int(view.stop[0]))
    named = (events.type[known] == INTERACTION) & (events.direction[known] == direction)
    places = np.flatnonzero(named & (events.actor[known] >= 0))
    return view.timelines.actors[int(events.actor[known][places[-1]])] if len(places) else None


def _by(direction: int) -> By | None:
    if direction < 0:
        return None
    return "us" if DIRECTIONS[direction] == "outbound" else "lead"
