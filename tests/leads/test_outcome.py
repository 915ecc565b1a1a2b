"""Outcomes: the status of a lead at a snapshot, its closing, and the label to learn."""

import numpy as np
import pytest
from hypothesis import given

from leads.clock import DAY_US
from leads.outcome import (
    CENSORED_LABEL,
    NEVER,
    NOT_WON_LABEL,
    STATUS_NAMES,
    WON_LABEL,
    closings,
    known_stage,
    known_status,
    labels,
    window_days,
)
from leads.pipelines import LOST, OPEN, WON
from leads.records import STAGE_CHANGE
from leads.view import look
from tests.leads.histories import (
    PIPELINES,
    at,
    contact,
    few,
    histories,
    in_stated_order,
    is_known,
    lead,
    moved,
    snapshots_of,
    stage_code,
    timelines_of,
)

LEAD = lead()
WINDOW = PIPELINES["b2b"].window_days


def view_of(events, days, leads=(LEAD,), lead_id="a"):
    timelines = timelines_of(leads, events)
    return look(timelines, snapshots_of(timelines, [(lead_id, at(days))]))


def stage_at(events, days, leads=(LEAD,)):
    return PIPELINES.stage_names[int(known_stage(view_of(events, days, leads))[0])]


def status_at(events, days, leads=(LEAD,)):
    return STATUS_NAMES[int(known_status(view_of(events, days, leads))[0])]


def label_at(events, days, until, leads=(LEAD,)):
    return int(labels(view_of(events, days, leads), at(until))[0])


def closing_of(events, until, leads=(LEAD,)):
    """Status, and the days it was closed and known: None where it never was."""
    closing = closings(timelines_of(leads, events), at(until))
    days = [
        None if moment == NEVER else (moment - at(0)) / DAY_US
        for moment in (closing.closed_at[0], closing.known_at[0])
    ]
    return STATUS_NAMES[int(closing.status[0])], *days


def test_lead_without_a_stage_change_is_in_the_first_stage_of_its_pipeline():
    assert stage_at([contact(1)], 2) == ("b2b", "New")
    assert stage_at([contact(1)], 2, [lead(pipeline="b2c")]) == ("b2c", "New")
    assert status_at([], 2) == "open"


def test_stage_is_the_latest_known_one():
    events = [moved(1, "Qualified"), moved(2, "Proposal"), contact(3)]
    assert [stage_at(events, days)[1] for days in (0.5, 1, 1.9, 2, 9)] == [
        "New", "Qualified", "Qualified", "Proposal", "Proposal",
    ]  # fmt: skip


def test_move_that_happened_earlier_but_was_recorded_later_does_not_win():
    events = [moved(2, "Proposal"), moved(1, "Qualified", recorded=5)]
    assert stage_at(events, 6) == ("b2b", "Proposal")


def test_stage_before_creation_counts_from_creation():
    assert stage_at([moved(-3, "Qualified")], 0) == ("b2b", "Qualified")


@pytest.mark.parametrize(
    ("stage", "status"),
    [("Qualified", "open"), ("Won", "won"), ("Onboarding", "won"), ("Lost", "lost"),
     ("Disqualified", "lost")],
)  # fmt: skip
def test_status_is_what_the_stage_says(stage, status):
    assert status_at([moved(1, stage)], 0.9) == "open"
    assert status_at([moved(1, stage)], 1) == status


def test_reopened_lead_is_open():
    events = [moved(1, "Lost"), moved(3, "Qualified"), moved(5, "Won")]
    assert [status_at(events, days) for days in (2, 4, 6)] == ["lost", "open", "won"]


def test_late_recorded_closing_is_unknown_until_it_was_recorded():
    events = [moved(1, "Won", recorded=4)]
    assert [status_at(events, days) for days in (2, 4)] == ["open", "won"]


def test_moved_lead_has_the_status_of_its_new_pipeline():
    events = [moved(1, "Won"), moved(2, "Offer"), moved(3, "Förlorad")]
    assert [status_at(events, days) for days in (1, 2, 3)] == ["won", "open", "lost"]


def test_won_and_lost_at_the_same_moment_is_lost():
    assert status_at([moved(1, "Lost"), moved(1, "Won"), moved(1, "Proposal")], 1) == "lost"


def test_closing_says_when_it_happened_and_when_we_learned_of_it():
    assert closing_of([moved(1, "Won", recorded=4)], until=5) == ("won", 1, 4)
    assert closing_of([moved(1, "Lost")], until=5) == ("lost", 1, 1)
    assert closing_of([moved(3, "Won", recorded=1)], until=5) == ("won", 3, 3)


def test_closing_not_yet_known_at_the_cut_is_none():
    assert closing_of([moved(1, "Won", recorded=4)], until=3) == ("open", None, None)
    assert closing_of([moved(4, "Won")], until=3) == ("open", None, None)


def test_lead_that_came_in_after_the_cut_is_open():
    assert closing_of([moved(1, "Won")], until=3, leads=[lead(4)]) == ("open", None, None)


def test_closing_before_the_lead_came_in_is_learned_of_when_it_came_in():
    assert closing_of([moved(-2, "Lost")], until=3, leads=[lead(1)]) == ("lost", -2, 1)


def test_closing_is_undone_by_reopening():
    events = [moved(1, "Won"), moved(3, "Proposal")]
    assert closing_of(events, until=2) == ("won", 1, 1)
    assert closing_of(events, until=3) == ("open", None, None)
    assert closing_of([*events, moved(7, "Lost")], until=8) == ("lost", 7, 7)


def test_lead_closed_again_is_closed_when_it_last_came_to_that():
    events = [moved(1, "Won"), moved(3, "Proposal"), moved(5, "Won", recorded=6)]
    assert closing_of(events, until=8) == ("won", 5, 6)


def test_lost_then_won_is_won_from_the_win_on():
    events = [moved(1, "Lost"), moved(3, "Won")]
    assert closing_of(events, until=2) == ("lost", 1, 1)
    assert closing_of(events, until=8) == ("won", 3, 3)


def test_stage_after_the_win_keeps_the_time_of_the_win():
    assert closing_of([moved(1, "Won"), moved(4, "Onboarding")], until=8) == ("won", 1, 1)


def test_stage_after_the_win_alone_implies_the_win():
    assert closing_of([moved(4, "Onboarding")], until=8) == ("won", 4, 4)


def test_second_losing_stage_keeps_the_time_of_the_first():
    assert closing_of([moved(1, "Lost"), moved(4, "Disqualified")], until=8) == ("lost", 1, 1)


def test_closing_has_the_pipeline_that_the_lead_was_in():
    timelines = timelines_of([LEAD, lead(lead_id="b")], [moved(1, "Offer"), moved(2, "Köpt")])
    assert closings(timelines, at(1)).pipeline.tolist() == [1, 0]
    assert closings(timelines, at(0)).pipeline.tolist() == [0, 0]


def test_window_is_that_of_each_pipeline():
    assert window_days(timelines_of([LEAD])).tolist() == [30, 7]


def test_won_within_the_window_is_labelled_won():
    assert label_at([moved(5, "Won")], days=2, until=40) == WON_LABEL


def test_won_at_the_very_end_of_the_window_is_won_and_after_it_is_not():
    assert label_at([moved(2 + WINDOW, "Won")], days=2, until=100) == WON_LABEL
    assert label_at([moved(2.001 + WINDOW, "Won")], days=2, until=100) == NOT_WON_LABEL


def test_lost_is_labelled_not_won_at_once():
    assert label_at([moved(5, "Lost")], days=2, until=6) == NOT_WON_LABEL


def test_open_and_younger_than_the_window_is_censored():
    assert label_at([contact(5)], days=2, until=1.999 + WINDOW) == CENSORED_LABEL


def test_still_open_when_the_window_has_passed_is_not_won():
    assert label_at([contact(5)], days=2, until=2 + WINDOW) == NOT_WON_LABEL


def test_closing_unknown_at_the_training_cut_does_not_label():
    assert label_at([moved(5, "Won", recorded=9)], days=2, until=8) == CENSORED_LABEL
    assert label_at([moved(5, "Won", recorded=9)], days=2, until=9) == WON_LABEL


def test_closing_that_happened_before_but_was_learned_of_after_the_snapshot_labels_it():
    assert label_at([moved(1, "Won", recorded=9)], days=2, until=20) == WON_LABEL
    assert label_at([moved(1, "Lost", recorded=9)], days=2, until=20) == NOT_WON_LABEL


def test_undone_closing_does_not_label():
    undone = [moved(5, "Lost"), moved(7, "Qualified")]
    assert label_at(undone, days=2, until=6) == NOT_WON_LABEL
    assert label_at(undone, days=2, until=10) == CENSORED_LABEL
    assert label_at([*undone, moved(9, "Won")], days=2, until=10) == WON_LABEL
    assert label_at([*undone, moved(9, "Won")], days=2, until=8) == CENSORED_LABEL


def test_win_that_was_undone_and_followed_by_a_loss_is_not_won():
    events = [moved(5, "Won"), moved(7, "Lost")]
    assert label_at(events, days=2, until=6) == WON_LABEL
    assert label_at(events, days=2, until=10) == NOT_WON_LABEL


def test_lost_then_won_is_labelled_won():
    assert label_at([moved(5, "Lost"), moved(7, "Won")], days=2, until=10) == WON_LABEL


def test_snapshot_of_a_reopened_lead_is_labelled_by_what_follows_it():
    events = [moved(1, "Won"), moved(3, "Qualified"), moved(5, "Lost")]
    assert label_at(events, days=4, until=4.5) == CENSORED_LABEL
    assert label_at(events, days=4, until=6) == NOT_WON_LABEL


def test_window_is_of_the_pipeline_that_the_lead_was_in_at_the_snapshot():
    events = [moved(3, "Offer"), moved(12, "Köpt")]
    assert label_at(events, days=2, until=100) == WON_LABEL
    assert label_at(events, days=4, until=100) == NOT_WON_LABEL
    assert label_at(events, days=6, until=100) == WON_LABEL


def folded(history, lead_row, until):
    """The closing of a lead by a fold over its known stage changes, in plain Python."""
    one = history.leads[lead_row]
    own = [e for e in history.events if e.lead_id == one.lead_id and e.type == STAGE_CHANGE]
    status, closed_at, known_at = OPEN, NEVER, NEVER
    if one.created_at > until:
        return status, closed_at, known_at
    for event in in_stated_order([e for e in own if is_known(e, until)], history.leads):
        outcome = PIPELINES.stage_outcome[stage_code(event, one)]
        if outcome == OPEN:
            status, closed_at, known_at = OPEN, NEVER, NEVER
        elif outcome != status:
            status, closed_at = outcome, event.occurred_at
            known_at = max(event.occurred_at, event.recorded_at, one.created_at)
    return status, closed_at, known_at


@given(histories())
@few(60)
def test_status_is_a_fold_over_the_known_stage_changes(history):
    timelines = history.timelines()
    pairs = history.snapshots()
    status = known_status(look(timelines, snapshots_of(timelines, pairs)))
    for (lead_id, as_of), found in zip(pairs, status, strict=True):
        assert found == folded(history, timelines.row_of[lead_id], as_of)[0]


@given(histories())
@few(60)
def test_closing_is_a_fold_over_the_known_stage_changes(history):
    for until in history.moments:
        closing = closings(history.timelines(), until)
        for row in range(len(history.leads)):
            found = (closing.status[row], closing.closed_at[row], closing.known_at[row])
            assert found == folded(history, row, until)


@given(histories())
@few(60)
def test_label_of_an_open_snapshot_follows_from_its_closing(history):
    timelines = history.timelines()
    pairs = history.snapshots()
    view = look(timelines, snapshots_of(timelines, pairs))
    window_us = window_days(timelines)[PIPELINES.stage_pipeline[known_stage(view)]] * DAY_US
    is_open = known_status(view) == OPEN
    for until in history.moments:
        found = labels(view, until)
        for row in np.flatnonzero(is_open & (view.as_of <= until)):
            status, closed_at, known_at = folded(history, view.snapshots.lead[row], until)
            in_time = closed_at <= view.as_of[row] + window_us[row]
            passed = view.as_of[row] + window_us[row] <= until
            unknown = CENSORED_LABEL if not passed else NOT_WON_LABEL
            expected = {OPEN: unknown, LOST: NOT_WON_LABEL, WON: WON_LABEL if in_time else 0}
            assert found[row] == expected[status]
            assert status == OPEN or known_at > view.as_of[row]
