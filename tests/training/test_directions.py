"""Plain win rates: of leads and not of snapshots, clear only where there are enough of them."""

import numpy as np
import pytest

from features.population import population_of
from leads.pipelines import Pipeline, Pipelines
from leads.view import look
from models.directions import EVERY_PIPELINE, directions_from_record
from models.scorer import Scorer
from tests.leads.histories import PIPELINES, at, lead, moved, snapshots_of, timelines_of
from tests.training.simulated_crm import RECIPE, audited_timelines, until_of
from training.artifacts import artifact_of
from training.directions import win_rates
from training.fitting import fit_model
from training.rows import training_rows

LEADS = 600


@pytest.fixture(scope="module")
def plan():
    timelines = audited_timelines()
    return training_rows(timelines, until_of(timelines), seed=1).plan


@pytest.fixture(scope="module")
def number(plan):
    """The place of a column of numbers."""
    return next(place for place, column in enumerate(plan.columns) if not column.levels)


def rates_of(plan, number, values, target, lead=None, stage=None, pipelines=PIPELINES):
    """The record for one row per value, all other columns missing."""
    matrix = np.full((len(values), len(plan.columns)), np.nan)
    matrix[:, number] = values
    lead = np.arange(len(values)) if lead is None else lead
    stage = np.zeros(len(values), np.int32) if stage is None else stage
    return win_rates(plan, matrix, np.array(target, np.float64), lead, stage, pipelines)


def pointing(plan, number, record, pipeline=EVERY_PIPELINE):
    return directions_from_record(record, plan.columns).pointing[pipeline][number]


def test_win_rate_of_each_bin_is_the_mean_target_of_its_snapshots(plan, number):
    values = [0.0] * 40 + [1.0] * 40 + [np.nan] * 20
    target = [0.25] * 40 + [1.0, 0.5] * 20 + [0.0] * 20

    rates = rates_of(plan, number, values, target)["win_rates"][EVERY_PIPELINE]

    low, high, missing = rates["columns"][number]
    assert rates["average"] == pytest.approx(0.4)
    assert rates["leads"] == 100
    assert [low[0], high[0], missing[0]] == pytest.approx([0.25, 0.75, 0.0])
    assert all(least < rate < most for rate, least, most, *_ in (low, high, missing))


def test_many_snapshots_of_few_leads_are_no_evidence(plan, number):
    values, target = np.repeat([0.0, 1.0], 400), np.repeat([0.0, 1.0], 400)

    of_many = rates_of(plan, number, values, target)
    of_few = rates_of(plan, number, values, target, lead=np.arange(800) // 200)

    assert pointing(plan, number, of_many) == (-1, 1, 0)
    assert pointing(plan, number, of_few) == (0, 0, 0)


def test_a_bin_of_few_leads_that_all_lost_is_no_evidence(plan, number):
    generator = np.random.default_rng(0)
    values = np.concatenate([np.arange(200) % 2, np.full(6, np.nan)])
    target = np.concatenate([generator.random(200) < 0.3, np.zeros(6)])

    assert pointing(plan, number, rates_of(plan, number, values, target)) == (0, 0, 0)


def test_values_that_say_nothing_rarely_look_clear(plan, number):
    generator = np.random.default_rng(0)
    found = [
        pointing(
            plan, number, rates_of(plan, number, generator.random(800), generator.random(800) < 0.3)
        )
        for _ in range(40)
    ]

    assert np.mean(np.abs([of_one[:-1] for of_one in found])) <= 0.02


def test_a_pipeline_of_enough_leads_has_win_rates_of_its_own(plan, number):
    """Here a value means the opposite in each of two pipelines; the third is too small."""
    pipelines = Pipelines((*PIPELINES.pipelines, Pipeline("new", ("Start",), ("Yes",), ("No",))))
    values = np.tile([0.0, 1.0], 450)
    pipeline = np.repeat([0, 1, 2], [400, 400, 100])
    target = np.where(pipeline == 1, 1 - values, values)
    stage = np.array(pipelines.first_code)[pipeline].astype(np.int32)

    record = rates_of(plan, number, values, target, None, stage, pipelines)

    assert set(record["win_rates"]) == {EVERY_PIPELINE, "b2b", "b2c"}
    assert pointing(plan, number, record, "b2b") == (-1, 1, 0)
    assert pointing(plan, number, record, "b2c") == (1, -1, 0)


def test_a_value_of_late_stages_is_held_against_leads_of_late_stages(plan, number):
    """Late leads are won more often, and it is mostly they that have the value; but of late leads
    those with it are won less often, of early ones as well.
    """
    generator = np.random.default_rng(0)
    stage = np.repeat([0, 2], 2000).astype(np.int32)
    has = generator.random(4000) < np.where(stage == 2, 0.8, 0.2)
    target = generator.random(4000) < np.where(stage == 2, 0.7, 0.1) - 0.08 * has

    by_stage = rates_of(plan, number, has.astype(np.float64), target, None, stage)
    plain = rates_of(plan, number, has.astype(np.float64), target)

    assert pointing(plan, number, by_stage) == (0, 0, 0)
    assert pointing(plan, number, plain) == (-1, 1, 0)


def test_a_model_is_flagged_where_other_reasons_turned_the_win_rates_around():
    """Large orders come from fairs, whose leads win; at a fair and beside it large ones win less.

    So the model rightly counts a large amount against a lead, and its sentence says that such
    leads are won more often (Simpson's paradox).
    """
    timelines = orders()
    fitted = fit_model(timelines, at(3 * LEADS), seed=0, recipe=RECIPE)
    scorer = Scorer(artifact_of(fitted, timelines, {}), "1")
    chosen = [(f"l{n}", at(n + 0.5)) for n in range(400, LEADS)]
    view = look(timelines, snapshots_of(timelines, chosen))
    scores = scorer.score(view, population_of(timelines))

    factors = [
        factor
        for row in range(len(view))
        for factor in scorer.describe(scores, row, factors=50).factors
    ]
    large = [f for f in factors if f.unit == "amount" and f.value == 900.0]
    source = [f for f in factors if f.value in ("fair", "web")]

    assert len(large) > 50
    assert np.mean([f.direction == "lose" for f in large]) > 0.9
    assert all((f.flag is not None) == (f.direction == "lose") for f in large)
    assert len(source) > 100
    assert not any(f.flag for f in source)


def orders():
    """Closed leads with a source and an amount, small or large."""
    generator = np.random.default_rng(3)
    leads, events = [], []
    for number in range(LEADS):
        own = {"lead_id": f"l{number}"}
        fair = generator.random() < 0.5
        large = generator.random() < (0.85 if fair else 0.15)
        won = generator.random() < (0.9 if fair else 0.25) - (0.2 if large else 0.0)
        source, amount = ("fair" if fair else "web"), ("900" if large else "100")
        leads.append(lead(number, pipeline="b2b", source=source, amount=amount, **own))
        events.append(moved(number + 3, "Won" if won else "Lost", event_id=f"s{number}", **own))
    types = {"source": "category", "amount": "number"}
    return timelines_of(leads, events, Pipelines(PIPELINES.pipelines[:1]), types)
