"""The signal plan: its columns in order, its matrix, and its stored record."""

import json

import numpy as np
import pytest

from features.plan import FAMILIES, SignalPlan, learn_plan, plan_from_record
from features.population import population_of
from leads.errors import DamagedArtifactError
from leads.view import look
from tests.features.golden import PATH, golden_lines, small_history
from tests.features.training_history import training_history
from tests.leads.histories import snapshots_of


@pytest.fixture(scope="module")
def plan() -> SignalPlan:
    return learn_plan(training_history().timelines())


def matrix_of(plan: SignalPlan) -> np.ndarray:
    history = small_history()
    timelines = history.timelines()
    view = look(timelines, snapshots_of(timelines, history.snapshots()))
    return plan.matrix(view, population_of(timelines))


def test_matrix_of_the_small_history_means_what_it_meant():
    """A difference that is meant: `python -m tests.features.golden`, and explain the diff."""
    assert golden_lines() == PATH.read_text(encoding="utf-8").splitlines()


def test_plan_has_the_families_in_the_order_of_the_tuple(plan):
    assert [family for family, _ in plan.parts] == list(FAMILIES)
    first = [family.columns(settings)[0].name for family, settings in plan.parts]
    names = [column.name for column in plan.columns]
    places = [names.index(name) for name in first]
    assert places == sorted(places)


def test_matrix_is_the_blocks_of_the_families_side_by_side(plan):
    blocks = [matrix_of(SignalPlan((part,))) for part in plan.parts]
    np.testing.assert_array_equal(matrix_of(plan), np.concatenate(blocks, axis=1))


def test_stored_plan_keeps_the_order_of_columns_though_json_sorts_its_keys(plan):
    stored = json.loads(json.dumps(plan.as_record(), sort_keys=True))
    again = plan_from_record(stored)
    assert again.columns == plan.columns
    np.testing.assert_array_equal(matrix_of(again), matrix_of(plan))


def test_stored_plan_keeps_its_order_though_the_families_are_listed_in_another(plan):
    assert plan_from_record(plan.as_record(), FAMILIES[::-1]).columns == plan.columns


def test_categorical_columns_are_those_with_levels(plan):
    names = [plan.columns[place].name for place in plan.categorical]
    assert names == ["last_kind", "last_result", "stage", "previous_stage", "attribute_source"]


def test_family_that_this_version_does_not_have_is_told():
    record = {"families": [{"family": "telepathy", "settings": {}}]}
    with pytest.raises(DamagedArtifactError, match="'telepathy', which this version does not have"):
        plan_from_record(record)
