"""The state of a lead: what a view of it shows, folded to a few numbers.

Rates read the state alone, and the state is a fold over what was recorded. So the chances of a
lead at a snapshot follow from what was known then, and what was not yet recorded says nothing.
Times are in working days, of the moment an event was recorded.
"""

import numpy as np
from numba import njit

from crm.simulator.world import (
    AMOUNT_MEDIAN,
    AMOUNT_SPREAD,
    OWNER_SKILL,
)
from leads.arrays import Floats

# Stages beyond the open ones, which are numbered from 0 in their pipeline.
WON, LOST, ONBOARDED = 10, 11, 12

# What can be recorded of a lead. STAGE, AMOUNT, OWNER and CLOSE_DATE carry a value.
EMAIL_OUT, CALL_ANSWERED, CALL_MISSED, MEETING_HELD, MEETING_MISSED = 0, 1, 2, 3, 4
EMAIL_IN, CALL_IN, VISIT, STAGE, AMOUNT, OWNER, CLOSE_DATE = 5, 6, 7, 8, 9, 10, 11

# Places in the state.
(
    PIPELINE,
    FIT,
    AMOUNT_EFFECT,
    IN_STAGE,
    STAGE_SINCE,
    LAST_RECORDED,
    LAST_CONTACT,
    ENGAGEMENT,
    PENDING_SINCE,
    UNANSWERED,
    RHYTHM,
    AMOUNT_NOW,
    OWNER_NOW,
    SLIPS,
    LOST_FROM,
    REOPENED,
    PUSH,
    DRAG,
    QUICK,
) = range(19)
STATE_LENGTH = 19

NOTHING_PENDING = -1.0
# The mean life, in working days, of the engagement that an interaction brings.
ENGAGEMENT_LIFE = np.array([21.0, 10.0])
ENGAGEMENT_GAIN = np.array([0.0, 0.6, 0.0, 1.8, -0.5, 1.0, 1.2, 0.4])
RHYTHM_TYPICAL_DAYS = np.array([2.0, 1.0])
RHYTHM_MEMORY = 0.6
RHYTHM_EFFECT, SLIP_EFFECT, REOPENED_ENGAGEMENT = -0.90, -0.40, 1.0
PUSH_OF_FIT, DRAG_OF_FIT, QUICK_OF_RHYTHM = 0.80, -0.35, -0.6


@njit(cache=True, error_model="numpy")  # pragma: no cover
def begin(
    state: Floats,
    pipeline: int,
    fit: float,
    amount_effect: float,
    amount: float,
    owner: int,
    now: float,
) -> None:
    """Set the state of a lead at its creation."""
    state[:] = 0.0
    state[PIPELINE] = pipeline
    state[FIT] = fit
    state[AMOUNT_EFFECT] = amount_effect
    state[AMOUNT_NOW] = amount
    state[OWNER_NOW] = owner
    state[STAGE_SINCE] = now
    state[LAST_RECORDED] = now
    state[LAST_CONTACT] = now
    state[PENDING_SINCE] = NOTHING_PENDING
    state[LOST_FROM] = -1.0
    _weigh(state)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def record(state: Floats, code: int, value: float, now: float) -> None:
    """Fold one recorded event into the state."""
    pipeline = int(state[PIPELINE])
    passed = now - state[LAST_RECORDED]
    state[ENGAGEMENT] *= np.exp(-passed / ENGAGEMENT_LIFE[pipeline])
    state[LAST_RECORDED] = now
    if code <= VISIT:
        _record_interaction(state, code, now)
    elif code == STAGE:
        _record_stage(state, value, now)
    elif code == AMOUNT:
        state[AMOUNT_NOW] = value
        _weigh(state)
    elif code == OWNER:
        state[OWNER_NOW] = value
        _weigh(state)
    elif code == CLOSE_DATE:
        state[SLIPS] = min(state[SLIPS] + 1.0, 4.0)
        _weigh(state)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _record_interaction(state: Floats, code: int, now: float) -> None:
    state[ENGAGEMENT] = max(state[ENGAGEMENT] + ENGAGEMENT_GAIN[code], 0.0)
    state[LAST_CONTACT] = now
    if code in (EMAIL_OUT, CALL_MISSED):
        state[UNANSWERED] = min(state[UNANSWERED] + 1.0, 6.0)
        if state[PENDING_SINCE] == NOTHING_PENDING:
            state[PENDING_SINCE] = now
    elif code != VISIT and code != MEETING_MISSED:
        if state[PENDING_SINCE] != NOTHING_PENDING:
            _record_reply(state, now - state[PENDING_SINCE])
        state[UNANSWERED] = 0.0
        state[PENDING_SINCE] = NOTHING_PENDING


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _record_reply(state: Floats, wait: float) -> None:
    """Answers come quicker or slower than usual: a moving mean of the logarithm of the wait."""
    usual = RHYTHM_TYPICAL_DAYS[int(state[PIPELINE])]
    slower = min(max(np.log((wait + 0.05) / usual), -2.0), 2.0)
    state[RHYTHM] += (1.0 - RHYTHM_MEMORY) * (slower - state[RHYTHM])
    _weigh(state)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _record_stage(state: Floats, stage: float, now: float) -> None:
    if stage == LOST:
        state[LOST_FROM] = state[IN_STAGE]
    elif state[IN_STAGE] == LOST:
        state[REOPENED] = 1.0
        state[ENGAGEMENT] += REOPENED_ENGAGEMENT
        state[LAST_CONTACT] = now
        state[UNANSWERED] = 0.0
        state[PENDING_SINCE] = NOTHING_PENDING
    state[IN_STAGE] = stage
    state[STAGE_SINCE] = now


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _weigh(state: Floats) -> None:
    """Keep the factors on the rates of moving on and of losing, which change at events alone."""
    pipeline = int(state[PIPELINE])
    large = np.log(state[AMOUNT_NOW] / AMOUNT_MEDIAN[pipeline]) / AMOUNT_SPREAD[pipeline]
    fit = state[FIT] + state[AMOUNT_EFFECT] * large
    fit += OWNER_SKILL[pipeline, int(state[OWNER_NOW])]
    moving = fit + RHYTHM_EFFECT * state[RHYTHM] + SLIP_EFFECT * state[SLIPS]
    state[PUSH] = np.exp(PUSH_OF_FIT * moving)
    state[DRAG] = np.exp(DRAG_OF_FIT * moving)
    state[QUICK] = np.exp(QUICK_OF_RHYTHM * state[RHYTHM])
