"""Alternatives: the lead as it is to the last bit, and each hypothetical event where it belongs."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leads.records import Event
from models.alternatives import alternatives, view_of_all
from tests.leads.histories import (
    at,
    changed,
    contact,
    few,
    histories,
    lead,
    moved,
    timelines_of,
)

COLUMNS = ("occurred_at", "recorded_at", "type", "direction", "duration_seconds", "number")


def told(timelines, row=0):
    """A lead's events in words, in their order."""
    names = (timelines.attributes, timelines.kinds, timelines.pipelines.stage_names)
    events = timelines.events
    return [
        (
            names[events.type[k]][events.name[k]],
            timelines.levels[events.level[k]] if events.level[k] >= 0 else None,
            timelines.actors[events.actor[k]] if events.actor[k] >= 0 else None,
            timelines.results[events.result[k]] if events.result[k] >= 0 else None,
            timelines.event_id[events.row[k]],
            *(repr(getattr(events, column)[k]) for column in COLUMNS),
        )
        for k in range(timelines.start[row], timelines.start[row + 1])
    ]


def none_of(count=0):
    return np.zeros((1, count), bool)


@few(60)
@given(histories(most_leads=1))
def test_without_hypothetical_events_the_timeline_is_the_same(history):
    timelines = history.timelines()
    alike = alternatives(timelines, [], none_of())
    assert told(alike) == told(timelines)
    assert alike.lead_ids == timelines.lead_ids
    assert alike.created_at == timelines.created_at
    assert alike.pipeline == timelines.pipeline


@few(60)
@given(histories(most_leads=1), st.data())
def test_an_event_left_out_and_thought_of_again_is_where_it_was(history, data):
    """Removing any event and adding it as a hypothetical one gives the timeline back."""
    whole = history.timelines()
    if not history.events:
        return
    place = data.draw(st.sampled_from(range(len(history.events))))
    event = history.events[place]
    rest = history.with_events(e for e in history.events if e is not event).timelines()
    early = max(event.occurred_at, event.recorded_at) <= history.leads[0].created_at
    if early:  # It then stands for a value at creation, as no hypothetical event does.
        return
    again = alternatives(rest, [event], np.array([[False], [True]]))
    assert told(again, 0) == told(rest)
    assert told(again, 1) == told(whole)


def test_each_alternative_has_its_own_events_and_the_leads_own_id():
    timelines = timelines_of([lead()], [contact(1), moved(2, "Qualified")])
    events = [contact(3, "call", event_id="x"), contact(1.5, "möte", event_id="y")]
    chosen = np.array([[False, False], [True, False], [True, True]])

    made = alternatives(timelines, events, chosen)

    assert made.lead_ids == ("a", "a", "a")
    names = [[told_event[4] for told_event in told(made, row)] for row in range(3)]
    assert names == [
        ["email@1", "Qualified@2"],
        ["email@1", "Qualified@2", "x"],
        ["email@1", "y", "Qualified@2", "x"],
    ]


def test_a_change_at_the_moment_of_creation_leaves_the_first_value_in_the_other_alternative():
    timelines = timelines_of([lead(amount="10", source="fair")])
    change = changed(0, "amount", "20", event_id="x")

    made = alternatives(timelines, [change], np.array([[False], [True]]))

    assert told(made, 0) == told(timelines)
    assert [number for *_, number in told(made, 1)][-1] == repr(np.float64(20.0))


def test_a_stage_of_another_pipeline_stays_in_it():
    timelines = timelines_of([lead()], [moved(1, "New", pipeline="b2c")])
    other: Event = replace(moved(2, "New", event_id="x"), pipeline="b2b")

    made = alternatives(timelines, [other], np.array([[True]]))

    stages = [event[0] for event in told(made)]
    assert stages == [("b2c", "New"), ("b2b", "New")]


def test_all_leads_are_looked_at_at_one_moment():
    timelines = timelines_of([lead(), lead(1, "b")], [contact(1), contact(9)])
    view = view_of_all(timelines, at(5))
    assert list(view.stop - view.first) == [1, 0]
