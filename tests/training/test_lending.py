"""Lending: snapshots of a large pipeline as if they were of a small one with the same stages."""

from dataclasses import replace

import numpy as np
import pytest

from leads.outcome import known_stage
from leads.pipelines import Pipelines
from tests.leads.histories import PIPELINES, at, lead, moved, timelines_of
from training.evidence import Evidence
from training.lending import Learnable, as_if_elsewhere, with_lent
from training.rows import training_rows

LARGE, SMALL = "b2b", "new"
EVIDENCE = {LARGE: Evidence(80, 80), SMALL: Evidence(1, 1)}


@pytest.fixture(scope="module")
def rows():
    """The same histories in either pipeline."""
    both = Pipelines((PIPELINES.pipelines[0], replace(PIPELINES.pipelines[0], name=SMALL)))
    leads, events = [], []
    for pipeline in (LARGE, SMALL):
        for number in range(30):
            own = {"lead_id": f"{pipeline}{number}"}
            leads.append(lead(number, pipeline=pipeline, **own))
            events.append(moved(number + 2, "Qualified", event_id=f"q{own}", **own))
            events.append(moved(number + 9, "Lost", event_id=f"l{own}", **own))
    return training_rows(timelines_of(leads, events, both), at(50), 0)


def learnable(rows) -> Learnable:
    view = rows.view
    return Learnable(rows.matrix, view.snapshots.lead, view.as_of, np.zeros(len(view)), [])


def lend(rows, evidence=EVIDENCE) -> Learnable:
    pipelines = rows.timelines.pipelines
    return with_lent(learnable(rows), rows.plan, known_stage(rows.view), pipelines, evidence)


def column(rows, name: str) -> int:
    return [one.name for one in rows.plan.columns].index(name)


def test_lent_rows_stand_in_the_stages_of_the_small_pipeline(rows):
    found = lend(rows)

    lent = found.matrix[len(rows.matrix) :]
    stage = lent[:, column(rows, "stage")].astype(int)
    names = rows.timelines.pipelines.stage_names
    assert {names[code] for code in np.unique(stage)} == {(SMALL, "New"), (SMALL, "Qualified")}
    assert len(np.unique(found.lead)) == 30 + 60
    assert found.lead[len(rows.matrix) :].min() > found.lead[: len(rows.matrix)].max()


def test_visits_and_days_are_those_of_the_small_pipelines_stages(rows):
    stage, lead_of = known_stage(rows.view), rows.view.snapshots.lead
    visits = [column(rows, f"visits_qualified_{name}") for name in (LARGE, SMALL)]
    lent = lend(rows).matrix[len(rows.matrix) :]

    of_large = rows.matrix[rows.timelines.pipelines.stage_pipeline[stage] == 0]
    assert (lent[:, visits[1]] == of_large[:, visits[0]]).all()
    assert np.array_equal(lent[:, visits[0]], of_large[:, visits[1]], equal_nan=True)
    assert of_large[:, visits[0]].max() == 1
    assert len(lead_of) == len(rows.matrix)


def test_pipelines_with_enough_leads_borrow_nothing(rows):
    enough = {LARGE: Evidence(80, 80), SMALL: Evidence(90, 90)}

    assert lend(rows, enough).matrix is rows.matrix


def test_the_smaller_of_two_thin_pipelines_borrows(rows):
    found = lend(rows, {LARGE: Evidence(8, 8), SMALL: Evidence(2, 2)})

    stage = found.matrix[len(rows.matrix) :, column(rows, "stage")].astype(int)
    assert (rows.timelines.pipelines.stage_pipeline[stage] == 1).all()
    assert len(stage)


def elsewhere(rows, evidence=EVIDENCE):
    pipelines = rows.timelines.pipelines
    return as_if_elsewhere(rows.plan, rows.matrix, known_stage(rows.view), pipelines, evidence)


def test_rows_of_a_thin_pipeline_are_seen_as_if_they_were_the_larger_ones(rows):
    of_pipeline = rows.timelines.pipelines.stage_pipeline[known_stage(rows.view)]

    (found,) = elsewhere(rows).values()

    assert list(elsewhere(rows)) == [1]
    assert found.lender == 0
    assert found.rows.tolist() == np.flatnonzero(of_pipeline == 1).tolist()
    own = rows.matrix[found.rows]
    stage = found.matrix[:, column(rows, "stage")].astype(int)
    names = rows.timelines.pipelines.stage_names
    assert {names[code] for code in np.unique(stage)} == {(LARGE, "New"), (LARGE, "Qualified")}
    large, small = (column(rows, f"visits_qualified_{name}") for name in (LARGE, SMALL))
    assert np.array_equal(found.matrix[:, large], own[:, small], equal_nan=True)
    assert own[:, small].max() == 1
    age = column(rows, "age_days")
    assert np.array_equal(found.matrix[:, age], own[:, age])


def test_where_enough_is_closed_nothing_is_seen_as_if_elsewhere(rows):
    assert elsewhere(rows, {LARGE: Evidence(80, 80), SMALL: Evidence(90, 90)}) == {}
    assert elsewhere(rows, {LARGE: Evidence(1, 1), SMALL: Evidence(1, 1)}) == {}


def test_a_pipeline_that_does_not_know_a_stage_is_no_measure(rows):
    large, small = rows.timelines.pipelines.pipelines
    other = replace(small, stages=("New", "Contacted", *small.stages[2:]))
    pipelines = Pipelines((large, other))
    stage = known_stage(rows.view)

    assert as_if_elsewhere(rows.plan, rows.matrix, stage, pipelines, EVIDENCE) == {}
