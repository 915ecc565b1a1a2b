"""Next actions: what leads of the stage usually saw, each worth what a what-if says of it."""

import numpy as np
import pytest

from leads.outcome import STATUS_NAMES, known_stage, known_status
from leads.pipelines import OPEN, Pipeline, Pipelines
from leads.records import INTERACTION, STAGE_CHANGE, Event
from leads.view import known_by
from models.alternatives import view_of_all
from models.habits import Habits
from models.next_actions import FEWEST_RESULT_SHARE, NOTE, _next_stages, next_actions
from models.what_if import what_if
from tests.leads.histories import at, lead, moved, timelines_of
from tests.models.actions_world import moment, only_lead, some_leads, world
from tests.training.simulated_crm import until_of, with_another_future


@pytest.fixture(scope="module")
def habits():
    return Habits(world()[1])


def asked(habits, lead_id, **options):
    scorer, timelines, population = world()
    own = only_lead(timelines, lead_id)
    return next_actions(scorer, population, habits, own, moment(), **options)


def all_of_them(habits, lead_id):
    return asked(habits, lead_id, most=100, of_the_lead=True, moves=True, without_gain=True)


@pytest.mark.parametrize("place", range(5))
def test_an_action_is_worth_the_mean_of_what_if_over_its_results(habits, place):
    lead_id = some_leads()[place]
    scorer, timelines, population = world()
    own = only_lead(timelines, lead_id)
    found = all_of_them(habits, lead_id)
    moves = [action for action in found.actions if action.type == STAGE_CHANGE]
    for action in moves:
        event = Event(lead_id, STAGE_CHANGE, moment(), moment(), action.name, "x")
        expected = what_if(scorer, population, own, moment(), [event])
        assert action.win_probability == expected.after.win_probability
        assert action.effect == pytest.approx(expected.difference, abs=1e-15)
    for action in found.actions:
        mean = sum(result.share * result.win_probability for result in action.results)
        assert sum(result.share for result in action.results) == pytest.approx(1)
        assert action.win_probability == pytest.approx(mean, abs=1e-15)
        assert action.effect == pytest.approx(mean - found.win_probability, abs=1e-15)
        assert 0 < action.win_probability < 1


def test_actions_come_best_first_and_none_that_adds_nothing(habits):
    for lead_id in some_leads():
        found = asked(habits, lead_id, most=100)
        effects = [action.effect for action in found.actions]
        assert effects == sorted(effects, reverse=True)
        assert all(effect > 0 for effect in effects)
        assert asked(habits, lead_id, most=2).actions == found.actions[:2]


def test_all_are_listed_when_asked(habits):
    found = [all_of_them(habits, lead_id) for lead_id in some_leads()]
    assert any(action.effect <= 0 for one in found for action in one.actions)
    assert all(one.considered == len(one.actions) for one in found)


def test_what_only_the_lead_can_do_is_left_out_unless_asked_for(habits):
    assert all(
        action.by != "lead" for lead_id in some_leads() for action in asked(habits, lead_id).actions
    )
    found = all_of_them(habits, some_leads()[0]).actions
    assert {"us", "lead"} <= {action.by for action in found}


def test_a_move_is_no_action_unless_asked_for(habits):
    found = [asked(habits, id_, most=100, without_gain=True).actions for id_ in some_leads()]
    assert {action.type for actions in found for action in actions} == {INTERACTION}
    found = [
        asked(habits, id_, most=100, without_gain=True, moves=True).actions for id_ in some_leads()
    ]
    assert STAGE_CHANGE in {action.type for actions in found for action in actions}


def test_candidates_are_what_history_has_shown(habits):
    _, timelines, _ = world()
    for lead_id in some_leads()[:4]:
        stage = int(known_stage(view_of_all(only_lead(timelines, lead_id), moment()))[0])
        times = {}
        for habit in habits.interactions(stage, moment()):
            times.setdefault((habit.kind, habit.direction), []).append(habit.times)
        for action in all_of_them(habits, lead_id).actions:
            if action.type == INTERACTION:
                direction = {"us": 1, "lead": 0, None: -1}[action.by]
                assert action.times == sum(times[action.name, direction])
                shares = [result.share for result in action.results]
                assert min(shares) >= FEWEST_RESULT_SHARE


def test_the_future_changes_nothing(habits):
    scorer, timelines, population = world()
    other = with_another_future(timelines, moment())
    for lead_id in some_leads()[:4]:
        own = only_lead(known_by(other, moment()), lead_id)
        found = next_actions(scorer, population, Habits(other), own, moment())
        assert found == asked(habits, lead_id)


def test_a_closed_lead_has_none(habits):
    scorer, timelines, population = world()
    until = until_of(timelines)
    status = known_status(view_of_all(timelines, until))
    lead_id = timelines.lead_ids[int(np.flatnonzero(status != OPEN)[0])]
    own = only_lead(timelines, lead_id)
    found = next_actions(scorer, population, habits, own, until)
    assert (found.actions, found.win_probability) == ((), None)
    assert STATUS_NAMES[found.status] in {"won", "lost"}


def test_without_any_history_there_is_the_next_stage_alone():
    scorer, _, population = world()
    timelines = timelines_of([lead()], [moved(1, "Qualified")])
    found = next_actions(
        scorer, population, Habits(timelines), timelines, at(2), moves=True, without_gain=True
    )
    assert [(a.type, a.name) for a in found.actions] == [(STAGE_CHANGE, "Proposal")]


def test_a_stage_further_on_is_a_candidate_where_leads_often_went_there():
    pipelines = Pipelines((Pipeline("p", ("A", "B", "C", "D"), ("W",), ("L",)),))
    a, b, c, d, w, _ = range(6)
    assert _next_stages(pipelines, a, {}) == [b]
    assert _next_stages(pipelines, a, {b: 50, c: 3, d: 40, w: 7}) == [b, d]
    assert _next_stages(pipelines, b, {a: 50, c: 1}) == [c]
    assert _next_stages(pipelines, d, {w: 9}) == []


def test_an_action_is_said_as_what_the_model_expects(habits):
    said = {
        action.sentence_in() for id_ in some_leads() for action in all_of_them(habits, id_).actions
    }
    assert all("the model would expect" in sentence for sentence in said)
    of_moves = [sentence for sentence in said if sentence.startswith("Once it has come to ")]
    assert of_moves
    assert all(sentence.endswith(" changes nothing.") for sentence in of_moves)
    assert any(" from you: " in sentence for sentence in said)
    assert "not a promise" in NOTE
