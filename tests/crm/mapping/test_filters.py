"""Which rows a reading takes, and which filter left each of the others out."""

import pytest

from crm.mapping.definition import Filter
from crm.mapping.filters import filter_codes, rows_at
from crm.tables import Block

BLOCK = Block([1, 2, 3, 4], {"kind": ["W_call", "A_new", " A_end ", None], "n": ["1", "", "3", ""]})


@pytest.mark.parametrize(
    ("test", "texts", "filled", "codes"),
    [
        ("in", ("A_new", "A_end"), True, [1, 0, 0, 1]),
        ("not_in", ("A_new", "A_end"), True, [0, 1, 1, 0]),
        ("in", ("",), True, [1, 1, 1, 0]),
        ("starts_with", ("W_", "X_"), True, [0, 1, 1, 1]),
        ("not_starts_with", ("W_",), True, [1, 0, 0, 0]),
        ("filled", (), True, [0, 0, 0, 1]),
        ("filled", (), False, [1, 1, 1, 0]),
    ],
)
def test_each_test_by_row(test, texts, filled, codes):
    assert filter_codes([Filter("kind", test, texts, filled, "")], BLOCK).tolist() == codes


def test_a_row_is_counted_by_the_first_filter_that_it_fails():
    filters = [
        Filter("kind", "starts_with", ("A_",), True, "not A"),
        Filter("n", "filled", (), True, "no n"),
    ]
    assert filter_codes(filters, BLOCK).tolist() == [1, 2, 0, 1]


def test_rows_keep_their_numbers():
    kept = rows_at(BLOCK, [2, 3])
    assert list(kept.rows) == [3, 4]
    assert kept.columns["n"] == ["3", ""]
