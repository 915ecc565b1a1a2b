"""Horizons: shares that rise with the days up to the window, and never jump with age."""

import json

import numpy as np
import pytest

from leads.arrays import Floats
from leads.clock import DAY_US
from leads.errors import DamagedArtifactError
from models.horizons import N_FEATURES, SHOWN_DAYS, Horizons, horizons_from_record

DAYS = (7, 30, 90, 180, 365)
PLACES: dict[tuple[str, str | None], int] = {
    ("b2b", None): 0,
    ("b2b", "New"): 1,
    ("b2b", "Proposal"): 2,
    ("b2c", None): 3,
    ("b2c", "Offer"): 4,
}


def some_horizons() -> Horizons:
    """Whatever coefficients: what must hold of horizons holds of any."""
    drawn = np.random.default_rng(3).normal(size=(len(PLACES) + 1, len(DAYS), N_FEATURES))
    return Horizons(DAYS, {"b2b": 180.0, "b2c": 60.0}, PLACES, drawn)


def shares_of(stage: tuple[str, str], age_days: Floats, log_odds: float = 0.0) -> Floats:
    many = len(age_days)
    age_us = (age_days * DAY_US).astype(np.int64)
    return some_horizons().shares([stage] * many, age_us, np.full(many, log_odds))


def test_shares_rise_to_one_at_the_window_and_there_are_none_beyond() -> None:
    shares = shares_of(("b2b", "New"), np.linspace(0, 400, 50))
    assert (np.diff(shares[:, :4], axis=1) >= 0).all()
    assert ((shares[:, :3] > 0) & (shares[:, :3] <= 1)).all()
    assert (shares[:, 3] == 1.0).all()
    assert np.isnan(shares[:, 4]).all()


def test_a_window_between_the_days_leaves_those_before_it() -> None:
    shares = shares_of(("b2c", "Offer"), np.array([5.0]))
    assert list(np.isnan(shares[0])) == [False, False, True, True, True]


def test_shares_do_not_jump_as_a_lead_grows_older() -> None:
    shares = shares_of(("b2b", "Proposal"), np.arange(0, 60, 0.01))
    assert np.abs(np.diff(shares[:, :3], axis=0)).max() < 0.01


def test_an_unknown_stage_takes_its_pipelines_and_an_unknown_pipeline_has_no_window() -> None:
    age, log_odds = np.array([DAY_US]), np.array([0.4])
    horizons = some_horizons()
    known = horizons.shares([("b2b", "New stage")], age, log_odds)
    whole = Horizons(DAYS, horizons.window_days, {("b2b", None): 0}, horizons.coefficients)
    assert np.array_equal(known, whole.shares([("b2b", "New")], age, log_odds), equal_nan=True)
    assert np.isnan(horizons.shares([("partners", "New")], age, log_odds)).all()


def test_a_row_is_the_same_alone_and_among_others() -> None:
    stages = [("b2b", "New"), ("b2c", "Offer"), ("b2b", "Proposal")]
    age, log_odds = np.array([1, 20, 300]) * DAY_US, np.array([-1.0, 0.5, 9.0])
    horizons = some_horizons()
    together = horizons.shown(stages, age, log_odds)
    alone = [
        horizons.shown([stages[row]], age[row : row + 1], log_odds[row : row + 1])[0]
        for row in range(3)
    ]
    assert np.array_equal(together, np.stack(alone), equal_nan=True)
    assert together.shape == (3, len(SHOWN_DAYS))


def test_a_record_gives_the_same_horizons() -> None:
    horizons = some_horizons()
    read = horizons_from_record(json.loads(json.dumps(horizons.as_record())))
    assert read is not None
    assert read.places == horizons.places
    assert np.array_equal(read.coefficients, horizons.coefficients)
    assert horizons_from_record({}) is None


def test_parts_that_do_not_fit_together_are_refused() -> None:
    record = some_horizons().as_record() | {"days": [7, 30]}
    with pytest.raises(DamagedArtifactError, match=r"horizons.json holds coefficients of shape"):
        horizons_from_record(record)
