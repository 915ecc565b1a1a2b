"""Few closed leads: hardly worse than the base rate; a small pipeline borrows, keeps its own level.

On fewer draws than the benchmark takes, of smaller worlds.
"""

import numpy as np
import pytest

from benchmarks.small_data import (
    first_pipeline,
    in_two_pipelines,
    over_sizes,
    simulated,
    small_beside_large,
)
from leads.outcome import known_stage
from training.fitting import lessons


@pytest.fixture(scope="module")
def world():
    return simulated(seed=3, leads=2500)


@pytest.mark.slow
def test_log_loss_is_hardly_worse_than_the_base_rates_from_no_closed_lead_on(world):
    found = over_sizes(world, (0, 1, 10, 40), resamples=12)

    for size, losses in found.items():
        assert losses["model"] <= losses["base_rate"] + 0.01, size
    assert found["40"]["model"] < found["40"]["base_rate"]


@pytest.mark.slow
def test_a_small_pipeline_beats_itself_alone_and_the_pool(world):
    one = first_pipeline(world, "source")

    found = small_beside_large(one, (40,), resamples=4)["40"]

    assert found["model"] < min(found["own_only"], found["pooled_only"])


def test_leads_of_the_small_kind_move_to_the_second_pipeline(world):
    one = first_pipeline(world, "source")

    two = in_two_pipelines(one)

    assert two.pipelines.names == ("large", "small")
    assert (two.pipeline == one.small).all()
    learned = lessons(two, one.cut, 0)
    stage = known_stage(learned.rows.view)
    pipeline = two.pipelines.stage_pipeline[stage]
    assert (pipeline == one.small[learned.rows.view.snapshots.lead]).all()
    assert np.isfinite(learned.target[learned.learned]).all()
