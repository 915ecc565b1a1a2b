"""Leads in random order: the same leads at other leads' times."""

import numpy as np

from benchmarks.published.x_education import in_random_order
from leads.arrays import Coded
from leads.pipelines import DEFAULT_PIPELINE, Pipeline, Pipelines
from leads.records import STAGE_CHANGE, Event, LeadColumns, event_columns
from leads.timeline import build_timelines

PIPELINES = Pipelines((Pipeline(DEFAULT_PIPELINE, ("New",), ("Won",), ("Lost",)),))


def test_every_lead_keeps_its_events_and_takes_the_time_of_another():
    created_at = np.arange(100) * 60
    leads = LeadColumns(
        lead_id=[str(row) for row in range(100)],
        created_at=created_at,
        pipeline=Coded.of([DEFAULT_PIPELINE] * 100),
        numbers={"size": np.arange(100.0)},
        levels={},
    )
    ends = [
        Event(str(row), STAGE_CHANGE, at, at, "Won" if row < 50 else "Lost", f"end {row}")
        for row, at in enumerate((created_at + 30).tolist())
    ]
    timelines = build_timelines(leads, event_columns(ends, {}), PIPELINES, {"size": "number"})

    found = in_random_order(timelines, seed=0)

    events, first = found.events, found.start[:-1]
    assert sorted(found.created_at.tolist()) == created_at.tolist()
    assert found.lead_ids != timelines.lead_ids
    assert (events.occurred_at[first] == found.created_at).all()
    assert (events.occurred_at[first + 1] == found.created_at + 30).all()
    assert (events.number[first] == [float(lead_id) for lead_id in found.lead_ids]).all()
    won = PIPELINES.code_of[DEFAULT_PIPELINE, "Won"]
    assert ((events.name[first + 1] == won) == (events.number[first] < 50)).all()
