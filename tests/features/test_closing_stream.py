"""The stream of closings: the last of the others, by a plain loop."""

import numpy as np
import pytest
from hypothesis import given

from features.closing_stream import EVERYBODY
from features.lately import LATELY
from features.lead_states import lead_states
from features.population import population_of
from leads.pipelines import OPEN, WON
from tests.features.values import values_at
from tests.leads.histories import few, histories, lead, moved


def closed_plainly(timelines, pipeline, as_of, own):
    """(known_at, won) of the closings of other leads by a moment, in order."""
    states = lead_states(timelines)
    found = []
    for row in range(len(timelines)):
        before = OPEN
        for k in np.flatnonzero(states.lead == row):
            now = states.status[k]
            here = pipeline in (EVERYBODY, timelines.pipelines.names[states.pipeline[k]])
            if now not in (OPEN, before) and here and row != own and states.known_at[k] <= as_of:
                found.append((int(states.known_at[k]), int(now == WON)))
            before = now
    return sorted(found)


@given(histories(most_leads=6, most_events=30))
@few(100)
def test_last_closings_are_those_of_a_plain_loop(history):
    timelines = history.timelines()
    stream = population_of(timelines).stream
    for lead_id, as_of in history.snapshots():
        own = timelines.row_of[lead_id]
        for name, place in stream.names.items():
            every = closed_plainly(timelines, name, as_of, own)
            for last in (1, 2, 5, 100):
                won, closed = stream.last(
                    np.array([place]), np.array([as_of]), np.array([own]), last
                )
                assert closed[0] == min(last, len(every))
                assert won[0] == sum(w for _, w in every[-last:])


def test_share_lately_forgets_what_is_long_ago():
    leads = [lead(lead_id=f"l{n}") for n in range(121)]
    events = [
        moved(1 + n / 100, "Won" if n < 60 else "Lost", lead_id=f"l{n}", event_id=f"e{n}")
        for n in range(120)
    ]

    found = values_at(9, LATELY, {"pipelines": False}, events, leads, "l120")

    assert found == {
        "win_rate_last_50": 0.0,
        "win_rate_last_200": pytest.approx(0.5),
        "win_rate_last_1000": pytest.approx(0.5),
    }


def test_fewer_than_ten_closings_say_nothing():
    events = [moved(1, "Won", lead_id=f"l{n}", event_id=f"e{n}") for n in range(9)]
    leads = [lead(lead_id=f"l{n}") for n in range(10)]

    found = values_at(9, LATELY, {"pipelines": True}, events, leads, "l9")

    assert np.isnan(list(found.values())).all()
