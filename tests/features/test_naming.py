"""Names of columns that are about what users named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.naming import column_names, most_common, snake_case
from tests.leads.histories import few


@pytest.mark.parametrize(
    ("text", "name"),
    [("Email", "email"), ("Close date (est.)", "close_date_est"), ("Möte", "mote"),
     ("På plats", "pa_plats"), ("  a--b ", "a_b"), ("邮件", ""), ("Kund 7", "kund_7"),
     ("ﬁt", "fit"), ("__", "")],
)  # fmt: skip
def test_name_keeps_letters_and_digits(text, name):
    assert snake_case(text) == name


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["Email", "邮件", "email"], ("kind_email", "kind_1", "kind_email_2")),
        (["a", "a_2", "A"], ("kind_a", "kind_a_2", "kind_a_2_2")),
        (["1", "邮件"], ("kind_1", "kind_1_1")),
    ],
)
def test_names_that_fall_together_are_told_apart_by_a_number(texts, names):
    assert column_names(texts, "kind") == names


@given(
    st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["a", "A", "a_1", "a 2", "1", "_"])))
)
@few(200)
def test_every_name_is_snake_case_and_unique(texts):
    names = column_names(texts, "kind")
    assert len(set(names)) == len(texts)
    assert all(re.fullmatch(r"kind(_[a-z0-9]+)+", name) for name in names)


def test_most_common_come_first_and_ties_by_name():
    counts = [("b", 5), ("a", 5), ("c", 9), ("rare", 1)]
    assert most_common(counts, at_least=2, at_most=9) == ("c", "a", "b")
    assert most_common(counts, at_least=2, at_most=2) == ("c", "a")
