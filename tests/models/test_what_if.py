"""What if: the score that the events would give if they were real, and parts that add up."""

from dataclasses import replace

import numpy as np
import pytest

from leads.clock import DAY_US, HOUR_US
from leads.errors import InvalidInputError, InvalidSnapshotError
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE, Event
from leads.view import Snapshots, look
from models.what_if import what_if
from tests.leads.histories import at, contact, lead, moved, timelines_of
from tests.models.actions_world import moment, only_lead, open_ids, probability, world


def event(event_type, name, before_us=0, number=0, **more):
    at_us = moment() - before_us
    return Event("?", event_type, at_us, at_us, name, f"what-if-{number}", **more)


@pytest.fixture
def lead_id():
    return open_ids()[3]


def asked(lead_id, events, as_of=None):
    scorer, timelines, population = world()
    return what_if(scorer, population, only_lead(timelines, lead_id), as_of or moment(), events)


def next_stage(lead_id):
    _, timelines, _ = world()
    pipeline = timelines.pipelines.names[timelines.pipeline[timelines.row_of[lead_id]]]
    return timelines.pipelines[pipeline].stages[-1]


def some_events(lead_id):
    return [
        event(STAGE_CHANGE, next_stage(lead_id), HOUR_US, 1),
        event(INTERACTION, "call", 2 * DAY_US, 2, direction="outbound", duration_seconds=300.0),
        event(ATTRIBUTE_CHANGE, "amount", 0, 3, value="90000"),
        event(INTERACTION, "email", 0, 4, direction="inbound"),
    ]


def test_before_is_the_plain_score_to_the_last_bit(lead_id):
    found = asked(lead_id, some_events(lead_id))
    assert found.before.win_probability == probability(world()[1], lead_id, moment())
    assert found.before.lead_id == found.after.lead_id == lead_id


def test_after_is_the_score_that_real_events_would_give():
    """The same events, once come in as records and once thought of."""
    scorer, _, population = world()
    moves, calls = moved(1, "Qualified"), contact(2, "call", direction="outbound")
    real, alone = timelines_of([lead()], [moves, calls]), timelines_of([lead()])

    found = what_if(scorer, population, alone, at(5), [calls, moves])

    view = look(real, Snapshots(np.array([0]), np.array([at(5)])))
    assert found.after.win_probability == float(scorer.probabilities(view, population)[0])
    assert found.difference != 0


def test_parts_come_in_order_of_time_and_add_up(lead_id):
    found = asked(lead_id, some_events(lead_id))
    assert [part.event.event_id[-1] for part in found.parts] == ["2", "1", "3", "4"]
    assert sum(part.effect for part in found.parts) == pytest.approx(found.difference, abs=1e-12)
    assert found.parts[-1].win_probability == found.after.win_probability
    assert all(part.effect for part in found.parts[:2])


def test_order_in_which_events_are_given_changes_nothing(lead_id):
    events = some_events(lead_id)
    assert asked(lead_id, events) == asked(lead_id, events[::-1])


def test_a_later_moment_is_asked_of_the_lead_as_it_would_be_then(lead_id):
    tomorrow = moment() + DAY_US
    found = asked(lead_id, [event(INTERACTION, "call", -HOUR_US)], tomorrow)
    assert found.before.as_of == tomorrow
    assert found.before.win_probability == probability(world()[1], lead_id, tomorrow)


def test_a_closing_move_is_refused(lead_id):
    _, timelines, _ = world()
    won = timelines.pipelines.pipelines[0].won[0]
    with pytest.raises(InvalidInputError, match="would close lead"):
        asked(lead_id, [event(STAGE_CHANGE, won)])


def test_a_closed_lead_is_refused():
    scorer, _, population = world()
    closed = timelines_of([lead()], [moved(1, "Lost")])
    moment = int(closed.created_at[0]) + 9 * DAY_US
    with pytest.raises(InvalidSnapshotError, match="was lost by then"):
        what_if(scorer, population, closed, moment, [event(INTERACTION, "call")])


def test_nothing_of_the_records_is_changed(lead_id):
    _, timelines, _ = world()
    own = only_lead(timelines, lead_id)
    kept = replace(own.events, occurred_at=own.events.occurred_at.copy())
    asked(lead_id, some_events(lead_id))
    assert np.array_equal(own.events.occurred_at, kept.occurred_at)
    assert own.lead_ids == (lead_id,)
