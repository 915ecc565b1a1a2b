"""The compiled sort: the stated order, for few and for many events of a lead."""

import numpy as np
import pytest

from leads.event_order import order_events
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE

STAGE_ORDER = np.array([0, 1, 2, 2], np.int16)
STAGE_OUTCOME = np.array([0, 0, 1, -1], np.int8)


def columns(leads, events, seed):
    """Events with many equal times, of which some have no lead and some no name."""
    draw = np.random.default_rng(seed)
    return (
        draw.integers(-1, leads, events).astype(np.int32),
        draw.integers(-1, 4, events).astype(np.int32),
        draw.integers(ATTRIBUTE_CHANGE, STAGE_CHANGE + 1, events).astype(np.int8),
        draw.integers(0, 12, events),
        draw.integers(0, 3, events),
    )


def stated_key(lead, name, event_type, occurred_at, recorded_at):
    if event_type != STAGE_CHANGE:
        return lead, occurred_at, recorded_at, event_type, False, 0
    return lead, occurred_at, recorded_at, event_type, STAGE_OUTCOME[name] != 0, STAGE_ORDER[name]


@pytest.mark.parametrize("events", [0, 60, 900])
def test_few_and_many_events_of_a_lead_come_in_the_stated_order(events):
    leads, named = 5, events // 2
    given = columns(leads, events, seed=events)
    order, start, ties = order_events(*given, STAGE_ORDER, STAGE_OUTCOME, leads, named)

    rows = list(zip(*(column.tolist() for column in given), strict=True))
    kept = [place for place in range(events) if rows[place][0] >= 0 and rows[place][1] >= 0]
    assert order.tolist() == sorted(kept, key=lambda place: stated_key(*rows[place]))
    assert np.diff(start).tolist() == [
        sum(rows[place][0] == lead for place in kept) for lead in range(leads)
    ]
    keys = [stated_key(*rows[place]) for place in order]
    equal = {
        (keys.index(key), keys.index(key) + keys.count(key)) for key in keys if keys.count(key) > 1
    }
    with_id = {(first, stop) for first, stop in equal if min(order[first:stop]) < named}
    assert {tuple(bounds) for bounds in ties.reshape(-1, 2).tolist()} == with_id
