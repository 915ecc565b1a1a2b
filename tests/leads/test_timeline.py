"""Timelines: the stated order of events, values known at creation, and what is left out."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE, event_columns
from leads.timeline import Timelines
from tests.leads.histories import (
    PIPELINES,
    TYPES,
    at,
    changed,
    contact,
    few,
    histories,
    in_stated_order,
    lead,
    moved,
    timelines_of,
)

LEAD = lead()


def order(events, leads=(LEAD,)):
    """The ids of a shuffled lead's events, in the order of its timeline."""
    shuffled = random.Random(7).sample(events, len(events))
    timelines = timelines_of(leads, shuffled)
    return timelines.ids_of(timelines.events, range(len(timelines.events.row)))


def test_events_are_ordered_by_when_they_happened():
    events = [contact(1, event_id="z"), contact(2, event_id="y", recorded=9), contact(3, "x")]
    assert order(events) == ["z", "y", "x@3"]


def test_ties_are_broken_by_when_they_were_recorded():
    events = [
        contact(1, event_id="z"),
        moved(1, "Won", event_id="y"),
        contact(1, recorded=2, event_id="x"),
        changed(1, "amount", "1", recorded=3, event_id="w"),
    ]
    assert order(events) == ["z", "y", "x", "w"]


def test_then_attribute_change_before_interaction_before_stage_change():
    events = [changed(1, "amount", "5", event_id="z"), contact(1, event_id="y"), moved(1, "New")]
    assert order(events) == ["z", "y", "New@1"]


def test_then_stages_in_their_order_with_closing_ones_last():
    stages = ["New", "Qualified", "Proposal", "Won", "Onboarding", "Lost", "Disqualified"]
    events = [moved(1, stage, event_id=str(9 - place)) for place, stage in enumerate(stages)]
    assert order(events) == ["9", "8", "7", "6", "5", "4", "3"]


def test_closing_stage_of_a_short_pipeline_comes_after_an_open_one_of_a_longer():
    events = [moved(1, "Proposal", event_id="z"), moved(1, "Köpt", pipeline="b2c", event_id="y")]
    assert PIPELINES["b2c"].all_stages.index("Köpt") == PIPELINES["b2b"].all_stages.index(
        "Proposal"
    )
    assert order(events) == ["z", "y"]
    longer = replace(PIPELINES["b2b"], stages=("New", "A", "B", "C", "Proposal"))
    pipelines = replace(PIPELINES, pipelines=(longer, PIPELINES["b2c"]))
    timelines = timelines_of([lead()], events[::-1], pipelines)
    assert timelines.ids_of(timelines.events, [0, 1]) == ["z", "y"]


def test_then_event_ids_as_text():
    events = [
        contact(1, "c", event_id="Z"),
        contact(1, "b", event_id="2"),
        contact(1, "a", event_id="10"),
    ]
    assert order(events) == ["10", "2", "Z"]


def test_values_at_creation_come_first_among_what_happened_then():
    late = changed(1, "amount", "7", recorded=2, event_id="x")
    timelines = timelines_of([lead(1, amount="5")], [late])
    assert timelines.events.number.tolist() == [5.0, 7.0]
    assert timelines.events.occurred_at.tolist() == [at(1), at(1)]


def test_value_of_an_attribute_whose_changes_begin_by_its_creation_is_left_out():
    changes = [changed(0.5, "amount", "7"), changed(3, "amount", "8")]
    timelines = timelines_of([lead(1, amount="5")], changes)
    assert timelines.events.number.tolist() == [7.0, 8.0]


def test_values_known_at_creation_become_attribute_changes_then():
    timelines = timelines_of(
        [lead(1, amount="5", source="fair", **{"is vip": "ja", "备注": "hej", "förfaller": "NA"})]
    )
    events = timelines.events
    found = {
        timelines.attributes[name]: timelines.levels[level] if level >= 0 else number
        for name, number, level in zip(events.name, events.number, events.level, strict=True)
    }
    assert found == {"amount": 5.0, "source": "fair", "is vip": 1.0, "备注": 1.0}
    assert set(events.type) == {ATTRIBUTE_CHANGE}
    assert set(events.occurred_at) == set(events.recorded_at) == {at(1)}
    assert timelines.ids_of(events, range(4)) == []


def test_value_is_of_the_lead_that_has_it():
    leads = [lead(lead_id="a"), lead(lead_id="b", source="fair"), lead(lead_id="c", source="web")]
    timelines = timelines_of(leads)
    assert timelines.start.tolist() == [0, 0, 1, 2]
    assert [timelines.levels[code] for code in timelines.events.level] == ["fair", "web"]


def test_cleared_attribute_is_an_event_without_a_value():
    timelines = timelines_of([lead()], [changed(1, "amount", None), changed(2, "source", "")])
    assert np.isnan(timelines.events.number).all()
    assert timelines.events.level.tolist() == [-1, -1]


def test_events_of_unknown_leads_and_unknown_stages_are_left_out():
    events = [contact(1, lead_id="stranger"), moved(2, "No such stage"), contact(3)]
    assert order(events) == ["email@3"]


def test_events_that_came_before_their_lead_did_are_kept():
    assert order([contact(-3), moved(-1, "Won")], [lead(0)]) == ["email@-3", "Won@-1"]


def test_stage_means_that_of_the_leads_own_pipeline():
    leads = [lead(lead_id="a", pipeline="b2b"), lead(lead_id="b", pipeline="b2c")]
    events = [moved(1, "New", lead_id="a"), moved(1, "New", lead_id="b")]
    timelines = timelines_of(leads, events)
    stages = [PIPELINES.stage_names[code] for code in timelines.events.name]
    assert stages == [("b2b", "New"), ("b2c", "New")]


def test_move_to_another_pipeline_is_by_its_name_and_does_not_change_what_others_mean():
    events = [moved(1, "New"), moved(2, "New", pipeline="b2c"), moved(3, "New"), moved(4, "Offer")]
    timelines = timelines_of([lead(pipeline="b2b")], events)
    stages = [PIPELINES.stage_names[code] for code in timelines.events.name]
    assert stages == [("b2b", "New"), ("b2c", "New"), ("b2b", "New"), ("b2c", "Offer")]
    assert timelines.pipeline.tolist() == [0]


def test_what_an_event_says_is_found_again_by_its_codes():
    said = {"actor": "Åke", "result": "svarade", "direction": "outbound", "duration_seconds": 90.0}
    timelines = timelines_of([lead()], [contact(1, "möte"), contact(2, "邮件", **said)])
    events = timelines.events
    assert [timelines.kinds[code] for code in events.name] == ["möte", "邮件"]
    assert events.actor[0] == events.result[0] == events.direction[0] == -1
    assert timelines.actors[events.actor[1]] == "Åke"
    assert timelines.results[events.result[1]] == "svarade"
    assert events.direction[1] == 1
    np.testing.assert_array_equal(events.duration_seconds, [np.nan, 90.0])


def test_direction_that_the_contract_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not in tuple"):
        event_columns([contact(1, direction="sideways")], TYPES)


def test_newest_event_is_what_was_learned_last():
    assert timelines_of([]).newest_event_at() is None
    assert timelines_of([lead(3)]).newest_event_at() == at(3)
    assert timelines_of([lead(3)], [contact(1, recorded=8), contact(5)]).newest_event_at() == at(8)


def test_planned_event_is_not_the_newest_before_it_happens():
    timelines = timelines_of([lead(3)], [contact(5), contact(30, recorded=4)])
    assert timelines.newest_event_at(by=at(20)) == at(5)
    assert timelines.newest_event_at(by=at(30)) == at(30)
    assert timelines.newest_event_at(by=at(2)) is None


def test_some_leads_in_any_order_keep_their_events():
    leads = [lead(lead_id=name) for name in "abc"]
    events = [contact(day, lead_id=name) for day, name in enumerate("abcbb")]
    some = timelines_of(leads, events).only(np.array([2, 1]))
    assert some.lead_ids == ("c", "b")
    assert some.row_of == {"c": 0, "b": 1}
    assert some.start.tolist() == [0, 1, 4]
    assert some.ids_of(some.events, range(4)) == ["email@2", "email@1", "email@3", "email@4"]


def test_no_leads_make_empty_timelines():
    empty = timelines_of([], [contact(1)])
    assert len(empty) == 0
    assert empty.start.tolist() == [0]
    assert len(empty.only(np.zeros(0, np.int64))) == 0


def as_text(timelines: Timelines) -> list[tuple]:
    """Every event with its codes spelled out, in order."""
    texts = {ATTRIBUTE_CHANGE: timelines.attributes, INTERACTION: timelines.kinds,
             STAGE_CHANGE: timelines.pipelines.stage_names}  # fmt: skip
    events = timelines.events
    lead_row = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))
    return [
        (
            timelines.lead_ids[lead_row[k]],
            int(events.occurred_at[k]),
            int(events.recorded_at[k]),
            texts[int(events.type[k])][events.name[k]],
            str(events.number[k]),
            None if events.level[k] < 0 else timelines.levels[events.level[k]],
            int(events.direction[k]),
            str(events.duration_seconds[k]),
            None if events.actor[k] < 0 else timelines.actors[events.actor[k]],
            None if events.result[k] < 0 else timelines.results[events.result[k]],
            timelines.event_id[events.row[k]],
        )
        for k in range(len(events.row))
    ]


@given(histories(), st.randoms(use_true_random=False))
@few(60)
def test_order_of_the_input_does_not_matter(history, random):
    events = list(history.events)
    random.shuffle(events)
    shuffled = history.with_events(events).timelines()
    assert as_text(shuffled) == as_text(history.timelines())
    assert (shuffled.kinds, shuffled.attributes) == (
        history.timelines().kinds,
        history.timelines().attributes,
    )


@given(histories())
@few(60)
def test_order_of_the_timeline_is_the_stated_one(history):
    timelines = history.timelines()
    for row, one in enumerate(history.leads):
        places = range(timelines.start[row], timelines.start[row + 1])
        own = [event for event in history.events if event.lead_id == one.lead_id]
        expected = [event.event_id for event in in_stated_order(own, history.leads)]
        assert timelines.ids_of(timelines.events, places) == expected
