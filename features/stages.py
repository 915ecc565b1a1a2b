"""Stage signals: where a lead is, how far it came, how long it takes, what that stage wins."""

import numpy as np
from numba import njit

from features.naming import column_names
from features.population import Population, win_counts
from features.signal import Column, Evidence, Family, FamilySettings, Group
from leads.arrays import MISSING, Floats, Int8s, Int16s, Int32s, Int64s
from leads.clock import DAY_US
from leads.outcome import known_stage
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View

# A stage's win rate borrows as much as this many closed leads from its pipeline's.
SHRINKAGE_LEADS = 20.0

_MOVES_BEHIND = Evidence(STAGE_CHANGE)
STAGE = Group("stage", "Stage", evidence=_MOVES_BEHIND)
PROGRESS = Group("progress", "Progress through the stages", evidence=_MOVES_BEHIND)
PACE = Group("pace", "Pace", evidence=_MOVES_BEHIND)
AGE = Group("age", "Age of the lead")

_MOVES = (
    Column("stage_order", STAGE, "count", "Stages behind it: {value}", "No stage yet."),
    Column(
        "stage_win_rate", STAGE, "share",
        "Of the closed leads that had been in this stage, {value} were won",
        "No lead was closed before.",
        comparable=False,
    ),
    Column(
        "furthest_stage", PROGRESS, "count",
        "Stages behind it at its furthest: {value}", "No stage yet.",
    ),
    Column(
        "stage_changes_ever", PROGRESS, "count",
        "Stage changes so far: {value}", "No stage change yet.",
    ),
    Column(
        "stage_changes_7d", PACE, "count",
        "Stage changes in the last 7 days: {value}", "No stage change yet.",
    ),
    Column(
        "moves_back", PROGRESS, "count",
        "Moves back to an earlier stage: {value}", "No stage change yet.",
    ),
    Column(
        "stages_skipped", PROGRESS, "count",
        "Stages skipped: {value}", "No stage change yet.",
    ),
    Column(
        "reopenings", PROGRESS, "count",
        "Times reopened after it was closed: {value}", "Never closed before.",
    ),
    Column(
        "days_in_stage", PACE, "days",
        "In this stage for {value}", "No stage yet.",
    ),
    Column(
        "days_to_stage", PACE, "days",
        "Came into this stage {value} after it was created", "No stage yet.",
    ),
    Column(
        "days_in_previous_stage", PACE, "days",
        "Spent {value} in the stage before", "There was no stage before.",
    ),
    Column("age_days", AGE, "days", "Came in {value} ago", "Age not known."),
)  # fmt: skip


def learn(timelines: Timelines) -> FamilySettings:
    """The pipelines' stages, as columns and as levels of the current stage."""
    return {"stages": [list(pair) for pair in timelines.pipelines.stage_names]}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The current and the previous stage, the moves, and the visits to each stage."""
    pairs = settings["stages"]
    several = len({pipeline for pipeline, _ in pairs}) > 1
    labels = tuple(f"{stage} ({pipeline})" if several else stage for pipeline, stage in pairs)
    visits = tuple(
        Column(
            name, PROGRESS, "count",
            "Times in stage {stage}: {value}", "No stage yet.", {"stage": label},
        )
        for name, label in zip(column_names(labels, "visits"), labels, strict=True)
    )  # fmt: skip
    now = Column("stage", STAGE, "level", "In stage {value}", "No stage yet.", levels=labels)
    before = Column(
        "previous_stage", PROGRESS, "level", "Came from stage {value}",
        "There was no stage before.", levels=labels,
    )  # fmt: skip
    return (now, before, *_MOVES, *visits)


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block: one walk over each snapshot's known stage changes."""
    pipelines = view.timelines.pipelines
    known = {tuple(pair): slot for slot, pair in enumerate(settings["stages"])}
    unseen = len(known)
    slot = np.array([known.get(pair, unseen) for pair in pipelines.stage_names], np.int64)
    stage = known_stage(view)
    block[:, 0] = slot[stage]
    block[:, 3] = _win_rate(view, stage, population)
    _walk(
        view.events.type,
        view.events.name,
        view.events.occurred_at,
        view.first,
        view.stop,
        view.as_of,
        view.created_at,
        pipelines.first_code[view.pipeline],
        pipelines.stage_order,
        pipelines.stage_outcome,
        slot,
        block,
    )


def _win_rate(view: View, stage: Int32s, population: Population) -> Floats:
    """Share won of the closed leads that had been in the stage, shrunk to its pipeline's share."""
    theirs = population.pipelines
    ours = view.timelines.pipelines
    code_of = [theirs.code_of.get(pair, MISSING) for pair in ours.stage_names]
    stage_place = np.array(code_of, np.int64)[stage]
    n_stages = len(theirs.stage_names)
    pipeline_of = [theirs.pipeline_code_of.get(name, MISSING) for name in ours.names]
    pipeline = np.array(pipeline_of, np.int64)[ours.stage_pipeline[stage]]
    pipeline_place = np.where(pipeline >= 0, n_stages + pipeline, MISSING)
    own = population.rows(view)
    all_place = np.full(len(view), n_stages + len(theirs.names))
    rate = np.full(len(view), np.nan)
    for place in (all_place, pipeline_place, stage_place):
        won, closed = win_counts(population, place, view.as_of, own)
        prior = np.where(np.isnan(rate), 0.0, rate)
        borrowed = np.where(np.isnan(rate), 0.0, SHRINKAGE_LEADS)
        total = closed + borrowed
        rate = np.where(total > 0, (won + borrowed * prior) / np.maximum(total, 1.0), np.nan)
    return rate


@njit(cache=True)  # pragma: no cover
def _walk(
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    created_at: Int64s,
    first_code: Int16s,
    stage_order: Int16s,
    stage_outcome: Int8s,
    slot: Int64s,
    block: Floats,
) -> None:
    visits_at = 14
    n_slots = block.shape[1] - visits_at
    for s in range(len(first)):
        stage = np.int32(first_code[s])
        entered = created_at[s]
        previous, previous_days = np.int32(-1), np.nan
        furthest = int(stage_order[stage])
        changes = recent = back = skipped = reopened = 0
        for v in range(n_slots):
            block[s, visits_at + v] = 0.0
        if slot[stage] < n_slots:
            block[s, visits_at + slot[stage]] = 1.0
        for event in range(first[s], stop[s]):
            if event_type[event] != STAGE_CHANGE:
                continue
            to = name[event]
            if to == stage:
                continue
            step = stage_order[to] - stage_order[stage]
            changes += 1
            recent += as_of[s] - occurred_at[event] < 7 * DAY_US
            if stage_outcome[stage] != OPEN and stage_outcome[to] == OPEN:
                reopened += 1
            elif stage_outcome[to] == OPEN:
                back += step < 0
                skipped += max(step - 1, 0)
            if stage_outcome[to] == OPEN and stage_order[to] > furthest:
                furthest = int(stage_order[to])
            previous, previous_days = stage, max(occurred_at[event] - entered, 0) / DAY_US
            stage, entered = to, max(occurred_at[event], created_at[s])
            if slot[to] < n_slots:
                block[s, visits_at + slot[to]] += 1.0
        block[s, 1] = np.nan if previous < 0 else slot[previous]
        block[s, 2] = stage_order[stage]
        block[s, 4] = furthest
        block[s, 5] = changes
        block[s, 6] = recent
        block[s, 7] = back
        block[s, 8] = skipped
        block[s, 9] = reopened
        block[s, 10] = (as_of[s] - entered) / DAY_US
        block[s, 11] = (entered - created_at[s]) / DAY_US
        block[s, 12] = previous_days
        block[s, 13] = (as_of[s] - created_at[s]) / DAY_US


STAGES = Family("stages", learn, columns, fill)
