"""How each lead stood at every moment something about it became known, and the visits it ended.

A state is the fold of the events known by a moment, in the stated order. Where a lead's events
became known in that order, one walk gives all states; else each is folded anew.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from leads.arrays import MISSING, Floats, Int8s, Int16s, Int32s, Int64s
from leads.pipelines import OPEN
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE
from leads.timeline import Timelines


@dataclass(frozen=True)
class LeadStates:
    """The states of leads, sorted by lead and moment; the first is that of its creation.

    A closed lead keeps the levels it had when it was closed; `closed_after_us` is how long after
    creation that happened, 0 while it is open.
    """

    lead: Int64s
    known_at: Int64s
    status: Int8s
    pipeline: Int16s
    first_level: Int32s
    second_level: Int32s
    number: Floats
    closed_after_us: Int64s


def lead_states(
    timelines: Timelines, first: str | None = None, second: str | None = None,
    number: str | None = None,
) -> LeadStates:  # fmt: skip
    """The states of all leads; of the named attributes' values, others are missing."""
    codes = [
        MISSING if name is None or name not in timelines.attributes
        else timelines.attributes.index(name)
        for name in (first, second, number)
    ]  # fmt: skip
    events = timelines.events
    columns = _states(
        timelines.start,
        events.type,
        events.name,
        events.occurred_at,
        events.recorded_at,
        events.level,
        events.number,
        timelines.created_at,
        timelines.pipelines.first_code[timelines.pipeline],
        timelines.pipelines.stage_outcome,
        timelines.pipelines.stage_pipeline,
        np.array(codes, np.int64),
    )
    return LeadStates(*columns)


def visits(timelines: Timelines) -> tuple[Int64s, Int64s, Int64s, Int64s, Floats]:
    """(lead, stage, known_at, count, seconds): every visit to a stage that has ended.

    One row when its end becomes known; where that turns out otherwise later, a row with count -1
    takes it back.
    """
    events = timelines.events
    lead, stage, known_at, count, seconds = _visits(
        timelines.start,
        events.type,
        events.name,
        events.occurred_at,
        events.recorded_at,
        timelines.created_at,
        timelines.pipelines.first_code[timelines.pipeline],
    )
    return lead, stage, known_at, count, seconds


# A state as a row: the levels twice, as they are and as they were when the lead was closed.
_STATUS, _PIPELINE, _FIRST, _SECOND, _KEPT_FIRST, _KEPT_SECOND, _CLOSED_AFTER = range(7)


@njit(cache=True, nogil=True)  # pragma: no cover
def _states(
    start: Int64s,
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    level: Int32s,
    number: Floats,
    created_at: Int64s,
    first_code: Int16s,
    stage_outcome: Int8s,
    stage_pipeline: Int16s,
    attribute: Int64s,
) -> tuple[Int64s, Int64s, Int8s, Int16s, Int32s, Int32s, Floats, Int64s]:
    chosen = _chosen(event_type, name, attribute)
    most = len(start) - 1 + len(chosen)
    where = np.empty((most, 2), np.int64)
    states = np.empty((most, 7), np.int64)
    numbers = np.empty(most)
    filled = walked = 0
    moments = np.empty(most_events(start), np.int64)
    room = np.empty(len(moments) + 1, np.int64)
    for lead in range(len(start) - 1):
        begin, first = filled, walked
        while walked < len(chosen) and chosen[walked] < start[lead + 1]:
            walked += 1
        own = chosen[first:walked]
        distinct, in_order = _moments(
            own, occurred_at, recorded_at, created_at[lead], moments, room
        )
        done = 0
        for moment in distinct:
            state, done = states[filled], done if in_order else 0
            state[:] = states[filled - 1]
            numbers[filled] = numbers[filled - 1]
            if done == 0:
                _begin(state, stage_pipeline[first_code[lead]])
                numbers[filled] = np.nan
            while done < len(own) and not (in_order and moments[done] > moment):
                event = own[done]
                if moments[done] > moment:
                    pass
                elif event_type[event] == STAGE_CHANGE:
                    after = max(occurred_at[event] - created_at[lead], 0)
                    _move(state, stage_outcome[name[event]], stage_pipeline[name[event]], after)
                elif name[event] == attribute[2]:
                    numbers[filled] = number[event]
                else:
                    state[_FIRST if name[event] == attribute[0] else _SECOND] = level[event]
                done += 1
            where[filled, 0], where[filled, 1] = lead, moment
            if filled == begin or not _same(states, numbers, filled):
                filled += 1
    is_open = states[:filled, _STATUS] == OPEN
    return (
        where[:filled, 0].copy(),
        where[:filled, 1].copy(),
        states[:filled, _STATUS].astype(np.int8),
        states[:filled, _PIPELINE].astype(np.int16),
        np.where(is_open, states[:filled, _FIRST], states[:filled, _KEPT_FIRST]).astype(np.int32),
        np.where(is_open, states[:filled, _SECOND], states[:filled, _KEPT_SECOND]).astype(np.int32),
        numbers[:filled],
        states[:filled, _CLOSED_AFTER].copy(),
    )


@njit(cache=True, nogil=True)  # pragma: no cover
def _chosen(event_type: Int8s, name: Int32s, attribute: Int64s) -> Int64s:
    """The places of stage changes and of changes of the named attributes."""
    chosen = np.empty(len(event_type), np.int64)
    filled = 0
    for event in range(len(event_type)):
        wanted = event_type[event] == STAGE_CHANGE
        if event_type[event] == ATTRIBUTE_CHANGE:
            for place in range(len(attribute)):
                wanted = wanted or name[event] == attribute[place]
        if wanted:
            chosen[filled] = event
            filled += 1
    return chosen[:filled]


@njit(cache=True, nogil=True)  # pragma: no cover
def most_events(start: Int64s) -> int:
    """The most events that a lead has."""
    most = 0
    for lead in range(len(start) - 1):
        most = max(most, start[lead + 1] - start[lead])
    return most


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def _moments(
    own: Int64s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    created_at: int,
    moments: Int64s,
    distinct: Int64s,
) -> tuple[Int64s, bool]:
    """The distinct moments from creation on, and whether events became known in order.

    When each did is written into `moments`; `distinct` has room for one more.
    """
    distinct[0] = created_at
    filled, in_order = 1, True
    for k in range(len(own)):
        moments[k] = max(occurred_at[own[k]], recorded_at[own[k]], created_at)
        in_order = in_order and moments[k] >= distinct[filled - 1]
        if moments[k] != distinct[filled - 1]:
            distinct[filled] = moments[k]
            filled += 1
    return (distinct[:filled] if in_order else np.unique(distinct[:filled])), in_order


@njit(cache=True, nogil=True)  # pragma: no cover
def _begin(state: Int64s, pipeline: int) -> None:
    state[:] = MISSING
    state[_STATUS], state[_PIPELINE], state[_CLOSED_AFTER] = OPEN, pipeline, 0


@njit(cache=True, nogil=True)  # pragma: no cover
def _move(state: Int64s, outcome: int, pipeline: int, after: int) -> None:
    """A stage change: a lead that closes keeps its levels and the time it took."""
    if outcome != OPEN and state[_STATUS] == OPEN:
        state[_KEPT_FIRST], state[_KEPT_SECOND] = state[_FIRST], state[_SECOND]
    if outcome != state[_STATUS]:
        state[_CLOSED_AFTER] = 0 if outcome == OPEN else after
    state[_STATUS], state[_PIPELINE] = outcome, pipeline


@njit(cache=True, nogil=True)  # pragma: no cover
def _same(states: Int64s, numbers: Floats, row: int) -> bool:
    """Whether a row says the same as the one before."""
    a, b = numbers[row - 1], numbers[row]
    same = a == b or (np.isnan(a) and np.isnan(b))
    for column in range(states.shape[1]):
        same = same and states[row, column] == states[row - 1, column]
    return bool(same)


@njit(cache=True, nogil=True)  # pragma: no cover
def _visits(
    start: Int64s,
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    created_at: Int64s,
    first_code: Int16s,
) -> tuple[Int64s, Int64s, Int64s, Int64s, Floats]:
    rows = [(np.int64(0), np.int64(0), np.int64(0), np.int64(0), 0.0)][:0]
    chosen = np.empty(most_events(start), np.int64)
    moments = chosen.copy()
    room = np.empty(len(chosen) + 1, np.int64)
    for lead in range(len(start) - 1):
        n = 0
        for event in range(start[lead], start[lead + 1]):
            if event_type[event] == STAGE_CHANGE:
                chosen[n] = event
                n += 1
        moves = chosen[:n]
        distinct, in_order = _moments(
            moves, occurred_at, recorded_at, created_at[lead], moments, room
        )
        if in_order:
            _ended(lead, moves, moments, distinct[-1], name,
                   occurred_at, created_at, first_code, np.int64(0), 1, rows)  # fmt: skip
            continue
        before = np.int64(-1)
        for moment in distinct:
            if before >= 0:
                _ended(lead, moves, moments, before, name, occurred_at, created_at, first_code,
                       moment, -1, rows)  # fmt: skip
            _ended(lead, moves, moments, moment, name, occurred_at, created_at, first_code,
                   moment, 1, rows)  # fmt: skip
            before = moment
    n = len(rows)
    whole = np.empty((4, n), np.int64)
    seconds = np.empty(n)
    for k in range(n):
        whole[0, k], whole[1, k], whole[2, k], whole[3, k], seconds[k] = rows[k]
    return whole[0], whole[1], whole[2], whole[3], seconds


@njit(cache=True, nogil=True)  # pragma: no cover
def _ended(
    lead: int,
    moves: Int64s,
    moments: Int64s,
    by: int,
    name: Int32s,
    occurred_at: Int64s,
    created_at: Int64s,
    first_code: Int16s,
    said_at: int,
    count: int,
    rows: list[Any],
) -> None:
    """Add the visits that have ended by a moment; `said_at` 0 means as each end became known."""
    stage = np.int64(first_code[lead])
    entered = created_at[lead]
    for k in range(len(moves)):
        to = np.int64(name[moves[k]])
        if moments[k] > by or to == stage:
            continue
        left = max(occurred_at[moves[k]], entered)
        at = moments[k] if said_at == 0 else said_at
        rows.append((np.int64(lead), stage, at, np.int64(count), (left - entered) / 1e6))
        stage, entered = to, left
