"""Alternatives: one lead's timeline as it is, with hypothetical events, side by side in one batch.

Nothing is stored. Every alternative carries the lead's own id, so that a population leaves the
lead itself out of each.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leads.arrays import MISSING, Bools, Coded
from leads.errors import InvalidSnapshotError
from leads.outcome import STATUS_NAMES, known_status
from leads.pipelines import OPEN
from leads.records import (
    STAGE_CHANGE,
    Event,
    EventColumns,
    LeadColumns,
    concatenate_events,
    event_columns,
)
from leads.timeline import Timelines, build_timelines
from leads.view import Snapshots, View, look


def alternatives(timelines: Timelines, events: Sequence[Event], chosen: Bools) -> Timelines:
    """Timelines of the only lead in `timelines`, one per row of `chosen` (alternative x event).

    An alternative holds all that happened and the hypothetical events chosen for it, in the
    stated order; `event_id` tells those apart that tie with another.
    """
    happened = _as_columns(timelines)
    added = event_columns(events, timelines.attribute_types)
    # Whoever they name, they are thought of for this lead.
    added = replace(added, lead_id=Coded(np.zeros(len(added), np.int32), timelines.lead_ids))
    both = build_timelines(
        _as_lead(timelines),
        concatenate_events([happened, added]),
        timelines.pipelines,
        timelines.attribute_types,
    )
    hypothetical = both.events.row - len(happened)
    kept = np.ones((len(chosen), len(hypothetical)), bool)
    is_hypothetical = hypothetical >= 0
    kept[:, is_hypothetical] = chosen[:, hypothetical[is_hypothetical]]
    return replace(
        both,
        lead_ids=timelines.lead_ids * len(chosen),
        created_at=np.repeat(both.created_at, len(chosen)),
        pipeline=np.repeat(both.pipeline, len(chosen)),
        start=np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64),
        events=both.events.take(np.nonzero(kept)[1]),
        quarantined=timelines.quarantined,
    )


def view_of_all(timelines: Timelines, as_of: int) -> View:
    """All leads of some timelines at one moment; raises `InvalidSnapshotError`."""
    rows = np.arange(len(timelines), dtype=np.int64)
    return look(timelines, Snapshots(rows, np.full(len(rows), as_of, np.int64)))


def require_open(view: View) -> None:
    """Raise `InvalidSnapshotError` for a view of a lead that was won or lost by then."""
    status = known_status(view)
    if (status != OPEN).any():
        raise InvalidSnapshotError(
            f"lead {view.lead_id(0)!r} was {STATUS_NAMES[int(status[0])]} by then and has no score "
            "to start from; ask for a moment while it was open"
        )


def _as_lead(timelines: Timelines) -> LeadColumns:
    """The lead without values: those known at creation are among its events."""
    return LeadColumns(
        lead_id=timelines.lead_ids,
        created_at=timelines.created_at,
        pipeline=Coded(timelines.pipeline.astype(np.int32), timelines.pipelines.names),
        numbers={},
        levels={},
    )


def _as_columns(timelines: Timelines) -> EventColumns:
    """The lead's events as they came; a stage change names the pipeline of its stage."""
    events, stages = timelines.events, timelines.pipelines.stage_names
    # In the order of the codes of the types of events.
    listed = (timelines.attributes, timelines.kinds, tuple(stage for _, stage in stages))
    offset = np.cumsum([0, *map(len, listed[:-1])]).astype(np.int32)
    is_stage = events.type == STAGE_CHANGE
    pipeline = np.full(len(events.type), MISSING, np.int32)
    pipeline[is_stage] = timelines.pipelines.stage_pipeline[events.name[is_stage]]
    return EventColumns(
        lead_id=Coded(np.zeros(len(events.type), np.int32), timelines.lead_ids),
        type=events.type,
        occurred_at=events.occurred_at,
        recorded_at=events.recorded_at,
        name=Coded(events.name + offset[events.type], sum(listed, ())),
        pipeline=Coded(pipeline, timelines.pipelines.names),
        number=events.number,
        level=Coded(events.level, timelines.levels),
        direction=events.direction,
        duration_seconds=events.duration_seconds,
        actor=Coded(events.actor, timelines.actors),
        result=Coded(events.result, timelines.results),
        event_id=[timelines.event_id[int(row)] for row in events.row],
    )
