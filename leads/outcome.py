"""Outcomes: the stage and status of a lead at a snapshot, its closing, and the label to learn."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int16s, Int32s, Int64s
from leads.clock import DAY_US
from leads.pipelines import OPEN, WON, Outcome
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View, known_by

STATUS_NAMES: dict[int, Outcome] = {0: "open", 1: "won", -1: "lost"}
NEVER = np.iinfo(np.int64).max

NOT_WON_LABEL, WON_LABEL, CENSORED_LABEL = 0, 1, -1


def known_stage(view: View) -> Int32s:
    """The code of each snapshot's latest known stage; without one the pipeline's first stage."""
    if known_stage not in view.remembered:
        first_code = view.timelines.pipelines.first_code[view.pipeline]
        view.remembered[known_stage] = _latest_stage(
            view.events.type, view.events.name, view.first, view.stop, first_code
        )
    stage: Int32s = view.remembered[known_stage]
    return stage


def known_status(view: View) -> Int8s:
    """OPEN, WON or LOST, as known at each snapshot."""
    return view.timelines.pipelines.stage_outcome[known_stage(view)]


@dataclass(frozen=True)
class Closings:
    """How each lead stood at a cut: `status`, when it came to that and when we learned of it.

    Both times are `NEVER` for open leads; `pipeline` is the one the lead was in then.
    """

    status: Int8s
    closed_at: Int64s
    known_at: Int64s
    pipeline: Int16s


def closings(timelines: Timelines, until: int) -> Closings:
    """The closing of each lead that was not undone by `until`; leads not yet known are open.

    A closing is undone by a later move to an open stage or to the other outcome. A move from won
    to a stage after the win keeps the first of the two times. A closing before its lead came in
    was learned of when the lead came in.
    """
    known = known_by(timelines, until)
    stages = timelines.pipelines
    status, closed_at, known_at, pipeline = _closings(
        known.start,
        known.events.type,
        known.events.name,
        known.events.occurred_at,
        known.events.recorded_at,
        stages.stage_outcome,
        stages.stage_pipeline,
        known.pipeline,
    )
    rows = np.flatnonzero(timelines.created_at <= until)
    result = Closings(
        status=np.zeros(len(timelines), np.int8),
        closed_at=np.full(len(timelines), NEVER),
        known_at=np.full(len(timelines), NEVER),
        pipeline=timelines.pipeline.copy(),
    )
    result.status[rows] = status
    result.closed_at[rows] = closed_at
    result.known_at[rows] = np.maximum(known_at, timelines.created_at[rows])
    result.pipeline[rows] = pipeline
    return result


def window_days(timelines: Timelines) -> Floats:
    """What "will be won" means in each pipeline, in days, one per pipeline code."""
    return np.array([p.window_days for p in timelines.pipelines.pipelines], np.float64)


def window_end(view: View) -> Int64s:
    """When the window of each snapshot ends: that of the pipeline which the lead was in then."""
    pipeline = view.timelines.pipelines.stage_pipeline[known_stage(view)]
    window_us = (window_days(view.timelines)[pipeline] * DAY_US).astype(np.int64)
    ends: Int64s = view.as_of + window_us
    return ends


def labels(view: View, until: int) -> Int8s:
    """Whether each snapshot's lead was won within the window after it, as known by `until`.

    WON_LABEL: its closing after `as_of` that was not undone by `until` is a win within the
    window of the pipeline the lead was in at the snapshot. NOT_WON_LABEL: it was lost, or the
    window passed. CENSORED_LABEL: still open and younger than the window. A closing counts as
    after `as_of` when we learned of it after `as_of`. Meaningful for snapshots of open leads.
    """
    return outcomes(view, until).label


@dataclass(frozen=True)
class Outcomes:
    """What became of each snapshot: its label as known by a cut, and when that was decided.

    `decided_at` is `NEVER` for a censored one; it is the end of the window, or earlier the moment
    at which the closing was learned of.
    """

    label: Int8s
    decided_at: Int64s


def outcomes(view: View, until: int) -> Outcomes:
    """The labels of `labels`, each with the moment at which it was decided."""
    end = window_end(view)
    closing = closings(view.timelines, until)
    lead = view.snapshots.lead
    closed_later = (closing.status[lead] != OPEN) & (closing.known_at[lead] > view.as_of)
    won_in_time = closed_later & (closing.status[lead] == WON) & (closing.closed_at[lead] <= end)
    label = np.full(len(view), CENSORED_LABEL, np.int8)
    label[closed_later | (end <= until)] = NOT_WON_LABEL
    label[won_in_time] = WON_LABEL
    known_at = np.where(closed_later, closing.known_at[lead], NEVER)
    decided_at = np.where(label == CENSORED_LABEL, NEVER, np.minimum(known_at, end))
    return Outcomes(label, decided_at)


@njit(cache=True, nogil=True)  # pragma: no cover
def _latest_stage(
    event_type: Int8s, name: Int32s, first: Int64s, stop: Int64s, first_code: Int16s
) -> Int32s:
    stage = np.empty(len(first), np.int32)
    for s in range(len(first)):
        stage[s] = first_code[s]
        for event in range(stop[s] - 1, first[s] - 1, -1):
            if event_type[event] == STAGE_CHANGE:
                stage[s] = name[event]
                break
    return stage


@njit(cache=True)  # pragma: no cover
def _closings(
    start: Int64s,
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    stage_outcome: Int8s,
    stage_pipeline: Int16s,
    lead_pipeline: Int16s,
) -> tuple[Int8s, Int64s, Int64s, Int16s]:
    n = len(start) - 1
    status = np.zeros(n, np.int8)
    closed_at = np.full(n, NEVER)
    known_at = np.full(n, NEVER)
    pipeline = lead_pipeline.copy()
    for lead in range(n):
        for event in range(start[lead], start[lead + 1]):
            if event_type[event] != STAGE_CHANGE:
                continue
            pipeline[lead] = stage_pipeline[name[event]]
            outcome = stage_outcome[name[event]]
            if outcome != status[lead]:
                status[lead] = outcome
                closed_at[lead] = NEVER if outcome == OPEN else occurred_at[event]
                known_at[lead] = (
                    NEVER if outcome == OPEN else max(occurred_at[event], recorded_at[event])
                )
    return status, closed_at, known_at, pipeline
