"""How sure a model is: of more leads more, of an agreement by chance never certain."""

from dataclasses import replace

import numpy as np
import pytest

from models.interval import ALL_BORROWED
from tests.training.simulated_crm import RECIPE, small_model
from training.interval import (
    FORM_VARIANCE,
    LEVEL_VARIANCE,
    LearnedRows,
    _correlation,
    _halves,
    borrowed_alone,
    fit_interval,
    of_base_rate,
)


def rows_of(leads: int, signal: float) -> tuple[LearnedRows, np.ndarray]:
    """Two snapshots of each lead, won by chance with log-odds of `signal` times a column."""
    plan = small_model().plan
    generator = np.random.default_rng(5)
    lead = np.repeat(np.arange(leads), 2)
    matrix = np.zeros((2 * leads, len(plan.columns)))
    column = next(c for c in range(len(plan.columns)) if c not in plan.categorical)
    matrix[:, column] = np.repeat(generator.normal(size=leads), 2)
    log_odds = signal * matrix[:, column]
    won = np.repeat(generator.uniform(size=leads), 2) < 1 / (1 + np.exp(-log_odds))
    return LearnedRows(plan, matrix, won.astype(np.float64), lead), log_odds


def typical_of(leads: int, signal: float = 1.5) -> float:
    rows, log_odds = rows_of(leads, signal)
    return fit_interval(rows, log_odds, {}, RECIPE, rounds=20, seed=1).typical


def test_more_leads_are_surer() -> None:
    assert typical_of(150) > 2 * typical_of(4_000)


def test_leads_that_did_not_count_make_it_no_surer() -> None:
    rows, log_odds = rows_of(4_000, 1.5)
    newer = replace(rows, counted=(rows.lead < 150).astype(np.float64))
    known = fit_interval(newer, log_odds, {}, RECIPE, rounds=20, seed=1).typical
    assert known > 2 * fit_interval(rows, log_odds, {}, RECIPE, rounds=20, seed=1).typical


def test_the_halves_share_no_lead_and_are_the_whole() -> None:
    lead = np.repeat(np.arange(31), 3)
    first, second = _halves(lead, seed=4)
    assert (first ^ second).all()
    assert not set(lead[first]) & set(lead[second])
    assert first.sum() == 45


def test_models_that_say_nothing_are_not_certain() -> None:
    assert _correlation(np.zeros(5), np.arange(5.0)) > 0
    rows, _ = rows_of(100, 0.0)
    found = fit_interval(rows, np.zeros(200), {}, RECIPE, rounds=20, seed=1)
    assert found.typical == LEVEL_VARIANCE + FORM_VARIANCE


def test_what_is_borrowed_is_unsure() -> None:
    own = {"b2b": 1.0, "b2c": 0.5, "new": 0.0}
    borrowed = borrowed_alone(np.array([-1.0, 1.0]), own)
    assert borrowed.borrowed == {"b2b": 0.0, "b2c": ALL_BORROWED / 4, "new": ALL_BORROWED}
    assert borrowed.centre == 0.0
    assert np.isfinite(borrowed_alone(np.zeros(0), own).centre)


def test_a_base_rate_is_as_sure_as_its_leads_are_many() -> None:
    low, high = of_base_rate(0.0, 40, {"b2b": 1.0}).bounds(np.zeros(1), ["b2b"])[0]
    assert high == pytest.approx(1.645 * np.sqrt(1 / (40 * 0.25) + LEVEL_VARIANCE), abs=1e-3)
    assert low == -high
