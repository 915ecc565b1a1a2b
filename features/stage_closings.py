"""When a lead begins and ceases to count as closed for every stage it has been in."""

import numpy as np
from numba import njit

from features.lead_states import most_events
from leads.arrays import Int8s, Int16s, Int64s
from leads.pipelines import OPEN, WON
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines


def stage_closings(timelines: Timelines) -> Int64s:
    """Every change of what leads add, in five rows: lead, place, known_at, won, closed.

    A place is a stage code, then one place per pipeline, then one for all leads. A lead counts
    towards a stage while it is known to be closed and to have been in that stage.
    """
    events = timelines.events
    changes: Int64s = _changes(
        timelines.start,
        events.type,
        events.name,
        events.occurred_at,
        events.recorded_at,
        timelines.created_at,
        timelines.pipelines.stage_outcome,
        timelines.pipelines.stage_pipeline,
        timelines.pipelines.first_code[timelines.pipeline],
        len(timelines.pipelines.names),
    )
    return changes


@njit(cache=True, nogil=True)  # pragma: no cover
def _changes(
    start: Int64s,
    event_type: Int8s,
    name: Int64s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    created_at: Int64s,
    stage_outcome: Int8s,
    stage_pipeline: Int16s,
    first_code: Int16s,
    n_pipelines: int,
) -> Int64s:
    """Every change of a contribution, in five rows: lead, place, known_at, won, closed.

    Walks each lead's stage changes in the order they became known; the latest of the known ones
    in the stated order says how the lead stands.
    """
    n_stages = len(stage_outcome)
    changes = [(np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0))][:0]
    visited = np.zeros(n_stages + n_pipelines + 1, np.bool_)
    counted = np.zeros(n_stages + n_pipelines + 1, np.int8)
    most = most_events(start)
    moves, at, as_stated = np.empty(most, np.int64), np.empty(most, np.int64), np.arange(most)
    for lead in range(len(start) - 1):
        n, in_order = 0, True
        for event in range(start[lead], start[lead + 1]):
            if event_type[event] == STAGE_CHANGE:
                moves[n] = event
                at[n] = max(occurred_at[event], recorded_at[event], created_at[lead])
                in_order &= n == 0 or at[n - 1] <= at[n]
                n += 1
        if n == 0:
            continue
        order = as_stated[:n] if in_order else np.argsort(at[:n], kind="mergesort")
        visited[:] = False
        counted[:] = 0
        visited[first_code[lead]] = True
        visited[n_stages + stage_pipeline[first_code[lead]]] = True
        visited[-1] = True
        latest = -1
        for k in range(len(order)):
            move = moves[order[k]]
            visited[name[move]] = True
            visited[n_stages + stage_pipeline[name[move]]] = True
            latest = max(latest, move)
            if k + 1 < len(order) and at[order[k + 1]] == at[order[k]]:
                continue
            outcome = stage_outcome[name[latest]]
            for place in range(len(visited)):
                # 0 not counted, 1 counted as lost, 2 counted as won
                now = 0
                if visited[place] and outcome != OPEN:
                    now = 2 if outcome == WON else 1
                if now != counted[place]:
                    won = np.int64((now == 2) - (counted[place] == 2))
                    closed = np.int64((now > 0) - (counted[place] > 0))
                    changes.append((np.int64(lead), np.int64(place), at[order[k]], won, closed))
                    counted[place] = now
    table = np.empty((5, len(changes)), np.int64)
    for k in range(len(changes)):
        table[0, k], table[1, k], table[2, k], table[3, k], table[4, k] = changes[k]
    return table
