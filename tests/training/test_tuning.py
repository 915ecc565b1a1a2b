"""Tuning: recipes are tried on later leads that the holdout does not judge; the usual one first."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient

from leads.view import known_by
from models.artifact import read_artifact
from tests.leads.histories import at
from tests.training.simulated_crm import (
    audited_timelines,
    simulated_timelines,
    until_of,
    with_shuffled_closings,
)
from tests.training.test_history import timelines_where
from training.evaluation import holdout_cut
from training.learning import Source, train
from training.recipe import Recipe, recipe_from_record
from training.registry import artifact_path
from training.tracking import ChildRun, RunRecord
from training.training_record import with_trials
from training.tuning import tune

# MLflow's own tables use a loader that SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

USUAL = Recipe(members=1, rounds=(20, 40), last_days=(), half_lives_days=())
# It learns nothing: one leaf's worth of rows, a line without weight.
DULL = replace(USUAL, rounds=(1, 2), learning_rate=0.03, linear_share=0.0, other_shares=())


class Clock:
    """Moves on by a second whenever it is looked at."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.fixture(scope="module")
def crm():
    return audited_timelines()


def test_the_usual_recipe_is_tried_first_and_stays_unless_surely_beaten(crm):
    tuned = tune(crm, until_of(crm), 1, 0.15, USUAL, clock=Clock())

    assert tuned.trials[0].recipe == USUAL
    assert len(tuned.trials) >= 3
    assert len({one.recipe for one in tuned.trials}) == len(tuned.trials)
    assert min(one.loss for one in tuned.trials[1:]) - tuned.trials[0].loss == pytest.approx(
        tuned.difference.value
    )
    assert (tuned.recipe == USUAL) == (tuned.difference.high >= 0)
    assert tuned.sentence.startswith(f"{len(tuned.trials)} recipes tried on later leads: ")


def test_a_recipe_that_is_surely_better_is_used():
    told = timelines_where(lambda day: True)

    tuned = tune(told, at(250), 1, 0.15, DULL, clock=Clock())

    assert tuned.recipe != DULL
    assert tuned.difference.high < 0
    best = min(tuned.trials, key=lambda one: one.loss)
    assert tuned.recipe == best.recipe
    assert "it is used" in tuned.sentence


def test_a_trial_counts_with_the_best_share_that_its_fit_may_choose():
    """Of the line's shares: a fit of the usual recipe chooses one, so a trial of it counts so."""
    told = timelines_where(lambda day: True, leads_a_day=2)

    def loss(**shares):
        (only,) = tune(told, at(250), 1, 0.0, replace(DULL, **shares)).trials
        return only.loss

    trees_alone, mostly_line = loss(), loss(linear_share=0.75)
    assert mostly_line < trees_alone - 0.02
    assert loss(other_shares=(0.75,)) < trees_alone - 0.02
    assert loss(linear_share=0.75, other_shares=(0.0,)) == mostly_line


def test_no_trial_is_begun_that_would_end_too_late(crm):
    assert [one.recipe for one in tune(crm, until_of(crm), 1, 0.0, USUAL).trials] == [USUAL]


def test_the_same_seed_tries_the_same_recipes():
    told = timelines_where(lambda day: True, leads_a_day=2)

    first, again, other = (
        tune(told, at(250), seed, 0.1, DULL, clock=Clock()) for seed in (1, 1, 2)
    )

    assert len(first.trials) == 2
    assert [(t.recipe, t.loss) for t in first.trials] == [(t.recipe, t.loss) for t in again.trials]
    assert first.trials[1].recipe != other.trials[1].recipe


def test_what_the_holdout_judges_changes_nothing(crm):
    until = until_of(crm)
    cut = holdout_cut(known_by(crm, until), until)
    otherwise = with_shuffled_closings(crm, after=cut)
    assert holdout_cut(known_by(otherwise, until), until) == cut

    first, second = (tune(of, until, 1, 0.0, USUAL).trials[0] for of in (crm, otherwise))

    assert first.loss == second.loss


def test_too_few_leads_to_choose_by_keep_the_usual_recipe():
    few = timelines_where(lambda day: True, leads_a_day=1)

    tuned = tune(few, at(40), 1, 1.0, USUAL, clock=Clock())

    assert (tuned.recipe, tuned.trials, tuned.difference) == (USUAL, (), None)
    assert "too few to choose by, so the usual recipe stays" in tuned.sentence


def test_what_is_tried_is_logged_and_what_changed_is_kept():
    told = timelines_where(lambda day: True, leads_a_day=2)
    tuned = tune(told, at(250), 1, 0.1, USUAL, clock=Clock())
    nothing = RunRecord({}, {}, {}, {}, None, {}, children=(ChildRun("member 0"),))

    member, *tried = with_trials(nothing, tuned).children

    assert member.name == "member 0"
    assert [one.params["learning_rate"] for one in tried] == [
        str(trial.recipe.learning_rate) for trial in tuned.trials
    ]
    assert [one.metrics["forward_log_loss"] for one in tried] == [t.loss for t in tuned.trials]
    assert with_trials(nothing, None) == nothing
    usual, other = (one.recipe for one in tuned.trials[:2])
    assert replace(tuned, recipe=usual).as_record()["changed"] == {}
    changed = replace(tuned, recipe=other).as_record()["changed"]
    assert replace(usual, **changed) == other


@pytest.mark.slow
def test_trials_are_nested_runs_and_the_model_keeps_the_recipe(tmp_path):
    timelines = simulated_timelines()
    uri = f"sqlite:///{tmp_path}/mlflow.db"

    trained = train(
        timelines,
        int(np.quantile(timelines.created_at, 0.8)),
        1,
        Source("a small CRM", "0123abcd"),
        tracking_uri=uri,
        artifact_root=tmp_path / "runs",
        recipe=replace(USUAL, rounds=(10,)),
        tune_minutes=0.0,
    )

    about = read_artifact(artifact_path(uri, trained.version)).about
    assert recipe_from_record(about["recipe"]) == replace(USUAL, rounds=(10,))
    assert about["tuned"] == trained.report["tuned"]
    assert about["tuned"]["n_trials"] == 1
    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(trained.run_id)
    below = client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{trained.run_id}'"
    )
    (trial,) = [one for one in below if one.info.run_name == "recipe 0"]
    assert trial.data.params["learning_rate"] == "0.1"
    assert trial.data.metrics["forward_log_loss"] == about["tuned"]["default_loss"]


def test_optuna_is_imported_for_those_alone_who_ask():
    program = "import sys, training.tuning; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
