"""Borrowing: log-odds are mixed by shares, column by column, stage by stage."""

import numpy as np
import pytest

from features.population import population_of
from leads.view import Snapshots, look
from models.margin import SHARE, margin_of
from tests.training.simulated_crm import audited_timelines, small_model
from training.borrowing import Blend, blended, of_stages_alone, own_share
from training.prior import Prior


@pytest.fixture(scope="module")
def learned() -> Blend:
    model = small_model()
    return Blend(model.boosters, model.linear, model.calibration)


@pytest.fixture(scope="module")
def matrix():
    timelines = audited_timelines()
    view = look(timelines, Snapshots(np.arange(300), timelines.created_at[:300] + 10**11))
    return small_model().plan.matrix(view, population_of(timelines))


@pytest.fixture(scope="module")
def prior() -> Prior:
    stages = len(audited_timelines().pipelines.stage_names)
    return Prior(-1.0, np.array([-0.5, -2.0]), np.linspace(-3, 1, stages))


def log_odds(blend: Blend, matrix) -> np.ndarray:
    return blend.calibration.log_odds(
        margin_of(blend.boosters, blend.linear, matrix.shape[1]).of(matrix)
    )


def stage_of(matrix) -> np.ndarray:
    names = [column.name for column in small_model().plan.columns]
    return matrix[:, names.index("stage")].astype(np.int64)


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("line_share", [0.0, 0.5, 1.0])
def test_log_odds_are_those_of_both_by_their_shares(learned, matrix, prior, share, line_share):
    learned = Blend(learned.boosters, {**learned.linear, SHARE: line_share}, learned.calibration)
    moved = np.linspace(0, 0.3, len(prior.stage))

    both = blended(learned, small_model().plan, prior, share, moved)

    stage = stage_of(matrix)
    expected = share * log_odds(learned, matrix) + (1 - share) * prior.stage[stage] + moved[stage]
    assert log_odds(both, matrix) == pytest.approx(expected, abs=1e-9)


def test_a_stage_never_seen_gets_the_rate_of_all(matrix, prior):
    model = of_stages_alone(small_model().plan, prior)
    names = [column.name for column in small_model().plan.columns]
    unseen = matrix.copy()
    unseen[:, names.index("stage")] = len(prior.stage) + 1

    assert log_odds(model, matrix) == pytest.approx(prior.stage[stage_of(matrix)])
    assert log_odds(model, unseen) == pytest.approx(prior.whole)


def test_what_was_learned_counts_by_the_rarer_outcome():
    assert own_share(0, 500) == 0
    assert own_share(30, 500) == own_share(500, 30) == 0.5
    assert own_share(3000, 5000) > 0.99
