"""Track records, persons and pace: worked out by hand."""

import math

import numpy as np
import pytest

from features.attributes import ATTRIBUTES, attribute_group
from features.families import switched
from features.index_kernel import SHRINKAGE_LEADS
from features.pace import PACE
from features.persons import PERSONS
from features.plan import learn_plan
from features.track_records import (
    DEFAULT_TRACK_RECORDS,
    FEWEST_CLOSED,
    TRACK_RECORDS,
    is_shared,
    learn,
)
from models.sentences import sentence
from tests.features.values import assert_values, values_at
from tests.leads.histories import TYPES, changed, lead, moved, timelines_of

RECORDS = {"fields": ["source", "owner"], "pairs": [["owner", "source"]], "workload": True}
PERSON = {"fields": ["contact"]}
LEADS = [
    lead(0, "won", source="fair", owner="Anna"),
    lead(0, "lost", source="fair", owner="李"),
    lead(0, "open", source="fair", owner="Anna"),
    lead(0, "other", source="mässa", owner="Anna"),
    lead(1, "x", source="fair", owner="Anna"),
]
EVENTS = [
    moved(4, "Won", lead_id="won"),
    moved(6, "Lost", lead_id="lost"),
    moved(7, "Lost", lead_id="other"),
]
OF_ALL_IN_B2B = (1 + SHRINKAGE_LEADS * (1 + 1) / (3 + 2)) / (3 + SHRINKAGE_LEADS)


def records_at(days, lead_id="x", events=EVENTS, leads=LEADS):
    return values_at(days, TRACK_RECORDS, RECORDS, events, leads, lead_id)


def test_rate_of_a_value_is_shrunk_to_its_pipelines_and_that_to_all():
    assert_values(
        records_at(9),
        win_rate_of_source=(1 + SHRINKAGE_LEADS * OF_ALL_IN_B2B) / (2 + SHRINKAGE_LEADS),
        closed_leads_of_source=2,
        days_to_win_of_source=4,
        closed_leads_of_owner=2,
        closed_leads_of_owner_and_source=1,
        win_rate_of_owner_and_source=(1 + SHRINKAGE_LEADS * OF_ALL_IN_B2B) / (1 + SHRINKAGE_LEADS),
        owner_open_leads=1,
    )


def test_only_what_was_closed_and_known_by_then_counts():
    assert_values(records_at(5), closed_leads_of_source=1, owner_open_leads=2)
    assert_values(records_at(3.9), closed_leads_of_source=0, owner_open_leads=3)
    assert math.isnan(records_at(3.9)["win_rate_of_source"])
    late = [moved(4, "Won", recorded=8, lead_id="won"), *EVENTS[1:]]
    assert_values(records_at(7.5, events=late), closed_leads_of_source=1, owner_open_leads=2)


def test_default_has_rates_and_the_workload_alone_and_they_are_alike():
    found = values_at(
        9, DEFAULT_TRACK_RECORDS, {**RECORDS, "rates_alone": True}, EVENTS, LEADS, "x"
    )

    whole = records_at(9)
    assert found == {
        name: whole[name]
        for name in whole
        if not name.startswith(("closed_leads_", "days_to_win_"))
    }
    assert len(found) == 4


def test_models_of_before_have_the_days_to_a_win_and_those_before_them_the_counts_too():
    found = values_at(9, DEFAULT_TRACK_RECORDS, {**RECORDS, "counts": False}, EVENTS, LEADS, "x")

    whole = records_at(9)
    assert found == {name: whole[name] for name in whole if not name.startswith("closed_leads_")}
    assert len(found) == 7
    assert len(whole) == 10


@pytest.mark.parametrize(
    ("closed", "fields"), [(FEWEST_CLOSED - 1, []), (FEWEST_CLOSED, ["source"])]
)
def test_default_has_nothing_before_enough_leads_are_closed(closed, fields):
    leads = [lead(0, f"l{n}", source=("fair", "web", "call")[n % 3]) for n in range(closed + 40)]
    events = [
        moved(2 + n / closed, "Won" if n % 4 else "Lost", lead_id=f"l{n}") for n in range(closed)
    ]
    reopened = [moved(9, "Lost", lead_id=f"l{closed}"), moved(10, "New", lead_id=f"l{closed}")]

    settings = DEFAULT_TRACK_RECORDS.learn(timelines_of(leads, [*events, *reopened]))

    assert settings["fields"] == fields
    assert bool(DEFAULT_TRACK_RECORDS.columns(settings)) is bool(fields)


def test_lead_itself_is_left_out():
    reopened = [*EVENTS, moved(2, "Won", lead_id="x"), moved(8, "New", lead_id="x")]

    assert records_at(9, events=reopened) == records_at(9)


def test_lead_counts_for_the_value_it_was_closed_with():
    events = [*EVENTS, changed(8, "source", "mässa", lead_id="won")]

    assert_values(records_at(9, events=events), closed_leads_of_source=2)


def test_lead_without_a_value_has_the_rate_of_its_pipeline_and_no_count():
    leads = [*LEADS, lead(1, "y")]

    found = records_at(9, "y", leads=leads)

    assert found["win_rate_of_source"] == pytest.approx(OF_ALL_IN_B2B)
    assert math.isnan(found["closed_leads_of_source"])
    assert math.isnan(found["owner_open_leads"])


def test_records_are_learned_of_categories_that_open_leads_share():
    leads = [
        lead(n, f"l{n}", source=("fair", "mässa", "展会")[n % 3], owner=f"name {n}")
        for n in range(60)
    ]
    events = [
        event
        for n in range(60)
        for event in (
            moved(n + 1, "Lost", lead_id=f"l{n}", event_id=f"m{n}"),
            changed(n + 2, "lost reason", ("price", "time", "none")[n % 3], lead_id=f"l{n}",
                    event_id=f"c{n}"),
        )
    ]  # fmt: skip
    timelines = timelines_of(leads, events, types=TYPES | {"lost reason": "category"})

    assert learn(timelines) == {"fields": ["source"], "pairs": [], "workload": False}
    assert not is_shared(timelines, "owner", 2)


def test_persons_other_leads_say_how_they_ended_and_whether_one_is_open():
    leads = [
        lead(0, "a", contact="Åsa"), lead(0, "b", contact="Åsa"), lead(0, "c", contact="Åsa"),
        lead(0, "d", contact="李"), lead(1, "x", contact="Åsa"), lead(1, "y"),
    ]  # fmt: skip
    events = [moved(2, "Won", lead_id="a"), moved(3, "Lost", lead_id="b"),
              moved(3, "Won", lead_id="d")]  # fmt: skip

    found = values_at(9, PERSONS, PERSON, events, leads, "x")
    earlier = values_at(2.5, PERSONS, PERSON, events, leads, "x")
    before = values_at(1.5, PERSONS, PERSON, events, leads, "x")
    last = values_at(9, PERSONS, PERSON, [*events, moved(4, "Lost", lead_id="c")], leads, "x")
    unnamed = values_at(9, PERSONS, PERSON, events, leads, "y")

    # Two of the three leads closed before are won: (2 + 1) / (3 + 2) by Laplace's rule.
    usual = (2 + 20 * 0.6) / (3 + 20)
    assert found == {
        "contact_win_rate": pytest.approx((1 + 3 * usual) / (2 + 3)),
        "contact_has_open_lead": 1,
    }
    assert earlier["contact_win_rate"] > found["contact_win_rate"]
    assert_values(before, contact_win_rate=np.nan, contact_has_open_lead=1)
    assert_values(last, contact_has_open_lead=0)
    assert np.isnan(list(unnamed.values())).all()


def test_pace_is_beside_what_others_took():
    """Five others stayed a day in the first stage and were won after two days, for 100 each."""
    leads = [lead(0, f"l{n}", amount="99") for n in range(5)] + [lead(10, "x", amount="199")]
    events = [
        event
        for n in range(5)
        for event in (
            moved(1, "Qualified", lead_id=f"l{n}", event_id=f"q{n}"),
            moved(2, "Won", lead_id=f"l{n}", event_id=f"w{n}"),
        )
    ]

    found = values_at(13, PACE, {"amount": True}, events, leads, "x")

    day = 86_400
    assert found["stage_pace"] == pytest.approx((1 + 3 * day) / (1 + day), rel=1e-5)
    assert found["age_pace"] == pytest.approx((1 + 3 * day) / (1 + 2 * day))
    assert found["amount_to_usual"] == pytest.approx(2, rel=1e-5)


def test_pace_beside_too_few_is_missing():
    events = [moved(2, "Won", lead_id="a")]

    found = values_at(9, PACE, {"amount": True}, events, [lead(0, "a"), lead(1, "x")], "x")

    assert np.isnan(list(found.values())).all()


def test_what_is_said_is_true_where_nothing_is_known_and_at_zero():
    declared = {
        c.name: c for c in (*TRACK_RECORDS.columns(RECORDS), *PACE.columns({"amount": False}))
    }

    said = {
        name: sentence(declared[name], value, math.nan)
        for name, value in (
            ("win_rate_of_source", 0.25),
            ("days_to_win_of_source", math.nan),
            ("days_to_win_of_owner_and_source", math.nan),
            ("stage_pace", 0.0),
        )
    }

    assert said == {
        "win_rate_of_source": "Leads with the same source are won in about 25 % of cases.",
        "days_to_win_of_source": "No lead with the same source was won before.",
        "days_to_win_of_owner_and_source": (
            "No lead with the same owner and the same source was won before."
        ),
        "stage_pace": "Its time in this stage is 0 % of what is usual.",
    }


def test_a_value_and_how_leads_with_the_same_did_are_one_reason():
    """A pair goes with its first field, as does how busy the owner is."""
    of_columns = {column.name: column.group for column in TRACK_RECORDS.columns(RECORDS)}
    assert of_columns["win_rate_of_source"] == attribute_group("source")
    assert of_columns["win_rate_of_owner_and_source"] == attribute_group("owner")
    assert of_columns["owner_open_leads"] == attribute_group("owner")
    attributes = ATTRIBUTES.columns(
        {"attributes": [{"attribute": "source", "type": "category", "levels": ["fair"],
                         "rare": [], "changes": True}]}
    )  # fmt: skip
    assert all(column.group == of_columns["win_rate_of_source"] for column in attributes[:-2])


def test_switched_on_they_are_there_however_few_leads_are_closed():
    leads = [lead(0, f"l{n}", source=("fair", "web", "call")[n % 3]) for n in range(60)]

    on = switched("+track_records").always
    by_default = switched("").always

    assert "win_rate_of_source" in names_of(learn_plan(timelines_of(leads, []), on))
    assert "win_rate_of_source" not in names_of(learn_plan(timelines_of(leads, []), by_default))


def names_of(plan):
    return {column.name for column in plan.columns}
