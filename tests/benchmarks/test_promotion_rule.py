"""The rule of promotion on challengers whose true worth is known: a small run of the benchmark."""

import pytest

from benchmarks.promotion import apart, blur_of, promoted, shuffled, simulated_pool

CHALLENGERS, LEADS = 40, 1_000


@pytest.fixture(scope="module")
def pool():
    return simulated_pool(2_200, seed=1, paths=60)


@pytest.fixture(scope="module")
def blur(pool):
    return blur_of(pool, seed=1)


def test_worse_is_hardly_ever_promoted(pool, blur):
    found = promoted(pool, apart(blur, -0.02), CHALLENGERS, (LEADS,), seed=1)

    assert found["true_auc_apart"] == pytest.approx(-0.02, abs=0.004)
    assert found["promoted"][str(LEADS)] <= 0.05


def test_better_is_promoted_in_most_cases(pool, blur):
    found = promoted(pool, apart(blur, 0.02), CHALLENGERS, (LEADS,), seed=1)

    assert found["true_auc_apart"] == pytest.approx(0.02, abs=0.004)
    assert found["promoted"][str(LEADS)] >= 0.8


def test_what_was_learned_from_chance_is_never_promoted(pool, blur):
    found = promoted(pool, shuffled(blur), 3, (LEADS,), seed=1)

    assert found["true_auc_apart"] < -0.1
    assert found["promoted"][str(LEADS)] == 0
