"""The laws, over every family: `tests/features/laws.py` states them, this runs them."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given

from features.families import FAMILIES
from features.plan import SignalPlan, learn_plan
from features.population import population_of
from leads.view import look
from tests.features.laws import LAWS, LAWS_OF_COLUMNS, check_columns_are_named, check_groups_are_one
from tests.features.training_history import training_history
from tests.leads.histories import few, histories, snapshots_of

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
each_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
each_law_of_columns = pytest.mark.parametrize("law", LAWS_OF_COLUMNS, ids=lambda law: law.__name__)


@cache
def plan_of(*families) -> SignalPlan:
    return learn_plan(training_history().timelines(), families)


@each_law
@each_family
@given(history=histories())
@few(40)
def test_law_holds(law, family, history):
    law(plan_of(family), history)


@pytest.mark.slow
@each_law
@each_family
@given(history=histories(most_leads=6, most_events=40))
@few(400)
def test_law_holds_over_long_histories(law, family, history):
    law(plan_of(family), history)


@each_law_of_columns
@each_family
def test_law_of_columns_holds(law, family):
    law(plan_of(family), training_history())


def test_laws_of_columns_hold_over_all_families_together():
    check_columns_are_named(plan_of(*FAMILIES), training_history())
    check_groups_are_one(plan_of(*FAMILIES), training_history())


@each_family
def test_training_history_shows_every_column_to_the_laws(family):
    """A column that is missing for every lead would keep any law."""
    history = training_history()
    timelines = history.timelines()
    view = look(timelines, snapshots_of(timelines, history.snapshots()))
    matrix = plan_of(family).matrix(view, population_of(timelines))
    empty = np.isnan(matrix).all(axis=0)
    assert [c.name for c, none in zip(plan_of(family).columns, empty, strict=True) if none] == []


@each_family
def test_plan_does_not_depend_on_the_order_of_records(family):
    history = training_history()
    backwards = type(history)(history.leads[::-1], history.events[::-1], ())
    learned = learn_plan(backwards.timelines(), (family,))
    assert learned.as_record() == plan_of(family).as_record()
