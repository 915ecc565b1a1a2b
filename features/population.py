"""What was known of other leads: closings by stage, as of any moment.

Built once from timelines. A lead counts towards a stage while it is known to be closed and to
have been in that stage; a lead that is reopened stops counting from the moment that was known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int16s, Int64s
from leads.pipelines import OPEN, WON, Pipelines
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View


@dataclass(frozen=True)
class Population:
    """Counts of closed leads per place, as running sums over the moments they became known.

    A place is a stage code, then one place per pipeline, then one for all leads. Changes of place
    `p` are `start[p]` to `start[p + 1]`, sorted by `known_at`; `won` and `closed` are running sums
    within the place. `own_*` are the same changes by lead, for leaving a lead itself out.
    """

    pipelines: Pipelines
    row_of: Mapping[str, int]
    start: Int64s
    known_at: Int64s
    won: Int64s
    closed: Int64s
    own_start: Int64s
    own_place: Int64s
    own_known_at: Int64s
    own_won: Int64s
    own_closed: Int64s

    def rows(self, view: View) -> Int64s:
        """The row in the population of each snapshot's lead, -1 where it is not in it."""
        lead_ids = view.timelines.lead_ids
        leads, place = np.unique(view.snapshots.lead, return_inverse=True)
        rows = np.array([self.row_of.get(lead_ids[lead], -1) for lead in leads], np.int64)
        return rows[place]


def population_of(timelines: Timelines) -> Population:
    """The population that some timelines make up."""
    events = timelines.events
    lead, place, known_at, won, closed = _changes(
        timelines.start,
        events.type,
        events.name,
        np.maximum(events.occurred_at, events.recorded_at),
        timelines.created_at,
        timelines.pipelines.stage_outcome,
        timelines.pipelines.stage_pipeline,
        timelines.pipelines.first_code[timelines.pipeline],
        len(timelines.pipelines.names),
    )
    places = len(timelines.pipelines.stage_names) + len(timelines.pipelines.names) + 1
    order = np.lexsort((known_at, place))
    start = np.searchsorted(place[order], np.arange(places + 1))
    return Population(
        pipelines=timelines.pipelines,
        row_of=timelines.row_of,
        start=start,
        known_at=known_at[order],
        won=_running_sums(won[order], start),
        closed=_running_sums(closed[order], start),
        own_start=np.searchsorted(lead, np.arange(len(timelines) + 1)),
        own_place=place,
        own_known_at=known_at,
        own_won=won,
        own_closed=closed,
    )


def win_counts(
    population: Population, place: Int64s, as_of: Int64s, own: Int64s
) -> tuple[Floats, Floats]:
    """(won, closed) of other leads at a place, one per snapshot, as known at `as_of`.

    `own` is the snapshot's lead in the population, left out; -1 when it is not in it. A place of
    -1 has no leads.
    """
    p = population
    won, closed = _counts(
        p.start, p.known_at, p.won, p.closed, p.own_start, p.own_place, p.own_known_at, p.own_won,
        p.own_closed, place, as_of, own,
    )  # fmt: skip
    return won, closed


def _running_sums(changes: Int64s, start: Int64s) -> Int64s:
    """Running sums of `changes` that begin anew at each place."""
    total = np.concatenate([[0], np.cumsum(changes)])
    sums: Int64s = total[1:] - np.repeat(total[start[:-1]], np.diff(start))
    return sums


@njit(cache=True)  # pragma: no cover
def _counts(
    start: Int64s,
    known_at: Int64s,
    won: Int64s,
    closed: Int64s,
    own_start: Int64s,
    own_place: Int64s,
    own_known_at: Int64s,
    own_won: Int64s,
    own_closed: Int64s,
    place: Int64s,
    as_of: Int64s,
    own: Int64s,
) -> tuple[Floats, Floats]:
    n = len(as_of)
    won_before = np.zeros(n)
    closed_before = np.zeros(n)
    for s in range(n):
        if place[s] < 0:
            continue
        first, stop = start[place[s]], start[place[s] + 1]
        last = first + np.searchsorted(known_at[first:stop], as_of[s], "right") - 1
        if last >= first:
            won_before[s], closed_before[s] = won[last], closed[last]
        if own[s] < 0:
            continue
        for change in range(own_start[own[s]], own_start[own[s] + 1]):
            if own_place[change] == place[s] and own_known_at[change] <= as_of[s]:
                won_before[s] -= own_won[change]
                closed_before[s] -= own_closed[change]
    return won_before, closed_before


@njit(cache=True)  # pragma: no cover
def _changes(
    start: Int64s,
    event_type: Int8s,
    name: Int64s,
    known_at: Int64s,
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
    for lead in range(len(start) - 1):
        places = np.arange(start[lead], start[lead + 1])
        moves = places[event_type[start[lead] : start[lead + 1]] == STAGE_CHANGE]
        if len(moves) == 0:
            continue
        at = np.maximum(known_at[moves], created_at[lead])
        order = np.argsort(at, kind="mergesort")
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
                    changes.append(
                        (
                            np.int64(lead),
                            np.int64(place),
                            at[order[k]],
                            np.int64((now == 2) - (counted[place] == 2)),
                            np.int64((now > 0) - (counted[place] > 0)),
                        )
                    )
                    counted[place] = now
    table = np.empty((5, len(changes)), np.int64)
    for k in range(len(changes)):
        table[0, k], table[1, k], table[2, k], table[3, k], table[4, k] = changes[k]
    return table
