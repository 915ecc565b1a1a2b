"""The simulated process and its true probabilities."""

from dataclasses import replace

import numpy as np
import pytest

from crm.simulator import SimulatedCrm, random_snapshots, simulate, true_probability
from crm.simulator.history import History
from crm.simulator.simulated import DEFAULT_END_US
from crm.simulator.state import LOST, STAGE, WON
from crm.simulator.truth import true_horizons_at, true_probability_at
from crm.simulator.world import PIPELINES, WINDOW_DAYS
from leads.arrays import Bools, Floats, Int64s
from leads.clock import DAY_US, SECOND_US
from leads.errors import InvalidInputError, InvalidSnapshotError, UnknownLeadError
from leads.view import Snapshots

NEVER = np.iinfo(np.int64).max


@pytest.fixture(scope="module")
def crm() -> SimulatedCrm:
    return simulate(4_000, seed=11)


def auc(probability: Floats, won: Bools) -> float:
    """How often a won lead has the higher probability of two, ties counting half."""
    order = np.sort(probability)
    below, upto = (np.searchsorted(order, probability, side) for side in ("left", "right"))
    rank = (below + upto + 1) / 2
    winners = won.sum()
    pairs = winners * (len(won) - winners)
    return float((rank[won].sum() - winners * (winners + 1) / 2) / pairs)


def moved_at(crm: SimulatedCrm, stage: int) -> Int64s:
    """When each lead last moved to a stage, NEVER if it did not."""
    rows = np.flatnonzero((crm.history.code == STAGE) & (crm.history.value == stage))
    at = np.full(len(crm), NEVER)
    at[crm.lead_of_event[rows]] = crm.history.occurred_at[rows]
    return at


def matured(crm: SimulatedCrm, snapshots: Snapshots) -> tuple[Snapshots, Bools]:
    """The snapshots whose window has passed at the cut, and whether they were won in it."""
    window_us = WINDOW_DAYS[crm.arrivals.pipeline[snapshots.lead]] * DAY_US
    passed = snapshots.only(snapshots.as_of + window_us + 6 * DAY_US <= crm.end_us)
    end = passed.as_of + WINDOW_DAYS[crm.arrivals.pipeline[passed.lead]] * DAY_US
    return passed, moved_at(crm, WON)[passed.lead] <= end


def at_creation(crm: SimulatedCrm) -> Snapshots:
    return Snapshots(np.arange(len(crm)), crm.arrivals.created_at)


def only_events(crm: SimulatedCrm, kept: Bools) -> SimulatedCrm:
    """The same leads with some of their events."""
    history = crm.history
    counts = np.bincount(crm.lead_of_event[kept], minlength=len(crm))
    return replace(
        crm,
        history=History(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            history.code[kept],
            history.value[kept],
            history.occurred_at[kept],
            history.recorded_at[kept],
            history.drawn[kept],
        ),
    )


def test_more_leads_leave_the_first_ones_unchanged(crm: SimulatedCrm) -> None:
    few = simulate(300, seed=11)
    rows = few.history.start[-1]
    assert rows == crm.history.start[300] > 1_000
    for name in ("code", "value", "occurred_at", "recorded_at", "drawn"):
        assert np.array_equal(getattr(few.history, name), getattr(crm.history, name)[:rows])
    assert few.arrivals.contact == crm.arrivals.contact[:300]


def test_another_seed_gives_other_leads(crm: SimulatedCrm) -> None:
    other = simulate(300, seed=12)
    assert not np.array_equal(other.arrivals.created_at, crm.arrivals.created_at[:300])


def test_a_later_cut_shifts_the_whole_crm(crm: SimulatedCrm) -> None:
    weeks_us = 10 * 7 * DAY_US
    later = simulate(300, seed=11, end_us=DEFAULT_END_US + weeks_us)
    rows = later.history.start[-1]
    assert np.array_equal(later.history.code, crm.history.code[:rows])
    shift_us = later.history.recorded_at - crm.history.recorded_at[:rows]
    assert np.all(np.abs(shift_us - weeks_us) <= SECOND_US)


def test_everything_is_recorded_between_creation_and_the_cut(crm: SimulatedCrm) -> None:
    history, created_at = crm.history, crm.arrivals.created_at[crm.lead_of_event]
    assert np.all(created_at < history.occurred_at)
    assert np.all(history.occurred_at <= history.recorded_at)
    assert np.all(history.recorded_at <= crm.end_us)
    assert np.all(crm.arrivals.created_at < crm.end_us)
    assert np.all(crm.arrivals.created_at >= crm.start_us)


def test_events_of_a_lead_are_recorded_one_after_the_other(crm: SimulatedCrm) -> None:
    same_lead = np.diff(crm.lead_of_event) == 0
    assert np.all(np.diff(crm.history.recorded_at)[same_lead] > 0)


def test_a_stage_change_happened_after_all_that_was_known_before_it(crm: SimulatedCrm) -> None:
    history = crm.history
    moves = np.flatnonzero(history.code == STAGE)
    moves = moves[moves > history.start[crm.lead_of_event[moves]]]
    assert np.all(history.occurred_at[moves] > history.recorded_at[moves - 1])


def test_some_events_are_recorded_late_and_out_of_order(crm: SimulatedCrm) -> None:
    history = crm.history
    assert 0.10 < np.mean(history.occurred_at < history.recorded_at) < 0.30
    same_lead = np.diff(crm.lead_of_event) == 0
    assert np.mean(np.diff(history.occurred_at)[same_lead] < 0) > 0.005


def test_few_events_happen_at_night(crm: SimulatedCrm) -> None:
    hours = crm.history.recorded_at // (3600 * SECOND_US) % 24
    assert np.mean((hours >= 7) & (hours < 17)) > 0.7


def test_losses_take_several_times_as_long_as_wins(crm: SimulatedCrm) -> None:
    created_at = crm.arrivals.created_at
    year_old = created_at < crm.end_us - 365 * DAY_US
    won_at, lost_at = moved_at(crm, WON), moved_at(crm, LOST)
    won = year_old & (won_at < NEVER)
    lost = year_old & (won_at == NEVER) & (lost_at < NEVER)
    to_win, to_lose = np.median((won_at - created_at)[won]), np.median((lost_at - created_at)[lost])
    assert 3 * to_win < to_lose


def test_a_few_lost_leads_are_reopened_and_some_of_them_won(crm: SimulatedCrm) -> None:
    lost = np.flatnonzero((crm.history.code == STAGE) & (crm.history.value == LOST))
    lost = lost[lost + 1 < crm.history.start[-1]]
    reopened = crm.lead_of_event[lost][crm.lead_of_event[lost] == crm.lead_of_event[lost + 1]]
    assert 0.02 < len(reopened) / len(lost) < 0.08
    assert 0.1 < np.mean(moved_at(crm, WON)[reopened] < NEVER) < 0.9


def test_win_rate_and_discrimination_are_those_of_a_crm(crm: SimulatedCrm) -> None:
    snapshots, won = matured(crm, at_creation(crm))
    assert 0.20 < won.mean() < 0.35
    assert 0.65 < auc(true_probability_at(crm, snapshots, 150), won) < 0.72
    snapshots, won = matured(crm, random_snapshots(crm))
    assert 0.78 < auc(true_probability_at(crm, snapshots, 100), won) < 0.86


@pytest.mark.parametrize("age_days", [0, 3, 21, 75])
def test_true_probability_is_calibrated_at_every_age(crm: SimulatedCrm, age_days: int) -> None:
    aged = Snapshots(np.arange(len(crm)), crm.arrivals.created_at + age_days * DAY_US)
    snapshots, won = matured(crm, aged)
    probability = true_probability_at(crm, snapshots, 100)
    # Other paths of all but the same snapshots: ranking by a noisy figure would bias its mean.
    a_second_later = Snapshots(snapshots.lead, snapshots.as_of + SECOND_US)
    rank = true_probability_at(crm, a_second_later, 100)
    still_open = ~np.isnan(probability) & ~np.isnan(rank)
    assert np.mean(probability != rank) > 0.1
    assert_calibrated(probability[still_open], rank[still_open], won[still_open])


def assert_calibrated(probability: Floats, rank: Floats, won: Bools) -> None:
    """In fifths by rank: the wins within 3.5 standard errors of those expected."""
    for fifth in np.array_split(np.argsort(rank, kind="stable"), 5):
        expected = probability[fifth].sum()
        error = np.sqrt((probability[fifth] * (1 - probability[fifth])).sum())
        assert abs(won[fifth].sum() - expected) < 3.5 * error


def test_unrecorded_events_do_not_change_the_truth(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm).only(np.arange(400))
    as_of = np.full(len(crm), NEVER)
    as_of[snapshots.lead] = snapshots.as_of
    last = snapshots.only(as_of[snapshots.lead] == snapshots.as_of)
    known = crm.history.recorded_at <= as_of[crm.lead_of_event]
    history = crm.history
    scrambled = replace(history, value=np.where(known, history.value, WON), code=history.code)

    truth = true_probability_at(crm, last, 100)

    assert not np.all(known)
    assert np.array_equal(true_probability_at(only_events(crm, known), last, 100), truth)
    assert np.array_equal(true_probability_at(replace(crm, history=scrambled), last, 100), truth)


def test_happened_but_unrecorded_events_are_among_them(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm)
    history = crm.history
    pending = 0
    for lead, as_of in zip(snapshots.lead[:2_000], snapshots.as_of[:2_000], strict=True):
        rows = slice(history.start[lead], history.start[lead + 1])
        unrecorded = history.recorded_at[rows] > as_of
        pending += int(np.any(unrecorded & (history.occurred_at[rows] <= as_of)))
    assert pending > 20


def test_recorded_events_do_change_the_truth(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm).only(np.arange(400))
    without = only_events(crm, np.zeros(len(crm.history), bool))
    truth = true_probability_at(crm, snapshots, 100)
    assert np.nanmean(truth != true_probability_at(without, snapshots, 100)) > 0.5


def test_truth_of_a_snapshot_is_the_same_in_any_company(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm).only(np.arange(60))
    ids = [crm.arrivals.lead_id[lead] for lead in snapshots.lead]
    together = true_probability(crm, ids, snapshots.as_of, paths=50)
    backwards = true_probability(crm, ids[::-1], snapshots.as_of[::-1], paths=50)
    assert np.array_equal(backwards[::-1], together)
    assert true_probability(crm, ids[7:8], snapshots.as_of[7:8], paths=50)[0] == together[7]
    few = simulate(100, seed=11)
    assert np.array_equal(true_probability(few, ids, snapshots.as_of, paths=50), together)


def test_true_horizons_rise_to_the_probability_at_the_window(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm).only(np.arange(300))
    window = WINDOW_DAYS[crm.arrivals.pipeline[snapshots.lead]]
    horizons = true_horizons_at(crm, snapshots, (7, 30, 90, 180, 365), paths=100)
    assert (np.diff(horizons, axis=1) >= 0).all()
    truth = true_probability_at(crm, snapshots, 100)
    assert np.array_equal(horizons[:, 3:], np.stack([truth, truth], axis=1))
    assert np.array_equal(horizons[window == 90, 2], truth[window == 90])


@pytest.mark.parametrize("days", [7, 30])
def test_true_horizons_are_calibrated(crm: SimulatedCrm, days: int) -> None:
    passed, _ = matured(crm, random_snapshots(crm))
    passed = passed.only(np.arange(3_000))
    within = true_horizons_at(crm, passed, [days], paths=60)[:, 0]
    won = moved_at(crm, WON)[passed.lead] <= passed.as_of + days * DAY_US
    assert abs(within.mean() - won.mean()) < 4 * np.sqrt(0.25 / 1_000)


@pytest.mark.parametrize("stage", [WON, LOST])
def test_a_lead_has_no_probability_from_the_moment_its_closing_is_recorded(
    crm: SimulatedCrm, stage: int
) -> None:
    row = int(np.flatnonzero((crm.history.code == STAGE) & (crm.history.value == stage))[0])
    ids = [crm.arrivals.lead_id[crm.lead_of_event[row]]] * 2
    recorded_at = crm.history.recorded_at[row]
    before, then = true_probability(crm, ids, [recorded_at - 1, recorded_at], paths=50)
    assert 0 <= before <= 1
    assert np.isnan(then)


def test_snapshots_are_of_open_leads_and_at_most_three_per_lead(crm: SimulatedCrm) -> None:
    snapshots = random_snapshots(crm)
    assert not np.any(np.isnan(true_probability_at(crm, snapshots, 1)))
    per_lead = np.bincount(snapshots.lead)
    assert per_lead.max() == 3
    assert np.all(snapshots.as_of <= crm.end_us)
    assert np.all(snapshots.as_of >= crm.arrivals.created_at[snapshots.lead])


def test_every_open_stage_is_visited(crm: SimulatedCrm) -> None:
    moves = crm.history.code == STAGE
    for code, pipeline in enumerate(PIPELINES.pipelines):
        own = crm.arrivals.pipeline[crm.lead_of_event] == code
        visited = set(crm.history.value[moves & own].astype(int))
        assert set(range(1, len(pipeline.stages))) | {WON, LOST} <= visited


def test_truth_of_an_unknown_lead_is_refused(crm: SimulatedCrm) -> None:
    with pytest.raises(UnknownLeadError, match=r"'X1'; ids go from 'L000001' to 'L004000'"):
        true_probability(crm, ["X1"], [crm.end_us])


@pytest.mark.parametrize("beyond", ["creation", "cut"])
def test_truth_outside_of_a_leads_time_is_refused(crm: SimulatedCrm, beyond: str) -> None:
    created_at = int(crm.arrivals.created_at[0])
    as_of = created_at - 1 if beyond == "creation" else crm.end_us + 1
    with pytest.raises(InvalidSnapshotError, match=r"'L000001' at .*: ask for a moment from"):
        true_probability(crm, ["L000001"], [as_of])


@pytest.mark.parametrize(
    ("leads", "seed", "days", "message"),
    [
        (0, 1, 730, "cannot simulate 0 leads"),
        (1_000_000, 1, 730, "ask for 1 to 999,999"),
        (10, -1, 730, "the seed -1 is out of range"),
        (10, 1, 0, "cannot simulate 0 days"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    leads: int, seed: int, days: float, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        simulate(leads, seed, days=days)
