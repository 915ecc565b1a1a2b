"""Sentences: every signal of a real plan is said in words, whatever its value."""

import math
import re
from dataclasses import replace

import pytest

from features.signal import Column, Group, Unit
from models.languages import ENGLISH
from models.sentences import (
    duration,
    group_label,
    json_value,
    named_in,
    number,
    sentence,
    value_in_words,
)
from tests.training.simulated_crm import small_model

SNAKE_CASE = re.compile(r"[a-z0-9]+_[a-z0-9]+")
NAN = math.nan
GROUP = Group("pace", "Pace")


def column(unit: Unit = "count", text="It is {value}", levels=(), **names) -> Column:
    return Column("x", GROUP, unit, text, "It is not known.", names, levels)


def columns():
    return small_model().plan.columns


@pytest.mark.parametrize("value", [NAN, 0.0, 1.0, 2.0, 0.4, 6.0])
@pytest.mark.parametrize("typical", [NAN, 0.0, 3.0])
def test_every_signal_makes_a_sentence(value, typical):
    for one in columns():
        said = sentence(one, value, typical)

        assert said[0].isupper() or not said[0].isalpha(), said
        assert said.endswith("."), said
        assert said.count(".") - len(re.findall(r"\d\.\d", said)) == 1, said
        assert not re.search(r"[{}]|\bnan\b|  ", said), said
        assert not SNAKE_CASE.search(said), said


def test_every_group_has_a_label():
    for group in {one.group.name: one.group for one in columns()}.values():
        label = group_label(group)

        assert label[0].isupper(), label
        assert not re.search(r"[{}]|\.$", label), label
        assert not SNAKE_CASE.search(label), label


def test_missing_value_gives_the_missing_message_alone():
    for one in columns():
        expected = one.missing.format(**named_in(one.names, ENGLISH))
        assert sentence(one, NAN, 3.0) == expected[0].upper() + expected[1:]
        assert json_value(one, NAN) is None


def test_field_is_called_by_its_words():
    labels = {group_label(one.group) for one in columns()}
    said = {one.name: sentence(one, NAN, NAN) for one in columns()}

    assert {"Expected close date", "Company size", "Owner"} <= labels
    assert said["attribute_expected_close_date"] == "Expected close date is not known."


def test_typical_value_is_told_beside_the_value():
    one = column("days", "The last contact was {value} ago")

    assert sentence(one, 12.0, 3.0) == "The last contact was 12 days ago; typically 3 days."


def test_typical_value_that_reads_the_same_is_not_repeated():
    one = column("days", "The last contact was {value} ago")

    assert sentence(one, 12.2, 11.9) == "The last contact was 12 days ago."


def test_unknown_typical_value_is_not_told():
    assert sentence(column(), 12.0, NAN) == "It is 12."


@pytest.mark.parametrize("unit", ["flag", "weekday", "hour_of_day", "date"])
def test_words_have_no_typical_value(unit):
    assert "typical" not in sentence(column(unit), 1.0, 0.0)


def test_names_may_hold_what_placeholders_look_like():
    one = column(text="{level} in the last 7 days: {value}", level="{value} {x} %s")

    assert sentence(one, 2.0, NAN) == "{value} {x} %s in the last 7 days: 2."


@pytest.mark.parametrize(
    ("unit", "value", "words", "plain"),
    [
        ("count", 3.0, "3", 3.0),
        ("count", 1234.0, "1,234", 1234.0),
        ("ratio", 5.8568, "5.9", 5.8568),
        ("ratio", 0.04, "0.04", 0.04),
        ("amount", 999.7, "1,000", 999.7),
        ("amount", -12.5, "-12.5", -12.5),
        ("amount", 0.00001, "nearly 0", 0.00001),
        ("share", 0.355, "36 %", 0.355),
        ("flag", 1.0, "yes", True),
        ("flag", 0.0, "no", False),
        ("weekday", 0.0, "Monday", "Monday"),
        ("weekday", 6.0, "Sunday", "Sunday"),
        ("hour_of_day", 9.0, "09:00", 9.0),
        ("days", 3.0, "3 days", 3.0),
        ("hours", 2.5, "2.5 hours", 2.5),
        ("hours", 0.5, "30 minutes", 0.5),
        ("minutes", 90.0, "1.5 hours", 90.0),
        ("days_from_now", 12.0, "in 12 days", 12.0),
        ("days_from_now", -4.0, "4 days ago", -4.0),
        ("difference", 3.0, "+3", 3.0),
        ("difference", -2.5, "-2.5", -2.5),
        ("difference", 0.0, "0", 0.0),
        ("date", 20_513.0, "2026-03-01", "2026-03-01"),
    ],
)
def test_value_is_said_with_its_unit(unit, value, words, plain):
    assert value_in_words(column(unit), value) == words
    assert json_value(column(unit), value) == plain


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "less than a minute"),
        (1 / 1440, "1 minute"),
        (1.6 / 1440, "2 minutes"),
        (1 / 24, "1 hour"),
        (1.04 / 24, "1 hour"),
        (1.0, "1 day"),
        (1.4, "1.4 days"),
        (3.2, "3 days"),
        (200.0, "200 days"),
        (365.0, "1 year"),
        (400.0, "1.1 years"),
        (730.5, "2 years"),
        (365.25 * 12.4, "12 years"),
    ],
)
def test_duration_is_said_in_its_largest_fitting_unit(days, words):
    assert duration(days) == words


def test_durations_never_shrink_as_time_passes():
    """A longer time is never said with a smaller number of the same unit."""
    before = ("", 0.0)
    for step in range(1, 4_000):
        amount, _, unit = duration(step / 48).partition(" ")
        unit = unit.rstrip("s")
        if amount[0].isdigit():
            assert unit != before[0] or float(amount) >= before[1]
            before = (unit, float(amount))


def test_level_is_told_by_its_name_and_any_other_as_something_else():
    one = column("level", "Source is {value}", levels=("fair", "web_form"))

    assert sentence(one, 1.0, NAN) == "Source is web_form."
    assert sentence(one, 2.0, NAN) == "Source is one that few leads have."
    assert sentence(one, 3.0, NAN) == "Source is one not seen before."
    assert json_value(one, 0.0) == "fair"


def test_number_has_at_most_three_digits_behind_small_ones():
    assert [number(v) for v in (1.23456, 45.678, 123.4, 1e9, 0.0)] == [
        "1.23",
        "45.7",
        "123",
        "1,000,000,000",
        "0",
    ]


def test_a_small_ratio_is_not_said_to_be_nothing():
    one = column("ratio", "Its age is {times} what is usual")
    said = [sentence(one, value, NAN) for value in (12.34, 1.04, 0.97, 0.16, 0.004, 0.0)]
    words = ("12.3 times", "about", "about", "16 % of", "0.4 % of", "0 % of")
    assert said == [f"Its age is {one} what is usual." for one in words]


def test_a_ratio_of_an_own_signal_is_a_number_where_its_sentence_asks_for_one():
    one = column("ratio", "It is {value} times as old as usual")
    assert sentence(one, 0.034, NAN) == "It is 0.03 times as old as usual."


def test_a_huge_number_is_said_by_its_power_of_ten():
    assert [number(v) for v in (1e299, -1.24e20, 999_999_999_999_999.0)] == [
        "1.0e+299",
        "-1.2e+20",
        "999,999,999,999,999",
    ]
    one = column("amount", "Amount is {value}")
    assert sentence(one, 1e299, 2e15) == "Amount is 1.0e+299; typically 2.0e+15."


def test_value_that_leads_of_one_stage_share_is_not_compared_with_what_is_typical():
    shared = replace(column("share", "Of the closed leads, {value} were won"), comparable=False)
    assert sentence(shared, 0.44, 0.43) == "Of the closed leads, 44 % were won."
