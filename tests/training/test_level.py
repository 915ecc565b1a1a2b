"""The level: mean probabilities follow the newest outcomes that are all in."""

from dataclasses import replace

import numpy as np
import pytest

from features.population import population_of
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, labels, window_end
from leads.view import Snapshots, known_by, look
from models.calibration import Platt, log_odds_of, sigmoid
from models.scorer import Scorer
from tests.leads.histories import at
from tests.training.daily_leads import END, daily_leads
from tests.training.simulated_crm import RECIPE
from training.artifacts import artifact_of
from training.fitting import base_rate_model, fit_model
from training.level import at_newest_level, beyond_noise, newest_matured
from training.snapshots import open_life_snapshots

SHIFT_DAY, BEFORE, AFTER = 120, 0.1, 0.4


def shifted_timelines(leads_a_day=4):
    """Won within 7 days more often from a day on; the window is 7 days, nothing is ever lost."""

    def rate_of(day, warm):
        return (AFTER if day >= SHIFT_DAY else BEFORE) * (1.5 if warm else 0.5)

    return daily_leads(rate_of, 0, leads_a_day, ever_lost=False)


@pytest.fixture(scope="module")
def timelines():
    return shifted_timelines()


@pytest.fixture(scope="module")
def until():
    return at(240)


@pytest.fixture(scope="module")
def fitted(timelines, until):
    return fit_model(timelines, until, 1, RECIPE)


def every_creation(timelines):
    return look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))


def test_newest_matured_snapshots_had_their_window_and_are_the_newest(timelines, until):
    view = every_creation(known_by(timelines, until))
    label = labels(view, until)

    rows = newest_matured(view, label, until)

    assert (window_end(view)[rows] <= until).all()
    matured = np.flatnonzero((window_end(view) <= until) & (label != CENSORED_LABEL))
    assert (np.sort(view.as_of[matured])[-len(rows) :] == np.sort(view.as_of[rows])).all()
    assert min(label[rows].sum(), (label[rows] == 0).sum()) == 100


def test_where_many_leads_come_in_it_is_those_of_a_month(until):
    timelines = shifted_timelines(leads_a_day=40)
    view = every_creation(known_by(timelines, until))
    label = labels(view, until)

    rows = newest_matured(view, label, until)

    days = (view.as_of[rows].max() - view.as_of[rows].min()) / DAY_US
    assert 29 < days < 30
    assert min(label[rows].sum(), (label[rows] == 0).sum()) > 200


def test_window_that_nothing_has_passed_is_none(timelines, until):
    view = every_creation(known_by(timelines, until))

    assert newest_matured(view, labels(view, until), at(5)) is None


def test_level_makes_the_mean_probability_the_newest_share_of_wins(timelines, until):
    view = every_creation(known_by(timelines, until))
    label = labels(view, until)
    margin = np.random.default_rng(1).normal(size=len(view))

    calibration, window = at_newest_level(Platt(0.7, -3.0), margin, label, view, until)

    rows = newest_matured(view, label, until)
    assert window.won == pytest.approx(label[rows].mean())
    assert sigmoid(calibration.log_odds(margin[rows])).mean() == pytest.approx(window.won, abs=0.01)
    assert calibration.slope == 0.7
    assert calibration.intercept == pytest.approx(-3.0 + window.moved_by)


def test_a_move_within_its_noise_is_none_and_a_large_one_is_nearly_whole():
    even = np.full(10, 0.5)

    assert beyond_noise(0.1, even, leads=100) == 0
    assert beyond_noise(-0.19, even, leads=100) == 0
    assert beyond_noise(0.4, even, leads=100) == pytest.approx(0.4 * (1 - 0.04 / 0.16))
    assert beyond_noise(-3.0, even, leads=100) == pytest.approx(-3.0, abs=0.02)
    assert beyond_noise(0.0, even, leads=100) == 0


def test_probabilities_follow_a_moved_base_rate(timelines, until, fitted):
    """At all ages of later leads; most of what was learned from is from before the change."""
    later = open_life_snapshots(timelines, at(END), 2)
    created = timelines.created_at[later.lead]
    view = look(timelines, later.only((created > until) & (later.as_of < at(END - 8))))
    unmoved = replace(
        fitted,
        calibration=replace(
            fitted.calibration,
            intercept=fitted.calibration.intercept - fitted.newest.moved_by,
        ),
    )

    moved, without = (
        Scorer(artifact_of(model, timelines, {}), version="1").probabilities(
            view, population_of(timelines)
        )
        for model in (fitted, unmoved)
    )

    share = labels(view, at(END)).mean()
    assert moved.mean() == pytest.approx(share, abs=0.04)
    assert abs(without.mean() - share) > 0.05


def test_base_rate_model_says_the_newest_rate_of_every_lead(timelines, until, fitted):
    base_rate = base_rate_model(fitted)
    scorer = Scorer(artifact_of(base_rate, timelines, {}), version="1")
    view = every_creation(timelines)

    found = scorer.probabilities(view, population_of(timelines))

    assert found == pytest.approx(fitted.newest.won)
    assert base_rate.background_log_odds == log_odds_of(fitted.newest.won)
