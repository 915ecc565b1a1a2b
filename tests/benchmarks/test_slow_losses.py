"""The hard case of slow losses: what is drawn, and the mean at every age beside the truth's."""

import numpy as np
import pytest

from benchmarks.slow_losses import LEADS, measured, slow_losses
from leads.outcome import closings


def test_losses_take_twenty_times_as_long_as_wins():
    case = slow_losses(600, seed=2)
    won = closings(case.timelines, int(np.iinfo(np.int64).max - 1)).status == 1

    assert case.days_open[~won].mean() / case.days_open[won].mean() == pytest.approx(20, rel=0.3)
    assert case.ever_won.mean() == pytest.approx(won.mean(), abs=0.06)
    lead = np.arange(600)
    assert case.truth(lead, 0) == pytest.approx(case.ever_won, abs=1e-12)
    assert (case.truth(lead, 30) < case.truth(lead, 7)).all()


@pytest.mark.slow
def test_mean_is_right_at_every_age():
    by_age = measured(LEADS, seed=1)["by_age"]

    assert all(at_age["leads"] >= 3_000 for at_age in by_age.values())
    for at_age in by_age.values():
        assert at_age["mean"] == pytest.approx(at_age["true_mean"], abs=0.03)
