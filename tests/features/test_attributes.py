"""Attribute signals, with values worked out by hand."""

import math

import pytest

from features.attributes import ATTRIBUTES, learn
from tests.features.values import assert_values, values_at
from tests.leads.histories import changed, lead, timelines_of

MISSING = math.nan
SETTINGS = {
    "attributes": [
        {"attribute": "amount", "type": "number", "levels": [], "changes": True},
        {"attribute": "source", "type": "category", "levels": ["fair", "展会"], "changes": False},
        {"attribute": "is vip", "type": "boolean", "levels": [], "changes": False},
        {"attribute": "förfaller", "type": "time", "levels": [], "changes": True},
        {"attribute": "备注", "type": "text", "levels": [], "changes": False},
    ]
}


def values(days, *events, **attributes):
    return values_at(days, ATTRIBUTES, SETTINGS, events, [lead(**attributes)])


def test_what_is_not_known_is_missing():
    assert_values(
        values(5),
        attribute_amount=MISSING, changes_of_amount=MISSING, attribute_source=MISSING,
        attribute_is_vip=MISSING, attribute_forfaller=MISSING, attribute_4=MISSING,
    )  # fmt: skip


def test_values_at_creation():
    found = values(5, amount="12.5", source="展会", **{"is vip": "nej", "备注": "hej"})
    assert_values(
        found, attribute_amount=12.5, changes_of_amount=0, attribute_source=1,
        attribute_is_vip=0, attribute_4=1,
    )  # fmt: skip


def test_latest_known_value_counts_and_how_often_it_changed():
    events = [changed(1, "amount", "20"), changed(2, "amount", "30"), changed(3, "amount", "40", 9)]
    assert_values(values(0.5, *events, amount="10"), attribute_amount=10, changes_of_amount=0)
    assert_values(values(5, *events, amount="10"), attribute_amount=30, changes_of_amount=2)
    assert_values(values(9, *events, amount="10"), attribute_amount=40, changes_of_amount=3)


def test_cleared_value_is_missing_again_and_counts_as_a_change():
    found = values(
        5, changed(1, "amount", None), changed(2, "source", ""), amount="1", source="fair"
    )
    assert_values(found, attribute_amount=MISSING, changes_of_amount=1, attribute_source=MISSING)


@pytest.mark.parametrize("learned", ["category", "time", "boolean"])
def test_value_of_another_type_than_was_learned_is_missing(learned):
    entry = {"attribute": "amount", "type": learned, "levels": ["a"], "changes": True}
    found = values_at(5, ATTRIBUTES, {"attributes": [entry]}, [], [lead(amount="12.5")])
    assert_values(found, attribute_amount=MISSING, changes_of_amount=MISSING)


def test_levels_that_were_not_learned_share_the_code_past_the_others():
    assert_values(values(5, source="web"), attribute_source=2)
    assert_values(values(5, source="FAIR"), attribute_source=2)
    assert_values(values(5, source=" fair "), attribute_source=0)


def test_time_is_told_in_days_from_the_snapshot():
    due = "2026-01-11T09:17:00Z"
    assert_values(values(4, förfaller=due), attribute_forfaller=6)
    assert_values(values(12.5, förfaller=due), attribute_forfaller=-2.5)


def learned(n, values=("fair",), name="source", changes=0):
    """What is learned from 30 leads, the first `n` with a value, `changes` of which are cleared."""
    leads = [
        lead(lead_id=str(number), **({name: values[number % len(values)]} if number < n else {}))
        for number in range(30)
    ]
    events = [changed(1, name, None, lead_id=str(number), event_id=str(number))
              for number in range(changes)]  # fmt: skip
    return [tuple(entry.values()) for entry in learn(timelines_of(leads, events))["attributes"]]


@pytest.mark.parametrize(
    ("n", "expected"), [(19, []), (20, [("source", "category", ["fair"], False)])]
)
def test_attribute_is_learned_from_twenty_leads_that_have_it(n, expected):
    assert learned(n) == expected


def test_category_without_a_frequent_level_is_left_out():
    assert learned(30, values=[str(number) for number in range(30)]) == []


def test_rare_level_is_left_out():
    found = learned(30, values=["fair", "fair", "web"])
    assert found == [("source", "category", ["fair"], False)]


def test_number_needs_no_frequent_level():
    values = [str(number) for number in range(30)]
    assert learned(30, values, name="amount") == [("amount", "number", [], False)]


@pytest.mark.parametrize(("changes", "counted"), [(19, False), (20, True)])
def test_changes_are_counted_where_there_are_twenty(changes, counted):
    assert learned(30, changes=changes) == [("source", "category", ["fair"], counted)]


def test_names_that_look_alike_get_columns_of_their_own():
    names = ["x", "X", "x changes", "x_1", "备注", "4"]
    entries = [
        {"attribute": name, "type": "number", "levels": [], "changes": True} for name in names
    ]
    found = [column.name for column in ATTRIBUTES.columns({"attributes": entries})]
    assert len(set(found)) == 2 * len(names)
