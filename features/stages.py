"""Stage signals: where a lead is, how far it came, how long it takes, what that stage wins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.closing_stream import EVERYBODY
from features.index import in_time
from features.index_kernel import chained_rate
from features.naming import column_names
from features.population import STAGES as OF_STAGES
from features.population import About, Population
from features.signal import Column, Evidence, Family, FamilySettings, Group
from features.stage_kernel import walk_stages
from features.vocabulary import unseen_code
from leads.arrays import MISSING, Floats, Int32s, Int64s
from leads.outcome import known_stage
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View

# The measures of the population's index of stages.
_WON, _CLOSED = range(2)

_MOVES_BEHIND = Evidence(STAGE_CHANGE)
# Where a lead stands is one reason, and how long it takes another: parted further, as stage and
# progress or pace and age, they trade effects that cancel each other (docs/benchmarks.md).
STAGE = Group("stage", "Stage and progress", evidence=_MOVES_BEHIND)
PACE = Group("pace", "Pace and age", evidence=_MOVES_BEHIND)

_NO_STAGE = "No stage yet."
_NO_CHANGE = "No stage change yet."
_NO_STAGE_BEFORE = "There was no stage before."
_NO_VISIT = {0.0: "It has not been in stage {stage}"}


def _days(name: str, sentence: str, missing: str = _NO_STAGE) -> Column:
    return Column(name, PACE, "days", sentence, missing)


def _count(name: str, group: Group, what: str, missing: str = _NO_CHANGE) -> Column:
    return Column(name, group, "count", f"{what}: {{value}}", missing)


# What other leads say of the lead's stage; `_fill_of_others` fills them.
_OF_OTHERS = (
    Column(
        "stage_win_rate", STAGE, "share",
        "Of the closed leads that had been in this stage, {value} were won",
        "No lead was closed before.",
        comparable=False,
    ),
)  # fmt: skip
# What the lead's own moves say; `features.stage_kernel` fills them, in this order.
_MOVES = (
    _count("stage_order", STAGE, "Stages behind it", _NO_STAGE),
    _count("furthest_stage", STAGE, "Stages behind it at its furthest", _NO_STAGE),
    _count("stage_changes_1d", PACE, "Stage changes in the last day"),
    _count("stage_changes_7d", PACE, "Stage changes in the last 7 days"),
    _count("stage_changes_30d", PACE, "Stage changes in the last 30 days"),
    _count("stage_changes_90d", PACE, "Stage changes in the last 90 days"),
    _count("stage_changes_ever", STAGE, "Stage changes so far"),
    _count("moves_forward", STAGE, "Moves forward to a later stage"),
    _count("moves_back", STAGE, "Moves back to an earlier stage"),
    _count("stages_skipped", STAGE, "Stages skipped"),
    _count("reopenings", STAGE, "Times reopened after it was closed", "Never closed before."),
    _count("pipeline_transfers", STAGE, "Moves to another pipeline"),
    _days("days_in_stage", "In this stage for {value}"),
    _days("days_to_stage", "Came into this stage {value} after it was created"),
    _days("days_in_previous_stage", "Spent {value} in the stage before", _NO_STAGE_BEFORE),
    _days("days_per_move", "{value} from one stage change to the next on average", _NO_CHANGE),
    Column("age_days", PACE, "days", "Came in {value} ago", "Age not known."),
)


def learn(timelines: Timelines) -> FamilySettings:
    """The pipelines' stages, as columns and as levels of the current stage; which are open."""
    pipelines = timelines.pipelines
    return {
        "stages": [list(pair) for pair in pipelines.stage_names],
        "open": [bool(outcome == OPEN) for outcome in pipelines.stage_outcome],
    }


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The current and the previous stage, the moves, and the visits and days of each stage."""
    labels, stages = _labels(settings["stages"]), settings["stages"]
    own = [str(pipeline) if _several(stages) else None for pipeline, _ in stages]
    return (
        Column("stage", STAGE, "level", "In stage {value}", _NO_STAGE, levels=labels),
        Column("previous_stage", STAGE, "level", "Came from stage {value}",
               _NO_STAGE_BEFORE, levels=labels),
        *_OF_OTHERS,
        *_MOVES,
        *(
            Column(name, STAGE, "count", "It has been in stage {stage} {value} times", _NO_STAGE,
                   {"stage": label}, comparable=False, pipeline=pipeline, said_of=_NO_VISIT,
                   as_told_by="stage")
            for name, label, pipeline in zip(
                column_names(labels, "visits"), labels, own, strict=True
            )
        ),
        *(
            Column(name, PACE, "days", "Was in stage {stage} for {value} so far",
                   "It has not been in stage {stage}.", {"stage": label}, pipeline=pipeline)
            for name, label, pipeline, is_open in zip(
                column_names(labels, "days_at"), labels, own, settings["open"], strict=True
            )
            if is_open
        ),
    )  # fmt: skip


def _labels(stages: Sequence[Sequence[str]]) -> tuple[str, ...]:
    several = _several(stages)
    return tuple(f"{stage} ({pipeline})" if several else stage for pipeline, stage in stages)


def _several(stages: Sequence[Sequence[str]]) -> bool:
    return len({pipeline for pipeline, _ in stages}) > 1


@dataclass(frozen=True)
class Places:
    """Where the stages of some timelines go: one entry per stage code.

    `code` is the code as a level; `visits` and `days` are columns of the block, -1 where there is
    none. The visits begin at `visits_at`, the days at `days_at`.
    """

    code: Int64s
    visits: Int64s
    days: Int64s
    visits_at: int
    days_at: int


def prepare(settings: FamilySettings, timelines: Timelines) -> Places:
    """The places of the timelines' stages among those that were learned."""
    stages, is_open = settings["stages"], settings["open"]
    listed = {tuple(pair): code for code, pair in enumerate(stages)}
    codes = [listed.get(pair, unseen_code(len(stages))) for pair in timelines.pipelines.stage_names]
    code = np.array(codes, np.int64)
    visits_at = 2 + len(_OF_OTHERS) + len(_MOVES)
    days_at = visits_at + len(stages)
    behind = days_at + np.cumsum(is_open) - 1
    days = np.append(np.where(is_open, behind, MISSING), [MISSING, MISSING])
    visits = np.append(visits_at + np.arange(len(stages)), [MISSING, MISSING])
    return Places(code, visits[code], days[code], visits_at, days_at)


def fill(places: Places, view: View, population: Population, block: Floats) -> None:
    """Fill the block: one walk over each snapshot's known stage changes."""
    pipelines = view.timelines.pipelines
    stage = known_stage(view)
    block[:, 0] = places.code[stage]
    _fill_of_others(view, stage, population, block[:, 2 : 2 + len(_OF_OTHERS)])
    walk_stages(
        view.events.type, view.events.name, view.events.occurred_at,
        view.first, view.stop, view.as_of, view.created_at, pipelines.first_code[view.pipeline],
        pipelines.stage_order, pipelines.stage_outcome, pipelines.stage_pipeline,
        places.code, places.visits, places.days, places.visits_at, places.days_at,
        2 + len(_OF_OTHERS), block,
    )  # fmt: skip


def _fill_of_others(view: View, stage: Int32s, population: Population, block: Floats) -> None:
    """One column per `_OF_OTHERS`."""
    block[:, 0] = _win_rate(view, stage, population)


def _win_rate(view: View, stage: Int32s, population: Population) -> Floats:
    """Share won of the closed leads that had been in the stage, shrunk to its pipeline's share."""
    index = population.index(OF_STAGES)
    chain = np.empty((3, len(view)), np.int64)
    chain[0] = index.names.get(EVERYBODY, MISSING)
    chain[1] = population.places_of_pipelines(OF_STAGES, view.timelines)[stage]
    chain[2] = population.places_of_stages(OF_STAGES, view.timelines)[stage]
    rate: Floats = chained_rate(
        *index.arrays, chain, view.as_of, population.rows(view), in_time(view), _WON, _CLOSED, False
    )
    return rate


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The index of stages."""
    return (OF_STAGES,)


STAGES = Family("stages", learn, columns, fill, prepare, asks)
