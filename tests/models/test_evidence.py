"""Evidence: the known events that a person would look at behind a factor."""

import pytest

from features.engagement import ENGAGEMENT
from features.population import population_of
from features.replies import REPLIES
from features.rhythm import RHYTHM
from features.signal import Evidence
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View, look
from models.evidence import MOST_EVENTS, event_ids
from tests.leads.histories import at, changed, contact, lead, moved, snapshots_of, timelines_of
from tests.models.line_model import line_over

EVENTS = (
    contact(1, "email", event_id="m1", direction="outbound"),
    contact(
        2, "call", event_id="c1", direction="inbound", result="no answer", duration_seconds=5.0
    ),
    contact(3, "email", event_id="m2", direction="inbound", result="svarade", duration_seconds=0.0),
    contact(4, "email", event_id="late", recorded=30),
    moved(2, "Qualified", event_id="s1"),
    moved(5, "Proposal", event_id="s2"),
    changed(3, "amount", "5", event_id="a1"),
    changed(4, "amount", "6", event_id="a2"),
    contact(2.5, "email", lead_id="b", event_id="of another lead"),
)


def seen(days: float) -> View:
    timelines = timelines_of((lead(source="fair"), lead(lead_id="b")), EVENTS)
    return look(timelines, snapshots_of(timelines, [("b", at(9)), ("a", at(days))]))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (None, []),
        (Evidence(INTERACTION), ["m2", "c1", "m1"]),
        (Evidence(INTERACTION, direction=0), ["m2", "c1"]),
        (Evidence(INTERACTION, direction=1), ["m1"]),
        (Evidence(INTERACTION, name="email"), ["m2", "m1"]),
        (Evidence(INTERACTION, name="never seen"), []),
        (Evidence(INTERACTION, result="no answer"), ["c1"]),
        (Evidence(INTERACTION, result="never seen"), []),
        (Evidence(INTERACTION, name="email", result="svarade"), ["m2"]),
        (Evidence(STAGE_CHANGE), ["s2"]),
        (Evidence(ATTRIBUTE_CHANGE, name="amount"), ["a2"]),
        (Evidence(ATTRIBUTE_CHANGE, name="email"), []),
        (Evidence(INTERACTION, talked=True), ["c1"]),
        (Evidence(INTERACTION, earliest=True), ["m1"]),
        (Evidence(INTERACTION, direction=0, earliest=True), ["c1"]),
        (Evidence(INTERACTION, name="never seen", earliest=True), []),
    ],
)
def test_newest_matching_events_come_first(evidence, expected):
    assert event_ids(seen(10), 1, evidence) == expected


def test_value_known_at_creation_is_no_event():
    assert event_ids(seen(10), 1, Evidence(ATTRIBUTE_CHANGE, name="source")) == []


def test_event_recorded_late_is_evidence_once_it_is_known():
    assert event_ids(seen(29), 1, Evidence(INTERACTION, name="email")) == ["m2", "m1"]
    assert event_ids(seen(30), 1, Evidence(INTERACTION, name="email")) == ["late", "m2", "m1"]


def test_at_most_five_events_are_named():
    many = tuple(contact(day, event_id=f"m{day}") for day in range(1, 9))
    timelines = timelines_of((lead(),), many)
    view = look(timelines, snapshots_of(timelines, [("a", at(7.5))]))

    assert event_ids(view, 0, Evidence(INTERACTION)) == ["m7", "m6", "m5", "m4", "m3"]
    assert MOST_EVENTS == 5


# A factor shows its own events.


TALK = (
    ("email", {"direction": "outbound"}),
    ("email", {"direction": "inbound", "result": "opened"}),
    ("call", {"direction": "outbound", "result": "no answer"}),
    ("call", {"direction": "inbound", "result": "answered", "duration_seconds": 300.0}),
    ("visit", {}),
)


def talks() -> Timelines:
    """Leads who had each of the contacts above, one a day: enough of them to learn them all."""
    names = [f"l{number:02}" for number in range(20)]
    events = [
        contact(day, kind, lead_id=name, event_id=f"{day}/{name}", **more)
        for name in names
        for day, (kind, more) in enumerate(TALK, start=1)
    ]
    return timelines_of([lead(lead_id=name) for name in names], events)


@pytest.mark.parametrize(
    ("told_by", "days"),
    [
        ("interactions_ever", [5, 4, 3, 2, 1]),
        ("kind_email_ever", [2, 1]),
        ("inbound_kind_email_ever", [2]),
        ("outbound_kind_call_ever", [3]),
        ("result_no_answer_ever", [3]),
        ("result_answered_share", [4]),
        ("inbound_ever", [4, 2]),
        ("outbound_ever", [3, 1]),
        ("days_since_inbound", [4, 2]),
        ("days_since_outbound", [3, 1]),
        ("minutes_ever", [4]),
        ("days_since_first_interaction", [1]),
        ("hours_to_first_inbound", [2]),
        ("hours_to_first_outbound", [1]),
    ],
)
def test_factor_shows_only_its_own_contacts(told_by, days):
    timelines = talks()
    scorer = line_over(timelines, (ENGAGEMENT, RHYTHM, REPLIES), {told_by: 3.0})
    view = look(timelines, snapshots_of(timelines, [("l07", at(9))]))

    (factor,) = scorer.describe(scorer.score(view, population_of(timelines)), 0).factors

    assert factor.events == tuple(f"{day}/l07" for day in days)
