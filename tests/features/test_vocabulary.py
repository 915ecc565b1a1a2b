"""Vocabularies: listed levels, rare ones as fingerprints, and levels never seen."""

import numpy as np
import pytest

from features.vocabulary import (
    enough_leads,
    fingerprint,
    leads_with,
    learn_vocabulary,
    level_codes,
    rare_code,
    unseen_code,
)


def vocabulary_of(*counts, at_most=9):
    """Learned from leads of which `counts[code]` have the level of that code."""
    lead = np.concatenate([np.arange(count) for count in counts])
    codes = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    order = np.argsort(lead, kind="stable")
    texts = tuple("abcdefgh"[: len(counts)])
    return learn_vocabulary(lead[order], codes[order], texts, at_most)


def test_leads_are_counted_once_however_often_they_have_a_code():
    lead, codes = np.array([1, 1, 2, 3, 3]), np.array([1, 1, 1, 0, -1], np.int32)
    assert leads_with(lead, codes, 3).tolist() == [1, 2, 0]


def test_levels_of_twenty_leads_are_listed_most_frequent_first():
    found = vocabulary_of(20, 19, 30)
    assert found == {"levels": ["c", "a"], "rare": [fingerprint("b")]}


def test_levels_beyond_the_most_that_are_listed_count_as_rare():
    found = vocabulary_of(20, 40, 30, at_most=2)
    assert found == {"levels": ["b", "c"], "rare": [fingerprint("a")]}


def test_rare_levels_are_kept_without_their_text():
    assert "b" not in "".join(vocabulary_of(20, 1)["rare"]).replace(fingerprint("b"), "")


def test_codes_tell_rare_from_unseen_and_missing():
    codes = level_codes(("x", "b", "a", "展会"), vocabulary_of(20, 3))
    assert codes.tolist() == [unseen_code(1), rare_code(1), 0, unseen_code(1), -1]


def test_any_unseen_level_is_unseen_wherever_its_fingerprint_would_stand():
    codes = level_codes(tuple(str(number) for number in range(50)), vocabulary_of(20, 3, 3))
    assert set(codes[:-1]) == {unseen_code(1)}


@pytest.mark.parametrize(("n", "enough"), [(0, False), (19, False), (20, True)])
def test_twenty_leads_are_enough(n, enough):
    assert enough_leads(np.repeat(np.arange(n), 3)) is enough
