"""The signal plan: its columns in order, its matrix, and its stored record."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from features.calendar import CALENDAR
from features.families import FAMILIES
from features.plan import LARGE_PAGE_BYTES, SignalPlan, learn_plan, plan_from_record
from features.population import population_of
from features.signal import Family
from leads.errors import DamagedArtifactError
from leads.view import Snapshots, look
from tests.features.golden import PATH, golden_lines, small_history
from tests.features.training_history import training_history
from tests.leads.histories import History, snapshots_of


@pytest.fixture(scope="module")
def plan() -> SignalPlan:
    return learn_plan(training_history().timelines(), FAMILIES)


def learn_plan_again() -> SignalPlan:
    return learn_plan(training_history().timelines(), FAMILIES)


def matrix_of(plan: SignalPlan, history: History | None = None) -> np.ndarray:
    history = history or small_history()
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


def test_matrix_that_is_not_small_begins_at_a_large_page(plan, monkeypatch):
    whole = matrix_of(plan)
    monkeypatch.setattr("features.plan.LEAST_LARGE_BYTES", whole.nbytes)
    at_a_page = matrix_of(plan)
    assert at_a_page.ctypes.data % LARGE_PAGE_BYTES == 0
    assert at_a_page.flags.c_contiguous
    np.testing.assert_array_equal(at_a_page, whole)


def in_small_blocks(monkeypatch, worth_threads_s: float) -> None:
    """Rows are filled in blocks of two, after some that are timed."""
    monkeypatch.setattr("features.plan.WORTH_THREADS_S", worth_threads_s)
    monkeypatch.setattr("features.plan.MOST_FIRST_ROWS", 3)
    monkeypatch.setattr("features.plan.BLOCK_ROWS", 2)


with_and_without_threads = pytest.mark.parametrize(
    "worth_threads_s", [0.0, 1e9], ids=["threads", "one after the other"]
)


@with_and_without_threads
def test_rows_are_the_same_in_small_blocks(plan, monkeypatch, worth_threads_s):
    whole = matrix_of(plan)
    in_small_blocks(monkeypatch, worth_threads_s)
    np.testing.assert_array_equal(matrix_of(plan), whole)


@with_and_without_threads
@pytest.mark.parametrize("rows", [0, 1, 4, 5, 6, 21])
def test_every_row_is_filled_once(rows, monkeypatch, worth_threads_s):
    """Memory that was never written may by chance hold what belongs there."""
    in_small_blocks(monkeypatch, worth_threads_s)
    filled = []
    noting = Family(
        "noting", lambda timelines: {}, lambda settings: (),
        lambda made, view, population, block: filled.extend(view.as_of.tolist()),
    )  # fmt: skip
    timelines = small_history().timelines()
    moments = timelines.created_at[0] + np.arange(rows)
    view = look(timelines, Snapshots(np.zeros(rows, np.int64), moments))
    learn_plan(timelines, (noting,)).matrix(view, population_of(timelines))
    assert sorted(filled) == moments.tolist()


def test_what_was_prepared_for_some_timelines_is_not_used_for_others(plan):
    """The second history numbers kinds, results, stages, attributes and levels in another way."""
    history = small_history()
    fewer = history.with_events(event for event in history.events if event.lead_id != "a")
    before = [matrix_of(learn_plan_again(), of) for of in (history, fewer)]
    after = [matrix_of(plan, of) for of in (history, fewer)]
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])


def test_families_prepare_once_for_the_same_timelines():
    seen = []
    counted = replace(CALENDAR, prepare=lambda settings, of: seen.append(of) or settings)
    plan = learn_plan(training_history().timelines(), (counted,))
    timelines = small_history().timelines()
    view = look(timelines, snapshots_of(timelines, small_history().snapshots()))
    for _ in range(3):
        plan.matrix(view, population_of(timelines))
    assert len(seen) == 1


def test_plan_that_was_used_goes_to_another_process(plan):
    before = matrix_of(plan)
    again = pickle.loads(pickle.dumps(plan))
    np.testing.assert_array_equal(matrix_of(again), before)


def test_stored_plan_keeps_the_order_of_columns_though_json_sorts_its_keys(plan):
    stored = json.loads(json.dumps(plan.as_record(), sort_keys=True))
    again = plan_from_record(stored)
    assert again.columns == plan.columns
    np.testing.assert_array_equal(matrix_of(again), matrix_of(plan))


def test_stored_plan_keeps_its_order_though_the_families_are_listed_in_another(plan):
    assert plan_from_record(plan.as_record(), FAMILIES[::-1]).columns == plan.columns


def test_categorical_columns_are_those_with_levels(plan):
    names = [plan.columns[place].name for place in plan.categorical]
    attributes = [f"attribute_{name}" for name in ("contact", "owner", "source")]
    assert names == ["last_kind", "last_result", "stage", "previous_stage", *attributes]


def test_family_that_this_version_does_not_have_is_told():
    record = {"families": [{"family": "telepathy", "settings": {}}]}
    with pytest.raises(DamagedArtifactError, match="'telepathy', which this version does not have"):
        plan_from_record(record)
