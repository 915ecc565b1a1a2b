"""Inventory: what there is, counted as a person would count it."""

from dataclasses import replace

import pytest

from tests.leads.histories import at, changed, contact, lead, moved
from tests.training.sales_records import PIPELINES, Records
from training.inventory import inventory

RECORDS = Records(
    leads=(
        lead(0, "won", amount="5", source="fair"),
        lead(1, "late", amount="6"),
        lead(2, "lost"),
        lead(50, "open", amount="7"),
        lead(200, "later", amount="8"),
    ),
    events=(
        moved(1, "Qualified", lead_id="won"),
        moved(9, "Won", lead_id="won"),
        moved(40, "Won", lead_id="late"),
        moved(3, "Proposal", lead_id="lost"),
        moved(5, "Lost", lead_id="lost"),
        contact(3, "call", lead_id="won"),
        contact(4, lead_id="won"),
        contact(55, "call", lead_id="open"),
        changed(2, "amount", "9", lead_id="won"),
        contact(99, "call", lead_id="open"),
    ),
    outcome=(),
)


@pytest.fixture(scope="module")
def counted():
    return inventory(RECORDS.timelines(), at(60))


def test_only_what_is_known_by_the_moment_is_counted(counted):
    assert counted.leads == 4
    assert counted.events == {"attribute_change": 1, "interaction": 3, "stage_change": 5}
    assert counted.kinds == {"call": 2, "email": 1}
    assert (counted.first_created_at, counted.last_created_at) == (at(0), at(50))
    assert counted.newest_event_at == at(55)
    assert (counted.span_days, counted.stale_days) == (55, 5)


def test_leads_are_decided_by_the_window_after_they_came_in(counted):
    (size,) = counted.pipelines

    assert (size.leads, size.open, size.won, size.lost) == (4, 1, 2, 1)
    # "late" was won after its window of 30 days: decided, and not won within it.
    assert (size.decided, size.won_within_window) == (3, 1)
    assert size.median_days == 9


def test_lead_without_a_stage_change_came_to_the_first_stage(counted):
    stages = {stage.stage: stage for stage in counted.stages}

    assert [stages[name].reached for name in ("New", "Qualified", "Meeting", "Proposal")] == [
        4, 1, 0, 1,
    ]  # fmt: skip
    assert [stages[name].now for name in ("New", "Qualified", "Won", "Lost")] == [1, 0, 2, 1]
    assert (stages["New"].decided, stages["New"].won) == (3, 1)
    assert [stage.outcome for stage in counted.stages][-2:] == ["won", "lost"]


def test_attributes_are_counted_at_creation_with_their_later_changes(counted):
    fields = [(f.attribute, f.type, f.filled_at_creation, f.changes) for f in counted.attributes]

    assert fields == [("amount", "number", 0.75, 1), ("source", "category", 0.25, 0)]


def test_pipeline_without_leads_has_a_size_too():
    (own,) = PIPELINES.pipelines
    two = replace(RECORDS, pipelines=type(PIPELINES)((own, replace(own, name="other"))))
    sizes = inventory(two.timelines(), at(60)).pipelines

    assert [(size.pipeline, size.leads, size.median_days) for size in sizes] == [
        ("b2b", 4, 9), ("other", 0, None),
    ]  # fmt: skip


def test_record_has_times_as_text(counted):
    record = counted.as_record()
    assert record["first_created_at"] == "2026-01-01T09:17:00Z"
    assert record["stages"][0]["stage"] == "New"
