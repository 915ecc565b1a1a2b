"""The true probability of snapshots: leads simulated on from their state, many times."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from crm.simulator.draws import SNAPSHOT_AGES, TRUTH, Generator, start, uniforms
from crm.simulator.hazards import NOTHING, RATE_COUNT, next_event, recorded_as
from crm.simulator.history import (
    LONGEST_DELAY_US,
    CreationColumns,
    begin_lead,
    creation_columns,
    occurred_moment,
    recorded_moment,
)
from crm.simulator.simulated import SimulatedCrm
from crm.simulator.state import (
    IN_STAGE,
    PIPELINE,
    STAGE,
    STATE_LENGTH,
    WON,
    record,
)
from crm.simulator.working_time import working_days
from crm.simulator.world import WINDOW_DAYS
from leads.arrays import Floats, Int8s, Int64s
from leads.clock import DAY_US, SECOND_US, format_time
from leads.errors import InvalidSnapshotError, UnknownLeadError
from leads.view import Snapshots

DEFAULT_PATHS = 400
# Later than any win, and far enough below the largest number to be subtracted from.
NEVER = 2**62
# Of the snapshots of a lead, by pipeline.
MEAN_AGES_DAYS = np.array([[5.0, 30.0, 110.0], [2.0, 14.0, 50.0]])


def random_snapshots(simulated: SimulatedCrm) -> Snapshots:
    """Up to three moments of each lead's open life, from its first days to months later.

    The ages are drawn before the lead's history and kept where it was then open, as known: a
    moment that depended on how long a lead will stay open would give its ending away.
    """
    leads = np.arange(len(simulated))
    draws = uniforms(simulated.seed, SNAPSHOT_AGES, leads, 3)
    ages_days = -MEAN_AGES_DAYS[simulated.arrivals.pipeline] * np.log1p(-draws)
    ages_us = (np.sort(ages_days, axis=1) * (DAY_US // SECOND_US)).astype(np.int64) * SECOND_US
    snapshots = Snapshots(
        np.repeat(leads, 3),
        (simulated.arrivals.created_at[:, None] + ages_us).ravel(),
    )
    snapshots = snapshots.only(snapshots.as_of <= simulated.end_us)
    return snapshots.only(~np.isnan(_probability(simulated, snapshots, 0)))


def true_probability(
    simulated: SimulatedCrm,
    lead_ids: Sequence[str],
    as_of_us: Sequence[int] | Int64s,
    paths: int = DEFAULT_PATHS,
) -> Floats:
    """The probability of being won within the window after each snapshot; NaN where not open.

    The share of `paths` on which a lead simulated on from its known state was won in time, which
    has a standard error of at most 0.5 / sqrt(paths). The same snapshot has the same probability
    in any company. Raises `UnknownLeadError` and `InvalidSnapshotError`.
    """
    return true_probability_at(simulated, _snapshots(simulated, lead_ids, as_of_us), paths)


def true_probability_at(
    simulated: SimulatedCrm, snapshots: Snapshots, paths: int = DEFAULT_PATHS
) -> Floats:
    """`true_probability` of snapshots by the row of their lead."""
    return _probability(simulated, snapshots, paths)


def true_horizons_at(
    simulated: SimulatedCrm,
    snapshots: Snapshots,
    days: Sequence[float],
    paths: int = DEFAULT_PATHS,
) -> Floats:
    """(snapshot x days) the probability of being won within so many days, the window at most.

    On the paths of `true_probability_at`, which it equals from the window on.
    """
    return _probabilities(simulated, snapshots, np.array(days, np.float64), paths)


def _snapshots(
    simulated: SimulatedCrm, lead_ids: Sequence[str], as_of_us: Sequence[int] | Int64s
) -> Snapshots:
    rows = np.array([_row(simulated, lead_id) for lead_id in lead_ids], np.int64)
    as_of = np.asarray(as_of_us, np.int64)
    created_at = simulated.arrivals.created_at[rows]
    outside = np.flatnonzero((as_of < created_at) | (as_of > simulated.end_us))
    if len(outside):
        place = int(outside[0])
        raise InvalidSnapshotError(
            f"lead {lead_ids[place]!r} at {format_time(as_of[place])}: ask for a moment from its "
            f"creation at {format_time(created_at[place])} to the cut at "
            f"{format_time(simulated.end_us)}"
        )
    return Snapshots(rows, as_of)


def _row(simulated: SimulatedCrm, lead_id: str) -> int:
    row = simulated.row_of.get(lead_id)
    if row is None:
        raise UnknownLeadError(
            f"no simulated lead is called {lead_id!r}; ids go from "
            f"{simulated.arrivals.lead_id[0]!r} to {simulated.arrivals.lead_id[-1]!r}"
        )
    return row


def _probability(simulated: SimulatedCrm, snapshots: Snapshots, paths: int) -> Floats:
    """NaN where a lead is not open; 0 for every open one when there are no paths."""
    within_window: Floats = _probabilities(
        simulated, snapshots, WINDOW_DAYS.max(keepdims=True), paths
    )[:, 0]
    return within_window


def _probabilities(
    simulated: SimulatedCrm, snapshots: Snapshots, days: Floats, paths: int
) -> Floats:
    """(snapshot x days) as `_probability`."""
    history = simulated.history
    wins = np.empty((len(snapshots), len(days)), np.int64)
    _count_wins(
        creation_columns(simulated.arrivals),
        history.start,
        (history.code, history.value, history.recorded_at),
        snapshots.lead,
        snapshots.as_of,
        simulated.seed,
        paths,
        (days * DAY_US).astype(np.int64),
        wins,
    )
    return np.where(wins < 0, np.nan, wins / max(paths, 1))


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _count_wins(
    leads: CreationColumns,
    first: Int64s,
    recorded: tuple[Int8s, Floats, Int64s],
    lead: Int64s,
    as_of: Int64s,
    seed: int,
    paths: int,
    within_us: Int64s,
    wins: Int64s,
) -> None:
    """On how many paths each lead is won in time, by each horizon; -1 where it is not open."""
    code, value, recorded_at = recorded
    known, state = np.empty(STATE_LENGTH), np.empty(STATE_LENGTH)
    rates = np.empty(RATE_COUNT)
    generator = np.zeros(1, np.uint64)
    for s in range(len(lead)):
        begin_lead(known, leads, lead[s])
        for row in range(first[lead[s]], first[lead[s] + 1]):
            if recorded_at[row] > as_of[s]:
                break
            record(known, code[row], value[row], working_days(recorded_at[row]))
        wins[s] = 0 if known[IN_STAGE] < WON else -1
        if known[IN_STAGE] >= WON:
            continue
        start(generator, seed, TRUTH, lead[s], as_of[s])
        window_us = int(WINDOW_DAYS[int(known[PIPELINE])] * DAY_US)
        for _ in range(paths):
            state[:] = known
            after = _won_at(state, as_of[s], as_of[s] + window_us, rates, generator) - as_of[s]
            for place in range(len(within_us)):
                wins[s, place] += after <= min(within_us[place], window_us)


@njit(cache=True, error_model="numpy")  # pragma: no cover
def _won_at(state: Floats, as_of: int, end_us: int, rates: Floats, generator: Generator) -> int:
    """When a lead that is run on is won; `NEVER` if its window has passed before.

    A win recorded shortly after the window still counts when it had happened within it.
    """
    now = working_days(as_of)
    horizon = working_days(end_us + LONGEST_DELAY_US + DAY_US)
    while True:
        what, now = next_event(state, now, horizon, rates, generator)
        if what == NOTHING:
            return NEVER
        code, value = recorded_as(what, state, generator)
        if code == STAGE and value == WON:
            learned = recorded_moment(state, now)
            return int(occurred_moment(state, code, learned, generator))
        record(state, code, value, now)
