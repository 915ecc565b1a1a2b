"""Stage signals, with values worked out by hand; stages are numbered as the pipelines list them."""

import math

from features.stages import STAGES
from leads.pipelines import OPEN
from tests.features.values import assert_values, values_at
from tests.leads.histories import PIPELINES, contact, lead, moved

SETTINGS = {
    "stages": [list(pair) for pair in PIPELINES.stage_names],
    "open": [outcome == OPEN for outcome in PIPELINES.stage_outcome],
}
MISSING = math.nan
NEW, QUALIFIED, PROPOSAL, WON, _, LOST, _, B2C_NEW, OFFER, *_ = range(len(PIPELINES.stage_names))


def values(days, *events, created=0.0, settings=SETTINGS):
    return values_at(days, STAGES, settings, events, [lead(created)])


def test_lead_without_a_stage_change_is_in_its_first_stage_since_it_came_in():
    assert_values(
        values(5, contact(1)),
        stage=NEW, previous_stage=MISSING, stage_order=0, stage_win_rate=MISSING,
        furthest_stage=0, stage_changes_ever=0, stage_changes_7d=0, moves_back=0,
        stages_skipped=0, reopenings=0, days_in_stage=5, days_to_stage=0,
        days_in_previous_stage=MISSING, age_days=5, visits_new_b2b=1, visits_qualified_b2b=0,
        moves_forward=0, pipeline_transfers=0, days_per_move=MISSING, days_at_new_b2b=5,
        days_at_qualified_b2b=MISSING,
    )  # fmt: skip


def test_moves_forward():
    found = values(12, moved(1, "Qualified"), moved(4, "Proposal"))
    assert_values(
        found,
        stage=PROPOSAL, previous_stage=QUALIFIED, stage_order=2, furthest_stage=2,
        stage_changes_ever=2, stage_changes_7d=0, moves_back=0, stages_skipped=0,
        days_in_stage=8, days_to_stage=4, days_in_previous_stage=3, age_days=12, moves_forward=2,
        days_per_move=2, days_at_new_b2b=1, days_at_qualified_b2b=3, days_at_proposal_b2b=8,
    )  # fmt: skip


def test_moves_back_and_skips():
    found = values(6, moved(1, "Proposal"), moved(2, "New"), moved(3, "Qualified"))
    assert_values(
        found,
        stage=QUALIFIED, stage_order=1, furthest_stage=2, moves_back=1, stages_skipped=1,
        moves_forward=2, days_at_new_b2b=1 + 1, days_at_proposal_b2b=1, days_at_qualified_b2b=3,
        stage_changes_ever=3, stage_changes_7d=3, visits_new_b2b=2, visits_proposal_b2b=1,
    )  # fmt: skip


def test_change_to_the_stage_it_is_in_already_is_none():
    found = values(6, moved(1, "New"), moved(2, "Qualified"), moved(3, "Qualified"))
    assert_values(found, stage_changes_ever=1, days_in_stage=4, visits_qualified_b2b=1)


def test_reopened_lead_counts_its_reopening_and_not_a_move_back():
    found = values(9, moved(1, "Proposal"), moved(2, "Lost"), moved(5, "Qualified"))
    assert_values(
        found,
        stage=QUALIFIED, previous_stage=LOST, reopenings=1, moves_back=0, furthest_stage=2,
        moves_forward=1,
        days_in_previous_stage=3, days_in_stage=4, days_to_stage=5, visits_lost_b2b=1,
    )  # fmt: skip


def test_closing_is_not_a_furthest_stage():
    assert_values(values(3, moved(1, "Lost")), furthest_stage=0, stages_skipped=0)


def test_stage_before_creation_is_counted_from_creation():
    found = values(5, moved(-3, "Qualified"), created=1)
    assert_values(
        found, stage=QUALIFIED, days_in_stage=4, days_to_stage=0, days_in_previous_stage=0,
        age_days=4, previous_stage=NEW, days_at_new_b2b=0, days_at_qualified_b2b=4,
    )  # fmt: skip


def test_changes_of_the_last_week_are_younger_than_seven_days():
    found = values(10, moved(3, "Qualified"), moved(3.001, "Proposal"))
    assert_values(found, stage_changes_7d=1, stage_changes_ever=2)


def test_changes_are_counted_in_windows():
    stages = ("Qualified", "Proposal", "New", "Qualified", "Proposal", "New", "Qualified")
    changes = [
        moved(days, stage)
        for days, stage in zip((10, 10.001, 70, 70.001, 93, 93.001, 99.001), stages, strict=True)
    ]
    assert_values(
        values(100, *changes),
        stage_changes_1d=1, stage_changes_7d=2, stage_changes_30d=4, stage_changes_90d=6,
        stage_changes_ever=7,
    )  # fmt: skip


def test_move_to_another_pipeline():
    found = values(5, moved(1, "Proposal"), moved(2, "New", pipeline="b2c"), moved(3, "Offer"))
    assert_values(found, stage=OFFER, previous_stage=B2C_NEW, stage_order=1, furthest_stage=2)
    assert_values(found, pipeline_transfers=1, moves_forward=2, moves_back=0, stages_skipped=1)


def test_stages_that_the_model_does_not_know_share_one_code():
    settings = {"stages": [["b2b", "New"], ["b2b", "Won"]], "open": [True, False]}
    found = values(5, moved(1, "Qualified"), moved(2, "Proposal"), settings=settings)
    assert_values(found, stage=3, previous_stage=3, visits_new=1, visits_won=0, days_at_new=1)


def test_stages_of_several_pipelines_are_told_apart_by_name():
    labels = STAGES.columns(SETTINGS)[0].levels
    assert labels[:2] == ("New (b2b)", "Qualified (b2b)")
    assert labels[B2C_NEW] == "New (b2c)"
