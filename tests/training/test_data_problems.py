"""Problems of records: each is found where it is, and an orderly team's records have none."""

from dataclasses import replace

import pytest

from leads.clock import DAY_US
from leads.pipelines import Pipeline, Pipelines
from tests.leads.histories import at
from tests.training.sales_records import END_DAYS, PIPELINES, Records, orderly, until
from training.data_problems import TESTS, problems
from training.inventory import inventory


def found(records: Records, moment: int | None = None) -> dict[str, tuple[str, str]]:
    """The problems by name, with weight and sentence."""
    timelines = records.timelines()
    listed = problems(timelines, inventory(timelines, moment or until()))
    return {one.name: (one.weight, one.sentence) for one in listed}


def closed_at(records: Records, moment_of) -> Records:
    """The same with other times of closing."""
    events = [
        replace(one, occurred_at=moment_of(one), recorded_at=moment_of(one))
        if one.name in ("Won", "Lost")
        else one
        for one in records.events
    ]
    return replace(records, events=tuple(events))


def created_at(records: Records, moment_of) -> Records:
    leads = [replace(one, created_at=moment_of(k, one)) for k, one in enumerate(records.leads)]
    return replace(records, leads=tuple(leads))


def first_closings(records: Records, won: int) -> Records:
    """Only so many wins."""
    kept, n = [], 0
    for one in records.events:
        n += one.name == "Won"
        if one.name != "Won" or n <= won:
            kept.append(one)
    return replace(records, events=tuple(kept))


def only_closings(records: Records) -> Records:
    return records.without("Qualified", "Meeting", "Proposal")


def piped(records: Records, **parts) -> Records:
    values = {"stages": PIPELINES.pipelines[0].stages, "won": ("Won",), "lost": ("Lost",),
              "window_days": 30, **parts}  # fmt: skip
    return replace(records, pipelines=Pipelines((Pipeline("b2b", **values),)))


def recorded_later(records: Records, days: int) -> Records:
    events = [replace(one, recorded_at=one.occurred_at + days * DAY_US) for one in records.events]
    return replace(records, events=tuple(events))


def doubled(records: Records, times: int) -> Records:
    again = [replace(one, lead_id=f"{one.lead_id}b") for one in records.leads[:times]]
    return replace(records, leads=(*records.leads, *again))


ORDERLY = orderly()
TOO_MANY = tuple(f"S{k}" for k in range(9))


def test_orderly_records_have_only_few_wins_against_them():
    assert set(found(ORDERLY)) == {"few_outcomes"}
    assert found(ORDERLY)["few_outcomes"][0] == "care"


@pytest.mark.parametrize(
    ("records", "name", "weight", "said"),
    [
        (first_closings(ORDERLY, 3), "too_few_outcomes", "stops", "3 leads are won within"),
        (ORDERLY.without("Won"), "one_class", "care", "decided leads none is won"),
        (ORDERLY.without("Lost"), "no_losses", "care", "counts as not won when 30 days"),
        (only_closings(ORDERLY), "no_stage_history", "care", "100% of the closed leads"),
        (only_closings(ORDERLY).without("email", "call"), "untouched_leads", "care",
         "of 240 leads (100%)"),
        (closed_at(ORDERLY, lambda e: at(410) if int(e.lead_id[1:]) % 4 == 0 else e.occurred_at),
         "closings_without_time", "care", "are closed at the same moment, 2027-02-15T09:17:00Z"),
        (closed_at(only_closings(ORDERLY), lambda e: at(0)), "closed_at_once", "care",
         "100% of the closed leads"),
        (created_at(ORDERLY, lambda k, _: at(k)), "made_up_times", "care", "made up from an order"),
        (created_at(ORDERLY, lambda _, one: one.created_at // DAY_US * DAY_US), "days_only", "note",
         "created_at holds dates"),
        (recorded_later(ORDERLY, 40), "recorded_late", "care", "half of those 40 days or more"),
        (doubled(ORDERLY, 30), "duplicates", "care", "30 leads came in within the same hour"),
        (piped(ORDERLY, stages=("New", "Qualified", "Demo", "Meeting", "Proposal")),
         "stages_never_reached", "note", "pipeline b2b: no lead ever came to Demo;"),
        (piped(ORDERLY, stages=("New", "Qualified", "Meeting", "Proposal", *TOO_MANY)),
         "pipeline_length", "note", "pipeline b2b has 14 stages with the win"),
        (piped(ORDERLY, window_days=900), "short_history", "note", "and the window is 900"),
        (ORDERLY.with_extra([None] * 239 + ["x"]), "mostly_missing", "note", "extra (0%)"),
        (ORDERLY.without("Lost"), "outlived_window", "note", "came in more than 30"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)  # fmt: skip
def test_problem_is_found_and_says_what_it_saw(records, name, weight, said):
    listed = found(records)

    assert name in listed
    assert listed[name][0] == weight
    assert said in listed[name][1]


def test_old_records_are_said_to_be_old():
    listed = found(ORDERLY, at(END_DAYS + 60))
    assert "days old: import again" in listed["stale"][1]


def test_stage_that_decides_is_named():
    big = orderly(1_200)
    won = {one.lead_id for one in big.events if one.name == "Won"}
    offered = tuple(one for one in big.events if one.name != "Proposal" or one.lead_id in won)
    said = found(replace(big, events=offered))["deciding_stage"][1]

    assert "decided leads that came to Proposal, " in said


def test_nothing_but_stages_is_said():
    bare = replace(
        ORDERLY.without("email", "call", "amount"),
        leads=tuple(replace(one, attributes={}) for one in ORDERLY.leads),
    )
    assert "no attributes and no interactions" in found(bare)["nothing_known"][1]


def test_gravest_problems_come_first():
    timelines = piped(only_closings(first_closings(ORDERLY, 3)), window_days=900).timelines()
    weights = [one.weight for one in problems(timelines, inventory(timelines, until()))]

    assert weights == sorted(weights, key=("stops", "care", "note").index)
    assert set(weights) == {"stops", "care", "note"}


def test_every_test_is_listed_once():
    assert len(set(TESTS)) == len(TESTS) == 17
