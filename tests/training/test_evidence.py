"""Evidence: what is borrowed is said, with how many closed leads more would help."""

import numpy as np
import pytest

from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL
from training.evidence import Evidence, borrowed, evidence_of


@pytest.mark.parametrize(
    ("won", "other", "support"),
    [(0, 0, "thin"), (1, 0, "thin"), (59, 900, "thin"), (60, 60, "enough"), (900, 61, "enough")],
)
def test_support_is_thin_until_two_thirds_are_its_own(won, other, support):
    assert Evidence(won, other).support == support


def test_leads_count_by_what_was_learned_of_them():
    """Each by its newest snapshot; two that count half are one, beside one that counts fully."""
    lead = np.array([1, 1, 2, 3, 4, 5, 6])
    label = np.array([WON_LABEL] * 4 + [NOT_WON_LABEL] * 2 + [CENSORED_LABEL], np.int8)

    def found(*counted):
        return evidence_of(lead, label, np.array(counted, np.float64))

    assert found(1, 1, 1, 1, 1, 1, 1) == Evidence(3, 2)
    assert found(0, 1, 0, 1, 1, 0, 1) == Evidence(2, 1)
    assert found(0.5, 0.25, 0.5, 0.5, 0, 0, 1) == Evidence(3, 0)
    assert found(0, 1, 0.1, 0.1, 1, 1, 1) == Evidence(1, 2)


def test_missing_leads_follow_the_rate_so_far():
    assert Evidence(0, 0).missing == 300
    assert Evidence(20, 180).missing == 390
    assert Evidence(60, 100).missing == 0
    assert Evidence(40, 40).missing < Evidence(40, 400).missing


def test_what_is_borrowed_is_said_of_thin_pipelines_alone():
    said = borrowed({"b2b": Evidence(500, 900), "b2c": Evidence(3, 17)})

    assert "in b2c what 3 leads won and 17 not have taught counts for 9%" in said
    assert "b2b" not in said
    assert said.startswith("Much is borrowed from other pipelines, the win rates of stages and")
    assert "other pipelines" not in borrowed({"b2b": Evidence(3, 17)})
    assert borrowed({"b2b": Evidence(500, 900)}) is None


def test_of_many_pipelines_the_first_are_named():
    said = borrowed({f"p{n}": Evidence(n, n) for n in range(9)})

    assert "in p4 what" in said
    assert "in p5 " not in said
    assert "and 4 more pipelines" in said
