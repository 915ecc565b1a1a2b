"""Similar leads: resolved by then, alike for the model, looked at as they were known then."""

import numpy as np
import pytest

from features.population import population_of
from leads.clock import DAY_US
from leads.outcome import closings, known_stage, known_status
from leads.pipelines import OPEN
from leads.view import Snapshots, known_by, look
from models.alternatives import view_of_all
from models.similar import DAYS_IN_STAGE, ResolvedLeads, _nearest_age, stage_history
from tests.leads.histories import at, contact, lead, moved, timelines_of
from tests.models.actions_world import moment, only_lead, some_leads, world
from tests.training.simulated_crm import simulated_timelines, until_of, with_another_future


@pytest.fixture(scope="module")
def resolved():
    scorer, _, population = world()
    return ResolvedLeads(scorer, population)


def asked(resolved, lead_id, as_of=None, most=8):
    own = only_lead(simulated_timelines(), lead_id)
    return resolved.like(own, moment() if as_of is None else as_of, most)


def snapshot(lead_id, as_of):
    timelines = simulated_timelines()
    row = np.array([timelines.row_of[lead_id]])
    return look(timelines, Snapshots(row, np.array([as_of])))


def test_leads_are_resolved_by_then_and_were_open_in_the_stage_before(resolved):
    _, timelines, _ = world()
    ends = closings(timelines, moment())
    for lead_id in some_leads():
        found = asked(resolved, lead_id)
        stage = int(known_stage(snapshot(lead_id, moment()))[0])
        assert found.compared >= len(found.leads) > 0
        for one in found.leads:
            row = timelines.row_of[one.lead_id]
            assert one.lead_id != lead_id
            assert one.status == ends.status[row] != OPEN
            assert one.closed_at == ends.closed_at[row]
            assert one.compared_at <= ends.known_at[row] <= moment()
            assert int(known_stage(snapshot(one.lead_id, one.compared_at))[0]) == stage


def test_likeness_is_what_plain_scores_say(resolved):
    scorer, _, population = world()
    lead_id = some_leads()[0]

    def log_odds(one, as_of):
        scores = scorer.score(snapshot(one, as_of), population)
        names = [column.group.name for column in scorer.plan.columns]
        return {
            name: scores.contributions[0, [n == name for n in names]].sum() for name in set(names)
        }

    here = log_odds(lead_id, moment())
    found = asked(resolved, lead_id)
    for one in found.leads:
        there = log_odds(one.lead_id, one.compared_at)
        distance = sum(abs(here[name] - there[name]) for name in here)
        assert one.likeness == pytest.approx(np.exp(-distance), rel=1e-4)
        for reason in (*one.alike_in, *one.differs_in):
            assert reason.here == pytest.approx(here[reason.group.name], abs=1e-5)
            assert reason.there == pytest.approx(there[reason.group.name], abs=1e-5)
        assert all(reason.here * reason.there > 0 for reason in one.alike_in)
    assert [one.likeness for one in found.leads] == sorted(
        (one.likeness for one in found.leads), reverse=True
    )


def test_no_other_resolved_lead_is_more_alike(resolved):
    lead_id = some_leads()[1]
    few, many = asked(resolved, lead_id, most=3), asked(resolved, lead_id, most=10_000)
    assert many.leads[:3] == few.leads
    assert len(many.leads) == many.compared


def test_what_happened_later_changes_nothing(resolved):
    """Neither later closings nor later events of the same leads."""
    scorer, timelines, _ = world()
    for other in (known_by(timelines, moment()), with_another_future(timelines, moment())):
        then = ResolvedLeads(scorer, population_of(other))
        for lead_id in some_leads()[:4]:
            own = only_lead(known_by(other, moment()), lead_id)
            assert then.like(own, moment(), 8) == asked(resolved, lead_id)


def test_a_twin_that_was_closed_is_found_first():
    """The same history but for what came after: its reasons are the same."""
    scorer, _, _ = world()
    ids = ("a", "twin", "other")
    timelines = timelines_of(
        [lead(0, one) for one in ids],
        [
            *(moved(1, "Qualified", lead_id=one, event_id=f"q{one}") for one in ids),
            *(contact(1.5, lead_id=one, event_id=f"c{one}") for one in ids[:2]),
            *(contact(1.2, "call", lead_id="other", event_id=f"o{n}") for n in range(9)),
            moved(5, "Won", lead_id="twin"),
            moved(6, "Lost", lead_id="other"),
        ],
    )
    resolved = ResolvedLeads(scorer, population_of(timelines))
    own = timelines.only(np.array([0]))

    found = resolved.like(own, at(8))

    assert [one.lead_id for one in found.leads] == ["twin", "other"]
    assert found.leads[0].days_taken == pytest.approx(5)
    assert found.stage == "Qualified"
    assert resolved.like(own, at(5.5)).compared == 1
    assert resolved.like(own, at(4)).leads == ()


def test_a_closed_lead_is_compared_with_none(resolved):
    timelines = simulated_timelines()
    until = until_of(timelines)
    status = known_status(view_of_all(timelines, until))
    lead_id = timelines.lead_ids[int(np.flatnonzero(status != OPEN)[0])]
    assert asked(resolved, lead_id, until).leads == ()


def test_stage_history_is_the_known_stage_at_every_moment():
    timelines = simulated_timelines()
    history = stage_history(timelines)
    generator = np.random.default_rng(2)
    row = generator.integers(0, len(timelines), 300)
    days = generator.uniform(0, 90, len(row))
    as_of = timelines.created_at[row] + (days * DAY_US).astype(np.int64)
    stage = known_stage(look(timelines, Snapshots(row, as_of)))
    for lead_row, when, expected in zip(row, as_of, stage, strict=True):
        mine = (history.lead == lead_row) & (history.since <= when) & (when < history.until)
        assert history.stage[mine].tolist() == [expected]


@pytest.mark.parametrize(
    ("days", "nearest"), [(0, 0.25), (0.9, 1.0), (4, 3.0), (5, 7.0), (9_000, 480.0)]
)
def test_time_in_the_stage_is_the_nearest_by_ratio(days, nearest):
    assert _nearest_age(int(days * DAY_US)) == nearest
    assert nearest in DAYS_IN_STAGE
