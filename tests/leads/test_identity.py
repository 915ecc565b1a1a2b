"""The identity of events: equal content has one id, other content has another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.identity import RunningNumbers, canonical_text, content_hash, event_ids, numbered_id
from tests.leads.histories import few

FIELDS = {"kind": "call", "duration_seconds": "90", "details.opens": "3"}


def hashed(table="interactions", lead_id="a", occurred_at=5, recorded_at=None, fields=FIELDS):
    return content_hash(table, lead_id, occurred_at, recorded_at, fields)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3), ("3.0", 3), ("3", 3.0), ("3.50", 3.5), ("1e3", 1000), ("-0.0", 0), ("0.1", 0.1),
        ("true", True), ("True", True), ("FALSE", False), (" fair ", "fair"), ("", None),
        ("1e+20", 1e20), ("123456789012345678", 123456789012345678),
    ],
)  # fmt: skip
def test_cell_and_json_value_that_say_the_same_are_equal(cell, value):
    assert canonical_text(cell) == canonical_text(value)
    assert hashed(fields={"value": cell}) == hashed(fields={"value": value})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "3.1"), (3, "x3"), (True, "1"), ("fair", "Fair"), ("0", None), (False, None),
        # Two ids of a messaging service that are the same float.
        ("9007199254740993", "9007199254740992"), (9007199254740993, 9007199254740992),
    ],
)  # fmt: skip
def test_values_that_differ_stay_apart(one, other):
    assert canonical_text(one) != canonical_text(other)
    assert hashed(fields={"value": one}) != hashed(fields={"value": other})


def test_hash_is_the_same_in_every_version():
    """Ids derived from content are stored: another hash would import every row again."""
    assert hashed() == "7a7ed691dc3d95020b6086256c41453b"


def test_order_of_fields_and_missing_ones_do_not_count():
    reordered = dict(reversed(FIELDS.items())) | {"result": None, "actor": ""}
    assert hashed(fields=reordered) == hashed()


@pytest.mark.parametrize(
    "other",
    [
        {"table": "stage_changes"},
        {"lead_id": "b"},
        {"occurred_at": 6},
        {"recorded_at": 5},
        {"fields": {**FIELDS, "kind": "email"}},
        {"fields": {**FIELDS, "actor": "Åke"}},
        {"fields": {"kind": "call", "actor": "90", "details.opens": "3"}},
    ],
)
def test_every_part_of_the_content_counts(other):
    assert hashed(**other) != hashed()


def test_equal_rows_are_told_apart_by_their_running_number():
    assert event_ids(["x", "y", "x", "x"]) == ["x", "y", "x-2", "x-3"]


def test_running_numbers_go_on_over_the_blocks_of_one_source():
    numbers = RunningNumbers()
    assert [numbers.event_id(row) for row in ("x", "y")] == ["x", "y"]
    assert [numbers.event_id(row) for row in ("y", "x")] == ["y-2", "x-2"]


def test_first_occurrence_has_the_bare_hash():
    assert [numbered_id("x", number) for number in (1, 2)] == ["x", "x-2"]


@given(st.lists(st.sampled_from("xyz")))
@few(50)
def test_importing_a_source_again_gives_the_same_ids_and_loses_no_row(hashes):
    ids = event_ids(hashes)
    assert ids == event_ids(hashes)
    assert len(set(ids)) == len(hashes)
    assert sorted(ids) == sorted(event_ids(hashes[::-1]))


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.booleans()))
@few(200)
def test_canonical_text_is_its_own_canonical_text(value):
    once = canonical_text(value)
    assert canonical_text(once) == once
