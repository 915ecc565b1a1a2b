"""The rolling window: what each model knows, and the area under the gains."""

import numpy as np
import pytest

from benchmarks.published.bank_campaign import area_under_gains, rolling
from leads.arrays import Coded
from leads.clock import MINUTE_US
from leads.outcome import closings
from leads.pipelines import DEFAULT_PIPELINE, WON, Pipeline, Pipelines
from leads.records import STAGE_CHANGE, Event, LeadColumns, event_columns
from leads.timeline import build_timelines
from models.metrics import auc, lift_curve
from training.recipe import Recipe

PIPELINES = Pipelines((Pipeline(DEFAULT_PIPELINE, ("New",), ("Won",), ("Lost",)),))
SMALL = Recipe(members=1, rounds=(10, 20), last_days=(), half_lives_days=())


def test_the_area_under_the_gains_follows_from_the_auc():
    generator = np.random.default_rng(0)
    label = generator.random(5_000) < 0.3
    said = label + generator.normal(size=5_000)
    curve = lift_curve(label, said, points=2_000)
    shares = [0.0, *(point.share for point in curve)]
    captured = [0.0, *(point.captured for point in curve)]

    expected = np.trapezoid(captured, shares)

    found = area_under_gains(auc(label, said), float(label.mean()))
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.fixture(scope="module")
def calls():
    """Leads a minute apart: "warm" ones are won, until the rule turns over at lead 600."""
    generator = np.random.default_rng(1)
    warm = generator.random(800) < 0.5
    won = warm ^ (np.arange(800) >= 600)
    created_at = np.arange(800) * MINUTE_US
    ids = [str(row) for row in range(800)]
    leads = LeadColumns(
        lead_id=ids,
        created_at=created_at,
        pipeline=Coded.of([DEFAULT_PIPELINE] * 800),
        numbers={},
        levels={"mood": Coded.of(np.where(warm, "warm", "cold").tolist())},
    )
    ends = [
        Event(ids[row], STAGE_CHANGE, at, at, "Won" if won[row] else "Lost", f"end {row}")
        for row, at in enumerate((created_at + MINUTE_US // 2).tolist())
    ]
    return build_timelines(leads, event_columns(ends, {}), PIPELINES, {"mood": "category"})


def test_every_block_is_said_by_a_model_of_the_leads_before_it(calls):
    rolled = rolling(calls, 500, 700, seed=0, window=300, every=100, recipe=SMALL)

    assert rolled.refits == 2
    assert rolled.rows.tolist() == list(range(500, 700))
    assert (
        rolled.label.tolist() == (closings(calls, 800 * MINUTE_US).status[500:700] == WON).tolist()
    )
    assert auc(rolled.label[:100], rolled.said[:100]) > 0.95
    # Nobody had seen a lead after the turn.
    assert auc(rolled.label[100:], rolled.said[100:]) < 0.05


def test_leads_before_the_window_are_forgotten(calls):
    rolled = rolling(calls, 750, 800, seed=0, window=150, every=50, recipe=SMALL)

    assert auc(rolled.label, rolled.said) > 0.95
