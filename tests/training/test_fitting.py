"""Fitting: the same model again, from what was known at each cut, however odd the data."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from features.population import population_of
from leads.clock import DAY_US
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL
from leads.pipelines import Pipelines
from leads.records import ATTRIBUTE_CHANGE, INTERACTION
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from models.artifact import read_artifact, write_artifact
from models.scorer import Scorer
from tests.leads.histories import PIPELINES, at, contact, lead, moved, timelines_of
from tests.training.simulated_crm import (
    RECIPE,
    audited_timelines,
    middle_of,
    simulated_timelines,
    small_model,
    until_of,
    with_another_future,
    with_shuffled_closings,
)
from training import bag
from training.artifacts import artifact_of
from training.borrowing import own_share
from training.evidence import Evidence
from training.fitting import MOMENTS, check_enough, fit_model
from training.folds import Fold, folds_in_time
from training.recipe import Recipe, recipe_from_record
from training.rows import TrainingRows, training_rows
from training.targets import targets

LATE = 400


def closed_leads(n: int, won_each: int = 3, **more) -> Timelines:
    """Leads of one pipeline, a third of them won; those that called are won more often."""
    leads, events = [], []
    for number in range(n):
        own = {"lead_id": f"l{number}"}
        leads.append(lead(number, pipeline="b2b", **own, **more))
        won = number % won_each == 0
        if won or number % 5 == 0:
            events.append(contact(number + 0.5, "call", event_id=f"c{number}", **own))
        events.append(moved(number + 10, "Won" if won else "Lost", event_id=f"s{number}", **own))
    pipelines = Pipelines(PIPELINES.pipelines[:1])
    return timelines_of(leads, events, pipelines)


def without(timelines: Timelines, event_type: int) -> Timelines:
    """The timelines without one type of event."""
    kept = timelines.events.type != event_type
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))[kept]
    start = np.searchsorted(lead, np.arange(len(timelines) + 1))
    return replace(timelines, events=timelines.events.take(np.flatnonzero(kept)), start=start)


def rows_at(timelines: Timelines, until: int) -> TrainingRows:
    return training_rows(timelines, until, seed=0)


def folds_of(rows: TrainingRows, label) -> list[Fold]:
    return folds_in_time(rows, RECIPE.folds, label, lambda rows, cut: targets(rows, cut, RECIPE, 0))


def labelled(rows: TrainingRows, moment: int) -> dict[tuple[str, int], int]:
    """The label of every snapshot that is decided at a moment."""
    label = rows.labels(moment)
    return {
        (rows.view.lead_id(place), int(rows.view.as_of[place])): int(label[place])
        for place in np.flatnonzero(label != CENSORED_LABEL)
    }


# The same again.


def test_same_seed_gives_the_same_bytes():
    timelines = audited_timelines()

    again = fit_model(timelines, until_of(timelines), seed=1, recipe=RECIPE)

    assert again == small_model()


@pytest.mark.parametrize("workers", [1, 3])
def test_number_of_workers_changes_no_byte(workers, monkeypatch):
    monkeypatch.setattr(bag, "WORKERS", workers)
    timelines = audited_timelines()

    assert fit_model(timelines, until_of(timelines), 1, RECIPE) == small_model()


def test_another_seed_gives_other_trees_and_so_do_the_members_of_a_bag():
    timelines = closed_leads(200)
    first, other = (fit_model(timelines, at(LATE), seed, RECIPE) for seed in (1, 2))

    assert len({*first.boosters, *other.boosters}) == 4


# Only what was known.


def test_what_is_learned_after_the_cut_changes_no_byte():
    timelines = simulated_timelines()
    cut = middle_of(timelines)

    model = fit_model(timelines, cut, 1, RECIPE)

    assert fit_model(with_another_future(timelines, cut), cut, 1, RECIPE) == model
    assert fit_model(known_by(timelines, cut), cut, 1, RECIPE) == model
    assert model.boosters != small_model().boosters


def test_outcomes_after_a_folds_cut_change_none_of_its_labels():
    timelines = simulated_timelines()
    until, cut = until_of(timelines), middle_of(timelines)
    otherwise = with_another_future(timelines, cut)

    expected = labelled(rows_at(timelines, until), cut)

    assert labelled(rows_at(otherwise, until), cut) == expected
    assert labelled(rows_at(otherwise, until), until) != labelled(rows_at(timelines, until), until)
    assert all(as_of <= cut for _, as_of in expected)
    assert set(expected.values()) == {WON_LABEL, NOT_WON_LABEL}


def test_outcomes_after_a_folds_cut_change_nothing_that_it_learns_from():
    """Whether later closings won or lost is drawn by lot: each fold learns the same."""
    timelines = simulated_timelines()
    until = until_of(timelines)
    rows = rows_at(timelines, until)
    folds = folds_of(rows, rows.labels(until))

    for number, fold in enumerate(folds):
        cut = int(rows.view.created_at[fold.test].min()) - 1
        otherwise = rows_at(with_shuffled_closings(timelines, after=cut), until)
        outcomes = otherwise.labels(until)
        again = folds_of(otherwise, outcomes)[number]

        assert np.array_equal(again.target, fold.target, equal_nan=True)
        assert (again.test == fold.test).all()
        assert (outcomes[again.test] != rows.labels(until)[fold.test]).any()
    assert len(folds) == 3


def test_each_fold_predicts_leads_that_came_in_after_all_it_learned():
    timelines = simulated_timelines()
    rows = rows_at(timelines, until_of(timelines))
    created_at, as_of = rows.view.created_at, rows.view.as_of

    folds = folds_of(rows, rows.labels(until_of(timelines)))

    for fold in folds:
        learn = ~np.isnan(fold.target)
        assert as_of[learn].max() <= fold.cut < created_at[fold.test].min()
        assert {WON_LABEL, NOT_WON_LABEL} < set(fold.target[learn])
        learned = set(rows.view.snapshots.lead[learn])
        assert not learned & set(rows.view.snapshots.lead[fold.test])
    tested = np.concatenate([fold.test for fold in folds])
    assert len(np.unique(tested)) == len(tested)


def test_closing_planted_after_the_cut_is_not_yet_a_label():
    timelines = timelines_of((lead(0),), (moved(20, "Won"),))
    rows = rows_at(timelines, at(LATE))

    assert set(labelled(rows, at(19.9))) == set()
    assert set(labelled(rows, at(20)).values()) == {WON_LABEL}


def test_closing_recorded_late_is_a_label_once_it_is_known():
    timelines = timelines_of((lead(0),), (moved(3, "Lost", recorded=15),))
    rows = rows_at(timelines, at(LATE))

    assert set(labelled(rows, at(14.9))) == set()
    assert set(labelled(rows, at(15)).values()) == {NOT_WON_LABEL}


# Odd and small data.


def test_without_a_lead_there_is_nothing_to_fit():
    with pytest.raises(
        TooFewLeadsError, match=r"no lead is known by 2027-.*: import leads or take"
    ):
        fit_model(timelines_of(()), at(LATE), 0, RECIPE)


def some_closed(won: int, lost: int, still_open: int = 0) -> Timelines:
    leads = [lead(n / 10, lead_id=f"l{n}") for n in range(won + lost + still_open)]
    events = [
        moved(n / 10 + 5, "Won" if n < won else "Lost", event_id=f"s{n}", lead_id=f"l{n}")
        for n in range(won + lost)
    ]
    return timelines_of(leads, events, Pipelines(PIPELINES.pipelines[:1]))


def callers(callers_of_small: bool) -> Timelines:
    """Of 400 leads of a large pipeline those that call are won; of ten of a small one half are.

    All leads of the small one call, or none does.
    """
    large = PIPELINES.pipelines[0]
    leads, events = [], []
    for number in range(420):
        small = number >= 400
        own, day = {"lead_id": f"l{number}"}, number / 8
        leads.append(lead(day, pipeline="small" if small else "b2b", **own))
        if callers_of_small if small else number % 2 == 0:
            events.append(contact(day + 0.5, "call", event_id=f"c{number}", **own))
        if number < 410:
            end = "Won" if number % 2 == 0 else "Lost"
            events.append(moved(day + 5, end, event_id=f"s{number}", **own))
    return timelines_of(leads, events, Pipelines((large, replace(large, name="small"))))


def test_a_small_pipeline_is_told_by_how_its_leads_would_look_in_the_large_one():
    """Its ten outcomes are the same, and so is the rate that its prior has of them."""
    said = {}
    for they_call in (True, False):
        timelines = callers(they_call)
        fitted = fit_model(timelines, at(56.5), 0, RECIPE)
        small = np.flatnonzero(np.array(timelines.pipeline) == 1)[:10]
        view = look(timelines, Snapshots(small, timelines.created_at[small] + 2 * DAY_US))
        scorer = Scorer(artifact_of(fitted, timelines, {}), "new")
        said[they_call] = scorer.probabilities(view, population_of(timelines)).mean()
    assert said[True] > said[False] + 0.5


@pytest.mark.parametrize(
    ("won", "lost", "still_open", "least", "most"),
    [
        (0, 0, 5, 0.2, 0.2),
        (1, 0, 0, 0.25, 0.35),
        (0, 1, 0, 0.15, 0.2),
        (1, 0, 20, 0.15, 0.35),
        (0, 1, 20, 0.15, 0.2),
        (10, 0, 0, 0.6, 0.75),
        (0, 10, 0, 0.09, 0.15),
        (5, 5, 0, 0.3, 0.45),
        (0, 100, 0, 0.02, 0.05),
        (100, 0, 0, 0.9, 0.97),
    ],
)
def test_few_closed_leads_move_the_usual_rate_by_as_much_as_they_are_worth(
    won, lost, still_open, least, most
):
    """Never 8 % or 92 % after one closed lead."""
    timelines = some_closed(won, lost, still_open)
    model = fit_model(timelines, at(14.5), 0, RECIPE)

    view = look(timelines, Snapshots(np.arange(len(timelines)), timelines.created_at))
    scorer = Scorer(artifact_of(model, timelines, {}), "1")
    said = scorer.probabilities(view, population_of(timelines))

    assert model.boosters == ()
    assert least - 1e-9 <= said.min() <= said.max() <= most + 1e-9
    shown = scorer.describe(scorer.score(view, population_of(timelines)), 0)
    effects = sum(factor.effect for factor in shown.factors) + shown.other_effects
    assert shown.base_probability + effects == pytest.approx(shown.win_probability, abs=1e-9)


def test_evidence_of_each_pipeline_is_counted_in_leads():
    model = fit_model(some_closed(3, 4, 5), at(6.2), 0, RECIPE)

    assert model.evidence == {"b2b": Evidence(won=3, other=4)}


def test_leads_are_counted_not_snapshots():
    lead_of_snapshot = np.repeat(np.arange(12), 10)
    label = np.where(lead_of_snapshot < 9, 1, 0).astype(np.int8)

    with pytest.raises(TooFewLeadsError, match=r"^9 leads are won and 3 decided otherwise here;"):
        check_enough(lead_of_snapshot, label, "here")
    check_enough(lead_of_snapshot, label, "here", fewest=3)


def test_sixty_leads_are_enough():
    model = fit_model(closed_leads(60), at(LATE), 0, RECIPE)

    assert model.n_leads == 60
    assert model.chosen_rounds in RECIPE.rounds
    assert np.isfinite([model.calibration.slope, model.calibration.intercept]).all()


def test_too_few_later_leads_leave_the_slope_of_the_margin_as_it_is():
    model = fit_model(closed_leads(40), at(LATE), 0, RECIPE)

    assert model.calibration.slope == own_share(14, 26)
    assert abs(model.calibration.intercept) < 0.2
    assert model.chosen_rounds == min(RECIPE.rounds)
    assert model.choices == {}


@pytest.mark.parametrize(
    "timelines",
    [
        closed_leads(90),
        closed_leads(90, source="fair", amount="5"),
        without(simulated_timelines(), INTERACTION),
        without(simulated_timelines(), ATTRIBUTE_CHANGE),
        without(without(simulated_timelines(), ATTRIBUTE_CHANGE), INTERACTION),
    ],
    ids=["no attributes", "constant attributes", "no contact", "bare", "stages alone"],
)
def test_data_without_some_of_the_tables_is_learned_from(timelines, tmp_path):
    until = max(until_of(timelines), at(LATE))

    model = fit_model(timelines, until, 0, RECIPE)

    write_artifact(tmp_path / "model", artifact_of(model, timelines, {}))
    scorer = Scorer(read_artifact(tmp_path / "model"), "1")
    rows = rows_at(timelines, until)
    probability = scorer.probabilities(rows.view, population_of(timelines))
    assert ((probability > 0) & (probability < 1)).all()


def test_artifact_holds_plain_finite_numbers(tmp_path):
    timelines = simulated_timelines()
    write_artifact(tmp_path / "model", artifact_of(small_model(), timelines, {}))

    def refuse(constant):
        raise AssertionError(constant)

    for path in (tmp_path / "model").glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    for path in (tmp_path / "model").glob("booster_*.txt"):
        assert not re.search(r"\b(nan|inf)\b", path.read_text().split("\nparameters:")[0])


def test_categorical_columns_with_missing_values_are_learned_as_categories():
    model = small_model()
    rows = rows_at(simulated_timelines(), until_of(simulated_timelines()))
    gaps = {
        rows.plan.columns[place].name
        for place in rows.plan.categorical
        if np.isnan(rows.matrix[:, place]).any()
    }

    assert {"attribute_campaign", "attribute_contact_role", "previous_stage"} <= gaps
    assert any("num_cat=" in text and "cat_threshold=" in text for text in model.boosters)


# What is kept of it.


def test_background_is_what_was_learned_from():
    timelines = audited_timelines()
    until = until_of(timelines)
    model, rows = small_model(), training_rows_of_small_model()
    scorer = Scorer(artifact_of(model, timelines, {}), "1")

    log_odds = np.log(1 / (1 / scorer.probabilities(rows.view, population_of(timelines)) - 1))
    target = targets(rows, until, RECIPE, seed=1)
    learned = ~np.isnan(target)

    assert model.background_log_odds == pytest.approx(log_odds[learned].mean(), abs=1e-9)
    assert model.base_rate == pytest.approx(target[learned].mean())
    assert model.n_snapshots == learned.sum()
    assert model.n_leads == len(np.unique(rows.view.snapshots.lead[learned]))


def test_typical_values_are_medians_of_open_snapshots_by_pipeline_and_stage():
    rows = training_rows_of_small_model()
    age = [column.name for column in rows.plan.columns].index("age_days")
    stage = [column.name for column in rows.plan.columns].index("stage")
    levels = rows.plan.columns[stage].levels

    for pipeline, stages in small_model().typical.items():
        for name, medians in stages.items():
            own = rows.matrix[:, stage] == levels.index(f"{name} ({pipeline})")
            assert medians[age] == np.median(rows.matrix[own, age])
    assert small_model().typical["b2c"].keys() == {"New", "Contacted", "Offer"}


def training_rows_of_small_model() -> TrainingRows:
    timelines = audited_timelines()
    return training_rows(timelines, until_of(timelines), MOMENTS)


def test_usual_number_of_trees_stays_where_others_cost_much_the_same():
    trees = {name: x for name, x in small_model().choices.items() if name.endswith("_trees")}
    losses = {int(re.search(r"\d+", name)[0]): x for name, x in trees.items()}

    assert set(losses) == set(RECIPE.rounds)
    assert abs(losses[20] - losses[40]) < 0.01
    assert small_model().chosen_rounds == 40
    timelines = audited_timelines()
    fewer = fit_model(
        timelines, until_of(timelines), 1, replace(RECIPE, usual_rounds=20, members=1)
    )
    assert fewer.chosen_rounds == 20
    trees = {text.count("\nTree=") for text in small_model().boosters}
    assert trees == {small_model().chosen_rounds}


def test_bag_has_as_many_members_and_trees_as_asked_for():
    model = fit_model(closed_leads(90), at(LATE), 0, Recipe(members=3, rounds=(7,)))

    assert len(model.boosters) == 3
    assert all(text.count("\nTree=") == 7 for text in model.boosters)


def test_bag_has_fewer_members_where_they_would_have_too_many_trees():
    recipe = Recipe(members=4, rounds=(7,), most_trees=20)

    assert len(fit_model(closed_leads(90), at(LATE), 0, recipe).boosters) == 2
    assert [recipe.members_of(rounds) for rounds in (1, 5, 6, 20, 100)] == [4, 4, 3, 1, 1]


def test_recipe_is_logged_by_name():
    assert RECIPE.as_params()["members"] == "2"
    assert RECIPE.as_params()["rounds"] == "(20, 40)"


def test_a_recipe_comes_back_from_its_record():
    recipe = Recipe(learning_rate=0.05, rounds=(10, 20))

    stored = json.loads(json.dumps(recipe.as_record()))

    assert recipe_from_record(stored) == recipe
    assert recipe_from_record({**stored, "of_a_later_version": 1}) == recipe
