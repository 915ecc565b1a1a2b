"""Fitting the linear part: scikit-learn's numbers, in the shape that serving adds up."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from features.plan import learn_plan
from features.stages import STAGES
from leads.pipelines import Pipeline, Pipelines
from models.calibration import sigmoid
from tests.leads.histories import lead, timelines_of
from tests.training.simulated_crm import audited_timelines, small_model, until_of
from training import linear as fitting_linear
from training.linear import DEVIATION, fit_linear
from training.rows import training_rows
from training.stage_levels import stage_place
from training.targets import targets_of_strata


@pytest.fixture(scope="module")
def rows():
    timelines = audited_timelines()
    return training_rows(timelines, until_of(timelines), seed=1)


@pytest.fixture(scope="module")
def lessons(rows):
    target = targets_of_strata(rows.view, until_of(rows.timelines))
    learned = ~np.isnan(target)
    return rows.matrix[learned], target[learned], np.full(learned.sum(), 0.3)


@pytest.fixture(scope="module")
def fitted(rows, lessons):
    return fit_linear(rows.plan, *lessons, c=0.1)


def test_it_is_the_logistic_regression_of_scikit_learn_with_what_pipelines_deviate_by(
    rows, lessons, fitted
):
    """On the same design, a pipeline's values once more, held back more: the same least loss."""
    matrix, target, weight = lessons
    values = fitting_linear._designed(rows.plan, matrix).values(matrix)
    line = fitting_linear._line_of(fitted.line_of_stage, matrix[:, fitted.stage])
    own = [values * (line == one)[:, None] * DEVIATION for one in (1, 2)]
    design = np.hstack([values, *own])
    doubled = LogisticRegression(C=0.1, solver="newton-cholesky", max_iter=100, tol=1e-9).fit(
        np.concatenate([design, design]),
        np.repeat([1, 0], len(values)),
        sample_weight=np.concatenate([weight * target, weight * (1 - target)]),
    )

    assert set(line) == {1, 2}
    assert fitted.margins(matrix) == pytest.approx(doubled.decision_function(design), abs=1e-5)


def test_each_column_adds_nothing_on_average_nor_but_for_the_stage_in_a_pipeline(lessons, fitted):
    matrix, target, _ = lessons
    line = fitting_linear._line_of(fitted.line_of_stage, matrix[:, fitted.stage])

    added = fitted.contributions(matrix)

    assert np.abs(added.mean(axis=0)).max() < 1e-9
    others = np.delete(added, fitted.stage, axis=1)
    assert max(np.abs(others[line == one].mean(axis=0)).max() for one in (1, 2)) < 1e-9
    assert np.abs(added[line == 1, fitted.stage].mean()) > 0.01
    assert np.abs(added).max() > 0.2
    assert sigmoid(fitted.margins(matrix)).mean() == pytest.approx(target.mean(), abs=1e-3)


def test_pipeline_with_few_leads_is_told_as_all_are(rows, lessons, fitted):
    matrix, target, weight = lessons
    few = weight * np.where(
        fitting_linear._line_of(fitted.line_of_stage, matrix[:, fitted.stage]) == 2, 0.01, 1.0
    )

    line = fit_linear(rows.plan, matrix, target, few, c=0.1)

    assert set(line.line_of_stage) == {0, 1}
    assert len(line.slope) == 2


def test_one_pipeline_has_one_line(rows, lessons, fitted):
    matrix, target, weight = lessons
    first = fitting_linear._line_of(fitted.line_of_stage, matrix[:, fitted.stage]) == 1

    line = fit_linear(rows.plan, matrix[first], target[first], weight[first], c=0.1)

    assert len(line.line_of_stage) == 0
    assert len(line.slope) == 1


def test_many_rows_are_learned_from_evenly(rows, lessons, fitted, monkeypatch):
    monkeypatch.setattr(fitting_linear, "MOST_ROWS", len(lessons[0]) // 2)

    fewer = fit_linear(rows.plan, *lessons, c=0.1)

    matrix = lessons[0]
    assert np.corrcoef(fewer.margins(matrix), fitted.margins(matrix))[0, 1] > 0.98
    assert (fewer.margins(matrix) != fitted.margins(matrix)).any()


def test_rows_of_unknown_age_have_no_bends(rows, lessons):
    matrix, target, weight = lessons
    ageless = matrix.copy()
    ageless[:, [column.name for column in rows.plan.columns].index("age_days")] = np.nan

    line = fit_linear(rows.plan, ageless, target, weight, c=0.1)

    assert len(line.bend_at) == 0
    assert np.isfinite(line.margins(matrix)).all()


def test_older_leads_than_any_seen_are_told_as_the_oldest(rows, lessons):
    """The last bend had learned from a day's leads, and a year-old one got log-odds of 1,400."""
    matrix, target, weight = lessons
    age = [column.name for column in rows.plan.columns].index("age_days")
    young = matrix[:, age] < 90.2
    line = fit_linear(rows.plan, matrix[young], target[young], weight[young], c=0.1)

    oldest = matrix[young][[np.argmax(matrix[young, age])]]
    older = np.repeat(oldest, 3, axis=0)
    older[1:, age] = 365, 5_000

    bends = line.first_bend[age + 1] - line.first_bend[age]
    assert bends > 1
    assert (line.bend_at < np.log1p(90)).sum() >= bends - 1
    steepest = np.abs(line.slope[:, age] / line.scale[age]).max()
    assert np.abs(np.diff(line.contributions(older)[:, age])).max() <= 5 * steepest


def test_without_wins_it_says_nothing(rows, lessons):
    matrix, target, weight = lessons

    none = fit_linear(rows.plan, matrix, np.zeros(len(target)), weight, c=0.1)

    assert (none.margins(matrix) == 0).all()


def test_small_model_has_a_line_of_its_columns():
    line = small_model().linear

    assert line["share"] == 0.5
    assert {len(slope) for slope in line["slope"]} == {len(small_model().plan.columns)}


@pytest.mark.parametrize("alike", [False, True])
def test_the_twenty_pipelines_of_most_leads_have_lines_and_the_others_none(alike):
    """Also where the twentieth has no more leads than the next: a line costs room in the model."""
    names = [f"pipeline {number}" for number in range(22)]
    pipelines = Pipelines(
        tuple(Pipeline(name, ("New", "Offer"), ("Won",), ("Lost",)) for name in names)
    )
    plan = learn_plan(timelines_of([lead(pipeline=names[0])], [], pipelines), (STAGES,))
    first_stage = [pipelines.stage_code("New", name, name) for name in names]
    n_leads = [100] * 22 if alike else [100 + 2 * number for number in range(22)]
    stage = np.repeat(first_stage, n_leads)
    matrix = np.zeros((len(stage), len(plan.columns)))
    matrix[:, stage_place(plan)] = stage
    target = (np.arange(len(stage)) % 2).astype(np.float64)

    line = fit_linear(plan, matrix, target, np.ones(len(stage)), c=0.1).line_of_stage

    has_own = [int(line[code]) > 0 for code in first_stage]
    assert sum(has_own) == 20
    assert alike or has_own == [False] * 2 + [True] * 20
    assert set(line) == set(range(21))
