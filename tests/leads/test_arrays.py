"""Columns of text as codes into their levels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leads.arrays import Coded, concatenate_coded
from tests.leads.histories import few

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "A", "å", "展会"])))


def spelled(column: Coded) -> list[str | None]:
    return [column.text(row) for row in range(len(column.codes))]


def test_levels_are_numbered_as_they_first_appear_and_missing_is_minus_one():
    column = Coded.of(["b", None, "a", "b", ""])
    assert column.codes.tolist() == [0, -1, 1, 0, 2]
    assert column.levels == ("b", "a", "")


def test_missing_stays_missing_when_recoded():
    assert Coded.of(["b", None, "a"]).recoded([7, 5]).tolist() == [7, -1, 5]
    assert Coded.missing(2).recoded([]).tolist() == [-1, -1]


@given(TEXTS)
@few(50)
def test_coded_text_is_spelled_as_it_was(texts):
    assert spelled(Coded.of(texts)) == texts


@given(st.lists(TEXTS, max_size=4))
@few(50)
def test_columns_one_after_the_other_keep_their_texts(parts):
    whole = concatenate_coded([Coded.of(part) for part in parts])
    assert spelled(whole) == [text for part in parts for text in part]
    assert len(set(whole.levels)) == len(whole.levels)
    assert whole.codes.dtype == np.int32
