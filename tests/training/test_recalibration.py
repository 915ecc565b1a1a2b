"""Recalibration: a new level from the newest outcomes, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient

from features.population import population_of
from leads.clock import format_time, parse_time
from leads.errors import InvalidInputError, TooFewLeadsError
from leads.outcome import labels
from leads.view import look
from models.artifact import read_artifact
from models.calibration import log_odds
from models.horizons import horizons_from_record
from models.interval import interval_from_record
from models.scorer import Scorer
from tests.leads.histories import at
from tests.training.daily_leads import END, daily_leads
from training.challenger import Contest, judge_challenger
from training.learning import Source, train
from training.recalibration import RECALIBRATED, level_of, recalibrate
from training.recipe import Recipe
from training.registry import artifact_path, registered_versions
from training.run_reading import read_training
from training.snapshots import open_life_snapshots

# MLflow's own tables use a loader that SQLAlchemy 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

LEARNED, UNTIL = 110, 240
RECIPE = Recipe(members=1, rounds=(10,), last_days=(), half_lives_days=())
RECORDS = Source("records that moved", "0123abcd")


def timelines_with(rate_on, seed=0, leads_a_day=4):
    """Won at the rate of the day they came in; who calls is won more often."""
    return daily_leads(lambda day, warm: rate_on(day) * (1.5 if warm else 0.5), seed, leads_a_day)


@pytest.fixture(scope="module")
def timelines():
    """The base rate rises for good after what the champion learned from."""
    return timelines_with(lambda day: 0.4 if day >= 120 else 0.15)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("recalibrated")


@pytest.fixture(scope="module")
def places(home):
    return {"tracking_uri": f"sqlite:///{home}/mlflow.db", "artifact_root": home / "runs"}


@pytest.fixture(scope="module")
def champion(timelines, places):
    trained = train(timelines, at(LEARNED), 0, RECORDS, **places, recipe=RECIPE)
    return read_artifact(artifact_path(places["tracking_uri"], trained.version))


@pytest.fixture(scope="module")
def made(champion, timelines, places):
    return recalibrate(champion, "1", timelines, at(UNTIL), RECORDS, **places)


@pytest.fixture(scope="module")
def challenger(made, places):
    return read_artifact(artifact_path(places["tracking_uri"], made.version), made.manifest_hash)


def later_view(timelines):
    later = open_life_snapshots(timelines, at(END), 2)
    created = timelines.created_at[later.lead]
    return look(timelines, later.only((created > at(UNTIL)) & (later.as_of < at(END - 8))))


def said(artifact, view):
    return Scorer(artifact, "1").probabilities(view, population_of(view.timelines))


def test_only_the_level_is_new(champion, challenger, made):
    moved_by = made.level.window.moved_by

    assert moved_by > 0.5
    before, after = champion.calibration["intercept"], challenger.calibration["intercept"]
    assert after == pytest.approx(before + moved_by)
    assert challenger.background_margin == pytest.approx(champion.background_margin + moved_by)
    as_it_was = {"calibration": champion.calibration, "about": champion.about}
    as_it_was["background_margin"] = champion.background_margin
    as_it_was |= {"interval": champion.interval, "horizons": champion.horizons}
    assert replace(challenger, **as_it_was) == champion
    assert challenger.calibration["slope"] == champion.calibration["slope"]


def test_timing_and_sureness_are_as_they_were(champion, challenger, made):
    """Neither depends on the level: the same lead, its log-odds moved, has the same of both."""
    moved_by, said = made.level.window.moved_by, np.linspace(-3, 1, 9)
    width = [
        np.diff(interval_from_record(artifact.interval).bounds(log_odds, ["b2c"] * 9))
        for artifact, log_odds in ((champion, said), (challenger, said + moved_by))
    ]
    assert width[1] == pytest.approx(width[0])
    stage, age = [("b2c", "New")] * 9, np.full(9, 10**11)
    former, newer = (horizons_from_record(one.horizons) for one in (champion, challenger))
    assert newer.shown(stage, age, said + moved_by) == pytest.approx(
        former.shown(stage, age, said), nan_ok=True
    )


def test_scores_differ_by_one_constant_on_the_log_odds_and_follow_the_base_rate(
    champion, challenger, made, timelines
):
    view = later_view(timelines)

    former, newer = said(champion, view), said(challenger, view)

    gap = log_odds(newer) - log_odds(former)
    assert gap == pytest.approx(made.level.window.moved_by, abs=1e-9)
    won = labels(view, at(END)).mean()
    assert newer.mean() == pytest.approx(won, abs=0.06)
    assert abs(former.mean() - won) > 0.1


def test_the_new_version_says_from_which_one_it_is(champion, challenger, made, places):
    made_of = challenger.about[RECALIBRATED]
    assert (made.version, made_of["from_version"]) == ("2", "1")
    assert made_of["learned_until"] == champion.about["until"] == format_time(at(LEARNED))
    assert challenger.about["until"] == format_time(at(UNTIL))
    assert parse_time(made_of["at"]) > parse_time(champion.about["trained_at"])
    unchanged = {"until", "newest_window", RECALIBRATED} ^ set(challenger.about)
    assert {name: challenger.about[name] for name in unchanged} == {
        name: champion.about[name] for name in unchanged
    }

    run = MlflowClient(tracking_uri=places["tracking_uri"]).get_run(made.run_id)
    assert run.data.params["recalibrated.from_version"] == "1"
    assert run.data.params["until"] == format_time(at(UNTIL))
    window = made.level.window
    assert run.data.metrics["newest_window.won"] == pytest.approx(window.won)
    assert run.data.metrics["newest_window.moved_by"] == pytest.approx(window.moved_by)

    read = read_training(places["tracking_uri"], "2")
    assert "Recalibrated from version 1 at " in read.card
    assert "What moves the scores\n\nThe same as in version 1." in read.card
    assert read.report == read_training(places["tracking_uri"], "1").report


def test_a_level_within_noise_registers_nothing(challenger, timelines, places):
    known = [one.version for one in registered_versions(places["tracking_uri"])]

    again = recalibrate(challenger, "2", timelines, at(UNTIL), RECORDS, **places)

    assert (again.version, again.run_id, again.level.moved) == (None, None, False)
    assert again.level.artifact.calibration == challenger.calibration
    assert "within noise: its level stays, and nothing was registered" in again.sentence
    assert [one.version for one in registered_versions(places["tracking_uri"])] == known


def test_a_moment_before_what_was_learned_from_is_refused(champion, timelines, places):
    with pytest.raises(InvalidInputError, match="would be older: take a later moment"):
        recalibrate(champion, "1", timelines, at(LEARNED - 1), RECORDS, **places)


def test_without_leads_that_had_their_time_there_is_no_level(champion, timelines):
    with pytest.raises(TooFewLeadsError, match="fewer than 25 leads that were won"):
        level_of(champion, timelines, at(20))


def test_a_level_that_later_leads_bear_out_is_promoted(champion, challenger, timelines):
    verdict = judge_challenger(Contest(challenger, champion, "1", timelines))

    assert verdict.promote
    assert "from the former level of version 1" in verdict.reason
    assert verdict.reason.endswith("better")


def test_a_level_that_later_leads_contradict_is_not_promoted(champion, challenger):
    """The rate rose after the champion, and fell before the later half of what came since."""
    fallen = timelines_with(lambda day: 0.4 if 120 <= day < 172 else 0.1)

    verdict = judge_challenger(Contest(challenger, champion, "1", fallen))

    assert not verdict.promote
    assert "the upper end is not below" in verdict.reason


def test_a_level_that_no_later_lead_can_judge_is_promoted_as_the_newer_one(
    champion, challenger, timelines
):
    soon = replace(challenger, about={**challenger.about, "until": format_time(at(LEARNED + 10))})

    verdict = judge_challenger(Contest(soon, champion, "1", timelines))

    assert verdict.promote
    assert "version 1 at a newer level, by which no lead could be judged yet" in verdict.reason
