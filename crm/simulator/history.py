"""The history of leads: the process run on from creation to the cut, event by event.

An event is recorded when the process says so, and had happened a while before: delays depend on
nothing but what was recorded earlier, so that the unrecorded carries no information.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from crm.simulator.arrivals import Arrivals
from crm.simulator.draws import HISTORY, Generator, start, uniform
from crm.simulator.hazards import NOTHING, RATE_COUNT, next_event, recorded_as
from crm.simulator.state import (
    LAST_RECORDED,
    STAGE,
    STAGE_SINCE,
    STATE_LENGTH,
    VISIT,
    begin,
    record,
)
from crm.simulator.working_time import calendar_us, working_days
from leads.arrays import Floats, Int8s, Int64s
from leads.clock import DAY_US, SECOND_US

# Shares recorded at once and within the day, of interactions and of stage changes.
AT_ONCE_SHARE, WITHIN_DAY_SHARE = np.array([0.80, 0.72]), np.array([0.94, 0.93])
LONGEST_DELAY_US = 4 * DAY_US
COLUMNS_DRAWN = 2

CreationColumns = tuple[Int64s, Int64s, Floats, Floats, Floats, Int64s]
EventRows = tuple[Int8s, Floats, Int64s, Int64s, Floats]


@dataclass(frozen=True)
class History:
    """What was recorded of each lead up to the cut, in the order it was recorded.

    Lead `i` owns the rows `start[i]` to `start[i + 1]`. `code` and `value` are those of
    `crm.simulator.state`; `drawn` are two numbers from 0 to 1 for what does not matter, such as
    how long a call took.
    """

    start: Int64s
    code: Int8s
    value: Floats
    occurred_at: Int64s
    recorded_at: Int64s
    drawn: Floats

    def __len__(self) -> int:
        return len(self.code)


def run_histories(arrivals: Arrivals, seed: int, end_us: int) -> History:
    """Run every lead from its creation to the cut."""
    leads = creation_columns(arrivals)
    count = np.zeros(len(arrivals), np.int64)
    _run(leads, seed, end_us, count, _columns(0), count)
    start_at = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    columns = _columns(int(start_at[-1]))
    _run(leads, seed, end_us, start_at[:-1], columns, count)
    return History(start_at, *columns)


def _columns(rows: int) -> EventRows:
    """Room for so many events."""
    return (
        np.zeros(rows, np.int8),
        np.zeros(rows),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros((rows, COLUMNS_DRAWN)),
    )


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _run(
    leads: CreationColumns,
    seed: int,
    end_us: int,
    first: Int64s,
    columns: EventRows,
    count: Int64s,
) -> None:
    """Run each lead and write its events from `first` on, or only count them without room."""
    code, value, occurred_at, recorded_at, drawn = columns
    state, rates = np.empty(STATE_LENGTH), np.empty(RATE_COUNT)
    generator = np.zeros(1, np.uint64)
    horizon = working_days(end_us)
    for lead in range(len(count)):
        begin_lead(state, leads, lead)
        start(generator, seed, HISTORY, lead, 0)
        events = 0
        while True:
            what, now = next_event(state, state[LAST_RECORDED], horizon, rates, generator)
            learned = recorded_moment(state, now)
            if what == NOTHING or learned > end_us:
                break
            row_code, row_value = recorded_as(what, state, generator)
            happened = occurred_moment(state, row_code, learned, generator)
            first_draw, second_draw = uniform(generator), uniform(generator)
            row = first[lead] + events
            if row < len(code):
                code[row], value[row] = row_code, row_value
                occurred_at[row], recorded_at[row] = happened, learned
                drawn[row, 0], drawn[row, 1] = first_draw, second_draw
            record(state, row_code, row_value, working_days(learned))
            events += 1
        count[lead] = events


def creation_columns(arrivals: Arrivals) -> CreationColumns:
    """What the state of each lead begins with, in the order that `begin_lead` unpacks."""
    return (
        arrivals.created_at,
        arrivals.pipeline,
        arrivals.fit,
        arrivals.amount_effect,
        arrivals.amount,
        arrivals.owner,
    )


@njit(cache=True, error_model="numpy")  # pragma: no cover
def begin_lead(
    state: Floats,
    leads: CreationColumns,
    lead: int,
) -> None:
    """Set the state of a lead at its creation."""
    created_at, pipeline, fit, amount_effect, amount, owner = leads
    now = working_days(created_at[lead])
    begin(state, pipeline[lead], fit[lead], amount_effect[lead], amount[lead], owner[lead], now)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def recorded_moment(state: Floats, now: float) -> int:
    """The whole second at which an event at `now` is recorded: after the one before it."""
    return int(max(calendar_us(now), _moment(state[LAST_RECORDED]) + SECOND_US))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def occurred_moment(state: Floats, code: int, recorded_at: int, generator: Generator) -> int:
    """When an event happened that was recorded at `recorded_at`; `state` is the one before it.

    A stage change happened after all that was recorded before it, an interaction after the stage
    change before it; a website visit and a change of a field are recorded as they happen.
    """
    if code > STAGE or code == VISIT:
        return recorded_at
    delay = _delay_us(int(code == STAGE), generator)
    bound = state[LAST_RECORDED] if code == STAGE else state[STAGE_SINCE]
    return int(min(max(recorded_at - delay, _moment(bound) + SECOND_US), recorded_at))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _moment(days: float) -> int:
    """The whole second of a state's time, which a conversion may have left just below it."""
    return int(calendar_us(days + 1e-9))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _delay_us(table: int, generator: Generator) -> int:
    """0, half an hour to ten hours, or one to four days."""
    share, length = uniform(generator), uniform(generator)
    if share < AT_ONCE_SHARE[table]:
        return 0
    if share < WITHIN_DAY_SHARE[table]:
        hours = 0.5 + 9.5 * length
        return int(hours * 3600) * SECOND_US
    return int((1.0 + 3.0 * length) * 86400) * SECOND_US
