"""What a training logs is data: parameters, figures, curves, the card, the bag."""

import json
import math

import pytest
from matplotlib.figure import Figure

from crm.bodies.parsing import parse_body
from crm.bodies.requested import requested_timelines
from crm.bodies.score_request import ScoreRequest
from features.population import population_of
from leads.clock import parse_time
from models.artifact import read_artifact
from models.metrics import auc
from models.scorer import Scorer
from tests.leads.histories import lead, timelines_of
from tests.training.simulated_crm import RECIPE, simulated_timelines, small_model, until_of
from training.curves import curves_from_record, curves_of
from training.importance import importance
from training.registry import artifact_path
from training.training_record import example_body, served_among, training_record

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


@pytest.fixture(scope="module")
def judged(training):
    return training.trained.judged


@pytest.fixture(scope="module")
def artifact(training):
    return read_artifact(artifact_path(training.tracking_uri, training.trained.version))


@pytest.fixture(scope="module")
def curves(artifact, judged):
    moved_by = importance(Scorer(artifact, "1"), judged.view, population_of(simulated_timelines()))
    return curves_of(judged, artifact.about["holdout"]["by_age"], moved_by)


@pytest.fixture(scope="module")
def record(artifact, judged, curves, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifact")
    return training_record(small_model(), judged, curves, artifact.about, RECIPE, folder)


def test_run_holds_the_figures_with_their_intervals(record, training):
    holdout = training.trained.report["holdout"]
    baseline = training.trained.report["baselines"]["logistic_regression"]

    assert record.metrics["holdout.auc"] == holdout["auc"]["value"]
    assert record.metrics["holdout.ece.low"] == holdout["ece"]["low"]
    assert record.metrics["holdout.ece.high"] == holdout["ece"]["high"]
    assert record.metrics["logistic_regression.auc"] == baseline["auc"]["value"]
    assert all(value is None or math.isfinite(value) for value in record.metrics.values())
    assert not any("by_" in name for name in record.metrics)


def test_run_holds_the_recipe_and_where_the_data_came_from(record):
    timelines = simulated_timelines()
    assert record.params["learning_rate"] == str(RECIPE.learning_rate)
    assert record.params["source"] == "a small CRM"
    assert record.params["data_hash"] == "0123abcd"
    assert record.params["seed"] == 1
    assert parse_time(record.params["first_created_at"]) == timelines.created_at.min()
    assert parse_time(record.params["until"]) == until_of(timelines)
    assert parse_time(record.params["newest_event_at"]) == timelines.newest_event_at()
    assert record.tags["signals"] == ", ".join(f.name for f, _ in small_model().plan.parts)
    assert record.data.content_hash == "0123abcd"
    assert json.loads(record.data.profile)["n_leads"] == small_model().n_leads


def test_run_says_in_a_sentence_what_the_model_is_worth(record, training):
    assert record.summary == training.trained.report["worth"]["sentence"]


def test_log_loss_by_number_of_trees_is_a_curve(record):
    choices = small_model().choices
    assert record.series["forward_log_loss_by_trees"] == [
        (rounds, choices[f"log_loss_{rounds}_trees"]) for rounds in RECIPE.rounds
    ]


def test_members_of_the_bag_are_nested_runs(record, judged):
    assert [child.name for child in record.children] == ["member 0", "member 1"]
    assert [child.params["seed"] for child in record.children] == [1000, 1001]
    assert {child.params["trees"] for child in record.children} == {small_model().chosen_rounds}
    for child, said in zip(record.children, judged.members, strict=True):
        alone = auc(judged.label, said, judged.weight)
        assert child.metrics["holdout.auc"] == pytest.approx(alone)
        assert alone != record.metrics["holdout.auc"]


def test_run_holds_five_plots_and_what_they_show(record, curves):
    assert set(record.figures) == {
        "calibration.png", "lift.png", "auc_by_age.png", "importance.png", "distribution.png",
    }  # fmt: skip
    assert all(isinstance(figure, Figure) for figure in record.figures.values())
    assert curves_from_record(json.loads(record.texts["curves.json"])) == curves


def test_whole_report_is_a_file(record, training):
    told = json.loads(record.texts["report.json"])
    assert told["holdout"] == training.trained.report["holdout"]
    assert told["baselines"] == training.trained.report["baselines"]


def test_groups_move_scores_as_their_effects_do(curves, artifact, judged):
    scorer = Scorer(artifact, "1")
    assert [group.name for group in curves.importance] == [
        one.name for one in sorted(curves.importance, key=lambda g: -g.mean_effect)
    ]
    assert {group.name for group in curves.importance} == {group.name for group in scorer.groups}
    assert 0 < curves.importance[0].mean_effect < 1


def test_distribution_is_made_of_shares(curves, judged):
    shown = curves.distribution
    assert len(shown.won) == len(shown.not_won) == len(shown.edges) - 1
    assert sum(shown.won) == pytest.approx(1)
    assert sum(shown.not_won) == pytest.approx(1)
    assert (shown.n_won, shown.n_not_won) == (judged.label.sum(), (judged.label == 0).sum())


def test_served_model_comes_with_the_leads_around_it_and_an_example(record):
    timelines = simulated_timelines()
    population = population_of(timelines)

    served = served_among(record, timelines, population, until_of(timelines))

    request = parse_body(ScoreRequest, served.input_example.encode())
    assert served.population is population
    assert request.as_of == until_of(timelines)
    made = requested_timelines(request, timelines.pipelines, timelines.attribute_types)
    assert len(made.events.type) == 2


def test_example_names_nothing_of_any_lead():
    timelines = timelines_of([lead(0, lead_id="secret", source="Anna")])

    body = json.dumps(example_body(timelines, until_of(timelines)))

    assert "secret" not in body
    assert "Anna" not in body
