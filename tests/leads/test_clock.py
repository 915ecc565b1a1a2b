"""Moments: what is read as a time, in which zone, and how it is written."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.clock import (
    EARLIEST_US,
    LATEST_US,
    SECOND_US,
    format_time,
    is_ambiguous,
    microseconds,
    moment_of,
    now_us,
    parse_time,
)
from leads.errors import InvalidInputError
from tests.leads.histories import few

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T11:00:00+01:00",
        "2026-03-01 05:30:00-04:30",
        "  2026-03-01T10:00:00.000000Z ",
        "20260301T100000Z",
        "2026-W09-7T10:00Z",
    ],
)
def test_spellings_of_one_moment_are_one_time(text):
    assert parse_time(text) == 1772359200 * SECOND_US


def test_microseconds_are_kept():
    assert parse_time("1970-01-01T00:00:00.000001Z") == 1
    assert parse_time("1969-12-31T23:59:59.999999Z") == -1


def test_naive_time_is_refused_with_the_remedy():
    with pytest.raises(InvalidInputError, match=r"'2026-03-01T10:00' has no time zone; .*--timez"):
        parse_time("2026-03-01T10:00")


def test_naive_time_is_read_in_the_timezone_given():
    assert parse_time("2026-03-01T11:00", STOCKHOLM) == parse_time("2026-03-01T10:00Z")
    assert parse_time("2026-07-01T12:00", STOCKHOLM) == parse_time("2026-07-01T10:00Z")


def test_date_is_its_midnight_in_the_timezone_given():
    assert parse_time("2026-03-01", STOCKHOLM) == parse_time("2026-02-28T23:00Z")


def test_offset_in_the_text_wins_over_the_timezone_given():
    assert parse_time("2026-03-01T10:00Z", STOCKHOLM) == parse_time("2026-03-01T10:00Z")


def test_hour_that_occurs_twice_is_its_first_occurrence():
    assert parse_time("2026-10-25T02:30", STOCKHOLM) == parse_time("2026-10-25T00:30Z")
    assert is_ambiguous("2026-10-25T02:30", STOCKHOLM)


@pytest.mark.parametrize(
    "text",
    ["2026-10-25T01:59", "2026-10-25T03:00", "2026-03-29T02:30", "2026-10-25T02:30+01:00"],
)
def test_other_hours_are_not_ambiguous(text):
    assert not is_ambiguous(text, STOCKHOLM)


@pytest.mark.parametrize("text", ["2026-03-29T02:00", "2026-03-29T02:30", "2026-03-29T02:59:59"])
def test_hour_that_the_clocks_skipped_is_refused(text):
    with pytest.raises(InvalidInputError, match="does not exist in Europe/Stockholm: the clocks"):
        parse_time(text, STOCKHOLM)


def test_hours_around_the_skipped_one_are_read():
    before = parse_time("2026-03-29T01:59:59", STOCKHOLM)
    assert parse_time("2026-03-29T03:00:00", STOCKHOLM) - before == SECOND_US


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "03/04/24 9:15", "2026-13-01T00:00Z", "2026-02-29T00:00Z", "1772359200",
     "2026-03-01T25:00Z", "2026-03-01T10:00:00+25:00", "\ud800"],
)  # fmt: skip
def test_text_that_is_no_time_is_refused_and_shown(text):
    with pytest.raises(InvalidInputError, match="is not an ISO 8601 time such as") as caught:
        parse_time(text, STOCKHOLM)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00+14:00", "1900-12-31T23:59:59Z", "2199-01-01Z", "9999-12-31T23:59"]
)
def test_years_out_of_bounds_are_refused(text):
    text = text.replace("01Z", "01T00:00Z")
    with pytest.raises(InvalidInputError, match="is outside the years 1901 to 2198"):
        parse_time(text, STOCKHOLM)


@pytest.mark.parametrize("text", ["1901-01-01T00:00+23:59", "2198-12-31T23:59:59.999999-23:59"])
def test_first_and_last_years_lie_within_the_bounds_of_stored_times(text):
    assert EARLIEST_US <= parse_time(text) <= LATEST_US


@pytest.mark.parametrize(
    ("at_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1772359200_500_000, "2026-03-01T10:00:00.500000Z"),
    ],
)
def test_time_is_written_in_utc_with_fractions_only_where_there_are_any(at_us, text):
    assert format_time(at_us) == text


@given(st.integers(EARLIEST_US, LATEST_US))
@few(100)
def test_moment_and_back_loses_nothing(at_us):
    assert microseconds(moment_of(at_us)) == at_us


@given(st.datetimes(datetime(1901, 1, 2), datetime(2198, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
@few(100)
def test_written_and_read_again_is_the_same_time(moment):
    at_us = microseconds(moment)
    assert parse_time(format_time(at_us)) == at_us
    if not moment.utcoffset().microseconds:
        assert parse_time(moment.isoformat()) == at_us


@given(st.text(max_size=30))
@few(200)
def test_any_text_is_a_time_or_an_error_with_a_remedy(text):
    try:
        assert EARLIEST_US <= parse_time(text, STOCKHOLM) <= LATEST_US
    except InvalidInputError as error:
        assert re.search("such as|outside|correct", str(error))  # noqa: PT017


def test_now_is_the_machines_clock():
    assert abs(now_us() - microseconds(datetime.now(UTC))) < 10 * SECOND_US
