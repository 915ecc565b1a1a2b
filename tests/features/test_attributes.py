"""Attribute signals, with values worked out by hand."""

import math

import pytest

from features.attributes import ATTRIBUTES, attribute_group, learn
from features.vocabulary import fingerprint
from tests.features.values import assert_values, values_at
from tests.leads.histories import changed, lead, timelines_of

MISSING = math.nan


def entry(attribute, kind, levels=(), rare=(), changes=False):
    """What is learned of an attribute."""
    return {
        "attribute": attribute,
        "type": kind,
        "levels": list(levels),
        "rare": sorted(fingerprint(level) for level in rare),
        "changes": changes,
    }


SETTINGS = {
    "attributes": [
        entry("amount", "number", changes=True),
        entry("source", "category", ["fair", "展会"], ["web"]),
        entry("is vip", "boolean"),
        entry("förfaller", "time", changes=True),
        entry("备注", "text"),
        entry("expected_close_date", "time"),
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
    settings = {"attributes": [entry("amount", learned, ["a"], changes=True)]}
    found = values_at(5, ATTRIBUTES, settings, [], [lead(amount="12.5")])
    assert_values(
        found, attribute_amount=MISSING, changes_of_amount=MISSING, attributes_known=0,
        attributes_known_share=0,
    )  # fmt: skip


def test_levels_that_are_not_listed_are_rare_or_unseen():
    assert_values(values(5, source="web"), attribute_source=2)
    assert_values(values(5, source="FAIR"), attribute_source=3)
    assert_values(values(5, source=" fair "), attribute_source=0)
    assert_values(values(5), attribute_source=MISSING)


def test_time_is_told_in_days_from_the_snapshot():
    due = "2026-01-11T09:17:00Z"
    assert_values(values(4, förfaller=due), attribute_forfaller=6)
    assert_values(values(12.5, förfaller=due), attribute_forfaller=-2.5)


def test_value_equal_to_the_one_before_is_no_change():
    events = [changed(1, "amount", "10"), changed(2, "amount", "20"), changed(4, "amount", "20")]
    assert_values(
        values(5, *events, amount="10"), changes_of_amount=1, days_since_change_of_amount=3
    )
    assert_values(
        values(1.5, *events, amount="10"),
        changes_of_amount=0, days_since_change_of_amount=MISSING,
    )  # fmt: skip


def test_number_is_compared_with_the_first_value_known():
    events = [changed(1, "amount", "30"), changed(2, "amount", "15")]
    assert_values(values(5, *events, amount="10"), difference_of_amount=5, ratio_of_amount=1.5)
    assert_values(values(5, *events), difference_of_amount=-15, ratio_of_amount=0.5)
    assert_values(values(0.5, *events), difference_of_amount=MISSING, ratio_of_amount=MISSING)


@pytest.mark.parametrize("first", ["0", "-10"])
def test_ratio_to_a_first_value_not_above_zero_means_nothing(first):
    found = values(5, changed(1, "amount", "30"), amount=first)
    assert_values(found, ratio_of_amount=MISSING, difference_of_amount=30 - float(first))


def test_ratio_that_is_no_number_any_more_is_missing():
    found = values(5, changed(1, "amount", "9e299"), amount="1e-299")
    assert_values(found, ratio_of_amount=MISSING, difference_of_amount=9e299)


def test_time_that_is_put_off():
    """From the 10th to the 20th, back to the 15th, to the 18th."""
    events = [
        changed(days, "förfaller", f"2026-01-{day}T09:17:00Z")
        for days, day in ((1, 20), (2, 15), (3, 18))
    ]
    found = values(5, *events, förfaller="2026-01-10T09:17:00Z")
    assert_values(
        found, pushes_of_forfaller=2, pushed_days_of_forfaller=13, changes_of_forfaller=3,
        days_since_change_of_forfaller=2, attribute_forfaller=12,
    )  # fmt: skip


def test_close_date_is_overdue_once_it_is_past():
    due = {"expected_close_date": "2026-01-11T09:17:00Z"}
    assert_values(values(10, **due), overdue_expected_close_date=0)
    assert_values(values(10.001, **due), overdue_expected_close_date=1)
    assert_values(values(10.001), overdue_expected_close_date=MISSING)


def test_close_date_that_changes_is_overdue_by_its_latest_value():
    settings = {"attributes": [entry("expected_close_date", "time", changes=True)]}
    events = [changed(1, "expected_close_date", "2026-01-21T09:17:00Z")]
    leads = [lead(expected_close_date="2026-01-11T09:17:00Z")]
    found = values_at(12, ATTRIBUTES, settings, events, leads)
    assert_values(
        found, overdue_expected_close_date=0, attribute_expected_close_date=8,
        pushes_of_expected_close_date=1, pushed_days_of_expected_close_date=10,
    )  # fmt: skip


def test_known_attributes_are_counted_now():
    found = values(5, changed(1, "amount", None), amount="1", source="x", **{"is vip": "nej"})
    assert_values(found, attributes_known=2, attributes_known_share=2 / 6)
    assert values_at(5, ATTRIBUTES, {"attributes": []}) == {}


def learned(n, values=("fair",), name="source", changes=0):
    """What is learned from 30 leads, the first `n` with a value, `changes` of which are cleared."""
    leads = [
        lead(lead_id=str(number), **({name: values[number % len(values)]} if number < n else {}))
        for number in range(30)
    ]
    events = [changed(1, name, None, lead_id=str(number), event_id=str(number))
              for number in range(changes)]  # fmt: skip
    return [
        (one["attribute"], one["type"], one["levels"], one["changes"])
        for one in learn(timelines_of(leads, events))["attributes"]
    ]


@pytest.mark.parametrize(
    ("n", "expected"), [(19, []), (20, [("source", "category", ["fair"], False)])]
)
def test_attribute_is_learned_from_twenty_leads_that_have_it(n, expected):
    assert learned(n) == expected


def test_category_without_a_frequent_level_is_left_out():
    assert learned(30, values=[str(number) for number in range(30)]) == []


def test_category_of_many_levels_that_changes_tells_that_it_is_known_and_how_it_changed():
    names = [str(number) for number in range(30)]
    assert learned(30, values=names, changes=20) == [("source", "category", [], True)]
    settings = {"attributes": [entry("source", "category", changes=True)]}
    events = [changed(1, "source", "Li"), changed(3, "source", None)]
    found = [values_at(day, ATTRIBUTES, settings, events, [lead(source="Åke")]) for day in (2, 5)]
    assert_values(found[0], attribute_source=1, changes_of_source=1, days_since_change_of_source=1)
    assert_values(found[1], attribute_source=MISSING, changes_of_source=2, attributes_known=0)


def test_rare_level_is_left_out():
    found = learned(30, values=["fair", "fair", "web"])
    assert found == [("source", "category", ["fair"], False)]


def test_level_that_is_not_listed_is_known_as_rare():
    leads = [lead(lead_id=str(n), source="web" if n < 5 else "fair") for n in range(30)]
    (found,) = learn(timelines_of(leads))["attributes"]
    assert found["rare"] == [fingerprint("web")]


def test_number_needs_no_frequent_level():
    values = [str(number) for number in range(30)]
    assert learned(30, values, name="amount") == [("amount", "number", [], False)]


@pytest.mark.parametrize(("changes", "counted"), [(19, False), (20, True)])
def test_changes_are_counted_where_there_are_twenty(changes, counted):
    assert learned(30, changes=changes) == [("source", "category", ["fair"], counted)]


def test_names_that_look_alike_get_columns_of_their_own():
    names = ["x", "X", "x changes", "x_1", "备注", "4"]
    entries = [entry(name, "number", changes=True) for name in names]
    found = [column.name for column in ATTRIBUTES.columns({"attributes": entries})]
    assert len(set(found)) == 5 * len(names) + 2


def test_the_group_of_an_attribute_is_named_after_it_alone():
    names = ["amount", "Lead Source", "备注", "电话", "备注 A", "类型 A", "förfaller"]
    assert [attribute_group(name).name for name in names] == [
        "attribute_amount", "attribute_lead_source", "attribute_备注", "attribute_电话",
        "attribute_备注 A", "attribute_类型 A", "attribute_förfaller",
    ]  # fmt: skip
