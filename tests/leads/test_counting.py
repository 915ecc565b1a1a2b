"""Counts in English: one thing is, several are."""

import pytest

from leads.counting import count_of


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 leads are"), (1, "1 lead is"), (2, "2 leads are"), (1234, "1,234 leads are")],
)
def test_one_is_and_others_are(number, said):
    assert count_of(number, "lead is", "leads are") == said
