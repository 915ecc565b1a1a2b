"""Values of the table of leads beside a history: what is shown, and what gives the future away."""

from features.attributes import learn
from leads.overwritten import FEWEST_LEADS
from leads.view import known_by
from tests.leads.histories import at, changed, lead, timelines_of


def history(first_change, last_value, leads=2 * FEWEST_LEADS):
    """Leads with an amount of 100; every other one has two changes, the last to a value."""
    rows = [lead(0, str(number), amount="100") for number in range(leads)]
    changes = [
        changed(day, "amount", value, lead_id=str(number), event_id=f"{number}-{day}")
        for number in range(0, leads, 2)
        for day, value in ((first_change, "50"), (first_change + 1, last_value))
    ]
    return timelines_of(rows, changes)


def learned(timelines):
    return [entry["attribute"] for entry in learn(timelines)["attributes"]]


def test_value_that_equals_the_last_change_was_overwritten():
    (found,) = history(3, "100").quarantined

    assert found.attribute == "amount"
    assert "of the 20 leads whose changes begin after their creation, 20 hold" in found.evidence
    assert "write the values at creation into attribute_changes" in found.evidence


def test_overwritten_attribute_is_not_learned_from_even_before_it_changes():
    timelines = history(300, "100")

    assert learned(timelines) == []
    assert learned(known_by(timelines, at(200))) == []


def test_value_at_creation_that_changed_later_is_learned_from():
    timelines = history(3, "70")

    assert timelines.quarantined == ()
    assert learned(timelines) == ["amount"]


def test_history_that_begins_at_creation_stands_alone():
    timelines = history(0, "100")

    assert timelines.quarantined == ()
    assert len(timelines.events.type) == FEWEST_LEADS * 2 + FEWEST_LEADS


def test_first_change_that_is_not_yet_known_hides_nothing():
    before = timelines_of([lead(0, amount="100")])
    after = timelines_of([lead(0, amount="100")], [changed(9, "amount", "50")])

    assert values(known_by(before, at(5))) == values(known_by(after, at(5))) == [100.0]


def values(timelines):
    return timelines.events.number.tolist()


def test_few_changes_are_no_evidence():
    assert history(3, "100", leads=2 * FEWEST_LEADS - 2).quarantined == ()
