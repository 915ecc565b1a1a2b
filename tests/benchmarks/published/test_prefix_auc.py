"""The AUC of prefixes: of each length, averaged by how many there are."""

import numpy as np
import pytest

from benchmarks.published.prefix_auc import mean_auc


def test_lengths_weigh_by_their_prefixes_and_never_meet():
    label = np.array([1, 0, 1, 0, 1, 0, 1.0])
    said = np.array([0.9, 0.1, 0.2, 0.3, 0.1, 0.3, 0.9])  # length 1: AUC 1; length 2: 1 of 4
    length = np.array([1, 1, 2, 2, 2, 2, 3])  # of length 3 all ended the same way

    found = mean_auc(label, said, length, np.arange(7), resamples=0)

    assert found["value"] == pytest.approx((2 * 1.0 + 4 * 0.0) / 6)


def test_the_interval_resamples_leads_and_holds_the_value():
    generator = np.random.default_rng(0)
    lead = np.repeat(np.arange(300), 3)
    label = np.repeat(generator.integers(0, 2, 300), 3).astype(np.float64)
    said = label + generator.normal(size=900)

    found = mean_auc(label, said, np.tile([1, 2, 3], 300), lead, resamples=100)

    assert found["low"] < found["value"] < found["high"]
    assert found["high"] - found["low"] < 0.12
