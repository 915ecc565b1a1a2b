"""Fields that tell the outcome: found by evidence, hinted at by name, and honest ones let be."""

import numpy as np
import pytest

from features.plan import learn_plan
from tests.leads.histories import at, changed
from tests.training.sales_records import LEADS, orderly, until
from tests.training.simulated_crm import simulated_timelines, until_of
from training.leak_audit import set_aside, suspicious_fields

ORDERLY = orderly()
DRAWN = np.random.default_rng(3)
NOISE = DRAWN.choice(["a", "b", "c"], LEADS)


def grounds(records) -> dict[str, str]:
    return {one.attribute: one.ground for one in suspicious_fields(records.timelines(), until())}


def of_outcome(won, lost, still_open):
    """A value by outcome, for each lead of the orderly records."""
    by = {"Won": won, "Lost": lost, "open": still_open}
    return [by[outcome] for outcome in ORDERLY.outcome]


def test_honest_fields_are_let_be():
    assert grounds(ORDERLY.with_extra(NOISE)) == {}


def test_honest_field_that_is_often_missing_is_let_be():
    values = [None if DRAWN.random() < 0.6 else str(value) for value in NOISE]
    assert grounds(ORDERLY.with_extra(values)) == {}


def test_field_that_only_closed_leads_have_is_filled_at_the_close():
    big = orderly(800)
    values = [None if outcome == "open" else "x" for outcome in big.outcome]
    assert grounds(big.with_extra(values)) == {"extra": "filled_at_close"}


def test_field_that_came_into_use_lately_is_let_be():
    values = [None if place < LEADS / 2 else str(value) for place, value in enumerate(NOISE)]
    assert grounds(ORDERLY.with_extra(values)) == {}


def test_field_that_only_wins_have_is_filled_by_outcome():
    assert grounds(ORDERLY.with_extra(of_outcome("x", None, None))) == {
        "extra": "filled_by_outcome"
    }


def test_field_whose_values_are_the_outcome_separates():
    found = suspicious_fields(
        ORDERLY.with_extra(of_outcome("yes", "no", "no")).timelines(), until()
    )
    assert [(one.attribute, one.ground) for one in found] == [("extra", "separates")]
    assert "AUC of 1.00 (at least 0.97) on" in found[0].evidence
    assert found[0].is_evidence


def test_field_that_ranks_very_well_is_to_be_looked_at():
    big = orderly(2_000)
    drawn = np.random.default_rng(1).random(len(big.leads))
    values = [
        "hot" if chance < (0.75 if outcome == "Won" else 0.2) else "cold"
        for outcome, chance in zip(big.outcome, drawn, strict=True)
    ]
    (found,) = suspicious_fields(big.with_extra(values).timelines(), until())
    assert (found.attribute, found.ground, found.is_evidence) == ("extra", "strong", False)


def test_value_that_came_later_tells_nothing_at_creation():
    later = [
        changed((lead.created_at - at(0)) / 86_400e6 + 3, "extra", value, lead_id=lead.lead_id)
        for lead, value in zip(ORDERLY.leads, of_outcome("yes", "no", "no"), strict=True)
    ]
    records = type(ORDERLY)(ORDERLY.leads, (*ORDERLY.events, *later), ORDERLY.outcome)
    assert grounds(records) == {}


def test_nothing_is_learned_from_fields_that_were_set_aside():
    timelines = ORDERLY.with_extra(of_outcome("yes", "no", "no")).timelines()
    found = suspicious_fields(timelines, until())

    columns = [column.name for column in learn_plan(timelines).columns]
    left = [column.name for column in learn_plan(set_aside(timelines, found)).columns]
    assert "attribute_extra" in columns
    assert set(columns) - set(left) == {"attribute_extra"}


def test_of_simulated_records_only_what_the_close_fills_is_suspicious():
    timelines = simulated_timelines()
    found = suspicious_fields(timelines, until_of(timelines))

    assert {one.attribute: one.ground for one in found} == dict.fromkeys(
        ("contract_number", "final_discount", "lost_reason"), "written_at_close"
    )
