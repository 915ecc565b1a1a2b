"""The index: sums at a place as of a moment, whatever the order in which they are looked up."""

import numpy as np
import pytest

from features.index import Index, index_of_changes

LEADS, PLACES, CHANGES, SNAPSHOTS = 30, 4, 200, 400


def made(draw: np.random.Generator) -> tuple[Index, np.ndarray, np.ndarray]:
    """An index of changes at few moments, so that many are of one moment, and the changes."""
    lead = np.sort(draw.integers(0, LEADS, CHANGES))
    place, known_at = draw.integers(0, PLACES, CHANGES), draw.integers(0, 50, CHANGES)
    changes = draw.integers(-3, 4, (CHANGES, 2))
    names = {str(number): number for number in range(PLACES)}
    index = index_of_changes(names, lead, place, known_at, changes, LEADS)
    return index, np.stack([lead, place, known_at], axis=1), changes


@pytest.mark.parametrize("snapshots", [1, 3, SNAPSHOTS])
def test_sums_are_those_of_the_known_changes_of_others_in_any_order_of_lookup(snapshots):
    draw = np.random.default_rng(snapshots)
    index, where, changes = made(draw)
    place = draw.integers(-1, PLACES, snapshots)
    as_of, own = draw.integers(-2, 55, snapshots), draw.integers(-1, LEADS, snapshots)

    expected = [
        changes[(where[:, 1] == p) & (where[:, 2] <= moment) & (where[:, 0] != lead)].sum(axis=0)
        for p, moment, lead in zip(place, as_of, own, strict=True)
    ]
    assert np.array_equal(index.totals(place, as_of, own), expected)
    for order in (np.argsort(as_of), np.argsort(-as_of), draw.permutation(snapshots)):
        assert np.array_equal(index.totals(place, as_of, own, order), expected)
