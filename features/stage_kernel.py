"""The compiled walk behind `features.stages`: one pass over a snapshot's known stage changes."""

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int16s, Int32s, Int64s
from leads.clock import DAY_US
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE

# The columns of the moves, counted from the first of them, as `features.stages` declares them.
(
    _ORDER, _FURTHEST, _CHANGES_1D, _CHANGES_7D, _CHANGES_30D, _CHANGES_90D, _CHANGES_EVER,
    _FORWARD, _BACK, _SKIPPED, _REOPENED, _TRANSFERS, _DAYS_IN, _DAYS_TO, _DAYS_BEFORE,
    _DAYS_PER_MOVE, _AGE,
) = range(17)  # fmt: skip
_PREVIOUS = 1


@njit(cache=True, nogil=True)  # pragma: no cover
def walk_stages(
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    created_at: Int64s,
    first_code: Int16s,
    stage_order: Int16s,
    stage_outcome: Int8s,
    stage_pipeline: Int16s,
    code: Int64s,
    visits: Int64s,
    days: Int64s,
    visits_at: int,
    days_at: int,
    moves_at: int,
    block: Floats,
) -> None:
    """Fill all columns but the current stage and those of other leads.

    A change before the lead came in counts as made when it came in: it has been in the stage since.
    """
    for s in range(len(first)):
        row, moves = block[s], block[s, moves_at:visits_at]
        moves[:] = 0.0
        row[visits_at:days_at] = 0.0
        row[days_at:] = np.nan
        row[_PREVIOUS] = moves[_DAYS_BEFORE] = moves[_DAYS_PER_MOVE] = np.nan
        stage, entered = np.int64(first_code[s]), created_at[s]
        moves[_FURTHEST] = stage_order[stage]
        _visit(row, visits[stage])
        for event in range(first[s], stop[s]):
            to = np.int64(name[event])
            if event_type[event] != STAGE_CHANGE or to == stage:
                continue
            at = max(occurred_at[event], created_at[s])
            _count_change(as_of[s] - occurred_at[event], moves)
            _count_direction(stage, to, stage_order, stage_outcome, stage_pipeline, moves)
            _stay(row, days[stage], (at - entered) / DAY_US)
            _visit(row, visits[to])
            if stage_outcome[to] == OPEN:
                moves[_FURTHEST] = max(moves[_FURTHEST], stage_order[to])
            row[_PREVIOUS] = code[stage]
            moves[_DAYS_BEFORE] = (at - entered) / DAY_US
            stage, entered = to, at
        _stay(row, days[stage], (as_of[s] - entered) / DAY_US)
        moves[_ORDER] = stage_order[stage]
        moves[_DAYS_IN] = (as_of[s] - entered) / DAY_US
        moves[_DAYS_TO] = (entered - created_at[s]) / DAY_US
        moves[_AGE] = (as_of[s] - created_at[s]) / DAY_US
        if moves[_CHANGES_EVER] > 0:
            moves[_DAYS_PER_MOVE] = moves[_DAYS_TO] / moves[_CHANGES_EVER]


@njit(cache=True, nogil=True)  # pragma: no cover
def _visit(row: Floats, column: int) -> None:
    if column >= 0:
        row[column] += 1.0


@njit(cache=True, nogil=True)  # pragma: no cover
def _stay(row: Floats, column: int, days: float) -> None:
    if column >= 0:
        row[column] = days if np.isnan(row[column]) else row[column] + days


@njit(cache=True, nogil=True)  # pragma: no cover
def _count_change(age_us: int, moves: Floats) -> None:
    moves[_CHANGES_1D] += age_us < DAY_US
    moves[_CHANGES_7D] += age_us < 7 * DAY_US
    moves[_CHANGES_30D] += age_us < 30 * DAY_US
    moves[_CHANGES_90D] += age_us < 90 * DAY_US
    moves[_CHANGES_EVER] += 1.0


@njit(cache=True, nogil=True)  # pragma: no cover
def _count_direction(
    stage: int,
    to: int,
    stage_order: Int16s,
    stage_outcome: Int8s,
    stage_pipeline: Int16s,
    moves: Floats,
) -> None:
    """A move forward or back is one between open stages of one pipeline."""
    if stage_pipeline[stage] != stage_pipeline[to]:
        moves[_TRANSFERS] += 1.0
    if stage_outcome[to] != OPEN:
        return
    if stage_outcome[stage] != OPEN:
        moves[_REOPENED] += 1.0
    elif stage_pipeline[stage] == stage_pipeline[to]:
        step = stage_order[to] - stage_order[stage]
        moves[_FORWARD] += step > 0
        moves[_BACK] += step < 0
        moves[_SKIPPED] += max(step - 1, 0)
