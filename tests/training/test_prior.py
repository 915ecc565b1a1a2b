"""The prior: rates of stages shrunk to their pipeline, that to all, that to what is usual."""

from dataclasses import replace

import numpy as np
import pytest

from models.calibration import log_odds_of, sigmoid
from training.prior import (
    PIPELINE_LEADS,
    USUAL_RATE,
    Standing,
    above_lender,
    independent_leads,
    moves_of_pipelines,
    prior_of,
)

ONE_PIPELINE = np.zeros(3, np.int16)
TWO_PIPELINES = np.array([0, 0, 1, 1], np.int16)


def standing(stage, won) -> Standing:
    """One lead a snapshot, all of them decided but for those without a target."""
    target = np.array(won, np.float64)
    return Standing(np.array(stage, np.int32), np.arange(len(stage)), target, ~np.isnan(target))


def test_without_evidence_every_stage_has_the_usual_rate():
    prior = prior_of(standing([], []), TWO_PIPELINES)

    assert sigmoid(prior.stage) == pytest.approx(USUAL_RATE)
    assert prior.whole == log_odds_of(USUAL_RATE)


@pytest.mark.parametrize(("won", "low", "high"), [(1, 0.25, 0.35), (0, 0.15, 0.2)])
def test_one_closed_lead_moves_the_rate_a_little(won, low, high):
    prior = prior_of(standing([0], [won]), ONE_PIPELINE)

    assert low < sigmoid(prior.stage)[0] < high


@pytest.mark.parametrize("won", [0, 1])
def test_one_closed_lead_does_not_tell_stages_apart(won):
    """It was in the first for long and in the second for a moment: that says nothing of either."""
    moments = Standing(np.array([0] * 9 + [1]), np.zeros(10), np.full(10, won), np.full(10, True))
    prior = prior_of(moments, ONE_PIPELINE)

    assert prior.stage == pytest.approx(prior.pipeline[0])
    assert sigmoid(prior.stage)[0] != pytest.approx(USUAL_RATE)


def test_few_leads_tell_stages_apart_a_little():
    prior = prior_of(standing([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]), ONE_PIPELINE)

    assert prior.stage[0] < prior.stage[2] < prior.stage[1]
    assert sigmoid(prior.stage)[1] - sigmoid(prior.stage)[0] < 0.2


def test_a_single_pipeline_has_the_rate_of_all():
    """What the same leads say is not counted twice."""
    prior = prior_of(standing([0, 0, 1, 1, 2], [0, 1, 1, 1, 0]), ONE_PIPELINE)

    assert prior.pipeline[0] == pytest.approx(prior.whole)


def test_mean_over_the_stages_is_the_rate_of_their_pipeline():
    stage = np.repeat([0, 1, 2], [50, 30, 20])
    prior = prior_of(standing(stage, stage == 2), ONE_PIPELINE)

    assert sigmoid(prior.stage)[stage].mean() == pytest.approx(sigmoid(prior.pipeline)[0])
    assert prior.stage[2] > prior.pipeline[0] > prior.stage[0]


def test_much_evidence_is_believed():
    stage = np.repeat([0, 1], 5000)
    prior = prior_of(standing(stage, np.arange(10_000) % 10 < np.where(stage, 7, 1)), ONE_PIPELINE)

    assert sigmoid(prior.stage) == pytest.approx([0.1, 0.7, 0.4], abs=0.005)


def test_a_pipeline_of_few_leads_stays_near_the_others():
    won = np.concatenate([np.arange(400) % 2, np.zeros(4)])
    prior = prior_of(standing(np.repeat([0, 2], [400, 4]), won), TWO_PIPELINES)

    assert 0.35 < sigmoid(prior.pipeline)[1] < 0.47
    assert sigmoid(prior.pipeline)[0] == pytest.approx(0.5, abs=0.01)


def test_a_stage_without_leads_has_the_rate_of_its_pipeline():
    prior = prior_of(standing(np.repeat([0, 2], 50), np.repeat([0, 1], 50)), TWO_PIPELINES)

    assert prior.stage[[1, 3]] == pytest.approx(prior.pipeline)


def test_open_leads_have_a_say_in_the_rate_and_no_weight():
    open_too = Standing(np.zeros(40, np.int32), np.arange(40), np.ones(40), np.arange(40) < 1)

    alone = prior_of(standing([0], [1]), ONE_PIPELINE)
    assert prior_of(open_too, ONE_PIPELINE).whole == pytest.approx(alone.whole)


def test_a_lead_of_many_snapshots_speaks_for_one():
    assert independent_leads(np.array([1, 2, 3])) == 3
    assert independent_leads(np.repeat([1, 2], [1, 99])) == pytest.approx(1.02, abs=0.01)
    assert independent_leads(np.zeros(0, np.int64)) == 0


def test_a_lead_counts_by_what_was_learned_of_it():
    lead = np.array([1, 1, 2, 3])
    assert independent_leads(lead, np.array([0.0, 1.0, 1.0, 0.0])) == 2
    assert independent_leads(lead, np.array([0.1, 0.1, 0.2, 0.2])) == pytest.approx(3)
    assert independent_leads(lead, np.zeros(4)) == 0
    old_and_new = standing(np.zeros(60, np.int32), np.repeat([0, 1], 30))
    newer = replace(old_and_new, counted=np.repeat([0.0, 1.0], 30))
    alone = standing(np.zeros(30, np.int32), np.ones(30))

    assert prior_of(newer, ONE_PIPELINE).whole == pytest.approx(prior_of(alone, ONE_PIPELINE).whole)
    said = np.full(60, log_odds_of(0.5))
    assert moved(newer, said, ONE_PIPELINE) == pytest.approx(moved(alone, said[30:], ONE_PIPELINE))
    assert moved(newer, said, ONE_PIPELINE) != pytest.approx(moved(old_and_new, said, ONE_PIPELINE))


def moved(leads, said, stage_pipeline):
    prior = prior_of(leads, stage_pipeline)
    return moves_of_pipelines(leads, said, stage_pipeline, prior.pipeline)


FEW, MANY = 40, 4000
FEW_AND_MANY = np.repeat([0, 2], [FEW, MANY])
ONE_IN_TEN = np.arange(MANY) % 10 < 1


def few_and_many(few_won) -> Standing:
    return standing(FEW_AND_MANY, np.concatenate([few_won, ONE_IN_TEN]))


def test_a_pipeline_is_moved_to_its_level():
    leads = few_and_many(np.arange(FEW) % 2)
    said = np.where(np.arange(FEW + MANY) % 3 > 0, log_odds_of(0.3), log_odds_of(0.1))
    level = np.array([log_odds_of(0.25), log_odds_of(0.1)])

    moves = moves_of_pipelines(leads, said, TWO_PIPELINES, level)

    pipeline = TWO_PIPELINES[leads.stage]
    now = sigmoid(said + moves[pipeline])
    assert [now[pipeline == code].mean() for code in (0, 1)] == pytest.approx([0.25, 0.1])


def test_a_pipeline_without_leads_is_not_moved():
    leads = standing(np.zeros(MANY, np.int64), ONE_IN_TEN)
    assert moved(leads, np.full(MANY, log_odds_of(0.1)), TWO_PIPELINES)[1] == 0
    assert moved(standing([], []), np.zeros(0), TWO_PIPELINES).tolist() == [0, 0]


def test_leaning_on_the_prior_does_not_lower_the_mean():
    """Halfway to the prior small probabilities come closer together, and lower on average."""
    leads = standing(np.zeros(MANY, np.int64), ONE_IN_TEN)
    prior = prior_of(leads, ONE_PIPELINE)
    half = 0.5 * np.where(np.arange(MANY) % 10 < 2, 0.0, -6.0) + 0.5 * prior.stage[leads.stage]

    assert sigmoid(half).mean() < 0.09
    now = sigmoid(half + moved(leads, half, ONE_PIPELINE)[0])
    assert now.mean() == pytest.approx(sigmoid(np.array([prior.whole]))[0], abs=1e-6)


def above(leads, looks):
    """How far the few are above the many, where they look so likely to be won there."""
    learned = np.full(FEW + MANY, log_odds_of(0.1))
    few, many = np.flatnonzero(leads.stage == 0), np.flatnonzero(leads.stage == 2)
    return above_lender(leads, few, np.full(FEW, log_odds_of(looks)), many, learned)


def test_few_leads_lie_between_what_they_look_like_and_what_came_of_them():
    half_won = few_and_many(np.arange(FEW) % 2)
    way = log_odds_of(0.5) - log_odds_of(0.1)

    assert FEW == PIPELINE_LEADS
    assert 0.4 < above(half_won, 0.1) / way < 0.8
    assert above(half_won, 0.5) == pytest.approx(way)
    assert above(few_and_many(np.arange(FEW) % 10 < 1), 0.1) == pytest.approx(0, abs=1e-6)


def test_leads_that_are_lost_though_they_look_good_pull_down():
    lost = few_and_many(np.zeros(FEW))
    assert above(few_and_many(np.arange(FEW) % 2), 0.5) > above(lost, 0.5) > above(lost, 0.1)
    assert above(lost, 0.5) > 0 > above(lost, 0.1)


def test_leads_of_which_none_is_closed_say_nothing():
    still_open = Standing(
        FEW_AND_MANY, np.arange(FEW + MANY), np.concatenate([np.full(FEW, 0.3), ONE_IN_TEN]),
        np.arange(FEW + MANY) >= FEW,
    )  # fmt: skip
    assert above(still_open, 0.5) == 0
