"""The stream of closings: the last of the others, by a plain loop."""

import numpy as np
import pytest
from hypothesis import given

from features.closing_stream import EVERYBODY
from features.lately import LATELY
from features.lead_states import lead_states
from features.population import population_of
from leads.pipelines import OPEN, WON
from leads.view import known_by
from tests.features.values import values_at
from tests.leads.histories import few, histories, lead, moved


def closed_plainly(timelines, pipeline, as_of, own):
    """(closed_at, won) of the other leads that are closed at a moment, in order."""
    known = known_by(timelines, as_of)
    states = lead_states(known)
    found = []
    for row, lead_id in enumerate(known.lead_ids):
        now = np.flatnonzero(states.lead == row)[-1]
        here = pipeline in (EVERYBODY, known.pipelines.names[states.pipeline[now]])
        if here and states.status[now] != OPEN and timelines.row_of[lead_id] != own:
            closed_at = known.created_at[row] + states.closed_after_us[now]
            found.append((int(closed_at), int(states.status[now] == WON)))
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


def test_late_record_of_a_win_counts_where_it_happened_and_not_before_it_is_known():
    leads = [lead(lead_id=f"l{n}") for n in range(62)]
    lost = [moved(2 + n / 100, "Lost", lead_id=f"l{n}", event_id=f"e{n}") for n in range(60)]
    won = moved(1, "Won", lead_id="l60", recorded=5)

    def lately(days, event):
        return values_at(days, LATELY, {"pipelines": False}, [*lost, event], leads, "l61")

    assert lately(4, won)["win_rate_last_200"] == 0
    assert lately(6, won)["win_rate_last_200"] == 1 / 61
    assert lately(6, won)["win_rate_last_50"] == 0
    assert lately(6, moved(4, "Won", lead_id="l60"))["win_rate_last_50"] == 1 / 50


def test_lead_that_was_opened_again_is_not_among_the_closed():
    leads = [lead(lead_id=f"l{n}") for n in range(12)]
    won = [moved(1, "Won", lead_id=f"l{n}", event_id=f"e{n}") for n in range(6)]
    lost = [moved(1, "Lost", lead_id=f"l{n}", event_id=f"e{n}") for n in range(6, 11)]
    again = moved(3, "New", lead_id="l0", event_id="again")

    before, after = (
        values_at(days, LATELY, {"pipelines": False}, [*won, *lost, again], leads, "l11")
        for days in (2, 4)
    )

    assert before["win_rate_last_50"] == 6 / 11
    assert after["win_rate_last_50"] == 5 / 10


def test_fewer_than_ten_closings_say_nothing():
    events = [moved(1, "Won", lead_id=f"l{n}", event_id=f"e{n}") for n in range(9)]
    leads = [lead(lead_id=f"l{n}") for n in range(10)]

    found = values_at(9, LATELY, {"pipelines": True}, events, leads, "l9")

    assert np.isnan(list(found.values())).all()
