"""What belongs to the close (written, dated, happening there) and what only looks like it."""

from dataclasses import replace

import numpy as np
import pytest

from leads.clock import format_time
from tests.leads.histories import at, changed, contact, timelines_of
from tests.training.sales_records import TYPES, Records, orderly, until
from training.leak_audit import suspicious_fields

ORDERLY = orderly()
CLOSED_AT = {e.lead_id: e.occurred_at for e in ORDERLY.events if e.name in ("Won", "Lost")}
DAY_US = at(1) - at(0)


def days(moment: int) -> float:
    """The days from the start to a moment."""
    return (moment - at(0)) / DAY_US


def grounds(records: Records, extra_type: str = "category") -> dict[str, str]:
    types = {**TYPES, "extra": extra_type}
    timelines = timelines_of(records.leads, records.events, records.pipelines, types)
    return {one.attribute: one.ground for one in suspicious_fields(timelines, until())}


def with_events(events) -> Records:
    return replace(ORDERLY, events=(*ORDERLY.events, *events))


def at_close(add_days, value="x", name="extra"):
    """A change of every closed lead, so many days after its close."""
    return [changed(days(t) + add_days, name, value, lead_id=i) for i, t in CLOSED_AT.items()]


# Attributes that change.


@pytest.mark.parametrize("add_days", [-1, -0.01, 0, 0.1, 4])
def test_field_first_written_around_the_close_is_a_part_of_it(add_days):
    assert grounds(with_events(at_close(add_days))) == {"extra": "written_at_close"}


def test_field_changed_in_the_last_days_is_a_part_of_the_close():
    records = with_events(at_close(-1)).with_extra(["first"] * len(ORDERLY.leads))
    assert grounds(records) == {"extra": "written_at_close"}


def test_field_changed_after_the_close_keeps_its_first_value_and_is_to_be_looked_at():
    records = with_events(at_close(0.1)).with_extra(["first"] * len(ORDERLY.leads))
    assert grounds(records) == {"extra": "changed_at_close"}


def test_field_written_at_any_time_of_the_life_is_let_be():
    drawn = np.random.default_rng(5)
    begun = {one.lead_id: one.created_at for one in ORDERLY.leads}
    events = [
        changed(days(begun[i] + drawn.random() * (t - begun[i])), "extra", "x", lead_id=i)
        for i, t in CLOSED_AT.items()
    ]
    assert grounds(with_events(events)) == {}


def test_field_that_open_leads_get_as_well_is_let_be():
    big = orderly(600)
    closed = {e.lead_id for e in big.events if e.name in ("Won", "Lost")}
    few = [
        changed(days(e.occurred_at), "extra", "x", lead_id=e.lead_id)
        for e in big.events
        if e.name in ("Won", "Lost")
    ][:30]
    still_open = [
        changed(days(one.created_at) + 4, "extra", "x", lead_id=one.lead_id)
        for one in big.leads
        if one.lead_id not in closed
    ]
    assert len(still_open) > 20
    assert grounds(replace(big, events=(*big.events, *few))) == {"extra": "written_at_close"}
    assert grounds(replace(big, events=(*big.events, *few, *still_open))) == {}


# Values at creation that measure the close.


@pytest.mark.parametrize(("unit_us", "rounded"), [(DAY_US, int), (DAY_US / 86_400, float)])
def test_number_that_is_the_time_until_the_close_measures_it(unit_us, rounded):
    values = [
        str(rounded((CLOSED_AT[one.lead_id] - one.created_at) / unit_us))
        if one.lead_id in CLOSED_AT
        else "1"
        for one in ORDERLY.leads
    ]
    assert grounds(ORDERLY.with_extra(values), "number") == {"extra": "measures_close"}


def test_time_that_is_the_day_of_the_close_measures_it():
    values = [format_time(CLOSED_AT.get(one.lead_id, until())) for one in ORDERLY.leads]
    assert grounds(ORDERLY.with_extra(values), "time") == {"extra": "measures_close"}


def test_guessed_day_of_the_close_is_let_be():
    values = [format_time(one.created_at + 9 * DAY_US) for one in ORDERLY.leads]
    assert grounds(ORDERLY.with_extra(values), "time") == {}


def test_number_that_is_as_large_as_lives_are_long_is_let_be():
    drawn = np.random.default_rng(2).integers(5, 15, len(ORDERLY.leads))
    assert grounds(ORDERLY.with_extra([str(value) for value in drawn]), "number") == {}


def test_number_that_fits_every_life_because_all_are_as_long_is_let_be():
    begun = {one.lead_id: one.created_at for one in ORDERLY.leads}
    same_life = tuple(
        replace(e, occurred_at=begun[e.lead_id] + 8 * DAY_US, recorded_at=e.recorded_at)
        if e.name in ("Won", "Lost")
        else e
        for e in ORDERLY.events
    )
    records = replace(ORDERLY, events=same_life).with_extra(["8"] * len(ORDERLY.leads))
    assert grounds(records, "number") == {}


# Interactions.


def calls(add_days, **more):
    return [
        contact(days(t) + add_days, lead_id=i, event_id=f"{i}@{add_days}", **more)
        for i, t in CLOSED_AT.items()
    ]


def test_kind_that_happens_at_the_close_alone_is_to_be_looked_at():
    found = grounds(with_events(calls(-0.2, kind="contract signed")))
    assert found == {"interactions: contract signed": "happens_at_close"}


def test_result_that_happens_at_the_close_alone_is_to_be_looked_at():
    found = grounds(with_events(calls(-0.2, kind="call", result="verbal yes")))
    assert found == {"interactions: call, result verbal yes": "happens_at_close"}


def test_kind_that_happens_before_as_well_is_let_be():
    often = [*calls(-0.2, kind="visit"), *calls(-4, kind="visit")[: len(CLOSED_AT) // 8]]
    assert grounds(with_events(often)) == {}


def test_kind_that_open_leads_have_is_let_be():
    still_open = [one for one in ORDERLY.leads if one.lead_id not in CLOSED_AT]
    visits = [
        contact(days(one.created_at) + k, "visit", lead_id=one.lead_id)
        for one in still_open
        for k in range(3)
    ]
    assert grounds(with_events([*calls(-0.2, kind="visit"), *visits])) == {}
