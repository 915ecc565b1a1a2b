"""Why a score changed: four causes that add up, each of them nothing where it did not act."""

import numpy as np
import pytest

from features.population import population_of
from leads.clock import DAY_US
from leads.errors import InvalidSnapshotError
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.view import known_by
from models.alternatives import view_of_all
from models.changes import CAUSES, Standpoint, changes
from models.scorer import Scorer
from tests.leads.histories import at, contact, lead, moved, timelines_of
from tests.models.actions_world import moment, only_lead, open_ids, probability, world
from tests.training.simulated_crm import audited_timelines, simulated_timelines, until_of
from training.artifacts import artifact_of
from training.fitting import Recipe, fit_model

DAYS = 21


@pytest.fixture(scope="module")
def later():
    return moment() + DAYS * DAY_US


@pytest.fixture(scope="module")
def lead_ids(later):
    """Leads that were open at both moments."""
    return sorted(set(open_ids()) & set(open_ids(later)))[:12]


@pytest.fixture(scope="module")
def other_scorer():
    timelines = audited_timelines()
    fitted = fit_model(
        timelines,
        until_of(timelines),
        seed=5,
        recipe=Recipe(members=1, rounds=(20, 40), last_days=(), half_lives_days=()),
    )
    return Scorer(artifact_of(fitted, timelines, {}), "2")


def standpoint(lead_id, as_of, scorer=None, timelines=None):
    own, everybody, population = world()
    records = everybody if timelines is None else timelines
    others = population if timelines is None else population_of(timelines)
    return Standpoint(scorer or own, only_lead(records, lead_id), others, as_of)


def by_cause(found):
    return {change.cause: change for change in found.changes}


def test_the_ends_are_the_plain_scores_and_the_causes_add_up(lead_ids, later, other_scorer):
    timelines = simulated_timelines()
    moved_much = dict.fromkeys(CAUSES, 0)
    for lead_id in lead_ids:
        found = changes(standpoint(lead_id, moment()), standpoint(lead_id, later, other_scorer))
        assert found.before == probability(timelines, lead_id, moment())
        assert [change.cause for change in found.changes] == list(CAUSES)
        total = sum(change.effect for change in found.changes)
        assert total == pytest.approx(found.after - found.before, abs=1e-9)
        for change in found.changes:
            shown = sum(group.effect for group in change.groups)
            assert shown + change.other == pytest.approx(change.effect, abs=1e-9)
            moved_much[change.cause] += abs(change.effect) > 1e-4
    assert all(moved_much.values()), moved_much


def test_the_same_model_adds_nothing(lead_ids, later):
    for lead_id in lead_ids:
        found = changes(standpoint(lead_id, moment()), standpoint(lead_id, later))
        model = by_cause(found)["model"]
        assert (model.effect, model.groups, model.other) == (0.0, (), 0.0)
        assert found.after == probability(simulated_timelines(), lead_id, later)


def test_the_same_moment_changes_nothing(lead_ids):
    here = standpoint(lead_ids[0], moment())
    assert {change.effect for change in changes(here, here).changes} == {0.0}


def test_without_anything_new_only_time_acts(lead_ids, later):
    """The records end at the first moment: what follows is time alone."""
    timelines = known_by(simulated_timelines(), moment())
    for lead_id in lead_ids:
        found = changes(
            standpoint(lead_id, moment(), timelines=timelines),
            standpoint(lead_id, later, timelines=timelines),
        )
        effects = {change.cause: change.effect for change in found.changes}
        assert effects["time"] == found.after - found.before
        assert (effects["other_leads"], effects["own_events"], effects["model"]) == (0, 0, 0)


def test_an_event_of_the_lead_acts_through_its_own_part_alone():
    scorer, _, population = world()
    quiet = timelines_of([lead()], [contact(1)])
    busy = timelines_of([lead()], [contact(1), contact(5, "call"), moved(6, "Proposal")])
    before = Standpoint(scorer, quiet, population, at(3))
    in_quiet, in_busy = (
        by_cause(changes(before, Standpoint(scorer, records, population, at(9))))
        for records in (quiet, busy)
    )
    assert in_quiet["own_events"].effect == 0
    assert in_busy["own_events"].effect != 0
    for cause in ("time", "other_leads"):
        assert in_busy[cause] == in_quiet[cause]


def test_a_planned_event_counts_as_the_leads_own():
    scorer, _, population = world()
    planned = timelines_of([lead()], [moved(5, "Proposal", recorded=1)])
    found = changes(
        Standpoint(scorer, planned, population, at(3)),
        Standpoint(scorer, planned, population, at(9)),
    )
    assert by_cause(found)["own_events"].effect != 0


def test_a_replay_of_an_earlier_store_gives_the_same(lead_ids, later):
    """What came into the store since cannot have changed the earlier standpoint."""
    lead_id = lead_ids[1]
    whole = changes(standpoint(lead_id, moment()), standpoint(lead_id, later))
    earlier = standpoint(lead_id, moment(), timelines=known_by(simulated_timelines(), moment()))
    assert changes(earlier, standpoint(lead_id, later)) == whole


def test_moments_in_the_wrong_order_are_refused(lead_ids, later):
    with pytest.raises(InvalidSnapshotError, match="since is after as_of"):
        changes(standpoint(lead_ids[0], later), standpoint(lead_ids[0], moment()))


def test_a_lead_that_was_closed_or_not_yet_there_is_refused():
    timelines = simulated_timelines()
    until = until_of(timelines)
    closed = np.flatnonzero(known_status(view_of_all(timelines, until)) != OPEN)
    lead_id = next(id_ for id_ in open_ids() if timelines.row_of[id_] in closed)
    with pytest.raises(InvalidSnapshotError, match="by then and has no score"):
        changes(standpoint(lead_id, moment()), standpoint(lead_id, until))
    early = int(timelines.created_at[timelines.row_of[lead_id]]) - 1
    with pytest.raises(InvalidSnapshotError, match="ask for a later moment"):
        changes(standpoint(lead_id, early), standpoint(lead_id, moment()))


def test_groups_are_named_for_a_person(lead_ids, later):
    found = changes(standpoint(lead_ids[0], moment()), standpoint(lead_ids[0], later))
    for change in found.changes:
        effects = [abs(group.effect) for group in change.groups]
        assert effects == sorted(effects, reverse=True)
        assert all(group.label_in()[0].isupper() for group in change.groups)
