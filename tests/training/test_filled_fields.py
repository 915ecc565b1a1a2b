"""Fields that give leads away by being filled: few of them too, but not those of a pipeline."""

from dataclasses import replace

import numpy as np

from leads.pipelines import Pipelines
from tests.training.sales_records import PIPELINES, Records, orderly, until
from training.leak_audit import suspicious_fields

BIG = orderly(1_600)


def grounds(records: Records) -> dict[str, str]:
    return {one.attribute: one.ground for one in suspicious_fields(records.timelines(), until())}


def filled_for(records: Records, chosen) -> Records:
    return records.with_extra(["x" if one else None for one in chosen])


def test_field_that_a_few_closed_leads_have_and_no_open_one_is_filled_at_the_close():
    drawn = np.random.default_rng(1).random(len(BIG.leads))
    share = {"Won": 0.9, "Lost": 0.6, "open": 0.0}
    records = filled_for(
        BIG, [d < share[outcome] for d, outcome in zip(drawn, BIG.outcome, strict=True)]
    )
    assert grounds(records) == {"extra": "filled_at_close"}


def mostly_open(records: Records) -> Records:
    """The same, but four of five leads were never closed."""
    kept = {one.lead_id for place, one in enumerate(records.leads) if place % 5 == 0}
    return replace(
        records,
        events=tuple(
            e for e in records.events if e.name not in ("Won", "Lost") or e.lead_id in kept
        ),
        outcome=tuple(
            outcome if place % 5 == 0 else "open" for place, outcome in enumerate(records.outcome)
        ),
    )


def test_rare_field_that_no_open_lead_of_many_has_is_filled_at_the_close():
    records = mostly_open(orderly(2_400))
    closed = [outcome != "open" for outcome in records.outcome]
    drawn = np.random.default_rng(1).random(len(closed)) < 0.08
    few = [one and chosen for one, chosen in zip(closed, drawn, strict=True)]
    assert 20 <= sum(few) < 0.1 * sum(closed)
    assert grounds(filled_for(records, few)) == {"extra": "filled_at_close"}

    some_open_ones = [
        chosen or (not one and place % 60 == 3)
        for place, (one, chosen) in enumerate(zip(closed, few, strict=True))
    ]
    assert grounds(filled_for(records, some_open_ones)) == {}


def test_rare_field_that_open_leads_may_have_is_let_be():
    drawn = np.random.default_rng(1).random(len(BIG.leads))
    assert grounds(filled_for(BIG, drawn < 0.05)) == {}


def test_field_that_some_won_leads_and_few_others_have_is_to_be_looked_at():
    drawn = np.random.default_rng(1).random(len(BIG.leads))
    chosen = [
        d < (0.3 if outcome == "Won" else 0.02)
        for d, outcome in zip(drawn, BIG.outcome, strict=True)
    ]
    assert grounds(filled_for(BIG, chosen)) == {"extra": "strong"}


def test_field_that_one_pipeline_alone_has_does_not_pass_for_the_outcome():
    # The one pipeline wins nearly all, the other nearly nothing, and the field is the first one's.
    drawn = np.random.default_rng(4).random(len(BIG.leads))
    mostly_won = [
        outcome == "Won" if d < 0.9 else outcome != "Won"
        for d, outcome in zip(drawn, BIG.outcome, strict=True)
    ]
    other = replace(PIPELINES.pipelines[0], name="other")
    split = replace(
        BIG,
        leads=tuple(
            replace(one, pipeline="b2b" if own else "other")
            for one, own in zip(BIG.leads, mostly_won, strict=True)
        ),
        pipelines=Pipelines((*PIPELINES.pipelines, other)),
    )
    assert grounds(filled_for(split, mostly_won)) == {}
    assert grounds(filled_for(BIG, mostly_won)) == {"extra": "filled_by_outcome"}


def test_leak_of_one_pipeline_is_found_there():
    half = [place % 2 == 1 for place in range(len(BIG.leads))]
    other = replace(PIPELINES.pipelines[0], name="other")
    split = replace(
        BIG,
        leads=tuple(
            replace(one, pipeline="b2b" if own else "other")
            for one, own in zip(BIG.leads, half, strict=True)
        ),
        pipelines=Pipelines((*PIPELINES.pipelines, other)),
    )
    told = [own and outcome == "Won" for own, outcome in zip(half, BIG.outcome, strict=True)]
    (found,) = suspicious_fields(filled_for(split, told).timelines(), until())
    assert found.ground == "filled_by_outcome"
    assert "100% of the won leads and 0% of the others (pipeline b2b)" in found.evidence
