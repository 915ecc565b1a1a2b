"""The view: what was known of a lead at a snapshot, by both clocks, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from leads.clock import DAY_US
from leads.errors import InvalidSnapshotError
from leads.view import Snapshots, View, known_by, look
from tests.leads.histories import (
    History,
    at,
    changed,
    contact,
    few,
    histories,
    in_stated_order,
    is_known,
    lead,
    moved,
    snapshots_of,
    timelines_of,
)

LEAD = lead()


def seen(events, days, leads=(LEAD,), lead_id="a"):
    """The ids of the events that the view of one snapshot shows, in order."""
    timelines = timelines_of(leads, events)
    view = look(timelines, snapshots_of(timelines, [(lead_id, at(days))]))
    return view.event_ids(0, range(int(view.stop[0] - view.first[0])))


def test_meeting_after_the_snapshot_is_invisible():
    assert seen([contact(1), contact(2)], days=1.5) == ["email@1"]


def test_event_at_the_very_moment_of_the_snapshot_is_known():
    assert seen([contact(1)], days=1) == ["email@1"]


def test_event_is_invisible_until_it_was_recorded():
    late = [contact(1, recorded=5)]
    assert seen(late, days=4.9) == []
    assert seen(late, days=5) == ["email@1"]


def test_meeting_planned_ahead_is_invisible_until_it_happened():
    planned = [contact(5, recorded=1)]
    assert seen(planned, days=4.9) == []
    assert seen(planned, days=5) == ["email@5"]


def test_hole_left_by_late_recording_is_skipped():
    events = [contact(1), contact(2, recorded=9), contact(3), contact(4, recorded=9), contact(5)]
    assert seen(events, days=6) == ["email@1", "email@3", "email@5"]
    assert seen(events, days=9) == ["email@1", "email@2", "email@3", "email@4", "email@5"]


def test_hole_of_a_single_microsecond_is_a_hole():
    events = [contact(1, recorded=2 + 1 / DAY_US), contact(2)]
    assert seen(events, days=2) == ["email@2"]


def test_what_happened_before_the_lead_came_in_is_known_from_then_on():
    events = [contact(-5), contact(-3, recorded=2)]
    assert seen(events, days=0) == ["email@-5"]
    assert seen(events, days=2) == ["email@-5", "email@-3"]


def test_snapshot_before_the_lead_came_in_is_refused():
    timelines = timelines_of([lead(3, lead_id="Åsa")])
    snapshots = snapshots_of(timelines, [("Åsa", at(3)), ("Åsa", at(3) - 1)])
    message = (
        r"as_of 2026-01-04T09:16:59.999999Z is before lead 'Åsa' was created "
        r"\(2026-01-04T09:17:00Z\); ask for a later moment"
    )
    with pytest.raises(InvalidSnapshotError, match=message):
        look(timelines, snapshots)


def test_value_at_creation_is_known_at_creation():
    timelines = timelines_of([lead(1, amount="5")], [changed(2, "amount", "7")])
    view = look(timelines, snapshots_of(timelines, [("a", at(1)), ("a", at(2))]))
    known = [
        view.events.number[first:stop].tolist()
        for first, stop in zip(view.first, view.stop, strict=True)
    ]
    assert known == [[5.0], [5.0, 7.0]]


def test_snapshots_of_several_leads_see_their_own_events():
    leads = [lead(lead_id="a"), lead(lead_id="b"), lead(1, lead_id="c", pipeline="b2c")]
    events = [contact(day, lead_id=name) for day, name in enumerate("aabab")]
    timelines = timelines_of(leads, events)
    pairs = [("b", at(9)), ("a", at(1)), ("c", at(9)), ("b", at(2)), ("a", at(9))]
    view = look(timelines, snapshots_of(timelines, pairs))
    assert [view.lead_id(row) for row in range(5)] == ["b", "a", "c", "b", "a"]
    assert (view.stop - view.first).tolist() == [2, 2, 0, 1, 3]
    assert view.as_of.tolist() == [moment for _, moment in pairs]
    assert view.created_at.tolist() == [at(0), at(0), at(1), at(0), at(0)]
    assert view.pipeline.tolist() == [0, 0, 1, 0, 0]


def test_no_snapshots_make_an_empty_view():
    timelines = timelines_of([LEAD], [contact(1)])
    assert len(look(timelines, snapshots_of(timelines, []))) == 0


def test_some_snapshots():
    snapshots = Snapshots(np.array([0, 1, 2]), np.array([5, 6, 7]))
    some = snapshots.only(np.array([True, False, True]))
    assert (some.lead.tolist(), some.as_of.tolist(), len(some)) == ([0, 2], [5, 7], 2)


def check_view_is_a_filter(look_at, history: History) -> None:
    """The law of the view: the known events of each snapshot, all of them, in the stated order."""
    timelines = history.timelines()
    pairs = history.snapshots()
    view = look_at(timelines, snapshots_of(timelines, pairs))
    for row, (lead_id, as_of) in enumerate(pairs):
        known = [e for e in history.events if e.lead_id == lead_id and is_known(e, as_of)]
        expected = [event.event_id for event in in_stated_order(known, history.leads)]
        found = view.event_ids(row, range(int(view.stop[row] - view.first[row])))
        assert set(found) <= set(expected), "the view shows an event that was not known"
        assert set(found) >= set(expected), "the view hides an event that was known"
        assert found == expected, "the view shows events in another order than the stated one"


@given(histories())
@few(60)
def test_view_is_the_plain_filter_of_the_known_events(history):
    check_view_is_a_filter(look, history)


@pytest.mark.slow
@given(histories(most_leads=6, most_events=40))
@few(2000)
def test_view_is_the_plain_filter_of_the_known_events_of_long_histories(history):
    check_view_is_a_filter(look, history)


@given(histories())
@few(60)
def test_what_was_known_at_a_moment_is_what_the_view_shows_then(history):
    timelines = history.timelines()
    for moment in history.moments:
        known = known_by(timelines, moment)
        pairs = [pair for pair in history.snapshots() if pair[1] == moment]
        assert known.lead_ids == tuple(lead_id for lead_id, _ in pairs)
        view = look(timelines, snapshots_of(timelines, pairs))
        for row in range(len(pairs)):
            places = range(known.start[row], known.start[row + 1])
            shown = view.event_ids(row, range(int(view.stop[row] - view.first[row])))
            assert known.ids_of(known.events, places) == shown
        again = look(known, snapshots_of(known, pairs))
        assert (again.stop - again.first).tolist() == (view.stop - view.first).tolist()


# Faults planted in copies of `look`, each of which the law of the view must catch.


def planted_look(timelines, snapshots, *, side="right", by_recorded_at=True, late=True) -> View:
    """`look` in plain Python, with faults: the wrong clock, `<` for `<=`, only the last hole."""
    events = timelines.events
    keep, lengths = [], []
    for row, as_of in zip(snapshots.lead, snapshots.as_of, strict=True):
        own = np.arange(timelines.start[row], timelines.start[row + 1])
        clocks = [events.occurred_at[own]] + [events.recorded_at[own]] * by_recorded_at
        known = [clock < as_of if side == "left" else clock <= as_of for clock in clocks]
        shown = own[np.logical_and.reduce(known)]
        if not late:
            shown = shown[: np.argmin(known[1])] if not known[1].all() else shown
        keep.append(shown)
        lengths.append(len(shown))
    stop = np.cumsum(np.array(lengths, np.int64))
    places = np.concatenate([*keep, np.zeros(0, np.int64)]).astype(np.int64)
    return View(timelines, snapshots, events.take(places), stop - np.array(lengths, np.int64), stop)


TELLING = History(
    (lead(0), lead(2, lead_id="b", pipeline="b2c")),
    (contact(-1), contact(1, recorded=6), moved(2, "Won"), contact(5), contact(1, lead_id="b")),
    (at(2), at(4), at(5)),
)


def test_law_of_the_view_holds_for_the_plain_copy_without_a_fault():
    check_view_is_a_filter(planted_look, TELLING)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"by_recorded_at": False}, "shows an event that was not known"),
        ({"side": "left"}, "hides an event that was known"),
        ({"late": False}, "hides an event that was known"),
    ],
    ids=["ignores recorded_at", "< for <=", "hides what follows a hole"],
)
def test_fault_planted_in_the_view_turns_its_law_red(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_view_is_a_filter(lambda t, s: planted_look(t, s, **fault), TELLING)


def test_view_of_unsorted_events_turns_its_law_red():
    def look_in_reverse(timelines, snapshots):
        view = planted_look(timelines, snapshots)
        backwards = view.events.take(np.arange(len(view.events.row))[::-1])
        n = len(view.events.row)
        return replace(view, events=backwards, first=n - view.stop, stop=n - view.first)

    with pytest.raises(AssertionError, match="in another order than the stated one"):
        check_view_is_a_filter(look_in_reverse, TELLING)
