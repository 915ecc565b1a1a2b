"""The window of history: everything, unless a part of it is surely better on later leads."""

from dataclasses import replace

import numpy as np
import pytest

from features.population import population_of
from leads.clock import DAY_US
from leads.outcome import labels
from leads.view import Snapshots, known_by, look
from models.metrics import log_loss
from models.scorer import Scorer
from tests.leads.histories import at
from tests.training.daily_leads import END, daily_leads
from training.artifacts import artifact_of
from training.fitting import fit_lessons, fit_model, lessons
from training.history import EVERYTHING, History
from training.interval import LearnedRows, fit_interval
from training.recipe import Recipe

UNTIL = 250
RECIPE = Recipe(members=1, rounds=(20, 40), last_days=(120.0,), half_lives_days=(200.0, 40.0))
EVERYTHING_ALONE = replace(RECIPE, last_days=(), half_lives_days=())


def timelines_where(calls_help, seed=3, leads_a_day=5):
    """A call helps or hurts, by day."""
    return daily_leads(lambda day, warm: 0.6 if warm == calls_help(day) else 0.2, seed, leads_a_day)


@pytest.fixture(scope="module")
def turned():
    """What helped up to day 100 hurts from then on."""
    return timelines_where(lambda day: day < 100)


@pytest.fixture(scope="module")
def learned(turned):
    return lessons(turned, at(UNTIL), 0, RECIPE)


@pytest.fixture(scope="module")
def fitted(learned):
    return fit_lessons(learned, 0, RECIPE)


@pytest.fixture(scope="module")
def steady():
    return timelines_where(lambda day: True)


def later_log_loss(fitted, timelines):
    """On leads after those learned from, an hour after they came in."""
    rows = np.flatnonzero(timelines.created_at > at(UNTIL))
    view = look(timelines, Snapshots(rows, timelines.created_at[rows] + DAY_US // 24))
    scorer = Scorer(artifact_of(fitted, timelines, {}), version="1")
    said = scorer.probabilities(view, population_of(timelines))
    label = labels(view, at(END + 100))
    return log_loss(label, said)


def test_a_share_depends_on_the_moment_alone():
    as_of = np.array([at(0), at(60), at(90), at(100)])

    assert EVERYTHING.shares(as_of, at(100)).tolist() == [1, 1, 1, 1]
    assert History(last_days=40).shares(as_of, at(100)).tolist() == [0, 1, 1, 1]
    halved = History(half_life_days=10).shares(as_of, at(100))
    assert halved == pytest.approx([2**-10, 2**-4, 0.5, 1])


def test_what_is_no_longer_true_is_forgotten(turned, fitted):
    unforgetting = fit_model(turned, at(UNTIL), 0, EVERYTHING_ALONE)

    chosen = fitted.history
    assert chosen.history in (History(half_life_days=40), History(last_days=120))
    assert dict(chosen.losses)[chosen.history.name] < dict(chosen.losses)["everything"]
    assert chosen.sentence.startswith(f"Learned from {chosen.history.name}: on later leads log ")
    assert unforgetting.history.history == EVERYTHING
    gain = later_log_loss(unforgetting, turned) - later_log_loss(fitted, turned)
    assert gain > 0.02


def test_the_interval_counts_the_history_that_was_chosen(learned, fitted):
    """What was forgotten tells nothing of how sure it is."""
    rows, known = learned.rows, learned.learned
    as_of = rows.view.as_of[known]
    counted = fitted.history.history.shares(as_of, int(as_of.max()))
    log_odds = fitted.calibration.log_odds(fitted.margin.of(rows.matrix[known]))
    own = {name: one.own for name, one in fitted.evidence.items()}

    def interval_of(counted):
        lead = rows.view.snapshots.lead[known]
        seen = LearnedRows(rows.plan, rows.matrix[known], learned.target[known], lead, counted)
        return fit_interval(seen, log_odds, own, RECIPE, fitted.chosen_rounds, seed=0).as_record()

    assert counted.min() < 1
    assert fitted.interval == interval_of(counted)
    assert fitted.interval != interval_of(None)


def test_where_nothing_changes_everything_is_learned_from(steady):
    fitted = fit_model(steady, at(UNTIL), 0, RECIPE)
    plain = fit_model(steady, at(UNTIL), 0, EVERYTHING_ALONE)

    assert fitted.history.history == EVERYTHING
    assert len(fitted.history.losses) == 3
    assert fitted.history.sentence == (
        "Learned from everything: on later leads none of 2 others was surely better"
    )
    assert replace(fitted, history=plain.history) == plain


def test_histories_longer_than_the_records_are_not_tried(steady):
    fitted = fit_model(steady, at(UNTIL), 0, replace(EVERYTHING_ALONE, last_days=(365.0, 300.0)))

    assert fitted.history.losses == ()
    assert "too little to choose another history by" in fitted.history.sentence


def test_the_choice_sees_nothing_of_what_came_later(turned):
    early = fit_model(turned, at(130), 0, RECIPE)

    known = fit_model(known_by(turned, at(130)), at(130), 0, RECIPE)

    assert early.history == known.history
