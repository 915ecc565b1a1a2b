"""What happens next to a lead: competing events whose rates follow from its state.

Rates are constant between fixed distances from the last recorded event and are taken in the
middle of each such span: a lead goes on in the same way from any moment, without memory of it.
"""

import numpy as np
from numba import njit

from crm.simulator.draws import Generator, exponential, uniform
from crm.simulator.state import (
    AMOUNT,
    AMOUNT_NOW,
    CALL_ANSWERED,
    CALL_IN,
    CALL_MISSED,
    CLOSE_DATE,
    DRAG,
    EMAIL_IN,
    EMAIL_OUT,
    ENGAGEMENT,
    ENGAGEMENT_LIFE,
    IN_STAGE,
    LAST_CONTACT,
    LAST_RECORDED,
    LOST,
    LOST_FROM,
    MEETING_HELD,
    MEETING_MISSED,
    NOTHING_PENDING,
    ONBOARDED,
    OWNER,
    OWNER_NOW,
    PENDING_SINCE,
    PIPELINE,
    PUSH,
    QUICK,
    REOPENED,
    RHYTHM,
    STAGE,
    STAGE_SINCE,
    UNANSWERED,
    VISIT,
    WON,
)
from crm.simulator.world import B2B, LAST_STAGE, OWNER_DILIGENCE, OWNERS
from leads.arrays import Floats

# What can happen next; the places of the rates.
(
    REACH_OUT,
    HEAR,
    LOOK,
    MEET,
    ADVANCE,
    STEP_BACK,
    WIN,
    LOSE,
    REPRICE,
    HAND_OVER,
    POSTPONE,
    REOPEN,
    ONBOARD,
) = range(13)
RATE_COUNT = 13
NOTHING = -1

# Working days since the last recorded event: where rates change, and where they are taken.
SPANS = np.array([0.0, 1.0, 3.0, 7.0, 14.0, 28.0, 50.0, 90.0, 160.0, 280.0, 1e9])
MIDDLES = np.append((SPANS[:-2] + SPANS[1:-1]) / 2, 400.0)
# The share of engagement that is left by then, by pipeline.
COOLED = np.exp(-MIDDLES / ENGAGEMENT_LIFE[:, None])

# Per working day, by pipeline and stage.
ADVANCE_RATE = np.array([[0.13, 0.18, 0.24, 0.26, 0.0], [0.40, 0.56, 0.0, 0.0, 0.0]])
WIN_RATE = np.array([[0.0, 0.0, 0.006, 0.04, 0.36], [0.0, 0.05, 0.90, 0.0, 0.0]])
LOSE_RATE = np.array([[0.006, 0.004, 0.003, 0.003, 0.003], [0.012, 0.009, 0.008, 0.0, 0.0]])
MEET_RATE = np.array([[0.01, 0.03, 0.05, 0.03, 0.03], [0.0, 0.02, 0.02, 0.0, 0.0]])
# By pipeline.
EAGER_DAYS = np.array([30.0, 12.0])
REACH_OUT_RATE = np.array([0.22, 0.35])
ANSWER_RATE = np.array([0.35, 0.70])
CALL_US_RATE = np.array([0.006, 0.012])
LOOK_RATE = np.array([0.02, 0.04])
STALE_STAGE_DAYS = np.array([9.0, 4.0])
SILENCE_DAYS = np.array([6.0, 2.5])
# By stage.
REPRICE_RATE = np.array([0.0, 0.008, 0.008, 0.012, 0.012])
POSTPONE_RATE = np.array([0.0, 0.010, 0.010, 0.015, 0.015])
STEP_BACK_RATE = np.array([0.0, 0.0, 0.003, 0.003, 0.003])
HAND_OVER_RATE = 0.002
OTHER_RATE = REPRICE_RATE + POSTPONE_RATE + STEP_BACK_RATE + HAND_OVER_RATE
REOPEN_RATE, REOPEN_DAYS, ONBOARD_RATE = 0.0006, 90.0, 0.12
PERSISTENCE = np.array([1.0, 0.7, 0.45, 0.28, 0.16, 0.09, 0.05])
CALL_SHARE, SKIP_SHARE, NO_SHOW_SHARE, INBOUND_CALL_SHARE = 0.4, 0.08, 0.12, 0.25


@njit(cache=True, error_model="numpy")  # pragma: no cover
def next_event(
    state: Floats, now: float, horizon: float, rates: Floats, generator: Generator
) -> tuple[int, float]:
    """What happens next after `now` and when; NOTHING when it is not before `horizon`."""
    since = state[LAST_RECORDED]
    span = 0
    while SPANS[span + 1] <= now - since:
        span += 1
    waiting = exponential(generator)
    rates[:] = 0.0
    while now < horizon:
        total = fill_rates(state, span, rates)
        stop = min(since + SPANS[span + 1], horizon)
        if waiting < total * (stop - now):
            return _one_of(rates, total * uniform(generator)), now + waiting / total
        waiting -= total * (stop - now)
        now, span = stop, span + 1
        if total == 0.0 and state[IN_STAGE] >= WON:
            break
    return NOTHING, horizon


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _one_of(rates: Floats, mark: float) -> int:
    for what in range(RATE_COUNT):
        mark -= rates[what]
        if mark < 0.0:
            return what
    return int(np.argmax(rates))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def fill_rates(state: Floats, span: int, rates: Floats) -> float:
    """Fill the rates of what can happen in this stage, per working day, and return their sum."""
    if state[IN_STAGE] < WON:
        return float(_fill_contacts(state, span, rates) + _fill_moves(state, span, rates))
    return float(_fill_reversals(state, span, rates))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _fill_reversals(state: Floats, span: int, rates: Floats) -> float:
    """A lost lead may be reopened for a while, once; a won one goes on to its onboarding."""
    if state[IN_STAGE] == WON and state[PIPELINE] == B2B:
        rates[ONBOARD] = ONBOARD_RATE
        return ONBOARD_RATE
    may_reopen = state[IN_STAGE] == LOST and state[REOPENED] == 0.0
    rates[REOPEN] = REOPEN_RATE if may_reopen and SPANS[span] < REOPEN_DAYS else 0.0
    return float(rates[REOPEN])


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _fill_contacts(state: Floats, span: int, rates: Floats) -> float:
    pipeline, stage = int(state[PIPELINE]), int(state[IN_STAGE])
    at = state[LAST_RECORDED] + MIDDLES[span]
    engagement = state[ENGAGEMENT] * COOLED[pipeline, span]
    warmth = engagement / (1.0 + engagement)
    diligence = OWNER_DILIGENCE[int(state[OWNER_NOW])] * PERSISTENCE[int(state[UNANSWERED])]
    eager = 1.0 / (1.0 + (at - state[STAGE_SINCE]) / EAGER_DAYS[pipeline])
    hear = CALL_US_RATE[pipeline] * (0.3 + 2.0 * warmth)
    if state[PENDING_SINCE] != NOTHING_PENDING:
        pending_days = at - state[PENDING_SINCE]
        hear += ANSWER_RATE[pipeline] * state[QUICK] / (1.0 + 0.3 * pending_days)
    reach_out = REACH_OUT_RATE[pipeline] * diligence * eager
    look = LOOK_RATE[pipeline] * (0.1 + 1.9 * warmth)
    meet = MEET_RATE[pipeline, stage] * (0.3 + 1.4 * warmth)
    rates[REACH_OUT], rates[HEAR], rates[LOOK], rates[MEET] = reach_out, hear, look, meet
    return float(reach_out + hear + look + meet)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _fill_moves(state: Floats, span: int, rates: Floats) -> float:
    pipeline, stage = int(state[PIPELINE]), int(state[IN_STAGE])
    at = state[LAST_RECORDED] + MIDDLES[span]
    engagement = state[ENGAGEMENT] * COOLED[pipeline, span]
    stale = 1.0 + (at - state[STAGE_SINCE]) / STALE_STAGE_DAYS[pipeline]
    silent = 1.0 + (at - state[LAST_CONTACT]) / SILENCE_DAYS[pipeline]
    move = state[PUSH] * (0.06 + 0.95 * engagement) / (stale * stale * silent)
    advance, win = ADVANCE_RATE[pipeline, stage] * move, WIN_RATE[pipeline, stage] * move
    cold = state[DRAG] * np.sqrt(silent / (1.0 + engagement))
    lose = LOSE_RATE[pipeline, stage] * cold
    rates[ADVANCE], rates[WIN], rates[LOSE] = advance, win, lose
    rates[STEP_BACK] = STEP_BACK_RATE[stage]
    rates[REPRICE] = REPRICE_RATE[stage]
    rates[POSTPONE] = POSTPONE_RATE[stage]
    rates[HAND_OVER] = HAND_OVER_RATE
    return float(advance + win + lose + OTHER_RATE[stage])


@njit(cache=True, error_model="numpy")  # pragma: no cover
def recorded_as(what: int, state: Floats, generator: Generator) -> tuple[int, float]:
    """The event that is recorded when something happens: its code and its value."""
    stage = state[IN_STAGE]
    if what == ADVANCE:
        return STAGE, _advanced(state, uniform(generator))
    if what == WIN:
        return STAGE, float(WON)
    if what == LOSE:
        return STAGE, float(LOST)
    if what == STEP_BACK:
        return STAGE, stage - 1.0
    if what == REOPEN:
        return STAGE, state[LOST_FROM]
    if what == ONBOARD:
        return STAGE, float(ONBOARDED)
    if what == REPRICE:
        return AMOUNT, _repriced(state[AMOUNT_NOW], uniform(generator))
    if what == HAND_OVER:
        return OWNER, _handed_over(int(state[OWNER_NOW]), uniform(generator))
    if what == POSTPONE:
        return CLOSE_DATE, np.floor(14.0 + 46.0 * uniform(generator))
    return _contact(what, state, uniform(generator)), 0.0


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _contact(what: int, state: Floats, share: float) -> int:
    if what == REACH_OUT and share >= CALL_SHARE:
        return EMAIL_OUT
    if what == REACH_OUT:
        answered = CALL_SHARE / (1.0 + np.exp(0.5 + state[RHYTHM]))
        return CALL_ANSWERED if share < answered else CALL_MISSED
    if what == HEAR:
        return CALL_IN if share < INBOUND_CALL_SHARE else EMAIL_IN
    if what == MEET:
        return MEETING_MISSED if share < NO_SHOW_SHARE else MEETING_HELD
    return VISIT


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _advanced(state: Floats, share: float) -> float:
    step = 2.0 if share < SKIP_SHARE else 1.0
    last = LAST_STAGE[int(state[PIPELINE])]
    return float(min(state[IN_STAGE] + step, last))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _repriced(amount: float, share: float) -> float:
    """The amount times 0.6 to 1.5, in tens of euros."""
    return float(max(np.round(amount * np.exp(-0.5 + 0.9 * share) / 10.0), 1.0) * 10.0)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _handed_over(owner: int, share: float) -> float:
    others = len(OWNERS) - 1
    return float((owner + 1 + int(share * others)) % len(OWNERS))
