"""Separation: judged on other leads than it was learned from, with an interval."""

import numpy as np

from tests.training.sales_records import orderly, until
from training.leak_audit import suspicious_fields

BIG = orderly(2_000)


def found_of(values, records=BIG):
    timelines = records.with_extra([None if one is None else str(one) for one in values])
    return suspicious_fields(timelines.timelines(), until())


def told(records, of_won, of_others, seed=1):
    """`hot` with one chance for won leads and another for the others, else `cold`."""
    drawn = np.random.default_rng(seed).random(len(records.leads))
    return [
        "hot" if chance < (of_won if outcome == "Won" else of_others) else "cold"
        for outcome, chance in zip(records.outcome, drawn, strict=True)
    ]


def test_field_of_a_different_value_for_every_lead_tells_nothing():
    assert found_of(range(len(BIG.leads))) == ()


def test_field_of_many_levels_and_no_meaning_tells_nothing():
    assert found_of(np.random.default_rng(0).integers(0, 300, len(BIG.leads))) == ()


def test_field_that_ranks_better_than_is_plausible_separates():
    (found,) = found_of(told(BIG, 0.95, 0.15))
    assert (found.ground, found.is_evidence) == ("separates", True)
    assert "with an AUC of 0.90 (at least 0.8" in found.evidence


def test_the_same_field_of_few_leads_is_not_sure_enough():
    few = orderly(60)
    grounds = [one.ground for one in found_of(told(few, 0.95, 0.15), few)]
    assert "separates" not in grounds


def test_good_field_is_let_be():
    assert found_of(told(BIG, 0.55, 0.3)) == ()


def test_field_whose_meaning_turned_round_is_judged_both_ways():
    # Before the middle hot leads win, after it cold ones: earlier leads rank later ones wrongly.
    values = told(BIG, 0.9, 0.2)
    middle = len(values) // 2
    turned = ["cold" if one == "hot" else "hot" for one in values[middle:]]
    assert found_of([*values[:middle], *turned]) == ()
