"""Fields that tell the outcome: found by evidence, hinted at by name, and honest ones let be."""

import numpy as np
import pytest

from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from features.plan import learn_plan
from leads.errors import InvalidInputError
from leads.timeline import Timelines
from leads.view import known_by
from tests.leads.histories import at, changed
from tests.training.sales_records import LEADS, orderly, until
from tests.training.simulated_crm import (
    NO_SNAPSHOTS,
    middle_of,
    simulated_timelines,
    until_of,
    with_another_future,
)
from training.leak_audit import Overruled, audit, set_aside, suspicious_fields

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


@pytest.fixture(scope="module")
def leaky(tmp_path_factory) -> Timelines:
    folder = tmp_path_factory.mktemp("leaky")
    write_folder(simulate(1_500, seed=11), folder, NO_SNAPSHOTS, paths=1, leaky=True)
    return read_folder(folder).timelines


FILLED_AT_CLOSE = {"contract_number", "days_to_close", "final_discount", "lost_reason"}


def columns_of(timelines: Timelines) -> set[str]:
    return {column.name for column in learn_plan(timelines).columns}


def test_all_that_the_simulator_fills_at_the_close_is_found_and_nothing_else(leaky):
    audited = audit(leaky, until_of(leaky))

    assert {one.attribute for one in audited.quarantined} == FILLED_AT_CLOSE
    assert audited.to_look_at == ()
    left = columns_of(audited.timelines)
    assert columns_of(leaky) - left
    assert not [name for name in left if any(field in name for field in FILLED_AT_CLOSE)]


# Overruling.


def test_allowed_field_is_learned_from_and_its_evidence_is_still_told(leaky):
    audited = audit(leaky, until_of(leaky), Overruled(allowed=("days_to_close",)))
    record = audited.as_record()

    assert "attribute_days_to_close" in columns_of(audited.timelines)
    assert {one["field"] for one in record["quarantined"]} == FILLED_AT_CLOSE - {"days_to_close"}
    assert [one["field"] for one in record["suspicious"]] == ["days_to_close"]
    assert record["allowed"] == ["days_to_close"]


def test_denied_field_is_not_learned_from(leaky):
    audited = audit(leaky, until_of(leaky), Overruled(denied=("country", "lost_reason")))
    why = {one.attribute: one.evidence for one in audited.quarantined}

    assert set(why) == FILLED_AT_CLOSE | {"country"}
    assert why["country"] == "not to be learned from, by --deny"
    assert "closed leads" in why["lost_reason"]
    assert not [name for name in columns_of(audited.timelines) if "country" in name]
    assert audited.as_record()["denied"] == ["country", "lost_reason"]


@pytest.mark.parametrize(
    ("overruled", "said"),
    [
        (Overruled(allowed=("lost reason",)), r"^--allow: 'lost reason' is no field.*lost_reason"),
        (Overruled(denied=("zzz",)), r"^--deny: 'zzz' is no field of the leads; .*'account', 'am"),
        (Overruled(("owner",), ("owner",)), "^--allow and --deny both name 'owner'"),
    ],
)
def test_field_that_is_not_there_or_overruled_both_ways_is_refused(leaky, overruled, said):
    with pytest.raises(InvalidInputError, match=said):
        audit(leaky, until_of(leaky), overruled)


# As of the training cut.


def test_audit_sees_nothing_of_what_was_learned_later(leaky):
    moment = middle_of(leaky)
    found = suspicious_fields(leaky, moment)

    assert {one.attribute for one in found} == FILLED_AT_CLOSE
    assert suspicious_fields(with_another_future(leaky, moment), moment) == found
    assert suspicious_fields(known_by(leaky, moment), moment) == found


def test_values_are_overwritten_only_by_changes_known_by_then():
    values = ["9"] * LEADS
    later = [
        changed(day, "extra", value, lead_id=lead.lead_id, event_id=f"{lead.lead_id}-{day}")
        for lead in ORDERLY.leads[:40]
        for day, value in ((500, "5"), (510, "9"))
    ]
    records = ORDERLY.with_extra(values)
    timelines = type(records)(records.leads, (*records.events, *later), records.outcome).timelines()

    assert [one.attribute for one in timelines.quarantined] == ["extra"]
    assert audit(timelines, at(505)).quarantined == ()
    assert [one.attribute for one in audit(timelines, at(520)).quarantined] == ["extra"]
