"""Attributes: how a type is inferred from a column, and how a value is read as its type."""

import math
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.attributes import ATTRIBUTE_TYPES, NUMERIC_TYPES, infer_type, read_value, value_text
from leads.clock import parse_time
from leads.contract import MAX_TEXT_LENGTH
from leads.errors import InvalidInputError
from leads.records import attribute_number_and_level
from tests.leads.histories import few

MISSING_CELLS = ["", "  ", None]
NO_NUMBERS = ["NA", "N/A", "NaN", "nan", "null", "NULL", "None"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_programs_write_for_no_number_is_missing_in_numeric_types_alone(text):
    assert {read_value(text, numeric) for numeric in ("number", "boolean", "time")} == {None}
    assert read_value(text, "category") == text


def test_namibia_is_a_country():
    assert infer_type(["NA", "SE", "NA"]) == "category"
    assert infer_type(["NA", "12", "13"]) == "number"


@pytest.mark.parametrize("text", MISSING_CELLS)
@pytest.mark.parametrize("attribute_type", ATTRIBUTE_TYPES)
def test_missing_cell_is_missing_in_every_type(text, attribute_type):
    assert read_value(text, attribute_type) is None
    number, level = attribute_number_and_level(text, attribute_type)
    assert math.isnan(number)
    assert level is None


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3.0), (" -1.50 ", -1.5), ("1e3", 1000.0), (".5", 0.5), ("+7", 7.0)]
)
def test_number_is_read(text, number):
    assert read_value(text, "number") == number


def test_minus_zero_is_zero():
    assert math.copysign(1, read_value("-0.0", "number")) == 1


@pytest.mark.parametrize(
    "text",
    ["a lot", "1_000", "1,000", "12,5", "inf", "-Infinity", "1e300", "-1e999", "0x10", "1 2"],
)
def test_what_is_no_finite_decimal_number_is_refused(text):
    with pytest.raises(InvalidInputError, match=r"is not a number; write digits with a decimal po"):
        read_value(text, "number")


@pytest.mark.parametrize("text", ["true", "TRUE", " Yes ", "ja", "是", "1", "1.0"])
def test_words_for_true(text):
    assert read_value(text, "boolean") == 1.0


@pytest.mark.parametrize("text", ["false", "No", "nej", "nein", "否", "0", "0.0"])
def test_words_for_false(text):
    assert read_value(text, "boolean") == 0.0


@pytest.mark.parametrize("text", ["maybe", "2", "t"])
def test_other_words_are_no_boolean(text):
    with pytest.raises(InvalidInputError, match=f"'{text}' is neither true nor false"):
        read_value(text, "boolean")


def test_time_is_microseconds_and_naive_ones_are_read_in_the_timezone():
    assert read_value("2026-03-01T10:00Z", "time") == parse_time("2026-03-01T10:00Z")
    assert read_value("2026-03-01", "time") == parse_time("2026-03-01T00:00Z")
    shanghai = ZoneInfo("Asia/Shanghai")
    assert read_value("2026-03-01", "time", shanghai) == parse_time("2026-02-28T16:00Z")


def test_what_is_no_time_is_refused():
    with pytest.raises(InvalidInputError, match="'soon' is not an ISO 8601 time"):
        read_value("soon", "time")


@pytest.mark.parametrize("attribute_type", ["category", "text"])
def test_text_is_kept_but_for_spaces_around_it(attribute_type):
    assert read_value("  Ma\u0308ssa 展会 ", attribute_type) == "Ma\u0308ssa 展会"


@pytest.mark.parametrize("attribute_type", ["category", "text"])
def test_text_without_end_is_refused(attribute_type):
    assert read_value("x" * MAX_TEXT_LENGTH, attribute_type)
    with pytest.raises(InvalidInputError, match="is longer than 65,536 characters"):
        read_value("x" * (MAX_TEXT_LENGTH + 1), attribute_type)


@pytest.mark.parametrize(
    ("text", "attribute_type", "number", "level"),
    [
        ("12.5", "number", 12.5, None),
        ("ja", "boolean", 1.0, None),
        ("fair", "category", math.nan, "fair"),
        ("whatever", "text", 1.0, None),
    ],
)
def test_value_is_a_number_or_a_level_by_its_type(text, attribute_type, number, level):
    found = attribute_number_and_level(text, attribute_type)
    np.testing.assert_equal(found, (number, level))


@pytest.mark.parametrize(
    ("values", "attribute_type"),
    [
        (["1", "2.5", "-3e2"], "number"),
        (["1", "0", "1"], "number"),
        (["true", "FALSE", "yes"], "boolean"),
        (["ja", "nej"], "boolean"),
        (["是", "否"], "boolean"),
        (["yes", "1"], "category"),
        (["2026-03-01", "2026-03-01T10:00:00Z"], "time"),
        (["fair", "web", "fair"], "category"),
        (["fair", "3", "2026-03-01"], "category"),
        (["x" * 101] * 3, "text"),
        (["x" * 100] * 3, "category"),
        ([], "category"),
        (MISSING_CELLS, "category"),
    ],
)
def test_type_is_inferred_from_the_values_present(values, attribute_type):
    assert infer_type([*values, None, "NA"]) == attribute_type


def test_one_typing_error_in_twenty_does_not_change_the_type():
    assert infer_type(["12"] * 19 + ["l2"]) == "number"
    assert infer_type(["12"] * 18 + ["l2"]) == "category"
    assert infer_type(["2026-03-01"] * 19 + ["soon"]) == "time"


def test_more_than_one_long_text_in_twenty_makes_a_text():
    assert infer_type(["short"] * 19 + ["x" * 101]) == "category"
    assert infer_type(["short"] * 18 + ["x" * 101]) == "text"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (3.5, "3.5"),
        (-0.0, "0"),
        (True, "true"),
        (False, "false"),
        ("fair", "fair"),
        (2**63, "9223372036854775808"),
        (10**400, "1" + "0" * 400),
        (1e20, "1e+20"),
        (np.float64(3.5), "3.5"),
    ],
)
def test_json_value_is_the_text_that_a_cell_would_hold(value, text):
    assert value_text(value) == text


@given(st.floats(-1e299, 1e299))
@few(200)
def test_number_survives_being_written_as_a_cell(number):
    assert read_value(value_text(number), "number") == number


@given(st.text(max_size=40), st.sampled_from(ATTRIBUTE_TYPES))
@few(200)
def test_any_cell_is_a_value_of_its_type_or_an_error(text, attribute_type):
    try:
        value = read_value(text, attribute_type)
    except InvalidInputError as error:
        assert repr(text)[:20] in str(error)  # noqa: PT017
        return
    assert value is None or isinstance(value, float) == (attribute_type in NUMERIC_TYPES)
