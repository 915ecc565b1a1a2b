"""Habits: what happened at leads in a stage, by plain counting, and as known at any moment."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from leads.contract import DIRECTIONS
from leads.records import INTERACTION, STAGE_CHANGE
from models.habits import ENOUGH, Habits
from tests.leads.histories import (
    PIPELINES,
    at,
    contact,
    few,
    histories,
    in_stated_order,
    is_known,
    lead,
    moved,
    stage_code,
    timelines_of,
)

NEW, QUALIFIED, PROPOSAL = (PIPELINES.code_of["b2b", s] for s in ("New", "Qualified", "Proposal"))


def counted(history, as_of):
    """By stage, what happened there, by the contract's words and one event at a time."""
    lead_of = {one.lead_id: one for one in history.leads}
    events = in_stated_order(history.events, history.leads)
    happened, moves = Counter(), Counter()
    for place, event in enumerate(events):
        own = lead_of[event.lead_id]
        learned = max(event.occurred_at, event.recorded_at, own.created_at)
        if learned > as_of:
            continue
        stage = int(PIPELINES.first_code[PIPELINES.pipeline_code_of[own.pipeline]])
        for before in events[:place]:
            same = before.lead_id == event.lead_id and before.type == STAGE_CHANGE
            if same and is_known(before, learned):
                stage = stage_code(before, own)
        if event.type == INTERACTION:
            direction = -1 if event.direction is None else DIRECTIONS.index(event.direction)
            happened[stage, event.name, direction, event.result] += 1
        if event.type == STAGE_CHANGE and stage_code(event, own) != stage:
            moves[stage, stage_code(event, own)] += 1
    return happened, moves


@few(80)
@given(histories())
def test_habits_are_what_plain_counting_finds(history):
    habits = Habits(history.timelines())
    for as_of in history.moments:
        happened, moves = counted(history, as_of)
        for pipeline in range(len(PIPELINES.names)):
            stages = np.flatnonzero(PIPELINES.stage_pipeline == pipeline)
            of_pipeline = Counter()
            for (stage, *what), times in happened.items():
                of_pipeline[tuple(what)] += times if stage in stages else 0
            for stage in stages:
                # So few interactions that those of the pipeline count.
                found = habits.interactions(int(stage), as_of)
                by_name = {(h.kind, h.direction, h.result): h.times for h in found}
                assert by_name == +of_pipeline
                expected = {to: n for (own, to), n in moves.items() if own == stage}
                assert habits.moves(int(stage), as_of) == expected


def test_what_is_learned_later_changes_nothing_about_a_moment():
    events = [moved(3, "Qualified", recorded=8), contact(5), contact(9)]
    early = Habits(timelines_of([lead()], events[1:2]))
    whole = Habits(timelines_of([lead()], events))
    assert whole.interactions(NEW, at(6)) == early.interactions(NEW, at(6))
    assert whole.moves(NEW, at(7)) == {}
    assert whole.moves(NEW, at(8)) == {QUALIFIED: 1}


def test_a_stage_with_enough_interactions_stands_for_itself():
    many = [contact(2 + k / 100, "call", event_id=f"c{k}") for k in range(ENOUGH)]
    timelines = timelines_of([lead()], [contact(0.5, "email"), moved(1, "Qualified"), *many])
    habits = Habits(timelines)
    assert [h.kind for h in habits.interactions(QUALIFIED, at(9))] == ["call"]
    assert {h.kind for h in habits.interactions(PROPOSAL, at(9))} == {"call", "email"}


@pytest.mark.parametrize(
    ("durations", "usual"),
    [((60.0, 120.0, 600.0), 120.0), ((60.0, None, None), None), ((None, None), None)],
)
def test_duration_is_the_median_where_most_have_one(durations, usual):
    calls = [
        contact(1, "call", event_id=f"c{k}", duration_seconds=seconds)
        for k, seconds in enumerate(durations)
    ]
    (habit,) = Habits(timelines_of([lead()], calls)).interactions(NEW, at(9))
    assert habit.duration_seconds == usual
    assert habit.times == len(durations)
